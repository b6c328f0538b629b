"""What stands beside a verdict: where balance breaks, the checks of the sampling, baselines."""

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.balance import BalanceTest
from equipoise.inference.baselines import Baselines, baselines
from equipoise.inference.sampling_checks import (
    RepeatedVerdict,
    SamplingChecks,
    check_sampling,
    repeat_verdict,
)
from equipoise.inference.violation import ROPE_AFFINITY, Violation, violation
from equipoise.likelihoods import PairwiseEdges
from equipoise.parallel import HERE, Workers, check_workers
from equipoise.simulate import RandomSeed

# Tables of the parametric bootstrap: fewer than of eq.baselines, which at 300 states take a minute.
_REPLICATES = 199


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """What stands beside a verdict.

    Attributes
    ----------
    result : BalanceTest
        The test it belongs to.
    violation : Violation
        Where balance breaks and by how much.
    sampling : SamplingChecks
        Checks of how the counts were drawn.
    repeated : RepeatedVerdict or None
        The verdict with counts divided by their design effect, where draws of one block resemble
        each other; else None.
    baselines : Baselines or None
        What simpler methods say; None where they were not asked for or a fit was not reached.
    no_repeat, no_baselines : str or None
        Why ``repeated`` or ``baselines`` could not be computed, in words; else None.
    """

    result: BalanceTest
    violation: Violation
    sampling: SamplingChecks
    repeated: RepeatedVerdict | None
    baselines: Baselines | None
    no_repeat: str | None
    no_baselines: str | None

    def __repr__(self) -> str:
        suspect = ", ".join(check.name for check in self.sampling.suspect)
        return f"Diagnosis({self.violation!r}, suspect: {suspect or 'nothing'})"


def diagnose(
    result: BalanceTest,
    *,
    cycles: Sequence[Sequence[str]] = (),
    rope_affinity: float = ROPE_AFFINITY,
    block_order: Sequence[str] | None = None,
    simpler: bool = False,
    random_seed: RandomSeed = None,
    workers: Workers = HERE,
) -> Diagnosis:
    """Compute what a report shows beside the verdict of a finished test.

    Parameters
    ----------
    result : BalanceTest
        From :func:`equipoise.test`.
    cycles : sequence of sequence of str
        Cycles to look at beside those of the basis, as of :func:`equipoise.violation`.
    rope_affinity : float
        ``|A|`` up to this counts as practically nothing, nats.
    block_order : sequence of str, optional
        As of :func:`equipoise.check_sampling`.
    simpler : bool
        Compute the baselines too, which takes long for hundreds of states.
    random_seed : int, Generator or None
        The same seed gives the same result; default: that of the test, else 0.
    workers : Workers
        As of :func:`equipoise.baselines`.

    Returns
    -------
    Diagnosis

    Raises
    ------
    UsageError, DataError
        If an argument is out of its range, something asked for is no cycle of the support, or the
        workers cannot be had.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    """
    check_workers(workers)
    if not isinstance(result, BalanceTest):
        raise UsageError(
            f"diagnose takes the result of equipoise.test, not {type(result).__name__}: "
            "diagnose(test(counts))"
        )
    own = 0 if result.random_seed is None else result.random_seed
    seed = own if random_seed is None else random_seed
    counts, rejected = result.counts, result.rejected
    rows = result.findings.problem.likelihood
    sampling = check_sampling(counts, block_order=block_order, rejected=rejected, random_seed=seed)
    repeated = found = no_repeat = None
    no_baselines: str | None = "they were not asked for"
    if sampling.overdispersion.status == "suspect" and sampling.dispersion is not None:
        try:
            repeated = repeat_verdict(
                counts,
                sampling.dispersion.design_effect,
                priors=result.priors,
                likelihood="pairwise" if isinstance(rows, PairwiseEdges) else "multinomial",
                rejected=rejected,
                rope=result.rope,
                random_seed=seed,
            )
        except NotTrustedError as error:
            no_repeat = f"The verdict was not repeated on counts divided by it: {error}"
    if simpler:
        try:
            found = baselines(
                counts,
                rejected=rejected,
                replicates=_REPLICATES,
                random_seed=seed,
                workers=workers,
            )
            no_baselines = None
        except NotTrustedError as error:
            no_baselines = str(error)
    return Diagnosis(
        result=result,
        violation=violation(result, rope_affinity=rope_affinity, cycles=cycles, random_seed=seed),
        sampling=sampling,
        repeated=repeated,
        baselines=found,
        no_repeat=no_repeat,
        no_baselines=no_baselines,
    )
