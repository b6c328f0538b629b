"""Overdispersion within blocks: whether draws of one batch resemble each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.inference.sampling_checks.check import Check, not_checkable
from equipoise.inference.sampling_checks.homogeneity import INVALID, NO_BLOCKS
from equipoise.inference.sampling_checks.permutation import REPLICATES, check_tables, dealt, pearson
from equipoise.inference.sampling_checks.trials import SourceTable, Trials, block_trials
from equipoise.likelihoods import FloatArray, IntArray, Rejected
from equipoise.simulate.draws import RandomSeed, random_generator

FEWEST_BLOCKS = 3
_BOOTSTRAP = 400
_TAIL = 0.025


@dataclass(frozen=True, eq=False)
class Dispersion:
    r"""How much the draws of one block resemble each other, by a Dirichlet-multinomial model.

    In each block a source's row is drawn anew, ``p_b ~ Dirichlet(κ π)``, and the counts are
    multinomial given it. Any two draws of one block then have the correlation ``r = 1/(1 + κ)``,
    and the counts of a source vary ``d = 1 + r (Σ_b N_b²/N − 1)`` times as much as draws that are
    independent: N of them tell as much as N/d would.

    Attributes
    ----------
    n_sources
        Sources with three blocks or more, on which it rests.
    correlation, lower, upper
        r, common to all sources, and its 95 % interval.
    concentration
        κ; None where r = 0.
    design_effect
        d of every source with its own blocks, at least 1, shape (S,); 1 without trials.
    mean, mean_lower, mean_upper
        Mean design effect of a trial, at r and at the ends of its interval.
    """

    n_sources: int
    correlation: float
    lower: float
    upper: float
    concentration: float | None
    design_effect: FloatArray
    mean: float
    mean_lower: float
    mean_upper: float


def check_overdispersion(
    counts: TransitionCounts,
    *,
    rejected: Rejected = "stay",
    replicates: int = REPLICATES,
    random_seed: RandomSeed = None,
) -> tuple[Check, Dispersion | None]:
    """Test and measure overdispersion.

    Parameters
    ----------
    counts
        With at least 3 blocks for some source, or as many sequences.
    rejected
        What a trial that ended in no state counts as.
    replicates
        Simulated tables at most, for the p-value.
    random_seed
        Same seed, same result.

    Returns
    -------
    Check
        By Pearson's statistic, summed over sources with 3 blocks or more, against outcomes dealt
        anew to the trials of each source.
    Dispersion or None
        None where it could not be checked.

    Notes
    -----
    r by moments (Brier 1980, Biometrika 67, 591): of a source with J outcomes and blocks of N_b
    trials, N in all, Pearson's statistic has mean ``(J − 1)(B − 1 + r Σ_b (N_b − 1)(1 − N_b/N))``
    up to the error of the pooled proportions, for which r comes out low: at r = 0.1 by 7 % with 8
    blocks, by 1 % with 30. Its interval comes from tables drawn at r, taking statistic over
    expectation as a pivot.
    """
    trials = block_trials(counts, rejected)
    if trials is None:
        return not_checkable("overdispersion", NO_BLOCKS), None
    tables = trials.tables(groups=FEWEST_BLOCKS)
    if not any(_slope(table.counts) > 0 for table in tables):
        return not_checkable(
            "overdispersion",
            f"no source has {FEWEST_BLOCKS} blocks, two outcomes and a block of two trials.",
        ), None
    rng = random_generator(random_seed)
    dispersion = _dispersion(counts.n_states, trials, tables, rng)
    size = (
        f"design effect {dispersion.mean:.2f} "
        f"[{dispersion.mean_lower:.2f}, {dispersion.mean_upper:.2f}]"
    )
    statistics = [pearson] * len(tables)
    check = check_tables(
        "overdispersion",
        tables,
        statistics,
        dealt(tables, statistics, rng),
        states=counts.states,
        replicates=replicates,
        statistic_name="Pearson's chi-square",
        invalid=INVALID,
        fine=f"Nothing speaks for draws of one block resembling each other: {size}.",
        suspect="Draws of one block resemble each other, most clearly from {}: "
        f"{size}, so the counts tell less than their number says.",
    )
    return check, dispersion


def _dispersion(
    n_states: int,
    trials: Trials,
    tables: Sequence[SourceTable],
    rng: np.random.Generator,
) -> Dispersion:
    statistic = sum(float(pearson(table.counts[None])[0]) for table in tables)
    freedom = sum((len(table.groups) - 1) * (table.counts.shape[1] - 1) for table in tables)
    slope = sum(_slope(table.counts) for table in tables)

    def correlation(value: float) -> float:
        return float(np.clip((value - freedom) / slope, 0.0, 1.0))

    r = correlation(statistic)
    drawn = sum(pearson(_draw(table.counts, r, rng)) for table in tables)
    # How far one statistic lies above or below what the formula expects, as a factor. The pooled
    # proportions make it fall short on average; so the interval, unlike r, makes up for that.
    low, high = np.quantile(drawn, [_TAIL, 1.0 - _TAIL]) / (freedom + r * slope)
    ends = (
        correlation(statistic / high) if high > 0 else 0.0,
        correlation(statistic / low) if low > 0 else 1.0,
    )
    per_draw = _per_draw(n_states, trials)
    made = np.bincount(trials.source, weights=trials.count, minlength=n_states)

    def mean(value: float) -> float:
        return float(np.average(1.0 + value * per_draw, weights=made))

    return Dispersion(
        n_sources=len(tables),
        correlation=r,
        lower=ends[0],
        upper=ends[1],
        concentration=1.0 / r - 1.0 if r > 0 else None,
        design_effect=1.0 + r * per_draw,
        mean=mean(r),
        mean_lower=mean(ends[0]),
        mean_upper=mean(ends[1]),
    )


def _slope(table: IntArray) -> float:
    """Return how fast the mean of Pearson's statistic grows with r."""
    size = table.sum(axis=1)
    return float((table.shape[1] - 1) * ((size - 1) * (1.0 - size / size.sum())).sum())


def _per_draw(n_states: int, trials: Trials) -> FloatArray:
    """Return ``Σ_b N_b²/N − 1`` of each source, shape (S,); 0 without trials."""
    found = np.zeros(n_states)
    for table in trials.tables(groups=1, outcomes=1):
        size = table.counts.sum(axis=1).astype(float)
        found[table.source] = (size**2).sum() / size.sum() - 1.0
    return found


def _draw(table: IntArray, r: float, rng: np.random.Generator) -> IntArray:
    """Draw Dirichlet-multinomial tables with the row totals and pooled proportions of one."""
    size = table.sum(axis=1)
    pooled = table.sum(axis=0) / size.sum()
    shape = (_BOOTSTRAP, len(size))
    if r <= 0.0:
        rows = np.broadcast_to(pooled, (*shape, len(pooled)))
    elif r >= 1.0:  # every draw of a block alike
        rows = np.eye(len(pooled))[rng.choice(len(pooled), size=shape, p=pooled)]
    else:
        rows = rng.dirichlet((1.0 / r - 1.0) * pooled, size=shape)
    return np.asarray(rng.multinomial(size, rows), dtype=np.int64)
