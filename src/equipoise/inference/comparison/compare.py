"""Several kernels compared: one potential or many, how far apart, and which obey balance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.balance import BalanceTest, check_rope
from equipoise.inference.balance import test as test_balance
from equipoise.inference.comparison.differences import Difference, differences_of
from equipoise.inference.comparison.evidence import Fits, Hypothesis, ceiling, solve
from equipoise.inference.comparison.kernels import Kernels, kernels_of
from equipoise.inference.comparison.many import ManyBalances, many_balances
from equipoise.inference.comparison.mcmc import check_size, solve_by_mcmc
from equipoise.inference.comparison.models import MOST_PARAMETERS, KernelData, kernel_data
from equipoise.inference.comparison.potentials import (
    Distance,
    Potentials,
    StateSpread,
    distances_of,
    potentials_of,
    spreads_of,
)
from equipoise.inference.comparison.verdict import SharingVerdict, p_differing, sharing_verdict
from equipoise.inference.findings import Progress, Stages
from equipoise.inference.posterior.convergence import Convergence
from equipoise.inference.posterior.sampler import check_sampling
from equipoise.inference.violation import Violation, violation
from equipoise.inference.weighted import weighted_quantiles
from equipoise.likelihoods import FloatArray, Rejected
from equipoise.models import Priors
from equipoise.simulate import RandomSeed
from equipoise.simulate.draws import plain_seed, random_generator

#: Of NUTS, a chain; of importance sampling, at each pair of scales.
DRAWS = 1000
#: A spread of a state's potential between kernels up to this counts as practically nothing, nats.
ROPE_SPREAD = 0.3
_MORE = 4
_FAST = "Laplace and importance sampling"


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """The outcome of :func:`compare`.

    Attributes
    ----------
    kernels
        What was compared.
    tests
        Test of balance of each kernel alone.
    violations
        Where balance breaks in each.
    verdict
        One potential or several.
    hypotheses
        Evidence of one shared potential, of deviations from it, and of separate potentials, each
        given balance and, where that could be computed, its violation.
    deviation, deviation_lower, deviation_upper
        σ_δ, the size of the deviations of a kernel's potential, nats: posterior mean, 95 %
        interval.
    potentials
        Posterior draws of the potentials, given deviations.
    distances
        Of all pairs; empty for more than 40 kernels.
    rho, entropy_production
        Differences of all pairs, nats and nats per trial; of pairs of which both are known.
    spreads
        States in two kernels or more, the least sure to agree first.
    rope
        A spread up to this counts as practically nothing, nats.
    balances
        Balance of each kernel, the share of kernels that obey it being learned.
    added
        Test of the counts of all kernels added up; None where protocols or staying differ.
    notes
        What was left out, and why.
    priors, random_seed
        As asked.
    method
        ``"path"`` (MCMC) or ``"laplace"`` (fast path): of all that is said of several kernels
        together. Each kernel alone, and the counts added up, are tested on the fast path.
    effort
        How it was computed, in words.
    cross_check
        The verdict of the fast path, beside that by MCMC; None on the fast path.
    diagnostics
        Worst R-hat, effective sample size and number of divergences; None without MCMC.
    """

    kernels: Kernels
    tests: tuple[BalanceTest, ...]
    violations: tuple[Violation, ...]
    verdict: SharingVerdict
    hypotheses: tuple[Hypothesis, ...]
    deviation: float
    deviation_lower: float
    deviation_upper: float
    potentials: Potentials
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
            and not any(test.verdict.favours == "non-reversible" for test in self.tests)
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
    progress: Progress | None = None,
) -> Comparison:
    """Compare kernels: have they one potential, and if not, how do they differ.

    On pairwise edges whose curvature is that of multinomial rows (docs/model.md).

    Parameters
    ----------
    counts : mapping of str to TransitionCounts
        Two kernels or more by name: models, prompts, temperatures. They may share some states only.
    fast : bool
        By Laplace and importance sampling instead of MCMC. MCMC compiles two models, which takes up
        to a minute each, and then walks four paths: minutes for a few kernels of ten states, and
        the more the larger they are.
    priors : Priors, optional
        Default: ``Priors()``.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    rope : float
        A spread of a state's potential up to this counts as practically nothing, nats.
    draws : int, optional
        Of each of four chains for a posterior, default 1,000; on the fast path at each pair of
        scales, default 1,000, and twice as many at each σ_c of a kernel alone.
    random_seed : int, Generator or None
        The same seed gives the same result.
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
        more than 3,000 parameters together, 1,000 for MCMC.
    DataError
        If they have nothing in common to compare.
    NotTrustedError
        If a posterior mode cannot be reached at all, or no chain started.
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
    with threadpool_limits(1, user_api="blas"):
        data = kernel_data(kernels)
        if not fast:
            check_size(kernels, data)
        fits, notes = _solved(kernels, data, asked, draws, rng, stages, 0.4 if fast else 0.08)
        top = ceiling(fits, draws=draws, rng=rng)
        verdict, check, found = sharing_verdict(fits, top), None, potentials_of(kernels, fits)
        hypotheses, deviation = fits.hypotheses(), _deviation(fits)
        method, effort, diagnostics = "laplace", _FAST, None
        if not fast:
            chains = solve_by_mcmc(
                kernels, data, asked, draws=many, rng=rng, stages=stages, start=0.1, until=0.85
            )
            check, verdict = verdict, sharing_verdict(chains, top)
            found, hypotheses = chains.potentials(kernels), chains.hypotheses()
            deviation, diagnostics = chains.size(), chains.worst
            method, effort = "path", chains.effort
    tests, violations = _alone(kernels, asked, draws, rng, stages)
    added = _added(kernels, asked, draws, rng)
    stages.next("counts added up", 1.0)(1, 1)
    return Comparison(
        kernels=kernels,
        tests=tests,
        violations=violations,
        verdict=verdict,
        hypotheses=hypotheses,
        deviation=deviation[0],
        deviation_lower=deviation[1],
        deviation_upper=deviation[2],
        potentials=found,
        distances=distances_of(found),
        rho=differences_of(kernels.names, [_rho(test) for test in tests], rng),
        entropy_production=differences_of(kernels.names, [_rate(v) for v in violations], rng),
        spreads=spreads_of(found, p_differing=p_differing(verdict), rope=rope),
        rope=rope,
        balances=many_balances([_known(test) for test in tests]),
        added=added,
        notes=notes,
        priors=asked,
        random_seed=seed,
        method=method,
        effort=effort,
        cross_check=check,
        diagnostics=diagnostics,
    )


