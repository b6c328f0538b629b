"""Evidence by the sparse path against the dense fast path, and what stands beside it."""

import numpy as np
import pytest
from scipy.stats import halfnorm
from sparse_tables import pieces, reversible_table, sparse_of

import equipoise as eq
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.evidence.laplace import solve
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.sparse import solver, verdict
from equipoise.inference.sparse.cyclic import cyclic_mode
from equipoise.inference.sparse.motion import turn
from equipoise.inference.sparse.path.controls import prior_trace
from equipoise.inference.sparse.path.landscape import Reference, cyclic_landscape
from equipoise.inference.sparse.path.violation import violation_of
from equipoise.inference.sparse.path.walk import Question
from equipoise.inference.weighted import violation_of as rho_of


@pytest.fixture(scope="module")
def driven() -> TransitionCounts:
    return reversible_table(3, states=12, trials=120, violation=0.5)


@pytest.fixture(scope="module")
def dense(driven):
    found = eq.laplace(driven, likelihood="pairwise", random_seed=1)
    assert max(found.log_bayes_factor(tau).pareto_k for tau in (0.5, 1, 2)) < 0.6
    return found


@pytest.fixture(scope="module")
def result(driven):
    return eq.test_large(driven, random_seed=2, workers=2)


def test_evidence_equals_the_dense_one(result, dense):
    assert result.distrust is None
    for factor in result.sensitivity:
        expected = dense.log_bayes_factor(factor.cycle_scale)
        error = np.hypot(factor.mcse, expected.mcse)
        assert error < 0.15
        assert abs(factor.log_value - expected.log_value) < 4 * error


def test_workers_change_nothing(driven, result):
    """Three jobs in two processes; here two of them in this one."""
    path = eq.path_large(driven, random_seed=2)
    np.testing.assert_array_equal(path.curve.rise, result.path.curve.rise)
    np.testing.assert_array_equal(path.curve.node_mcse, result.path.curve.node_mcse)
    mapped = eq.map_large(driven)
    mode = mapped.mode
    asked = Question(mapped.graph, mapped.pairs, mapped.priors, mode.potential, mode.potential_sd)
    rng = np.random.default_rng(2).spawn(2)[1]
    again = verdict._potential((asked, *verdict._held(mapped), rng), lambda *_: None)
    np.testing.assert_array_equal(again.mean, result.potential.mean)
    np.testing.assert_array_equal(again.upper, result.potential.upper)


def test_the_kick_at_the_start_comes_with_the_velocity(driven):
    pairs, system = sparse_of(driven)
    mode = cyclic_mode(pairs, system, 1.2, 0.5)
    reference = Reference(mode.potential, mode.cycles, mode.curvature)
    sd = np.linspace(0.8, 1.5, 3)
    landscape = cyclic_landscape(reference, sd)
    away = mode.curvature.sample(np.random.default_rng(1), 3)
    speed, kick = landscape.set_out(away, np.random.default_rng(2))
    for found, known in zip(kick, landscape.kick(away), strict=True):
        np.testing.assert_allclose(found, known, atol=1e-11)
    alone = mode.curvature.sample(np.random.default_rng(2), 3)
    for found, known in zip(speed, alone, strict=True):
        np.testing.assert_allclose(found, known, atol=1e-11)
    # Energy errors vanish with the third power of the step, so acceptance goes to one.
    rng = np.random.default_rng(5)
    landscape = cyclic_landscape(reference, np.full(2000, 1.2))
    start = mode.curvature.sample(rng, 2000)
    lost = [1 - turn(landscape, start, steps, rng)[1].mean() for steps in (2, 8)]
    assert lost[1] < lost[0] / 8


def test_control_variates_cut_the_error(result):
    steep = [node for node in result.path.nodes if 0.02 < node.cycle_scale < 0.5]
    assert np.median([node.plain_mcse / node.mcse for node in steep]) > 3
    assert max(node.zero for node in steep) < 6


def test_verdict_and_size(result, dense):
    assert result.verdict.favours == "non-reversible"
    size = result.verdict.size
    draws = dense.cyclic_draws
    expected = float(draws.weights @ draws.violation)
    spread = float(np.sqrt(draws.weights @ (draws.violation - expected) ** 2))
    # σ_c is a mixture over nodes here: not the same draws, and some 200 effective ones.
    assert abs(size.mean - expected) < 4 * np.hypot(size.mcse, spread / np.sqrt(200))
    assert size.call == "material"


def test_potential_equals_the_dense_one(result, dense):
    potential = result.potential
    draws = dense.reversible_draws
    phi = draws.gradient_potential
    reference = result.map.references[0]
    above = phi - phi[:, [reference]]
    summary = draws.summarise(above)
    states = result.path.pairs.states[potential.chosen]
    error = np.hypot(summary.mcse[states], potential.sd / np.sqrt(400))
    assert np.abs(potential.mean - summary.mean[states]).max() < 4.5 * error.max()
    np.testing.assert_allclose(potential.sd, summary.sd[states], rtol=0.25)
    assert potential.distrust is None


