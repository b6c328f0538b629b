"""From counts to posterior draws: the function people call."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import NotConvergedWarning, UsageError
from equipoise.inference.posterior.backends import DEFAULT, BackendName, check_backend
from equipoise.inference.posterior.choose import sampler_for
from equipoise.inference.posterior.convergence import convergence
from equipoise.inference.posterior.sampler import Progress, check_sampling
from equipoise.inference.posterior.tree import Hypothesis, posterior_tree
from equipoise.inference.problem import LikelihoodName, problem_of
from equipoise.inference.reference import reference_states
from equipoise.likelihoods import Rejected
from equipoise.models import Priors

if TYPE_CHECKING:
    import xarray as xr


def posterior(
    counts: TransitionCounts,
    hypothesis: Hypothesis = "reversible",
    *,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
    reference: str | Sequence[str] | None = None,
    cycle_sd: float | None = None,
    draws: int | None = None,
    tune: int | None = None,
    chains: int | None = None,
    cores: int | None = None,
    target_accept: float | None = None,
    random_seed: int = 0,
    backend: BackendName = DEFAULT,
    progress: Progress | None = None,
) -> "xr.DataTree":
    """Sample the posterior of one hypothesis by Markov chains.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    hypothesis : {"reversible", "cyclic"}
        Detailed balance, or its nested rival.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    likelihood : {"auto", "multinomial", "pairwise"}
        "auto" takes multinomial rows up to 400 parameters, pairwise edges beyond.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    reference : str or sequence of str, optional
        State at Φ = 0, or one for each component; default: the one with most incoming transitions.
    cycle_sd : float, optional
        σ_c of the cyclic hypothesis, held fixed; default: learned, ``σ_c ~ HalfNormal(τ)``.
    draws, tune, chains : int, optional
        Draws kept and thrown away a chain, and how many chains. Default: those of the backend,
        700, 100 and 8 for numpy, 1,000, 500 and 4 for the others.
    cores : int, optional
        How many chains run at once, of a compiled model; default: as many as there are cores.
    target_accept : float, optional
        Acceptance rate aimed at; more means smaller steps. Default: 0.95 for numpy, 0.99 for the
        others.
    random_seed : int
        The same seed gives the same result.
    backend : {"auto", "numpy", "nutpie", "numpyro"}
        What runs the chains. "numpy": Hamiltonian Monte Carlo of our own, nothing compiled. NUTS
        on a PyMC model, compiled once a process: "nutpie" on the CPU, or "numpyro" through JAX
        (the extra ``jax``), all chains together, on a GPU where JAX finds one. All sample the same
        posterior; "auto" takes numpy up to 150 parameters, nutpie beyond.
    progress : callable, optional
        Called with (what is being done, fraction done), perhaps from another thread.

    Returns
    -------
    xarray.DataTree
        Groups as ArviZ knows them. ``posterior``: ``V`` (state), ``s`` (edge), scales; ``Phi``
        (state) or, under the cyclic hypothesis, ``gradient`` (state), ``c`` (edge), ``z``
        (cycle_direction), ``affinity`` (cycle) and ``rho``; ``P`` (transition, with coordinates
        from_state and to_state; pairs off the support have probability 0); ``pi`` (state), which
        adds up to 1 in each component. ``prior``: the same. ``sample_stats``, ``observed_data``,
        ``constant_data`` (of the PyMC model), and ``log_likelihood``, a row of counts each. Nats;
        attributes say units, gauge and versions. The pairwise likelihood has no s and no P, and its
        Phi has lost the excess diag(1/N_i) of its covariance
        (:attr:`equipoise.inference.weighted.WeightedDraws.gradient_potential`).

    Raises
    ------
    DataError
        If no edge has counts to model.
    UsageError
        If an argument is unknown or out of its range, or the graph has no cycle to be violated.
    MissingDependencyError
        If the backend is not installed.
    NotTrustedError
        If a mode is not reached, or no chain could be started.

    Warns
    -----
    NotConvergedWarning
        If there were divergences, R-hat exceeds 1.01 or a bulk effective sample size is below 400.

    Notes
    -----
    The model is :func:`equipoise.models.reversible` or :func:`equipoise.models.cyclic`. The chains
    of numpy walk it as :mod:`equipoise.models.latent` states it; what is compiled is the latter,
    with cycles of scale 0 in the former's place, so that one compiled model serves both.
    """
    if hypothesis not in get_args(Hypothesis):
        known = " or ".join(map(repr, get_args(Hypothesis)))
        raise UsageError(f"hypothesis must be {known}, not {hypothesis!r}")
    if cycle_sd is not None and (hypothesis == "reversible" or not 0 < cycle_sd < np.inf):
        raise UsageError(
            "cycle_sd must be a positive number of nats, and belongs to the cyclic hypothesis; "
            f"received {cycle_sd!r} with {hypothesis!r}"
        )
    check_backend(backend)
    check_sampling(draws=draws, tune=tune, chains=chains, target_accept=target_accept)
    if not 0 <= random_seed < 2**63:
        raise UsageError(f"random_seed must be a whole number from 0, not {random_seed!r}")
    problem = problem_of(counts, priors=priors, likelihood=likelihood, rejected=rejected)
    references = reference_states(counts, problem.graph, reference)
    cyclic = hypothesis == "cyclic"
    if cyclic and not problem.predictor.basis.shape[1]:
        raise UsageError(
            'the support has no cycle, so the cyclic hypothesis is balance itself; use "reversible"'
        )
    sampler = sampler_for(problem, backend=backend, progress=progress)
    found = sampler.draw(
        cycle_sd=cycle_sd if cyclic else 0.0,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        random_seed=random_seed,
        target_accept=target_accept,
        progress=None if progress is None else lambda done: progress("sampling", done),
    )
    state = convergence(problem, found, cyclic=cyclic)
    if state.distrust is not None:
        warnings.warn(
            f"not to be trusted: {state.distrust}; raise draws, tune or target_accept",
            NotConvergedWarning,
            stacklevel=2,
        )
    return posterior_tree(
        problem,
        found,
        hypothesis,
        references=references,
        random_seed=random_seed,
        backend=sampler.backend,
        cycle_sd=cycle_sd,
    )
