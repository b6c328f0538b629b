"""Mappings: three forms, and what is refused."""

import json
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.counts import Blocks, TransitionCounts
from equipoise.errors import DataError


@pytest.fixture
def expected():
    return TransitionCounts(states=("A", "B"), counts=np.array([[1, 3], [2, 0]]), other=[5, 0])


@pytest.mark.parametrize(
    "counts",
    [
        {"A": {"A": 1, "B": 3, "": 5}, "B": {"A": 2}},
        {"B": {" A ": 2.0, "B": 0}, "A": {None: 5, "B": np.int8(3), "A": 1}},
        {("A", "A"): 1, ("A", "B"): 3, ("A", None): 5, ("B", "A"): 2},
        {("B", "A"): 2, ("A", ""): 5, ("A", "B"): 3, ("A", "A"): 1},
        Counter({("A", "A"): 1, ("A", "B"): 3, ("A", None): 5, ("B", "A"): 2}),
        {"A": Counter("ABBB") + Counter({None: 5}), "B": defaultdict(int, A=2)},
        {"schema": "equipoise.counts/1", "counts": {"A": {"A": 1, "B": 3, "": 5}, "B": {"A": 2}}},
        {
            "schema": "equipoise.counts/1",
            "counts": {("A", "A"): 1, ("A", "B"): 3, ("B", "A"): 2},
            "other": {"A": 5},
        },
    ],
)
def test_mappings_that_mean_the_same(counts, expected):
    assert TransitionCounts.from_dict(counts) == expected


@given(st.data())
@settings(deadline=None, max_examples=50)
def test_nested_and_flat_agree_in_any_order(data):
    label = st.sampled_from(["A", "B", "C", "other", "schema", "counts", "é", 7])
    flat = data.draw(st.dictionaries(st.tuples(label, label | st.none()), st.integers(0, 2**50)))
    flat["A", "B"] = data.draw(st.integers(1, 9))
    order = data.draw(st.permutations(list(flat)))
    nested = {}
    for source, target in order:
        nested.setdefault(source, {})[target] = flat[source, target]
    counts = TransitionCounts.from_dict(nested)
    assert TransitionCounts.from_dict(flat) == counts
    assert counts.n_trials == sum(flat.values())
    for (source, target), count in flat.items():
        row = counts.index(source)
        found = counts.other[row] if target is None else counts.counts[row, counts.index(target)]
        assert found == count


def test_an_empty_row_names_a_state(expected):
    nested = {"A": {"A": 1, "B": 3, "": 5}, "B": {"A": 2}, "C": {}}
    counts = TransitionCounts.from_dict(nested)
    assert counts.states == ("A", "B", "C")
    assert counts.never_sources == ("C",)
    assert TransitionCounts.from_dict({"A": {"B": 1}, 3: {}}, states=[3, "B", "A"]).states == (
        "3",
        "B",
        "A",
    )


def test_to_dict_is_plain():
    counts = TransitionCounts(
        ("B", "A", "C"),
        np.array([[0, 3, 0], [2, 4, 0], [0, 0, 0]]),
        np.array([0, 5, 0]),
        blocks=Blocks(("y", "x"), [0, 0, 1, 1], [0, 1, 1, 1], [1, 0, 1, -1], [3, 2, 4, 5]),
        support=[("A", "C")],
        metadata={"model": "m", "stops": ("a", None)},
    )
    assert counts.to_dict() == {
        "schema": "equipoise.counts/1",
        "states": ["B", "A", "C"],
        "counts": {"B": {"A": 3}, "A": {"B": 2, "A": 4}},
        "other": {"A": 5},
        "protocol": "draws",
        "starts": [],
        "stay": True,
        "support": [["A", "C"]],
        "blocks": [
            {"label": "y", "counts": {"B": {"A": 3}, "A": {"B": 2}}, "other": {}},
            {"label": "x", "counts": {"A": {"A": 4}}, "other": {"A": 5}},
        ],
        "sequences": None,
        "metadata": {"model": "m", "stops": ["a", None]},
    }
    walk = TransitionCounts.from_sequences([["A", None, "B"], ["B", "A"]]).to_dict()
    assert walk["sequences"] == [["A", None, "B"], ["B", "A"]]
    assert walk["starts"] == ["A", "B"]
    assert walk["protocol"] == "trajectory"
    del walk["starts"]  # said by the sequences too
    assert TransitionCounts.from_dict(walk).starts == ("A", "B")
    text = json.dumps(counts.to_dict(), allow_nan=False)
    assert TransitionCounts.from_dict(json.loads(text)) == counts


