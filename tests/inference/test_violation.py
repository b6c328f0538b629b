"""Where balance breaks and by how much, against closed forms and plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from simulated import result_of
from violated import RING, table

import equipoise
from equipoise.errors import DataError, UsageError
from equipoise.inference.baselines import likelihood_ratio
from equipoise.inference.violation import violation
from equipoise.inference.violation.share import unexplained_share
from equipoise.simulate import (
    cycle_circulation,
    driven_kernel,
)


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
