"""From a finished test to where balance breaks and by how much."""

from collections.abc import Sequence

import numpy as np

from equipoise.errors import UsageError
from equipoise.inference.balance import BalanceTest, check_rope
from equipoise.inference.posterior.derived import flows_of
from equipoise.inference.violation.cycles import (
    CycleViolation,
    Origin,
    violations_of_cycles,
    worst_first,
)
from equipoise.inference.violation.drive import cycle_metric
from equipoise.inference.violation.edges import violations_of_edges
from equipoise.inference.violation.entropy_production import entropy_production_of
from equipoise.inference.violation.estimate import estimates_of
from equipoise.inference.violation.loops import driven_loops, loop_prior
from equipoise.inference.violation.null import null_entropy_production
from equipoise.inference.violation.result import Violation
from equipoise.inference.violation.share import unexplained_share
from equipoise.likelihoods import MultinomialRows
from equipoise.simulate import RandomSeed
from equipoise.text import quoted

#: |A| up to this counts as practically nothing unless said otherwise, nats.
ROPE_AFFINITY = 0.3
_UNTESTABLE = "no cycle is testable, so they are set by the priors"
_PAIRWISE = (
    "the pairwise likelihood compares the two directions of an edge and knows the probability of "
    "neither; the multinomial one gives them"
)


def violation(
    result: BalanceTest,
    *,
    rope_affinity: float = ROPE_AFFINITY,
    cycles: Sequence[Sequence[str]] = (),
    random_seed: RandomSeed = None,
) -> Violation:
    """Tell where balance breaks and by how much, from the draws of a finished test.

    Every posterior is given the cyclic hypothesis, σ_c with its prior. A cycle is *named* by a
    probability that is averaged over both hypotheses, so that nothing is named where the evidence
    favours balance. The cycles judged are those of the minimum-weight basis and up to five longer
    loops: those that explain more than the cycles of the basis which they are made of.

    Currents and entropy production are those of the chain kept to states that were seen to lead to
    each other and back: where the support has others, a trial that goes there counts as staying,
    for how often they are visited only the prior tells.

    Parameters
    ----------
    result : BalanceTest
        From :func:`equipoise.test`, by MCMC or by the fast path.
    rope_affinity : float
        Affinities up to this size count as practically nothing, nats.
    cycles : sequence of sequences of str
        Cycles of your own, each as labels in order, the first not repeated.
    random_seed : int, Generator or None
        For the null of the entropy production. The same seed gives the same result.

    Returns
    -------
    Violation
        With ``distrust`` said, rather than an exception, where the numbers cannot be trusted.

    Raises
    ------
    UsageError, DataError
        If the rope is no positive number, or something asked for is no cycle of the support.

    References
    ----------
    Schnakenberg 1976, Rev. Mod. Phys. 48, 571 (entropy production); Jiang, Lim, Yao & Ye 2011,
    Math. Program. 127, 203 (the share no potential explains); Mallat & Zhang 1993, IEEE Trans.
    Signal Process. 41, 3397 (matching pursuit).
    """
    if not isinstance(result, BalanceTest):
        raise UsageError(
            f"violation takes the result of equipoise.test, not {type(result).__name__}: "
            "violation(test(counts))"
        )
    check_rope(rope_affinity)
    asked = [_indices(result, cycle) for cycle in cycles]
    graph, draws = result.graph, result.findings.cyclic
    p_cyclic = _p_cyclic(result)
    judged = _judged(result, asked, rope_affinity, p_cyclic)
    rows = result.findings.problem.likelihood
    flows = share = rate = no_flows = None
    if not graph.n_testable_cycles:
        no_flows = _UNTESTABLE
    else:
        (share,) = estimates_of(draws, unexplained_share(draws)[:, None])
        if isinstance(rows, MultinomialRows):
            flows = flows_of(rows, draws.model, draws.theta, graph.strong)
            null = null_entropy_production(
                rows,
                graph,
                result.findings.reversible,
                result.priors.cycle_scale,
                np.random.default_rng(random_seed),
            )
            rate = entropy_production_of(graph, draws, flows, null)
        else:
            no_flows = _PAIRWISE
    return Violation(
        rope_affinity=float(rope_affinity),
        p_cyclic=None if p_cyclic is None else p_cyclic[0],
        cycles=worst_first([cycle for cycle in judged if cycle.origin != "asked"]),
        asked=tuple(cycle for cycle in judged if cycle.origin == "asked"),
        edges=violations_of_edges(result.edges, draws, flows),
        size=result.verdict.size,
        unexplained=share,
        entropy_production=rate,
        no_flows=no_flows,
        distrust=result.distrust,
    )


def _judged(
    result: BalanceTest,
    asked: Sequence[tuple[int, ...]],
    rope: float,
    p_cyclic: tuple[float, float] | None,
) -> tuple[CycleViolation, ...]:
    """Judge the cycles of the basis, the longer loops that explain more, and those asked for."""
    if not result.graph.n_cycles:
        return ()
    draws, metric = result.findings.cyclic, cycle_metric(result.findings)
    basis = [_indices(result, cycle.states) for cycle in result.cycles]
    testable = np.array([edge.testable for edge in result.edges])
    prior = loop_prior(result.graph, testable, basis)
    cycles: list[tuple[tuple[int, ...], Origin]] = [(cycle, "basis") for cycle in basis]
    cycles += [(loop, "loop") for loop in driven_loops(metric, prior, draws, basis)]
    cycles += [(cycle, "asked") for cycle in asked]
    return violations_of_cycles(metric, prior, draws, cycles, rope=rope, p_cyclic=p_cyclic)


def _indices(result: BalanceTest, cycle: Sequence[str]) -> tuple[int, ...]:
    """Return the states of a cycle as indices."""
    if isinstance(cycle, str):
        raise UsageError(
            f"a cycle is a list of labels, not the text {quoted(cycle)}: cycles=[['a', 'b', 'c']]"
        )
    return tuple(result.counts.index(label) for label in cycle)


def _p_cyclic(result: BalanceTest) -> tuple[float, float] | None:
    """Return p(cyclic) at even prior odds and its Monte Carlo error; None where it is not given."""
    balance = result.verdict.p_balance
    if balance is None:
        return None
    return 1.0 - balance, balance * (1.0 - balance) * result.log_bayes_factor.mcse