def test_ceiling_equals_the_dense_one(result, dense):
    """Had the counts equalled their reversible fit; the evidence itself is some 20 nats off."""
    eta = dense.reversible.design @ dense.curve.reversible.mode.theta
    known = solve(dense.problem.expected_at(eta), random_seed=5).log_bayes_factor()
    ceiling = result.verdict.ceiling
    assert ceiling.distrust is None
    error = np.hypot(ceiling.mcse, known.mcse)
    assert error < 0.05
    assert abs(ceiling.log_value - known.log_value) < 4 * error
    assert ceiling.log_value > 1 + result.log_bayes_factor.log_value


def test_information_equals_the_dense_one(result, dense):
    known = 0.5 * np.log1p(dense.information).sum()
    assert result.verdict.information_nats == pytest.approx(known, rel=0.05)


def test_trace_is_that_of_the_dense_covariance(driven):
    pairs, system = sparse_of(driven)
    model = eq.inference.problem.problem_of(driven, likelihood="pairwise").cyclic()
    mode = cyclic_mode(pairs, system, 1.2, 0.3)
    basis = model.basis[pairs.edge]
    design = np.hstack([pairs.incidence.toarray(), basis])
    precision = design.T @ (mode.curvature.weight[:, None] * design)
    n, b = pairs.n_states, basis.shape[1]
    precision += np.diag(np.r_[np.full(n, 1.2**-2), np.full(b, 0.3**-2)])
    expected = np.trace(np.linalg.inv(precision)[n:, n:]) / 0.3**2 - b
    reference = Reference(mode.potential, mode.cycles, mode.curvature)
    assert prior_trace(pairs, system, reference) == pytest.approx(expected, abs=1e-5)


def test_rho_is_that_of_the_dense_draws():
    counts = pieces()
    pairs, _ = sparse_of(counts)
    graph = eq.graph.support_graph(counts)
    model = eq.inference.problem.problem_of(counts, likelihood="pairwise").cyclic()
    z = np.random.default_rng(1).normal(size=(4, model.n_cycles))
    cycles = z @ model.basis.T
    found = violation_of(graph, pairs)(cycles.T[pairs.edge])
    np.testing.assert_allclose(found, rho_of(graph, cycles), rtol=1e-9)


def test_without_a_cycle_there_is_nothing_to_weigh():
    chain = TransitionCounts.from_matrix(
        np.array([[0, 3, 0], [2, 1, 4], [0, 5, 2]]), states=["a", "b", "c"]
    )
    found = eq.path_large(chain)
    assert found.log_bayes_factor().log_value == 0.0
    result = eq.test_large(chain)
    assert result.verdict.favours == "untestable"
    assert result.exit_status == 0
    # The potential is known all the same, and the summary gives its posterior.
    assert len(result.potential.chosen) == 2
    text = eq.summary(result)
    assert "Φ = 0 at b" in text
    assert "0: no cycle can be compared" in text
    assert "95 % interval" in text


def test_refusals(driven, monkeypatch):
    with pytest.raises(UsageError, match="at least 20 draws"):
        eq.path_large(driven, draws=3)
    with pytest.raises(UsageError, match="rope must be a positive number"):
        eq.test_large(driven, rope=0.0)
    monkeypatch.setattr(solver, "MOST_FOR_FACTORS", 3)
    with pytest.raises(UsageError, match=r"take equipoise\.map_large"):
        eq.test_large(driven)


def test_a_table_too_large_for_dense_algebra_is_told_where_to_go(driven, monkeypatch):
    monkeypatch.setattr("equipoise.inference.problem.MOST_PARAMETERS", 10)
    with pytest.raises(UsageError, match=r"equipoise\.test_large \(`equipoise large`\)"):
        eq.test(driven)


def test_laplace_equals_the_dense_one_before_its_correction(driven):
    """Fixed scales: the curve through dense modes, integrated over σ_c here."""
    found = eq.laplace_large(driven, priors=eq.Priors(scales="fixed"))
    problem = eq.inference.problem.problem_of(
        driven, priors=eq.Priors(scales="fixed"), likelihood="pairwise"
    )
    balance, cyclic = problem.reversible(), problem.cyclic()
    base = find_mode(balance, (), balance.prior_mean).log_evidence
    sds = np.geomspace(1e-3, 8.0, 160)
    rise = [
        find_mode(cyclic.at_cycle_scale(sd), (), cyclic.prior_mean).log_evidence - base
        for sd in sds
    ]
    top = max(rise)
    density = np.exp(np.array(rise) - top) * halfnorm.pdf(sds)
    exact = -(top + np.log(np.trapezoid(density, sds)))
    factor = found.log_bayes_factor()
    assert factor.log_value == pytest.approx(exact, abs=0.02)
    assert "not corrected" in factor.distrust
