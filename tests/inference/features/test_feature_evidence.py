"""Evidence of features: against quadrature, nested Laplace in other coordinates, and itself."""

import numpy as np
import pytest
from explained import evidence_of_three, explained
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import halfnorm, norm
from simulated import sparse_edges

from equipoise.counts import TransitionCounts
from equipoise.inference.features.fit import draws_of, solve
from equipoise.inference.features.problem import feature_problem
from equipoise.inference.features.signal import LOG_LENGTHSCALES, covariance, explaining
from equipoise.inference.features.table import feature_table

THREE = TransitionCounts.from_matrix(
    [[210, 60, 30], [20, 150, 30], [25, 75, 300]], states=["a", "b", "c"]
)
COLUMN = np.array([[0.3], [2.0], [-0.9]])


def fitted(counts, values, *, embedding=False, draws=1500, seed=1, scale=5.0, states=None):
    problem = feature_problem(counts)
    table = feature_table(values, states=counts.states if states is None else states)
    ready = explaining(problem, table, embedding=embedding, scale=scale)
    fit = solve(problem, ready.signals, draws=draws, rng=np.random.default_rng(seed))
    return problem, ready, fit


@pytest.mark.parametrize("column", [COLUMN, -COLUMN[[1, 2, 0]]])
def test_three_states_and_a_column_against_quadrature(column):
    problem, ready, fit = fitted(THREE, column)
    (with_features, error), (none, none_error) = fit.log_evidence()
    want = evidence_of_three(problem, problem.edges, None)
    assert none_error < 0.02
    assert none == pytest.approx(want, abs=4 * none_error + 0.01)
    signal = ready.signals[0]
    want_features = evidence_of_three(problem, problem.edges, signal.basis, signal.half_normal)
    assert error < 0.03
    assert with_features == pytest.approx(want_features, abs=4 * error + 0.01)


def test_three_states_and_an_embedding_against_quadrature():
    problem, ready, fit = fitted(THREE, COLUMN, embedding=True, draws=300)
    none = evidence_of_three(problem, problem.edges, None)
    where = ready.columns
    values = []
    nodes = np.linspace(-2.5, 2.5, 7)
    for node in nodes:
        among = covariance(where, where, np.exp(node))
        root = np.linalg.cholesky(among + 1e-10 * np.eye(3))
        values.append(evidence_of_three(problem, problem.edges, root, 5.0) - none)
    prior = norm.pdf(nodes)
    want = logsumexp(np.array(values) + np.log(prior / prior.sum()))
    factor = fit.log_bayes_factor()
    assert factor.mcse < 0.03
    # Seven lengthscales by a sum, where the fit has a spline through eleven.
    assert factor.log_value == pytest.approx(want, abs=4 * factor.mcse + 0.02)
    assert np.ptp(values) > 0.1


@pytest.fixture(scope="module")
def eight():
    edges = sparse_edges(np.random.default_rng(5), 8)
    return explained(5, 8, 300, beta=np.array([0.9, -0.4]), rest=0.5, edges=edges)


@pytest.fixture(scope="module")
def eight_fit(eight):
    counts, columns, _ = eight
    return fitted(counts, columns, draws=800)


def test_eight_states_against_laplace_with_features_integrated_out():
    """Another way to the same: β integrated out, Φ itself optimised, a plain grid of scales."""
    edges = sparse_edges(np.random.default_rng(5), 8)
    # Many trials, so that Laplace errs by little.
    counts, columns, _ = explained(5, 8, 20_000, beta=np.array([0.9, -0.4]), rest=0.5, edges=edges)
    problem, ready, fit = fitted(counts, columns, draws=800)
    rows, centred = problem.edges, problem.centred
    design = rows.potential @ centred
    covariance_of_features = centred.T @ ready.columns @ ready.columns.T @ centred

    def log_evidence(rest, scale):
        precision = np.linalg.inv(rest**2 * np.eye(7) + scale**2 * covariance_of_features)

        def loss(u):
            eta = design @ u
            value = rows.edges.log_likelihood(eta) - 0.5 * u @ precision @ u
            return -value, -(design.T @ rows.edges.gradient(eta) - precision @ u)

        top = minimize(loss, centred.T @ problem.mode, jac=True, method="BFGS").x
        hessian = rows.edges.information(design @ top, design) + precision
        half_log_det = 0.5 * (np.linalg.slogdet(precision)[1] - np.linalg.slogdet(hessian)[1])
        return -loss(top)[0] + half_log_det

    def integrated(scales, half_normal):
        rest = np.geomspace(0.05, 12, 22)
        terms = [
            _log_prior(s, 5.0)
            + (0.0 if not half_normal else _log_prior(t, half_normal))
            + log_evidence(s, t)
            for s in rest
            for t in scales
        ]
        steps = np.log(rest[1] / rest[0]) * (np.log(scales[1] / scales[0]) if half_normal else 1.0)
        return logsumexp(terms) + np.log(steps)

    scales = np.geomspace(0.02, 15, 18)
    want = integrated(scales, ready.signals[0].half_normal) - integrated([0.0], None)
    factor = fit.log_bayes_factor()
    assert factor.pareto_k < 0.5
    assert factor.mcse < 0.03
    assert factor.log_value == pytest.approx(want, abs=4 * factor.mcse + 0.02)


