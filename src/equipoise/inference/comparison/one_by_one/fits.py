"""Evidence of shared, pooled and separate potentials of many kernels, and draws."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, log

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.comparison.hypotheses import Hypothesis
from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.comparison.models import KernelData, centred
from equipoise.inference.comparison.one_by_one.alone import Alone, each_alone
from equipoise.inference.comparison.one_by_one.along import Along, curves_along
from equipoise.inference.comparison.one_by_one.curves import Curve, Level, refined
from equipoise.inference.comparison.one_by_one.grid import Grid, Weighed, apart, prior_of
from equipoise.inference.comparison.one_by_one.outer import draw_at
from equipoise.inference.comparison.one_by_one.packed import packs_of
from equipoise.inference.comparison.potentials import Potentials
from equipoise.inference.evidence.cycle_scale import DECIDING, mixed
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors
from equipoise.models.hierarchical import DEVIATION_SCALE
from equipoise.models.kernels import PotentialsName as Name
from equipoise.parallel import RunTasks, run_tasks
from equipoise.text import quoted

#: Antithetic pairs of draws of each kernel.
PAIRS = 64
# σ_δ and σ_c, in units of their prior's scale.
_DEVIATIONS = tuple(np.geomspace(0.003, 10.0, 9).tolist())
_CYCLES = tuple(np.geomspace(0.01, 5.0, 8).tolist())
_MARGIN = 1e-3
# Nats below the likeliest σ_c at which another is left out; σ_c kept at least, for a spline.
_UNLIKELY, _FEWEST = 100.0, 4
Progress = Callable[[int, int], None]


#: Kernels are taken one by one from so many parameters together on, if none has more than so many.
MANY, LARGEST = 1000, 300


def are_many(data: Sequence[KernelData]) -> bool:
    """Whether there are many kernels, none of them too large to be integrated by itself."""
    sizes = [one.centred.shape[1] + one.cycles.shape[1] for one in data]
    shared = max(int(one.place.max()) + 1 for one in data)
    return bool(sum(sizes) + shared > MANY and max([*sizes, shared]) <= LARGEST)


@dataclass(frozen=True, eq=False)
class ManyFits:
    """Everything computed about many kernels.

    Attributes
    ----------
    kernels
        Whose.
    alone
        Each kernel by itself, and all separate.
    shared, pooled
        Given balance, then with cycles where there are any.
    deviation
        Posterior mean and 95 % interval of σ_δ, nats.
    potentials
        Draws.
    ceiling
        Log BF for sharing had the counts equalled their shared expectation.
    """

    kernels: Kernels
    alone: Alone
    shared: tuple[Weighed, ...]
    pooled: tuple[dict[float, Weighed], ...]
    deviation: tuple[float, float, float]
    potentials: Potentials
    ceiling: float

    def hypotheses(self, scale: float = DEVIATION_SCALE) -> tuple[Hypothesis, ...]:
        """Return shared, pooled, separate, given balance, then with cycles."""
        found = []
        for k, (one, many) in enumerate(zip(self.shared, self.pooled, strict=True)):
            cyclic = bool(k)
            parts: list[tuple[Name, Weighed]] = [("shared", one), ("pooled", many[scale])]
            found += [
                Hypothesis(
                    name, cyclic, part.log_evidence, _error(part), part.pareto_k, self._doubt(part)
                )
                for name, part in parts
            ]
            level = self.alone.cyclic if cyclic else self.alone.balance
            found.append(
                Hypothesis("separate", cyclic, level.log_value, _inner(level.noise), level.pareto_k)
            )
        return tuple(found)

    def _doubt(self, part: Weighed) -> str | None:
        """Name the kernel that spoils a hypothesis; None where none does."""
        k, name = part.worst.pareto_k, self.kernels.names[part.worst.kernel]
        if k <= K_TRUSTED:
            return None
        return (
            f"importance sampling of kernel {quoted(name)} failed (k̂ = {k:.2f}, limit "
            f"{K_TRUSTED:g})"
        )

    def factor(self, scale: float) -> tuple[float, float]:
        """Return the log BF of shared against pooled and its error, balance and cycles averaged.

        Draws are common to all hypotheses, so that most of their error cancels.
        """
        sides = [list(self.shared), [many[scale] for many in self.pooled]]
        total, noise, rest = 0.0, np.zeros_like(self.shared[0].level.noise), 0.0
        for sign, parts in zip((1.0, -1.0), sides, strict=True):
            values = np.array([part.log_evidence for part in parts])
            total += sign * (float(logsumexp(values)) - log(len(parts)))
            for part, share in zip(parts, np.exp(values - logsumexp(values)), strict=True):
                noise = noise + sign * share * part.level.noise
                rest += (share * part.correction_mcse) ** 2
        return total, hypot(_inner(noise), rest**0.5)


def solve_many(
    kernels: Kernels,
    data: Sequence[KernelData],
    priors: Priors,
    *,
    n_draws: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
    run: RunTasks = run_tasks,
) -> ManyFits:
    """Compute the evidence of all hypotheses, each kernel integrated by itself.

    Parameters
    ----------
    kernels, data
        The kernels, and what the models make of them.
    priors
        Prior scales.
    n_draws
        Draws of the potentials.
    rng
        Source of randomness.
    progress
        Called with (steps done, steps planned).
    run
        What runs the parts that do not wait for each other: kernels alone, pack by pack; curves of
        the evidence against σ_δ; corrections of the outer integral.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    basis = centred(kernels.component)
    packs = packs_of(data, basis, pairs=PAIRS, rng=rng)
    prior = prior_of(basis.shape[1], priors)
    grid = Grid(packs, prior)
    taus = [scale * DEVIATION_SCALE for scale in DECIDING]
    steps = _Steps(progress, len(packs))
    start = grid.at(0.0, 0.0)
    # The second: had the counts equalled their shared expectation.
    both = [Along(0.0, _DEVIATIONS, start, expected) for expected in (False, True)]
    balance, expected = curves_along(grid, both, taus, run, steps.done)
    alone = each_alone(packs, data, kernels.graphs, priors, run, steps.done)
    curves = {0.0: balance}
    tau = priors.cycle_scale
    shared_curve: Curve | None = None
    if any(one.cycles.shape[1] for one in data):
        spots = _likely(grid, [scale * tau for scale in _CYCLES], balance.posterior().mean, tau)
        shared_curve = refined(
            grid.level(0.0, 0.0, 0.0),
            lambda cycles: [grid.level(0.0, cycle, cycle) for cycle in cycles],
            spots,
            tau,
            taus=[tau],
        )
        steps.done()

        def pooled_at(cycles: Sequence[float]) -> list[Level]:
            asked = []
            for cycle in cycles:
                near = min(curves, key=lambda known: apart(known, cycle))
                first = grid.nearest(0.0, cycle) or start
                asked.append(Along(cycle, curves[near].used(), first))
            found = curves_along(grid, asked, taus, run, steps.done)
            curves.update(zip(cycles, found, strict=True))
            return [
                replace(curve.integrated(), scale=cycle)
                for cycle, curve in zip(cycles, found, strict=True)
            ]

        refined(balance.integrated(), pooled_at, _around(spots, shared_curve), tau, taus=[tau])
    ceiling = expected.posterior().log_bayes_factor
    weighed, parts = _weighed(grid, curves, shared_curve, priors.cycle_scale, rng, run, steps.done)
    return ManyFits(
        kernels=kernels,
        alone=alone,
        shared=tuple(one for one, _ in weighed),
        pooled=tuple(many for _, many in weighed),
        deviation=mixed([(curve.posterior(), share) for curve, _, share in parts]),
        potentials=_draws(kernels, data, basis, grid, parts, n_draws, rng),
        ceiling=ceiling,
    )


