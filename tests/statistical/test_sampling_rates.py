"""How often the sampling checks and baselines cry wolf, and how often they find planted faults."""

from collections.abc import Callable

import numpy as np
import pytest
from sampled import KERNEL, OTHER_KERNEL, blocked, walk
from scipy.stats import binom, chi2

from equipoise.counts import TransitionCounts
from equipoise.inference.baselines import (
    likelihood_ratio,
    parametric_bootstrap,
    triplet_chi_square,
)
from equipoise.inference.evidence import laplace
from equipoise.inference.problem import problem_of
from equipoise.inference.sampling_checks import (
    SUSPECT,
    Check,
    check_blocks,
    check_drift,
    check_order,
    check_overdispersion,
)
from equipoise.simulate import complete_edges, reversible_kernel, sample_draws, sample_trajectory

CLEAN, FAULTY, TABLES = 1000, 100, 500
FALSE_ALARM = 1e-4
RARE = np.array(
    [[0.9, 0.09, 0.009, 0.001], [0.3, 0.69, 0.005, 0.005], [0.5, 0.1, 0.4, 0], [1, 0, 0, 0]]
)


def most(n: int, rate: float) -> int:
    """Return the most alarms among n at a rate; more come once in ten thousand runs."""
    return int(binom.ppf(1 - FALSE_ALARM, n, rate))


def alarms(check: Callable[..., Check], make: Callable[..., TransitionCounts], n: int, family: int):
    found = 0
    for k in range(n):
        counts = make(np.random.default_rng([family, k]))
        found += check(counts, random_seed=k).status == "suspect"
    return found


def overdispersion(counts: TransitionCounts, *, random_seed: int) -> Check:
    return check_overdispersion(counts, random_seed=random_seed)[0]


@pytest.mark.slow
def test_sampling_checks(record):
    ramp = [KERNEL + (OTHER_KERNEL - KERNEL) * b / 7 for b in range(8)]
    clean = {
        "blocks, 2 of 100 trials a row": (check_blocks, lambda r: blocked([KERNEL] * 2, 100, r)),
        "blocks, 10 of 8 trials a row": (check_blocks, lambda r: blocked([KERNEL] * 10, 8, r)),
        "blocks, rare outcomes": (check_blocks, lambda r: blocked([RARE] * 6, 60, r)),
        "overdispersion, 8 of 50": (overdispersion, lambda r: blocked([KERNEL] * 8, 50, r)),
        "overdispersion, rare outcomes": (overdispersion, lambda r: blocked([RARE] * 5, 60, r)),
        "drift, 8 blocks of 50": (check_drift, lambda r: blocked([KERNEL] * 8, 50, r)),
        "drift, 8 overdispersed blocks of 50": (
            check_drift,
            lambda r: blocked([KERNEL] * 8, 50, r, correlation=0.1),
        ),
        "drift, path of 200 steps": (check_drift, lambda r: walk(KERNEL, 200, r)),
        "order, path of 60 steps": (check_order, lambda r: walk(KERNEL, 60, r)),
        "order, path of 1,000 steps": (check_order, lambda r: walk(KERNEL, 1000, r)),
    }
    false = {
        name: alarms(check, make, CLEAN, 50 + k)
        for k, (name, (check, make)) in enumerate(clean.items())
    }
    faults = {
        "blocks: two kernels, 400 trials a row": (
            check_blocks,
            lambda r: blocked([KERNEL, OTHER_KERNEL], 400, r),
        ),
        "overdispersion: correlation 0.05, 8 blocks of 100": (
            overdispersion,
            lambda r: blocked([KERNEL] * 8, 100, r, correlation=0.05),
        ),
        "drift: from one kernel to another, 8 blocks of 200": (
            check_drift,
            lambda r: blocked(ramp, 200, r),
        ),
        "drift: along a path of 3,000 steps": (
            check_drift,
            lambda r: walk(KERNEL, 3000, r, later=OTHER_KERNEL),
        ),
        "drift: along a path of 6,000 steps": (
            check_drift,
            lambda r: walk(KERNEL, 6000, r, later=OTHER_KERNEL),
        ),
        "order: straight back one step in five, 1,000 steps": (
            check_order,
            lambda r: walk(KERNEL, 1000, r, memory=0.2),
        ),
    }
    power = {
        name: alarms(check, make, FAULTY, 70 + k)
        for k, (name, (check, make)) in enumerate(faults.items())
    }
    sizes = {
        f"correlation {r:g}, {blocks} blocks of {trials}": _sizes(r, blocks, trials, 80 + k)
        for k, (r, blocks, trials) in enumerate(
            [(0.0, 8, 50), (0.02, 8, 100), (0.1, 8, 50), (0.1, 30, 50), (0.3, 12, 30)]
        )
    }
    limit = most(CLEAN, SUSPECT)
    claims = [(f"suspect of {CLEAN} clean: {name}", n, None, limit) for name, n in false.items()]
    claims += [
        (f"suspect of {FAULTY}: {name}", n, None if "3,000" in name else 90, None)
        for name, n in power.items()
    ]
    claims += [
        (f"design effect inside its 95 % interval, of {FAULTY * 4}: {name}", found[0], 356, None)
        for name, found in sizes.items()
    ]
    failures = record(
        "sampling-checks",
        "checks of the sampling: false alarms on clean data, power on planted faults, coverage of "
        "the design effect.",
        settings={
            "states": 4,
            "suspect": f"p < {SUSPECT:g}",
            "false_alarm_of_a_claim": FALSE_ALARM,
            "least_coverage": "0.89: the interval comes from tables drawn at the estimate",
        },
        claims=claims,
        numbers={
            "false_alarms": false,
            "power": power,
            "mean_estimated_correlation_and_error": {n: f[1:] for n, f in sizes.items()},
        },
    )
    assert not failures


