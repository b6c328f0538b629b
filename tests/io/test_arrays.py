"""xarray: DataArrays and Datasets of all makes, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.counts import Blocks, TransitionCounts
from equipoise.errors import DataError

LABELS = {"source": ["A", "B"], "target": ["A", "B"]}


@pytest.fixture
def expected():
    return TransitionCounts(states=("A", "B"), counts=np.array([[1, 3], [2, 0]]), other=[5, 0])


def array(values=((1, 3), (2, 0)), dims=("source", "target"), coords=LABELS, **more):
    return xr.DataArray(np.array(values), coords, dims, **more)


def dataset(counts=None, attrs=None, **more):
    if "other" not in more:
        more["other"] = ("source", [5, 0])
    return xr.Dataset({"counts": array() if counts is None else counts, **more}, attrs=attrs)


def test_arrays_that_mean_the_same(expected):
    no_other = TransitionCounts(expected.states, expected.counts, np.zeros(2, dtype=int))
    assert TransitionCounts.from_xarray(array()) == no_other
    assert TransitionCounts.from_xarray(array(((1.0, 3.0), (2.0, 0.0)))) == no_other
    assert TransitionCounts.from_xarray(array().T) == no_other
    assert TransitionCounts.from_xarray(array(name="n", attrs={"units": "1"})) == no_other
    # the order of the labels is the order of target, wherever that stands
    turned = array()[::-1]
    assert TransitionCounts.from_xarray(turned) == no_other
    assert TransitionCounts.from_xarray(array()[:, ::-1]).states == ("B", "A")
    assert TransitionCounts.from_xarray(array()[:, ::-1], states=["A", "B"]) == no_other
    bare = array(coords=None)
    assert TransitionCounts.from_xarray(bare, states=["A", "B"]) == no_other
    assert TransitionCounts.from_xarray(bare.T, states=["A", "B"]) == no_other
    assert TransitionCounts.from_xarray(array(), states=["C", "A", "B"]).states == ("C", "A", "B")
    numbers = array(coords={"source": [1, 2], "target": [1.0, 2.0]})
    assert TransitionCounts.from_xarray(numbers).states == ("1", "2")


@pytest.mark.parametrize("name", ["", "other", None, np.nan])
def test_a_further_target_is_other(expected, name):
    wide = {"source": ["A", "B"], "target": np.array(["A", name, "B"], dtype=object)}
    counts = array(((1, 5, 3), (2, 0, 0)), coords=wide)
    assert TransitionCounts.from_xarray(counts) == expected
    assert TransitionCounts.from_xarray(counts.T) == expected
    with pytest.raises(DataError, match="other is given twice, as a variable and as a target"):
        TransitionCounts.from_xarray(dataset(counts))


def test_datasets_that_mean_the_same(expected):
    assert TransitionCounts.from_xarray(dataset()) == expected
    assert TransitionCounts.from_xarray(dataset(array().T)) == expected
    assert TransitionCounts.from_xarray(dataset(array())[{"source": [1, 0]}]) == expected
    assert TransitionCounts.from_xarray(dataset().set_coords("other")) == expected
    assert (
        TransitionCounts.from_xarray(dataset().assign_coords(when=("source", [1, 2]))) == expected
    )
    assert TransitionCounts.from_xarray(dataset(attrs={"history": "x", "stay": True})) == expected
    said = {
        "protocol": "trajectory",
        "starts": ["B", "A"],
        "stay": True,
        "support": [["A", "B"]],
        "metadata": {"model": "m"},
    }
    as_json = {
        "schema": "equipoise.counts/1",
        "protocol": "trajectory",
        "starts": '["B", "A"]',
        "stay": "true",
        "support": '[["A", "B"]]',
        "metadata": '{"model": "m"}',
    }
    plain = TransitionCounts.from_xarray(dataset(attrs=said))
    assert TransitionCounts.from_xarray(dataset(attrs=as_json)) == plain
    assert plain.starts == ("B", "A")
    assert plain.support == ()
    assert plain.metadata == {"model": "m"}


@given(st.permutations("ABCD"), st.permutations("ABCD"), st.booleans())
@settings(deadline=None, max_examples=30)
def test_order_of_labels_and_dimensions_changes_nothing(rows, columns, turn):
    frame = pd.DataFrame(np.arange(16).reshape(4, 4), list("ABCD"), list("ABCD"))
    counts = TransitionCounts.from_matrix(frame, other=[1, 0, 2, 0])
    moved = counts.to_xarray().sel(source=list(rows), target=list(columns))
    moved = moved.transpose("target", "source") if turn else moved
    assert TransitionCounts.from_xarray(moved, states=counts.states) == counts
    assert TransitionCounts.from_xarray(moved).states == tuple(columns)


def test_what_stands_in_the_dataset():
    counts = TransitionCounts(
        ("B", "A", "C"),
        np.array([[0, 3, 0], [2, 4, 0], [0, 0, 0]]),
        np.array([0, 5, 0]),
        blocks=Blocks(("y", "x"), [0, 0, 1, 1], [0, 1, 1, 1], [1, 0, 1, -1], [3, 2, 4, 5]),
        support=[("A", "C")],
        metadata={"model": "é"},
    )
    data = counts.to_xarray()
    assert data["counts"].dims == ("source", "target")
    assert data["counts"].dtype == data["other"].dtype == np.int64
    assert data["counts"].sel(source="B", target="A") == 3
    assert data["counts"].sel(source="A", target="B") == 2
    assert data["other"].sel(source="A") == 5
    assert data.coords["block"].values.tolist() == ["y", "x"]
    rows = [data[f"record_{key}"].values.tolist() for key in ("block", "source", "target", "count")]
    assert list(zip(*rows, strict=True)) == [
        ("y", "B", "A", 3),
        ("y", "A", "B", 2),
        ("x", "A", "", 5),
        ("x", "A", "A", 4),
    ]
    assert data.attrs == {
        "schema": "equipoise.counts/1",
        "protocol": "draws",
        "starts": "[]",
        "stay": "true",
        "support": '[["A", "C"]]',
        "metadata": '{"model": "\\u00e9"}',
    }
    assert set(data.data_vars) == {"counts", "other"} | {
        f"record_{key}" for key in ("source", "target", "count", "block")
    }
    # records and steps name their states, so that order matters nowhere
    moved = data.isel(source=[2, 0, 1], record=[3, 1, 0, 2], block=[0, 1])
    assert TransitionCounts.from_xarray(moved) == counts
    without = data.drop_vars("block")
    assert TransitionCounts.from_xarray(without).blocks.labels == ("x", "y")
    walk = TransitionCounts.from_sequences([["A", None, "B"], ["B", "A"]]).to_xarray()
    assert walk["step_trajectory"].values.tolist() == [0, 0, 0, 1, 1]
    assert walk["step_state"].values.tolist() == ["A", "", "B", "B", "A"]


SMALL = TransitionCounts.from_sequences([["A", "B", "A", "B"], ["B", "B"]])
BLOCKED = TransitionCounts.from_dataframe(
    pd.DataFrame({"source": ["A", "B"], "target": ["B", ""], "block": ["x", "y"]})
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([[1, 3], [2, 0]], "from_xarray received a value of type 'list'; give a DataArray"),
        (np.eye(2), "received a value of type 'ndarray'"),
        (array(dims=("from", "to"), coords=None), "counts has the dimensions from, to, not source"),
        (
            array(dims=("source", "to"), coords=None),
            "DataArray: counts has the dimensions source, to",
        ),
        (xr.DataArray([1, 2], dims="source"), "counts has the dimensions source, not source and"),
        (
            xr.DataArray(np.ones((2, 2, 2)), dims=("source", "target", "day")),
            "counts has the dimensions source, target, day, not source and target; rename",
        ),
        (array(coords=None), "the dimension source and target has no labels"),
        (array(coords={"source": ["A", "B"]}), "the dimension target has no labels; give source"),
        (array(coords={"source": ["A", "B"], "target": ["A", "C"]}), "B labels a row only"),
        (array(coords={"source": ["A", "A"], "target": ["A", "B"]}), "two rows are labelled 'A'"),
        (array(coords={"source": ["A", "B"], "target": ["B", "B"]}), "two columns are labelled"),
        (array(coords={"source": ["A", ""], "target": ["A", "B"]}), "label of a row is empty"),
        (array(coords={"source": [0.5, 1.5], "target": [0.5, 1.5]}), "'0.5' is of type 'float64'"),
        (
            array(coords=dict.fromkeys(LABELS, pd.to_datetime(["2020-01-01", "2020-01-02"]))),
            "is of type 'datetime64'",
        ),
        (array(((1, -3), (2, 0))), "row 1, column 2: the count '-3' is negative"),
        (array(((1, 0.5), (2, 0))), "row 1, column 2: the count '0.5' is not a whole number"),
        (array(((1, np.nan), (2, 0))), "row 1, column 2: the count 'nan' is not finite"),
        (array(((1, np.inf), (2, 0))), "the count 'inf' is not finite"),
        (array(((-1, 0), (7, 0)), ("target", "source")), "row 1, column 1: the count '-1'"),
        (array(((0, 0), (-7, 0)), ("target", "source")), "row 1, column 2: the count '-7'"),
        (array((("1", "2"), ("3", "4"))), "the count '1' is not a number"),
        (array(((True, True), (True, False))), "is a truth value"),
        (array(((2**62, 2**62), (0, 0))), "too large for 64 bits"),
        (array(((0, 0), (0, 0))), "no transition at all"),
        (array(attrs={"protocol": "walk"}), "protocol is 'walk'"),
        (array(attrs={"schema": "equipoise.counts/2"}), "the schema is 'equipoise.counts/2'"),
        (array(attrs={"stay": "no"}), "DataArray: attribute 'stay': 'no' is no JSON"),
        (array(attrs={"stay": 0}), "stay is '0'; write true or false"),
        (array(attrs={"starts": "A"}), "attribute 'starts': 'A' is no JSON"),
        (array(attrs={"metadata": "3"}), "metadata must be a mapping"),
        (dataset().rename(counts="n"), "Dataset: unknown variable n; the variables are counts"),
        (dataset().drop_vars("counts"), "there is no variable counts"),
        (dataset(day=("day", [1, 2])), "unknown dimension day"),
        (dataset(weight=("source", [1, 2])), "unknown variable weight"),
        (dataset(other=("target", [5, 0])), "other has the dimensions target, not source; rename"),
        (dataset(other=("source", [5, -1])), "other, entry 2: the count '-1' is negative"),
        (dataset(other=("source", [5, np.nan])), "other, entry 2: the count 'nan' is not finite"),
        (SMALL.to_xarray().drop_vars("step_state"), "there is no variable step_state; step_traj"),
        (SMALL.to_xarray().isel(step=[0, 1, 2, 4, 5]), "sequences do not add up to counts"),
        (SMALL.to_xarray().isel(step=[0, 1, 2, 3, 5]), "sequence 2 has length 1"),
        (SMALL.to_xarray().assign(step_trajectory=("step", [0.5] * 6)), "trajectory of step 1"),
        (SMALL.to_xarray().assign_attrs(protocol="draws"), "belong to trajectories"),
        (BLOCKED.to_xarray().drop_vars("record_count"), "there is no variable record_count"),
        (BLOCKED.to_xarray().isel(record=[0]), "blocks do not add up to counts and other"),
        (BLOCKED.to_xarray().isel(block=[0]), "the declared blocks leave out y"),
        (BLOCKED.to_xarray().isel(source=[0]), "B labels a column only"),
        (
            BLOCKED.to_xarray().assign(record_count=("record", [1, -1])),
            "record 2: the count '-1' is negative",
        ),
        (
            BLOCKED.to_xarray().assign(record_target=("record", ["B", "C"])),
            "blocks: the declared states leave out C",
        ),
    ],
)
def test_bad_arrays(data, message):
    with pytest.raises(ValueError, match=message) as error:
        TransitionCounts.from_xarray(data)
    assert str(error.value).isprintable()


def test_states_that_do_not_fit_a_bare_array():
    with pytest.raises(DataError, match=r"counts have shape \(2, 2\) for 3 states"):
        TransitionCounts.from_xarray(array(coords=None), states=["A", "B", "C"])
    with pytest.raises(DataError, match="declared states leave out B"):
        TransitionCounts.from_xarray(array(), states=["A"])