WHOLE = {
    "schema": "equipoise.counts/1",
    "states": ["A", "B"],
    "counts": {"A": {"B": 3}, "B": {"A": 2}},
}
X = {"label": "x", "counts": {"A": {"B": 3}, "B": {"A": 2}}}


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([["A", "B", 1]], r"received a value of type 'list'; write \{from: \{to: count\}\}"),
        ({}, "dict: there is no count"),
        ({"A": 3}, "what belongs to 'A' is of type 'int', no mapping"),
        (WHOLE | {"schema": None}, "what belongs to 'schema' is of type 'NoneType', no mapping"),
        ({"states": ["A"], "counts": {}}, "or mark what to_dict returned by 'schema': 'equipoise"),
        ({"A": {"B": -1}}, "dict, from 'A' to 'B': the count '-1' is negative"),
        ({"A": {"B": 1, None: -1}}, "from 'A' to '': the count '-1' is negative"),
        ({"A": {"B": 0.5}}, "from 'A' to 'B': the count '0.5' is not a whole number"),
        ({"A": {"B": float("nan")}}, "from 'A' to 'B': the count 'nan' is not finite"),
        ({"A": {"B": float("inf")}}, "is not finite"),
        ({"A": {"B": "1"}}, "the count '1' is not a number"),
        ({"A": {"B": True}}, "the count 'True' is a truth value"),
        ({"A": {"B": None}}, "the count 'None' is missing"),
        ({"A": {"B": {"C": 1}}}, "from 'A' to 'B': the count .* is not a number"),
        ({"A": {"B": 2**63}}, "too large for 64 bits"),
        ({"A": {"B": 2**62, "A": 2**62}}, "too large for 64 bits"),
        ({"A": {"B": 0}}, "no transition at all .every count is 0"),
        ({"A": {None: 4}}, "no transition at all .all 4 trials"),
        ({"": {"B": 1}}, "from '' to 'B': the source is empty"),
        ({None: {"B": 1}}, "the source is empty"),
        ({"A\n": {"B\x1b[2J": 1}}, r"from 'A\\n' to 'B\\x1b\[2J': the label .* holds a control"),
        ({0.5: {"B": 1}}, "the label '0.5' is of type 'float'"),
        ({"1": {"B": 1}, 1: {"B": 1}}, "the text '1' and the number 1 become the same label"),
        ({"A": {"B": 1, " B": 1}}, "from 'A' to 'B': the pair is there twice .blanks"),
        ({"A": {"B": 1}, "A ": {"B": 2}}, "from 'A' to 'B': the pair is there twice"),
        ({"A": {"B": 1, "": 1, None: 1}}, "from 'A' to '': the pair is there twice"),
        ({("A", "B"): 1, ("A", "B "): 1}, "the pair is there twice"),
        ({("A", "B"): 1, "A": {"C": 1}}, "the key 'A' is no pair among pairs"),
        ({("A", "B", "C"): 1}, "the key .* is no pair among pairs"),
        (WHOLE | {"schema": "equipoise.test/1"}, "the schema is 'equipoise.test/1'"),
        (WHOLE | {"modle": "m"}, "dict: unknown key modle; .* belongs into metadata"),
        ({"schema": "equipoise.counts/1", "states": []}, "there is no key 'counts'"),
        (WHOLE | {"counts": [[1]]}, "the counts are of type 'list'"),
        (WHOLE | {"counts": {}}, "dict: there is no count"),
        (WHOLE | {"other": [1, 2]}, r"other is of type 'list'; write \{from: count\}"),
        (WHOLE | {"other": {"A": -1}}, "from 'A' to '': the count '-1' is negative"),
        (WHOLE | {"other": {"C": 1}}, "the declared states leave out C"),
        (
            WHOLE | {"counts": {"A": {"B": 3, "": 1}}, "other": {"A": 1}},
            "from 'A' to '': the pair is there twice",
        ),
        (WHOLE | {"states": "AB"}, "states must be a list, received 'AB'"),
        (WHOLE | {"stay": 0}, "stay is '0'; write true or false"),
        (WHOLE | {"blocks": {"x": 1}}, "blocks are of type 'dict'"),
        (WHOLE | {"blocks": []}, "dict, block: there is no count"),
        (WHOLE | {"blocks": ["x"]}, "block 1 is of type 'str'; write a mapping"),
        (WHOLE | {"blocks": [{"counts": {}}]}, "block 1 has no key 'label'"),
        (WHOLE | {"blocks": [{"label": "x"}]}, "block 1 has no key 'counts'"),
        (WHOLE | {"blocks": [X | {"day": 1}]}, "block 1: unknown key day"),
        (WHOLE | {"blocks": [X, X]}, "blocks are declared twice: x"),
        (WHOLE | {"blocks": [X | {"label": " "}]}, "declared block 1 is empty"),
        (WHOLE | {"blocks": [X | {"counts": {"A": {"B": 3}}}]}, "blocks do not add up to counts"),
        (WHOLE | {"blocks": [X | {"other": {"A": 1}}]}, "blocks do not add up to counts"),
        (WHOLE | {"blocks": [X | {"other": {"C": 1}}]}, "leave out C, which the data hold"),
        (
            WHOLE | {"blocks": [X | {"counts": {"A": {"B": 2.5}}}]},
            "dict, block 'x', from 'A' to 'B': the count '2.5' is not a whole",
        ),
        (
            WHOLE | {"blocks": [X | {"counts": {"A": {"B": 3, "B ": 3}}}]},
            "dict, block 'x', from 'A' to 'B.*': the pair is there twice",
        ),
    ],
)
def test_bad_mappings(counts, message):
    with pytest.raises(DataError, match=message) as error:
        TransitionCounts.from_dict(counts)
    assert str(error.value).isprintable()
