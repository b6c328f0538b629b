"""The learned scales that the data prefer."""

import numpy as np
from scipy.optimize import minimize

from equipoise.errors import NotTrustedError
from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel

_MOST_TRIES = 60
_NEAR = 0.05
_HOPELESS = 1e12


def fitted_scales(model: LatentModel) -> tuple[float, ...]:
    """Return learned scales at which Laplace's nested evidence is greatest."""
    blocks = model.learned
    if not blocks:
        return ()
    low = np.log([block.grid[0] for block in blocks])
    high = np.log([block.grid[-1] for block in blocks])
    warm = [model.prior_mean]

    def cost(at: FloatArray) -> float:
        if np.any(at < low) or np.any(at > high):
            return _HOPELESS
        try:
            mode = find_mode(model, tuple(np.exp(at).tolist()), warm[0])
        except NotTrustedError:
            return _HOPELESS
        warm[0] = mode.theta
        return -mode.log_evidence

    start = np.clip(np.zeros(len(blocks)), low, high)
    found = minimize(
        cost,
        start,
        method="Nelder-Mead",
        options={
            "maxfev": _MOST_TRIES * len(blocks),
            "xatol": _NEAR,
            "fatol": _NEAR,
            "initial_simplex": start + 0.7 * np.eye(len(blocks) + 1, len(blocks), -1),
        },
    )
    return tuple(np.exp(found.x).tolist())
