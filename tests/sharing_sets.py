"""Sets of kernels drawn from the priors of the hierarchical model, and ranks of what was drawn.

Each edge's total is fixed and its two counts are one binomial draw, so that the pairwise likelihood
is exact and needs no correction of its curvature.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.special import expit

from equipoise.counts import TransitionCounts
from equipoise.inference.comparison import kernel_table, kernels_of
from equipoise.inference.comparison.draws import convergence_of, prior_draws
from equipoise.inference.comparison.fast.evidence import solve
from equipoise.inference.comparison.mcmc.walkers import Walkers
from equipoise.inference.comparison.models import kernel_data
from equipoise.inference.comparison.nuts.sampler import compile_kernels
from equipoise.inference.comparison.table import potentials_at
from equipoise.models import Priors

PRIORS = Priors()
EDGES = ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3))
NAMES = ("x", "y", "z")
TOTALS = (20, 3000)
RANKED = 40
#: Chosen blindly: Φ of the second state, δ of the second kernel's third, c of the last's first.
STATE, OWN_STATE, PAIR = 1, 6, 10


@cache
def blank():
    """Kernels of four states, all edges in each, unequal trials; their counts do not matter."""
    counts = {}
    for m, name in enumerate(NAMES):
        table = np.zeros((4, 4), dtype=np.int64)
        for i, j in EDGES:
            table[i, j] = table[j, i] = 1
        table[np.diag_indices(4)] = [100, 180 + 90 * m, 420, 77]
        counts[name] = TransitionCounts.from_matrix(table, states=list("dacb"))
    kernels = kernels_of(counts)
    return (
        kernels,
        kernel_data(kernels, curvature="pairwise"),
        kernel_table(kernels, curvature="pairwise"),
    )


def simulated(family, number, *, cycles):
    """Return a table with counts, the truth, and a source of randomness."""
    rng = np.random.default_rng([family, number])
    table = blank()[2]
    truth = prior_draws(
        table, PRIORS, deviation_sd=None, cycle_sd=None if cycles else 0.0, draws=1, rng=rng
    )
    total = np.rint(np.exp(rng.uniform(*np.log(TOTALS), len(table.counts)))).astype(np.int64)
    p = expit(table.design @ truth.x[0, 0] + table.exposure)
    forward = rng.binomial(total, p)
    counts = np.column_stack([forward, total - forward]).astype(float)
    return replace(table, counts=counts), truth, rng


def quantities(table, x, scales):
    """Return what is ranked, by name, from coordinates (..., D) and learned scales."""
    phi, delta = potentials_at(table, x)
    found = {"Phi": phi[..., STATE], "delta": delta[..., OWN_STATE]}
    # Of two kernels at one state: data alone know it, while δ itself is known up to Φ's own doubt.
    found["gap"] = delta[..., OWN_STATE] - delta[..., OWN_STATE - 4]
    if np.any(x[..., table.blocks[2]]):
        found["c"] = x[..., table.blocks[2]] @ table.cycle[PAIR]
    return found | {name: scales[name] for name in ("sigma_delta", "sigma_c") if name in scales}


def true_values(table, truth):
    return {
        name: float(value[0, 0]) for name, value in quantities(table, truth.x, truth.scales).items()
    }


def ranks_by_mcmc(family, number, *, sureness=1):
    """Return ranks among thinned draws; None where the chains must not be believed.

    Counts are multiplied by ``sureness``: beyond 1 the posterior is too narrow.
    """
    table, truth, rng = simulated(family, number, cycles=True)
    want = true_values(table, truth)
    shown = replace(table, counts=sureness * table.counts)
    found = compile_kernels(shown, PRIORS).draw(
        draws=400, tune=300, chains=2, cores=1, random_seed=int(rng.integers(2**31))
    )
    state = convergence_of(table, found)
    if state.divergences or not state.r_hat_max < 1.05 or not state.ess_bulk_min > 80:
        return None, state.divergences
    thin = slice(None, None, 800 // RANKED)
    x = found.x.reshape(800, -1)[thin]
    scales = {name: values.reshape(800)[thin] for name, values in found.scales.items()}
    values = quantities(table, x, scales)
    return {name: int(np.sum(values[name] < want[name])) for name in want}, 0


def ranks_by_walkers(family, number):
    """Return ranks among thinned draws of the chains of a comparison, and what went wrong.

    As a comparison does, chains that did not converge walk once more, four times as far. Ranks are
    None where these did not either.
    """
    table, truth, rng = simulated(family, number, cycles=True)
    want = true_values(table, truth)
    said = []
    for more in (1, 4):
        draws = 250 * more
        found = Walkers(table, PRIORS).draw(
            draws=draws, tune=150 * more, target_accept=0.95, random_seed=int(rng.integers(2**31))
        )
        state = convergence_of(table, found)
        if not state.divergences and state.r_hat_max < 1.05 and state.ess_bulk_min > 80:
            break
        said.append(
            f"{state.divergences} divergences, R-hat {state.r_hat_max:.2f}, "
            f"bulk ESS {state.ess_bulk_min:.0f}"
        )
    else:
        return None, said
    thin = slice(None, None, 8 * draws // RANKED)
    x = found.x.reshape(8 * draws, -1)[thin]
    scales = {name: values.reshape(8 * draws)[thin] for name, values in found.scales.items()}
    values = quantities(table, x, scales)
    return {name: int(np.sum(values[name] < want[name])) for name in want}, said


def ranks_on_the_fast_path(family, number, *, cycles, draws, sureness=1):
    """Return ranks from probabilities below the truth; None where importance sampling failed."""
    table, truth, rng = simulated(family, number, cycles=cycles)
    want = true_values(table, truth)
    counts = sureness * table.counts
    kernels, blanks, _ = blank()
    data = []
    for m, one in enumerate(blanks):
        own = counts[table.pair_kernel == m]
        edges = replace(one.edges.edges, forward=own[:, 0], total=own.sum(axis=1))
        data.append(replace(one, edges=replace(one.edges, edges=edges)))
    fits = solve(kernels, tuple(data), PRIORS, cycles=cycles, draws=draws, rng=rng)
    pooled = [h for h in fits.hypotheses() if h.potentials == "pooled" and h.cyclic == cycles]
    if pooled[0].distrust:
        return None
    parts = fits.mixture()
    parts = [(one, part) for one, part in parts if (one.cycle_scale > 0) == cycles]
    whole = sum(part for _, part in parts)
    below = dict.fromkeys(want, 0.0)
    for one, part in parts:
        theta, weights = one.draws()
        x = np.zeros((len(theta), table.size))
        x[:, : theta.shape[1]] = theta
        values = quantities(table, x, {})
        for name, value in values.items():
            if name in want:
                below[name] += part / whole * float(weights @ (value < want[name]))
        post = one.posterior()
        to = np.cumsum(post.mass) - post.mass / 2
        below["sigma_delta"] += (
            part
            / whole
            * float(
                np.interp(
                    want["sigma_delta"],
                    post.grid,
                    to,
                    left=to[0] * want["sigma_delta"] / post.grid[0],
                )
            )
        )
    if cycles:
        post = fits._curve("pooled", 1.0).posterior()
        to = np.cumsum(post.mass) - post.mass / 2
        below["sigma_c"] = float(
            np.interp(want["sigma_c"], post.grid, to, left=to[0] * want["sigma_c"] / post.grid[0])
        )
    return {name: min(int(value * (RANKED + 1)), RANKED) for name, value in below.items()}
