"""One question put to several methods, and whether their answers agree."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Literal, get_args

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.evidence.bridge import bridge
from equipoise.inference.evidence.cycle_scale import CycleScaleCurve
from equipoise.inference.evidence.laplace import solve
from equipoise.inference.evidence.path import walk_path
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.evidence.savage_dickey import savage_dickey
from equipoise.inference.evidence.smc import smc
from equipoise.inference.posterior.choose import sampler_for
from equipoise.inference.posterior.sampler import Sampler
from equipoise.inference.problem import LikelihoodName, Problem, problem_of
from equipoise.likelihoods import Rejected
from equipoise.models import Priors
from equipoise.models.rows import lay_out
from equipoise.simulate import RandomSeed
from equipoise.simulate.draws import plain_seed
from equipoise.text import quoted

Method = Literal["path", "laplace", "bridge", "savage_dickey", "smc"]
METHODS: tuple[Method, ...] = get_args(Method)
#: Those that take seconds once a model is compiled; smc takes minutes.
QUICK: tuple[Method, ...] = METHODS[:-1]
#: Methods within so many combined Monte Carlo errors of each other agree.
AGREEING_ERRORS = 3.0
_SEEDS = 2**31


@dataclass(frozen=True)
class Answer:
    """What one method says.

    Attributes
    ----------
    method
        Its name: a file or folder of this package.
    held_cycle_scale
        σ_c where the method holds it fixed; None: ``σ_c ~ HalfNormal(τ)``.
    factor
        Its log Bayes factor; None where it failed.
    reference
        That of the first method, path or laplace, to the same question; None where that failed.
    failure
        Why the answer must not be reported, in words; None where it may be.
    seconds
        How long it took, compiling of a model included.
    """

    method: Method
    held_cycle_scale: float | None
    factor: BayesFactor | None
    reference: BayesFactor | None
    failure: str | None
    seconds: float

    @property
    def difference(self) -> float | None:
        """Its log Bayes factor less the reference's, nats; None where either is missing."""
        if self.factor is None or self.reference is None:
            return None
        return self.factor.log_value - self.reference.log_value

    @property
    def combined_error(self) -> float | None:
        """Monte Carlo error of the difference, nats; None where there is none."""
        if self.factor is None or self.reference is None:
            return None
        return hypot(self.factor.mcse, self.reference.mcse)

    @property
    def agrees(self) -> bool | None:
        """Whether it is within three combined errors; None where there is nothing to compare.

        That is the reference itself, and where it or this answer is withheld.
        """
        reference = self.reference
        if self.factor is reference or self.failure is not None:
            return None
        if reference is None or reference.distrust is not None:
            return None
        if self.difference is None or self.combined_error is None:
            return None
        return abs(self.difference) <= AGREEING_ERRORS * self.combined_error


@dataclass(frozen=True, eq=False, repr=False)
class CrossCheck:
    """The answers of several methods to one question.

    Attributes
    ----------
    problem
        What was asked.
    answers
        In the order the methods were named; the first is the reference.
    rejected
        What trials that ended in no state counted as.
    random_seed
        The seed; None for none, and for a generator's unknown state.
    """

    problem: Problem
    answers: tuple[Answer, ...]
    rejected: Rejected
    random_seed: int | None

    def __repr__(self) -> str:
        said = {None: "nothing to compare", True: "agree", False: "do not agree"}[self.agree]
        given = (
            f"{answer.method} {answer.factor.log_value:+.2f} ± {answer.factor.mcse:.2f}"
            if answer.failure is None and answer.factor is not None
            else f"{answer.method} withheld"
            for answer in self.answers
        )
        return f"CrossCheck({', '.join(given)}: {said})"

    @property
    def agree(self) -> bool | None:
        """Whether every other method answered and agrees with the reference.

        None where there is nothing to compare: one method alone, or the reference withheld.
        """
        first, *others = self.answers
        if not others or first.failure is not None:
            return None
        return all(answer.agrees for answer in others)

    @property
    def exit_status(self) -> int:
        """0 where every method answered and none disagrees, 3 otherwise."""
        failed = any(answer.failure is not None for answer in self.answers)
        return 3 if failed or self.agree is False else 0


