"""Along a path: where the slope is measured, whether it may be believed, and the curve through it.

Any path will do on which one scale grows from 0: of the cycles, or of what tells kernels apart. One
walk may carry several curves, where the draws at one scale serve them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from equipoise.inference.evidence.cycle_scale import CycleScaleCurve
from equipoise.inference.evidence.path.curve import curve_through_slopes, gaps_to_halve
from equipoise.inference.evidence.path.pilot import Pilot
from equipoise.inference.evidence.path.slope import PathNode
from equipoise.inference.posterior.sampler import TARGET_ACCEPT
from equipoise.likelihoods import FloatArray

R_HAT_TRUSTED, ESS_TRUSTED = 1.05, 100.0
STEP = 0.45
_ROUNDS = 5
# A gap is halved where interpolation may err by this many nats in the log Bayes factor.
_GAP_ERROR = 0.02
# Where steps are long enough there is nothing to gain from the posterior's tiny ones.
QUICK_ACCEPT = 0.9
_SECOND_MORE = 3

#: A node of each curve, and the points where the chains ended.
Visited = tuple[tuple[PathNode, ...], FloatArray]
#: From a scale, points to start at (None: anywhere), how many times the usual draws, and the
#: acceptance rate aimed at.
Visit = Callable[[float, FloatArray | None, int, float], Visited]
#: The same for several scales.
VisitAll = Callable[[Sequence[float], Sequence[FloatArray | None], int, float], list[Visited]]


def in_turn(visit: Visit) -> VisitAll:
    """Return what visits several scales in turn."""

    def visit_all(
        spots: Sequence[float], starts: Sequence[FloatArray | None], more: int, accept: float
    ) -> list[Visited]:
        return [visit(spot, start, more, accept) for spot, start in zip(spots, starts, strict=True)]

    return visit_all


def walk_nodes(
    visit: VisitAll,
    guides: Sequence[Pilot],
    tau: float,
    *,
    rng: np.random.Generator,
    step: float = STEP,
    at_once: int = 1,
    accept: float = QUICK_ACCEPT,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[tuple[tuple[PathNode, ...], ...], tuple[CycleScaleCurve, ...]]:
    """Measure slopes where they matter, and integrate them.

    Parameters
    ----------
    visit
        Samples at some scales.
    guides
        The pilot of each curve; all have one range.
    tau
        Of the half-normal prior of the scale.
    rng
        Places the nodes.
    step
        Between the first nodes, in the logarithm of the scale.
    at_once
        How many scales are visited together; each starts where the nearest before them ended.
    accept
        Acceptance rate aimed at; where the draws may not be believed, that of posteriors.
    progress
        Called with (nodes done, nodes planned), before the first node too.

    Returns
    -------
    nodes, curves
        Of each curve; the nodes at increasing scale.
    """
    spots = _first_nodes(guides[0], step, rng)
    nodes: list[tuple[PathNode, ...]] = []
    points: dict[float, FloatArray] = {}
    gaps: list[list[float]] = []
    curves: list[CycleScaleCurve] = []
    for _ in range(_ROUNDS):
        planned = len(nodes) + len(spots)
        if progress is not None:
            progress(len(nodes), planned)
        for first in range(0, len(spots), at_once):
            some = spots[first : first + at_once]
            starts = [_nearest(points, spot) for spot in some]
            for spot, (found, end) in zip(some, _visited(visit, some, starts, accept), strict=True):
                points[spot] = end
                nodes.append(found)
            if progress is not None:
                progress(len(nodes), planned)
        nodes.sort(key=lambda found: found[0].cycle_scale)
        parts = list(zip(*nodes, strict=True))
        curves = [curve_through(own, guide, tau) for own, guide in zip(parts, guides, strict=True)]
        gaps = [
            gaps_to_halve(slopes_of(own), guide, curve, _GAP_ERROR)
            for own, guide, curve in zip(parts, guides, curves, strict=True)
        ]
        spots = sorted({spot for gap in gaps for spot in gap})
        if not spots:
            break
    name = nodes[0][0].scale_name
    curves = [_judged(curve, gap, name) for curve, gap in zip(curves, gaps, strict=True)]
    return tuple(parts), tuple(curves)


def curve_through(nodes: Sequence[PathNode], guide: Pilot, tau: float) -> CycleScaleCurve:
    """Return the curve whose slope is the pilot's plus a spline through what it misses at nodes."""
    return curve_through_slopes(
        np.array([node.cycle_scale for node in nodes]),
        slopes_of(nodes),
        np.array([node.mcse for node in nodes]),
        guide,
        tau,
        doubt=doubt_about(nodes),
    )


def slopes_of(nodes: Sequence[PathNode]) -> FloatArray:
    """Return the slopes at nodes, shape (n,)."""
    return np.array([node.slope for node in nodes])


def doubt_about(nodes: Sequence[PathNode]) -> str | None:
    """Return why nodes must not be believed, in words; None where they may be."""
    for node in nodes:
        at = f"at {node.scale_name} = {node.cycle_scale:.3g} of the path"
        if node.divergences:
            return f"{node.divergences} divergent transitions {at}"
        if not node.r_hat <= R_HAT_TRUSTED:  # NaN too
            return f"the chains disagree {at} (R-hat {node.r_hat:.2f})"
        if not node.ess >= ESS_TRUSTED:
            return f"only {node.ess:.0f} effective draws {at}"
        if not np.isfinite([node.slope, node.mcse]).all():
            return f"the slope is not finite {at}"
    return None


def _first_nodes(guide: Pilot, step: float, rng: np.random.Generator) -> list[float]:
    """Return scales over the pilot's range, each but the ends moved a little at random."""
    low, high = guide.x[0], guide.x[-1]
    count = max(int(np.ceil((high - low) / step)) + 1, 6)
    x = np.linspace(low, high, count)
    x[1:-1] += rng.uniform(-0.2, 0.2, count - 2) * (x[1] - x[0])
    return list(np.exp(x).tolist())


def _nearest(points: dict[float, FloatArray], spot: float) -> FloatArray | None:
    """Return where the chains at the nearest scale known ended."""
    near = min(points, key=lambda known: abs(np.log(known / spot)), default=None)
    return None if near is None else points[near]


def _visited(
    visit: VisitAll,
    spots: Sequence[float],
    starts: Sequence[FloatArray | None],
    accept: float,
) -> list[Visited]:
    """Sample at some scales; where the draws may not be believed, once more, with smaller steps."""
    found = visit(spots, starts, 1, accept)
    again = [k for k, (nodes, _) in enumerate(found) if doubt_about(nodes) is not None]
    if again:
        better = visit(
            [spots[k] for k in again], [starts[k] for k in again], _SECOND_MORE, TARGET_ACCEPT
        )
        for k, visited in zip(again, better, strict=True):
            found[k] = visited
    return found


def _judged(curve: CycleScaleCurve, gaps: list[float], name: str) -> CycleScaleCurve:
    if not gaps or curve.doubt is not None:
        return curve
    at = ", ".join(f"{spot:.3g}" for spot in gaps)
    return replace(curve, doubt=f"the slope is still too rough to interpolate at {name} = {at}")
