"""What every likelihood offers, so that inference can be written once for all of them."""

from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Rejected = Literal["stay", "drop"]


class Likelihood(Protocol):
    """A log-concave likelihood of one predictor vector, ``eta``, of length M.

    Leading axes of ``eta`` are batch axes throughout; values are in nats. Each method takes

    - ``eta`` : ndarray of float, shape (..., M), the predictor, made by
      :class:`equipoise.likelihoods.Predictor`;
    - ``vector`` : ndarray of float, shape (..., M), a direction in it;
    - ``design`` : ndarray of float, shape (M, d), by which d parameters move it.
    """

    @property
    def name(self) -> str:
        """The likelihood's name in results: ``"multinomial"`` or ``"pairwise"``."""
        ...

    def log_likelihood(self, eta: FloatArray) -> FloatArray:
        """Return the log-likelihood, shape ``eta.shape[:-1]``."""
        ...

    def by_row(self, eta: FloatArray) -> FloatArray:
        """Return its independent terms (rows or edges), summing to the log-likelihood."""
        ...

    def gradient(self, eta: FloatArray) -> FloatArray:
        """Return the derivative with respect to ``eta``, shape of ``eta``."""
        ...

    def hessian_product(self, eta: FloatArray, vector: FloatArray) -> FloatArray:
        """Return the second derivative applied to ``vector``, shape of ``eta``."""
        ...

    def information(self, eta: FloatArray, design: FloatArray) -> FloatArray:
        """Return ``designᵀ (−∂²) design``, shape (d, d), for one ``eta`` and ``design`` (M, d)."""
        ...

    def local(
        self, eta: FloatArray, design: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return log-likelihood, gradient and information at one ``eta``, all in one go."""
        ...

    def expected(self, eta: FloatArray) -> Any:
        """Return the same likelihood with the counts replaced by their expectation at ``eta``."""
        ...
