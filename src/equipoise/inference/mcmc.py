"""The default: posteriors by Markov chains, evidence along the path, the fast path beside."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from equipoise.inference.evidence.path import walk_path
from equipoise.inference.fast import DRAWS as FAST_DRAWS
from equipoise.inference.fast import fast_findings
from equipoise.inference.findings import SENSITIVITY, Diagnostics, Findings, Stages
from equipoise.inference.posterior.backends import DEFAULT, Backend, BackendName, backend_for
from equipoise.inference.posterior.choose import sampler_for
from equipoise.inference.posterior.convergence import Convergence, convergence
from equipoise.inference.posterior.sampler import Draws, Sampler
from equipoise.inference.problem import Problem
from equipoise.inference.weighted import WeightedDraws, chained

_SEEDS = 2**31
# What is done once more where the first try did not converge.
_SECOND_ACCEPT, _SECOND_MORE = 0.997, 2
#: What runs the chains, in words.
SAMPLERS: dict[Backend, str] = {
    "numpy": "Hamiltonian Monte Carlo",
    "nutpie": "NUTS",
    "numpyro": "NUTS by numpyro",
}


@dataclass(frozen=True, eq=False)
class Chains:
    """Draws of both hypotheses; ``cyclic`` is ``reversible`` where the graph has no cycle."""

    reversible: Draws
    cyclic: Draws


def mcmc_findings(
    problem: Problem,
    *,
    draws: int | None,
    rng: np.random.Generator,
    stages: Stages,
    imputed: bool = False,
    backend: BackendName = DEFAULT,
) -> tuple[Findings, Chains]:
    """Solve a problem by MCMC.

    Parameters
    ----------
    problem
        The question.
    draws
        Of each chain, for the posterior of either hypothesis; None: the usual of the backend.
    rng
        Source of randomness.
    stages
        Progress.
    imputed
        Whether the numbers of trials were imputed: then others are tried too, by the fast path.
    backend
        What runs the chains.

    Returns
    -------
    Findings, Chains
        Chains that did not converge were run once more, with smaller steps and twice the draws.

    Raises
    ------
    DataError
        If no edge has counts to model.
    UsageError
        If ``draws`` is out of its range.
    MissingDependencyError
        If the backend is not installed.
    NotTrustedError
        If a posterior mode cannot be reached, or no chain started.
    """
    # Where a model is compiled, that takes most of the time.
    compiles = backend_for(backend, problem.n_parameters) != "numpy"
    fast = fast_findings(
        problem,
        draws=FAST_DRAWS,
        rng=rng,
        stages=stages,
        imputed=imputed,
        until=0.06 if compiles else 0.35,
    )
    done = stages.next(
        "compiling the model (once; up to a minute)" if compiles else "fitting the scales",
        0.4 if compiles else 0.36,
    )
    done(0, 1)
    sampler = sampler_for(problem, backend=backend)
    done(1, 1)
    draws = sampler.usual.draws if draws is None else draws
    has_cycles = fast.curve is not None
    reversible, first = sample_hypothesis(
        sampler, False, draws, rng, stages.next("posterior given balance", 0.55)
    )
    cyclic, second = reversible, first
    if has_cycles:
        cyclic, second = sample_hypothesis(
            sampler, True, draws, rng, stages.next("posterior with cycles", 0.72)
        )
    walked = walk_path(
        sampler, random_seed=rng, progress=stages.next("evidence along the path", 0.98)
    )
    tau = problem.priors.cycle_scale
    both = (first, second)
    chains, kept = reversible.V.shape[:2]
    findings = replace(
        fast,
        method="path",
        effort=f"{SAMPLERS[sampler.backend]}, {chains} chains of {kept:,} draws"
        + (
            f" given balance and of {cyclic.V.shape[1]:,} with cycles; path over "
            f"{len(walked.nodes)} values of σ_c"
            if has_cycles
            else ""
        ),
        draws=draws,
        reversible=_weighted(problem, reversible, cyclic=False),
        cyclic=_weighted(problem, cyclic, cyclic=has_cycles),
        curve=walked.curve,
        sensitivity=tuple(walked.log_bayes_factor(factor * tau) for factor in SENSITIVITY),
        cross_check=fast.headline if has_cycles else None,
        backend=sampler.backend,
        diagnostics=Diagnostics(
            pareto_k=fast.diagnostics.pareto_k,
            reversible=first.distrust,
            cyclic=second.distrust,
            r_hat_max=max(x.r_hat_max for x in both),
            ess_bulk_min=min(x.ess_bulk_min for x in both),
            divergences=sum(x.divergences for x in (both if has_cycles else both[:1])),
        ),
    )
    return findings, Chains(reversible, cyclic)


def sample_hypothesis(
    sampler: Sampler,
    cyclic: bool,
    draws: int,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
) -> tuple[Draws, Convergence]:
    """Sample one hypothesis; once more, harder, where it did not converge.

    Parameters
    ----------
    sampler
        Of the problem.
    cyclic
        With cycles, σ_c learned; else given balance.
    draws
        Of each chain.
    rng
        Source of randomness.
    progress
        Called with (thousandths done, 1000).
    """

    def report(fraction: float) -> None:
        progress(round(1000 * fraction), 1000)

    def run(**options: float) -> tuple[Draws, Convergence]:
        found = sampler.draw(
            cycle_sd=None if cyclic else 0.0,
            random_seed=int(rng.integers(_SEEDS)),
            progress=report,
            **options,  # type: ignore[arg-type]
        )
        return found, convergence(sampler.problem, found, cyclic=cyclic)

    report(0.0)
    found, state = run(draws=draws)
    if state.distrust is not None:
        more = _SECOND_MORE * draws
        found, state = run(draws=more, tune=more, target_accept=_SECOND_ACCEPT)
    return found, state


def _weighted(problem: Problem, draws: Draws, *, cyclic: bool) -> WeightedDraws:
    model = problem.cyclic() if cyclic else problem.reversible()
    return chained(problem.graph, model, draws.theta(problem, cyclic=cyclic))
