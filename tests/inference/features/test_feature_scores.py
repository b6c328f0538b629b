"""Leave-one-state-out scores: against brute force, and as ArviZ takes them."""

import arviz as az
import numpy as np
import pytest
from explained import evidence_of_pair, evidence_of_three, explained
from scipy.special import gammaln
from simulated import sparse_edges

from equipoise.counts import TransitionCounts
from equipoise.inference.features import explain
from equipoise.inference.features.problem import feature_problem
from equipoise.inference.features.scores import by_state, scores_of
from equipoise.inference.features.signal import explaining
from equipoise.inference.features.table import feature_table

THREE = TransitionCounts.from_matrix(
    [[210, 60, 30], [20, 150, 30], [25, 75, 300]], states=["a", "b", "c"]
)
COLUMN = np.array([[0.3], [2.0], [-0.9]])


def brute_force(problem, basis, half_normal):
    """Log density of each state's edges given the others: all evidences by quadrature."""
    whole = evidence_of_three(problem, problem.plain, basis, half_normal)
    rows = problem.plain.edges
    back = rows.total - rows.forward
    coefficient = gammaln(rows.total + 1) - gammaln(rows.forward + 1) - gammaln(back + 1)
    found = []
    for state in range(3):
        own = np.any(problem.ends == state, axis=1)
        (other,) = np.flatnonzero(~own)
        rest = evidence_of_pair(problem, other, basis, half_normal)
        found.append(whole - rest + coefficient[own].sum())
    return found


def test_scores_equal_brute_force():
    problem = feature_problem(THREE)
    table = feature_table(COLUMN, states=THREE.states)
    ready = explaining(problem, table, embedding=False, scale=5.0)
    found = scores_of(problem, ready.signals, draws=1500, rng=np.random.default_rng(1))
    signal = ready.signals[0]
    for one, basis in ((found.features, signal.basis), (found.none, None)):
        assert one.mcse.max() < 0.03
        want = brute_force(problem, basis, signal.half_normal)
        # The quadrature itself is good to a hundredth.
        assert np.abs(one.elpd - want).max() < 4 * one.mcse.max() + 0.02


@pytest.fixture(scope="module")
def told():
    edges = sparse_edges(np.random.default_rng(5), 8)
    counts, columns, _ = explained(6, 8, 400, beta=np.array([1.3]), rest=0.3, edges=edges)
    return explain(counts, columns, states=counts.states, draws=400, random_seed=1)


def test_arviz_compares_them(told):
    scores = told.scores
    table = az.compare({"features": scores.elpd(), "none": scores.elpd("none")}, round_to="none")
    assert table.index[0] == "features"
    assert -table.loc["none", "elpd_diff"] == pytest.approx(scores.difference)
    assert table.loc["none", "dse"] == pytest.approx(scores.se)
    assert scores.difference > 2
    one = scores.elpd()
    assert list(one.elpd_i["state"].values) == list(scores.states)
    assert one.elpd == pytest.approx(float(scores.features.elpd.sum()))
    assert one.warning == bool((scores.features.pareto_k > 0.7).any())


def test_an_edge_counts_for_both_its_ends(told):
    problem = told.problem
    values = np.arange(1.0, len(problem.ends) + 1)
    rows = problem.plain.edges
    back = rows.total - rows.forward
    values -= gammaln(rows.total + 1) - gammaln(rows.forward + 1) - gammaln(back + 1)
    sums = by_state(problem, values)
    assert sums.sum() == pytest.approx(2 * np.arange(1.0, len(problem.ends) + 1).sum())
    first = [k + 1 for k, ends in enumerate(problem.ends.tolist()) if 0 in ends]
    assert sums[0] == pytest.approx(sum(first))
