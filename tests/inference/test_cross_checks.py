"""Numbers printed beside the Bayes factor, each recomputed by another route."""

import numpy as np
import pytest
from scipy.stats import halfnorm

import equipoise as eq
from equipoise.counts import TransitionCounts
from equipoise.inference.evidence import laplace
from equipoise.inference.problem import problem_of
from equipoise.inference.weighted import summarise
from equipoise.models import Priors

FIXED = Priors(scales="fixed")
CYCLE = np.array([[20, 31, 6], [12, 40, 25], [9, 3, 14]])


@pytest.fixture(scope="module")
def week(weekday):
    return eq.test(weekday, fast=True, random_seed=1, draws=500)


def counts_of(matrix, **options) -> TransitionCounts:
    return TransitionCounts.from_matrix(
        np.array(matrix), states=[f"s{k}" for k in range(len(matrix))], **options
    )


def cycle_direction(eta, stay=1.0):
    """The affinity's derivative by each η, and the row-softmax information, of a 3-cycle in loops.

    Order of arcs: 01 02 10 12 20 21.
    """
    arcs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    trials = CYCLE.sum(1)
    information = np.zeros((6, 6))
    for i in range(3):
        rows = [k for k, (a, _) in enumerate(arcs) if a == i]
        weight = np.exp([eta[k] for k in rows])
        p = weight / (stay + weight.sum())
        for x, k in enumerate(rows):
            for y, m in enumerate(rows):
                information[k, m] = trials[i] * (p[x] * (x == y) - p[x] * p[y])
    return arcs, information


def test_information_of_a_cycle_is_a_schur_complement():
    fit = laplace(counts_of(CYCLE), priors=FIXED, draws=200, random_seed=1)
    eta = fit.reversible.design @ fit.curve.reversible.mode.theta
    arcs, information = cycle_direction(eta)
    # columns: V0, V1 (V2 = 0), s01, s02, s12, and z with c = z (1, −1, 1)/√3 on 01, 02, 12
    column = {(0, 1): 2, (0, 2): 3, (1, 2): 4}
    design = np.zeros((6, 6))
    for row, (i, j) in enumerate(arcs):
        for state, sign in ((i, 0.5), (j, -0.5)):
            if state < 2:
                design[row, state] += sign
        design[row, column[min(i, j), max(i, j)]] = 1.0
        around = 1.0 if (j - i) % 3 == 1 else -1.0
        design[row, 5] = 0.5 * around / np.sqrt(3)
    full = design.T @ information @ design
    schur = full[5, 5] - full[5, :5] @ np.linalg.solve(full[:5, :5], full[:5, 5])
    assert fit.information == pytest.approx([schur], rel=1e-9)
    result = eq.test(counts_of(CYCLE), fast=True, priors=FIXED, draws=200, random_seed=1)
    assert result.verdict.information_nats == pytest.approx(0.5 * np.log1p(schur), rel=1e-6)


def test_ceiling_is_the_bayes_factor_of_counts_equal_to_their_expectation():
    """A reversible kernel known exactly, times 10⁶: the ceiling is then the log BF itself."""
    kernel = eq.simulate.reversible_kernel([0.0, 0.7, -0.4], [-1.0, -0.3, -1.6])
    exact = counts_of(np.rint(1e6 * kernel.matrix).astype(int))
    result = eq.test(exact, fast=True, priors=FIXED, random_seed=2)
    ceiling, value = result.verdict.ceiling, result.log_bayes_factor
    assert abs(ceiling.log_value - value.log_value) < 3.9 * np.hypot(ceiling.mcse, value.mcse)
    assert result.verdict.favours == "balance"
    assert ceiling.log_value > 3
    assert ceiling.cycle_scale == 1.0


