"""The PyMC model of several kernels against the NumPy core of the fast path: the same density."""

from functools import cache

import numpy as np
import pymc as pm
import pytest
from compared import drawn
from scipy.stats import halfnorm, norm

from equipoise.errors import UsageError
from equipoise.inference.comparison import kernel_table, kernels_of
from equipoise.inference.comparison.models import (
    kernel_data,
    pooled_model,
    separate_model,
    shared_model,
)
from equipoise.inference.comparison.table import table_of
from equipoise.models import Priors, hierarchical
from equipoise.models.hierarchical import hierarchical_data
from equipoise.models.kernels import WalkAxes

TAU = 0.7
SCALES = {"sigma_V": 1.9, "sigma_delta": 0.6, "sigma_c": 0.45}
EDGES = np.array([[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]])


@cache
def kernels():
    """Three kernels; the last shares two of four states with the others."""
    rng = np.random.default_rng(7)
    phi = rng.normal(size=4)
    counts = {name: drawn(phi + 0.5 * rng.normal(size=4), EDGES, 300, rng) for name in "abc"}
    counts["c"] = counts["c"].relabel({"s02": "t0", "s03": "t1"})
    return kernels_of(counts)


@cache
def compiled(separate):
    """Return the table, the model and its log density, compiled once for all settings."""
    table = kernel_table(kernels(), "separate" if separate else "pooled")
    model = hierarchical(
        table, "separate" if separate else "pooled", priors=Priors(cycle_scale=TAU)
    )
    return table, model, model.compile_logp(jacobian=True, mode="FAST_COMPILE")


def odd_axes(table, rng):
    """Coordinates as no data would give them: they must not matter."""
    n = table.size
    turn = np.zeros((n, n))
    whose = np.concatenate(
        [
            table.potential_scale_of,
            -1 - np.zeros(table.sizes[1], dtype=int),
            10 + table.cycle_scale_of,
        ]
    )
    for group in np.unique(whose):
        at = np.flatnonzero(whose == group)
        turn[np.ix_(at, at)] = np.linalg.qr(rng.normal(size=(len(at), len(at))))[0]
    lean = rng.normal(size=(n, n))
    loosening = np.zeros(n)
    if not table.separate:
        loosening[table.blocks[0]] = rng.uniform(0.0, 3.0, table.sizes[0])
    return WalkAxes(turn, rng.normal(size=n), rng.uniform(0.0, 40.0, n), lean, loosening)


def walked(table, axes, unit, sds):
    """The sampler's coordinates of amplitudes in turned axes, and log dε/du, written out."""
    x = sds * unit
    potential, deviation, cycle = table.blocks
    before = {0: [cycle], 1: [cycle, potential], 2: []}
    loose = 1.0 + axes.loosening * (0.0 if table.separate else sds[deviation][0] ** 2)
    u, jacobian = np.empty(table.size), 0.0
    for k, part in enumerate(table.blocks):
        pull = axes.pull[part] - sum(axes.lean[part, p] @ x[p] for p in before[k])
        pull, precision = pull / loose[part], axes.precision[part] / loose[part]
        share = 1.0 / (1.0 + precision * sds[part] ** 2)
        u[part] = (unit[part] - sds[part] * pull * share) / np.sqrt(share)
        jacobian += 0.5 * np.log(share).sum()
    return u, jacobian


def point_of(table, u, scales):
    """Values of the model's variables, and log dσ/du."""
    widths = {"sigma_V": 5.0, "sigma_delta": 1.0, "sigma_c": TAU}
    point, jacobian = {}, 0.0
    for name, value in scales.items():
        v = np.log(np.expm1(value / widths[name]))
        jacobian += np.sum(np.log(widths[name] / (1 + np.exp(-v))))
        point[f"{name}_softplus__"] = np.asarray(v, dtype=float)
    for name, part in zip(("potential", "deviation", "cycle"), table.blocks, strict=True):
        if part.stop > part.start:
            point[f"{name}_unit_walk__"] = u[part]
    return point, jacobian


@pytest.mark.parametrize(
    ("deviation_sd", "cycle_sd"), [(None, None), (0.0, 0.0), (0.3, None), (0.0, 0.2)]
)
def test_one_potential_and_deviations_have_the_density_of_the_fast_path(deviation_sd, cycle_sd):
    rng = np.random.default_rng(3)
    table, model, density = compiled(False)
    axes, priors = odd_axes(table, rng), Priors(cycle_scale=TAU)
    with model:
        pm.set_data(
            hierarchical_data(
                table, priors, deviation_sd=deviation_sd, cycle_sd=cycle_sd, axes=axes
            )
        )
    unit = rng.normal(size=table.size)
    held = (SCALES["sigma_V"], deviation_sd, cycle_sd)
    own = [s if h is None else h for s, h in zip(SCALES.values(), held, strict=True)]
    sds = np.repeat(own, table.sizes)
    u, first = walked(table, axes, unit, sds)
    point, second = point_of(table, u, SCALES)

    make = shared_model if deviation_sd == 0 else pooled_model
    core = make(kernels(), kernel_data(kernels()), priors, cycle_scale=own[2] or None)
    x = axes.turn @ (sds * unit)
    theta = x[np.repeat([True, deviation_sd != 0, cycle_sd != 0], table.sizes)]
    kept = [s for s, h in zip(own, held, strict=True) if h != 0]
    blocks = zip(core.blocks, kept, strict=True)
    expected = float(core.likelihood.log_likelihood(core.design @ theta))
    # The core has densities of σ ε, PyMC of ε; what is held at 0 has its prior and nothing else.
    expected += sum(float(b.log_density(theta, s)) + b.size * np.log(s) for b, s in blocks)
    for part, value in zip(table.blocks, own, strict=True):
        expected += norm.logpdf(unit[part]).sum() if value == 0 else 0.0
    for name, width in (("sigma_V", 5.0), ("sigma_delta", 1.0), ("sigma_c", TAU)):
        expected += halfnorm.logpdf(SCALES[name], 0, width)
    assert float(density(point)) == pytest.approx(expected + first + second, rel=1e-10)


