"""Where balance breaks and by how much, against closed forms and plain loops."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import random_kernel, result_of

import equipoise
from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.graph import incidence
from equipoise.inference.baselines import likelihood_ratio
from equipoise.inference.posterior.derived import flows_of
from equipoise.inference.problem import problem_of
from equipoise.inference.violation import violation
from equipoise.inference.violation.null import _profiled, null_entropy_production
from equipoise.inference.violation.share import unexplained_share
from equipoise.inference.weighted import WeightedDraws, summarise
from equipoise.simulate import (
    Kernel,
    cycle_circulation,
    driven_kernel,
    entropy_production,
    sample_draws,
    stationary_distribution,
)

# a → b → c → a is driven; no two rows or columns are alike.
RING = [[40, 60, 9], [12, 70, 50], [80, 16, 30]]
ONE_WAY = [  # d only leads on, e is never a source: cycles through them cannot be tested
    [3, 30, 14, 0, 9],
    [17, 0, 15, 0, 0],
    [33, 14, 0, 0, 0],
    [5, 9, 0, 1, 0],
    [0, 0, 0, 0, 0],
]


def table(matrix, labels="abcdefgh", **options):
    return TransitionCounts.from_matrix(matrix, states=list(labels[: len(matrix)]), **options)


@pytest.fixture(scope="module")
def ring():
    return result_of(table(RING), draws=400, random_seed=1)


@pytest.fixture(scope="module")
def one_way():
    return result_of(table(ONE_WAY), draws=400, random_seed=1)


@pytest.fixture(scope="module")
def driven():
    """Five states, a violation that shows."""
    kernel = random_kernel(np.random.default_rng(3), 5, 0.7, rho=0.6)
    return result_of(sample_draws(kernel, 2000, 4), draws=400, random_seed=2)


def kernels_of(problem, draws, n):
    """Return matrices of the first draws, built entry by entry."""
    rows, found = problem.likelihood, []
    for theta in draws.theta[:n]:
        eta = draws.model.design @ theta
        matrix = np.zeros((rows.arcs.n_states, rows.arcs.n_states))
        for a, (i, j) in enumerate(zip(rows.arcs.source, rows.arcs.target, strict=True)):
            matrix[i, j] = np.exp(eta[a])
        for i in range(len(matrix)):
            z = 1 + matrix[i].sum()
            matrix[i] /= z
            matrix[i, i] = 1 / z
        found.append(Kernel(problem.graph.states, matrix, np.zeros(len(matrix))))
    return found


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


class TestCycles:
    def test_the_sign_is_that_of_the_driving(self, ring):
        forward, backward = violation(
            ring, cycles=[["a", "b", "c"], ["c", "b", "a"]], random_seed=0
        ).asked
        assert forward.affinity.mean > 1  # a → b → c → a
        assert backward.affinity.mean == pytest.approx(-forward.affinity.mean, rel=1e-12)
        assert backward.affinity.upper == pytest.approx(-forward.affinity.lower, rel=1e-9)
        assert backward.beyond == forward.beyond
        assert backward.at_least == pytest.approx(forward.at_least, rel=1e-12)
        assert violation(ring, random_seed=0).edges[0].current.mean > 0  # a → b

    def test_transposed_counts_change_every_sign(self, ring):
        """Where all rows have as many trials, and the columns too, time is turned round."""
        matrix = [[30, 50, 20], [20, 40, 40], [50, 10, 40]]
        there, back = (
            violation(result_of(table(m), draws=100, random_seed=1), random_seed=0)
            for m in (matrix, np.transpose(matrix).tolist())
        )
        for one, other in zip(there.cycles, back.cycles, strict=True):
            assert one.affinity.mean * other.affinity.mean < 0
        for one, other in zip(there.edges, back.edges, strict=True):
            assert one.current.mean * other.current.mean < 0

    def test_probabilities_are_counted(self, driven):
        found = violation(driven, rope_affinity=0.7, random_seed=0)
        draws, weights = driven.findings.cyclic, driven.findings.cyclic.weights
        position = {tuple(e): k for k, e in enumerate(driven.graph.edges.tolist())}
        p_cyclic = 1 / (1 + np.exp(driven.log_bayes_factor.log_value))
        for cycle in found.cycles:
            path = [driven.counts.index(s) for s in cycle.states]
            total = np.zeros(len(weights))
            for i, j in zip(path, [*path[1:], path[0]], strict=True):
                total += (
                    draws.log_ratios[:, position[i, j]]
                    if i < j
                    else -draws.log_ratios[:, position[j, i]]
                )
            beyond = sum(w for w, a in zip(weights, total, strict=True) if abs(a) > 0.7)
            assert cycle.beyond == pytest.approx(beyond, abs=1e-12)
            assert cycle.averaged == pytest.approx(p_cyclic * beyond, rel=1e-9)
            assert cycle.affinity.mean == pytest.approx(weights @ total, rel=1e-9)
            below = weights[np.abs(total) < cycle.at_least].sum()
            assert abs(below - 0.05) <= weights.max()
        named = [cycle for cycle in found.cycles if cycle.averaged - 2 * cycle.averaged_mcse > 0.95]
        assert found.named == tuple(named)
        assert found.expected_false == pytest.approx(sum(1 - c.averaged for c in named))

    def test_the_worst_come_first(self, driven):
        cycles = violation(driven, random_seed=0).cycles
        basis = {c.states for c in cycles if c.origin == "basis"}
        assert basis == {c.states for c in driven.cycles}
        assert len(cycles) > 2
        keys = [
            (c.affinity.lower <= 0 <= c.affinity.upper, -c.explains - c.log_prior) for c in cycles
        ]
        assert keys == sorted(keys)

    @pytest.mark.parametrize("likelihood", ["multinomial", "pairwise"])
    @pytest.mark.parametrize("cycle", [(0, 1, 2), (0, 2, 3)])
    def test_a_drive_alone_explains_what_fitting_it_gains(self, likelihood, cycle):
        """On expected counts: the likelihood ratio of all cycles is then that of the driven one."""
        edges = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]])
        v, s = np.array([0.3, -0.5, 0.9, 0.0]), np.array([-2.0, -1.2, -2.5, -1.5, -1.8])
        kernel = driven_kernel(v, s, cycle_circulation(edges, cycle, 0.4), edges=edges)
        counts = table(np.rint(40_000 * kernel.matrix).astype(int).tolist(), labels="0123")
        gain = likelihood_ratio(counts).value / 2
        assert gain > 40
        result = result_of(counts, draws=500, random_seed=1, likelihood=likelihood)
        worst, other = violation(result, random_seed=0).cycles
        assert set(worst.states) == {str(state) for state in cycle}
        # Its mean over the posterior adds about half a nat, the prior of c takes a little.
        assert worst.explains == pytest.approx(
            gain + 0.5, abs=4 * worst.explains_mcse + 0.02 * gain
        )
        assert other.explains < 0.5 * gain

    def test_only_testable_cycles_are_named(self, one_way):
        found = violation(one_way, cycles=[["a", "b", "d"]], random_seed=0)
        assert [c.affinity.testable for c in found.cycles] == [True, False]
        assert not found.asked[0].affinity.testable
        assert not found.asked[0].named

    def test_nothing_is_named_where_the_evidence_favours_balance(self, driven):
        """However sure the cyclic hypothesis is of its cycles."""
        verdict = replace(driven.verdict, p_balance=0.9)
        found = violation(replace(driven, verdict=verdict), random_seed=0)
        assert max(cycle.beyond for cycle in found.cycles) > 0.99
        assert not found.named
        assert found.expected_false == 0

    @pytest.mark.parametrize(
        ("cycles", "error", "words"),
        [
            (["abc"], UsageError, "list of labels"),
            ([["a", "b"]], UsageError, "three different states"),
            ([["a", "b", "b"]], UsageError, "three different states"),
            ([["a", "b", "x"]], DataError, "no state 'x'"),
        ],
    )
    def test_no_cycle_is_refused(self, ring, cycles, error, words):
        with pytest.raises(error, match=words):
            violation(ring, cycles=cycles)

    @pytest.mark.parametrize("rope", [0.0, -0.3, np.nan, np.inf, "0.3"])
    def test_no_rope_is_refused(self, ring, rope):
        with pytest.raises(UsageError, match="rope"):
            violation(ring, rope_affinity=rope)


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


class TestShare:
    def test_squares_add_up(self, driven):
        """Against least squares on the differences of a potential, draw by draw."""
        draws, graph = driven.findings.cyclic, driven.graph
        share = unexplained_share(draws)
        gradient = np.zeros((graph.n_edges, graph.n_states))
        for e, (i, j) in enumerate(graph.edges.tolist()):
            gradient[e, i], gradient[e, j] = 1, -1
        for k in range(15):
            ratios = draws.log_ratios[k]
            left = ratios - gradient @ np.linalg.lstsq(gradient, ratios)[0]
            assert share[k] == pytest.approx((left**2).sum() / (ratios**2).sum(), rel=1e-9)

    def test_of_the_testable_part_only(self, one_way):
        draws = one_way.findings.cyclic
        edges = [tuple(e) for e in one_way.graph.edges.tolist()]
        places = [edges.index(e) for e in ((0, 1), (1, 2), (0, 2))]
        for k, share in enumerate(unexplained_share(draws)[:15]):
            r = draws.log_ratios[k, places]
            affinity = r[0] + r[1] - r[2]
            assert share == pytest.approx(affinity**2 / 3 / (r**2).sum(), rel=1e-9)


class TestWhatIsNotKnown:
    def test_the_pairwise_likelihood_knows_no_flows(self, ring):
        result = result_of(table(RING), likelihood="pairwise", draws=400, random_seed=1)
        found = violation(result, random_seed=0)
        assert "pairwise" in found.no_flows
        assert found.entropy_production is None
        assert all(edge.current is None for edge in found.edges)
        # Everything about cycles is unaffected: a → b → c → a, and as sure of it.
        one, other = found.cycles[0], violation(ring, random_seed=0).cycles[0]
        assert one.states == other.states == ("a", "b", "c")
        assert min(one.affinity.lower, other.affinity.lower) > 1
        assert found.unexplained.mean > 0.3

    def test_without_a_testable_cycle(self):
        one_way = table([[2, 9, 4], [0, 5, 7], [0, 0, 8]])
        result = result_of(one_way, draws=100, random_seed=1)
        found = violation(result)
        assert (found.size, found.unexplained, found.entropy_production) == (None, None, None)
        assert "testable" in found.no_flows
        assert not found.named
        assert found.p_cyclic is None

    def test_without_a_cycle(self):
        result = result_of(table([[3, 10], [7, 0]]), draws=100, random_seed=1)
        found = violation(result)
        assert (found.cycles, found.asked, found.edges) == ((), (), ())
        assert found.cycle_table().empty
        assert list(found.edge_table().columns)[:2] == ["source", "target"]
        assert dict(found.to_dataset().sizes) == {"cycle": 0, "edge": 0}

    def test_edges_between_groups_have_no_current(self, one_way):
        found = violation(one_way, random_seed=0)
        known = {(e.circulation.source, e.circulation.target) for e in found.edges if e.current}
        assert known == {("a", "b"), ("a", "c"), ("b", "c")}


def test_by_mcmc_and_by_the_fast_path_alike(saved_run, alofi):
    chains = violation(equipoise.load(saved_run.path), random_seed=1)
    fast = violation(result_of(alofi, draws=1000, random_seed=1), random_seed=1)
    pairs = [
        (chains.unexplained, fast.unexplained),
        (chains.cycles[0].affinity, fast.cycles[0].affinity),
        (chains.entropy_production.per_trial, fast.entropy_production.per_trial),
        (chains.entropy_production.per_step, fast.entropy_production.per_step),
        (chains.edges[0].current, fast.edges[0].current),
    ]
    for one, other in pairs:
        assert abs(one.mean - other.mean) < 4 * np.hypot(one.mcse, other.mcse)
    error = np.hypot(chains.cycles[0].beyond_mcse, fast.cycles[0].beyond_mcse)
    assert abs(chains.cycles[0].beyond - fast.cycles[0].beyond) < 4 * error


class TestTables:
    def test_of_cycles(self, driven):
        states = driven.cycles[0].states
        found = violation(driven, cycles=[states[::-1]], random_seed=0)
        cycles = found.cycle_table()
        assert list(cycles["cycle"]) == [*(c.states for c in found.cycles), states[::-1]]
        assert list(cycles["origin"]) == [*(c.origin for c in found.cycles), "asked"]
        assert set(cycles["origin"]) == {"basis", "loop", "asked"}
        assert cycles["mean"].tolist()[0] == found.cycles[0].affinity.mean
        assert cycles["averaged"].tolist()[-1] == found.asked[0].averaged

    def test_of_edges(self, driven):
        found = violation(driven, random_seed=0)
        edges = found.edge_table().set_index(["source", "target"])
        for edge in found.edges:
            row = edges.loc[edge.circulation.source, edge.circulation.target]
            assert row["c_mean"] == edge.circulation.mean
            assert row["current_upper"] == edge.current.upper

    def test_the_dataset_holds_all(self, driven):
        found = violation(driven, cycles=[driven.cycles[0].states], random_seed=0)
        data = found.to_dataset()
        rate = found.entropy_production
        weighted = float((data["entropy_production"] * data["weight"]).sum())
        assert weighted == pytest.approx(rate.per_trial.mean)
        assert data.attrs["rho_mean"] == found.size.mean
        assert data.attrs["entropy_production_p_value"] == rate.p_value
        assert data.sizes["cycle"] == len(found.cycles) + 1
        assert data["current_mean"].values[0] == found.edges[0].current.mean
        assert data["cycle"].values[0].count(" → ") == len(found.cycles[0].states)


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
