"""Each of many kernels by itself: its evidence given balance and with cycles, and its violation.

A kernel alone is one whose deviations, of scale σ_V, deviate from nothing: the same integrals over
a grid of σ_V and σ_c. Likelihood: pairwise edges.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import logsumexp

from equipoise.graph import SupportGraph, edge_subgraph, orthonormal_cycle_basis
from equipoise.inference.comparison.models import KernelData
from equipoise.inference.comparison.one_by_one.curves import Level
from equipoise.inference.comparison.one_by_one.inner import climb, integrate, noise_at, pareto_k
from equipoise.inference.comparison.one_by_one.packed import Pack
from equipoise.inference.evidence.cycle_scale import DECIDING, curve_through_values
from equipoise.inference.evidence.laplace.curve import METHOD, spline_doubt
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.verdict import ROPE, ViolationSize, size_call
from equipoise.inference.weighted import summarise
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors
from equipoise.models.latent import half_normal_cells
from equipoise.parallel import RunTasks, run_tasks

# σ_V, dense where potentials live; σ_c in units of τ.
_POTENTIAL = (0.004, 0.012, 0.035, 0.1, *np.geomspace(0.2, 14.0, 9).tolist())
_CYCLES = tuple(np.geomspace(0.01, 5.0, 9).tolist())
_FINE = 240
_MATTERS = 1e-5
_ROUNDS, _KNOWN = 3, 0.05


@dataclass(frozen=True, eq=False)
class OneAlone:
    """One kernel by itself.

    Attributes
    ----------
    factors
        Of balance against cycles at half, once and twice τ.
    size
        Of its violation; None without a testable cycle.
    """

    factors: tuple[BayesFactor, ...]
    size: ViolationSize | None

    @property
    def log_bayes_factor(self) -> BayesFactor:
        """At τ itself."""
        return self.factors[DECIDING.index(1.0)]


@dataclass(frozen=True, eq=False)
class Alone:
    """All kernels, each by itself.

    Attributes
    ----------
    each
        In their order.
    balance, cyclic
        Evidence of all of them together, potentials separate; ``scale`` means nothing here.
    """

    each: tuple[OneAlone, ...]
    balance: Level
    cyclic: Level


def each_alone(
    packs: Sequence[Pack],
    data: Sequence[KernelData],
    graphs: Sequence[SupportGraph],
    priors: Priors,
    run: RunTasks = run_tasks,
    done: Callable[[], None] = lambda: None,
) -> Alone:
    """Integrate every kernel by itself.

    Parameters
    ----------
    packs, data, graphs
        The kernels, the latter two in their order.
    priors
        Prior scales.
    run
        What runs one task a pack.
    done
        Called after each.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    tasks = []
    for pack in packs:
        members = pack.members.tolist()
        tasks.append((pack, [data[m] for m in members], [graphs[m] for m in members]))
    weighed: dict[int, list[_One]] = {}
    for number, ones in run(partial(_pack_alone, priors), tasks):
        weighed[number] = ones
        done()
    found: list[OneAlone | None] = [None] * len(graphs)
    pairs = packs[0].noise.shape[1]
    totals = [0.0, 0.0]
    noise = np.zeros((2, pairs))
    worst = [-np.inf, -np.inf]
    for number, pack in enumerate(packs):
        for one, m in zip(weighed[number], pack.members.tolist(), strict=True):
            found[m] = one.alone
            totals[0] += one.balance
            totals[1] += one.cyclic
            noise[0] += one.balance_noise
            noise[1] += one.noise
            worst = [max(worst[0], one.balance_k), max(worst[1], one.cyclic_k)]
    return Alone(
        tuple(one for one in found if one is not None),
        Level(0.0, totals[0], noise[0], worst[0]),
        Level(0.0, totals[1], noise[1], worst[1]),
    )


def _pack_alone(
    priors: Priors, task: tuple[Pack, list[KernelData], list[SupportGraph]]
) -> list["_One"]:
    """Integrate the kernels of one pack, of which data and graphs are given in its order."""
    pack, data, graphs = task
    rows = _along_cycles(pack, _testable(pack, data, graphs), priors)
    return [_one(rows, k, priors.cycle_scale, graph) for k, graph in enumerate(graphs)]


