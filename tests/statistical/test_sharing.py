"""One potential or many, on hundreds of sets of kernels of known truth."""

import numpy as np
import pytest
from compared import drawn
from simulated import random_edges, sparse_edges

from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.fast.evidence import solve
from equipoise.inference.comparison.models import kernel_data
from equipoise.inference.comparison.potentials import distances_of
from equipoise.inference.comparison.verdict import p_differing, sharing_verdict
from equipoise.models import Priors

SETS, DRAWS = 100, 300
KERNELS, STATES = (2, 8), (8, 40)
SETTINGS = {
    "kernels": KERNELS,
    "states": STATES,
    "graphs": "random recursive tree, and half as many to as many further edges as states; the "
    "same for all kernels of a set",
    "potential": "Normal(0, 1), with deviations Normal(0, σ_δ) of each kernel",
    "rates": "exp(Normal(-2.5, 1)), each kernel's own, Metropolis",
    "draws": DRAWS,
    "cycles": "left out: all kernels are reversible",
}


def fits_of(counts, rng, draws=DRAWS):
    kernels = kernels_of(counts)
    fits = solve(kernels, kernel_data(kernels), Priors(), cycles=False, draws=draws, rng=rng)
    return kernels, fits


def factors(family, sets, *, deviation, trials):
    """Return log BF for sharing of many sets, and how many must not be trusted."""
    found, untrusted = [], 0
    for number in range(sets):
        rng = np.random.default_rng([family, number])
        many = int(rng.integers(*KERNELS, endpoint=True))
        n = int(rng.integers(*STATES, endpoint=True))
        edges, phi = sparse_edges(rng, n), rng.normal(size=n)
        counts = {
            f"k{m}": drawn(phi + deviation * rng.normal(size=n), edges, trials, rng)
            for m in range(many)
        }
        verdict = sharing_verdict(fits_of(counts, rng)[1], None)
        untrusted += verdict.distrust is not None
        found.append(verdict.log_bayes_factor)
    return np.array(found), untrusted


def digest(values, untrusted):
    return {
        "quantiles_5_25_50_75_95": np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]),
        "above_0": int(np.sum(values > 0)),
        "below_-1": int(np.sum(values < -1)),
        "not_trusted": untrusted,
    }


@pytest.mark.slow
def test_shared_and_differing_potentials_are_told_apart(record):
    same = factors(81, SETS, deviation=0.0, trials=200)
    apart = factors(82, SETS, deviation=0.3, trials=1000)
    little = factors(83, SETS // 2, deviation=0.1, trials=1000)
    failures = record(
        "sharing",
        "log BF for one potential of 2 to 8 kernels on 8 to 40 states.",
        settings={**SETTINGS, "sets": SETS, "families": [81, 82, 83]},
        claims=[
            ("shared, 200 trials a row: log BF > 0, of 100", float(np.sum(same[0] > 0)), 95, None),
            (
                "σ_δ = 0.3, 1,000 trials a row: log BF < -1, of 100",
                float(np.sum(apart[0] < -1)),
                95,
                None,
            ),
        ],
        numbers={
            "shared, 200 trials a row": digest(*same),
            "σ_δ = 0.3, 1,000 trials a row": digest(*apart),
            "σ_δ = 0.1, 1,000 trials a row, 50 sets, no target": digest(*little),
        },
    )
    assert not failures


@pytest.mark.slow
def test_stated_probabilities_and_intervals_are_right_as_often_as_they_say(record):
    """Sets drawn from the priors of the deviations, shared half of the time."""
    sets, inside, pairs = 400, 0, 0
    p, truth = [], []
    for number in range(sets):
        rng = np.random.default_rng([84, number])
        shared = bool(rng.random() < 0.5)
        deviation = 0.0 if shared else abs(rng.normal())
        many, n = int(rng.integers(2, 4, endpoint=True)), int(rng.integers(4, 8, endpoint=True))
        edges, phi = random_edges(rng, n), rng.normal(size=n)
        own = [phi + deviation * rng.normal(size=n) for _ in range(many)]
        trials = int(np.exp(rng.uniform(np.log(50), np.log(2000))))
        counts = {f"k{m}": drawn(potential, edges, trials, rng) for m, potential in enumerate(own)}
        kernels, fits = fits_of(counts, rng, draws=500)
        p.append(1.0 - p_differing(sharing_verdict(fits, None)))
        truth.append(shared)
        if shared:
            continue
        for pair in distances_of(fits.potentials(kernels)):
            a, b = kernels.names.index(pair.first), kernels.names.index(pair.second)
            if pair.rms_lower is None or pair.n_states < n:
                continue
            gap = own[a] - own[b]
            rms = float(np.std(gap))
            inside += pair.rms_lower <= rms <= pair.rms_upper
            pairs += 1
    p, truth = np.array(p), np.array(truth)
    # Both are estimates of the same number if p is the probability it is said to be.
    one, other = np.where(truth, 1 - p, 0.0), np.where(truth, 0.0, p)
    gap = (one - other).mean() / ((one - other).std() / np.sqrt(sets))
    bins = [(low, low + 0.2) for low in (0.0, 0.2, 0.4, 0.6, 0.8)]
    curve = {}
    for low, high in bins:
        chosen = (p >= low) & (p < high + (high == 1.0))
        curve[f"{low:g} to {high:g}"] = {
            "sets": int(chosen.sum()),
            "mean_p": float(p[chosen].mean()) if chosen.any() else None,
            "shared": float(truth[chosen].mean()) if chosen.any() else None,
        }
    failures = record(
        "sharing-calibration",
        "stated probability of one potential against how often there was one, and 95 % intervals "
        "of the distance of potentials.",
        settings={
            "sets": sets,
            "kernels": (2, 4),
            "states": (4, 8),
            "deviation": "0 half of the time, else HalfNormal(1)",
            "trials_a_row": "50 to 2,000, log-uniform",
            "family": 84,
        },
        claims=[
            ("E[p(differ), shared] less E[p(shared), differ], errors", gap, -3.9, 3.9),
            (f"intervals of the distance that hold it, of {pairs}", inside / pairs, 0.92, 0.98),
        ],
        numbers={"reliability": curve},
    )
    assert not failures
