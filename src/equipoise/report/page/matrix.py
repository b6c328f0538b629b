"""The counts themselves, as a table whose cells are darker where a transition is likelier."""

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.report.layout import label
from equipoise.report.page.blocks import Matrix, Words
from equipoise.text import told_apart

#: States up to which the counts are printed.
MOST_STATES = 15
_ROW, _COLUMN = 24, 10
# Least share of a row's trials of each shade but the first.
_SHADES = (0.01, 0.05, 0.15, 0.35)


def count_matrix(counts: TransitionCounts) -> Matrix | Words:
    """Return the counts as a table, or what to do where there are too many of them."""
    n = counts.n_states
    if n > MOST_STATES:
        return Words(
            f"The table of counts, {n:,} × {n:,} with {counts.counts.nnz:,} entries above 0, is "
            "not printed here: `equipoise report --tables DIR` writes it to counts.csv."
        )
    table = counts.counts.toarray()
    other = counts.other if counts.other.any() else None
    columns = told_apart(counts.states, _COLUMN) + ([] if other is None else ["(no state)"])
    body = table if other is None else np.column_stack([table, other])
    share = body / np.maximum(counts.trials, 1)[:, None]
    shade = np.searchsorted(_SHADES, share, side="right") + (body > 0)
    rows = tuple(
        (
            label(state, _ROW),
            tuple((f"{int(count):,}", int(level)) for count, level in zip(*pair, strict=True)),
            f"{int(trials):,}",
        )
        for state, trials, *pair in zip(counts.states, counts.trials, body, shade, strict=True)
    )
    return Matrix(
        "The counts: a row for each state that trials began in, a column for each they ended in; "
        "darker where a larger share of the row's trials went.",
        tuple(columns),
        rows,
    )
