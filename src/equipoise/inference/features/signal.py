"""What features may add to a potential: columns with coefficients, or a smooth function."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.spatial.distance import cdist, pdist

from equipoise.errors import DataError
from equipoise.inference.features.problem import FeatureProblem, within
from equipoise.inference.features.table import FeatureTable
from equipoise.likelihoods import FloatArray
from equipoise.text import listed

#: ``log(lengthscale / median distance) ~ Normal(0, 1)``, cut off here, and where it is evaluated.
LOG_LENGTHSCALES = tuple((np.arange(11) * 0.5 - 2.5).tolist())
# Variance of f, relative to its largest direction, below which a direction is left out.
_NEGLIGIBLE = 1e-7
_CONSTANT = 1e-9


@dataclass(frozen=True, eq=False)
class Signal:
    """The part of Φ that features explain, ``basis @ a`` with ``a ~ Normal(0, σ)``.

    Attributes
    ----------
    basis
        Shape (S, r), centred in each component.
    new, spread
        Of states to be predicted, less the mean over the main component: ``new @ a + σ spread @ ξ``
        with ξ standard normal; shapes (U, r) and (U, U').
    half_normal
        Scale of ``σ ~ HalfNormal``, nats.
    log_lengthscale
        Of a smooth function, in units of the median distance; None for columns.
    """

    basis: FloatArray
    new: FloatArray
    spread: FloatArray
    half_normal: float
    log_lengthscale: float | None = None


@dataclass(frozen=True, eq=False)
class Explaining:
    """Features made ready for the states of a problem.

    Attributes
    ----------
    predicted
        States of the table that the counts say nothing of.
    names, centre, unit
        Of columns with coefficients: mean and standard deviation, within components, by which they
        are standardised; all empty for an embedding.
    columns
        Standardised columns, or embedding in units of the median distance, shape (S, K).
    distance
        Median distance of an embedding, in its own units; 0 for columns.
    signals
        One; of an embedding one for each lengthscale.
    """

    predicted: tuple[str, ...]
    names: tuple[str, ...]
    centre: FloatArray
    unit: FloatArray
    columns: FloatArray
    distance: float
    signals: tuple[Signal, ...]


def explaining(
    problem: FeatureProblem, table: FeatureTable, *, embedding: bool, scale: float
) -> Explaining:
    """Make features ready.

    Parameters
    ----------
    problem
        Whose states.
    table
        Features of all of them, perhaps of others too: those are predicted.
    embedding
        Whether the columns are coordinates in which Φ is a smooth function, and not features with
        a coefficient each.
    scale
        Half-normal scale of what features explain, nats: of σ_f, and of σ_β times √K.

    Raises
    ------
    DataError
        If a state has no features, or a column is constant or depends on the others.
    """
    missing = [state for state in problem.states if state not in set(table.states)]
    if missing:
        raise DataError(
            f"{len(missing):,} of the {len(problem.states):,} states whose potential the counts "
            f"tell have no features: {listed(missing)}; add a row for each, labelled alike"
        )
    predicted = tuple(state for state in table.states if state not in set(problem.states))
    own, new = table.rows(problem.states), table.rows(predicted)
    if embedding:
        return _smooth(problem, own, new.reshape(-1, own.shape[1]), predicted, scale)
    return _linear(problem, table.names, own, new.reshape(-1, own.shape[1]), predicted, scale)


def _linear(
    problem: FeatureProblem,
    names: tuple[str, ...],
    own: FloatArray,
    new: FloatArray,
    predicted: tuple[str, ...],
    scale: float,
) -> Explaining:
    centred = within(own, problem.component)
    unit = np.sqrt((centred**2).mean(axis=0))
    constant = unit <= _CONSTANT * np.maximum(np.abs(own).max(axis=0), 1e-300)
    if constant.any():
        flat = [name for name, is_flat in zip(names, constant.tolist(), strict=True) if is_flat]
        raise DataError(
            f"constant over the states that are compared, so that they explain nothing: "
            f"{listed(flat)}; leave them out"
        )
    columns = centred / unit
    rank = int(np.linalg.matrix_rank(columns, tol=1e-8 * sqrt(columns.size)))
    if rank < len(names):
        raise DataError(
            f"these {len(names):,} features have only {rank:,} independent columns on "
            f"{len(problem.states):,} states, so that their coefficients cannot be told apart; "
            "leave some out, or give them as an embedding, which may have any number"
        )
    at = problem.component == problem.main
    middle = own[at].mean(axis=0)
    signal = Signal(
        basis=columns,
        new=(new - middle) / unit,
        spread=np.zeros((len(new), 0)),
        half_normal=scale / sqrt(len(names)),
    )
    return Explaining(predicted, names, middle, unit, columns, 0.0, (signal,))


def _smooth(
    problem: FeatureProblem,
    own: FloatArray,
    new: FloatArray,
    predicted: tuple[str, ...],
    scale: float,
) -> Explaining:
    unit = float(np.median(pdist(own)))
    if not unit > _CONSTANT * max(float(np.abs(own).max()), 1e-300):
        raise DataError(
            "half of the states or more stand at one point of the embedding, so that it cannot "
            "tell them apart; give coordinates that differ"
        )
    where, there = own / unit, new / unit
    signals = tuple(
        _smooth_signal(problem, where, there, log_lengthscale, scale)
        for log_lengthscale in LOG_LENGTHSCALES
    )
    return Explaining(predicted, (), np.zeros(0), np.zeros(0), where, unit, signals)


def _smooth_signal(
    problem: FeatureProblem,
    where: FloatArray,
    there: FloatArray,
    log_lengthscale: float,
    scale: float,
) -> Signal:
    """Return ``f ~ GP(0, σ² exp(−|z − z'|²/2ℓ²))`` less its mean in each component."""
    length = float(np.exp(log_lengthscale))
    among = covariance(where, where, length)
    at = problem.component == problem.main
    centred = problem.centred
    values, vectors = np.linalg.eigh(centred.T @ among @ centred)
    kept = values > _NEGLIGIBLE * values[-1]
    root, axes = np.sqrt(values[kept]), centred @ vectors[:, kept]
    # f at a new state less its mean over the main component, given f here modulo constants.
    across = covariance(there, where, length)
    mean = among[at].mean(axis=0)
    new = (across - mean) @ axes / root
    shared = across[:, at].mean(axis=1)
    own = covariance(there, there, length) - shared[:, None] - shared + mean[at].mean()
    left, turn = np.linalg.eigh(own - new @ new.T)
    return Signal(
        basis=axes * root,
        new=new,
        spread=turn * np.sqrt(np.maximum(left, 0.0)),
        half_normal=scale,
        log_lengthscale=log_lengthscale,
    )


def covariance(one: FloatArray, other: FloatArray, lengthscale: float) -> FloatArray:
    """Return ``exp(−|z − z'|²/2ℓ²)`` of two sets of points, shape (n, m)."""
    return np.asarray(np.exp(-0.5 * (cdist(one, other) / lengthscale) ** 2))
