"""Statistics of tables against what they were if groups made no difference, by simulation.

Given how many trials each group made and how often each outcome came, every assignment of outcomes
to trials is equally likely where groups make no difference. That law is exact and knows no
parameter, so sparse tables, on which chi-square distributions fail, are judged rightly. For the
steps of a path by the state before, which is random itself, it is an approximation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from equipoise.inference.sampling_checks.check import SUSPECT, Check, CheckName
from equipoise.inference.sampling_checks.trials import SourceTable
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.text import quoted

#: Replicates at most, unless said otherwise.
REPLICATES = 999
# Besag & Clifford 1991: after this many replicates beyond the data the p-value is decided.
_ENOUGH = 20
_CHUNK = 100
_MOST_CELLS = 4_000_000

#: From a stack of tables (n, K, J) to one number each, shape (n,).
Statistic = Callable[[IntArray], FloatArray]
#: From a number n to the statistics of n replicates, shape (n, tables).
Draw = Callable[[int], FloatArray]


@dataclass(frozen=True, eq=False)
class Comparison:
    """A statistic summed over tables, and its simulated p-value.

    Attributes
    ----------
    statistic
        Of the data.
    p_value
        Probability of at least as much where groups make no difference.
    replicates
        How many were simulated.
    excess
        Of each table: standard deviations by which its statistic exceeds the replicates' mean.
    """

    statistic: float
    p_value: float
    replicates: int
    excess: FloatArray


def compare(seen: FloatArray, draw: Draw, replicates: int) -> Comparison:
    """Compare the sum of statistics with replicates.

    Parameters
    ----------
    seen
        Statistic of each table, shape (T,).
    draw
        From n to statistics of n replicates, shape (n, T).
    replicates
        Replicates at most.

    Notes
    -----
    Sequential (Besag & Clifford 1991, Biometrika 78, 301): simulation stops at the 20th replicate
    beyond the data, number l, with p = 20/l; else p = (1 + beyond)/(1 + replicates). Both are
    valid: P(p ≤ a) ≤ a.
    """
    observed = float(seen.sum())
    limit = observed - 1e-9 * (1.0 + abs(observed))
    drawn: list[FloatArray] = []
    done = beyond = 0
    p_value = None
    while done < replicates and p_value is None:
        values = draw(min(_CHUNK, replicates - done))
        drawn.append(values)
        hits = np.flatnonzero(values.sum(axis=1) >= limit)
        if beyond + len(hits) >= _ENOUGH:
            p_value = _ENOUGH / (done + int(hits[_ENOUGH - beyond - 1]) + 1)
        beyond += len(hits)
        done += len(values)
    if p_value is None:
        p_value = (1 + beyond) / (1 + replicates)
    null = np.concatenate(drawn)
    spread = np.maximum(null.std(axis=0), 1e-12)
    return Comparison(observed, p_value, done, (seen - null.mean(axis=0)) / spread)


def dealt(
    tables: Sequence[SourceTable], statistics: Sequence[Statistic], rng: np.random.Generator
) -> Draw:
    """Return replicates in which outcomes are dealt anew to the trials of each source."""
    from scipy.stats import random_table  # slow to load

    laws = [random_table(t.counts.sum(axis=1), t.counts.sum(axis=0)) for t in tables]
    most = max(_MOST_CELLS // max(table.counts.size for table in tables), 1)

    def draw(n: int) -> FloatArray:
        parts = [min(most, n - k) for k in range(0, n, most)]
        return np.stack(
            [
                np.concatenate([statistic(law.rvs(m, random_state=rng)) for m in parts])
                for law, statistic in zip(laws, statistics, strict=True)
            ],
            axis=1,
        )

    return draw


def reordered(tables: Sequence[SourceTable], places: FloatArray, rng: np.random.Generator) -> Draw:
    """Return trends after the groups, whole, have changed places, the same for all sources."""

    def draw(n: int) -> FloatArray:
        new = rng.permuted(np.tile(places, (n, 1)), axis=1)
        return np.stack([_trend(new[:, table.groups], table.counts) for table in tables], axis=1)

    return draw


def check_tables(
    name: CheckName,
    tables: Sequence[SourceTable],
    statistics: Sequence[Statistic],
    draw: Draw,
    *,
    states: Sequence[str],
    replicates: int,
    statistic_name: str,
    invalid: str,
    fine: str,
    suspect: str,
) -> Check:
    """Return the check that compares tables, one statistic for each.

    Parameters
    ----------
    name, statistic_name, invalid
        As the check has them.
    tables, statistics
        One statistic a table.
    draw, replicates
        As in :func:`compare`.
    states
        Labels.
    fine, suspect
        What to say; "{}" in the second becomes the source that stands out most.
    """
    pairs = zip(tables, statistics, strict=True)
    seen = np.array([statistic(table.counts[None])[0] for table, statistic in pairs])
    found = compare(seen, draw, replicates)
    worst = states[tables[int(np.argmax(found.excess))].source]
    wrong = found.p_value < SUSPECT
    return Check(
        name,
        "suspect" if wrong else "fine",
        suspect.format(quoted(worst, 24)) if wrong else fine,
        statistic=found.statistic,
        statistic_name=statistic_name,
        p_value=found.p_value,
        invalid=invalid,
    )


def row_ratio(tables: IntArray) -> FloatArray:
    """Return ``2 Σ n log(n N / (row · column))`` of each table, shape (n, K, J) to (n,)."""
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    total = rows.sum(axis=1)
    return np.asarray(
        2.0
        * (
            xlogy(tables, tables).sum(axis=(1, 2))
            - xlogy(rows, rows).sum(axis=1)
            - xlogy(columns, columns).sum(axis=1)
            + xlogy(total, total)
        )
    )


def pearson(tables: IntArray) -> FloatArray:
    """Return Pearson's ``Σ (n − e)²/e`` of each table, shape (n, K, J) to (n,)."""
    rows, columns = tables.sum(axis=2, keepdims=True), tables.sum(axis=1, keepdims=True)
    total = rows.sum(axis=1)[:, 0].astype(float)
    # A column that no trial reached adds nothing.
    scaled = tables / np.sqrt(np.maximum(rows * columns.astype(float), 1.0))
    return np.asarray(total * ((scaled**2).sum(axis=(1, 2)) - 1.0))


def trend(places: FloatArray) -> Statistic:
    r"""Return the statistic of a linear trend of the outcomes over ordered groups.

    .. math:: (N - 1) \sum_j \frac{(\sum_k (t_k - \bar t) n_{kj})^2}
              {n_{\cdot j} \sum_k n_{k\cdot} (t_k - \bar t)^2}

    Its mean is J − 1 where there is none; with two outcomes it is ``(N − 1) r²``, r the
    correlation of place and outcome (Cochran–Armitage).

    Parameters
    ----------
    places
        ``t_k``, shape (K,).
    """
    return lambda tables: _trend(places, tables)


def _trend(places: FloatArray, tables: IntArray) -> FloatArray:
    """Return trends of tables (..., K, J) over places (..., K), broadcast."""
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    total = rows.sum(axis=-1)
    centred = places - ((rows * places).sum(axis=-1) / total)[..., None]
    moved = np.einsum("...k,...kj->...j", centred, tables)
    spread = (rows * centred**2).sum(axis=-1)
    weight = np.maximum(spread, 1e-300)  # no two places: no trend
    return np.asarray((total - 1) * (moved**2 / np.maximum(columns, 1)).sum(axis=-1) / weight)