def test_ceiling_of_the_weekday_table_is_what_its_reversible_fit_would_give(weekday):
    result = eq.test(weekday, fast=True, random_seed=3)
    findings = result.findings
    eta = findings.reversible.model.design @ findings.reversible_mode
    rows = findings.problem.likelihood
    expected = np.zeros((7, 7))
    share = rows.probabilities(eta) * rows.trials[rows.arcs.source]
    expected[rows.arcs.source, rows.arcs.target] = share
    np.fill_diagonal(expected, rows.trials - np.bincount(rows.arcs.source, share))
    as_table = counts_of(np.rint(expected).astype(int))
    again = laplace(as_table, random_seed=4).log_bayes_factor()
    ceiling = result.verdict.ceiling
    # rounding 42 counts to whole numbers moves the log BF by some hundredths
    assert abs(ceiling.log_value - again.log_value) < 3.9 * np.hypot(ceiling.mcse, again.mcse) + 0.1


def test_an_upper_bound_is_minus_the_lower_bound_of_the_mirrored_roles():
    """s2 is only ever reached: Φ_2 − Φ_0 ≤ −b, where b bounds Φ_0 − Φ_2 from below."""
    matrix = [[0, 50, 40], [60, 0, 0], [0, 0, 300]]
    row = eq.test(counts_of(matrix), fast=True, random_seed=1, draws=200, reference="s0").potential[
        2
    ]
    assert row.bound == "upper"
    assert row.lower is None
    mirrored = eq.test(
        counts_of(matrix), fast=True, random_seed=1, draws=200, reference="s2"
    ).potential[0]
    assert mirrored.bound == "lower"
    assert row.upper == pytest.approx(-mirrored.lower, abs=2e-3)
    # 40 of 90 trials forward, none of 300 back: the rule of three
    assert row.upper == pytest.approx(-np.log(40 / 90 * 300 / 3), abs=0.05)


def test_edges_add_up_to_the_affinity_of_a_cycle_in_its_direction(week):
    c = {(edge.source, edge.target): edge.mean for edge in week.edges}
    c |= {(target, source): -value for (source, target), value in c.items()}
    for cycle in week.cycles:
        steps = zip(cycle.states, cycle.states[1:] + cycle.states[:1], strict=True)
        assert cycle.mean == pytest.approx(sum(c[step] for step in steps), abs=1e-9)
    # Wednesday → Thursday is common, the way back rare: the drive runs that way round
    named = week.affinity(["Wednesday", "Thursday", "Sunday"])
    assert named.lower[0] > 3
    backwards = week.affinity(["Wednesday", "Sunday", "Thursday"])
    assert backwards.mean[0] == pytest.approx(-named.mean[0], rel=1e-12)


def test_posterior_affinity_agrees_with_counts_where_data_are_plenty(weekday, week):
    """A plug-in affinity and its standard error from raw counts; the prior pulls a little."""
    n = weekday.counts.toarray()
    i, j, k = (weekday.index(day) for day in ("Wednesday", "Thursday", "Sunday"))
    forward, back = [n[i, j], n[j, k], n[k, i]], [n[j, i], n[k, j], n[i, k]]
    plug_in = np.log(forward).sum() - np.log(back).sum()
    error = np.sqrt((1 / np.array(forward)).sum() + (1 / np.array(back)).sum())
    named = week.affinity(["Wednesday", "Thursday", "Sunday"])
    assert abs(named.mean[0] - plug_in) < error
    assert named.sd[0] == pytest.approx(error, rel=0.25)


def test_gradient_part_and_circulation_make_up_the_log_ratios(weekday, week):
    gradient = {row.state: row.mean for row in week.gradient}
    draws = week.findings.cyclic
    ratios = summarise(draws.log_ratios, draws.weights).mean
    for edge, ratio in zip(week.edges, ratios, strict=True):
        part = gradient[edge.source] - gradient[edge.target]
        assert ratio == pytest.approx(part + edge.mean, abs=1e-9)
    n, trials = weekday.counts.toarray(), weekday.trials
    first = week.edges[0]
    i, j = weekday.index(first.source), weekday.index(first.target)
    observed = np.log(n[i, j] / trials[i]) - np.log(n[j, i] / trials[j])
    spread = np.sqrt(1 / n[i, j] + 1 / n[j, i])
    assert abs(ratios[0] - observed) < 2 * spread