@pytest.mark.parametrize("cycles", [True, False])
def test_separate_potentials_have_the_density_of_each_kernel_alone(cycles):
    rng = np.random.default_rng(4)
    table, model, density = compiled(True)
    axes, priors = odd_axes(table, rng), Priors(cycle_scale=TAU)
    with model:
        pm.set_data(hierarchical_data(table, priors, cycle_sd=None if cycles else 0.0, axes=axes))
    unit = rng.normal(size=table.size)
    scales = {"sigma_V": np.array([0.4, 1.9, 3.0]), "sigma_c": np.array([0.2, 0.9, 0.5])}
    on = scales["sigma_c"] if cycles else np.zeros(3)
    sds = np.concatenate([scales["sigma_V"][table.potential_scale_of], on[table.cycle_scale_of]])
    u, first = walked(table, axes, unit, sds)
    point, second = point_of(table, u, scales)
    x = axes.turn @ (sds * unit)
    whose = np.concatenate([table.potential_scale_of, table.cycle_scale_of])
    expected = norm.logpdf(unit).sum()
    for m, one in enumerate(kernel_data(kernels())):
        core = separate_model(one, priors, cycles=True)
        expected += float(core.likelihood.log_likelihood(core.design @ x[whose == m]))
        expected += halfnorm.logpdf(scales["sigma_V"][m], 0, 5.0)
        expected += halfnorm.logpdf(scales["sigma_c"][m], 0, TAU)
    assert float(density(point)) == pytest.approx(expected + first + second, rel=1e-10)


def test_dimensions_are_named_and_directions_kept():
    table, model, _ = compiled(False)
    dims = model.named_vars_to_dims
    assert dims["Phi"] == ("state",)
    assert dims["delta"] == ("kernel_state",)
    assert dims["c"] == dims["transitions"] == ("pair",)
    assert list(model.coords["kernel"]) == ["a", "b", "c"]
    assert "c: t0" in model.coords["kernel_state"]
    assert "a: s00 ~ s01" in model.coords["pair"]
    one = kernels().counts[0].counts.toarray()
    at = table.pairs.index("a: s00 ~ s01")
    assert table.counts[at].tolist() == [one[0, 1], one[1, 0]]
    separate = compiled(True)[1]
    assert separate.named_vars_to_dims["Phi"] == ("kernel_state",)
    assert separate.named_vars_to_dims["sigma_V"] == ("kernel",)


def test_edges_whose_totals_were_fixed_are_left_as_they_are():
    """Without the correction the exposure is log N_i/N_j, and a potential moves its own edges."""
    data = kernel_data(kernels(), curvature="pairwise")
    table = table_of(kernels(), data)
    trials = kernels().counts[1].trials
    at = table.pairs.index("b: s01 ~ s03")
    assert table.exposure[at] == pytest.approx(np.log(trials[1] / trials[3]))
    moved = table.design[at, : table.sizes[0]] @ np.linalg.pinv(table.potential)
    want = np.zeros(len(table.states))
    want[[1, 3]] = 1.0, -1.0
    assert moved == pytest.approx(want - want.mean(), abs=1e-12)
    assert not np.allclose(kernel_table(kernels()).design, table.design)


def test_a_prior_predictive_draw_has_the_totals_of_every_edge():
    table, _, _ = compiled(False)
    model = hierarchical(table, "shared", cycles=False)
    drawn_counts, phi, c = pm.draw(
        [model["transitions"], model["Phi"], model["c"]],
        draws=30,
        random_seed=1,
        mode="FAST_COMPILE",
    )
    assert (drawn_counts <= table.counts.sum(axis=1)).all()
    assert drawn_counts.std(axis=0).max() > 0
    assert phi.sum(axis=1) == pytest.approx(np.zeros(30), abs=1e-9)
    assert not c.any()


@pytest.mark.parametrize(
    ("separate", "potentials", "words"),
    [
        (False, "separate", "laid out for shared or pooled"),
        (True, "pooled", "laid out for separate"),
        (False, "some", "must be"),
    ],
)
def test_a_table_serves_the_hypotheses_it_was_laid_out_for(separate, potentials, words):
    with pytest.raises(UsageError, match=words):
        hierarchical(compiled(separate)[0], potentials)
