"""Path evidence over other seeds and node placements: is the error reported the one made?"""

from dataclasses import asdict

import numpy as np
import pytest
from mcmc_tables import TABLES, path_of, sampler_of
from reference_values import REFERENCES, TAUS
from repeated import repeat

REPEATS = 40
# Among 40 repeats the ratio of spread to reported error scatters by 11 %.
BAND = (0.7, 1.4)
NEGLIGIBLE = 0.01
STANDARD_ERRORS = 3.0
LARGEST_ERROR = {"smollm2-weekday": 0.4}


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_path_repeats(record, name):
    claims, numbers = [], {}
    for scales in ("fixed", "learned"):
        fits = [path_of(name, scales, seed) for seed in range(REPEATS)]
        factors = [[fit.log_bayes_factor(tau) for tau in TAUS] for fit in fits]
        values = np.array([[f.log_value for f in row] for row in factors])
        errors = np.array([[f.mcse for f in row] for row in factors])
        distrusted = sum(row[1].distrust is not None for row in factors)
        reference = REFERENCES[name, scales]
        spread = values.std(axis=0, ddof=1)
        ratio = spread / errors.mean(axis=0)
        combined = np.hypot(spread / np.sqrt(REPEATS), reference.error)
        off = np.abs(values.mean(axis=0) - reference.values) / combined
        # The fast path beside it: the design's references have two digits.
        weighed = repeat(name, scales, range(REPEATS), draws=2000).values
        gap = np.abs(values.mean(axis=0) - weighed.mean(axis=0))
        allowed = (
            STANDARD_ERRORS * np.hypot(spread, weighed.std(axis=0, ddof=1)) / np.sqrt(REPEATS)
            + NEGLIGIBLE
        )
        label = f"{scales} scales"
        most = LARGEST_ERROR.get(name, 0.1)
        claims += [
            (f"{label}: spread / error, median of τ", float(np.median(ratio)), *BAND),
            (f"{label}: largest reported error, nats", float(errors.max()), None, most),
            (f"{label}: mean off by combined errors", float(off.max()), None, STANDARD_ERRORS),
            (f"{label}: mean off laplace's, by allowance", float((gap / allowed).max()), None, 1.0),
            (f"{label}: runs not trusted", float(distrusted), None, 0.0),
        ]
        numbers[label] = {
            "reference": reference.values,
            "reference_error": reference.error,
            "mean": values.mean(axis=0),
            "mean_by_laplace": weighed.mean(axis=0),
            "spread": spread,
            "mean_reported_error": errors.mean(axis=0),
            "spread_over_error": ratio,
            "nodes": [len(fit.nodes) for fit in fits],
            "ess_min": min(node.ess for fit in fits for node in fit.nodes),
            "r_hat_max": max(node.r_hat for fit in fits for node in fit.nodes),
            "divergences": sum(node.divergences for fit in fits for node in fit.nodes),
        }
    failures = record(
        f"path-repeats-{name}",
        f"log BF of {name} by path sampling, {REPEATS} seeds, which also place the nodes: reported "
        "error and agreement with the reference values of the design.",
        settings={"seeds": [0, REPEATS - 1], "tau": TAUS} | asdict(sampler_of(name).usual_on_path),
        claims=claims,
        numbers=numbers,
    )
    assert not failures
