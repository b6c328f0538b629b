"""What a general evidence method integrates: any log density, by its parameter vector."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import log_softmax

from equipoise.likelihoods import FloatArray, ReinforcedPath


class Target(Protocol):
    """A density, not normalised, over R^d: its integral is the evidence.

    :class:`equipoise.models.latent.LatentModel` is one, as is :class:`EdgeWeightTarget`.
    """

    @property
    def size(self) -> int:
        """Number of parameters, d."""
        ...

    def log_joint(self, theta: FloatArray) -> FloatArray:
        """Return log densities of parameter vectors, shape (n, d) to (n,), nats."""
        ...


@dataclass(frozen=True, eq=False)
class EdgeWeightTarget:
    """A path and the weights of its M edges, in log-ratios: ``theta_e = log(x_e / x_M)``.

    Attributes
    ----------
    path
        The path, with its prior.
    """

    path: ReinforcedPath

    @property
    def size(self) -> int:
        """Number of log-ratios, M − 1."""
        return len(self.path.prior.edges) - 1

    def weights(self, theta: FloatArray) -> FloatArray:
        """Return the weights, shape (..., d) to (..., M)."""
        return np.exp(self._log_weights(theta))

    def theta(self, x: FloatArray) -> FloatArray:
        """Return the log-ratios of weights, shape (..., M) to (..., d)."""
        log_x = np.log(x)
        return np.asarray(log_x[..., :-1] - log_x[..., -1:])

    def log_joint(self, theta: FloatArray) -> FloatArray:
        """Return ``log p(path, theta)``, the Jacobian ``Π x_e`` included, shape (n,)."""
        log_x = self._log_weights(theta)
        x = np.exp(log_x)
        value = self.path.prior.log_density(x) + self.path.log_likelihood(x)
        return np.asarray(value + log_x.sum(axis=-1))

    def _log_weights(self, theta: FloatArray) -> FloatArray:
        zero = np.zeros((*theta.shape[:-1], 1))
        return np.asarray(log_softmax(np.concatenate([theta, zero], axis=-1), axis=-1))
