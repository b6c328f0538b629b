"""Evidence along paths against quadrature."""

from functools import cache
from math import hypot

import numpy as np
import pytest
from compared import drawn
from scipy.signal import fftconvolve
from scipy.special import log_expit, logsumexp
from scipy.stats import halfnorm, norm

from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.fast.evidence import solve
from equipoise.inference.comparison.mcmc import evidence as mcmc
from equipoise.inference.comparison.models import kernel_data
from equipoise.inference.comparison.nuts.axes import fit_spot
from equipoise.inference.comparison.table import latent_of, table_of
from equipoise.inference.findings import Stages
from equipoise.inference.modes.mode import find_mode
from equipoise.models import Priors

FIXED = Priors(scales="fixed", fixed_potential_sd=2.0, cycle_scale=0.8)
#: What the nodes of a path may leave to interpolation in a log Bayes factor, nats.
BETWEEN_NODES = 0.02


@cache
def two_of_three():
    """Two kernels on three states, a triangle each, their potentials some way apart."""
    rng = np.random.default_rng(11)
    phi = rng.normal(size=3)
    counts = {
        name: drawn(phi + 0.7 * rng.normal(size=3), np.array([[0, 1], [0, 2], [1, 2]]), trials, rng)
        for name, trials in (("x", 60), ("y", 90))
    }
    kernels = kernels_of(counts)
    return kernels, kernel_data(kernels)


@pytest.fixture(scope="module")
def walked():
    return mcmc.solve_by_mcmc(
        *two_of_three(),
        FIXED,
        draws=500,
        rng=np.random.default_rng(5),
        stages=Stages(None),
        start=0.0,
        until=1.0,
    )


@cache
def by_quadrature():
    """All six log evidences on a grid over Φ (two dimensions), c, σ_δ and σ_c."""
    kernels, data = two_of_three()
    table = table_of(kernels, data)
    axis = np.linspace(-10.0, 10.0, 121)  # its middle is 0, and that of the blur below
    step = axis[1] - axis[0]
    phi = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    log_prior = norm.logpdf(phi, scale=FIXED.fixed_potential_sd).sum(axis=-1)
    area = 2 * np.log(step)
    z = np.linspace(-4.8, 4.8, 81)
    alone = []
    for m in range(2):
        rows = table.pair_kernel == m
        eta = phi @ table.design[rows, :2].T + table.exposure[rows]
        forward, back = table.counts[rows].T
        cycle = table.cycle[rows] @ np.eye(2)[m]
        at = eta[..., None, :] + z[:, None] * cycle
        alone.append((log_expit(at) @ forward + log_expit(-at) @ back).astype(float))
    nodes, weights = np.polynomial.legendre.leggauss(14)
    # σ over (0, 4.5 its prior's scale): half-normal mass 7e-6 beyond
    unit = 2.25 * (nodes + 1)
    mass = 2.25 * weights * halfnorm.pdf(unit)
    sds = [(0.0, 1.0), *((FIXED.cycle_scale * u, w) for u, w in zip(unit, mass, strict=True))]
    over_phi = []
    for sd, _ in sds:
        middle = len(z) // 2
        if sd == 0:
            over_phi.append([one[..., middle] for one in alone])
            continue
        w = norm.pdf(z, scale=sd) * (z[1] - z[0])
        w /= max(w.sum(), 1.0)  # a σ_c below the step of c is as good as 0
        over_phi.append([logsumexp(one + np.log(np.maximum(w, 1e-300)), axis=-1) for one in alone])

    def shared(parts):
        return logsumexp(parts[0] + parts[1] + log_prior) + area

    def separate(part):
        return logsumexp(part + log_prior) + area

    def pooled(parts):
        found = []
        for sd in unit:
            blur = np.exp(-0.5 * ((phi / sd) ** 2).sum(axis=-1))
            blur /= blur.sum()
            smeared = [
                np.log(np.maximum(fftconvolve(np.exp(x - x.max()), blur, mode="same"), 1e-200))
                + x.max()
                for x in parts
            ]
            found.append(shared(smeared))
        return logsumexp(np.array(found) + np.log(mass))

    log_mass = np.log([w for _, w in sds[1:]])

    def averaged(values):
        return logsumexp(np.array(values) + log_mass)

    return {
        ("shared", False): shared(over_phi[0]),
        ("pooled", False): pooled(over_phi[0]),
        ("separate", False): sum(separate(x) for x in over_phi[0]),
        ("shared", True): averaged([shared(x) for x in over_phi[1:]]),
        ("pooled", True): averaged([pooled(x) for x in over_phi[1:]]),
        ("separate", True): sum(averaged([separate(x[m]) for x in over_phi[1:]]) for m in range(2)),
    }


