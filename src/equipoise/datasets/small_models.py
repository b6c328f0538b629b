"""Sixteen kernels of two small models on this machine, and one of them exactly."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.text import quoted

if TYPE_CHECKING:
    from equipoise.simulate import Kernel

_HERE = Path(__file__)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_STATES = {"weekday": _DAYS, "month": _MONTHS}
_TITLES = {"SmolLM2": "SmolLM2-135M-Instruct, 4-bit", "Gemma": "Gemma 3 270M base, 4-bit"}


def small_models(task: Literal["weekday", "month"]) -> dict[str, TransitionCounts]:
    """Return the counts of eight kernels on one task: two models, two prompts, two temperatures.

    Parameters
    ----------
    task : {"weekday", "month"}
        What the agents were asked for: another day of the week, or another month.

    Returns
    -------
    dict of str to TransitionCounts
        By name, ``"SmolLM2, list, T = 1"``: model, prompt, temperature. 7 or 12 states, 2,100
        draws each, as many of each state. Protocol "draws".

    Raises
    ------
    UsageError
        If there is no such task.

    Notes
    -----
    Columns of the file: task, model, template, temperature, source (the state shown), target
    (empty: no state), count.

    **Origin**: collected for Equipoise by `equipoise collect --client local` (llama.cpp's server,
    vocabulary not truncated) on 26 November 2026; ``examples/small-models`` holds the prompts and
    the commands. Prompt "list" is that of the built-in task, which gives the list of states;
    "pattern" gives three sentences to go on with. Trials were observed.
    **Licence**: the models' are Apache-2.0 (SmolLM2-135M-Instruct) and the Gemma licence (Gemma 3
    270M); the counts are under that of Equipoise (MIT).

    Models of this size say nothing about large ones.
    """
    if task not in _STATES:
        raise UsageError(f"there is no task {quoted(task)}; give weekday or month")
    rows: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    with _HERE.with_name("small-models.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["task"] == task:
                agent = (row["model"], row["template"], row["temperature"])
                rows.setdefault(agent, []).append(row)
    return {
        f"{model}, {template}, T = {temperature}": _counts(task, part, model, template, temperature)
        for (model, template, temperature), part in rows.items()
    }


def small_models_kernel() -> "Kernel":
    """Return the exact transition probabilities of SmolLM2, list, T = 1 on the weekday task.

    Returns
    -------
    Kernel
        ``matrix``: (7, 7), axis 0 from, axis 1 to, Monday to Sunday; ``other``: every other reply.

    Notes
    -----
    Columns of the file: from (the day shown), one a day, other, and not_followed (probability of
    the paths of tokens that the computation left out, part of ``other``, at most 1.1e-3 a row).

    They were computed by walking the tree of tokens with the probabilities that the same server
    states. How a server splits a prompt into batches moves them: from one computation to the next
    by up to 0.02 in a row (total variation). Origin and licence as for `small_models`.
    """
    from equipoise.simulate import Kernel

    with _HERE.with_name("small-models-kernel.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    matrix = np.array([row[1:8] for row in rows[1:]], dtype=float)
    return Kernel(states=_DAYS, matrix=matrix, other=1.0 - matrix.sum(axis=1))


def _counts(
    task: str, rows: list[dict[str, str]], model: str, template: str, temperature: str
) -> TransitionCounts:
    states = _STATES[task]
    place = {state: k for k, state in enumerate(states)}
    table = np.zeros((len(states), len(states)), dtype=np.int64)
    other = np.zeros(len(states), dtype=np.int64)
    for row in rows:
        if row["target"]:
            table[place[row["source"]], place[row["target"]]] = int(row["count"])
        else:
            other[place[row["source"]]] = int(row["count"])
    return TransitionCounts.from_matrix(
        table,
        states=states,
        other=other,
        metadata={
            "title": f"{_TITLES[model]}, {task}, prompt {template}, temperature {temperature}",
            "source": "collected for Equipoise, 2026-11-26",
            "licence": "models Apache-2.0 and Gemma licence; counts MIT, as Equipoise",
            "model": _TITLES[model],
            "task": task,
            "template": template,
            "parameters": {"temperature": float(temperature), "vocabulary": "full"},
            "trials": "observed",
        },
    )
