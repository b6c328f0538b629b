"""Statistics of tables against what they were if groups made no difference, by simulation.

Given how many trials each group made and how often each outcome came, every assignment of outcomes
to trials is equally likely where groups make no difference. That law is exact and knows no
parameter, so sparse tables, on which chi-square distributions fail, are judged rightly.
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


def compare(
    tables: Sequence[IntArray],
    statistics: Sequence[Statistic],
    replicates: int,
    rng: np.random.Generator,
) -> Comparison:
    """Compare the sum of statistics with tables of the same margins.

    Parameters
    ----------
    tables
        Each of shape (K, J), groups by outcomes.
    statistics
        One for each table.
    replicates
        Replicates at most.
    rng
        Source of randomness.

    Notes
    -----
    Sequential (Besag & Clifford 1991, Biometrika 78, 301): simulation stops at the 20th replicate
    beyond the data, number l, with p = 20/l; else p = (1 + beyond)/(1 + replicates). Both are
    valid: P(p ≤ a) ≤ a.
    """
    from scipy.stats import random_table  # slow to load

    pairs = [
        (random_table(table.sum(axis=1), table.sum(axis=0)), statistic)
        for table, statistic in zip(tables, statistics, strict=True)
    ]
    seen = np.array([s(table[None])[0] for table, s in zip(tables, statistics, strict=True)])
    observed = float(seen.sum())
    limit = observed - 1e-9 * (1.0 + abs(observed))
    size = min(_CHUNK, max(_MOST_CELLS // max(table.size for table in tables), 1))
    drawn: list[FloatArray] = []
    done = beyond = 0
    p_value = None
    while done < replicates and p_value is None:
        n = min(size, replicates - done)
        values = np.stack(
            [statistic(law.rvs(n, random_state=rng)) for law, statistic in pairs], axis=1
        )
        drawn.append(values)
        hits = np.flatnonzero(values.sum(axis=1) >= limit)
        if beyond + len(hits) >= _ENOUGH:
            p_value = _ENOUGH / (done + int(hits[_ENOUGH - beyond - 1]) + 1)
        beyond += len(hits)
        done += n
    if p_value is None:
        p_value = (1 + beyond) / (1 + replicates)
    null = np.concatenate(drawn)
    spread = np.maximum(null.std(axis=0), 1e-12)
    return Comparison(observed, p_value, done, (seen - null.mean(axis=0)) / spread)


def check_tables(
    name: CheckName,
    tables: Sequence[SourceTable],
    statistics: Sequence[Statistic],
    *,
    states: Sequence[str],
    replicates: int,
    rng: np.random.Generator,
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
    tables, statistics, replicates, rng
        As in :func:`compare`.
    states
        Labels.
    fine, suspect
        What to say; "{}" in the second becomes the source that stands out most.
    """
    found = compare([table.counts for table in tables], statistics, replicates, rng)
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


def likelihood_ratio(tables: IntArray) -> FloatArray:
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

    def statistic(tables: IntArray) -> FloatArray:
        rows, columns = tables.sum(axis=2), tables.sum(axis=1)
        total = rows.sum(axis=1, keepdims=True)
        centred = places - (rows @ places)[:, None] / total
        moved = np.einsum("nk,nkj->nj", centred, tables)
        spread = (rows * centred**2).sum(axis=1)
        return np.asarray(
            (total[:, 0] - 1) * (moved**2 / np.maximum(columns, 1)).sum(axis=1) / spread
        )

    return statistic
