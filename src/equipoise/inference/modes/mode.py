"""The posterior mode at fixed scales, by damped Newton steps, and the Gaussian around it."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrs

from equipoise.errors import NotTrustedError
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel

_MAX_STEPS = 200
# The last step gains half of this, in nats; it is taken, and Newton squares what error is left.
_DECREMENT = 1e-6
# Relative rounding of a log-likelihood summed over many counts.
_ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Mode:
    """Posterior mode at fixed scales, and its curvature.

    Attributes
    ----------
    theta
        The mode, shape (d,).
    cholesky
        Lower Cholesky factor of the negative Hessian there (one last, tiny step before), shape
        (d, d).
    log_evidence
        Laplace's approximation of the log evidence; with learned scales, plus the log prior
        density of their logarithms.
    scales
        The learned scales it is conditioned on.
    """

    theta: FloatArray
    cholesky: FloatArray
    log_evidence: float
    scales: tuple[float, ...]


def find_mode(model: LatentModel, scales: tuple[float, ...], start: FloatArray) -> Mode:
    """Climb to the mode of a log-concave posterior from ``start``, shape (d,).

    Raises
    ------
    NotTrustedError
        If 200 damped steps do not reach it, or rounding makes the curvature useless.
    """
    precision = model.precision(scales)
    mean = model.prior_mean
    likelihood, design = model.likelihood, model.design

    def value(theta: FloatArray) -> float:
        pull = theta - mean
        return float(likelihood.log_likelihood(design @ theta) - 0.5 * pull @ precision @ pull)

    def local(theta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        pull = theta - mean
        at, slope, information = likelihood.local(design @ theta, design)
        return (
            float(at - 0.5 * pull @ precision @ pull),
            design.T @ slope - precision @ pull,
            information + precision,
        )

    theta, here = start, local(start)
    for _ in range(_MAX_STEPS):
        current, gradient, curvature = here
        try:
            factor = np.linalg.cholesky(curvature)
        except np.linalg.LinAlgError:
            break  # counts so large that rounding swamps the prior
        # LAPACK itself: SciPy's wrapper costs more than the solution in a few dimensions.
        step = dpotrs(factor.T, gradient, lower=False)[0] if len(gradient) else gradient
        decrement = float(gradient @ step)
        rounding = _ROUNDING * abs(current)
        if decrement < _DECREMENT + rounding:
            log_det = 2.0 * float(np.log(np.diag(factor)).sum())
            top = theta + step
            log_evidence = (
                float(likelihood.log_likelihood(design @ top))
                + model.log_scale_prior(top, scales)
                + 0.5 * (model.size * np.log(2 * np.pi) - log_det)
            )
            return Mode(top, factor, log_evidence, scales)
        length = 1.0
        trial = theta + step
        here = local(trial)
        reached = here[0]
        while not reached >= current + 1e-4 * length * decrement - rounding and length > 1e-12:
            length *= 0.5
            trial = theta + length * step
            reached = value(trial)
        theta, here = trial, here if length == 1.0 else local(trial)
    raise NotTrustedError(
        f"the posterior mode was not reached in {_MAX_STEPS} Newton steps; the largest count is "
        "perhaps too extreme for the fast path, or one row outweighs the others by far"
    )