def _weighed(
    grid: Grid,
    curves: dict[float, Curve],
    shared_curve: Curve | None,
    tau: float,
    rng: np.random.Generator,
    run: RunTasks,
    done: Callable[[], None],
) -> tuple[list[tuple[Weighed, dict[float, Weighed]]], list[tuple[Curve, float, float]]]:
    """Return shared and pooled, given balance and with cycles, and where draws come from.

    The latter: curves of σ_δ, with their σ_c and posterior probability.
    """
    balance = curves[0.0]
    cycles = sorted(cycle for cycle in curves if cycle)
    scales = [scale * DEVIATION_SCALE for scale in DECIDING]
    given = {s: [(balance, 0.0, 1.0)] for s in scales}
    sides = [
        (
            (balance.base, {(0.0, 0.0): 1.0}),
            {s: (balance.integrated(s), _spots(given[s], s)) for s in scales},
        )
    ]
    if shared_curve is not None:
        spots = {
            (0.0, one.scale): share
            for one, share in zip(shared_curve.levels, shared_curve.shares().tolist(), strict=True)
        }
        over = {s: _over_cycles(balance, {c: curves[c] for c in cycles}, s, tau) for s in scales}
        given = {
            s: [
                (curves[c], c, share)
                for c, share in zip(cycles, over[s].shares().tolist(), strict=True)
            ]
            for s in scales
        }
        sides.append(
            (
                (shared_curve.integrated(), spots),
                {s: (over[s].integrated(), _spots(given[s], s)) for s in scales},
            )
        )
    grid.correct(
        [where for one, many in sides for _, where in (one, *many.values())], rng, run, done
    )
    weighed = [
        (grid.weighed(*one), {s: grid.weighed(*many[s]) for s in scales}) for one, many in sides
    ]
    parts = [(balance, 0.0, 1.0)]
    if len(weighed) > 1:
        values = np.array([many[DEVIATION_SCALE].log_evidence for _, many in weighed])
        odds = np.exp(values - logsumexp(values))
        parts = [(balance, 0.0, float(odds[0]))]
        parts += [(one, c, float(odds[1]) * share) for one, c, share in given[DEVIATION_SCALE]]
    return weighed, [part for part in parts if part[2] > _MARGIN]


