"""SmolLM2 asked for weekdays: counts, every draw, and the exact kernel behind them."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from equipoise.counts import TransitionCounts

if TYPE_CHECKING:
    from equipoise.simulate import Kernel

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HERE = Path(__file__)


class WeekdayDraw(NamedTuple):
    """One reply of the agent.

    Attributes
    ----------
    number : int
        Number of the draw from its source, from 0.
    source : str
        The weekday it was shown.
    raw : str
        The reply, letter by letter, blanks included. A language model wrote it: do not trust it.
    finish : str
        How the reply ended: "eot" (end of turn), "newline" or "max_tokens" (cut at 10).
    n_tokens : int
        Length of the reply in tokens, the last one included.
    target : str
        The weekday it was read as; empty: none.
    """

    number: int
    source: str
    raw: str
    finish: str
    n_tokens: int
    target: str


def smollm2_weekday() -> TransitionCounts:
    """Return 5,040 draws of SmolLM2-135M asked for a different weekday, 720 a day.

    Returns
    -------
    TransitionCounts
        7 states, Monday to Sunday; 4,744 transitions, 552 of them to the same day; 296 replies
        were no weekday. Protocol "draws".

    Notes
    -----
    Columns of the file: source (the day shown), target (empty: no weekday), count.

    **Origin**: drawn for Equipoise from SmolLM2-135M-Instruct with 4-bit weights,
    temperature 1 over the full vocabulary, list of days in the prompt. Trials were observed.
    **Licence**: the model's is Apache-2.0; the counts are under that of Equipoise (MIT).

    Each draw is in `smollm2_weekday_draws`, the truth in `smollm2_weekday_kernel`. It breaks
    detailed balance plainly. A model of this size says nothing about large ones.
    """
    return TransitionCounts.from_csv(
        _HERE.with_name("smollm2-weekday.csv"),
        states=_DAYS,
        metadata={
            "title": "SmolLM2-135M-Instruct, asked for a different weekday",
            "source": "drawn for Equipoise",
            "licence": "model Apache-2.0; counts MIT, as Equipoise",
            "model": "SmolLM2-135M-Instruct, 4-bit",
            "task": "name a different weekday, the list of weekdays in the prompt",
            "parameters": {"temperature": 1, "vocabulary": "full", "max_tokens": 10},
            "trials": "observed",
        },
    )


def smollm2_weekday_draws() -> tuple[WeekdayDraw, ...]:
    """Return each of the 5,040 draws behind `smollm2_weekday`.

    Returns
    -------
    tuple of WeekdayDraw
        In the order of the file: by source, Monday to Sunday, then by number.
        ``pandas.DataFrame(smollm2_weekday_draws())`` is a table of them.

    Notes
    -----
    Origin and licence as for `smollm2_weekday`. The columns draw, from, raw, finish, n_tokens and
    to of the file are the attributes of `WeekdayDraw`.
    """
    path = _HERE.with_name("smollm2-weekday-draws.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return tuple(
            WeekdayDraw(int(number), source, raw, finish, int(n_tokens), target)
            for number, source, raw, finish, n_tokens, target in rows
        )


def smollm2_weekday_kernel() -> "Kernel":
    """Return the exact transition probabilities of the agent behind `smollm2_weekday`.

    Returns
    -------
    Kernel
        ``matrix``: (7, 7), axis 0 from, axis 1 to, Monday to Sunday; ``other``: every other reply.

    Notes
    -----
    Columns of the file: from (the day shown), one a day, residual (every other reply) and
    pruned_bound (probability of the token paths that the computation left out, at most 5.5e-5 a
    row). They were computed by walking the tree of tokens; the draws fit them (Pearson, Monte
    Carlo p = 0.30). Origin and licence as for `smollm2_weekday`.

    Days and residual add up to 1 but for rounding (some 1e-9), so nothing is renormalised: the
    probabilities of the days are those of the file, and ``other`` is what remains to 1, the
    residual to 1e-8. The left-out paths are part of it, although some may lead to a day.
    """
    from equipoise.simulate import Kernel

    with _HERE.with_name("smollm2-weekday-kernel.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    matrix = np.array([row[1:8] for row in rows[1:]], dtype=float)
    return Kernel(states=_DAYS, matrix=matrix, other=1.0 - matrix.sum(axis=1))
