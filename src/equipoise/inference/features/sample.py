"""The same posterior by MCMC, through the PyMC model: a check of the fast path, and for ArviZ."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import NotConvergedWarning, NotTrustedError
from equipoise.inference.features.fit import share_of
from equipoise.inference.features.problem import FeatureProblem, feature_problem, within
from equipoise.inference.features.scores import by_state
from equipoise.inference.features.signal import Explaining, explaining
from equipoise.inference.features.table import feature_table
from equipoise.inference.posterior.convergence import Convergence, convergence_over
from equipoise.inference.posterior.sampler import TARGET_ACCEPT, TUNE, check_sampling
from equipoise.likelihoods import Rejected
from equipoise.models import Priors

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr


@dataclass(frozen=True, eq=False)
class _Question:
    problem: FeatureProblem
    ready: Explaining
    scale: float
    corrected: bool


def feature_posterior(
    counts: TransitionCounts,
    features: Any,
    *,
    embedding: bool = False,
    states: Sequence[str] | None = None,
    priors: Priors | None = None,
    scale: float | None = None,
    corrected: bool = True,
    rejected: Rejected = "stay",
    draws: int = 1000,
    tune: int = TUNE,
    chains: int = 4,
    cores: int | None = None,
    target_accept: float = TARGET_ACCEPT,
    random_seed: int = 0,
) -> "xr.DataTree":
    """Sample the posterior given features, and balance, by NUTS.

    Parameters
    ----------
    counts, features, embedding, states, priors, scale, rejected
        As in :func:`equipoise.explain`.
    corrected
        Whether the edges have the curvature of multinomial rows. The leave-one-state-out scores
        of :func:`equipoise.explain` are of edges without it: set it to False to compare with
        ``arviz.loo`` of this result.
    draws, tune, chains, cores, target_accept, random_seed
        As in :func:`equipoise.posterior`.

    Returns
    -------
    xarray.DataTree
        ``posterior``: ``Phi`` and ``explained`` (state), each centred in its component, ``share``,
        scales, ``beta`` (feature) or ``lengthscale``; ``sample_stats``; ``log_likelihood``:
        ``edges`` (state), of all edges of each state together, an edge counting for both its ends.
        Nats.

    Raises
    ------
    DataError, UsageError
        As :func:`equipoise.explain`.
    NotTrustedError
        If the sampler fails.

    Warns
    -----
    NotConvergedWarning
        If there were divergences, R-hat exceeds 1.01 or a bulk effective sample size is below 400.
    """
    check_sampling(draws=draws, tune=tune, chains=chains, target_accept=target_accept)
    table = feature_table(features, states=states)
    problem = feature_problem(counts, priors=priors, rejected=rejected)
    asked = problem.priors.potential_scale if scale is None else scale
    ready = explaining(problem, table, embedding=embedding, scale=asked)
    question = _Question(problem, ready, asked, corrected)
    import nutpie
    import pytensor

    with (
        threadpool_limits(1, user_api="blas"),
        pytensor.config.change_flags(numba__fastmath=False),
    ):
        compiled = nutpie.compile_pymc_model(_model(question))
        try:
            trace = nutpie.sample(
                compiled,
                draws=draws,
                tune=tune,
                chains=chains,
                cores=cores,
                seed=random_seed,
                target_accept=target_accept,
                adaptation="low_rank",
                save_warmup=False,
                progress_bar=False,
            )
        except RuntimeError as error:
            raise NotTrustedError(f"the sampler failed: {error}") from error
    tree = _tree(question, trace)
    state = _convergence(tree)
    if state.distrust is not None:
        warnings.warn(
            f"not to be trusted: {state.distrust}; raise draws, tune or target_accept",
            NotConvergedWarning,
            stacklevel=2,
        )
    return tree


def _model(question: _Question) -> "pm.Model":
    from equipoise.models.embedding import embedding
    from equipoise.models.features import features

    problem, ready = question.problem, question.ready
    rows = problem.edges if question.corrected else problem.plain
    information = rows.edges.information(rows.potential @ problem.mode, rows.potential)
    # Constants, of which the data say nothing, stand aside.
    variance = np.linalg.pinv(information, hermitian=True, rcond=1e-10).diagonal()
    anchor = within(problem.mode, problem.component), np.maximum(variance, 1e-12)
    shared: dict[str, Any] = {
        "states": problem.states,
        "priors": problem.priors,
        "scale": question.scale,
        "anchor": anchor,
    }
    if ready.names:
        return features(rows, ready.columns, names=ready.names, **shared)
    return embedding(rows, ready.columns, **shared)


def _tree(question: _Question, trace: "xr.DataTree") -> "xr.DataTree":
    import xarray as xr

    problem, ready = question.problem, question.ready
    found = trace["posterior"].to_dataset()
    basis = problem.centred @ problem.centred.T
    Phi = np.asarray(found["Phi"].values) @ basis
    if ready.names:
        explained = np.asarray(found["beta"].values) @ ready.columns.T
    else:
        explained = np.asarray(found["f"].values) @ basis
    flat = (-1, len(problem.states))
    share = share_of(explained.reshape(flat), (Phi - explained).reshape(flat))
    dims = ("chain", "draw", "state")
    kept = found[[name for name in found.data_vars if str(name).startswith("sigma_")]]
    kept = kept.assign(
        Phi=(dims, Phi),
        explained=(dims, explained),
        share=(("chain", "draw"), share.reshape(Phi.shape[:2])),
    ).assign_coords(state=list(problem.states))
    if ready.names:
        kept = kept.assign(beta=found["beta"])
    else:
        kept = kept.assign(lengthscale=ready.distance * np.exp(found["log_lengthscale"]))
    rows = problem.edges if question.corrected else problem.plain
    density = by_state(problem, rows.edges.by_row(Phi @ rows.potential.T))
    coords = {name: kept[name] for name in dims}
    tree = xr.DataTree.from_dict(
        {
            "posterior": kept,
            "sample_stats": trace["sample_stats"].to_dataset(),
            "log_likelihood": xr.Dataset({"edges": (dims, density)}, coords=coords),
            "observed_data": xr.Dataset({"transitions": ("pair", rows.edges.forward)}),
        }
    )
    tree.attrs = {
        "units": "nats; beta per standard deviation of a feature",
        "gauge": "Phi and explained are centred in each component",
        "likelihood": "pairwise edges"
        + (", their curvature that of multinomial rows" if question.corrected else ""),
    }
    return tree


def _convergence(tree: "xr.DataTree") -> Convergence:
    found = tree["posterior"].to_dataset()
    drawn = [np.asarray(found[name].values) for name in found.data_vars]
    values = np.concatenate([x.reshape(*x.shape[:2], -1) for x in drawn], axis=-1)
    moving = np.ptp(values, axis=(0, 1)) > 0
    diverging = tree["sample_stats"].to_dataset()["diverging"].values
    return convergence_over(values[..., moving], diverging)
