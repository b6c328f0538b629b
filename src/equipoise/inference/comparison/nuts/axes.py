"""Axes fitted to the data, along which NUTS walks far in few steps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.inference.comparison.scales import held_scales, widths
from equipoise.inference.comparison.table import columns_of, latent_of
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.modes.scales import fitted_scales
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.models import Priors
from equipoise.models.kernels import KernelTable, WalkAxes, plain_axes

_LEAST_ROOM = 1e-3


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
) -> Spot:
    """Fit axes at the mode, at the scales that the data prefer.

    Parameters
    ----------
    table, priors
        The question.
    deviation_sd, cycle_sd
        σ_δ and σ_c: learned where None, 0 where there are none.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    if not table.separate:
        return _fit(table, priors, deviation_sd, cycle_sd)
    parts = table.parts()
    spots = [_fit(part, priors, 0.0, cycle_sd) for part, _ in parts]
    names = spots[0].scales
    return Spot(
        _together(table.size, [spot.axes for spot in spots], [place for _, place in parts]),
        {name: np.concatenate([spot.scales[name] for spot in spots]) for name in names},
    )


def _fit(
    table: KernelTable,
    priors: Priors,
    deviation_sd: float | None,
    cycle_sd: float | None,
) -> Spot:
    model = latent_of(table, priors, deviation_sd=deviation_sd, cycle_sd=cycle_sd)
    held = held_scales(priors, deviation_sd, cycle_sd)
    start = widths(priors)
    found = {name: np.array([start[name]]) for name in held if held[name] is None}
    # A kernel without cycles has no use for a scale of them.
    learned = list(found)[: len(model.learned)]
    values = fitted_scales(model)
    found |= {name: np.array([value]) for name, value in zip(learned, values, strict=True)}
    mode = find_mode(model, values, model.prior_mean)
    information = model.likelihood.information(model.design @ mode.theta, model.design)
    columns = columns_of(table, deviations=deviation_sd != 0, cycles=cycle_sd != 0)
    axes = nested_axes(
        table, columns, information, information + model.precision(values), mode.theta
    )
    if not table.separate and deviation_sd != 0:
        loosen(table, axes, deviation_sd or float(found["sigma_delta"][0]))
    return Spot(axes, found)


def nested_axes(
    table: KernelTable,
    columns: IntArray,
    information: FloatArray,
    precision: FloatArray,
    mode: FloatArray,
) -> WalkAxes:
    """Return axes along which a Gaussian posterior is white at the scales of ``precision``.

    The cycles come first, with all else integrated out; then the potential given the cycles, the
    deviations integrated out; then the deviations given both. In each the prior knows no direction,
    so the coordinates are turned to the eigenvectors of what the data say about them: along these
    they are independent.

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
    natural = precision @ mode  # of the data: gradient, and information at the mode
    inside = [
        np.flatnonzero((columns >= part.start) & (columns < part.stop)) for part in table.blocks
    ]
    order = [inside[2], inside[0], inside[1]]
    for k, own in enumerate(order):
        if not len(own):
            continue
        earlier = np.concatenate([*order[:k], np.zeros(0, dtype=np.int64)])
        later = np.concatenate([*order[k + 1 :], np.zeros(0, dtype=np.int64)])
        gain = np.linalg.solve(precision[np.ix_(later, later)], information[np.ix_(later, own)]).T
        told = information[np.ix_(own, own)] - gain @ information[np.ix_(later, own)]
        cross = information[np.ix_(own, earlier)] - gain @ information[np.ix_(later, earlier)]
        strength, turn = np.linalg.eigh(told)
        at, before = columns[own], columns[earlier]
        axes.turn[np.ix_(at, at)] = turn
        axes.pull[at] = turn.T @ (natural[own] - gain @ natural[later])
        axes.precision[at] = np.maximum(strength, 0.0)
        axes.lean[np.ix_(at, before)] = turn.T @ cross @ axes.turn[np.ix_(before, before)]
    return axes


def loosen(table: KernelTable, axes: WalkAxes, deviation_sd: float) -> None:
    """Let what the data say of the potential follow σ_δ, from what they say at one value of it.

    Were the kernels equally well known, each would give Φ with variance v + σ_δ², and n of them
    together with (v + σ_δ²)/n, n the number of kernels that know a direction of Φ. So λ at σ_δ is
    ``λ₀ / (1 + λ₀ σ_δ²/n)``, with λ₀ such that it is right at the value given.
    """
    part = table.blocks[0]
    known = table.deviation.T @ table.potential[table.place] @ axes.turn[part, part]
    many = np.maximum((known**2).sum(axis=0), 1.0)
    held = axes.precision[part]
    room = np.maximum(1.0 - held * deviation_sd**2 / many, _LEAST_ROOM)
    axes.loosening[part] = held / room / many
    factor = 1.0 + axes.loosening[part] * deviation_sd**2
    axes.precision[part] *= factor
    axes.pull[part] *= factor
    axes.lean[part] *= factor[:, None]


def _together(size: int, parts: Sequence[WalkAxes], places: Sequence[IntArray]) -> WalkAxes:
    axes = plain_axes(size)
    for part, place in zip(parts, places, strict=True):
        axes.turn[np.ix_(place, place)] = part.turn
        axes.pull[place], axes.precision[place] = part.pull, part.precision
        axes.lean[np.ix_(place, place)] = part.lean
        axes.loosening[place] = part.loosening
    return axes
