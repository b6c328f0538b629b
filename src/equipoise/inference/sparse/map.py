"""The fast path of large tables: mode, standard errors, violation map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.graph import SupportGraph, support_graph
from equipoise.inference.sparse.balance import BalanceMode
from equipoise.inference.sparse.cyclic import cyclic_mode
from equipoise.inference.sparse.envelope import envelope_mode
from equipoise.inference.sparse.errors import standard_errors
from equipoise.inference.sparse.iterative import IterativeSystem
from equipoise.inference.sparse.linear import DirectSystem
from equipoise.inference.sparse.pairs import Pairs, checked_pairs
from equipoise.inference.sparse.references import large_references, own_reference
from equipoise.inference.sparse.solver import mode_under_balance, solver_of
from equipoise.inference.sparse.violation import ViolationMap, exact_violation, violation_map
from equipoise.likelihoods import FloatArray, Rejected, trials_of
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, plain_seed, random_generator
from equipoise.text import quoted

# Exact leverages may change places near the end of a list.
_SPARE = 5


@dataclass(frozen=True)
class NamedViolation:
    """One edge of the violation map.

    Attributes
    ----------
    source, target
        Labels, in the direction of flow: more transitions ran this way than the potential allows.
    deviation
        One-step estimate of what the potential leaves of the log-ratio from source to target, nats.
        Where counts are few it may be below 0, for half a count is added to either side.
    z
        At least 0; approximately half-normal under balance.
    """

    source: str
    target: str
    deviation: float
    z: float


@dataclass(frozen=True, eq=False, repr=False)
class LargeMap:
    """Point estimates of a table of any size, by the pairwise likelihood.

    Attributes
    ----------
    counts, graph, pairs : TransitionCounts and SupportGraph and Pairs
        What was asked.
    references : tuple of int
        Index of the state at 0 in each component of the graph.
    potential : ndarray of float
        Φ of every state above its reference at the mode under balance, shape (S,), nats; NaN where
        the two do not lead to each other and back, for there the prior would speak.
    mode : BalanceMode
        The mode under balance, over the states of ``pairs``.
    violations : ViolationMap
        The map over all edges of ``pairs``, leverages approximated.
    cycle_sd, cycles : float and ndarray of float
        σ_c by moments of the residuals (or as given), and c at the mode with it, shape (M,):
        0 where the residuals are no larger than chance makes them.
    cycle_sd_given : bool
        Whether σ_c was given.
    priors, rejected, random_seed
        As asked; the seed is None where a Generator was given.
    """

    counts: TransitionCounts
    graph: SupportGraph
    pairs: Pairs
    references: tuple[int, ...]
    potential: FloatArray
    mode: BalanceMode
    violations: ViolationMap
    cycle_sd: float
    cycles: FloatArray
    cycle_sd_given: bool
    priors: Priors
    rejected: Rejected
    random_seed: int | None

    def __repr__(self) -> str:
        return (
            f"LargeMap({self.graph!r}, σ_Φ {self.mode.potential_sd:.3g}, "
            f"σ_c {self.cycle_sd:.3g} nats)"
        )

    def standard_errors(self, states: Sequence[str]) -> FloatArray:
        """Return standard errors of the potentials of chosen states above their references.

        Parameters
        ----------
        states : sequence of str
            Labels; each costs a solve.

        Returns
        -------
        array
            Shape (k,), nats; NaN where the potential is.

        Raises
        ------
        DataError
            If a label is unknown.
        """
        known = {label: k for k, label in enumerate(self.counts.states)}
        missing = [label for label in states if label not in known]
        if missing:
            raise DataError(f"there is no state {quoted(missing[0])}; name states of the table")
        chosen = np.array([known[label] for label in states], dtype=np.int64)
        own = own_reference(self.graph, self.references)[chosen]
        out = np.full(len(chosen), np.nan)
        place = np.full(self.graph.n_states, -1)
        place[self.pairs.states] = np.arange(self.pairs.n_states)
        out[chosen == own] = 0.0
        solved = np.isfinite(self.potential[chosen]) & (chosen != own)
        out[solved] = standard_errors(
            self.pairs, self.mode, place[chosen[solved]], place[own[solved]]
        )
        return out

    def largest_violations(self, count: int = 20) -> tuple[NamedViolation, ...]:
        """Return the edges that stand off the potential most surely, leverages exact.

        Parameters
        ----------
        count : int
            How many; each costs a solve.

        Returns
        -------
        tuple of NamedViolation
            The surest first; deviations in nats.
        """
        order = np.argsort(-np.abs(self.violations.z), kind="stable")[: count + _SPARE]
        exact = exact_violation(self.pairs, self.mode, order)
        best = np.argsort(-np.abs(exact.z), kind="stable")[:count]
        labels, states = self.counts.states, self.pairs.states
        found = []
        for k, edge in zip(best, exact.edges[best], strict=True):
            ends = (self.pairs.source[edge], self.pairs.target[edge])
            sign = -1.0 if exact.z[k] < 0 else 1.0
            source, target = (labels[int(states[end])] for end in ends[:: int(sign)])
            deviation, z = sign * float(exact.deviation[k]), sign * float(exact.z[k])
            found.append(NamedViolation(source, target, deviation, z))
        return tuple(found)


def map_large(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    reference: str | Sequence[str] | None = None,
    cycle_sd: float | None = None,
    random_seed: RandomSeed = None,
) -> LargeMap:
    """Fit potential and violations of a large table, without MCMC and without dense matrices.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to; 10⁵ states and 10⁶ edges take half a minute and 0.7 GB.
    priors : Priors, optional
        Default: ``Priors()``; with learned scales σ_Φ is the mode of log σ_Φ, its prior included.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    reference : str or sequence of str, optional
        State at Φ = 0, or one for each component; default: of its largest strongly connected part
        the one with most incoming transitions.
    cycle_sd : float, optional
        σ_c at which the circulation is fitted, nats; default: from the residuals.
    random_seed : int, Generator or None
        For the probes of a trace, on graphs whose factors would fill up.

    Returns
    -------
    LargeMap

    Raises
    ------
    DataError
        If no edge joins two sources.
    UsageError
        If an argument is unknown or out of its range.
    NotTrustedError
        If a mode is not reached.
    """
    priors = Priors() if priors is None else priors
    if cycle_sd is not None and not 0 < cycle_sd < np.inf:
        raise UsageError(f"cycle_sd must be a positive number of nats, not {cycle_sd!r}")
    graph = support_graph(counts, trials_of(counts, rejected))
    pairs = checked_pairs(counts, graph, rejected)
    references = large_references(counts, graph, reference)
    system = solver_of(pairs)
    mode = mode_under_balance(pairs, system, priors, random_generator(random_seed))
    violations = violation_map(pairs, mode)
    sd = _by_moments(pairs, mode, violations) if cycle_sd is None else cycle_sd
    cycles = np.zeros(pairs.n_edges)
    if sd:
        cycles = _cycles_at(pairs, system, mode, sd)
    return LargeMap(
        counts=counts,
        graph=graph,
        pairs=pairs,
        references=references,
        potential=_above_references(pairs, graph, references, mode.potential),
        mode=mode,
        violations=violations,
        cycle_sd=sd,
        cycles=cycles,
        cycle_sd_given=cycle_sd is not None,
        priors=priors,
        rejected=rejected,
        random_seed=plain_seed(random_seed),
    )


def _above_references(
    pairs: Pairs, graph: SupportGraph, references: Sequence[int], potential: FloatArray
) -> FloatArray:
    """Return Φ of all states above their references, NaN where only the prior would speak."""
    own = own_reference(graph, references)
    full = np.full(graph.n_states, np.nan)
    full[pairs.states] = potential
    full[list(references)] = np.where(np.isnan(full[list(references)]), 0.0, full[list(references)])
    above = full - full[own]
    above[graph.strong != graph.strong[own]] = np.nan
    return np.asarray(above)


def _cycles_at(
    pairs: Pairs, system: DirectSystem | IterativeSystem, mode: BalanceMode, sd: float
) -> FloatArray:
    """Return c at the mode with σ_c = sd, shape (M,)."""
    if isinstance(system, DirectSystem):
        start = mode.potential, np.zeros(pairs.n_edges)
        return cyclic_mode(pairs, system, mode.potential_sd, sd, start).cycles
    return envelope_mode(pairs, system, mode.potential_sd, sd, mode.potential, 1e-4)[1]


def _by_moments(pairs: Pairs, mode: BalanceMode, violations: ViolationMap) -> float:
    """Return σ_c such that squared residuals are as large as they should be, 0 where they are less.

    Under balance r has variance v = ω (1 − h); a circulation adds some σ_c² v².
    """
    eta = pairs.incidence @ mode.potential
    residual = pairs.residual(eta)
    variance = pairs.weight(eta) * violations.free
    known = violations.free > 0
    excess = float((residual[known] ** 2 - variance[known]).sum())
    information = float((variance**2).sum())
    return float(np.sqrt(excess / information)) if excess > 0 and information > 0 else 0.0
