"""The pairwise likelihood beside the multinomial one: evidence, intervals, and what it ignores."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from simulated import random_kernel

from equipoise.counts import TransitionCounts
from equipoise.inference.evidence import laplace
from equipoise.inference.evidence.laplace import solve
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.problem import problem_of
from equipoise.inference.weighted import summarise
from equipoise.models import Priors
from equipoise.simulate import Kernel, driven_kernel, sample_draws

FAMILY = 71
#: Design, section 3: where every edge was walked this often, the two log BF differ by no more.
LEAST_WALKED, APART, RELATIVE = 50, 0.05, 0.003
#: It holds with fixed scales. Learned ones tighten the prior of s, which pairwise edges lack,
#: about the s of the data, and so tell the hypotheses apart by how even s is under each.
PRIORS = {
    "fixed": Priors(scales="fixed"),
    "learned": Priors(),
    "fixed, s free": Priors(scales="fixed", fixed_symmetric_sd=30.0),
    "fixed, s tight": Priors(scales="fixed", fixed_symmetric_sd=1.0, symmetric_mean=-2.5),
}
TABLES, STATES, TRIALS = 300, 6, 500
COVERAGE = (0.935, 0.965)


def both(counts: TransitionCounts, priors: Priors, seed: int):
    """Return log BF by pairwise edges less that by rows, the latter, and their combined error.

    None where either is not to be trusted.
    """
    pairs, rows = (
        laplace(counts, likelihood=name, priors=priors, random_seed=seed).log_bayes_factor()
        for name in ("pairwise", "multinomial")
    )
    if pairs.distrust or rows.distrust:
        return None
    return pairs.log_value - rows.log_value, rows.log_value, np.hypot(pairs.mcse, rows.mcse)


def kernels(n: int):
    """Kernels of 3 to 12 states, a third of them reversible."""
    for k in range(n):
        rng = np.random.default_rng([FAMILY, 1, k])
        states = (3, 5, 8, 12)[k % 4]
        yield k, random_kernel(rng, states, 1.0, rho=(0.0, 0.1, 0.4)[k % 3])


def greatest_ratio(problem):
    """Return the log of the greatest likelihood with cycles over that without, by BFGS."""

    def greatest(model):
        def minus(theta):
            eta = model.design @ theta
            likelihood = model.likelihood
            return -likelihood.log_likelihood(eta), -(likelihood.gradient(eta) @ model.design)

        start = np.zeros(model.size)
        return -minimize(minus, start, jac=True, method="BFGS", options={"gtol": 1e-5}).fun

    return greatest(problem.cyclic()) - greatest(problem.reversible())


def test_both_have_the_same_greatest_likelihood_ratio():
    for k, kernel in kernels(5):
        counts = sample_draws(kernel, 2000, np.random.default_rng([FAMILY, k]))
        pairs = greatest_ratio(problem_of(counts, likelihood="pairwise"))
        rows = greatest_ratio(problem_of(counts, likelihood="multinomial"))
        assert rows > 0
        assert pairs == pytest.approx(rows, rel=1e-4, abs=1e-4)


@pytest.mark.slow
def test_pairwise_evidence(record):
    often = {name: [] for name in PRIORS}
    seldom = {name: [] for name in ("fixed", "learned")}
    for k, kernel in kernels(60):
        for trials in (20_000, 100):
            counts = sample_draws(kernel, trials, np.random.default_rng([FAMILY, k]))
            walked = problem_of(counts, likelihood="pairwise").likelihood.total.min()
            for name, rows in (often if walked >= LEAST_WALKED else seldom).items():
                rows.append(both(counts, PRIORS[name], k))
    claims = []
    for name in ("fixed", "fixed, s free"):
        gap, value, error = np.array([row for row in often[name] if row]).T
        beyond = (np.abs(gap) - 3 * error) / (APART + RELATIVE * np.abs(value))
        claims += [
            (f"{name}: trusted tables whose every edge was walked 50 times", len(gap), 40.0, None),
            (f"{name}: largest difference, less 3 errors, by its bound", beyond.max(), None, 1.0),
        ]
    failures = record(
        "pairwise-evidence",
        "log BF by the pairwise less that by the multinomial likelihood, 60 kernels of 3 to 12 "
        "states, at 20,000 and at 100 trials a row; with learned scales and with a tight prior of "
        "s they differ by more, for pairwise edges have no s.",
        settings={"family": FAMILY, "least_walked": LEAST_WALKED, "bound": [APART, RELATIVE]},
        claims=claims,
        numbers={
            "every_edge_walked_50_times": {k: _described(rows) for k, rows in often.items()},
            "not_so": {k: _described(rows) for k, rows in seldom.items()},
        },
    )
    assert not failures


def _described(rows):
    """Describe the differences: nats, and the share within the bound but for 3 errors."""
    gap, value, error = np.array([row for row in rows if row]).T
    within = np.abs(gap) - 3 * error <= APART + RELATIVE * np.abs(value)
    return {
        "tables": len(gap),
        "not_trusted": len(rows) - len(gap),
        "log_bf_range": [value.min(), value.max()],
        "difference_mean": gap.mean(),
        "difference_sd": gap.std(ddof=1),
        "difference_extremes": [gap.min(), gap.max()],
        "share_within_the_bound": within.mean(),
        "monte_carlo_error_mean": error.mean(),
    }


@pytest.mark.slow
def test_pairwise_coverage(record):
    inside, widths, raw, pareto_k = [], [], [], []
    for table in range(TABLES):
        rng = np.random.default_rng([FAMILY, 2, table])
        kernel = random_kernel(rng, STATES, 1.0)
        counts = sample_draws(kernel, TRIALS, rng)
        fit = laplace(counts, likelihood="pairwise", draws=1000, random_seed=table)
        if fit.curve.reversible.pareto_k > K_TRUSTED or fit.graph.n_components > 1:
            continue
        truth = potential_of(kernel)
        draws = fit.reversible_draws
        corrected = draws.gradient_potential
        plain = draws.model.potential(draws.theta)
        inside.append(_covered(corrected, draws.weights, truth))
        raw.append(_covered(plain, draws.weights, truth))
        widths.append(np.median(summarise(corrected[:, 1:] - corrected[:, :1], draws.weights).sd))
        pareto_k.append(fit.curve.reversible.pareto_k)
    inside, raw = np.array(inside), np.array(raw)
    failures = record(
        "pairwise-coverage",
        f"95 % intervals of Φ by the pairwise likelihood, after diag(1/N) is taken off, on "
        f"multinomial rows of {TABLES} reversible kernels of {STATES} states.",
        settings={"family": FAMILY, "trials_a_row": TRIALS, "tables": TABLES},
        claims=[
            ("tables used", float(len(inside)), 0.9 * TABLES, None),
            ("mean coverage", float(inside.mean()), *COVERAGE),
        ],
        numbers={
            "error_of_mean_coverage": inside.mean(axis=1).std(ddof=1) / np.sqrt(len(inside)),
            "coverage_without_the_correction": raw.mean(),
            "median_sd": np.median(widths),
            "pareto_k_max": np.max(pareto_k),
        },
    )
    assert not failures


def potential_of(kernel: Kernel):
    """Return −log π, from the eigenvector of the chain in which a failed trial stays."""
    matrix = kernel.matrix + np.diag(kernel.other)
    values, vectors = np.linalg.eig(matrix.T)
    stationary = np.real(vectors[:, np.argmin(np.abs(values - 1.0))])
    return -np.log(stationary / stationary.sum())


def _covered(potential, weights, truth):
    found = summarise(potential[:, 1:] - potential[:, :1], weights)
    target = truth[1:] - truth[0]
    return (found.lower <= target) & (target <= found.upper)


def test_factors_of_source_and_target_leave_cycles_alone():
    """Rows lose outcomes by a factor of the source and one of the target; counts are expectations.

    The potential moves, affinities do not. An edge walked more evenly tells more, so the evidence
    is the same only for the same information m p (1 − p), and then to second order in c.
    """
    rng = np.random.default_rng(4)
    edges = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]])
    circulation = 0.4 * np.array([0.5, -0.2, -0.3, 0.5, 0.3])
    kernel = driven_kernel(rng.normal(0, 1, 4), rng.normal(-2.5, 1, 5), circulation, edges=edges)
    counts = sample_draws(kernel, 20_000, rng)
    problem = problem_of(counts, likelihood="pairwise", priors=PRIORS["fixed"])
    rows = problem.likelihood
    i, j = edges.T
    shift = np.array([0.4, -0.3, 0.8, 0.0]) + np.array([0.0, 0.5, -0.6, 0.2])
    logit = np.log(kernel.matrix[i, j] / kernel.matrix[j, i]) + rows.exposure
    full, lossy = expit(logit), expit(logit + shift[i] - shift[j])
    total = rows.total * (full * (1 - full)) / (lossy * (1 - lossy))
    fits = [
        solve(replace(problem, likelihood=likelihood), random_seed=1)
        for likelihood in (
            replace(rows, forward=rows.total * full),
            replace(rows, forward=total * lossy, total=total),
        )
    ]
    cycles = [(0, 1, 2), (0, 2, 3)]
    before, after = (
        summarise(fit.cyclic_draws.affinities(cycles), fit.cyclic_draws.weights) for fit in fits
    )
    gap = np.abs(before.mean - after.mean)
    assert (gap < 4 * np.hypot(before.mcse, after.mcse) + 0.02 * before.sd).all()
    assert (before.mean[0] - 2 * before.sd[0]) > 0.2  # there is something to leave alone
    one, other = (fit.log_bayes_factor() for fit in fits)
    assert one.log_value < -5
    assert abs(one.log_value - other.log_value) < 4 * np.hypot(one.mcse, other.mcse) + 0.02 * abs(
        one.log_value
    )
