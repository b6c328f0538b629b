"""General methods of evidence on paths whose evidence is known in closed form."""

import numpy as np
import pytest
from reinforced_walks import simulated_path
from scipy.stats import multivariate_t

from equipoise import datasets
from equipoise.inference.evidence import EdgeWeightTarget, bridge, importance
from equipoise.likelihoods import reinforced

# A standard deviation from 40 runs errs by 11 %.
REPEATS, BAND, NEGLIGIBLE = 40, (0.7, 1.4), 0.01
STATES = (3, 4, 5, 6)
DRAWS, CHAINS, PROPOSED = 2000, 4, 8000


def estimates(counts, seed):
    """Evidence by either method from draws of the posterior of their own."""
    path = reinforced(counts)
    target = EdgeWeightTarget(path)
    theta = target.theta(path.posterior().draw(DRAWS, seed))
    proposal = multivariate_t(theta.mean(axis=0), np.cov(theta.T), df=6, seed=seed)
    draws = proposal.rvs(PROPOSED)
    return {
        "bridge": bridge(target, theta.reshape(CHAINS, -1, target.size), random_seed=seed),
        "importance": importance(target, draws, proposal.logpdf(draws)),
    }


@pytest.mark.slow
def test_general_methods_find_the_evidence_of_paths_known_in_closed_form(record):
    tables = {f"{n} states": simulated_path(n, seed=n) for n in STATES}
    tables["alofi-rain"] = datasets.alofi_rain()
    numbers, claims = {}, []
    for name, counts in tables.items():
        expected = reinforced(counts).log_evidence()
        runs = [estimates(counts, seed) for seed in range(REPEATS)]
        for method in ("bridge", "importance"):
            gaps = np.array([run[method].log_value - expected for run in runs])
            errors = np.array([run[method].mcse for run in runs])
            numbers[f"{name}, {method}"] = {
                "closed form": expected,
                "mean gap": gaps.mean(),
                "standard deviation": gaps.std(ddof=1),
                "mean error": errors.mean(),
                "largest gap in errors": np.abs(gaps / errors).max(),
            }
            spread = gaps.std(ddof=1)
            allowed = 3 * spread / np.sqrt(REPEATS) + NEGLIGIBLE
            claims += [
                (f"{name}, {method}: spread over error reported", spread / errors.mean(), *BAND),
                (f"{name}, {method}: mean gap, nats", abs(gaps.mean()), None, allowed),
            ]
    failed = record(
        "exact-evidence",
        "Bridge and importance sampling against closed-form evidence of a reinforced walk",
        settings={
            "repeats": REPEATS,
            "posterior draws": DRAWS,
            "proposed": PROPOSED,
            "edge weight": 1.0,
            "steps of a simulated path": 400,
        },
        claims=claims,
        numbers=numbers,
    )
    assert not failed
