"""Controls on data sets inferred in truth: the right ones pass, the wrong ones fail."""

import numpy as np
import pytest
from calibration_records import HEADER

from equipoise.inference.calibration import engines
from equipoise.inference.calibration.check import check_records
from equipoise.inference.calibration.controls import (
    prior_as_posterior,
    shifted,
    simulate_pairs,
    swapped_axes,
    without_half_determinant,
)
from equipoise.inference.calibration.engines import fast_engine
from equipoise.inference.calibration.graphs import DESIGNS
from equipoise.inference.calibration.quantities import entropy_production
from equipoise.inference.calibration.run import evaluate
from equipoise.inference.calibration.simulate import simulate
from equipoise.models import Priors
from equipoise.simulate import Kernel
from equipoise.simulate import entropy_production as exact_entropy_production

SMALL = DESIGNS[:2]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(engines, "FAST_DRAWS", 400)


def failing(check):
    return [statement.name for statement in check.statements if not statement.holds]


def inferred(engine, n, seed, pairs=None):
    records = []
    for k in range(n):
        data = (
            simulate(seed, k, every_source=False, priors=Priors())
            if pairs is None
            else simulate_pairs(seed, k, exposure=pairs, priors=Priors(), designs=SMALL)
        )
        records.append(evaluate(data, engine, np.random.default_rng([seed, k, 1])))
    return records


def test_the_prior_as_posterior_passes_but_for_the_likelihood():
    """Only a quantity that looks at the data can see that they were not used."""
    found = check_records(HEADER, inferred(prior_as_posterior, 300, 21))
    names = failing(found)
    assert len(names) == 2
    assert all(name.startswith("ranks of likelihood") for name in names)
    assert {ranks.quantity for ranks in found.ranks if ranks.holds} == {
        *("potential", "symmetric", "circulation"),
        *("cycle scale", "violation", "entropy production"),
    }


@pytest.mark.slow
def test_the_pairwise_likelihood_passes_on_its_own_terms():
    assert failing(check_records(HEADER, inferred(fast_engine, 60, 22, pairs=True))) == []


@pytest.mark.slow
def test_without_the_exposure_offset_it_fails():
    names = failing(check_records(HEADER, inferred(fast_engine, 44, 22, pairs=False)))
    assert any("potential, balance" in name for name in names)
    assert any("potential, cyclic" in name for name in names)


@pytest.mark.slow
def test_the_potential_with_its_sign_flipped_fails():
    names = failing(check_records(HEADER, inferred(swapped_axes(fast_engine), 40, 22, pairs=True)))
    assert any("ranks of potential" in name for name in names)


@pytest.mark.slow
def test_swapped_axes_fail():
    """Multinomial rows, some second each."""
    names = failing(check_records(HEADER, inferred(swapped_axes(fast_engine), 60, 23)))
    assert any("ranks of potential" in name for name in names)


@pytest.mark.parametrize("number", [1, 7, 15])
def test_entropy_production_is_that_of_the_kernel(number):
    """Against a matrix built and eliminated elsewhere."""
    data = simulate(24, number, every_source=True, priors=Priors())
    rows, model = data.problem.likelihood, data.problem.cyclic()
    theta = data.truth.theta(data.problem)[0] * 0.2
    found = entropy_production(rows, model, theta, data.problem)[0]
    n = data.design.n_states
    matrix = np.zeros((n, n))
    matrix[rows.arcs.source, rows.arcs.target] = rows.probabilities(model.design @ theta[0])
    np.fill_diagonal(matrix, 1 - matrix.sum(axis=1) if rows.stay else 0.0)
    kernel = Kernel(tuple(f"s{k:02}" for k in range(n)), matrix, np.zeros(n))
    assert found == pytest.approx(exact_entropy_production(kernel), rel=1e-6)
    assert found > 0


@pytest.mark.slow
def test_the_fast_path_is_calibrated_and_known_mistakes_are_seen():
    records = inferred(fast_engine, 400, 25)
    assert failing(check_records(HEADER, records)) == []
    wrong = [shifted(records, 1.0), shifted(records, -1.0), without_half_determinant(records)]
    assert not any(check_records(HEADER, some).holds for some in wrong)
