"""What samples: chains of NumPy, or NUTS on a compiled PyMC model, one compiler, one file.

A compiler compiles a model once and then samples it with whatever data it is handed. All that
compile walk in the same unconstrained coordinates over the same density, so that any may stand in
for another; NumPy's chains (:mod:`equipoise.inference.hamilton`) sample the same posterior.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from equipoise.errors import UsageError
from equipoise.likelihoods import FloatArray

Backend = Literal["numpy", "nutpie", "numpyro"]
CompiledBackend = Literal["nutpie", "numpyro"]
#: "auto" takes what is quicker: numpy up to 150 parameters, nutpie beyond.
BackendName = Literal["auto", "numpy", "nutpie", "numpyro"]
DEFAULT: BackendName = "auto"
# NumPy's chains factorise a dense matrix for every try of a scale. At 144 parameters both
# posteriors and the path take them some 70 s, about what NUTS needs with the compiling.
MOST_FOR_NUMPY = 150

Data = Mapping[str, Any]
#: Names and shapes of a model's unconstrained coordinates, in the order they are joined.
Layout = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Effort:
    """How much to sample.

    Attributes
    ----------
    draws, tune, chains, cores
        Draws kept and thrown away a chain; chains; how many of them run at once (None: as many as
        there are cores).
    random_seed
        The same seed gives the same draws on the same device.
    target_accept
        Acceptance rate aimed at; more means smaller steps.
    """

    draws: int
    tune: int
    chains: int
    cores: int | None
    random_seed: int
    target_accept: float


@dataclass(frozen=True, eq=False)
class Walk:
    """What a backend returns.

    Attributes
    ----------
    values
        Variables of the model by name, shape (chains, draws, ...).
    stats
        Statistics of the sampler by name, (chains, draws).
    walked
        Unconstrained coordinates, (chains, draws, D).
    """

    values: dict[str, FloatArray]
    stats: dict[str, Any]
    walked: FloatArray


class CompiledModel(Protocol):
    """A model, compiled."""

    @property
    def layout(self) -> Layout:
        """Names and shapes of the unconstrained coordinates."""

    def sample(
        self,
        data: Data,
        centre: FloatArray,
        points: FloatArray | None,
        effort: Effort,
        progress: Callable[[float], None] | None,
    ) -> Walk:
        """Run NUTS.

        Parameters
        ----------
        data
            Of the model, by name.
        centre
            The middle of the posterior, roughly, shape (D,).
        points
            Where the chains may start, shape (n, D); None: about the centre.
        effort
            How much.
        progress
            Called with the fraction done, perhaps from another thread.

        Raises
        ------
        NotTrustedError
            If no chain could be started.
        """


def compile_model(model: Any, names: Sequence[str], backend: CompiledBackend) -> CompiledModel:
    """Compile a PyMC model.

    Parameters
    ----------
    model
        The model; its data may be replaced by others of the same shape at every run.
    names
        Variables whose draws are kept.
    backend
        Which backend.

    Raises
    ------
    UsageError
        If there is no such backend.
    MissingDependencyError
        If it is not installed.
    """
    if backend not in get_args(CompiledBackend):
        known = " or ".join(map(repr, get_args(CompiledBackend)))
        raise UsageError(f"a model is compiled by {known}, not {backend!r}")
    check_backend(backend)
    if backend == "numpyro":
        from equipoise.inference.posterior.backends.numpyro import compile_numpyro

        return compile_numpyro(model, names)
    from equipoise.inference.posterior.backends.nutpie import compile_nutpie

    return compile_nutpie(model, names)


def check_backend(backend: object) -> None:
    """Refuse a backend that does not exist, or is not installed, before any long work.

    Raises
    ------
    UsageError
        If there is no such backend.
    MissingDependencyError
        If it is not installed.
    """
    if backend not in get_args(BackendName):
        known = ", ".join(map(repr, get_args(BackendName)))
        raise UsageError(f"backend must be one of {known}, not {backend!r}")
    if backend == "numpyro":
        from equipoise.inference.posterior.backends.jaxified import require_jax

        require_jax()


def backend_for(name: BackendName, n_parameters: int) -> Backend:
    """Return what samples a posterior of so many parameters; see :data:`BackendName`.

    Raises
    ------
    UsageError
        If there is no such backend.
    MissingDependencyError
        If it is not installed.
    """
    check_backend(name)
    if name != "auto":
        return name
    return "numpy" if n_parameters <= MOST_FOR_NUMPY else "nutpie"
