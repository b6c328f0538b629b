"""What the data can say about cycles: Fisher information with everything else profiled out."""

import numpy as np

from equipoise.likelihoods import FloatArray, Likelihood, Predictor


def cycle_information(
    likelihood: Likelihood, predictor: Predictor, theta: FloatArray
) -> FloatArray:
    """Return the eigenvalues of the Fisher information of z, with V and s profiled out.

    Parameters
    ----------
    likelihood, predictor
        Of one kind; the predictor with its cycles.
    theta
        A reversible parameter vector ``(V, s)``, shape (S + E,): where it is evaluated.

    Returns
    -------
    array
        Shape (b,), increasing, nonnegative; in units of 1/nats².
    """
    _, _, profiled = _profile(likelihood, predictor, theta)
    return np.maximum(np.linalg.eigvalsh(profiled), 0.0)


def evidence_slope(likelihood: Likelihood, predictor: Predictor, theta: FloatArray) -> float:
    """Return an estimate of ``d log Z / d(σ_c²)`` at 0: ``½ (|score|² − trace information)``."""
    score, _, profiled = _profile(likelihood, predictor, theta)
    return 0.5 * (float(score @ score) - float(np.trace(profiled)))


def information_nats(eigenvalues: FloatArray, tau: float) -> float:
    """Return ``½ Σ log(1 + τ² λ_k)``: expected information on the cycles, nats."""
    return float(0.5 * np.log1p(tau**2 * eigenvalues).sum())


def _profile(
    likelihood: Likelihood, predictor: Predictor, theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    gradient_part = np.hstack([predictor.potential, predictor.symmetric])
    eta = gradient_part @ theta
    n = gradient_part.shape[1]
    joint = likelihood.information(eta, np.hstack([gradient_part, predictor.cycle]))
    nuisance, cross, cycles = joint[:n, :n], joint[:n, n:], joint[n:, n:]
    # The information is singular along the gauge and along rows never used as a source.
    solved = np.linalg.lstsq(nuisance, cross, rcond=1e-12)[0]
    score = predictor.cycle.T @ likelihood.gradient(eta)
    return score, nuisance, cycles - cross.T @ solved
