"""Simulation-based calibration of the model of several kernels, by NUTS and on the fast path."""

import numpy as np
import pytest
from sharing_sets import (
    NAMES,
    RANKED,
    TOTALS,
    ranks_by_mcmc,
    ranks_by_walkers,
    ranks_on_the_fast_path,
)

from equipoise.inference.calibration.ranks import check_ranks

BALANCE, CYCLIC, BY_NUTS, BY_WALKERS, CONTROL = 300, 25, 150, 150, 60
SURENESS = 9
QUANTITIES = ("Phi", "delta", "c", "sigma_delta", "sigma_c")
FALSE_ALARM = 1e-4 / 20
SETTINGS = {
    "kernels": len(NAMES),
    "states": 4,
    "edges_a_kernel": 5,
    "total_of_an_edge": TOTALS,
    "ranked": RANKED,
    "priors": "default: σ_V ~ HalfNormal(5), σ_δ and σ_c ~ HalfNormal(1)",
}


def judged(rows, label):
    """Return a claim for every quantity: how far its ranks leave their band, and the shares."""
    kept = [row for row in rows if row is not None]
    claims, numbers = [], {"sets": len(rows), "given": len(kept)}
    for name in (name for name in QUANTITIES if name in kept[0]):
        ranks = np.array([row[name] for row in kept])
        found = check_ranks("pooled", name, ranks, RANKED, FALSE_ALARM)
        k = found.worst
        claims.append(
            (
                f"{label}, ranks of {name}: distribution less uniform at {found.at[k]:.2f}",
                float(found.difference[k]),
                float(found.lower[k]),
                float(found.upper[k]),
            )
        )
        numbers[name] = np.bincount(ranks * 8 // (RANKED + 1), minlength=8)
    claims.append((f"{label}, share of sets with a result", len(kept) / len(rows), 0.9, None))
    return claims, numbers


@pytest.mark.slow
def test_ranks_by_the_chains_of_a_comparison_are_uniform(record):
    found = [ranks_by_walkers(96, k) for k in range(BY_WALKERS)]
    claims, counted = judged([ranks for ranks, _ in found], "chains in NumPy")
    # Each set aside can move a distribution of ranks by 1/n at most, n the number of sets.
    aside = sum(ranks is None for ranks, _ in found)
    claims.append(("sets set aside could move a distribution by", aside / BY_WALKERS, None, 0.01))
    counted["walked_twice"] = {
        str(number): {"said": said, "set_aside": ranks is None}
        for number, (ranks, said) in enumerate(found)
        if said
    }
    failures = record(
        "sharing-sbc-walkers",
        "ranks of prior draws in the posterior of several kernels by the chains of eq.compare.",
        settings=SETTINGS | {"families": [96]},
        claims=claims,
        numbers={"chains in NumPy": counted},
    )
    assert not failures


@pytest.mark.slow
def test_ranks_of_the_hierarchical_model_are_uniform(record):
    claims, numbers = [], {}

    def add(label, rows):
        more, counted = judged(rows, label)
        claims.extend(more)
        numbers[label] = counted

    add(
        "fast path, given balance",
        [ranks_on_the_fast_path(91, k, cycles=False, draws=400) for k in range(BALANCE)],
    )
    add(
        "fast path, with cycles",
        [ranks_on_the_fast_path(92, k, cycles=True, draws=300) for k in range(CYCLIC)],
    )
    by_nuts = [ranks_by_mcmc(93, k) for k in range(BY_NUTS)]
    add("NUTS, with cycles", [row for row, _ in by_nuts])
    divergent = sum(many > 0 for _, many in by_nuts)
    claims.append(("NUTS: sets with a divergence", divergent, None, 0.05 * BY_NUTS))
    failures = record(
        "sharing-sbc",
        "ranks of prior draws in the posterior of the model of several kernels.",
        settings=SETTINGS | {"families": [91, 92, 93]},
        claims=claims,
        numbers=numbers,
    )
    assert not failures


@pytest.mark.slow
def test_ranks_in_a_posterior_that_is_too_sure_are_not(record):
    """Negative control: posteriors of nine times the counts, three times too narrow."""
    rows = [
        ranks_on_the_fast_path(94, k, cycles=False, draws=400, sureness=SURENESS)
        for k in range(CONTROL)
    ]
    ranks = np.array([row["gap"] for row in rows if row is not None])
    found = check_ranks("pooled", "gap", ranks, RANKED, FALSE_ALARM)
    beyond = np.maximum(found.difference - found.upper, found.lower - found.difference).max()
    failures = record(
        "sharing-sbc-control",
        "ranks of prior draws in the posterior of nine times their counts: the check must fail.",
        settings=SETTINGS | {"families": [94], "sets": CONTROL},
        claims=[("ranks of the gap of two kernels leave their band by", float(beyond), 1e-9, None)],
        numbers={"gap": np.bincount(ranks * 8 // (RANKED + 1), minlength=8)},
    )
    assert not failures
