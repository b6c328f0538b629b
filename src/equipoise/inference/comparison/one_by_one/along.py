"""Whole curves of the evidence against σ_δ, none of which waits for another: tasks for workers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from scipy.special import expit

from equipoise.inference.comparison.one_by_one.curves import Curve, refined
from equipoise.inference.comparison.one_by_one.grid import Grid
from equipoise.inference.comparison.one_by_one.outer import Point, point_at
from equipoise.inference.comparison.one_by_one.packed import Pack
from equipoise.models.hierarchical import DEVIATION_SCALE
from equipoise.models.latent import Block
from equipoise.parallel import RunTasks


@dataclass(frozen=True, eq=False)
class Along:
    """A curve asked for.

    Attributes
    ----------
    cycle
        σ_c, nats; 0 for balance.
    scales
        σ_δ to begin with.
    start
        The point that modes are first looked for from.
    expected
        Whether of the counts that a shared potential, that of ``start``, lets expect.
    """

    cycle: float
    scales: Sequence[float]
    start: Point
    expected: bool = False


def curves_along(
    grid: Grid,
    asked: Sequence[Along],
    taus: Sequence[float],
    run: RunTasks,
    done: Callable[[], None],
) -> list[Curve]:
    """Return the curves asked for, and let the grid know their points.

    What a curve is depends on what was asked alone, and not on those computed before it.

    Parameters
    ----------
    grid
        Of the kernels.
    asked
        The curves.
    taus
        Scales of the prior of σ_δ that they have to serve.
    run
        What runs one task a curve.
    done
        Called after each.
    """
    found: dict[int, tuple[Curve, list[Point]]] = {}
    for number, one in run(partial(_along, tuple(grid.packs), grid.prior, tuple(taus)), asked):
        found[number] = one
        done()
    for number, (_, points) in sorted(found.items()):
        if not asked[number].expected:
            for point in points:
                grid.points.setdefault((point.deviation, point.cycle), point)
    return [found[number][0] for number in range(len(asked))]


def _along(
    packs: Sequence[Pack], prior: Block | None, taus: Sequence[float], asked: Along
) -> tuple[Curve, list[Point]]:
    start = asked.start
    if asked.expected:
        packs = list(_expected(packs, start))
        start = point_at(packs, prior, start.deviation, start.cycle, near=start)
    grid = Grid(packs, prior)
    grid.points[start.deviation, start.cycle] = start
    curve = refined(
        grid.level(0.0, asked.cycle, 0.0),
        lambda scales: [grid.level(scale, asked.cycle, scale) for scale in scales],
        asked.scales,
        DEVIATION_SCALE,
        taus=taus,
    )
    return curve, list(grid.points.values())


def _expected(packs: Sequence[Pack], at: Point) -> Iterator[Pack]:
    for pack in packs:
        yield replace(pack, forward=pack.total * expit(pack.exposure + pack.union @ at.at))
