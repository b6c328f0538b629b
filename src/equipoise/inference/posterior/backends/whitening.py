"""Coordinates in which the posterior is nearly a standard normal, found at its mode."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import NotTrustedError
from equipoise.inference.posterior.backends.jaxified import JaxModel
from equipoise.likelihoods import FloatArray

_MOST_STEPS = 50
# Newton stops where a step promises less, nats.
_SMALL_GAIN = 1e-6
_ROWS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Whitening:
    """``x = centre + axes w``; JAX arrays of shape (D,) and (D, D)."""

    centre: Any
    axes: Any

    def inward(self, x: Any) -> Any:
        """Return w of points x, shape (n, D)."""
        import jax.numpy as jnp

        return jnp.linalg.solve(self.axes, (x - self.centre).T).T


@dataclass(frozen=True, eq=False)
class Whitener:
    """Finds whitened coordinates of one model for whatever data; made by :func:`whitener`.

    Attributes
    ----------
    scales
        Whether each coordinate is that of a learned scale, shape (D,).
    """

    scales: NDArray[np.bool_]
    _look: Callable[..., Any]
    _value: Callable[..., Any]

    def fit(self, data: Mapping[str, Any], start: FloatArray) -> Whitening:
        """Find the mode with the learned scales held, and the inverse root of its curvature.

        Given the scales the density is log-concave, so Newton finds the one mode. Of each scale the
        curvature is taken with all else held, and no less than a prior's; NUTS learns a factor for
        each axis while it tunes. Nothing of this changes what is sampled.

        Parameters
        ----------
        data
            Of the model, as JAX arrays.
        start
            Near the mode, the scales where they are to be held, shape (D,).

        Raises
        ------
        NotTrustedError
            If the mode is not reached.
        """
        import jax.numpy as jnp
        from jax.scipy.linalg import cho_solve, solve_triangular

        inner, outer = np.flatnonzero(~self.scales), np.flatnonzero(self.scales)
        x = jnp.asarray(start)
        for _ in range(_MOST_STEPS):
            here, slope, curvature = self._look(x, data)
            root = jnp.linalg.cholesky(curvature[np.ix_(inner, inner)])
            step = cho_solve((root, True), slope[inner])
            gain = float(step @ slope[inner])
            if not gain >= _SMALL_GAIN:
                break
            length = 1.0
            while length > 1e-8 and not self._value(x.at[inner].add(length * step), data) > here:
                length *= 0.5
            x = x.at[inner].add(length * step)
        if not gain < 1e3 * _SMALL_GAIN:
            raise NotTrustedError(
                "the mode of the posterior was not reached; try the backend nutpie"
            )
        inverse = solve_triangular(root, jnp.eye(len(inner)), lower=True).T
        alone = jnp.diag(curvature)[outer].clip(1.0) ** -0.5
        axes = jnp.zeros((len(start), len(start))).at[np.ix_(inner, inner)].set(inverse)
        return Whitening(x, axes.at[outer, outer].set(alone))


def whitener(model: JaxModel) -> Whitener:
    """Prepare to whiten a model; JAX compiles what is needed at the first fit."""
    import jax
    import jax.numpy as jnp

    def look(x: Any, data: Any) -> tuple[Any, Any, Any]:
        def slope(x: Any) -> Any:
            return jax.grad(model.log_density)(x, data)

        # A slab of rows at a time: all at once would hold D copies of everything in between.
        rows = jax.lax.map(
            lambda v: jax.jvp(slope, (x,), (v,))[1], jnp.eye(model.size), batch_size=_ROWS_AT_ONCE
        )
        return model.log_density(x, data), slope(x), -rows

    scales = [
        np.full(int(np.prod(shape)), name.endswith("_softplus__")) for name, shape in model.layout
    ]
    return Whitener(np.concatenate(scales), jax.jit(look), jax.jit(model.log_density))