def _sizes(r: float, blocks: int, trials: int, family: int) -> tuple[int, float, float]:
    """Return how often the interval holds r, the mean estimate and its standard error."""
    inside, found = 0, []
    for k in range(FAULTY * 4):
        counts = blocked(
            [KERNEL] * blocks, trials, np.random.default_rng([family, k]), correlation=r
        )
        _, size = check_overdispersion(counts, replicates=199, random_seed=k)
        inside += size.lower <= r <= size.upper
        found.append(size.correlation)
    return inside, float(np.mean(found)), float(np.std(found) / np.sqrt(len(found)))


@pytest.mark.slow
def test_divided_counts(record):
    """Overdispersed draws of a reversible kernel: the verdict before and after dividing."""
    from equipoise.inference.evidence.laplace import solve
    from equipoise.inference.sampling_checks.repeat import divided

    kernel = reversible_kernel(
        [0.0, 1.0, -0.5, 0.3], np.random.default_rng(3).normal(-1.0, 0.5, 6)
    ).matrix
    plain, fewer = [], []
    for k in range(FAULTY):
        rng = np.random.default_rng([90, k])
        counts = blocked([kernel] * 10, 100, rng, correlation=0.05)
        _, size = check_overdispersion(counts, replicates=199, random_seed=k)
        plain.append(laplace(counts, draws=500, random_seed=k).log_bayes_factor().log_value)
        problem = divided(problem_of(counts), size.design_effect)
        fewer.append(solve(problem, draws=500, random_seed=k).log_bayes_factor().log_value)
    wrong = [sum(value < -3 for value in values) for values in (plain, fewer)]
    failures = record(
        "design-effect",
        "log Bayes factors of overdispersed draws from a reversible kernel, as they are and with "
        "counts divided by the design effect.",
        settings={"states": 4, "blocks": 10, "trials_a_row_and_block": 100, "correlation": 0.05},
        claims=[
            (f"log BF below -3 as they are, of {FAULTY}", wrong[0], 20, None),
            (f"log BF below -3 with counts divided, of {FAULTY}", wrong[1], None, 5),
        ],
        numbers={
            "quantiles_0_10_50_90_100_as_they_are": np.quantile(plain, [0, 0.1, 0.5, 0.9, 1]),
            "quantiles_0_10_50_90_100_divided": np.quantile(fewer, [0, 0.1, 0.5, 0.9, 1]),
        },
    )
    assert not failures


@pytest.mark.slow
def test_baselines(record):
    edges = complete_edges(5)
    settings = {"rows of 2,000 trials": (2000, False), "rows of 40 trials": (40, False)}
    settings["path of 3,000 steps"] = (3000, True)
    claims, numbers = [], {}
    for family, (name, (trials, path)) in enumerate(settings.items()):
        found = []
        for k in range(TABLES):
            rng = np.random.default_rng([95 + family, k])
            kernel = reversible_kernel(
                rng.normal(0, 0.7, 5), rng.normal(-1.5, 0.5, 10), edges=edges
            )
            counts = (
                sample_trajectory(kernel, trials, 0, rng)
                if path
                else sample_draws(kernel, trials, rng)
            )
            ratio, triplets = likelihood_ratio(counts), triplet_chi_square(counts)
            booted = parametric_bootstrap(counts, replicates=199, random_seed=k)
            found.append(
                (
                    ratio.p_value < 0.05,
                    booted.p_value <= 0.05,
                    triplets.released_per_ndf,
                    triplets.corrected_per_ndf,
                    0.0 if triplets.p_value is None else triplets.p_value < 0.05,
                    ratio.value,
                )
            )
        table = np.array(found, dtype=float)
        numbers[name] = {
            "likelihood_ratio_p_below_0.05": table[:, 0].mean(),
            "bootstrap_p_up_to_0.05": table[:, 1].mean(),
            "mean_released_triplet_chi_square_per_ndf": np.nanmean(table[:, 2]),
            "mean_corrected_triplet_chi_square_per_ndf": np.nanmean(table[:, 3]),
            "corrected_triplet_p_below_0.05": table[:, 4].mean(),
            "mean_likelihood_ratio_on_6_degrees_of_freedom": table[:, 5].mean(),
        }
        alarms_allowed = most(TABLES, 0.05)
        if trials >= 2000:
            low, high = chi2.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], 6 * TABLES) / (6 * TABLES)
            wrong, mean = table[:, 0].sum(), table.mean(axis=0)
            claims += [
                (f"{name}: likelihood ratio p < 0.05, of {TABLES}", wrong, None, alarms_allowed),
                (f"{name}: corrected triplets, mean chi-square per ndf", mean[3], low, high),
                (f"{name}: released triplets, mean chi-square per ndf", mean[2], None, 1.0),
            ]
        wrong = table[:, 1].sum()
        claims.append((f"{name}: bootstrap p ≤ 0.05, of {TABLES}", wrong, None, alarms_allowed))
    failures = record(
        "baselines",
        "baselines on reversible kernels of 5 states, all joined: how often they cry wolf, and how "
        "far the released chi-square falls short.",
        settings={
            "potential": "Normal(0, 0.7)",
            "symmetric_terms": "Normal(-1.5, 0.5)",
            "tables": TABLES,
        },
        claims=claims,
        numbers=numbers,
    )
    assert not failures