def _solved(
    kernels: Kernels,
    data: tuple[KernelData, ...],
    priors: Priors,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
    until: float,
) -> tuple[Fits, tuple[str, ...]]:
    """Weigh all hypotheses; once more with more draws where importance sampling failed."""
    size = sum(len(one.place) + one.cycles.shape[1] for one in data) + len(kernels.states)
    notes: tuple[str, ...] = ()
    if size > MOST_PARAMETERS:
        notes = (
            f"With cycles these kernels have {size:,} parameters together, more than the "
            f"{MOST_PARAMETERS:,} that dense linear algebra can take: potentials are compared "
            "given balance only.",
        )

    def run(many: int, name: str, until: float) -> Fits:
        return solve(
            kernels,
            data,
            priors,
            cycles=not notes,
            draws=many,
            rng=rng,
            progress=stages.next(name, until),
        )

    fits = run(draws, "potentials", until)
    if any(h.distrust for h in fits.hypotheses()):
        fits = run(_MORE * draws, "more draws", 1.25 * until)
    return fits, notes


def _alone(
    kernels: Kernels, priors: Priors, draws: int, rng: np.random.Generator, stages: Stages
) -> tuple[tuple[BalanceTest, ...], tuple[Violation, ...]]:
    tests, violations = [], []
    done = stages.next("each kernel alone", 0.95)
    for k, counts in enumerate(kernels.counts):
        seed = int(rng.integers(2**31))
        test = test_balance(
            counts,
            fast=True,
            priors=priors,
            rejected=kernels.rejected,
            draws=2 * draws,
            random_seed=seed,
        )
        tests.append(test)
        violations.append(violation(test, random_seed=seed))
        done(k + 1, len(kernels.names))
    return tuple(tests), tuple(violations)


def _added(
    kernels: Kernels, priors: Priors, draws: int, rng: np.random.Generator
) -> BalanceTest | None:
    """Test the counts of all kernels added up, as someone would who pools first."""
    first = kernels.counts[0]
    if any(c.stay != first.stay or c.protocol != first.protocol for c in kernels.counts):
        return None
    n = len(kernels.states)
    total, other = csr_array((n, n), dtype=np.int64), np.zeros(n, dtype=np.int64)
    for counts, place in zip(kernels.counts, kernels.places, strict=True):
        table = counts.counts.tocoo()
        total = total + csr_array((table.data, (place[table.row], place[table.col])), shape=(n, n))
        np.add.at(other, place, counts.other)
    pooled = TransitionCounts.from_matrix(
        total.toarray(), states=list(kernels.states), other=other, stay=first.stay
    )
    seed = int(rng.integers(2**31))
    try:
        return test_balance(
            pooled,
            fast=True,
            priors=priors,
            rejected=kernels.rejected,
            draws=2 * draws,
            random_seed=seed,
        )
    except (NotTrustedError, UsageError):
        return None


def _deviation(fits: Fits) -> tuple[float, float, float]:
    """Return mean and 95 % interval of σ_δ, averaged over σ_c, balance among its values."""
    parts = [(part.posterior(), share) for part, share in fits.mixture()]
    grid = np.concatenate([post.grid for post, _ in parts])
    mass = np.concatenate([share * post.mass for post, share in parts])
    (lower,), (upper,) = weighted_quantiles(grid[:, None], mass / mass.sum(), (0.025, 0.975))
    mean = sum(share * post.mean for post, share in parts) / sum(share for _, share in parts)
    return float(mean), float(lower), float(upper)


def _known(test: BalanceTest) -> float | None:
    testable = test.graph.n_testable_cycles > 0 and test.log_bayes_factor.distrust is None
    return test.log_bayes_factor.log_value if testable else None


def _rho(test: BalanceTest) -> tuple[FloatArray, FloatArray] | None:
    if not test.graph.n_testable_cycles or not test.converged:
        return None
    return test.findings.cyclic.violation, test.findings.cyclic.weights


def _rate(found: Violation) -> tuple[FloatArray, FloatArray] | None:
    rate = found.entropy_production
    return None if rate is None or found.distrust else (rate.rate, rate.weights)