def test_posterior_of_the_cycle_scale_is_prior_times_evidence(alofi):
    """Mean of σ_c by quadrature over a curve of other draws and another τ."""
    fit = laplace(alofi, priors=FIXED, random_seed=5, draws=4000)
    wider = Priors(scales="fixed", cycle_scale=2.0)
    other = laplace(alofi, priors=wider, random_seed=6, draws=4000)
    post = fit.cycle_scale_posterior()
    grid = np.linspace(1e-4, 8.0, 20_000)
    rise = -np.nan_to_num(other.smooth_curve.log_bayes_factor_at(grid)[0])  # 0 below the nodes
    density = halfnorm.pdf(grid) * np.exp(rise)
    mean = (grid * density).sum() / density.sum()
    second = other.cycle_scale_posterior(1.0)
    assert abs(post.mean - mean) < 3.9 * np.hypot(post.mean_mcse, second.mean_mcse) + 0.003
    inside = density[(grid > post.lower) & (grid < post.upper)].sum() / density.sum()
    assert inside == pytest.approx(0.95, abs=0.01)


def test_evidence_does_not_depend_on_the_reference_state(weekday):
    """The origin of V inside the models is a matter of coordinates only."""
    from dataclasses import replace

    from equipoise.inference.evidence.laplace import solve

    problem = problem_of(weekday)
    factors = [
        solve(replace(problem, references=(state,)), random_seed=state, draws=1000)
        for state in (0, 3, 6)
    ]
    values = [fit.log_bayes_factor() for fit in factors]
    for other in values[1:]:
        error = np.hypot(values[0].mcse, other.mcse)
        assert abs(values[0].log_value - other.log_value) < 3.9 * error
    # Laplace's own value is a matter of the lattice's coordinates in no way
    assert factors[0].curve.reversible.laplace == pytest.approx(
        factors[1].curve.reversible.laplace, abs=1e-6
    )


def driven_core(*rows) -> TransitionCounts:
    """Three states driven round a cycle, then states that only lead into them."""
    size = 3 + len(rows)
    n = np.zeros((size, size), dtype=int)
    n[:3, :3] = [[100, 800, 100], [100, 100, 800], [800, 100, 100]]
    for k, row in enumerate(rows):
        n[3 + k, : len(row)] = row
    return counts_of(n)


HUNG = ([3859, 0, 0, 0, 238], [4122, 0, 0])


def test_gradient_part_has_no_one_sided_bounds():
    """Off balance, differences along one-way edges of a cycle bound nothing."""
    result = eq.test(driven_core(*HUNG), fast=True, random_seed=1, draws=300)
    assert [row.bound for row in result.potential] == ["two-sided"] * 3 + ["lower"] * 2
    assert [row.bound for row in result.gradient] == ["two-sided"] * 3 + ["none"] * 2
    assert all(row.lower is None for row in result.gradient[3:])


@pytest.mark.slow
def test_size_leaves_out_what_no_data_can_test():
    """One-way states hung on a driven core change b1, not ρ of the core."""
    alone = eq.test(driven_core(), fast=True, random_seed=1, draws=1000).verdict.size
    hung = eq.test(driven_core(*HUNG), fast=True, random_seed=1, draws=1000)
    assert hung.graph.n_cycles == 2
    assert hung.graph.n_testable_cycles == 1
    truth = np.log(8.0)  # each of the three log-ratios, all of it circulation
    for size in (alone, hung.verdict.size):
        assert size.lower < truth < size.upper
        assert size.call == "material"
    assert hung.verdict.size.mean == pytest.approx(alone.mean, abs=0.03)


def test_every_testable_cycle_is_in_the_basis():
    """A one-way hexagon under a heavy hub: light triangles must not displace it."""
    n = np.zeros((7, 7), dtype=int)
    for k in range(6):
        n[k, (k + 1) % 6], n[k, k], n[6, k] = 2, 20, 10_000
    result = eq.test(counts_of(n), fast=True, random_seed=1, draws=200)
    assert (result.graph.n_cycles, result.graph.n_testable_cycles) == (6, 1)
    assert [len(cycle.states) for cycle in result.cycles if cycle.testable] == [6]
