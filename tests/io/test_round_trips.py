"""Whatever goes out comes back, and what does not matter changes nothing."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.counts import TransitionCounts

FAST = settings(deadline=None, max_examples=50)

LABELS = (
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=6)
    .map(str.strip)
    .filter(bool)
)


@st.composite
def tables(draw, blocks=True):
    """Rows (source, target or "", count, block) with at least one transition."""
    labels = draw(st.lists(LABELS, min_size=1, max_size=5, unique=True))
    label = st.sampled_from(labels)
    count = st.integers(0, 9) | st.integers(0, 2**50)
    row = st.tuples(label, label | st.just(""), count, st.sampled_from(["day 1", "day 2"]))
    rows = draw(st.lists(row, max_size=12))
    rows.append((draw(label), draw(label), draw(st.integers(1, 9)), "day 1"))
    rows = draw(st.permutations(rows))
    columns = ["source", "target", "count", "block"][: 4 if blocks and draw(st.booleans()) else 3]
    return pd.DataFrame([row[: len(columns)] for row in rows], columns=columns)


@given(tables())
@FAST
def test_long_tables(tmp_path_factory, table):
    counts = TransitionCounts.from_dataframe(table)
    path = tmp_path_factory.getbasetemp() / "long.csv"
    counts.to_csv(path)
    assert TransitionCounts.from_csv(path) == counts
    assert TransitionCounts.from_file(path) == counts
    assert TransitionCounts.from_dataframe(counts.to_dataframe()) == counts
    table.to_csv(path, index=False)
    assert TransitionCounts.from_csv(path) == counts
    assert counts.n_trials == table["count"].sum()
    assert set(counts.states) == (set(table["source"]) | set(table["target"])) - {""}


@given(tables(blocks=False), st.randoms())
@FAST
def test_matrices(tmp_path_factory, table, random):
    counts = TransitionCounts.from_dataframe(table)
    matrix = counts.to_matrix()
    assert TransitionCounts.from_matrix(matrix) == counts
    order = list(counts.states)
    random.shuffle(order)
    shuffled = TransitionCounts.from_matrix(matrix.loc[order])
    assert shuffled == counts
    assert TransitionCounts.from_matrix(matrix, states=order).states == tuple(order)
    again = TransitionCounts.from_matrix(
        counts.counts, states=counts.states, other=counts.other.tolist()
    )
    assert again == counts
    path = tmp_path_factory.getbasetemp() / "wide.csv"
    matrix.to_csv(path)
    assert TransitionCounts.from_matrix_csv(path) == counts
    assert TransitionCounts.from_file(path) == counts


@given(st.data())
@FAST
def test_sequences(data):
    label = st.sampled_from(data.draw(st.lists(LABELS, min_size=1, max_size=4, unique=True)))
    path = st.tuples(label, label | st.none(), st.lists(label | st.none(), max_size=9)).map(
        lambda parts: [parts[0], parts[1], *parts[2]]
    )
    paths = [["A", "B"], *data.draw(st.lists(path, min_size=1, max_size=4))]
    counts = TransitionCounts.from_sequences(paths)
    assert counts.to_sequences() == paths
    assert counts.n_trials == sum(len(path) - 1 for path in paths)
    by_hand = {}
    for steps in paths:
        here = steps[0]
        for step in steps[1:]:
            by_hand[here, step] = by_hand.get((here, step), 0) + 1
            here = here if step is None else step
    table = pd.DataFrame([(a, b, n) for (a, b), n in by_hand.items()])
    table.columns = ["source", "target", "count"]
    again = TransitionCounts.from_dataframe(table, protocol="trajectory", starts=counts.starts)
    assert (again.counts != counts.counts).nnz == 0
    assert np.array_equal(again.other, counts.other)


@given(tables(), st.randoms())
@FAST
def test_order_and_splitting_of_rows_change_nothing(table, random):
    counts = TransitionCounts.from_dataframe(table)
    rows = []
    for row in table.itertuples(index=False):
        part = random.randint(0, row.count)
        rows += [row._replace(count=part), row._replace(count=row.count - part)]
    random.shuffle(rows)
    split = pd.DataFrame(rows, columns=table.columns)
    assert TransitionCounts.from_dataframe(split) == counts
    assert hash(TransitionCounts.from_dataframe(split)) == hash(counts)


@given(tables(), tables())
@FAST
def test_tables_add_up(table, more):
    table, more = table.iloc[:, :3], more.iloc[:, :3]
    both = TransitionCounts.from_dataframe(pd.concat([table, more]))
    one, two = (TransitionCounts.from_dataframe(t, states=both.states) for t in (table, more))
    assert ((one.counts + two.counts) != both.counts).nnz == 0
    assert np.array_equal(one.other + two.other, both.other)


@given(tables(), st.randoms())
@FAST
def test_relabelling(table, random):
    counts = TransitionCounts.from_dataframe(table)
    names = [f"new {k}" for k in range(counts.n_states)]
    random.shuffle(names)
    mapping = dict(zip(counts.states, names, strict=True))
    renamed = table.replace({"source": mapping, "target": mapping})
    relabelled = counts.relabel(mapping)
    assert TransitionCounts.from_dataframe(renamed, states=names) == relabelled
    assert relabelled.relabel({new: old for old, new in mapping.items()}) == counts
