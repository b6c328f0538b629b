"""From a finished test to where balance breaks and by how much."""

from collections.abc import Sequence

import numpy as np

from equipoise.errors import UsageError
from equipoise.inference.balance import BalanceTest, check_rope
from equipoise.inference.posterior.derived import flows_of
from equipoise.inference.violation.cycles import violations_of_cycles, worst_first
from equipoise.inference.violation.edges import violations_of_edges
from equipoise.inference.violation.entropy_production import entropy_production_of
from equipoise.inference.violation.estimate import estimates_of
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
    favours balance.

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
    Math. Program. 127, 203 (the share no potential explains).
    """
    check_rope(rope_affinity)
    asked = [_indices(result, cycle) for cycle in cycles]
    graph, draws = result.graph, result.findings.cyclic
    basis = [_indices(result, cycle.states) for cycle in result.cycles]
    p_cyclic = _p_cyclic(result)
    judged = violations_of_cycles(
        graph, draws, [*basis, *asked], rope=rope_affinity, p_cyclic=p_cyclic
    )
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
        cycles=worst_first(judged[: len(basis)]),
        asked=judged[len(basis) :],
        edges=violations_of_edges(result.edges, draws, flows),
        size=result.verdict.size,
        unexplained=share,
        entropy_production=rate,
        no_flows=no_flows,
        distrust=result.distrust,
    )


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
