"""Axes fitted to the data, along which NUTS walks far in few steps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from equipoise.errors import NotTrustedError
from equipoise.inference.comparison.table import columns_of, latent_of
from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.models import Priors
from equipoise.models.kernels import KernelTable, WalkAxes, plain_axes
from equipoise.models.latent import LatentModel

_MOST_TRIES = 60
_NEAR = 0.05
_HOPELESS = 1e12


@dataclass(frozen=True, eq=False)
class Spot:
    """Where the posterior lies: axes fitted there, and scales that fit the data.

    Attributes
    ----------
    axes
        In which the chains walk.
    scales
        ``sigma_V``, ``sigma_delta`` and ``sigma_c`` as far as they are learned, one a kernel where
        potentials are separate, shape (1,) or (M,).
    """

    axes: WalkAxes
    scales: dict[str, FloatArray]


def fit_spot(
    table: KernelTable,
    priors: Priors,
    *,
    deviation_sd: float | None,
    cycle_sd: float | None,
    scales: dict[str, FloatArray] | None = None,
) -> Spot:
    """Fit axes at the mode, at the scales that the data prefer.

    Parameters
    ----------
    table, priors
        The question.
    deviation_sd, cycle_sd
        σ_δ and σ_c: learned where None, 0 where there are none.
    scales
        Learned scales, where they are known already.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    if not table.separate:
        return _fit(table, priors, deviation_sd, cycle_sd, scales)
    spots, places = [], []
    for m in range(len(table.names)):
        own = None if scales is None else {name: x[m : m + 1] for name, x in scales.items()}
        spots.append(_fit(table.of(m), priors, 0.0, cycle_sd, own))
        places.append(
            np.flatnonzero(np.concatenate([table.potential_scale_of, table.cycle_scale_of]) == m)
        )
    names = spots[0].scales
    return Spot(
        _together(table.size, [spot.axes for spot in spots], places),
        {name: np.concatenate([spot.scales[name] for spot in spots]) for name in names},
    )


def _fit(
    table: KernelTable,
    priors: Priors,
    deviation_sd: float | None,
    cycle_sd: float | None,
    scales: dict[str, FloatArray] | None,
) -> Spot:
    if not len(table.counts):
        deviation_sd = cycle_sd = 0.0
    model = latent_of(table, priors, deviation_sd=deviation_sd, cycle_sd=cycle_sd)
    learned = [
        name
        for name, sd in (
            ("sigma_V", None if priors.scales == "learned" else priors.fixed_potential_sd),
            ("sigma_delta", deviation_sd),
            ("sigma_c", cycle_sd),
        )
        if sd is None
    ]
    # A hypothesis without cycles on its graph has no scale of them.
    learned = learned[: len(model.learned)]
    if scales is None:
        values = fitted_scales(model)
    else:
        values = tuple(float(scales[name][0]) for name in learned)
    mode = find_mode(model, values, model.prior_mean)
    information = model.likelihood.information(model.design @ mode.theta, model.design)
    columns = columns_of(table, deviations=deviation_sd != 0, cycles=cycle_sd != 0)
    axes = nested_axes(
        table, columns, information, information + model.precision(values), mode.theta
    )
    found = {name: np.array([value]) for name, value in zip(learned, values, strict=True)}
    if "sigma_V" not in found and priors.scales == "learned":
        found["sigma_V"] = np.array([priors.potential_scale])
    return Spot(axes, found)


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


def nested_axes(
    table: KernelTable,
    columns: IntArray,
    information: FloatArray,
    precision: FloatArray,
    mode: FloatArray,
) -> WalkAxes:
    """Return axes along which a Gaussian posterior would be white, whatever the scales.

    The cycles come first, with all else integrated out; then the deviations given the cycles, the
    potential integrated out; then the potential given both. In each the prior knows no direction,
    so the coordinates are turned to the eigenvectors of what the data say about them: along these
    they are independent. What the data say about the earlier ones depends a little on the scales of
    the later ones, for which those that fit are taken.

    Parameters
    ----------
    table
        The kernels, all of one scale in each block.
    columns
        Which of its coordinates the hypothesis has, shape (k,), in order.
    information
        Of the likelihood on these at the mode, shape (k, k).
    precision
        Of the posterior there, shape (k, k).
    mode
        Shape (k,).
    """
    axes = plain_axes(table.size)
    natural = precision @ mode  # of the data: gradient and information at the mode
    inside = [(columns >= part.start) & (columns < part.stop) for part in table.blocks]
    for k in (2, 1, 0):
        own = np.flatnonzero(inside[k])
        if not len(own):
            continue
        later = np.flatnonzero(np.any(inside[:k], axis=0)) if k else np.zeros(0, dtype=np.int64)
        earlier = np.flatnonzero(np.any(inside[k + 1 :], axis=0)) if k < 2 else later[:0]
        gain = np.zeros((len(own), 0))
        if len(later):
            gain = np.linalg.solve(precision[np.ix_(later, later)], information[np.ix_(later, own)]).T
        told = information[np.ix_(own, own)] - gain @ information[np.ix_(later, own)]
        cross = information[np.ix_(own, earlier)] - gain @ information[np.ix_(later, earlier)]
        value = natural[own] - gain @ natural[later]
        strength, turn = np.linalg.eigh(told)
        at, before = columns[own], columns[earlier]
        axes.turn[np.ix_(at, at)] = turn
        axes.pull[at] = turn.T @ value
        axes.precision[at] = np.maximum(strength, 0.0)
        axes.lean[np.ix_(at, before)] = turn.T @ cross @ axes.turn[np.ix_(before, before)]
    return axes


def _together(size: int, parts: Sequence[WalkAxes], places: Sequence[IntArray]) -> WalkAxes:
    axes = plain_axes(size)
    for part, place in zip(parts, places, strict=True):
        axes.turn[np.ix_(place, place)] = part.turn
        axes.pull[place], axes.precision[place] = part.pull, part.precision
        axes.lean[np.ix_(place, place)] = part.lean
    return axes
