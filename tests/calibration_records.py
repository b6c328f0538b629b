"""Records of a calibration whose truth is known, made without inferring anything."""

import numpy as np

from equipoise.inference.calibration.factors import Factors
from equipoise.inference.calibration.store import Record

HEADER = {"engine": "fast", "seed": 0, "ranked": 99}
QUANTITIES = {
    "balance": ("potential", "symmetric", "likelihood"),
    "cyclic": ("potential", "circulation", "cycle scale", "violation"),
}


def exact_log_factors(n: int, sd: float, rng: np.random.Generator) -> np.ndarray:
    """Draw log BF01 of data from both hypotheses in turn, exact by construction.

    If log BF01 is Normal(σ²/2, σ²) under balance, its density ratio to Normal(−σ²/2, σ²) is BF01
    itself. Cut off at ±6 on both sides alike, which keeps the ratio.
    """
    found = np.empty(n)
    for k in range(n):
        mean = (1 if k % 2 == 0 else -1) * sd**2 / 2
        found[k] = rng.normal(mean, sd)
        while abs(found[k]) > 6:
            found[k] = rng.normal(mean, sd)
    return found


def exact_factors(n: int, sd: float, rng: np.random.Generator) -> Factors:
    values = exact_log_factors(n, sd, rng)
    return Factors(values, np.ones(n, dtype=bool), np.arange(n) % 2 == 1)


def exact_records(n: int, rng: np.random.Generator, sd: float = 2.0) -> list[Record]:
    """Return records with exact Bayes factors and uniform ranks."""
    values = exact_log_factors(n, sd, rng)
    records = []
    for k in range(n):
        truth = "cyclic" if k % 2 else "balance"
        records.append(
            Record(
                number=k,
                truth=truth,
                design=("triangle", "diagonal", "complete-5", "pendant")[k // 2 % 4],
                stay=True,
                trials=1000,
                rejected=0,
                log_bayes_factor=float(values[k]),
                mcse=0.02,
                evidence_withheld=None,
                posterior_withheld=None,
                ranks={name: int(rng.integers(100)) for name in QUANTITIES[truth]},
                seconds=0.1,
            )
        )
    return records
