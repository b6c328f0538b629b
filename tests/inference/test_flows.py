"""Currents and entropy production, against closed forms and plain loops."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from violated import RING, kernels_of, table

from equipoise.graph import incidence
from equipoise.inference.posterior.derived import flows_of
from equipoise.inference.problem import problem_of
from equipoise.inference.violation import violation
from equipoise.inference.violation.null import _profiled, null_entropy_production
from equipoise.inference.weighted import WeightedDraws, summarise
from equipoise.simulate import (
    Kernel,
    driven_kernel,
    entropy_production,
    sample_draws,
    stationary_distribution,
)


class TestFlows:
    def test_a_ring_in_closed_form(self):
        """All three states alike: J = (p − q)/3 on each edge, and (p − q) log(p/q) in all."""
        p, q = 0.35, 0.05
        s, c = np.log(np.sqrt(p * q) / (1 - p - q)), np.log(p / q)
        problem = problem_of(table(RING))
        model = problem.cyclic()
        # Along 0 → 1 → 2 → 0 the basis has entries (1, −1, 1)/√3 for edges 01, 02, 12.
        z = c * np.sqrt(3) * np.sign(model.basis[0, 0])
        theta = np.array([[0.0, 0.0, z, s, s, s]])
        flows = flows_of(problem.likelihood, model, theta, problem.graph.strong)
        current = (p - q) / 3
        assert flows.current[0] == pytest.approx([current, -current, current], rel=1e-12)
        assert flows.force[0] == pytest.approx([c, -c, c], rel=1e-12)
        assert flows.entropy_production.sum() == pytest.approx((p - q) * c, rel=1e-12)

    @pytest.mark.parametrize("name", ["ring", "driven"])
    def test_a_plain_loop_over_kernels_says_the_same(self, name, request):
        result = request.getfixturevalue(name)
        draws, problem = result.findings.cyclic, result.findings.problem
        flows = flows_of(problem.likelihood, draws.model, draws.theta, result.graph.strong)
        for k, kernel in enumerate(kernels_of(problem, draws, 20)):
            pi = stationary_distribution(kernel)
            loop = [
                pi[i] * kernel.matrix[i, j] - pi[j] * kernel.matrix[j, i]
                for i, j in result.graph.edges.tolist()
            ]
            assert flows.current[k] == pytest.approx(loop, rel=1e-7, abs=1e-13)
            rate = flows.entropy_production[k].sum()
            assert rate == pytest.approx(entropy_production(kernel), rel=1e-7)

    def test_what_flows_into_a_state_flows_out(self, driven):
        rate = violation(driven, random_seed=0)
        net = dict.fromkeys(driven.graph.states, 0.0)
        for edge in rate.edges:
            net[edge.circulation.source] -= edge.current.mean
            net[edge.circulation.target] += edge.current.mean
        assert max(abs(x) for x in net.values()) < 1e-12
        assert max(abs(edge.current.mean) for edge in rate.edges) > 1e-3

    def test_under_balance_nothing_flows(self, driven):
        draws, problem = driven.findings.reversible, driven.findings.problem
        flows = flows_of(problem.likelihood, draws.model, draws.theta, driven.graph.strong)
        assert np.abs(flows.current).max() < 1e-13
        assert np.abs(flows.entropy_production).max() < 1e-24
        assert flows.forward.min() > 0

    def test_a_group_is_a_chain_of_its_own(self, one_way):
        """States a, b, c with what leads to others taken as staying."""
        draws, problem = one_way.findings.cyclic, one_way.findings.problem
        graph = one_way.graph
        flows = flows_of(problem.likelihood, draws.model, draws.theta, graph.strong)
        for k, kernel in enumerate(kernels_of(problem, draws, 10)):
            matrix = kernel.matrix[:3, :3].copy()
            matrix[np.diag_indices(3)] += 1 - matrix.sum(axis=1)
            alone = entropy_production(Kernel(("a", "b", "c"), matrix, np.zeros(3)))
            assert flows.entropy_production[k].sum() == pytest.approx(alone, rel=1e-7)
        outside = graph.strong[graph.edges[:, 0]] != graph.strong[graph.edges[:, 1]]
        assert outside.any()
        assert not flows.forward[:, outside].any()


class TestEntropyProduction:
    def test_the_numbers_are_those_of_the_draws(self, driven):
        rate = violation(driven, random_seed=5).entropy_production
        draws, problem = driven.findings.cyclic, driven.findings.problem
        kernels = kernels_of(problem, draws, 400)
        exact = np.array([entropy_production(kernel) for kernel in kernels])
        assert rate.rate[:400] == pytest.approx(exact, rel=1e-6)
        steps = [1 - stationary_distribution(kernel) @ np.diag(kernel.matrix) for kernel in kernels]
        part = WeightedDraws(draws.graph, draws.model, draws.theta[:400], np.full(400, 1 / 400))
        findings = replace(driven.findings, cyclic=part)
        found = violation(replace(driven, findings=findings), random_seed=5).entropy_production
        assert found.per_trial.mean == pytest.approx(exact.mean(), rel=1e-6)
        assert found.per_step.mean == pytest.approx((exact / steps).mean(), rel=1e-6)
        one = summarise(exact[:, None], part.weights)
        assert found.per_trial.lower == pytest.approx(one.lower[0], rel=1e-6)
        assert found.per_trial.mcse == pytest.approx(one.mcse[0], rel=1e-6)

    def test_a_plain_violation_lies_beyond_its_null(self, driven):
        rate = violation(driven, random_seed=5).entropy_production
        assert rate.p_value == 1 / (1 + len(rate.null))
        assert rate.per_trial.lower > rate.null_upper > rate.null_mean > 0
        assert rate.p_text == "p < 0.001"

    def test_the_information_behind_the_null_is_that_of_the_likelihood(self, driven):
        """``(Bᵀ diag(w) B)⁻¹`` at the reversible mode has the eigenvalues of the profiled one."""
        problem, graph = driven.findings.problem, driven.graph
        model, theta = problem.reversible(), driven.findings.reversible_mode
        (kernel,) = kernels_of(problem, WeightedDraws(graph, model, theta[None], np.ones(1)), 1)
        basis, trials = problem.predictor.basis, problem.likelihood.trials
        w = [
            1 / (trials[i] * kernel.matrix[i, j]) + 1 / (trials[j] * kernel.matrix[j, i])
            for i, j in graph.edges.tolist()
        ]
        spread = np.linalg.eigvalsh(basis.T @ np.diag(w) @ basis)
        assert np.sort(1 / spread) == pytest.approx(driven.findings.information, rel=1e-6)

    def test_what_is_profiled_out(self, driven):
        """Against the inverse where weights are alike; where they are not, it stays a square."""
        graph, basis = driven.graph, driven.findings.problem.predictor.basis
        gradient = incidence(graph).T.toarray()
        rng = np.random.default_rng(8)
        weight = np.exp(rng.normal(size=graph.n_edges))
        inverse = np.linalg.inv(basis.T @ np.diag(1 / weight) @ basis)
        assert _profiled(basis, gradient, weight) == pytest.approx(inverse, rel=1e-9, abs=1e-12)
        wide = _profiled(basis, gradient, np.exp(rng.normal(0, 30, graph.n_edges)))
        assert np.isfinite(wide).all()
        assert np.linalg.eigvalsh(wide).min() > -1e-12 * np.linalg.eigvalsh(wide).max()

    def test_the_null_of_a_ring_in_closed_form(self):
        """One cycle, one kernel: estimate r(m² + v) of z² at rate r, by quadrature over σ_c."""
        counts = table([[60, 30, 10], [20, 65, 15], [12, 28, 60]])
        problem = problem_of(counts)
        model = problem.reversible()
        theta = np.array([0.3, -0.5, -1.0, -2.0, -1.5])
        draws = WeightedDraws(problem.graph, model, theta[None], np.ones(1))
        tau = 0.4
        null = null_entropy_production(
            problem.likelihood, problem.graph, draws, tau, np.random.default_rng(1)
        )
        (kernel,) = kernels_of(problem, draws, 1)
        pi, n = stationary_distribution(kernel), problem.likelihood.trials
        edges = [(0, 1), (0, 2), (1, 2)]
        flow = np.array([pi[i] * kernel.matrix[i, j] for i, j in edges])
        spread = np.mean(
            [1 / (n[i] * kernel.matrix[i, j]) + 1 / (n[j] * kernel.matrix[j, i]) for i, j in edges]
        )
        rate = 1 / np.mean(1 / flow)
        sigma = np.linspace(0, 5 * tau, 1001)[1:]
        z = np.random.default_rng(2).normal(0, np.sqrt(spread), 1500)
        total = spread + sigma**2
        weight = np.exp(-0.5 * (z[:, None] ** 2 / total + np.log(total) + (sigma / tau) ** 2))
        weight /= weight.sum(axis=1, keepdims=True)
        kept = sigma**2 / total
        expected = rate * (weight * ((kept * z[:, None]) ** 2 + kept * spread)).sum(axis=1)
        # The least is that of an estimate of 0; the grid of σ_c errs by less than a per cent.
        assert np.sort(null)[0] == pytest.approx(
            rate * (weight[np.argmin(abs(z))] @ (kept * spread)), rel=0.01
        )
        error = np.hypot(null.std() / np.sqrt(len(null)), expected.std() / np.sqrt(len(z)))
        assert abs(null.mean() - expected.mean()) < 4 * error

    def test_the_second_order_rate_is_that_of_a_weak_driving(self, driven):
        """``zᵀ Q z`` against the exact rate of kernels driven by z, as z goes to 0."""
        problem, graph = driven.findings.problem, driven.graph
        theta = driven.findings.reversible_mode
        cyclic = problem.cyclic()
        z = np.random.default_rng(6).normal(size=cyclic.n_cycles)
        rates = []
        for size in (1e-2, 1e-3):
            moved = cyclic.with_cycles(theta)
            moved[cyclic.cycle_columns] = size * z
            flows = flows_of(problem.likelihood, cyclic, moved[None], graph.strong)
            rates.append(flows.entropy_production.sum() / size**2)
        flow = flows_of(
            problem.likelihood, problem.reversible(), theta[None], graph.strong
        ).forward[0]
        basis = problem.predictor.basis
        second = z @ np.linalg.inv(basis.T @ np.diag(1 / flow) @ basis) @ z
        assert rates[1] == pytest.approx(second, rel=1e-2)
        assert abs(rates[1] - second) < 0.2 * abs(rates[0] - second)  # of first order in the size

    def test_the_seed_decides_the_null(self, driven):
        one, same, other = (violation(driven, random_seed=k).entropy_production for k in (1, 1, 2))
        assert np.array_equal(one.null, same.null)
        assert not np.array_equal(one.null, other.null)


@settings(max_examples=12, deadline=None)
@given(order=st.sampled_from(list(permutations(range(4)))), seed=st.integers(0, 5))
def test_relabelling_changes_nothing(order, seed):
    """Flows of one kernel, its states listed in another order."""
    rng = np.random.default_rng(seed)
    edges = np.array([[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]])
    kernel = driven_kernel(
        rng.normal(size=4), rng.normal(-2, 1, 5), rng.normal(size=5), edges=edges
    )
    order = list(order)
    moved = Kernel(
        tuple(kernel.states[k] for k in order),
        kernel.matrix[np.ix_(order, order)],
        np.zeros(4),
    )
    found = []
    for which in (kernel, moved):
        counts = sample_draws(which, 10, 1)
        counts = replace(
            counts,
            counts=type(counts.counts)(np.ones((4, 4), dtype=np.int64) - np.eye(4, dtype=np.int64)),
        )
        problem = problem_of(counts)
        model, rows = problem.cyclic(), problem.likelihood
        matrix = which.matrix + 1e-9  # all pairs are edges of this support
        np.fill_diagonal(matrix, which.matrix.diagonal())
        target = np.log(matrix[rows.arcs.source, rows.arcs.target]) - np.log(
            matrix.diagonal()[rows.arcs.source]
        )
        theta = np.linalg.lstsq(model.design, target)[0]
        flows = flows_of(rows, model, theta[None], problem.graph.strong)
        by_name = {}
        for e, (i, j) in enumerate(problem.graph.edges.tolist()):
            a, b = problem.graph.states[i], problem.graph.states[j]
            by_name[a, b], by_name[b, a] = flows.current[0, e], -flows.current[0, e]
        found.append((by_name, flows.entropy_production.sum()))
    assert found[0][0].keys() == found[1][0].keys()
    for pair, current in found[0][0].items():
        assert current == pytest.approx(found[1][0][pair], rel=1e-6, abs=1e-12)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-6)
