"""Balance of one kernel of a comparison, tested by itself."""

from dataclasses import dataclass

from equipoise.graph import SupportGraph
from equipoise.inference.balance import BalanceTest
from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.comparison.one_by_one.alone import OneAlone
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.verdict import Verdict, decide
from equipoise.inference.violation import Violation
from equipoise.inference.violation.entropy_production import EntropyProduction


@dataclass(frozen=True, eq=False)
class OwnBalance:
    """What one kernel's counts say about its own balance.

    Attributes
    ----------
    graph
        Support graph.
    n_trials
        Trials.
    log_bayes_factor
        Positive for balance, nats.
    verdict
        In words, with the size ρ of the violation.
    distrust
        Why the numbers must not be reported, in words; None where they may be.
    entropy_production
        None without a testable cycle, where it must not be reported, and of many kernels.
    """

    graph: SupportGraph
    n_trials: int
    log_bayes_factor: BayesFactor
    verdict: Verdict
    distrust: str | None
    entropy_production: EntropyProduction | None

    @property
    def converged(self) -> bool:
        """Whether the numbers may be reported."""
        return self.distrust is None

    @property
    def testable(self) -> bool:
        """Whether the graph has a testable cycle and the numbers may be reported."""
        return self.graph.n_testable_cycles > 0 and self.converged


def own_balance(test: BalanceTest, found: Violation) -> OwnBalance:
    """Take a kernel's whole test down to what a comparison says of it."""
    return OwnBalance(
        graph=test.graph,
        n_trials=test.counts.n_trials,
        log_bayes_factor=test.log_bayes_factor,
        verdict=test.verdict,
        distrust=test.distrust,
        entropy_production=None if found.distrust else found.entropy_production,
    )


def own_of_many(kernels: Kernels, alone: tuple[OneAlone, ...]) -> tuple[OwnBalance, ...]:
    """Decide on each of many kernels by the rules of a test."""
    found = []
    for graph, counts, one in zip(kernels.graphs, kernels.counts, alone, strict=True):
        factor = one.log_bayes_factor
        distrust = next((f.distrust for f in one.factors if f.distrust), None)
        verdict = decide(
            graph,
            factor,
            one.factors,
            ceiling=None,
            information_nats=float("nan"),
            size=one.size,
            distrust=distrust,
        )
        found.append(OwnBalance(graph, counts.n_trials, factor, verdict, distrust, None))
    return tuple(found)