@dataclass(frozen=True, eq=False)
class _Row:
    """A pack at one σ_c, σ_V integrated: log evidence, influences, and weighted Σ c²."""

    cycle: float
    log_value: FloatArray  # (M,)
    noise: FloatArray  # (M, P)
    ratios: FloatArray  # (M, P): weights over their mean
    square: FloatArray  # (M, G, 2P)
    weights: FloatArray  # (M, G, 2P), summing to 1 over the last two axes
    reached: FloatArray  # (M, H): where on the grid of σ_V the mass is


def _testable(pack: Pack, data: Sequence[KernelData], graphs: Sequence[SupportGraph]) -> FloatArray:
    """Return what takes cycle amplitudes to the testable part of them, shape (M, b, b)."""
    b = pack.cycles.shape[2]
    # Padded amplitudes keep their prior, and are none of the kernel's.
    turns = pack.real[:, pack.deviations.shape[2] :, None] * np.eye(b)
    for k, (graph, one) in enumerate(zip(graphs, data, strict=True)):
        basis = one.basis
        if graph.n_testable_cycles == graph.n_cycles == basis.shape[1]:
            continue
        inside = graph.inside
        own = orthonormal_cycle_basis(edge_subgraph(graph, inside)).T @ basis[inside]
        turns[k] = 0.0
        turns[k, : own.shape[0], : own.shape[1]] = own
    return turns


def _along_cycles(pack: Pack, turns: FloatArray, priors: Priors) -> list[_Row]:
    """Return rows at increasing σ_c, balance first, refined where some kernel needs it."""
    learned = priors.scales == "learned"
    grid = np.array(_POTENTIAL if learned else (priors.fixed_potential_sd,))
    unit = priors.potential_scale / 5.0 if learned else 1.0
    grid = grid * unit if learned else grid
    balance = _row(pack, turns, 0.0, grid, priors)
    if not pack.cycles.shape[2]:
        return [balance]
    used = grid[(balance.reached.max(axis=0) > _MATTERS)]
    if learned:
        # One more on either side: cycles make a little more, or less, of the potential probable.
        at = np.flatnonzero(np.isin(grid, used))
        used = grid[max(at[0] - 1, 0) : at[-1] + 2]
    rows = [_row(pack, turns, cycle * priors.cycle_scale, used, priors) for cycle in _CYCLES]
    for _ in range(_ROUNDS):
        new = [_row(pack, turns, spot, used, priors) for spot in _unknown(balance, rows, priors)]
        if not new:
            break
        rows = sorted([*rows, *new], key=lambda row: row.cycle)
    return [balance, *rows]


def _unknown(balance: _Row, rows: list[_Row], priors: Priors) -> list[float]:
    """Return σ_c between rows where interpolation is in doubt for some kernel."""
    x = np.log([row.cycle for row in rows])
    values = np.array([row.log_value for row in rows]) - balance.log_value
    middle = 0.5 * (x[1:] + x[:-1])
    own = CubicSpline(x, values)(middle)
    scales = np.exp(middle)[:, None]
    height = own - 0.5 * (scales / priors.cycle_scale) ** 2 + np.log(scales)
    share = np.exp(height - logsumexp(np.vstack([height, np.zeros(own.shape[1])]), axis=0))
    wanted = (spline_doubt(x, values) * (share > 0.02) > _KNOWN).any(axis=1)
    return [float(s) for s in np.exp(middle[wanted])]


def _row(pack: Pack, turns: FloatArray, cycle: float, grid: FloatArray, priors: Priors) -> _Row:
    m, pairs = len(pack.members), pack.noise.shape[1]
    b = pack.cycles.shape[2] if cycle else 0
    values, ratios, noises, squares, weights = [], [], [], [], []
    offset = np.zeros_like(pack.exposure)
    before, start = 0.0, None
    for scale in grid.tolist():
        if start is not None:
            start = start.copy()
            start[:, : pack.deviations.shape[2]] *= before / scale
        modes = climb(pack, scale, cycle, offset, start)
        found = integrate(pack, modes, noise_at(pack, scale, cycle))
        before, start = scale, modes.at
        values.append(found.log_value)
        ratios.append(found.ratios)
        noises.append(found.noise)
        z = found.draws[:, :, found.draws.shape[2] - b :]
        z = np.matmul(z, np.swapaxes(turns, 1, 2)) if b else z
        squares.append((cycle**2 * np.square(z).sum(axis=2)).astype(np.float32))
        weights.append(found.weights)
    log_value = np.array(values)
    share, total, reached = _over_potential(log_value, grid, priors)
    noise, ratio = (np.einsum("gm,gmp->mp", share, np.array(part)) for part in (noises, ratios))
    if not b:
        squares = [np.zeros((m, 2 * pairs), dtype=np.float32)] * len(grid)
    return _Row(
        cycle,
        total,
        noise,
        ratio,
        np.stack(squares, axis=1),
        np.stack([s[:, None] * w for s, w in zip(np.maximum(share, 0.0), weights, strict=True)], 1),
        reached,
    )


