"""Features from what users have them in, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.inference.features import explain, feature_table, read_features
from equipoise.inference.features.problem import feature_problem
from equipoise.inference.features.signal import explaining
from equipoise.report import summary

STATES = ["b", "a", "c"]
VALUES = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, -6.0]])
COUNTS = TransitionCounts.from_matrix([[5, 3, 1], [2, 9, 4], [3, 1, 7]], states=["a", "b", "c"])


def same(table, names=("x", "y")):
    assert table.states == tuple(STATES)
    assert table.names == tuple(names)
    assert table.values == pytest.approx(VALUES)
    assert table.rows(["c", "b"]) == pytest.approx(VALUES[[2, 0]])


def test_every_way_in_gives_the_same(tmp_path):
    frame = pd.DataFrame(VALUES, index=STATES, columns=["x", "y"])
    same(feature_table(frame))
    same(feature_table(frame.reset_index(names="state")))
    same(feature_table(dict(zip(STATES, frame.to_dict("records"), strict=True))))
    same(feature_table(dict(zip(STATES, VALUES, strict=True))), ("x1", "x2"))
    same(feature_table(VALUES, states=STATES), ("x1", "x2"))
    dims = {"state": STATES, "feature": ["x", "y"]}
    array = xr.DataArray(VALUES, coords=dims, dims=("state", "feature"))
    same(feature_table(array))
    same(feature_table(array.T))
    columns = {name: array.sel(feature=name, drop=True) for name in ("x", "y")}
    same(feature_table(xr.Dataset(columns)))
    path = tmp_path / "f.csv"
    frame.to_csv(path, index_label="label")
    same(read_features(path))
    assert feature_table({"a": 1, "b": 2.5}).values.tolist() == [[1.0], [2.5]]
    assert feature_table(array[:, 0].rename("only")).names == ("only",)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([[1.0]], "do not say which state"),
        ({"a": [1.0], "b": [1.0, 2.0]}, "'b' has 2 features, and the first has 1"),
        ({"a": {"x": 1.0}, "b": {"y": 1.0}}, "give every state the same"),
        ({"a": ["red"], "b": ["blue"]}, "'red', which is no number"),
        ({"a": [float("nan")], "b": [1.0]}, "feature 'x1' of 'a' is missing"),
        ({"a": [float("inf")], "b": [1.0]}, "is inf"),
        ({"a": [None], "b": [1.0]}, "is missing"),
        ({}, "no state or no feature"),
        (pd.DataFrame({"x": [1.0, 2.0]}, index=["a", "a"]), "the state 'a' comes twice"),
        (xr.DataArray(VALUES, dims=("row", "column")), "dimension 'state'"),
    ],
)
def test_what_is_no_table_is_refused(features, words):
    with pytest.raises(DataError, match=words):
        feature_table(features)


def test_files_are_refused_with_their_name(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("state,x\na,1\nb,\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"f\.csv: feature 'x' of 'b' is missing"):
        read_features(path)
    path.write_text("state\na\n", encoding="utf-8")
    with pytest.raises(DataError, match="there is no feature"):
        read_features(path)
    with pytest.raises(DataError, match="a row for each of the 2 states"):
        feature_table(VALUES, states=["a", "b"])


def ready(values, *, states="abc", embedding=False):
    problem = feature_problem(COUNTS)
    table = feature_table(np.asarray(values, dtype=float), states=list(states))
    return explaining(problem, table, embedding=embedding, scale=5.0)


@pytest.mark.parametrize(
    ("values", "states", "words"),
    [
        ([[1], [2]], "ab", "1 of the 3 states .* have no features: c"),
        ([[7], [7], [7]], "abc", "constant over the states .*: x1"),
        ([[1e9, 0], [1e9, 1], [1e9, 5]], "abc", "constant .*: x1"),
        ([[0, 1], [1, 3], [5, 11]], "abc", "2 features have only 1 independent"),
        ([[0, 1, 2], [1, 3, 0], [5, 1, 1]], "abc", "3 features have only 2 independent"),
    ],
)
def test_columns_that_cannot_be_told_apart_are_refused(values, states, words):
    with pytest.raises(DataError, match=words):
        ready(values, states=states)


def test_an_embedding_may_have_more_columns_than_states():
    values = np.random.default_rng(1).normal(size=(4, 9))
    found = ready(values, states="abcd", embedding=True)
    assert found.predicted == ("d",)
    assert found.names == ()
    with pytest.raises(DataError, match="stand at one point"):
        ready(np.ones((3, 2)), embedding=True)


def test_columns_are_standardised_and_unseen_states_follow():
    found = ready([[1.0], [2.0], [6.0], [11.0]], states="abcz")
    assert found.columns.mean() == pytest.approx(0.0)
    assert found.columns.std() == pytest.approx(1.0)
    assert (found.centre[0], found.unit[0]) == (3.0, pytest.approx(np.sqrt(14 / 3)))
    assert found.signals[0].half_normal == 5.0
    assert ready([[1, 0], [2, 1], [6, 0]]).signals[0].half_normal == pytest.approx(5 / np.sqrt(2))
    assert found.signals[0].new[0, 0] == pytest.approx(8.0 / np.sqrt(14 / 3))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"draws": 5}, "draws must be at least 100"),
        ({"scale": 0.0}, "scale must lie between"),
        ({"cycle_sd": -1.0}, "cycle_sd must lie between"),
    ],
)
def test_arguments_out_of_range(arguments, words):
    with pytest.raises(UsageError, match=words):
        explain(COUNTS, VALUES, states=["a", "b", "c"], **arguments)


def test_counts_that_compare_nothing():
    one_way = TransitionCounts.from_matrix([[0, 5], [0, 0]], states=["a", "b"])
    with pytest.raises(DataError, match="no edge joins two states that were both sources"):
        explain(one_way, {"a": 1.0, "b": 2.0})
    with pytest.raises(UsageError, match="TransitionCounts"):
        explain("counts.csv", {"a": 1.0})


def test_states_that_are_never_compared_need_no_features_and_are_predicted():
    counts = TransitionCounts.from_matrix(
        [[5, 3, 1], [2, 9, 4], [0, 0, 0]], states=["a", "b", "target only"]
    )
    problem = feature_problem(counts)
    assert problem.states == ("a", "b")
    assert problem.others == ("target only",)
    bare = explain(counts, {"a": 0.0, "b": 1.0}, draws=100, random_seed=0, scores=False)
    assert bare.left_out == ("target only",)
    assert "Nothing is said of target only" in summary(bare)
    found = explain(
        counts, {"a": 0.0, "b": 1.0, "target only": 3.0}, draws=100, random_seed=0, scores=False
    )
    assert [p.state for p in found.predictions] == ["target only"]
    assert found.left_out == ()
    # ε of the new state, and the mean of the two that were seen, of which counts say nothing.
    rest = (found.draws.new - found.draws.new_signal)[:, 0] / found.draws.residual_scale
    assert rest.std() == pytest.approx(np.sqrt(1.5), abs=0.06)
