"""What the PyMC models share: data laid out in rows, scales, blocks of Gaussians, the likelihood.

A hypothesis file says how the log-weight of a step is made; everything here is the same for all.
All numbers that may change from run to run are data of the model, so that one compiled model serves
every table of the same shape, both hypotheses, fixed and learned scales.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform
from pytensor.tensor.variable import TensorVariable

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError
from equipoise.graph import SupportGraph, orthonormal_cycle_basis, support_graph
from equipoise.likelihoods import (
    FloatArray,
    IntArray,
    Rejected,
    multinomial,
    support_arcs,
    trials_of,
)
from equipoise.models.priors import Priors

#: Log-weight of an outcome that does not exist: its probability is exactly 0 in floating point.
_FORBIDDEN = -1e3
#: A variance that stands for "the data say nothing": the sampler then walks in prior units.
_UNINFORMED = 1e30

SETTINGS = (
    "learned",
    "potential_scale",
    "symmetric_mean",
    "symmetric_mean_sd",
    "symmetric_scale",
    "fixed_potential_sd",
    "fixed_symmetric_mean",
    "fixed_symmetric_sd",
    "cycle_learned",
    "cycle_scale",
    "fixed_cycle_sd",
)


@dataclass(frozen=True, eq=False)
class RowTable:
    """Counts as padded rows: a row for each source with trials, a slot for each outcome.

    Slot 0 is staying; the neighbours follow in order of state; rows with fewer neighbours than the
    longest are padded with slots that cannot occur.

    Attributes
    ----------
    graph
        The support graph, S states and E edges.
    source
        State of each row, shape (R,).
    target
        State that each slot leads to, shape (R, K): axis 0 from, axis 1 outcome; the row's own
        state for staying and −1 for padding.
    slot
        Which log-weight each slot has, shape (R, K): e for edge e walked i → j, E + e for j → i,
        2E for staying, 2E + 1 for what cannot occur.
    counts
        Shape (R, K).
    basis
        Orthonormal cycle basis, shape (E, b).
    """

    graph: SupportGraph
    source: IntArray
    target: IntArray
    slot: IntArray
    counts: FloatArray
    basis: FloatArray

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """S, E, b, R, K: tables that share it share a compiled model."""
        graph = self.graph
        return (graph.n_states, graph.n_edges, self.basis.shape[1], *self.slot.shape)

    @property
    def edge_labels(self) -> tuple[str, ...]:
        """Names of the edges, ``"a ~ b"``; c is counted from a to b."""
        names = self.graph.states
        return tuple(f"{names[i]} ~ {names[j]}" for i, j in self.graph.edges.tolist())


def row_table(counts: TransitionCounts, rejected: Rejected = "stay") -> RowTable:
    """Lay counts out in padded rows.

    Parameters
    ----------
    counts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    rejected
        What a trial that ended in no state counts as, as in
        :func:`equipoise.likelihoods.multinomial`.

    Raises
    ------
    DataError
        If no two states are joined: there is nothing to model then.
    """
    graph = support_graph(counts, trials_of(counts, rejected))
    if not graph.n_edges:
        raise DataError("the counts join no two states, so there is no model to state; add data")
    arcs = support_arcs(graph)
    rows = multinomial(counts, arcs, rejected=rejected)
    n_states, n_edges = graph.n_states, graph.n_edges
    first = np.searchsorted(arcs.source, arcs.source)
    at = (arcs.source, 1 + np.arange(2 * n_edges) - first)
    shape = (n_states, 1 + int(np.bincount(arcs.source).max()))
    target = np.full(shape, -1, dtype=np.int64)
    slot = np.full(shape, 2 * n_edges + 1, dtype=np.int64)
    table = np.zeros(shape)
    target[at] = arcs.target
    slot[at] = arcs.edge + n_edges * (arcs.sign < 0)
    table[at] = rows.counts
    if rows.stay:
        target[:, 0] = np.arange(n_states)
        slot[:, 0] = 2 * n_edges
        table[:, 0] = rows.trials - table[:, 1:].sum(axis=1)
    source = np.flatnonzero(rows.trials > 0)
    basis = orthonormal_cycle_basis(graph)
    return RowTable(graph, source, target[source], slot[source], table[source], basis)


def model_data(
    table: RowTable,
    priors: Priors,
    *,
    cycle_sd: float | None = None,
    coordinates: FloatArray | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """Return the data of a model by name, for ``pm.set_data`` or nutpie's ``with_data``.

    Parameters
    ----------
    table
        The counts.
    priors
        Prior scales.
    cycle_sd
        σ_c where it is held fixed, 0 for the reversible hypothesis; None: learned.
    coordinates
        In which coordinates the sampler walks, shape (S + E, 2 + b); see :func:`walked_normal`.
        They change how fast it moves, never what it samples. None: prior units.

    Returns
    -------
    dict
        ``counts`` (R, K); ``topology``, the ends i and j of the edges and the slots, in one vector;
        ``settings``, named by the coordinate ``setting``; ``coordinates``; ``basis`` (E, b).
    """
    learned = priors.scales == "learned"
    values = {
        "learned": learned,
        "potential_scale": priors.potential_scale,
        "symmetric_mean": priors.symmetric_mean,
        "symmetric_mean_sd": priors.symmetric_mean_sd,
        "symmetric_scale": priors.symmetric_scale,
        "fixed_potential_sd": 0.0 if learned else priors.fixed_potential_sd,
        "fixed_symmetric_mean": 0.0 if learned else priors.symmetric_mean,
        "fixed_symmetric_sd": 0.0 if learned else priors.fixed_symmetric_sd,
        "cycle_learned": cycle_sd is None,
        "cycle_scale": priors.cycle_scale,
        "fixed_cycle_sd": 0.0 if cycle_sd is None else cycle_sd,
    }
    i, j = table.graph.edges.T
    n_states, n_edges, n_cycles = table.shape[:3]
    if coordinates is None:
        coordinates = np.zeros((n_states + n_edges, 2 + n_cycles))
        coordinates[:, 1] = _UNINFORMED
    return {
        "counts": table.counts,
        "topology": np.concatenate([i, j, table.slot.ravel()]),
        "settings": np.array([float(values[name]) for name in SETTINGS]),
        "coordinates": coordinates,
        "basis": table.basis,
    }


@dataclass(frozen=True, eq=False)
class Frame:
    """A PyMC model under construction: its data, and the blocks both hypotheses are made of."""

    table: RowTable
    model: pm.Model
    data: Mapping[str, TensorVariable]

    def setting(self, name: str) -> TensorVariable:
        """Return one number of the settings."""
        return self.data["settings"][SETTINGS.index(name)]

    @property
    def ends(self) -> tuple[TensorVariable, TensorVariable]:
        """The two ends i and j of every edge, as indices of states."""
        n = self.table.graph.n_edges
        return self.data["topology"][:n], self.data["topology"][n : 2 * n]

    def circulation(self) -> tuple[TensorVariable, TensorVariable]:
        """Add ``c = σ_c B z``, ``z ~ Normal(0, 1)``; return c and z."""
        sigma = pm.HalfNormal("sigma_c", self.setting("cycle_scale"), **_softplus())
        sigma = self.setting("cycle_learned") * sigma + self.setting("fixed_cycle_sd")
        z = pm.Normal("z", 0.0, 1.0, dims="cycle_direction")
        scaled = sigma * z
        return pm.Deterministic("c", pt.dot(self.data["basis"], scaled), dims="edge"), scaled

    def potential(self, cycles: TensorVariable | None = None) -> TensorVariable:
        """Add ``V ~ Normal(0, σ_V)``, ``σ_V ~ HalfNormal``.

        V is free up to a constant in each component, which no likelihood can see and the prior
        alone determines. ``cycles`` does not change what V is: see :func:`walked_normal`.
        """
        sigma = pm.HalfNormal("sigma_V", self.setting("potential_scale"), **_softplus())
        sigma = self.setting("learned") * sigma + self.setting("fixed_potential_sd")
        rows = slice(0, self.table.graph.n_states)
        return walked_normal("V", 0.0, sigma, *self._coordinates(rows, cycles), dims="state")

    def symmetric(self, cycles: TensorVariable | None = None) -> TensorVariable:
        """Add ``s ~ Normal(μ_s, σ_s)``, ``μ_s ~ Normal``, ``σ_s ~ HalfNormal``."""
        learned = self.setting("learned")
        mean = pm.Normal("mu_s", self.setting("symmetric_mean"), self.setting("symmetric_mean_sd"))
        mean = learned * mean + self.setting("fixed_symmetric_mean")
        sigma = pm.HalfNormal("sigma_s", self.setting("symmetric_scale"), **_softplus())
        sigma = learned * sigma + self.setting("fixed_symmetric_sd")
        rows = slice(self.table.graph.n_states, None)
        return walked_normal("s", mean, sigma, *self._coordinates(rows, cycles), dims="edge")

    def transitions(self, along: TensorVariable, against: TensorVariable) -> None:
        """Add the multinomial rows, given the log-weights of every edge along i → j and against.

        Staying has log-weight 0. P is the row-wise softmax.
        """
        table = self.table
        n_rows, n_slots = table.slot.shape
        weights = pt.concatenate([along, against, np.array([0.0, _FORBIDDEN])])
        slot = self.data["topology"][2 * table.graph.n_edges :]
        eta = weights[slot].reshape((n_rows, n_slots))
        rows, slots = np.nonzero(table.target >= 0)
        probability = pt.zeros((n_rows, table.graph.n_states))
        probability = probability[rows, table.target[rows, slots]].set(
            pt.special.softmax(eta, axis=1)[rows, slots]
        )
        pm.Deterministic("P", probability, dims=("source", "target"))
        counts = self.data["counts"]
        pm.CustomDist(
            "transitions",
            eta,
            counts.sum(axis=1),
            logp=rows_logp,
            random=_rows_random,
            signature="(k),()->(k)",
            class_name="MultinomialRows",
            observed=counts,
            dims=("source", "outcome"),
        )

    def _coordinates(
        self, rows: slice, cycles: TensorVariable | None
    ) -> tuple[TensorVariable, TensorVariable]:
        block = self.data["coordinates"][rows]
        anchor = block[:, 0]
        if cycles is not None:
            anchor = anchor + pt.dot(block[:, 2:], cycles)
        return anchor, block[:, 1]


def frame(table: RowTable, priors: Priors, *, cycles: bool) -> Frame:
    """Start a model: its coordinates and its data.

    Parameters
    ----------
    table, priors
        The counts and the prior scales.
    cycles
        Whether the hypothesis has cycle amplitudes.
    """
    names = table.graph.states
    coords: dict[str, Any] = {
        "state": list(names),
        "edge": list(table.edge_labels),
        "source": [names[k] for k in table.source],
        "target": list(names),
        "outcome": list(range(table.slot.shape[1])),
        "setting": list(SETTINGS),
    }
    if cycles:
        coords["cycle_direction"] = list(range(table.basis.shape[1]))
    dims: dict[str, Any] = {
        "counts": ("source", "outcome"),
        "settings": "setting",
        "basis": ("edge", "cycle_direction"),
    }
    # Priors has refused scales that are no scales, so PyMC need not look at every draw again.
    model = pm.Model(coords=coords, check_bounds=False)
    values = model_data(table, priors)
    if not cycles:
        del values["basis"]
        values["coordinates"] = values["coordinates"][:, :2]
    with model:
        data = {name: pm.Data(name, value, dims=dims.get(name)) for name, value in values.items()}
    return Frame(table, model, data)


def walked_normal(
    name: str,
    mean: TensorVariable | float,
    scale: TensorVariable,
    anchor: TensorVariable,
    variance: TensorVariable,
    *,
    dims: str,
) -> TensorVariable:
    r"""Add ``x ~ Normal(mean, scale)``, walked by the sampler in better coordinates.

    ``anchor`` and ``variance`` do not change the distribution of x. They say where the data put it
    and how sharply, roughly; the sampler walks in u, with

    .. math:: x = m + \kappa (a - m) + \sigma \sqrt{1 - \kappa}\, u,
              \qquad \kappa = \sigma^2 / (\sigma^2 + v),

    what Bayes' theorem would give for x had the data been one observation of it, a ± √v. Where
    the data are sharp (v ≪ σ²) this is the centred parametrisation, where they say nothing the
    non-centred one, and it passes from one to the other as σ moves, so that there is no funnel at
    either end (Papaspiliopoulos, Roberts & Sköld 2007, Statist. Sci. 22, 59).
    """
    return pm.CustomDist(
        name,
        mean,
        scale,
        anchor,
        variance,
        logp=_normal_logp,
        random=_normal_random,
        support_point=_normal_support_point,
        transform=_Walk(),
        signature="(),(),(),()->()",
        class_name="WalkedNormal",
        dims=dims,
    )


def rows_logp(value: Any, eta: Any, trials: Any) -> Any:
    """Return ``Σ_k n_k η_k − N log Σ_k exp η_k`` of each row: its draws, in the order they came.

    The multinomial coefficient, the number of orders, is left out, as in the NumPy core: it is the
    same under every hypothesis.
    """
    return (value * eta).sum(axis=-1) - trials * pt.logsumexp(eta, axis=-1)


def _rows_random(
    eta: FloatArray, trials: FloatArray, rng: np.random.Generator, size: tuple[int, ...] | None
) -> FloatArray:
    weight = np.exp(eta - eta.max(axis=-1, keepdims=True))
    weight /= weight.sum(axis=-1, keepdims=True)
    if size is not None:
        weight = np.broadcast_to(weight, (*size, weight.shape[-1]))
    return rng.multinomial(np.asarray(trials).astype(np.int64), weight).astype(float)


def _normal_logp(x: Any, mean: Any, scale: Any, anchor: Any, variance: Any) -> Any:
    del anchor, variance
    return -0.5 * ((x - mean) / scale) ** 2 - pt.log(scale) - 0.5 * np.log(2.0 * np.pi)


def _normal_random(
    mean: FloatArray,
    scale: FloatArray,
    anchor: FloatArray,
    variance: FloatArray,
    rng: np.random.Generator,
    size: tuple[int, ...] | None,
) -> FloatArray:
    shape = np.broadcast_shapes(*(np.shape(x) for x in (mean, scale, anchor, variance)))
    return rng.normal(mean, scale, size=shape if size is None else size)


def _normal_support_point(
    rv: Any, size: Any, mean: Any, scale: Any, anchor: Any, variance: Any
) -> Any:
    del rv, size
    return _centre_and_width(mean, scale, anchor, variance)[0]


def _centre_and_width(mean: Any, scale: Any, anchor: Any, variance: Any) -> tuple[Any, Any]:
    total = scale**2 + variance
    return mean + scale**2 / total * (anchor - mean), scale * pt.sqrt(variance / total)


class _Walk(Transform):
    """From x to u and back; see :func:`walked_normal`."""

    name = "walk"
    ndim_supp = 0

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        centre, width = _centre_and_width(*inputs[-4:])
        return (value - centre) / width

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return x."""
        centre, width = _centre_and_width(*inputs[-4:])
        return centre + width * value

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return log dx/du."""
        return pt.log(_centre_and_width(*inputs[-4:])[1]) + pt.zeros_like(value)


class _Softplus(Transform):
    """``σ = scale · log(1 + exp u)``: unlike exp u it cannot leap to huge scales in one step."""

    name = "softplus"
    ndim_supp = 0

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        return pt.log(pt.expm1(value / inputs[-1]))

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return σ."""
        return inputs[-1] * pt.softplus(value)

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return log dσ/du."""
        return pt.log(inputs[-1]) - pt.softplus(-value)


def _softplus() -> dict[str, Any]:
    return {"transform": _Softplus(), "default_transform": None}