def _over_cycles(balance: Curve, curves: Mapping[float, Curve], scale: float, tau: float) -> Curve:
    """Return the evidence of deviations, ``σ_δ ~ HalfNormal(scale)``, against σ_c."""
    levels = [replace(curves[c].integrated(scale), scale=c) for c in sorted(curves)]
    return Curve(balance.integrated(scale), tuple(levels), tau)


def _spots(
    parts: Sequence[tuple[Curve, float, float]], scale: float
) -> dict[tuple[float, float], float]:
    """Return the posterior probability of the points of several curves of σ_δ."""
    return {
        (level.scale, cycle): share * own
        for curve, cycle, share in parts
        for level, own in zip(curve.levels, curve.shares(scale).tolist(), strict=True)
    }


def _draws(
    kernels: Kernels,
    data: Sequence[KernelData],
    basis: FloatArray,
    grid: Grid,
    parts: Sequence[tuple[Curve, float, float]],
    n: int,
    rng: np.random.Generator,
) -> Potentials:
    """Draw potentials: scales by their probability, then the shared one, then each kernel's."""
    weight, spots = [], []
    for curve, cycle, share in parts:
        for level, own in zip(curve.levels, curve.shares(), strict=True):
            weight.append(share * max(float(own), 0.0))
            spots.append((level.scale, cycle))
    many = rng.multinomial(n, np.array(weight) / sum(weight))
    shared: list[FloatArray] = []
    deviations: list[list[FloatArray]] = [[] for _ in data]
    for spot, count in zip(spots, many.tolist(), strict=True):
        if not count:
            continue
        u, found = draw_at(grid.packs, grid.prior, grid.at(*spot), count, rng)
        shared.append(u @ basis.T)
        for pack, own in zip(grid.packs, found, strict=True):
            for k, m in enumerate(pack.members.tolist()):
                lift = data[m].centred
                deviations[m].append(own[:, k, : lift.shape[1]] @ lift.T)
    return Potentials(
        kernels,
        np.concatenate(shared),
        tuple(np.concatenate(part) for part in deviations),
        np.full(n, 1.0 / n),
    )


def _likely(grid: Grid, spots: Sequence[float], deviation: float, tau: float) -> list[float]:
    """Return those σ_c that may carry the evidence at one σ_δ, and one beyond on either side.

    Of a thousand kernels all but a few σ_c are hundreds of nats away, and each costs a curve.
    """
    height = np.array([grid.level(deviation, cycle, cycle).log_value for cycle in spots])
    height -= 0.5 * (np.array(spots) / tau) ** 2
    near = np.flatnonzero(height > height.max() - _UNLIKELY)
    first = max(min(int(near[0]) - 1, len(spots) - _FEWEST), 0)
    last = max(int(near[-1]) + 2, first + _FEWEST)
    return list(spots[first:last])


def _around(spots: Sequence[float], curve: Curve) -> list[float]:
    """Return spots and the levels of a curve that carry it."""
    kept = [
        level.scale
        for level, share in zip(curve.levels, curve.shares(), strict=True)
        if share > _MARGIN
    ]
    return sorted({*spots, *kept})


def _inner(noise: FloatArray) -> float:
    return float(noise.std() / np.sqrt(len(noise)))


def _error(part: Weighed) -> float:
    return hypot(_inner(part.level.noise), part.correction_mcse)


class _Steps:
    """Progress over work whose amount shows on the way."""

    def __init__(self, progress: Progress | None, packs: int) -> None:
        self._progress, self._done, self._likely = progress, 0, packs + 25

    def done(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, max(self._likely, self._done + 1))
