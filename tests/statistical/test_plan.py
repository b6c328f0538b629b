"""Does a plan keep its word? The realised log Bayes factor against the stated 90 % interval."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array
from simulated import random_circulation, random_kernel

from equipoise.counts import TransitionCounts
from equipoise.graph import support_graph
from equipoise.inference.calibration.graphs import design_named
from equipoise.inference.calibration.simulate import blank_counts
from equipoise.inference.evidence.laplace import solve
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.planning import plan
from equipoise.inference.planning.quick import Quick
from equipoise.inference.posterior.prior import prior_draws
from equipoise.inference.problem import problem_of
from equipoise.models import Priors
from equipoise.simulate import Kernel, complete_edges, driven_kernel, sample_draws

PLANS, SIMULATIONS, DRAWS = 100, 39, (500, 4000)
MULTIPLES = (1, 5, 25)
DESIGNS = ("triangle", "diagonal", "complete-5")
# Narrower than the default, so that few kernels are one-way: the same for truths and plans.
PRIORS = Priors(potential_scale=1.5, symmetric_mean=-2, symmetric_mean_sd=0.7, symmetric_scale=1)
TRUTHS = ("violation", "none")
FIXED_PLANS, FIXED_RHO, FIXED_PILOT = 10, 0.2, 300


@pytest.mark.slow
def test_plan(record):
    found = {truth: [_planned(truth, k) for k in range(PLANS)] for truth in TRUTHS}
    fixed = {truth: [_fixed(truth, k) for k in range(FIXED_PLANS)] for truth in TRUTHS}
    claims, numbers = [], {}
    for truth, some in found.items():
        for m, multiple in enumerate(MULTIPLES):
            inside = [one["inside"][m] for one in some if one["inside"][m] is not None]
            name = f"{truth}, {multiple} times the pilot"
            share = 100 * sum(inside) / len(inside)
            claims.append((f"{name}: inside the interval, % of {len(inside)}", share, 80, 97))
        numbers[truth] = _digest(some)
    numbers |= {f"fixed kernel, {truth}": _digest(some) for truth, some in fixed.items()}
    numbers["quick less fast path"] = _quick_against_fast()
    failures = record(
        "plan",
        "the log BF that further trials gave inside the 90 % interval that a plan from a pilot "
        "stated.",
        settings={
            "plans": PLANS,
            "simulations": SIMULATIONS,
            "designs": DESIGNS,
            "rho": "0.1 or 0.3, in a random direction",
            "pilot": "100 to 1,000 trials a row",
            "further": "1, 5 and 25 times the pilot",
            "kernels": "V and s drawn from the priors of the plan, all states strongly connected "
            "in the pilot",
            "realised_by": "fast path; draws at each σ_c, more where k̂ asks for them: "
            + ", ".join(map(str, DRAWS)),
            "fixed_kernel": f"5 states all joined, rho {FIXED_RHO:g} or 0, {FIXED_PLANS} pilots of "
            f"{FIXED_PILOT} trials a row",
        },
        claims=claims,
        numbers=numbers,
    )
    assert not failures


def _planned(truth: str, number: int) -> dict:
    """Plan from a pilot of a kernel drawn from the priors, and see what further trials give."""
    rng = np.random.default_rng([83, number, TRUTHS.index(truth)])
    design = design_named(DESIGNS[number % len(DESIGNS)])
    rho = (0.1, 0.3)[number // len(DESIGNS) % 2]
    blank = blank_counts(design)
    question = problem_of(blank, priors=PRIORS, likelihood="multinomial")
    trials = round(float(np.exp(rng.uniform(np.log(100), np.log(1000)))))
    while True:
        seed = int(rng.integers(2**31))
        drawn = prior_draws(question, cyclic=False, cycle_sd=None, draws=1, random_seed=seed)
        c = random_circulation(rng, design.n_states, design.edges, rho)
        kernel = driven_kernel(
            drawn.V[0, 0],
            drawn.s[0, 0],
            c if truth == "violation" else 0.0,
            edges=design.edges,
        )
        pilot = replace(sample_draws(kernel, trials, rng), support=blank.support)
        # Given the pilot the plan must be right, so that pilots may be chosen by what they say.
        if len(np.unique(support_graph(pilot).strong)) == 1:
            break
    return _realised(truth, kernel, pilot, rho, PRIORS, rng)


def _fixed(truth: str, number: int) -> dict:
    rng = np.random.default_rng(84)
    rho = FIXED_RHO if truth == "violation" else 0.0
    kernel = random_kernel(rng, 5, 1.0, rho=rho, edges=complete_edges(5))
    rng = np.random.default_rng([85, number, TRUTHS.index(truth)])
    pilot = sample_draws(kernel, FIXED_PILOT, rng)
    return _realised(truth, kernel, pilot, FIXED_RHO, Priors(), rng)


def _realised(
    truth: str,
    kernel: Kernel,
    pilot: TransitionCounts,
    rho: float,
    priors: Priors,
    rng: np.random.Generator,
) -> dict:
    stated = plan(
        pilot,
        further=[multiple * pilot.n_trials for multiple in MULTIPLES],
        rho=rho,
        priors=priors,
        simulations=SIMULATIONS,
        random_seed=rng,
    )
    rows = [row for row in stated.outlook if row.truth == truth]
    outcome = {"doubt": stated.doubt, "inside": [], "value": [], "rows": rows}
    for row, multiple in zip(rows, MULTIPLES, strict=True):
        more = sample_draws(kernel, multiple * pilot.trials, rng)
        total = replace(
            pilot,
            counts=csr_array(pilot.counts + more.counts),
            other=pilot.other + more.other,
        )
        factor = _by_fast_path(total, priors, rng)
        if stated.doubt is not None or factor.distrust is not None:
            outcome["inside"].append(None)
            outcome["value"].append(None)
            continue
        outcome["inside"].append(row.lower <= factor.log_value <= row.upper)
        outcome["value"].append(factor.log_value)
    return outcome


def _by_fast_path(
    counts: TransitionCounts, priors: Priors, rng: np.random.Generator
) -> BayesFactor:
    """Return the log BF; with more draws where few leave k̂ too large."""
    problem = problem_of(counts, priors=priors, likelihood="multinomial")
    for draws in DRAWS:
        factor = solve(problem, draws=draws, random_seed=rng).log_bayes_factor()
        if factor.distrust is None:
            break
    return factor


def _digest(some: list[dict]) -> dict:
    """Say where realised values fell, for each multiple of the pilot."""
    digest = {"plans_withheld": sum(one["doubt"] is not None for one in some)}
    for m, multiple in enumerate(MULTIPLES):
        known = [(one["rows"][m], one["value"][m]) for one in some if one["value"][m] is not None]
        where = Counter(
            "below" if value < row.lower else "above" if value > row.upper else "inside"
            for row, value in known
        )
        digest[f"{multiple} times the pilot"] = {
            **{name: where[name] for name in ("below", "inside", "above")},
            "mean_stated": np.mean([row.mean for row, _ in known]),
            "mean_realised": np.mean([value for _, value in known]),
            "median_width_of_interval": np.median([row.upper - row.lower for row, _ in known]),
        }
    return digest


def _quick_against_fast() -> dict:
    """Compare the two ways to the log BF of one table, on tables of every kind."""
    values = {}
    for trials, rho, spread in ((100, 0, 1), (1000, 0, 1), (1000, 0.1, 1), (1000, 0.5, 1)):
        gaps, sizes = [], []
        for k in range(8):
            rng = np.random.default_rng([86, trials, k])
            kernel = random_kernel(rng, int(rng.integers(4, 8)), spread, rho=rho)
            problem = problem_of(sample_draws(kernel, trials, rng), likelihood="multinomial")
            fit = solve(problem, draws=DRAWS[0], random_seed=rng)
            factor, mode = fit.log_bayes_factor(), fit.curve.reversible.mode
            if not problem.graph.n_testable_cycles or factor.distrust is not None:
                continue
            quick = Quick(fit.reversible, fit.cyclic, problem.predictor, mode.scales, 1.0)
            gaps.append(quick.log_bayes_factor(problem.likelihood, mode.theta) - factor.log_value)
            sizes.append(factor.log_value)
        values[f"{trials} trials a row, rho {rho:g}"] = {
            "tables": len(gaps),
            "mean": np.mean(gaps),
            "spread": np.std(gaps),
            "largest": np.max(np.abs(gaps)),
            "log_bf_of_the_tables": [np.min(sizes), np.max(sizes)],
        }
    return values
