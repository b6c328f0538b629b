"""What ``test`` and ``report`` share: a test made or loaded, and what stands beside it."""

from dataclasses import dataclass
from math import isfinite

from equipoise.cli import console, options
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph, cycle_vector, support_graph
from equipoise.inference.archive import load as load_run
from equipoise.inference.balance import BalanceTest
from equipoise.inference.balance import test as test_balance
from equipoise.inference.diagnosis import Diagnosis, diagnose
from equipoise.inference.posterior.backends import BackendName
from equipoise.inference.problem import LikelihoodName
from equipoise.inference.sampling_checks.drift import check_block_order
from equipoise.inference.verdict import ROPE
from equipoise.likelihoods import Rejected, trials_of
from equipoise.models import Priors
from equipoise.parallel import Workers
from equipoise.report.caveats import caveats, warnings


@dataclass(frozen=True, eq=False)
class Beside:
    """What is asked for beside the verdict, as typed.

    Attributes
    ----------
    cycle
        Cycles to judge.
    block_order
        Order of the blocks; None: that of their names.
    rope_affinity
        Affinities up to this size count as practically nothing, nats.
    """

    cycle: list[str] | None
    block_order: str | None
    rope_affinity: float

    def read(self, counts: TransitionCounts, graph: SupportGraph, rejected: Rejected) -> "_Read":
        """Return it in labels, with everything checked, so that no long work is done in vain.

        Raises
        ------
        UsageError, DataError
            If something asked for is no cycle of the support, no order of the blocks, or no size.
        """
        if not (isfinite(self.rope_affinity) and self.rope_affinity > 0):
            raise UsageError(
                f"--rope-affinity must be a positive number of nats, not {self.rope_affinity!r}"
            )
        cycles = [options.cycle_of(text, counts.states) for text in self.cycle or ()]
        for labels in cycles:
            cycle_vector(graph, [counts.index(label) for label in labels])
        order = None
        if self.block_order is not None:
            blocks = () if counts.blocks is None else counts.blocks.labels
            order = options.labels_of(self.block_order, blocks, "--block-order")
            check_block_order(counts, order, rejected=rejected)
        return _Read(cycles, order)


@dataclass(frozen=True, eq=False)
class _Read:
    cycles: list[list[str]]
    block_order: list[str] | None


@dataclass(frozen=True, eq=False)
class Tested:
    """A test, and what is asked for beside it."""

    result: BalanceTest
    _read: _Read
    _rope_affinity: float

    def diagnosed(self, *, simpler: bool, workers: Workers) -> Diagnosis:
        """Compute what stands beside the verdict, the baselines too if asked for."""
        return diagnose(
            self.result,
            cycles=self._read.cycles,
            block_order=self._read.block_order,
            rope_affinity=self._rope_affinity,
            simpler=simpler,
            workers=workers,
        )


def tested(
    counts: TransitionCounts,
    beside: Beside,
    *,
    fast: bool,
    priors: Priors,
    likelihood: LikelihoodName,
    rejected: Rejected,
    reference: list[str] | None,
    rope: float | None,
    draws: int | None,
    seed: int,
    backend: BackendName,
    quiet: bool,
) -> Tested:
    """Test counts, under a progress bar, once all that is asked for beside has been checked.

    Parameters
    ----------
    counts
        The data.
    beside
        What is asked for beside the verdict.
    fast, priors, likelihood, rejected, reference, rope, draws, seed, backend
        As of :func:`equipoise.test`; a rope of None is the default.
    quiet
        Without the progress bar.

    Raises
    ------
    EquipoiseError
        As :func:`equipoise.test` and :meth:`Beside.read`.
    """
    read = beside.read(counts, support_graph(counts, trials_of(counts, rejected)), rejected)
    with console.ProgressBar(shown=not quiet) as progress:
        result = test_balance(
            counts,
            fast=fast,
            priors=priors,
            likelihood=likelihood,
            rejected=rejected,
            reference=reference or None,
            rope=ROPE if rope is None else rope,
            draws=draws,
            random_seed=seed,
            backend=backend,
            progress=progress,
        )
    return Tested(result, read, beside.rope_affinity)


def loaded(path: str, beside: Beside, *, reference: list[str] | None, rope: float | None) -> Tested:
    """Load a run that was kept, and check what is asked for beside it.

    Raises
    ------
    EquipoiseError
        As :func:`equipoise.load` and :meth:`Beside.read`.
    """
    result = load_run(path, rope=rope, reference=reference or None)
    read = beside.read(result.counts, result.graph, result.rejected)
    return Tested(result, read, beside.rope_affinity)


def short_text(found: Diagnosis) -> str:
    """Return the verdict, and on lines around it what must be known of the data it rests on."""
    return "\n".join([*warnings(found), found.result.verdict.text, *caveats(found)])
