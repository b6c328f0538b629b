"""The two hypotheses of exact evidence as PyMC models, against the NumPy core."""

import numpy as np
import pymc as pm
import pytest
from reinforced_walks import counted
from scipy.special import gammaln

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.likelihoods import dirichlet, reinforced
from equipoise.models import reinforced as reinforced_model
from equipoise.models import unrestricted

# Four states, five edges; the last state is never left, and two are not joined.
PATH = [2, 0, 0, 1, 2, 2, 1, 0, 2, 1, 1, 0, 1, 3]


def compiled(model, **options):
    return model.compile_logp(mode="FAST_COMPILE", **options)


def test_reinforced_equals_the_core():
    counts = counted(PATH)
    path = reinforced(counts, edge_weight=1.3)
    model = reinforced_model(counts, edge_weight=1.3)
    density, bare = compiled(model), compiled(model, jacobian=False)
    rows = compiled(model, vars=model["transitions"], sum=False)
    for x in path.prior.draw(4, 1):
        # PyMC's simplex transform: logs less their mean; its Jacobian is M Π x
        point = {"x_simplex__": (np.log(x) - np.log(x).mean())[:-1]}
        expected = float(path.prior.log_density(x) + path.log_likelihood(x))
        assert float(bare(point)) == pytest.approx(expected, rel=1e-10)
        jacobian = np.log(x).sum() + np.log(len(x))
        assert float(density(point)) == pytest.approx(expected + jacobian, rel=1e-10)
        np.testing.assert_allclose(rows(point)[0], path.by_row(x)[:3], rtol=1e-10)


def test_unrestricted_equals_the_core():
    counts = counted(PATH)
    rows = dirichlet(counts, concentration=0.8)
    model = unrestricted(counts, concentration=0.8)
    density = compiled(model, jacobian=False)
    by_row = compiled(model, vars=model["transitions"], sum=False)
    steps = rows.steps
    rng = np.random.default_rng(2)
    for _ in range(3):
        weight = rng.gamma(0.8, size=len(steps.source))
        total = steps.by_row(weight)
        P = weight / total[steps.source]
        size, alpha = steps.by_row(np.ones_like(weight)), steps.by_row(rows.concentration)
        # rows of gammas are a Dirichlet row and its sum, a gamma; d weight = total^(size − 1)
        sums = (alpha - 1) * np.log(total) - total - gammaln(alpha) - (size - 1) * np.log(total)
        expected = float(rows.log_prior(P) + rows.log_likelihood(P) + sums.sum())
        point = {"weight_log__": np.log(weight)}
        assert float(density(point)) == pytest.approx(expected, rel=1e-10)
        np.testing.assert_allclose(by_row(point)[0], rows.by_row(P)[:3], rtol=1e-10)


def test_dimensions_are_named():
    counts = counted(PATH)
    model = reinforced_model(counts)
    assert list(model.coords["edge"])[:5] == ["a ~ b", "a ~ c", "b ~ c", "b ~ d", "a ~ a"]
    assert list(model.coords["source"]) == ["a", "b", "c"]
    assert model.named_vars_to_dims["x"] == ("edge",)
    assert model.named_vars_to_dims["P"] == ("source", "target")
    assert model.named_vars_to_dims["transitions"] == ("source", "outcome")
    free = unrestricted(counts)
    assert list(free.coords["step"])[:4] == ["a → a", "a → b", "a → c", "b → a"]
    assert free.named_vars_to_dims["weight"] == ("step",)


def test_probabilities_stand_where_the_axes_say():
    counts = counted(PATH)
    path = reinforced(counts)
    model = reinforced_model(counts)
    x = path.prior.draw(1, 3)[0]
    (P,) = model.replace_rvs_by_values([model["P"]])
    value = model.compile_fn(P, inputs=model.value_vars, mode="FAST_COMPILE")
    P = value({"x_simplex__": (np.log(x) - np.log(x).mean())[:-1]})
    assert P.shape == (3, 4)
    np.testing.assert_allclose(P.sum(axis=1), 1.0)
    weight = {frozenset(e): w for e, w in zip(path.prior.edges.tolist(), x, strict=True)}
    for i in range(3):
        at = {j: weight.get(frozenset((i, j)), 0.0) for j in range(4)}
        np.testing.assert_allclose(P[i], np.array(list(at.values())) / sum(at.values()))


def test_the_models_prior_is_the_cores():
    """Draws of PyMC's own graph and of the core agree in mean and spread of every log-weight."""
    counts = counted([0, 1, 0, 0, 2, 1, 2])
    n = 4000
    with reinforced_model(counts, edge_weight=1.5) as model:
        one = np.log(pm.draw(model["x"], draws=n, random_seed=5, mode="FAST_COMPILE"))
    two = np.log(reinforced(counts, edge_weight=1.5).prior.draw(n, 6))
    for power in (1, 2):
        a, b = one**power, two**power
        error = np.hypot(a.std(axis=0), b.std(axis=0)) / np.sqrt(n)
        # twelve comparisons: false alarm 1e-4
        assert np.all(np.abs(a.mean(axis=0) - b.mean(axis=0)) < 4.5 * error)


def test_refused():
    lone = TransitionCounts.from_sequences(["a", "a", "a"])
    with pytest.raises(DataError, match="join no two states"):
        unrestricted(lone)
    with pytest.raises(DataError, match="join no two states"):
        reinforced_model(lone)
    draws = TransitionCounts.from_matrix([[1, 2], [3, 4]], states=["a", "b"])
    with pytest.raises(DataError, match="independent draws are no path"):
        reinforced_model(draws)
    with pytest.raises(UsageError, match="edge_weight"):
        reinforced_model(counted(PATH), edge_weight=-1)
    with pytest.raises(UsageError, match="concentration"):
        unrestricted(draws, concentration=0)
