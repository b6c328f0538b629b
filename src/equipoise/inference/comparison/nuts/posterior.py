"""Posteriors of several kernels by NUTS: sampled, diagnosed, and as a DataTree for ArviZ."""

import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import NotConvergedWarning, UsageError
from equipoise.inference.comparison.draws import KernelDraws, convergence_of, prior_draws
from equipoise.inference.comparison.kernels import kernels_of
from equipoise.inference.comparison.models import Curvature
from equipoise.inference.comparison.nuts.sampler import compile_kernels
from equipoise.inference.comparison.table import kernel_table, pairs_of, potentials_at
from equipoise.inference.posterior.sampler import TARGET_ACCEPT, TUNE, Progress, check_sampling
from equipoise.likelihoods import FloatArray, Rejected
from equipoise.models import Priors
from equipoise.models.kernels import KernelTable, PotentialsName

if TYPE_CHECKING:
    import xarray as xr

CHAINS = 4
PRIOR_DRAWS = 500
_PACKAGES = ("arviz", "numpy", "nutpie", "pymc", "pytensor")
Variables = dict[str, tuple[tuple[str, ...], FloatArray, str]]


def sample_potentials(
    counts: Mapping[str, TransitionCounts],
    potentials: PotentialsName = "pooled",
    *,
    cycles: bool = True,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    curvature: Curvature = "multinomial",
    draws: int = 1000,
    tune: int = TUNE,
    chains: int = CHAINS,
    cores: int | None = None,
    target_accept: float = TARGET_ACCEPT,
    random_seed: int = 0,
    progress: Progress | None = None,
) -> "xr.DataTree":
    """Sample the posterior of a hypothesis about several kernels by NUTS.

    Parameters
    ----------
    counts : mapping of str to TransitionCounts
        Two kernels or more by name.
    potentials : {"shared", "pooled", "separate"}
        One potential; one with deviations of each kernel; each its own.
    cycles : bool
        Whether kernels may break balance, σ_c learned.
    priors : Priors, optional
        Default: ``Priors()``.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    curvature : {"multinomial", "pairwise"}
        ``"pairwise"`` where the total of each edge was fixed beforehand, not that of each row.
    draws, tune, chains, cores, target_accept
        As of :func:`equipoise.posterior`.
    random_seed : int
        The same seed gives the same result.
    progress : callable, optional
        Called with (what is being done, fraction done), perhaps from another thread.

    Returns
    -------
    xarray.DataTree
        ``posterior`` and ``prior``: ``Phi`` (state; none if separate), ``delta`` (kernel_state;
        pooled only), ``Phi_kernel`` (kernel_state), each summing to 0 in every component; ``c``
        (pair), ``sigma_V``, ``sigma_delta``, ``sigma_c`` (kernel, if separate), nats.
        ``log_likelihood`` and ``observed_data``: ``transitions`` (pair: i → j); ``constant_data``;
        ``sample_stats``.

    Raises
    ------
    DataError, UsageError
        As of :func:`equipoise.compare`.
    NotTrustedError
        If a mode is not reached, or no chain could be started.

    Warns
    -----
    NotConvergedWarning
        If there were divergences, R-hat exceeds 1.01 or a bulk effective sample size is below 400.
    """
    check_sampling(draws=draws, tune=tune, chains=chains, target_accept=target_accept)
    if potentials not in ("shared", "pooled", "separate"):
        raise UsageError(f'potentials must be "shared", "pooled" or "separate", not {potentials!r}')
    if curvature not in ("multinomial", "pairwise"):
        raise UsageError(f'curvature must be "multinomial" or "pairwise", not {curvature!r}')
    asked = priors or Priors()
    kernels = kernels_of(counts, rejected=rejected)
    table = kernel_table(kernels, potentials, curvature=curvature)
    sampler = compile_kernels(table, asked, progress=progress)
    deviation_sd = None if potentials == "pooled" else 0.0
    cycle_sd = None if cycles and table.cycle.shape[1] else 0.0
    found = sampler.draw(
        deviation_sd=deviation_sd,
        cycle_sd=cycle_sd,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        target_accept=target_accept,
        random_seed=random_seed,
        progress=None if progress is None else lambda done: progress("sampling", done),
    )
    state = convergence_of(table, found)
    if state.distrust is not None:
        warnings.warn(
            f"not to be trusted: {state.distrust}; raise draws, tune or target_accept",
            NotConvergedWarning,
            stacklevel=2,
        )
    prior = prior_draws(
        table,
        asked,
        deviation_sd=deviation_sd,
        cycle_sd=cycle_sd,
        draws=PRIOR_DRAWS,
        rng=np.random.default_rng(random_seed),
    )
    tree = _tree(table, found, prior, potentials)
    tree.attrs |= {"cycles": str(cycle_sd is None), "random_seed": str(random_seed)}
    return tree


