"""Several kernels compared: one potential or many, how far apart, and which obey balance."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.balance import BalanceTest, check_rope
from equipoise.inference.balance import test as test_balance
from equipoise.inference.comparison.added import added_up
from equipoise.inference.comparison.differences import Difference, differences_of
from equipoise.inference.comparison.hypotheses import Hypothesis
from equipoise.inference.comparison.kernels import Kernels, kernels_of
from equipoise.inference.comparison.many import ManyBalances, many_balances
from equipoise.inference.comparison.mcmc.evidence import check_size
from equipoise.inference.comparison.models import kernel_data
from equipoise.inference.comparison.one_by_one import are_many
from equipoise.inference.comparison.own import OwnBalance, own_balance, own_of_many
from equipoise.inference.comparison.potentials import (
    Distance,
    KernelDeviation,
    Potentials,
    StateSpread,
    deviations_of,
    distances_of,
    spreads_of,
)
from equipoise.inference.comparison.together import (
    by_mcmc,
    on_the_fast_path,
    one_kernel_after_another,
)
from equipoise.inference.comparison.verdict import SharingVerdict, p_differing
from equipoise.inference.findings import Progress, Stages
from equipoise.inference.posterior.convergence import Convergence
from equipoise.inference.posterior.sampler import check_sampling
from equipoise.inference.violation import Violation, violation
from equipoise.likelihoods import FloatArray, Rejected
from equipoise.models import Priors
from equipoise.parallel import HERE, RunTasks, Workers, hired
from equipoise.simulate import RandomSeed
from equipoise.simulate.draws import plain_seed, random_generator

#: A fourth of those of a posterior by MCMC; of importance sampling, at each pair of scales.
DRAWS = 1000
#: A spread of a state's potential between kernels up to this counts as practically nothing, nats.
ROPE_SPREAD = 0.3


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """The outcome of :func:`compare`.

    Attributes
    ----------
    kernels : Kernels
        What was compared.
    own : tuple of OwnBalance
        Balance of each kernel alone.
    tests : tuple of BalanceTest
        The whole test of balance of each; empty for many kernels (from 1,000 parameters together).
    violations : tuple of Violation
        Where balance breaks in each; empty for many kernels.
    verdict : SharingVerdict
        One potential or several.
    hypotheses : tuple of Hypothesis
        Evidence of one shared potential, of deviations from it, and of separate potentials, each
        given balance and, where that could be computed, its violation.
    deviation, deviation_lower, deviation_upper : float
        σ_δ, the size of the deviations of a kernel's potential, nats: posterior mean, 95 %
        interval.
    potentials : Potentials
        Posterior draws of the potentials, given deviations.
    deviations : tuple of KernelDeviation
        Of each kernel from the shared potential, given deviations.
    distances : tuple of Distance
        Of all pairs; empty for more than 40 kernels.
    rho, entropy_production : tuple of Difference
        Differences of all pairs, nats and nats per trial; of pairs of which both are known.
    spreads : tuple of StateSpread
        States in two kernels or more, the least sure to agree first.
    rope : float
        A spread up to this counts as practically nothing, nats.
    balances : ManyBalances
        Balance of each kernel, the share of kernels that obey it being learned.
    added : BalanceTest or None
        Test of the counts of all kernels added up; None where protocols or staying differ.
    notes : tuple of str
        What was left out, and why.
    priors, random_seed : Priors and int or None
        As asked.
    method : str
        ``"path"`` (MCMC) or ``"laplace"`` (fast path): of all that is said of several kernels
        together. Each kernel alone, and the counts added up, are tested on the fast path.
    effort : str
        How it was computed, in words.
    cross_check : SharingVerdict or None
        The verdict of the fast path, beside that by MCMC; None on the fast path.
    diagnostics : Convergence or None
        Worst R-hat, effective sample size and number of divergences; None without MCMC.
    """

    kernels: Kernels
    own: tuple[OwnBalance, ...]
    tests: tuple[BalanceTest, ...]
    violations: tuple[Violation, ...]
    verdict: SharingVerdict
    hypotheses: tuple[Hypothesis, ...]
    deviation: float
    deviation_lower: float
    deviation_upper: float
    potentials: Potentials
    deviations: tuple[KernelDeviation, ...]
    distances: tuple[Distance, ...]
    rho: tuple[Difference, ...]
    entropy_production: tuple[Difference, ...]
    spreads: tuple[StateSpread, ...]
    rope: float
    balances: ManyBalances
    added: BalanceTest | None
    notes: tuple[str, ...]
    priors: Priors
    random_seed: int | None
    method: str
    effort: str
    cross_check: SharingVerdict | None
    diagnostics: Convergence | None

    def __repr__(self) -> str:
        factor = self.verdict
        return (
            f"Comparison({self.kernels!r}, {factor.favours}, log BF {factor.log_bayes_factor:.2f} "
            f"± {factor.mcse:.2f} nats)"
        )

    @property
    def converged(self) -> bool:
        """Whether the comparison may be reported."""
        return self.verdict.distrust is None

    @property
    def exit_status(self) -> int:
        """0 for a result to be trusted (undecided is a result), 3 otherwise."""
        return 0 if self.converged else 3

    @property
    def adding_breaks_balance(self) -> bool:
        """Whether no kernel was found non-reversible, and their counts added up were."""
        return (
            self.added is not None
            and self.added.verdict.trusted
            and self.added.verdict.favours == "non-reversible"
            and not any(one.verdict.favours == "non-reversible" for one in self.own)
        )


def compare(
    counts: Mapping[str, TransitionCounts],
    *,
    fast: bool = False,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    rope: float = ROPE_SPREAD,
    draws: int | None = None,
    random_seed: RandomSeed = None,
    workers: Workers = HERE,
    progress: Progress | None = None,
) -> Comparison:
    """Compare kernels: have they one potential, and if not, how do they differ.

    On pairwise edges whose curvature is that of multinomial rows (docs/model.md).

    Parameters
    ----------
    counts : mapping of str to TransitionCounts
        Two kernels or more by name: models, prompts, temperatures. They may share some states only.
    fast : bool
        By Laplace and importance sampling instead of MCMC.
    priors : Priors, optional
        Default: ``Priors()``.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    rope : float
        A spread of a state's potential up to this counts as practically nothing, nats.
    draws : int, optional
        Of each posterior four times as many, default 1,000; on the fast path at each pair of
        scales, default 1,000, and twice as many at each σ_c of a kernel alone.
    random_seed : int, Generator or None
        The same seed gives the same result.
    workers : Workers
        Where each kernel is weighed alone and, of very many kernels, curves of the evidence are
        computed; it changes nothing but the time. Chains of MCMC are run here.
    progress : callable, optional
        Called with (what is being done, fraction done).

    Returns
    -------
    Comparison
        With ``converged`` false, rather than an exception, where it cannot be trusted.

    Raises
    ------
    UsageError
        If there are fewer than two kernels, an argument is out of its range, or the kernels have
        more than 1,000 parameters together for MCMC, or more than 3,000 on the fast path and one of
        them, or the states of all, more than 300; if the workers cannot be had.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    DataError
        If they have nothing in common to compare.
    NotTrustedError
        If a posterior mode cannot be reached at all, rounding spoils the curvature, or a worker
        died.
    """
    kernels = kernels_of(counts, rejected=rejected)
    check_rope(rope)
    many = DRAWS if draws is None else draws
    if many < 100:
        raise UsageError(f"draws must be at least 100, not {draws!r}")
    if not fast:
        check_sampling(draws=many, tune=1, chains=4)
    draws = many if fast else DRAWS
    seed = plain_seed(random_seed)
    rng = random_generator(random_seed)
    asked = priors or Priors()
    stages = Stages(progress)
    tests: tuple[BalanceTest, ...] = ()
    violations: tuple[Violation, ...] = ()
    with hired(workers) as run, threadpool_limits(1, user_api="blas"):
        data = kernel_data(kernels)
        if fast and are_many(data):
            found, fits = one_kernel_after_another(
                kernels, data, asked, draws=draws, rng=rng, stages=stages, until=0.95, run=run
            )
            own = own_of_many(kernels, fits.alone.each)
        else:
            if not fast:
                check_size(kernels, data)
            found = on_the_fast_path(
                kernels,
                data,
                asked,
                draws=draws,
                rng=rng,
                stages=stages,
                until=0.4 if fast else 0.2,
                again=fast,
            )
            if not fast:
                found = by_mcmc(
                    kernels,
                    data,
                    asked,
                    found,
                    draws=many,
                    rng=rng,
                    stages=stages,
                    start=0.25,
                    until=0.85,
                )
            tests, violations = _alone(kernels, asked, draws, rng, stages, run)
            own = tuple(own_balance(t, v) for t, v in zip(tests, violations, strict=True))
    added = added_up(kernels, asked, draws, rng)
    stages.next("counts added up", 1.0)(1, 1)
    mean, lower, upper = found.deviation
    return Comparison(
        kernels=kernels,
        own=own,
        tests=tests,
        violations=violations,
        verdict=found.verdict,
        hypotheses=found.hypotheses,
        deviation=mean,
        deviation_lower=lower,
        deviation_upper=upper,
        potentials=found.potentials,
        deviations=deviations_of(found.potentials),
        distances=distances_of(found.potentials),
        rho=differences_of(kernels.names, [_rho(test) for test in tests], rng),
        entropy_production=differences_of(kernels.names, [_rate(v) for v in violations], rng),
        spreads=spreads_of(found.potentials, p_differing=p_differing(found.verdict), rope=rope),
        rope=rope,
        balances=many_balances([_known(one) for one in own]),
        added=added,
        notes=found.notes,
        priors=asked,
        random_seed=seed,
        method=found.method,
        effort=found.effort,
        cross_check=found.cross_check,
        diagnostics=found.diagnostics,
    )


def _alone(
    kernels: Kernels,
    priors: Priors,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
    run: RunTasks,
) -> tuple[tuple[BalanceTest, ...], tuple[Violation, ...]]:
    tasks = [(counts, int(rng.integers(2**31))) for counts in kernels.counts]
    done = stages.next("each kernel alone", 0.95)
    found: dict[int, tuple[BalanceTest, Violation]] = {}
    for number, one in run(partial(_one_alone, priors, kernels.rejected, draws), tasks):
        found[number] = one
        done(len(found), len(tasks))
    tests, violations = zip(*(found[number] for number in range(len(tasks))), strict=True)
    return tests, violations


def _one_alone(
    priors: Priors, rejected: Rejected, draws: int, task: tuple[TransitionCounts, int]
) -> tuple[BalanceTest, Violation]:
    counts, seed = task
    test = test_balance(
        counts, fast=True, priors=priors, rejected=rejected, draws=2 * draws, random_seed=seed
    )
    return test, violation(test, random_seed=seed)


def _known(one: OwnBalance) -> float | None:
    known = one.graph.n_testable_cycles > 0 and one.log_bayes_factor.distrust is None
    return one.log_bayes_factor.log_value if known else None


def _rho(test: BalanceTest) -> tuple[FloatArray, FloatArray] | None:
    if not test.graph.n_testable_cycles or not test.converged:
        return None
    return test.findings.cyclic.violation, test.findings.cyclic.weights


def _rate(found: Violation) -> tuple[FloatArray, FloatArray] | None:
    rate = found.entropy_production
    return None if rate is None or found.distrust else (rate.rate, rate.weights)
