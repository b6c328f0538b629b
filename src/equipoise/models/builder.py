"""What the PyMC models share: their data, scales, blocks of Gaussians, the likelihood.

A hypothesis file says how the log-ratio of an edge is made; everything here is the same for all.
All numbers that may change from run to run are data of the model, so that one compiled model serves
every table of the same shape, both hypotheses, fixed and learned scales.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from equipoise.models.data import SETTINGS, model_data
from equipoise.models.priors import Priors
from equipoise.models.rows import RowTable, level_edges
from equipoise.models.walk import half_normal, walked_normal


@dataclass(frozen=True, eq=False)
class Frame:
    """A PyMC model under construction: its data, and the blocks both hypotheses are made of."""

    table: RowTable
    model: pm.Model
    data: Mapping[str, TensorVariable]

    def setting(self, name: str) -> TensorVariable:
        """Return one number of the settings."""
        return self.data["settings"][SETTINGS.index(name)]

    def circulation(self) -> tuple[TensorVariable, TensorVariable]:
        """Add ``c = σ_c B z``, ``z ~ Normal(0, 1)``; return c and how the anchors move with it."""
        sigma = half_normal("sigma_c", self.setting("cycle_scale"))
        sigma = self.setting("cycle_learned") * sigma + self.setting("fixed_cycle_sd")
        z = pm.Normal("z", 0.0, 1.0, dims="cycle_direction")
        # A sum of products, for it compiles in a tenth of the time of a matrix product.
        moved = (self.data["directions"] * (sigma * z)).sum(axis=1)
        n_edges = self.table.graph.n_edges
        return pm.Deterministic("c", moved[-n_edges:], dims="edge"), moved[:-n_edges]

    def terms(
        self, moved: TensorVariable | None = None
    ) -> tuple[TensorVariable, TensorVariable | None]:
        """Add the potential V and, where the likelihood has them, symmetric edge terms s.

        ``V ~ Normal(0, σ_V)``, ``σ_V ~ HalfNormal``; ``s ~ Normal(μ_s, σ_s)``, ``μ_s ~ Normal``,
        ``σ_s ~ HalfNormal``. V is free up to a constant in each component, which no likelihood can
        see and the prior alone determines. ``moved`` does not change what they are: see
        :func:`equipoise.models.walk.walked_normal`.

        Rows without staying are walks on a graph with log-weights ``s_e − (V_i + V_j)/2`` up to one
        constant a component, and say nothing else of V and s. So V is walked along the axes,
        ``V = Q w``, of what s says of it, which is the sharper the smaller σ_s, and s about anchors
        that follow V and the s of one edge of the component, which sets the level. The rows of
        ``turn`` are Q, the factor of σ_s² in the variance of w's anchors, and how s follows w.
        """
        n_states = self.table.graph.n_states
        anchor, variance = self.data["coordinates"][:, 0], self.data["coordinates"][:, 1]
        if moved is not None:
            anchor = anchor + moved
        at, spread = anchor[:n_states], variance[:n_states]
        learned = self.setting("learned")
        sigma_V = half_normal("sigma_V", self.setting("potential_scale"))
        sigma_V = learned * sigma_V + self.setting("fixed_potential_sd")
        if not self.table.n_symmetric:
            return walked_normal("V", 0.0, sigma_V, at, spread, dims="state"), None
        mean = pm.Normal("mu_s", self.setting("symmetric_mean"), self.setting("symmetric_mean_sd"))
        mean = learned * mean + self.setting("fixed_symmetric_mean")
        sigma_s = half_normal("sigma_s", self.setting("symmetric_scale"))
        sigma_s = learned * sigma_s + self.setting("fixed_symmetric_sd")
        if self.table.staying:
            V = walked_normal("V", 0.0, sigma_V, at, spread, dims="state")
            at, spread = anchor[n_states:], variance[n_states:]
            return V, walked_normal("s", mean, sigma_s, at, spread, dims="edge")
        turn = self.data["turn"]
        spread = spread + turn[n_states] * sigma_s**2
        w = walked_normal("w", 0.0, sigma_V, at, spread, dims="axis")
        V = pm.Deterministic("V", (turn[:n_states] * w).sum(axis=1), dims="state")
        order, level, back = (self.data["levels"][k] for k in range(3))
        at = (anchor[n_states:] + (turn[n_states + 1 :] * w).sum(axis=1))[order]
        spread = variance[n_states:][order]
        k = len(level_edges(self.table.graph))
        first = walked_normal("s_first", mean, sigma_s, at[:k], spread[:k], dims="level")
        at = at[k:] + first[level[k:]]
        rest = walked_normal("s_rest", mean, sigma_s, at, spread[k:], dims="edge_rest")
        return V, pm.Deterministic("s", pt.concatenate([first, rest])[back], dims="edge")

    def drop(self, V: TensorVariable) -> TensorVariable:
        """Return ``V_i − V_j`` of every edge {i, j}, i < j."""
        return V[self.data["ends"][0]] - V[self.data["ends"][1]]

    def transitions(self, log_ratio: TensorVariable, symmetric: TensorVariable | None) -> None:
        """Add the rows of counts, given the log-ratio and the symmetric term of every edge."""
        table = self.table
        present, sign, offset = (self.data["slots"][k] for k in range(3))
        edge = self.data["slot_edge"]
        eta = offset + sign * (0.5 * log_ratio)[edge]
        if symmetric is not None:
            eta = eta + present * symmetric[edge]
            rows, slots = np.nonzero(table.target >= 0)
            P = pt.zeros((len(table.labels), table.graph.n_states))
            P = P[rows, table.target[rows, slots]].set(pt.special.softmax(eta, axis=1)[rows, slots])
            pm.Deterministic("P", P, dims=("source", "target"))
        observe_rows(eta, self.data["counts"], dims=(row_dim(table), "outcome"))


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
        "target": list(names),
        row_dim(table): list(table.labels),
        "outcome": list(range(table.counts.shape[1])),
        "setting": list(SETTINGS),
    }
    dims: dict[str, Any] = {"counts": (row_dim(table), "outcome"), "settings": "setting"}
    if not table.staying:
        n_levels = len(level_edges(table.graph))
        coords["axis"] = list(range(len(names)))
        coords["level"] = list(range(n_levels))
        coords["edge_rest"] = list(range(table.graph.n_edges - n_levels))
    if cycles:
        coords["cycle_direction"] = list(range(table.basis.shape[1]))
    # Priors has refused scales that are no scales, so PyMC need not look at every draw again.
    model = pm.Model(coords=coords, check_bounds=False)
    values = model_data(table, priors)
    if not cycles:
        values.pop("directions", None)
    with model:
        data = {name: pm.Data(name, value, dims=dims.get(name)) for name, value in values.items()}
    return Frame(table, model, data)


def row_dim(table: RowTable) -> str:
    """Return the name of the dimension of rows: sources, or the edges that are compared."""
    return "source" if table.likelihood == "multinomial" else "pair"


def observe_rows(eta: TensorVariable, counts: TensorVariable, *, dims: tuple[str, str]) -> None:
    """Add the observed ``transitions``, rows of counts given the log-weight of every outcome."""
    pm.CustomDist(
        "transitions",
        eta,
        counts.sum(axis=1).astype("int64"),
        logp=rows_logp,
        dist=rows_of_draws,
        signature="(k),()->(k)",
        class_name="MultinomialRows",
        observed=counts,
        dims=dims,
    )


def rows_logp(value: Any, eta: Any, trials: Any) -> Any:
    """Return ``Σ_k n_k η_k − N log Σ_k exp η_k`` of each row: its draws, in the order they came.

    The multinomial coefficient, the number of orders, is left out, as in the NumPy core: it is the
    same under every hypothesis.
    """
    return (value * eta).sum(axis=-1) - trials * pt.logsumexp(eta, axis=-1)


def rows_of_draws(eta: Any, trials: Any, size: Any) -> TensorVariable:
    """Return the distribution that :func:`rows_logp` is the density of, to draw from."""
    return pm.Multinomial.dist(n=trials, p=pt.special.softmax(eta, axis=-1), size=size)


def observe_pairs(
    logit: TensorVariable, total: TensorVariable, forward: TensorVariable, *, dims: str
) -> None:
    """Add the observed ``transitions``, forward counts of edges given the total of either way."""
    pm.CustomDist(
        "transitions",
        logit,
        total.astype("int64"),
        logp=pairs_logp,
        dist=pairs_of_draws,
        signature="(),()->()",
        class_name="PairwiseEdges",
        observed=forward,
        dims=dims,
    )


def pairs_logp(value: Any, logit: Any, total: Any) -> Any:
    """Return ``n η − m log(1 + exp η)`` of each edge, the binomial coefficient left out."""
    return value * logit - total * pt.softplus(logit)


def pairs_of_draws(logit: Any, total: Any, size: Any) -> TensorVariable:
    """Return the distribution that :func:`pairs_logp` is the density of, to draw from."""
    return pm.Binomial.dist(n=total, logit_p=logit, size=size)


def hold_cycle_scale(model: pm.Model, cycle_sd: float | None) -> pm.Model:
    """Hold σ_c of a cyclic model at a value, 0 for the reversible hypothesis; None: learn it.

    The model is changed in place, and returned. Its variable ``sigma_c`` stays, with its prior,
    and nothing depends on it.
    """
    settings = np.array(model["settings"].get_value())
    settings[SETTINGS.index("cycle_learned")] = float(cycle_sd is None)
    settings[SETTINGS.index("fixed_cycle_sd")] = 0.0 if cycle_sd is None else cycle_sd
    model.set_data("settings", settings)
    return model
