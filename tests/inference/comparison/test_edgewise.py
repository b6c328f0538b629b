"""Evidence drawn edge by edge: against quadrature, and where a Gaussian at the mode fails."""

import numpy as np
import pytest
from scipy.special import logsumexp

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.fast.edgewise import edgewise_node
from equipoise.inference.comparison.models import kernel_data, pooled_model, separate_model
from equipoise.inference.evidence.laplace.node import evaluate_node
from equipoise.inference.modes.lattice import data_resolutions
from equipoise.inference.problem import problem_of
from equipoise.models import Priors

#: Two of the edges of this triangle were walked one way only, and one of this path.
TRIANGLE = TransitionCounts.from_matrix([[5, 20, 7], [0, 9, 1], [0, 4, 30]], states=list("abc"))
PATH = TransitionCounts.from_matrix([[5, 20, 0], [0, 9, 1], [0, 4, 30]], states=list("abc"))


def alone(counts, priors, cycle_scale=None):
    data = kernel_data(kernels_of({"x": counts, "y": counts}))[0]
    resolutions = data_resolutions(separate_model(data, priors, cycles=False))
    cycles = cycle_scale is not None
    model = separate_model(data, priors, cycles=cycles, resolutions=resolutions)
    return model.at_cycle_scale(cycle_scale) if cycles else model


def by_quadrature(model, points):
    """Sum the joint density over a cube, trapezoid by trapezoid."""
    axis = np.linspace(-24.0, 24.0, points)
    rest = np.meshgrid(*[axis] * (model.size - 1), indexing="ij")
    slab = np.stack(rest, axis=-1).reshape(-1, model.size - 1)
    parts = [
        logsumexp(model.log_joint(np.column_stack([np.full(len(slab), x), slab]))) for x in axis
    ]
    return float(logsumexp(parts)) + model.size * np.log(axis[1] - axis[0])


def node_of(model, draws, seed):
    scales = (1.0,) * len(model.learned)
    rng = np.random.default_rng(seed)
    return edgewise_node(model, 0.0, model.prior_mean, scales, draws, rng)


@pytest.mark.parametrize(
    ("model", "points"),
    [
        (alone(TRIANGLE, Priors(scales="fixed"), 3.0), 121),
        (alone(PATH, Priors(scales="learned")), 401),
    ],
    ids=["fixed, cycles", "learned, balance"],
)
def test_it_equals_quadrature_where_edges_were_walked_one_way(model, points):
    found = node_of(model, 20_000, 1)
    assert found.pareto_k < 0.7
    assert found.mcse < 0.01
    assert found.log_evidence == pytest.approx(
        by_quadrature(model, points), abs=4 * found.mcse + 1e-3
    )


def test_its_error_is_the_spread_over_repeats():
    """Of 60 repeats, so that the ratio of a right error leaves [0.7, 1.4] once in a thousand."""
    model = alone(TRIANGLE, Priors(), 1.0)
    found = [node_of(model, 300, seed) for seed in range(60)]
    values = np.array([node.log_evidence for node in found])
    stated = np.sqrt(np.mean([node.mcse**2 for node in found]))
    assert 0.7 < values.std(ddof=1) / stated < 1.4
    want = node_of(model, 20_000, 1)
    assert abs(values.mean() - want.log_evidence) < 4 * np.hypot(stated / 60**0.5, want.mcse)


def test_forty_skew_edges_cost_few_draws():
    """Two kernels at T = 0.7, half of their edges walked one way: 43 parameters, 42 edges."""
    found = datasets.small_models("weekday")
    kernels = kernels_of({name: found[name] for name in list(found)[2:4]})
    model = pooled_model(kernels, kernel_data(kernels), Priors(), cycle_scale=5.0)
    model = model.at_cycle_scale(2.0)
    ours = node_of(model, 1000, 1)
    rng = np.random.default_rng(1)
    theirs = evaluate_node(model, 2.0, model.prior_mean, (1.0,), 1000, rng)
    assert ours.ess > 700 > 20 * theirs.ess
    assert ours.pareto_k < 0.5 < 0.7 < theirs.pareto_k
    other = node_of(model, 1000, 2)
    assert abs(ours.log_evidence - other.log_evidence) < 4 * np.hypot(ours.mcse, other.mcse)
    means, errors = zip(*(_moments(node) for node in (ours, other)), strict=True)
    assert np.all(np.abs(means[0] - means[1]) < 5 * np.hypot(*errors))


def _moments(node):
    weight = np.exp(node.log_weights - node.log_weights.max())
    weight /= weight.sum()
    mean = weight @ node.theta
    return mean, np.sqrt(weight**2 @ (node.theta - mean) ** 2)


def test_only_binomial_edges_are_drawn_edge_by_edge():
    model = problem_of(
        TRIANGLE, priors=Priors(), likelihood="multinomial", rejected="stay"
    ).cyclic()
    with pytest.raises(TypeError, match="only binomial edges"):
        node_of(model, 200, 1)
