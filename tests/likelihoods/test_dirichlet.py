"""Dirichlet rows against urns, SciPy's density and a quadrature."""

import numpy as np
import pytest
from reinforced_walks import urns_log_probability
from scipy.integrate import quad
from scipy.stats import dirichlet as scipy_dirichlet

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.likelihoods import dirichlet

MATRIX = np.array([[5, 3, 0], [1, 0, 2], [0, 4, 6]])


def table(**more):
    return TransitionCounts.from_matrix(MATRIX, states=list("zab"), other=[2, 0, 1], **more)


def test_draws_row_by_row_as_urns():
    rows = dirichlet(table(), concentration=0.7)
    # z and b are not joined; other is staying
    alpha = {0: {0: 0.7, 1: 0.7}, 1: {0: 0.7, 1: 0.7, 2: 0.7}, 2: {1: 0.7, 2: 0.7}}
    targets = {0: [0] * 7 + [1] * 3, 1: [0, 2, 2], 2: [1] * 4 + [2] * 7}
    for source, ends in targets.items():
        expected = 0.0
        urn = dict(alpha[source])
        for end in ends:
            expected += np.log(urn[end] / sum(urn.values()))
            urn[end] += 1
        assert rows.evidence_by_row()[source] == pytest.approx(expected, rel=1e-12)
    assert rows.log_evidence() == pytest.approx(rows.evidence_by_row().sum(), rel=1e-14)


def test_trials_in_no_state_dropped_and_staying_impossible():
    path = ["z", "a", "b", "b", "a", "z"]
    counts = TransitionCounts.from_sequences(path)
    alpha = {"z": {"z": 0.5, "a": 0.5}, "a": dict.fromkeys("zab", 0.5), "b": {"a": 0.5, "b": 0.5}}
    assert dirichlet(counts).log_evidence() == pytest.approx(urns_log_probability(path, alpha))
    dropped = dirichlet(table(), rejected="drop")
    without = TransitionCounts.from_matrix(MATRIX, states=list("zab"))
    assert dropped.log_evidence() == dirichlet(without).log_evidence()
    bare = TransitionCounts.from_matrix(
        MATRIX - np.diag(np.diag(MATRIX)), states=list("zab"), other=[2, 0, 1], stay=False
    )
    assert len(dirichlet(bare).concentration) == 4
    assert dirichlet(bare).evidence_by_row()[0] == 0.0  # one way to go


def test_density_is_scipys_and_bayes_theorem_holds():
    concentration = np.array([0.7, 1.2, 2.0, 0.4, 1.1, 0.9, 3.0])
    rows = dirichlet(table(), concentration=concentration)
    rng = np.random.default_rng(1)
    parts = [rng.dirichlet(np.ones(n)) for n in (2, 3, 2)]
    P = np.concatenate(parts)
    expected = sum(
        scipy_dirichlet.logpdf(p, a)
        for p, a in zip(parts, np.split(concentration, [2, 5]), strict=True)
    )
    assert float(rows.log_prior(P)) == pytest.approx(expected, rel=1e-12)
    gain = float(rows.posterior().log_prior(P) - rows.log_prior(P))
    assert gain + rows.log_evidence() == pytest.approx(float(rows.log_likelihood(P)), rel=1e-12)
    assert float(rows.by_row(P).sum()) == pytest.approx(float(rows.log_likelihood(P)))
    assert rows.posterior().log_evidence() == 0.0


def test_two_outcomes_by_quadrature():
    counts = TransitionCounts.from_matrix([[3, 9], [0, 0]], states=["x", "y"])
    area, _ = quad(lambda p: p**2.5 * (1 - p) ** 8.5 / np.pi, 0, 1, epsabs=0, epsrel=1e-12)
    assert dirichlet(counts).log_evidence() == pytest.approx(np.log(area), rel=1e-10)


@pytest.mark.parametrize("wrong", [0.0, -1, np.inf, [1, 2, 3]])
def test_refused(wrong):
    with pytest.raises(UsageError, match="concentration"):
        dirichlet(table(), concentration=wrong)


def test_steps_add_up_over_their_sources_empty_ones_too():
    """State x leads nowhere and staying is impossible, so its row has no step; y, z after it."""
    matrix = np.array([[0, 3, 0, 0], [2, 0, 0, 5], [0, 0, 0, 0], [0, 7, 0, 0]])
    counts = TransitionCounts.from_matrix(matrix, states=list("abxz"), stay=False)
    steps = dirichlet(counts).steps
    values = np.random.default_rng(1).normal(size=(2, 3, len(steps.source)))
    rows = (steps.source[:, None] == np.arange(4)).astype(float)
    assert not rows[:, 2].any()
    np.testing.assert_allclose(steps.by_row(values), values @ rows, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(steps.by_row(steps.counts), matrix.sum(axis=1))
