"""The data of the PyMC models, made without loading PyMC."""

from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.likelihoods import FloatArray, IntArray
from equipoise.models.priors import Priors
from equipoise.models.rows import UNINFORMED, RowTable, level_edges

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


def model_data(
    table: RowTable,
    priors: Priors,
    *,
    cycle_sd: float | None = None,
    coordinates: FloatArray | None = None,
    turn: FloatArray | None = None,
    levels: IntArray | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """Return the data of a model by name, for ``pm.set_data`` or nutpie's ``with_data``.

    Parameters
    ----------
    table
        The counts, R rows of K outcomes; n terms V and s, b cycles.
    priors
        Prior scales.
    cycle_sd
        σ_c where it is held fixed, 0 for the reversible hypothesis; None: learned.
    coordinates
        In which coordinates the sampler walks, shape (n, 2 + b): anchor and variance of
        :func:`equipoise.models.walk.walked_normal`, and how the anchor moves with the cycle
        amplitudes. They change how fast it moves, never what it samples. None: prior units.
    turn
        For rows without staying, shape (S + 1 + E, S): see :meth:`Frame.terms`. None: none.
    levels
        For them, the edge that sets the level of each component. None: its first.

    Returns
    -------
    dict
        ``counts`` (R, K); ``slots`` (3, R, K), p, g and o of
        :class:`equipoise.models.rows.RowTable`; ``slot_edge`` (R, K); ``ends`` (2, E);
        ``settings``, named by the coordinate ``setting``; ``coordinates`` (n, 2); with cycles
        ``directions`` (n + E, b): what an amplitude of each cycle direction adds to the anchors of
        V and s and to c; without staying ``turn``, and ``levels`` (3, E): edges in another order,
        those that set the levels first, the place of the component's, and the way back.
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
    n_terms, n_cycles = table.graph.n_states + table.n_symmetric, table.basis.shape[1]
    if coordinates is None:
        coordinates = np.zeros((n_terms, 2 + n_cycles))
        coordinates[:, 1] = UNINFORMED
    data: dict[str, npt.NDArray[Any]] = {
        "counts": table.counts,
        "slots": np.stack([table.present, table.sign, table.offset]),
        # int32, as PyMC stores integers
        "slot_edge": table.edge.astype(np.int32),
        "ends": np.ascontiguousarray(table.graph.edges.T, dtype=np.int32),
        "settings": np.array([float(values[name]) for name in SETTINGS]),
        "coordinates": np.ascontiguousarray(coordinates[:, :2]),
    }
    if n_cycles:
        data["directions"] = np.vstack([coordinates[:, 2:], table.basis])
    if not table.staying:
        n_states = table.graph.n_states
        none = np.eye(n_states + 1 + table.graph.n_edges, n_states)
        data["turn"] = none if turn is None else turn
        first = level_edges(table.graph) if levels is None else levels
        order = np.concatenate([first, np.delete(np.arange(table.graph.n_edges), first)])
        component = table.graph.component[table.graph.edges[:, 0]]
        level = np.searchsorted(component[first], component[order])
        data["levels"] = np.stack([order, level, np.argsort(order)]).astype(np.int32)
    return data
