"""Draws of a large table's potential as an ``xarray.DataTree``, with their diagnostics."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph
from equipoise.inference.posterior.convergence import Convergence
from equipoise.inference.reference import above_reference
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.posterior.convergence import least_ess, r_hats
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors

if TYPE_CHECKING:
    import xarray as xr

_PACKAGES = ("equipoise", "numpy", "scipy")


@dataclass(frozen=True, eq=False)
class LargeDraws:
    """What the chains left behind.

    Attributes
    ----------
    pairs
        The edges.
    raw, potential
        Φ of mean 0 in each of their components by the pairwise likelihood, and with what the
        totals know, (chains, draws, n).
    potential_sd, acceptance
        σ_Φ, and the acceptance of each trajectory, (chains, draws).
    """

    pairs: Pairs
    raw: FloatArray
    potential: FloatArray
    potential_sd: FloatArray
    acceptance: FloatArray


def large_tree(
    counts: TransitionCounts,
    graph: SupportGraph,
    found: LargeDraws,
    references: Sequence[int],
    priors: Priors,
    seed: int | None,
    rng: np.random.Generator,
) -> "xr.DataTree":
    """Name the draws; see :func:`equipoise.posterior_large`.

    Its attribute ``distrust`` says why the draws must not be reported, or is empty.
    """
    import xarray as xr

    chains, draws = found.potential_sd.shape
    prior = _of_prior(graph, found, rng)
    V, settled = prior.copy(), prior
    states = found.pairs.states
    V[..., states] += found.raw
    settled[..., states] += found.potential
    above = above_reference(settled, graph, references)
    lowest = np.full((graph.n_components, chains, draws), np.inf)
    np.minimum.at(lowest, graph.component, np.moveaxis(above, -1, 0))
    pi = np.exp(np.moveaxis(lowest[graph.component], 0, -1) - above)
    total = np.zeros((graph.n_components, chains, draws))
    np.add.at(total, graph.component, np.moveaxis(pi, -1, 0))
    pi /= np.moveaxis(total[graph.component], 0, -1)
    r_hat, ess = _diagnosed(found, above)
    lead = ("chain", "draw")
    variables: dict[str, tuple[tuple[str, ...], FloatArray, dict[str, str]]] = {
        "V": ((*lead, "state"), V, {"about": "potential, free constant", "units": "nats"}),
        "Phi": (
            (*lead, "state"),
            above,
            {"about": "-log pi above the reference of its component", "units": "nats"},
        ),
        "pi": ((*lead, "state"), pi, {"about": "stationary probability within its component"}),
    }
    if priors.scales == "learned":
        variables["sigma_V"] = (
            lead,
            found.potential_sd,
            {"about": "learned scale", "units": "nats"},
        )
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(variables, coords=coords | {"state": list(counts.states)}),
            "sample_stats": xr.Dataset(
                {"acceptance_rate": (lead, found.acceptance)}, coords=coords
            ),
        }
    )
    tree.attrs = {
        "hypothesis": "reversible",
        "likelihood": "pairwise",
        "units": "nats",
        "gauge": "Phi is 0 at the reference state of each component; V is free up to a constant a "
        "component, which only its prior determines",
        "references": ", ".join(counts.states[k] for k in references),
        "random_seed": "none" if seed is None else str(seed),
        "r_hat_max": r_hat,
        "ess_bulk_min": ess,
        "versions": ", ".join(_versions()),
        "distrust": Convergence(r_hat, ess, divergences=0).distrust or "",
    }
    return tree


def _of_prior(graph: SupportGraph, found: LargeDraws, rng: np.random.Generator) -> FloatArray:
    """Draw what has its prior, (chains, draws, S): states on no pair, and constants of parts."""
    pairs, sd = found.pairs, found.potential_sd[..., None]
    out = np.zeros((*sd.shape[:2], graph.n_states))
    alone = np.setdiff1d(np.arange(graph.n_states), pairs.states)
    out[..., alone] = sd * rng.standard_normal((*sd.shape[:2], len(alone)))
    size = np.bincount(pairs.component, minlength=pairs.n_components)
    shift = sd / np.sqrt(size) * rng.standard_normal((*sd.shape[:2], pairs.n_components))
    out[..., pairs.states] = shift[..., pairs.component]
    return out


def _diagnosed(found: LargeDraws, above: FloatArray) -> tuple[float, float]:
    """Return worst rank R-hat and least bulk ESS over Φ and σ_Φ."""
    columns = np.moveaxis(above[..., found.pairs.states], -1, 0)
    columns = np.concatenate([columns, found.potential_sd[None]])
    moving = columns[np.ptp(columns, axis=(1, 2)) > 0]
    return float(r_hats(moving).max(initial=1.0)), least_ess(moving)


def _versions() -> list[str]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:  # run from a source tree that was never installed
            found.append(f"{name} unknown")
    return found
