"""The nodes of log Z(σ_c): where they stand, and the curve through them."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from equipoise.inference.evidence.cycle_scale import (
    LARGEST,
    CycleScaleCurve,
    CycleScalePosterior,
    curve_through_values,
)
from equipoise.inference.evidence.laplace.node import Node
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel

_STEP = 0.8
METHOD = "laplace"
# A gap between nodes is halved where it carries this much probability for some τ while two
# interpolations, one through values alone and one with slopes, differ by this many nats there.
_GAP_MASS, _GAP_ERROR = 0.02, 0.03


@dataclass(frozen=True, eq=False)
class NodeCurve:
    """``log Z(σ_c)`` at nodes, from the reversible model (σ_c = 0) upwards.

    Attributes
    ----------
    reversible
        The node at σ_c = 0.
    nodes
        Nodes at increasing σ_c > 0; empty where the graph has no cycle.
    """

    reversible: Node
    nodes: tuple[Node, ...]

    @property
    def cycle_scales(self) -> FloatArray:
        """σ_c of the nodes, shape (n,)."""
        return np.array([node.cycle_scale for node in self.nodes])

    @property
    def log_bayes_factors(self) -> FloatArray:
        """Log Bayes factor for balance at each node's fixed σ_c, nats, shape (n,)."""
        return self.reversible.log_evidence - np.array([node.log_evidence for node in self.nodes])

    @property
    def mcse(self) -> FloatArray:
        """Monte Carlo standard errors of ``log_bayes_factors``, shape (n,)."""
        nodes = np.array([node.mcse for node in self.nodes])
        return np.asarray(np.hypot(self.reversible.mcse, nodes))

    def smooth(self, tau: float) -> CycleScaleCurve:
        """Return the curve on a fine grid: a cubic spline of log Z in log σ_c."""
        return curve_through_values(
            METHOD,
            tau,
            self.cycle_scales,
            -self.log_bayes_factors,
            np.array([node.mcse for node in self.nodes]),
            common_mcse=self.reversible.mcse,
        )

    def shares(self, post: CycleScalePosterior) -> FloatArray:
        """Return the posterior weight of each node for mixing draws, shape (n,), summing to 1."""
        return post.shares(self.cycle_scales)


def first_nodes(lowest: float, tau: float) -> FloatArray:
    """Return logarithmically spaced σ_c from ``lowest`` to 20 τ; ``gaps_to_halve`` adds to them."""
    highest = LARGEST * tau
    count = int(np.ceil(np.log(highest / lowest) / _STEP)) + 1
    return np.geomspace(lowest, highest, max(count, 5))


def gaps_to_halve(
    curve: NodeCurve, model: LatentModel, integrals: list[CycleScalePosterior]
) -> FloatArray:
    """Return σ_c where the curve needs further nodes."""
    x = np.log(curve.cycle_scales)
    rise = -curve.log_bayes_factors
    width = np.diff(x)
    middle = (x[1:] + x[:-1]) / 2
    weights = [curve.shares(post) for post in integrals]
    slopes, errors = np.array([_slope(model, node) for node in curve.nodes]).T
    by_value = CubicSpline(x, rise)(middle)
    by_slope = CubicHermiteSpline(x, rise, slopes)(middle)
    noise = width / 8 * np.hypot(errors[1:], errors[:-1])
    mass = np.max([(weight[1:] + weight[:-1]) / 2 for weight in weights], axis=0)
    rough = np.abs(by_value - by_slope) > _GAP_ERROR + 3 * noise
    # From few draws slopes are too noisy to tell; values are not.
    rough |= spline_doubt(x, rise) > _GAP_ERROR
    return np.asarray(np.exp(middle[(mass > _GAP_MASS) & rough]))


def spline_doubt(x: FloatArray, values: FloatArray) -> FloatArray:
    """Return by how much a cubic spline may err in the middle of every gap, shape (n - 1, ...).

    A spline through every other value errs sixteen times as much as one through all.

    Parameters
    ----------
    x, values
        Where it passes through, shapes (n,) and (n, ...), n at least 5.
    """
    middle = (x[1:] + x[:-1]) / 2
    best = CubicSpline(x, values)(middle)
    doubt = np.zeros(best.shape)
    for start in (0, 1):
        kept = sorted({*range(start, len(x), 2), 0, len(x) - 1})
        doubt = np.maximum(doubt, np.abs(CubicSpline(x[kept], values[kept])(middle) - best))
    return doubt / 16


def _slope(model: LatentModel, node: Node) -> tuple[float, float]:
    """Return ``d log Z / d log σ_c = E|c|²/σ_c² − b`` from a node's draws, and its error."""
    square = (model.cycles(node.theta) ** 2).sum(axis=1) / node.cycle_scale**2
    weights = np.exp(node.log_weights - node.log_weights.max())
    weights /= weights.sum()
    mean = float(weights @ square)
    return mean - model.n_cycles, float(np.sqrt((weights**2) @ (square - mean) ** 2))