def _log_prior(sd, scale):
    return float(halfnorm.logpdf(sd, scale=scale) + np.log(sd))


def agree(one, other):
    error = np.hypot(one.mcse, other.mcse)
    return abs(one.log_value - other.log_value) < 4.2 * error + 1e-9


def test_order_of_states_units_and_constants_do_not_matter(eight, eight_fit):
    counts, columns, _ = eight
    ours = eight_fit[2].log_bayes_factor()
    turn = np.array([3, 0, 7, 5, 1, 2, 6, 4])
    turned = TransitionCounts.from_matrix(
        counts.counts.toarray()[np.ix_(turn, turn)], states=[counts.states[k] for k in turn]
    )
    moved = columns[turn] * [100.0, -0.02] + [7.0, -3e4]
    other = fitted(turned, moved, draws=800, seed=2)[2]
    assert agree(ours, other.log_bayes_factor())
    # The same numbers altogether, seed and all, where only units differ.
    same = fitted(counts, columns * [-3.0, 5.0] + [1.0, 2.0], draws=800)[2]
    assert same.log_bayes_factor().log_value == pytest.approx(ours.log_value, abs=0.02)


def test_an_embedding_may_be_moved_turned_and_scaled(eight):
    counts, columns, _ = eight
    problem = feature_problem(counts)
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = 40.0 * columns @ turn + [3.0, -5.0]
    ours, theirs = (
        explaining(
            problem, feature_table(x, states=counts.states), embedding=True, scale=5.0
        ).signals
        for x in (columns, moved)
    )
    assert [one.log_lengthscale for one in ours] == list(LOG_LENGTHSCALES)
    for one, other in zip(ours, theirs, strict=True):
        assert one.basis @ one.basis.T == pytest.approx(other.basis @ other.basis.T, abs=1e-6)


def test_a_new_state_where_another_stands_has_its_value(eight):
    """And one elsewhere has the mean and covariance of the joint Gaussian, constants removed."""
    counts, columns, _ = eight
    problem = feature_problem(counts)
    points = np.vstack([columns, columns[3], [0.2, -0.4], [1.5, 0.3]])
    table = feature_table(points, states=[*counts.states, "twin", "u", "w"])
    ready = explaining(problem, table, embedding=True, scale=5.0)
    for signal in ready.signals[3::3]:
        assert signal.new[0] == pytest.approx(signal.basis[3], abs=2e-3)
        spread = signal.spread @ signal.spread.T
        assert spread[0, 0] < 1e-5
        where = points / ready.distance
        among = covariance(where, where, np.exp(signal.log_lengthscale))
        less_mean = np.hstack([np.full((11, 8), -1 / 8), np.zeros((11, 3))]) + np.eye(11)
        joint = less_mean @ among @ less_mean.T
        found = np.vstack([signal.basis, signal.new])
        found = found @ found.T
        found[8:, 8:] += spread
        assert found == pytest.approx(joint, abs=1e-4)


def test_rejected_trials_and_the_gauge_do_not_matter(eight, eight_fit):
    problem, _, fit = eight_fit
    shifted = fit.problem.edges.edges.log_likelihood(problem.edges.potential @ (problem.mode + 9.0))
    plain = fit.problem.edges.edges.log_likelihood(problem.edges.potential @ problem.mode)
    assert shifted == pytest.approx(plain, abs=1e-8)
    found = draws_of(fit, np.random.default_rng(3))
    assert np.abs(found.potential.sum(axis=1)).max() < 1e-9
    assert np.abs(found.signal.sum(axis=1)).max() < 1e-9


def test_cycles_of_given_size_belong_to_both_hypotheses(eight):
    counts, columns, _ = eight
    problem = feature_problem(counts, cycle_sd=0.3)
    table = feature_table(columns, states=counts.states)
    ready = explaining(problem, table, embedding=False, scale=5.0)
    fit = solve(problem, ready.signals, draws=400, rng=np.random.default_rng(1))
    assert fit.none.size == problem.centred.shape[1] + problem.cycles.shape[1]
    assert fit.slices[0].model.size == fit.none.size + 2
    factor = fit.log_bayes_factor()
    assert factor.distrust is None
    # Less is known of Φ where cycles may bend log-ratios.
    straight = fitted(counts, columns, draws=400)[2]
    sd = [draws_of(f, np.random.default_rng(1)).potential.std(axis=0) for f in (fit, straight)]
    assert (sd[0] > sd[1]).all()
