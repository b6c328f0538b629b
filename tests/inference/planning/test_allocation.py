"""The best split of further trials, against brute force and against Fisher's information."""

import numpy as np
import pytest
from scipy.optimize import minimize
from simulated import random_edges, random_kernel

from equipoise import datasets
from equipoise.errors import UsageError
from equipoise.graph import fundamental_cycle_basis, orthonormal_cycle_basis, support_graph
from equipoise.inference.planning import allocate
from equipoise.inference.planning.allocation import TOLERANCE, edge_leverages
from equipoise.likelihoods import MultinomialRows, multinomial_predictor, support_arcs
from equipoise.simulate import Kernel, complete_edges, reversible_kernel, sample_draws

DIAGONAL = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]])


def probabilities(kernel: Kernel, edges: np.ndarray) -> np.ndarray:
    i, j = edges.T
    return np.column_stack([kernel.matrix[i, j], kernel.matrix[j, i]])


def fisher(kernel: Kernel):
    """Return a function of trials and prior: ``trace Cov(c)`` by the information of the model.

    V and s are profiled out; rows are independent, so that the information adds up over them.
    """
    graph = support_graph(sample_draws(kernel, 10_000, 1))
    arcs = support_arcs(graph)
    basis = orthonormal_cycle_basis(graph)
    predictor = multinomial_predictor(arcs, basis)
    stay = np.diag(kernel.matrix)[arcs.source] if kernel.stay else 1.0
    eta = np.log(kernel.matrix[arcs.source, arcs.target] / stay)
    design = np.hstack([predictor.potential, predictor.symmetric, predictor.cycle])
    n = design.shape[1] - basis.shape[1]
    by_row = [
        MultinomialRows(arcs, np.zeros(len(eta)), row, kernel.stay).information(eta, design)
        for row in np.eye(kernel.n_states)
    ]

    def width(trials: np.ndarray, prior_sd: float | None) -> float:
        joint = np.tensordot(trials, by_row, 1)
        profiled = joint[n:, n:] - joint[n:, :n] @ np.linalg.pinv(joint[:n, :n]) @ joint[:n, n:]
        if prior_sd is not None:
            profiled = profiled + np.eye(len(profiled)) / prior_sd**2
        return float(np.trace(np.linalg.inv(profiled)))

    return width


def kernel_on(edges: np.ndarray, seed: int, *, stay: bool = True) -> Kernel:
    rng = np.random.default_rng(seed)
    n = edges.max() + 1
    v, s = rng.normal(0, 1, n), rng.normal(-1, 0.7, len(edges))
    return reversible_kernel(v, s, edges=edges, stay=stay)


@pytest.mark.parametrize("stay", [True, False])
@pytest.mark.parametrize("prior_sd", [None, 0.2])
def test_the_width_is_that_of_the_whole_model(stay, prior_sd):
    kernel = kernel_on(DIAGONAL, 5, stay=stay)
    made = np.array([80.0, 30.0, 200.0, 55.0])
    found = allocate(
        DIAGONAL,
        probabilities(kernel, DIAGONAL),
        trials=made,
        further=300,
        prior_sd=prior_sd,
    )
    of_model = fisher(kernel)
    for width, trials in (
        (found.width_before, made),
        (found.width_even, made + 75),
        (found.width, made + 300 * found.fractions),
    ):
        assert width == pytest.approx(of_model(trials, prior_sd), rel=1e-8)
    assert found.fractions.sum() == pytest.approx(1)
    assert (found.fractions >= 0).all()


@pytest.mark.parametrize("prior_sd", [None, 0.3, 0.05])
@pytest.mark.parametrize("made", [[0.0, 0.0, 0.0, 0.0], [400.0, 10.0, 90.0, 30.0]])
def test_no_other_split_is_narrower(prior_sd, made):
    kernel = kernel_on(DIAGONAL, 7)
    made = np.array(made)
    p = probabilities(kernel, DIAGONAL)
    found = allocate(DIAGONAL, p, trials=made, further=250, prior_sd=prior_sd)
    of_model = fisher(kernel)

    def width(logits):
        share = np.exp(logits - logits.max())
        return of_model(made + 250 * share / share.sum(), prior_sd)

    best = minimize(
        width, np.zeros(4), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-9}
    ).fun
    assert found.width <= best * (1 + TOLERANCE)
    assert found.gap <= TOLERANCE
    assert found.width >= best * (1 - 1e-3)