def _variables(table: KernelTable, draws: KernelDraws, potentials: PotentialsName) -> Variables:
    first, deviations = potentials_at(table, draws.x)
    found: Variables = {}
    if potentials == "separate":
        found["Phi_kernel"] = (("kernel_state",), first, "potential of a kernel")
    else:
        found["Phi"] = (("state",), first, "shared potential, 0 on average in each component")
        own = first[..., table.place] + deviations
        # Constants of each kernel's own components: those that its deviations leave out.
        own = (own @ table.deviation) @ table.deviation.T
        found["Phi_kernel"] = (("kernel_state",), own, "potential of a kernel")
    if potentials == "pooled":
        found["delta"] = (("kernel_state",), deviations, "deviation from the shared potential")
    c = draws.x[..., table.blocks[2]] @ table.cycle.T
    if np.any(c):
        found["c"] = (("pair",), c, "divergence-free part of the log-ratio, i → j")
    for name, values in draws.scales.items():
        dims = ("kernel",) if values.ndim == 3 else ()
        found[name] = (dims, values, "learned scale")
    return found


def _tree(
    table: KernelTable, draws: KernelDraws, prior: KernelDraws, potentials: PotentialsName
) -> "xr.DataTree":
    import xarray as xr

    labels = {
        "kernel": list(table.names),
        "state": list(table.states),
        "kernel_state": list(table.own_states),
        "pair": list(table.pairs),
    }

    def dataset(variables: Variables, like: FloatArray) -> "xr.Dataset":
        lead = {"chain": np.arange(like.shape[0]), "draw": np.arange(like.shape[1])}
        used = {dim for dims, _, _ in variables.values() for dim in dims}
        coords: dict[str, Any] = lead | {dim: labels[dim] for dim in labels if dim in used}
        if "kernel_state" in used:
            kernel = [table.names[k] for k in table.state_kernel]
            coords["of_kernel"] = ("kernel_state", kernel)
            coords["of_state"] = ("kernel_state", [table.states[k] for k in table.place])
        return xr.Dataset(
            {
                name: (("chain", "draw", *dims), values, {"units": "nats", "long_name": long})
                for name, (dims, values, long) in variables.items()
            },
            coords=coords,
        )

    pairs = pairs_of(table)
    rows = pairs.by_row(draws.x @ table.design.T)
    edge = {"pair": labels["pair"]}
    stats: Variables = {name: ((), np.asarray(x), name) for name, x in draws.stats.items()}
    tree = xr.DataTree.from_dict(
        {
            "posterior": dataset(_variables(table, draws, potentials), draws.x),
            "prior": dataset(_variables(table, prior, potentials), prior.x),
            "log_likelihood": dataset({"transitions": (("pair",), rows, "log-likelihood")}, rows),
            "sample_stats": dataset(stats, draws.x).map(_unitless),
            "observed_data": xr.Dataset({"transitions": (("pair",), pairs.forward)}, coords=edge),
            "constant_data": xr.Dataset(
                {"total": (("pair",), pairs.total), "exposure": (("pair",), pairs.exposure)},
                coords=edge,
            ),
        }
    )
    tree.attrs = {
        "potentials": potentials,
        "likelihood": "pairwise",
        "units": "nats",
        "gauge": "every potential and deviation is 0 on average in each component",
        "axes": "c and transitions of pair 'kernel: a ~ b' are counted from a to b",
        "binomial_coefficient": "left out of log_likelihood, alike under every hypothesis",
        "versions": ", ".join(f"{name} {version(name)}" for name in ("equipoise", *_PACKAGES)),
    }
    return tree


def _unitless(values: "xr.DataArray") -> "xr.DataArray":
    return values.drop_attrs()
