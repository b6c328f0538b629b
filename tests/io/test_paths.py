"""Sequences of states."""

import numpy as np
import pandas as pd
import pytest

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError


def test_one_sequence():
    counts = TransitionCounts.from_sequences(["B", "A", "A", "C"])
    assert counts.states == ("A", "B", "C")
    assert counts.counts.toarray().tolist() == [[1, 0, 1], [1, 0, 0], [0, 0, 0]]
    assert counts.protocol == "trajectory"
    assert counts.starts == ("B",)
    assert [path.tolist() for path in counts.sequences] == [[1, 0, 0, 2]]
    assert counts.to_sequences() == [["B", "A", "A", "C"]]
    assert counts.never_sources == ("C",)


@pytest.mark.parametrize("missing", [None, "", " ", np.nan, pd.NA])
def test_a_failed_trial_leaves_the_agent_in_place(missing):
    counts = TransitionCounts.from_sequences([["A", missing, missing, "B", missing], ("B", "A")])
    assert counts.counts.toarray().tolist() == [[0, 1], [1, 0]]
    assert counts.other.tolist() == [2, 1]
    assert counts.starts == ("A", "B")
    assert counts.to_sequences() == [["A", None, None, "B", None], ["B", "A"]]
    assert TransitionCounts.from_sequences(counts.to_sequences()) == counts


@pytest.mark.parametrize(
    "sequences",
    [
        [3, 1, 3],
        np.array([3, 1, 3]),
        np.array([[3, 1, 3]]),
        pd.Series([3.0, 1.0, 3.0]),
        ("3", "1", "3"),
        [np.array(["3", "1", "3"])],
    ],
)
def test_kinds_of_sequences(sequences):
    assert TransitionCounts.from_sequences(sequences).to_sequences() == [["3", "1", "3"]]


def test_declared_states_and_options():
    counts = TransitionCounts.from_sequences(
        ["A", "B"], states=["C", "B", "A"], stay=False, support=[("A", "C")], metadata={"day": 1}
    )
    assert counts.states == ("C", "B", "A")
    assert [path.tolist() for path in counts.sequences] == [[2, 1]]
    assert counts.support == (("C", "A"),)
    assert not counts.stay


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ("ABBA", r"received the text 'ABBA'; write \['A', 'B', ...\], or list\(text\)"),
        (7, "received 'int'"),
        ({"A": "B"}, "received 'dict'"),
        ({"A", "B"}, "received 'set'"),
        ((letter for letter in "AB"), "received 'generator'"),
        ([], "the list of sequences is empty"),
        (["A"], "sequence 1 has length 1"),
        ([["A", "B"], []], "sequence 2 has length 0"),
        ([["A", "B"], "C"], "entry 1 is a sequence and others are labels"),
        ([["A", "B"], [None, "A"]], "sequence 2 begins with a failed trial"),
        ([["A", "B"], ["A", "B\x07", "A"]], r"sequence 2, entry 2: the label 'B\\x07' holds"),
        (["A", "\ud800"], r"the label '\\ud800' holds a control character"),
        ([["A", "B"], ["A", 2.5]], "sequence 2, entry 2: the label '2.5' is of type 'float'"),
        ([[["A"], ["B"]]], "sequence 1: 2 faults: entry 1: the label .* is of type 'list'"),
        ([1, -1, 2], "the sequences hold the number -1; write None for a failed trial"),
        (["A", None], "all 1 trials ended in no state"),
        ([1, "1"], "become the same label"),
    ],
)
def test_bad_sequences(sequences, message):
    with pytest.raises(DataError, match=message) as error:
        TransitionCounts.from_sequences(sequences)
    assert str(error.value).isprintable()


def test_counts_without_order_have_no_sequences():
    counts = TransitionCounts.from_matrix([[0, 1], [1, 0]], states=["A", "B"])
    with pytest.raises(DataError, match="the order of the steps is unknown"):
        counts.to_sequences()