def test_a_gap_bounds_what_is_left_to_gain():
    kernel = kernel_on(complete_edges(6), 3)
    edges = complete_edges(6)
    found = allocate(
        edges, probabilities(kernel, edges), trials=np.zeros(6), further=1e3, prior_sd=0.1
    )
    design = found._design
    trials = design.even(1e3)
    gap = design._gap(trials, design._need(trials), 1e3)
    assert 0 < (design.width(trials) - found.width) / design.width(trials) <= gap


def test_a_ring_in_closed_form():
    ring = np.array([[0, 1], [1, 2], [0, 2]])
    kernel = kernel_on(ring, 2)
    p = kernel.matrix
    need = np.sqrt([1 / p[i, (i + 1) % 3] + 1 / p[i, (i + 2) % 3] for i in range(3)])
    found = allocate(ring, probabilities(kernel, ring), trials=np.zeros(3), further=900)
    np.testing.assert_allclose(found.fractions, need / need.sum(), rtol=1e-12)
    assert found.width == pytest.approx(need.sum() ** 2 / 3 / 900)
    share = need.sum() ** 2 / (3 * (need**2).sum())
    assert found.share_of_even == pytest.approx(share, abs=1e-3)


def test_states_off_every_cycle_get_nothing():
    """30 states, 8 on cycles: at most 8/30 of the even spread's trials do as well."""
    chain = [[k, k + 1] for k in range(7, 29)]
    edges = np.array([[k, k + 1] for k in range(7)] + [[0, 7], [2, 5]] + chain)
    kernel = kernel_on(edges, 4)
    found = allocate(edges, probabilities(kernel, edges), trials=np.zeros(30), further=1e4)
    np.testing.assert_array_equal(found.fractions[8:], 0)
    assert found.share_of_even <= 8 / 30 + 1e-3


def test_the_weekday_kernel():
    kernel, edges = datasets.smollm2_weekday_kernel(), complete_edges(7)
    found = allocate(edges, probabilities(kernel, edges), trials=np.zeros(7), further=1e4)
    assert found.share_of_even == pytest.approx(0.942, abs=1.5e-3)


def test_relabelling_permutes_the_fractions():
    rng = np.random.default_rng(8)
    edges = random_edges(rng, 7)
    p = probabilities(random_kernel(rng, 7, 1.0, edges=edges), edges)
    made, order = rng.integers(0, 400, 7).astype(float), rng.permutation(7)
    found = allocate(edges, p, trials=made, further=500, prior_sd=0.2)
    moved = np.empty(7)
    moved[order] = made
    other = allocate(order[edges][::-1], p[::-1], trials=moved, further=500, prior_sd=0.2)
    np.testing.assert_allclose(other.fractions[order], found.fractions, atol=1e-4)


def test_leverages_are_the_projection_on_cycles():
    rng = np.random.default_rng(9)
    edges = random_edges(rng, 9)
    graph = support_graph(sample_draws(random_kernel(rng, 9, 0.5, edges=edges), 10_000, 1))
    dense = fundamental_cycle_basis(graph).toarray()
    expected = np.diag(dense @ np.linalg.pinv(dense))
    np.testing.assert_allclose(edge_leverages(graph.edges, 9), expected, atol=1e-10)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"further": 0}, "further"),
        ({"trials": [1, -1, 2, 3]}, "trials"),
        ({"trials": [1, 2, 3]}, "states 0 to 2"),
        ({"probability": np.full((4, 2), 0.2)}, "shapes"),
        ({"probability": np.zeros((5, 2))}, "probabilities"),
        ({"prior_sd": 0.0}, "prior_sd"),
        ({"sources": [True, True, True, False], "trials": [1, 1, 1, 0]}, "state 3"),
        ({"sources": [False] * 4}, "no state"),
        ({"edges": DIAGONAL[:3], "probability": np.full((3, 2), 0.2)}, "no cycle"),
    ],
)
def test_bad_arguments(change, words):
    given = {
        "edges": DIAGONAL,
        "probability": np.full((5, 2), 0.2),
        "trials": [5, 5, 5, 5],
        "further": 10,
    } | change
    with pytest.raises(UsageError, match=words):
        allocate(given.pop("edges"), given.pop("probability"), **given)