def test_paths_and_bridges_equal_quadrature(walked):
    """Pooled potentials with cycles too: over both scales, from one path and one learned scale."""
    want = by_quadrature()
    for h in walked.hypotheses():
        assert h.distrust is None
        assert h.mcse < 0.05
        allowed = 4 * h.mcse + BETWEEN_NODES
        assert h.log_evidence == pytest.approx(want[h.potentials, h.cyclic], abs=allowed)


def test_other_priors_of_the_deviations_equal_the_fast_path(walked):
    fits = solve(*two_of_three(), FIXED, cycles=True, draws=1000, rng=np.random.default_rng(6))
    for scale in (0.5, 2.0):
        for ours, theirs in zip(walked.hypotheses(scale), fits.hypotheses(scale), strict=True):
            allowed = 4 * hypot(ours.mcse, theirs.mcse) + BETWEEN_NODES
            assert ours.log_evidence == pytest.approx(theirs.log_evidence, abs=allowed)
    assert walked.hypotheses(2.0)[4].log_evidence != walked.hypotheses()[4].log_evidence


def test_draws_are_mixed_by_evidence(walked):
    found = walked.potentials(two_of_three()[0])
    assert found.weights.sum() == pytest.approx(1.0)
    n = walked.balance.x.shape[0] * walked.balance.x.shape[1]
    evidence = [h.log_evidence for h in walked.hypotheses() if h.potentials == "pooled"]
    odds = np.exp(evidence[0] - evidence[1])
    assert found.weights[:n].sum() / found.weights[n:].sum() == pytest.approx(odds)
    assert found.of(1).shape == (len(found.weights), 3)
    mean, lower, upper = walked.size()
    assert 0 < lower < mean < upper


def test_the_axes_turn_a_gaussian_posterior_white():
    """At held scales: whatever the data, precision and mean in the walked coordinates are 1, 0."""
    kernels, data = two_of_three()
    table = table_of(kernels, data)
    held = {"deviation_sd": 0.8, "cycle_sd": 0.3}
    spot = fit_spot(table, FIXED, **held)
    model = latent_of(table, FIXED, **held)
    mode = find_mode(model, (), model.prior_mean)
    sds = np.repeat([FIXED.fixed_potential_sd, 0.8, 0.3], table.sizes)
    axes, (potential, deviation, cycle) = spot.axes, table.blocks
    u = np.eye(table.size)
    x = np.zeros_like(u)
    centre = np.zeros(table.size)
    for part, before in ((cycle, []), (potential, [cycle]), (deviation, [cycle, potential])):
        loose = 1.0 + axes.loosening[part] * 0.8**2
        share = 1.0 / (1.0 + axes.precision[part] / loose * sds[part] ** 2)
        pulled = sds[part] ** 2 * share / loose
        for out, start in ((x, 0.0), (centre[None], axes.pull[part])):
            lean = sum((out[:, p] @ axes.lean[part, p].T for p in before), np.zeros(1))
            out[:, part] = pulled * (start - lean)
        x[:, part] += u[:, part] * sds[part] * np.sqrt(share)
    theta = axes.turn @ centre
    assert theta == pytest.approx(mode.theta, abs=1e-5)
    root = axes.turn @ x.T
    precision = mode.cholesky @ mode.cholesky.T
    assert root.T @ precision @ root == pytest.approx(np.eye(table.size), abs=1e-4)
