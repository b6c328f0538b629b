"""Steps of a walk as padded rows, for the hypotheses that weigh each step or edge directly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from equipoise.errors import DataError
from equipoise.likelihoods import FloatArray, IntArray, Steps
from equipoise.models.builder import observe_rows
from equipoise.models.rows import FORBIDDEN


@dataclass(frozen=True, eq=False)
class StepTable:
    """Rows of counts, a row for each source with trials, padded to one length.

    Attributes
    ----------
    names
        Labels of the S states.
    labels
        Labels of the R rows.
    steps
        Index of the step of each outcome, shape (R, K), targets in order of state, staying among
        them; 0 for padding.
    present
        Whether the outcome exists, shape (R, K).
    counts
        Shape (R, K): axis 0 sources, axis 1 outcomes.
    target
        State that each outcome leads to, shape (R, K).
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    steps: IntArray
    present: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"
    counts: FloatArray
    target: IntArray

    def coords(self) -> dict[str, Any]:
        """Return the coordinates of a model."""
        return {
            "state": list(self.names),
            "target": list(self.names),
            "source": list(self.labels),
            "outcome": list(range(self.counts.shape[1])),
        }

    def transitions(self, log_weight: TensorVariable) -> None:
        """Add the probabilities P and the observed rows, given the log-weight of every step."""
        eta = pt.switch(self.present, log_weight[self.steps], FORBIDDEN)
        rows, outcomes = np.nonzero(self.present)
        P = pt.zeros((len(self.labels), len(self.names)))
        chances = pt.special.softmax(eta, axis=1)[rows, outcomes]
        P = P[rows, self.target[rows, outcomes]].set(chances)
        pm.Deterministic("P", P, dims=("source", "target"))
        counts = pm.Data("counts", self.counts, dims=("source", "outcome"))
        observe_rows(eta, counts, dims=("source", "outcome"))


def step_table(steps: Steps, names: tuple[str, ...]) -> StepTable:
    """Lay steps out in padded rows.

    Parameters
    ----------
    steps
        The possible steps and their counts.
    names
        Labels of its S states.

    Raises
    ------
    DataError
        If no edge joins two states.
    """
    if steps.loops.all():
        raise DataError(
            "the counts join no two states, so there is no model to state; count transitions "
            "between different states"
        )
    first = np.searchsorted(steps.source, steps.source)
    column = np.arange(len(steps.source)) - first
    shape = (steps.n_states, 1 + int(column.max()))
    at = (steps.source, column)
    index, target = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    present, counts = np.zeros(shape, dtype=bool), np.zeros(shape)
    index[at], target[at] = np.arange(len(steps.source)), steps.target
    present[at], counts[at] = True, steps.counts
    kept = np.flatnonzero(counts.sum(axis=1) > 0)
    return StepTable(
        names=names,
        labels=tuple(names[k] for k in kept),
        steps=index[kept],
        present=present[kept],
        counts=counts[kept],
        target=target[kept],
    )


def new_model(table: StepTable, more: Mapping[str, Any]) -> pm.Model:
    """Return an empty model with the coordinates of a table and more."""
    return pm.Model(coords={**table.coords(), **more}, check_bounds=False)