def _over_potential(
    log_value: FloatArray, grid: FloatArray, priors: Priors
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Integrate over σ_V: shares of the grid's points (G, M), log evidence (M,), mass (M, G)."""
    if len(grid) == 1:
        one = np.ones_like(log_value)
        return one, log_value[0], one.T
    x = np.log(grid)
    fine = np.linspace(x[0], x[-1], _FINE)
    spline = (
        CubicSpline(x, np.eye(len(x)), axis=0)(fine)
        if len(x) > 3
        else np.array([np.interp(fine, x, row) for row in np.eye(len(x))]).T
    )
    cells = half_normal_cells(np.exp(fine), priors.potential_scale)
    terms = spline @ log_value + cells[:, None]
    total = logsumexp(terms, axis=0)
    mass = np.exp(terms - total)
    hats = np.array([np.interp(fine, x, row) for row in np.eye(len(x))])
    return spline.T @ mass, np.asarray(total), (hats @ mass).T


@dataclass(frozen=True, eq=False)
class _One:
    alone: OneAlone
    balance: float
    balance_noise: FloatArray
    cyclic: float
    noise: FloatArray
    balance_k: float
    cyclic_k: float


def _one(rows: list[_Row], k: int, tau: float, graph: SupportGraph) -> _One:
    """Integrate one kernel over σ_c."""
    balance, others = rows[0], rows[1:]
    base = float(balance.log_value[k])
    pairs = balance.noise.shape[1]
    worst = pareto_k(balance.ratios[k])
    if not others or not graph.n_cycles:
        none = tuple(BayesFactor(0.0, 0.0, METHOD, f * tau, worst) for f in DECIDING)
        same = balance.noise[k]
        return _One(OneAlone(none, None), base, same, base, same, worst, worst)
    nodes = np.array([row.cycle for row in others])
    rise = np.array([row.log_value[k] for row in others]) - base
    curve = curve_through_values(METHOD, tau, nodes, rise, np.zeros(len(nodes)))
    influences = np.array([row.noise[k] for row in others])
    factors, cyclic_noise, shares = [], influences[0], np.zeros(len(nodes))
    for factor in DECIDING:
        post = curve.posterior(factor * tau)
        noise = (post.mass @ curve.loadings) @ influences
        # Either hypothesis uses the same draws: what is common to them cancels.
        error = float((balance.noise[k] - noise).std() / np.sqrt(pairs))
        ratios = (post.mass @ curve.loadings) @ np.array([row.ratios[k] for row in others])
        top = max(worst, pareto_k(ratios))
        factors.append(BayesFactor(post.log_bayes_factor, error, METHOD, factor * tau, top))
        if factor == 1.0:
            cyclic_noise, shares = noise, np.maximum(post.shares(nodes), 0.0)
    alone = OneAlone(tuple(factors), _size(others, k, shares, graph))
    middle = alone.log_bayes_factor
    return _One(
        alone=alone,
        balance=base,
        balance_noise=balance.noise[k],
        cyclic=base - middle.log_value,
        noise=cyclic_noise,
        balance_k=worst,
        cyclic_k=float(middle.pareto_k or worst),
    )


def _size(
    rows: list[_Row], k: int, shares: FloatArray, graph: SupportGraph
) -> ViolationSize | None:
    """Summarise ρ of one kernel from its draws at all σ_c."""
    if not graph.n_testable_cycles:
        return None
    weights = np.concatenate(
        [share * row.weights[k].ravel() for share, row in zip(shares, rows, strict=True)]
    )
    used = weights > 0
    weights = weights[used] / weights.sum()
    square = np.concatenate([row.square[k].ravel() for row in rows])[used]
    rho = np.sqrt(square.astype(float) / max(int(graph.inside.sum()), 1))
    summary = summarise(rho[:, None], weights)
    below = float(weights @ (rho < ROPE))
    error = float(np.sqrt(weights**2 @ ((rho < ROPE) - below) ** 2))
    return ViolationSize(
        mean=float(summary.mean[0]),
        lower=float(summary.lower[0]),
        upper=float(summary.upper[0]),
        mcse=float(summary.mcse[0]),
        rope=ROPE,
        below=below,
        call=size_call(below, error),
    )
