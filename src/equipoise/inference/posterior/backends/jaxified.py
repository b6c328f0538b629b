"""A PyMC model as JAX functions of its unconstrained coordinates and its data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from equipoise.errors import MissingDependencyError
from equipoise.inference.posterior.backends import Layout


@dataclass(frozen=True, eq=False)
class JaxModel:
    """A model in JAX; both functions may be jitted, mapped over and differentiated.

    Attributes
    ----------
    layout
        Names and shapes of the unconstrained coordinates.
    log_density
        From coordinates (D,) and data by name to the log density there, Jacobian included.
    variables
        From the same to the variables that are kept, by name.
    """

    layout: Layout
    log_density: Callable[[Any, Mapping[str, Any]], Any]
    variables: Callable[[Any, Mapping[str, Any]], dict[str, Any]]

    @property
    def size(self) -> int:
        """Number of coordinates, D."""
        return sum(int(np.prod(shape)) for _, shape in self.layout)


def require_jax() -> None:
    """Refuse to go on without JAX and numpyro.

    Raises
    ------
    MissingDependencyError
        If the extra ``jax`` is not installed.
    """
    if find_spec("jax") is None or find_spec("numpyro") is None:
        raise MissingDependencyError(
            "the backend numpyro needs JAX and numpyro; pip install jax numpyro"
        )


def jaxify(model: Any, names: Sequence[str]) -> JaxModel:
    """Translate a PyMC model.

    Parameters
    ----------
    model
        The model. Its data become arguments, of the shapes that they have now.
    names
        Variables that are kept.

    Raises
    ------
    MissingDependencyError
        If the extra ``jax`` is not installed.

    Notes
    -----
    JAX is set to 64 bits for the whole process: at 32 the energy of a trajectory drowns in rounding
    as soon as the counts are large.
    """
    require_jax()
    import jax
    import pytensor.tensor as pt
    from pytensor.graph import clone_replace, rewrite_graph

    jax.config.update("jax_enable_x64", True)
    values = [model.rvs_to_values[rv] for rv in model.free_RVs]
    start = model.initial_point()
    layout = tuple((value.name, tuple(np.shape(start[value.name]))) for value in values)
    joined = pt.TensorType("float64", shape=(sum(int(np.prod(s)) for _, s in layout),))("joined")
    replaced, begin = {}, 0
    for value, (_, shape) in zip(values, layout, strict=True):
        end = begin + int(np.prod(shape))
        replaced[value] = joined[begin:end].reshape(shape).astype(value.dtype)
        begin = end
    shared = {x.name: x for x in model.data_vars}
    # A shape that is known lets PyTensor resolve what JAX must know before it compiles.
    data = {
        name: pt.TensorType(x.type.dtype, shape=x.get_value(borrow=True).shape)(name)
        for name, x in shared.items()
    }
    replaced |= {shared[name]: new for name, new in data.items()}

    kept = [model[name] for name in names]
    outputs = [model.logp(), *model.replace_rvs_by_values(kept)]
    outputs = rewrite_graph(outputs, include=("canonicalize", "local_remove_check_parameter"))
    density, *variables = clone_replace(outputs, replaced)
    inputs = [joined, *data.values()]
    log_density = partial(_call, _function(inputs, [density]), tuple(data))
    others = partial(_call, _function(inputs, variables), tuple(data))

    def named(x: Any, data: Mapping[str, Any]) -> dict[str, Any]:
        return dict(zip(names, others(x, data), strict=True))

    return JaxModel(layout, lambda x, data: log_density(x, data)[0], named)


def _call(function: Any, names: tuple[str, ...], x: Any, data: Mapping[str, Any]) -> Any:
    return function(x, *(data[name] for name in names))


def _function(inputs: Sequence[Any], outputs: Sequence[Any]) -> Callable[..., Any]:
    """Return a graph as a JAX function of its inputs."""
    from pytensor.compile import mode
    from pytensor.graph.fg import FunctionGraph
    from pytensor.link.jax.dispatch import jax_funcify

    graph = FunctionGraph(inputs=list(inputs), outputs=list(outputs), clone=True)
    _products().rewrite(graph)
    mode.JAX.optimizer.rewrite(graph)
    translated: Callable[..., Any] = jax_funcify(graph)
    return translated


def _products() -> Any:
    """Return a rewriter from sums of products, as the models have them, to matrix products.

    Numba compiles the former ten times faster; on a GPU the latter read the matrix once for all
    chains.
    """
    import pytensor.tensor as pt
    from pytensor.graph.rewriting.basic import WalkingGraphRewriter, node_rewriter
    from pytensor.tensor.elemwise import DimShuffle, Elemwise
    from pytensor.tensor.math import Sum

    def product(fgraph: Any, node: Any) -> Any:
        del fgraph
        inner = node.inputs[0].owner
        if node.op.axis != (1,) or inner is None or not isinstance(inner.op, Elemwise):
            return None
        if inner.op.scalar_op.name != "mul" or len(inner.inputs) != 2:
            return None
        for matrix, spread in (inner.inputs, inner.inputs[::-1]):
            made = spread.owner
            rows = matrix.ndim == 2 and matrix.type.broadcastable == (False, False)
            if rows and made is not None and isinstance(made.op, DimShuffle):
                if made.op.new_order == ("x", 0):
                    return [pt.dot(matrix, made.inputs[0])]
        return None

    return WalkingGraphRewriter(node_rewriter([Sum])(product))
