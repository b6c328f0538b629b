"""Exact evidence, and general methods that must find it from draws."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from chains import proposed, walked
from reinforced_walks import counted, simulated_path, urns_log_probability, walk_log_probability
from scipy.special import gammaln
from scipy.stats import multivariate_t

import equipoise
from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, NotTrustedError, UsageError
from equipoise.inference.evidence import EdgeWeightTarget, bridge, exact, importance
from equipoise.inference.evidence.bridge import LEAST_TERMS
from equipoise.inference.problem import problem_of
from equipoise.likelihoods import reinforced
from equipoise.models import Priors
from equipoise.report import to_dict

FIXED = Priors(scales="fixed")


def test_alofi(alofi):
    found = exact(alofi)
    assert found.edge_weight == 1.0
    assert found.reinforced / log(10) == pytest.approx(-458.81166, abs=5e-6)
    assert found.log_bayes_factor / log(10) == pytest.approx(0.6503, abs=5e-5)
    assert found.log_bayes_factor == found.reinforced - found.unrestricted_matched
    # the rows again, from factorials of α = ½: three outcomes a row
    n = alofi.counts.toarray()
    rows = gammaln(1.5) - gammaln(1.5 + n.sum(axis=1)) + (gammaln(0.5 + n)).sum(axis=1)
    rows -= 3 * gammaln(0.5)
    assert found.unrestricted_matched == pytest.approx(rows.sum(), rel=1e-9)


@pytest.mark.parametrize("a", [0.4, 3.0])
def test_weight_is_that_of_walk_and_urns(a):
    path = [0, 1, 2, 0, 2, 2, 1, 0]
    found = exact(counted(path), edge_weight=a)
    edges = [(0, 1), (0, 2), (1, 2), (0, 0), (1, 1), (2, 2)]
    urns = {i: dict.fromkeys(range(3), a / 2) for i in range(3)}
    assert found.reinforced == pytest.approx(walk_log_probability(path, edges, [a] * 6), rel=1e-12)
    assert found.unrestricted_matched == pytest.approx(urns_log_probability(path, urns), rel=1e-12)


def test_a_current_speaks_against_balance_and_its_absence_for_it():
    round_and_round = counted([0, 1, 2] * 60)
    assert exact(round_and_round).log_bayes_factor < -20
    rng = np.random.default_rng(4)
    weights = np.array([[3.0, 1.0, 2.0], [1.0, 0.5, 1.5], [2.0, 1.5, 4.0]])
    path = [0]
    for _ in range(3000):
        path.append(int(rng.choice(3, p=weights[path[-1]] / weights[path[-1]].sum())))
    assert exact(counted(path)).log_bayes_factor > 1


def test_refused(alofi, weekday):
    with pytest.raises(DataError, match="independent draws are no path"):
        exact(weekday)
    with pytest.raises(UsageError, match=r"must be an equipoise\.TransitionCounts, not list"):
        exact([[1, 2], [3, 4]])
    for wrong in (0, True, "1", np.nan):
        with pytest.raises(UsageError, match="edge_weight must be a positive number, not"):
            exact(alofi, edge_weight=wrong)
    assert exact(alofi, edge_weight=np.int64(1)) == exact(alofi)


class TestResult:
    def test_it_stands_beside_the_verdict(self, alofi):
        result = equipoise.test(alofi, fast=True, draws=200, random_seed=1)
        assert result.exact == exact(alofi)
        assert to_dict(result)["exact"] == {
            "edge_weight": 1.0,
            "reinforced": result.exact.reinforced,
            "unrestricted_matched": result.exact.unrestricted_matched,
            "log_bayes_factor": result.exact.log_bayes_factor,
        }
        draws = replace(alofi, protocol="draws", starts=())
        other = equipoise.test(draws, fast=True, draws=200, random_seed=1)
        assert other.exact is None
        assert to_dict(other)["exact"] is None
        assert other.log_bayes_factor == result.log_bayes_factor

    def test_it_is_there_again_when_a_run_is_loaded(self, saved_run, alofi):
        again = equipoise.load(saved_run.path)
        assert again.exact == exact(alofi)


class TestFromDraws:
    """Draws of the posterior, exact and independent, and what general methods make of them."""

    @staticmethod
    def posterior(counts, seed, n=2000):
        path = reinforced(counts)
        target = EdgeWeightTarget(path)
        return target, target.theta(path.posterior().draw(n, seed)), path.log_evidence()

    def test_the_target_is_the_core_with_the_jacobian_of_log_ratios(self):
        path = reinforced(simulated_path(3, 50))
        target = EdgeWeightTarget(path)
        x = path.prior.draw(5, 1)
        np.testing.assert_allclose(target.weights(target.theta(x)), x, rtol=1e-12)
        assert target.size == 5
        # its determinant by finite differences
        theta = target.theta(x)[0]
        step = 1e-6 * np.eye(5)
        ends = target.weights(theta + step) - target.weights(theta - step)
        slope = np.log(abs(np.linalg.det(ends[:, :-1] / 2e-6)))
        expected = path.prior.log_density(x[0]) + path.log_likelihood(x[0]) + slope
        assert float(target.log_joint(theta[None])[0]) == pytest.approx(float(expected), abs=1e-6)

    @pytest.mark.parametrize("n_states", [3, 4, 6, None])
    def test_bridge(self, alofi, n_states):
        counts = alofi if n_states is None else simulated_path(n_states, seed=n_states)
        target, theta, expected = self.posterior(counts, 5)
        found = bridge(target, theta.reshape(4, 500, -1), random_seed=1)
        assert found.mcse < 0.05
        assert found.diagnostics["terms"] > LEAST_TERMS
        assert abs(found.log_value - expected) < 3 * found.mcse

    @pytest.mark.parametrize("n_states", [3, 4, None])
    def test_importance(self, alofi, n_states):
        counts = alofi if n_states is None else simulated_path(n_states, seed=n_states)
        target, theta, expected = self.posterior(counts, 6)
        proposal = multivariate_t(theta.mean(axis=0), np.cov(theta.T), df=6, seed=7)
        draws = proposal.rvs(8000)
        found = importance(target, draws, proposal.logpdf(draws))
        assert found.method == "importance"
        assert found.diagnostics["ess"] > 500
        assert found.mcse < 0.05
        assert abs(found.log_value - expected) < 3 * found.mcse

    def test_errors_match_the_spread(self):
        counts = simulated_path(3, seed=3)
        target, theta, expected = self.posterior(counts, 8, 20 * 800)
        bridges = [
            bridge(target, part.reshape(2, 400, -1), random_seed=k)
            for k, part in enumerate(np.split(theta, 20))
        ]
        proposal = multivariate_t(theta.mean(axis=0), np.cov(theta.T), df=6, seed=9)
        draws = proposal.rvs(20 * 500)
        weighed = [importance(target, part, proposal.logpdf(part)) for part in np.split(draws, 20)]
        for runs in (bridges, weighed):
            values = np.array([run.log_value for run in runs])
            ratio = values.std(ddof=1) / np.mean([run.mcse for run in runs])
            # a standard deviation from 20 runs errs by 16 %; four times that
            assert 0.5 < ratio < 1.8
            assert abs(values.mean() - expected) < 4.5 * values.std(ddof=1) / np.sqrt(20)

    def test_importance_of_balance_at_fixed_scales_is_the_bridges(self, alofi):
        model = problem_of(alofi, priors=FIXED).cyclic().at_cycle_scale(1.0)
        theta, log_weights = proposed(model, 1, model.prior_mean, ())
        one = importance(model, theta, model.log_joint(theta) - log_weights)
        two = bridge(model, walked(model, 2, theta, log_weights), random_seed=2)
        assert np.hypot(one.mcse, two.mcse) < 0.03
        assert abs(one.log_value - two.log_value) < 3.9 * np.hypot(one.mcse, two.mcse)

    def test_importance_refuses(self):
        target, theta, _ = self.posterior(simulated_path(3, seed=3), 10)
        narrow = multivariate_t(theta.mean(axis=0), np.cov(theta.T) / 30, df=50, seed=1)
        draws = narrow.rvs(2000)
        with pytest.raises(NotTrustedError, match="tails are too light") as caught:
            importance(target, draws, narrow.logpdf(draws))
        assert caught.value.result.diagnostics["pareto_k"] > 0.7
        with pytest.raises(UsageError, match=r"\(n, 5\) and \(n,\)"):
            importance(target, draws[:, :4], np.zeros(2000))
        with pytest.raises(UsageError, match="n at least 100"):
            importance(target, draws[:50], np.zeros(50))
        broken = np.zeros(2000)
        broken[7] = np.nan
        with pytest.raises(UsageError, match="1 of 2000 draws have no finite density"):
            importance(target, draws, broken)


def test_counts_without_their_order_are_enough(alofi):
    path = [0, 1, 2, 0, 2, 2, 1, 0]
    counts = counted(path)
    bare = TransitionCounts.from_matrix(
        counts.counts.toarray(), states=counts.states, protocol="trajectory", starts=["a"]
    )
    assert exact(bare) == exact(counts)
    assert alofi.sequences is None
