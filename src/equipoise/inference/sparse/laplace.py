"""Laplace's evidence of a large table, uncorrected and so *approximate*."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.interpolate import CubicSpline

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph, support_graph
from equipoise.inference.evidence.cycle_scale import (
    LARGEST,
    CycleScaleCurve,
    factor_over,
    fine_grid,
)
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.sparse.balance import balance_mode
from equipoise.inference.sparse.cyclic import cyclic_mode
from equipoise.inference.sparse.linear import DirectSystem, direct_system
from equipoise.inference.sparse.pairs import Pairs, checked_pairs
from equipoise.inference.sparse.probed import curve_of, probed_rises
from equipoise.inference.sparse.scale import scale_posterior
from equipoise.inference.sparse.solver import MOST_FOR_FACTORS, check_core, core_size
from equipoise.likelihoods import FloatArray, Rejected, trials_of
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, random_generator
from equipoise.text import quoted

METHOD = "laplace"
#: What every Bayes factor of it says: it is never trusted by itself.
APPROXIMATE = (
    "Laplace's approximation was not corrected, and errs by more the more parameters have few "
    "counts; equipoise.path_large has a Monte Carlo error instead"
)
#: How its log-determinants are found.
Determinants = Literal["auto", "exact", "probes"]
PROBES, _FEWEST_PROBES = 32, 4
_STEP, _LOWEST, _DEPTH = 0.5, 0.01, 25.0


@dataclass(frozen=True, eq=False, repr=False)
class LargeLaplace:
    """Laplace's evidence against σ_c; *approximate*.

    Attributes
    ----------
    graph, pairs, priors
        What was asked.
    curve
        Evidence against σ_c; None where no cycle can be compared.
    probes
        How many random probes its determinants come from; 0: they are exact, and the curve has no
        Monte Carlo error.
    """

    graph: SupportGraph
    pairs: Pairs
    priors: Priors
    curve: CycleScaleCurve | None
    probes: int

    def __repr__(self) -> str:
        return (
            f"LargeLaplace({self.graph!r}, log BF about {self.log_bayes_factor().log_value:.1f}, "
            "approximate)"
        )

    def log_bayes_factor(self, tau: float | None = None) -> BayesFactor:
        """Return the log Bayes factor of balance, marked as not to be trusted by itself."""
        return factor_over(self.curve, METHOD, self.priors.cycle_scale, tau)


def laplace_large(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    determinants: Determinants = "auto",
    probes: int = PROBES,
    random_seed: RandomSeed = None,
    progress: Callable[[int, int], None] | None = None,
) -> LargeLaplace:
    """Approximate the evidence for balance of a large table by Laplace's method.

    With exact determinants σ_Φ is integrated on a grid. With random probes, to 10⁵ states and 10⁶
    edges and beyond, it is held where balance has it, and the Bayes factor has the probes' error:
    the same ones serve every σ_c.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    determinants : {"auto", "exact", "probes"}
        "auto" takes exact ones where sparse factors stay affordable.
    probes : int
        How many random probes, at least 4.
    random_seed : int, Generator or None
        For the probes.
    progress : callable, optional
        Called with (nodes done, nodes planned) where probes are used.

    Returns
    -------
    LargeLaplace

    Raises
    ------
    DataError
        If no edge joins two sources.
    UsageError
        If an argument is unknown or out of its range, or exact determinants were asked for and
        factors of the graph would fill up.
    NotTrustedError
        If a mode is not reached.
    """
    priors = Priors() if priors is None else priors
    if not isinstance(priors, Priors):
        raise UsageError(f"priors must be an equipoise.Priors, not {type(priors).__name__}")
    if determinants not in get_args(Determinants):
        raise UsageError(
            f"determinants must be 'auto', 'exact' or 'probes', not {quoted(str(determinants))}"
        )
    if probes < _FEWEST_PROBES:
        raise UsageError(f"laplace_large needs at least {_FEWEST_PROBES} probes, not {probes}")
    graph = support_graph(counts, trials_of(counts, rejected))
    pairs = checked_pairs(counts, graph, rejected)
    if not pairs.n_cycles:
        return LargeLaplace(graph, pairs, priors, None, 0)
    if determinants == "exact":
        check_core(pairs)
    elif determinants == "probes" or core_size(pairs) > MOST_FOR_FACTORS:
        rng = random_generator(random_seed)
        curve = curve_of(
            *probed_rises(pairs, priors, probes, rng, progress),
            method=METHOD,
            tau=priors.cycle_scale,
            doubt=APPROXIMATE,
        )
        return LargeLaplace(graph, pairs, priors, curve, probes)
    return LargeLaplace(graph, pairs, priors, _exact_curve(pairs, priors), 0)


def _exact_curve(pairs: Pairs, priors: Priors) -> CycleScaleCurve:
    """Return the curve by exact determinants, σ_Φ integrated at every σ_c."""
    system = direct_system(pairs)
    base = _Walk(pairs, system, priors)
    balance = base.evidence(None)
    tau = priors.cycle_scale
    x = [float(np.log(_LOWEST * tau))]
    rise: list[float] = []
    highest = float(np.log(LARGEST * tau))
    while True:
        rise.append(base.evidence(float(np.exp(x[-1]))) - balance)
        fallen = len(rise) > 5 and rise[-2] > rise[-1] and rise[-1] < max(rise) - _DEPTH
        if fallen or x[-1] >= highest:
            break
        x.append(min(x[-1] + _STEP, highest))
    while abs(rise[0]) > 0.02 and x[0] > np.log(1e-5):
        x.insert(0, x[0] - 2 * _STEP)
        rise.insert(0, base.evidence(float(np.exp(x[0]))) - balance)
    nodes = np.exp(x)
    grid = fine_grid(nodes)
    at = np.log(grid)
    return CycleScaleCurve(
        method=METHOD,
        prior_tau=tau,
        nodes=nodes,
        grid=grid,
        rise=CubicSpline(x, rise)(at),
        loadings=CubicSpline(x, np.eye(len(x)), axis=0)(at),
        node_mcse=np.zeros(len(x)),
        doubt=APPROXIMATE,
    )


class _Walk:
    """Evidence at one σ_c after another, each search beginning where the last one ended."""

    def __init__(self, pairs: Pairs, system: DirectSystem, priors: Priors) -> None:
        self._pairs, self._system, self._priors = pairs, system, priors
        self._phi: FloatArray = np.zeros(pairs.n_states)
        self._cycles: FloatArray = np.zeros(pairs.n_edges)
        self._sd = 2.0

    def evidence(self, cycle_sd: float | None) -> float:
        """Return the log evidence at one σ_c, σ_Φ integrated; None: of balance."""
        if self._priors.scales == "fixed":
            return self._at(self._priors.fixed_potential_sd, cycle_sd)
        found = scale_posterior(
            lambda sd: self._at(sd, cycle_sd),
            self._priors.potential_scale,
            self._sd,
            self._pairs.n_states,
        )
        self._sd = float(np.exp(found.mode))
        return found.log_evidence

    def _at(self, sd: float, cycle_sd: float | None) -> float:
        if cycle_sd is None:
            balance = balance_mode(self._pairs, self._system, sd, self._phi)
            self._phi = balance.potential
            return balance.log_evidence
        start = self._phi, self._cycles
        cyclic = cyclic_mode(self._pairs, self._system, sd, cycle_sd, start)
        self._phi, self._cycles = cyclic.potential, cyclic.cycles
        return cyclic.log_evidence
