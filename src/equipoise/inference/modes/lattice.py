"""The learned scales: a lattice of modes over (log σ_V, log σ_s), nested outside the mode."""

from dataclasses import replace

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.inference.modes.mode import Mode, find_mode
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel

# A lattice point this many nats below the best is explored no further and proposes no draws.
_DEPTH = 6.0
_LONGEST_STEP = 0.7


def scale_lattice(model: LatentModel, start: FloatArray, scales: tuple[float, ...]) -> list[Mode]:
    """Return the modes at all learned scales that matter, best first.

    Each mode's evidence is times its lattice cell: their sum is Laplace's nested evidence.

    The lattice has steps of about two posterior standard deviations of a log-scale, starts at
    ``scales`` and grows from the best point known until its whole rim lies 6 nats below the best.
    It only proposes draws: the evidence itself integrates the scales finely
    (:meth:`LatentModel.log_joint`), so the lattice's coarseness costs efficiency, not accuracy.

    Parameters
    ----------
    model
        A hypothesis; with fixed scales the lattice is one point.
    start
        Where Newton starts, shape (d,).
    scales
        A first guess of each learned scale.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    blocks = model.learned
    if not blocks:
        return [find_mode(model, (), start)]
    step = np.array([min(_LONGEST_STEP, 2.0 / np.sqrt(2.0 * block.size)) for block in blocks])
    low = np.log([block.grid[0] for block in blocks])
    high = np.log([block.grid[-1] for block in blocks])
    origin = np.clip(np.log(scales), low, high)

    def solve(point: tuple[int, ...], from_theta: FloatArray) -> Mode | None:
        at = origin + np.array(point) * step
        if np.any(at < low) or np.any(at > high):
            return None
        try:
            return find_mode(model, tuple(np.exp(at).tolist()), from_theta)
        except NotTrustedError:
            # At scales far from the data's Newton may stall; such a point just proposes no draws.
            return None

    first = (0,) * len(blocks)
    known: dict[tuple[int, ...], Mode | None] = {
        first: find_mode(model, tuple(np.exp(origin).tolist()), start)
    }
    explored: set[tuple[int, ...]] = set()
    while True:
        found = {point: mode for point, mode in known.items() if mode is not None}
        best = max(mode.log_evidence for mode in found.values())
        open_points = [
            point
            for point, mode in found.items()
            if point not in explored and mode.log_evidence > best - _DEPTH
        ]
        if not open_points:
            break
        point = max(open_points, key=lambda p: found[p].log_evidence)
        explored.add(point)
        for axis in range(len(blocks)):
            for direction in (-1, 1):
                neighbour = tuple(k + direction * (axis == dim) for dim, k in enumerate(point))
                if neighbour not in known:
                    known[neighbour] = solve(neighbour, found[point].theta)
    cell = float(np.log(step).sum())
    kept = [
        replace(mode, log_evidence=mode.log_evidence + cell)
        for mode in found.values()
        if mode.log_evidence > best - _DEPTH
    ]
    return sorted(kept, key=lambda mode: -mode.log_evidence)


def data_resolutions(model: LatentModel) -> tuple[float, float]:
    """Return scales of V and of s that the data cannot resolve, from a model with fixed scales.

    A block whose scale is below 0.3 of the smallest standard deviation the likelihood gives any of
    its directions is constant to the likelihood. Summing up the prior mass below there, some per
    cent, as one cell changes the log evidence by less than 1e-3, and keeps the density of V finite
    at 0, where importance weights would otherwise have infinite variance.
    """
    mode = find_mode(model, (1.0,) * len(model.learned), model.prior_mean)
    eta = model.design @ mode.theta
    resolutions = []
    for block in (model.blocks[:1], model.blocks[1:]):
        top = 0.0
        if block:
            design = model.design[:, block[0].columns]
            root = np.linalg.inv(np.linalg.cholesky(block[0].precision(1.0)))
            information = root @ model.likelihood.information(eta, design) @ root.T
            top = float(np.linalg.eigvalsh(information)[-1])
        resolutions.append(float(np.clip(0.3 / np.sqrt(max(top, 1e-12)), 1e-6, 0.3)))
    return resolutions[0], resolutions[1]
