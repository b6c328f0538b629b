"""What the data can say about cycles: Fisher information with everything else profiled out."""

import numpy as np

from equipoise.likelihoods import FloatArray, Predictor
from equipoise.models.latent import LatentModel


def cycle_information(
    reversible: LatentModel, predictor: Predictor, theta: FloatArray
) -> FloatArray:
    """Return the eigenvalues of the Fisher information of z, with V and s profiled out.

    Parameters
    ----------
    reversible
        The reversible hypothesis.
    predictor
        Linear predictor of the same likelihood, with its cycles.
    theta
        A parameter vector of the reversible hypothesis, shape (d,): where it is evaluated.

    Returns
    -------
    array
        Shape (b,), increasing, nonnegative; in units of 1/nats².
    """
    _, profiled = profile(reversible, predictor, theta)
    return np.maximum(np.linalg.eigvalsh(profiled), 0.0)


def evidence_slope(reversible: LatentModel, predictor: Predictor, theta: FloatArray) -> float:
    """Return an estimate of ``d log Z / d(σ_c²)`` at 0: ``½ (|score|² − trace information)``."""
    score, profiled = profile(reversible, predictor, theta)
    return 0.5 * (float(score @ score) - float(np.trace(profiled)))


def information_nats(eigenvalues: FloatArray, tau: float) -> float:
    """Return ``½ Σ log(1 + τ² λ_k)``: expected information on the cycles, nats."""
    return float(0.5 * np.log1p(tau**2 * eigenvalues).sum())


def profile(
    reversible: LatentModel, predictor: Predictor, theta: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return score and profiled information of the cycles, in an orthonormal basis of them."""
    likelihood, nuisance_design = reversible.likelihood, reversible.design
    eta = nuisance_design @ theta
    n = reversible.size
    cycle = predictor.cycle @ np.linalg.inv(np.linalg.qr(predictor.basis)[1])
    joint = likelihood.information(eta, np.hstack([nuisance_design, cycle]))
    nuisance, cross, cycles = joint[:n, :n], joint[:n, n:], joint[n:, n:]
    # The information is singular along rows that were never a source.
    solved = np.linalg.lstsq(nuisance, cross, rcond=1e-12)[0]
    score = cycle.T @ likelihood.gradient(eta)
    return score, cycles - cross.T @ solved