def cross_check(
    counts: TransitionCounts,
    methods: Sequence[Method] = QUICK,
    *,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
    random_seed: RandomSeed = None,
    progress: Callable[[str, float], None] | None = None,
) -> CrossCheck:
    """Compute the log Bayes factor of balance by several methods, and compare.

    ``path``, ``laplace``, ``savage_dickey`` and ``smc`` answer with σ_c learned; ``bridge`` at
    σ_c = τ fixed, and is compared with the curve of the reference there.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    methods : sequence of {"path", "laplace", "bridge", "savage_dickey", "smc"}
        The first, ``path`` or ``laplace``, is the reference. Default: all but ``smc``, which
        takes minutes and errs unnoticed beyond some twenty parameters.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    likelihood : {"auto", "multinomial", "pairwise"}
        "auto" takes multinomial rows up to 400 parameters, pairwise edges beyond.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    random_seed : int, Generator or None
        The same seed gives the same result.
    progress : callable, optional
        Called with (method, fraction of the methods done).

    Returns
    -------
    CrossCheck
        An answer of each method, in nats, and whether they agree; one that failed says why.

    Raises
    ------
    DataError
        If no edge has counts to model.
    UsageError
        If a method is unknown or named twice, the first has no curve to compare with, or the
        support has no cycle, so that there is nothing to compute.
    """
    _check(methods)
    problem = problem_of(counts, priors=priors, likelihood=likelihood, rejected=rejected)
    if not problem.predictor.basis.shape[1]:
        raise UsageError(
            "no cycle is compared, so that both hypotheses are one and log BF is 0 by definition; "
            "there is nothing for methods to agree on"
        )
    seed = plain_seed(random_seed)
    rng = np.random.default_rng(seed if seed is not None else random_seed)
    report = progress or (lambda *_: None)
    report(methods[0], 0.0)
    start = time.perf_counter()
    first, curve, failed = _reference(problem, methods[0], int(rng.integers(_SEEDS)))
    seconds = time.perf_counter() - start
    answers = [Answer(methods[0], None, first, first, failed, seconds)]
    for k, method in enumerate(methods[1:], start=1):
        report(method, k / len(methods))
        start = time.perf_counter()
        found, failure = _answer(problem, method, int(rng.integers(_SEEDS)))
        fixed = problem.priors.cycle_scale if method == "bridge" else None
        answers.append(
            Answer(
                method=method,
                held_cycle_scale=fixed,
                factor=found,
                reference=first if fixed is None or curve is None else _at(curve, fixed, failed),
                failure=failure or (found.distrust if found is not None else None),
                seconds=time.perf_counter() - start,
            )
        )
    report("done", 1.0)
    return CrossCheck(problem, tuple(answers), rejected, seed)


def _check(methods: Sequence[Method]) -> None:
    if isinstance(methods, str):
        raise UsageError(
            f"methods must be a sequence of names, not the text {quoted(methods)}; write "
            f"[{methods!r}]"
        )
    unknown = [method for method in methods if method not in METHODS]
    if unknown or not methods:
        raise UsageError(f"methods must be among {', '.join(METHODS)}, not {list(methods)!r}")
    if len(set(methods)) < len(methods):
        raise UsageError(f"a method is named twice: {', '.join(methods)}; name each once")
    if methods[0] not in ("path", "laplace"):
        raise UsageError(
            f"the first method is the reference and must be path or laplace, not {methods[0]}: "
            "only these give the evidence at every σ_c"
        )


def _reference(
    problem: Problem, method: Method, seed: int
) -> tuple[BayesFactor | None, CycleScaleCurve | None, str | None]:
    """Return the reference's log Bayes factor, its curve against σ_c, and why it is withheld."""
    try:
        if method == "laplace":
            fit = solve(problem, random_seed=seed)
            factor, curve = fit.log_bayes_factor(), fit.smooth_curve
        else:
            walked = walk_path(sampler_for(problem), random_seed=seed)
            factor, curve = walked.log_bayes_factor(), walked.curve
    except NotTrustedError as error:
        return None, None, str(error)
    return factor, curve, factor.distrust


def _at(curve: CycleScaleCurve, cycle_scale: float, doubt: str | None) -> BayesFactor:
    """Return the reference at one σ_c, withheld where the reference is."""
    value, error = curve.log_bayes_factor_at(np.array([cycle_scale]))
    return BayesFactor(
        float(value[0]),
        float(error[0]),
        curve.method,
        cycle_scale,
        doubt=doubt or curve.doubt,
        backend=curve.backend,
    )


def _answer(problem: Problem, method: Method, seed: int) -> tuple[BayesFactor | None, str | None]:
    """Return a method's log Bayes factor, or why there is none."""
    ask = {
        "path": lambda: walk_path(sampler_for(problem), random_seed=seed).log_bayes_factor(),
        "laplace": lambda: solve(problem, random_seed=seed).log_bayes_factor(),
        "bridge": lambda: _bridge(sampler_for(problem), seed),
        "savage_dickey": lambda: _savage_dickey(sampler_for(problem), seed),
        "smc": lambda: _smc(problem, seed),
    }
    try:
        return ask[method](), None
    except NotTrustedError as error:
        return None, str(error)


def _bridge(sampler: Sampler, seed: int) -> BayesFactor:
    """Bridge both hypotheses at σ_c = τ."""
    problem, tau = sampler.problem, sampler.problem.priors.cycle_scale
    balance = sampler.draw(cycle_sd=0.0, random_seed=seed).theta(problem, cyclic=False)
    rival = sampler.draw(cycle_sd=tau, random_seed=seed + 1).theta(problem)
    by = sampler.backend
    return bridge(problem.reversible(), balance, random_seed=seed, backend=by) - bridge(
        problem.cyclic().at_cycle_scale(tau), rival, random_seed=seed + 1, backend=by
    )


def _savage_dickey(sampler: Sampler, seed: int) -> BayesFactor:
    found = sampler.draw(random_seed=seed)
    return savage_dickey(
        sampler.problem,
        V=found.V,
        s=found.s,
        z=found.z,
        scales=found.scales,
        backend=sampler.backend,
    )


def _smc(problem: Problem, seed: int) -> BayesFactor:
    from equipoise.models.cyclic import state_cyclic
    from equipoise.models.reversible import state_reversible

    table = lay_out(problem.graph, problem.likelihood, problem.predictor.basis)
    balance = smc(state_reversible(table, problem.priors), random_seed=seed)
    return balance - smc(state_cyclic(table, problem.priors), random_seed=seed + 1)
