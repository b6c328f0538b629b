"""Evidence of the sparse path against dense importance sampling and against an independent path."""

import numpy as np
import pytest
from path_sampling import path_estimate
from sparse_tables import pieces, reversible_table

import equipoise as eq
from equipoise.counts import TransitionCounts

# Of some fifty differences, in standard errors: beyond once in ten thousand runs.
APART = 5.0
TAUS = (0.5, 1.0, 2.0)
# The error of the error: of 8 repeats, beyond once in ten thousand.
SPREAD = (0.3, 2.0)
REPEATS = 8

TABLES: dict[str, TransitionCounts] = {
    "reversible, 12 states, 60 trials a row": reversible_table(1, states=12, trials=60),
    "reversible, 30 states, 400 trials a row": reversible_table(2, states=30, trials=400),
    "driven, 15 states, 200 trials a row": reversible_table(
        3, states=15, trials=200, violation=0.6
    ),
    "driven, 40 states, 100 trials a row": reversible_table(
        4, states=40, trials=100, violation=0.4
    ),
    "two pieces, one-way edges": pieces(),
}
SPARSE = {
    "reversible, 150 states, 8 trials a row": reversible_table(7, states=150, trials=8, degree=6),
    "driven, 150 states, 12 trials a row": reversible_table(
        8, states=150, trials=12, degree=6, violation=1.0
    ),
}


def apart(value, error, other, other_error) -> float:
    return float((value - other) / np.hypot(error, other_error))


@pytest.mark.slow
def test_sparse_path_against_the_dense_methods(record):
    numbers: dict[str, dict[str, object]] = {}
    off, unsure = [], 0
    for k, (name, counts) in enumerate(TABLES.items()):
        dense = eq.laplace(counts, likelihood="pairwise", draws=4000, random_seed=k)
        found = eq.path_large(counts, random_seed=k)
        rough = eq.laplace_large(counts)
        rows = []
        for tau in TAUS:
            a, b = found.log_bayes_factor(tau), dense.log_bayes_factor(tau)
            if b.distrust is not None:
                continue  # k̂ of the reference is above 0.7
            unsure += a.distrust is not None
            off.append(apart(a.log_value, a.mcse, b.log_value, b.mcse))
            rows.append([a.log_value, a.mcse, b.log_value, b.mcse])
        numbers[name] = {
            "path_large, mcse, laplace, mcse at each tau": rows,
            "laplace_large at tau = 1": rough.log_bayes_factor().log_value,
        }
    for k, (name, counts) in enumerate(SPARSE.items()):
        other = path_estimate(counts, random_seed=k)
        found = eq.path_large(counts, random_seed=k)
        rough = eq.laplace_large(counts)
        factor = found.log_bayes_factor()
        unsure += factor.distrust is not None
        off.append(apart(factor.log_value, factor.mcse, other.log_bayes_factor, other.mcse))
        numbers[name] = {
            "path_large, mcse, tests/path_sampling.py, mcse at tau = 1": [
                factor.log_value,
                factor.mcse,
                other.log_bayes_factor,
                other.mcse,
            ],
            "laplace_large at tau = 1": rough.log_bayes_factor().log_value,
        }
    name = "driven, 15 states, 200 trials a row"
    repeats = [
        eq.path_large(TABLES[name], random_seed=100 + k).log_bayes_factor() for k in range(REPEATS)
    ]
    spread = float(np.std([factor.log_value for factor in repeats], ddof=1))
    reported = float(np.sqrt(np.mean([factor.mcse**2 for factor in repeats])))
    failures = record(
        "large-evidence",
        "log BF by path sampling about sparse factors against dense importance sampling, and on "
        "sparse tables of 150 states against an independent path sampler.",
        settings={"taus": TAUS, "likelihood": "pairwise", "scales": "learned", "repeats": REPEATS},
        claims=[
            (
                f"{len(off)} log Bayes factors: worst difference by combined standard errors",
                float(np.abs(off).max()),
                None,
                APART,
            ),
            ("compared", float(len(off)), 14.0, None),
            (f"withheld, of {len(off)}", float(unsure), None, 3.0),
            ("spread of repeats by the error reported", spread / reported, *SPREAD),
        ],
        numbers={"tables": numbers, "spread": spread, "reported": reported},
    )
    assert not failures, failures
