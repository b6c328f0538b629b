"""All faults of an input are told at once, in its order; a header of other names is explained."""

import pickle

import pandas as pd
import pytest
import xarray as xr

from equipoise.cli import main
from equipoise.counts import TransitionCounts
from equipoise.errors import DataError
from equipoise.inference.features import read_features

LONG = (
    "source,target,count\nA,B,x\nB,A,-3\n,A,2\nA,B\nA,C,1.5\nC,A,3\n"
    'C,B,4,5\n"A\x07",B,2\nA\x07,,\n' + "B,C,nan\n" * 5
)
TOLD = (
    "line 2: the count 'x' is not a number; counts are whole numbers of at least 0",
    "line 3: the count '-3' is negative",
    "line 4: the source is empty; name the state in which the trial began",
    "line 5: the row has 2 cells and the header 3; give every row as many, and quote labels with "
    "commas",
    "line 6: the count '1.5' is not a whole number",
    "line 8: the row has 4 cells and the header 3",
    r"line 9: the label 'A\x07' holds a control character; remove it, since labels must fit on one "
    "line",
    "line 10: the count is empty; write 0 for none",
    "line 11: the count 'nan' is not finite",
    "line 12: the count 'nan' is not finite",
    "and 3 more",
)


def faults(make, *given, **options):
    with pytest.raises(DataError) as error:
        make(*given, **options)
    assert str(error.value).isprintable()
    assert pickle.loads(pickle.dumps(error.value)).faults == error.value.faults
    return error.value


def write(tmp_path, content, name="counts.csv"):
    path = tmp_path / name
    path.write_text(content)
    return str(path)


@pytest.mark.parametrize("read", ["from_csv", "from_file"])
def test_long_table(tmp_path, read):
    error = faults(getattr(TransitionCounts, read), write(tmp_path, LONG))
    assert error.heading.endswith("counts.csv: 13 faults")
    assert error.faults == TOLD
    assert str(error) == f"{error.heading}: {' / '.join(TOLD)}"


def test_one_fault_is_one_sentence(tmp_path):
    error = faults(TransitionCounts.from_file, write(tmp_path, "source,target\nA,B\n,A\n"))
    assert error.faults == ()
    assert str(error).endswith(
        "counts.csv, line 3: the source is empty; name the state in which the trial began"
    )


def test_matrix(tmp_path):
    error = faults(
        TransitionCounts.from_file, write(tmp_path, ",A,B\nA,1,x\nB,-1,\nC,3\n,1,1\nD,1,1\n")
    )
    assert error.heading.endswith("6 faults")
    assert [one.partition(";")[0] for one in error.faults] == [
        "line 2: the count 'x' is not a number (to 'B')",
        "line 3: the count '-1' is negative (to 'A')",
        "line 3: the count is empty (to 'B')",
        "line 4: the row has 2 cells and the header 3",
        "line 5: the label of a row is empty",
        "line 6: D labels a row only",
    ]


STRUCTURE = ",A,B,B,E,F,,\nA,1,-1,0,0,0,0,0\nB,1,2,0,0,0,0,0\nA,0,0,0,0,x,0,0\nC,1,1,1,1,1,0,0\n"
SAID = (
    "two columns are labelled 'B'; name each state once",
    "E, F labels a column only; a matrix has one row and one column for every state",
    "2 columns have no label; label every state",
)


def test_the_structure_of_a_matrix_is_told_with_its_counts(tmp_path):
    path = write(tmp_path, STRUCTURE)
    error = faults(TransitionCounts.from_matrix_csv, path)
    assert error.heading == f"{path}: 7 faults"
    assert error.faults == (
        *SAID,
        "line 2: the count '-1' is negative (to 'B'); counts are whole numbers of at least 0",
        "line 4: the count 'x' is not a number (to 'F')",
        "line 4: two rows are labelled 'A'",
        "line 5: C labels a row only",
    )
    # Of a row of another length nothing more is said, nor of what it might have labelled.
    error = faults(TransitionCounts.from_matrix_csv, write(tmp_path, ",A,B,B\nA,1,2,3\nC,1\n"))
    assert error.faults == (
        SAID[0],
        "line 3: the row has 2 cells and the header 4; give every row as many, and quote labels "
        "with commas",
    )


def test_one_fault_of_structure_is_one_sentence(tmp_path):
    path = write(tmp_path, ",A,B\nA,1,2\n")
    error = faults(TransitionCounts.from_file, path)
    assert error.faults == ()
    assert str(error) == (
        f"{path}: B labels a column only; a matrix has one row and one column for every state"
    )


def test_frames_and_arrays_tell_their_structure_with_their_counts():
    frame = pd.DataFrame([[1, -1, 0], [0.5, 2, 0]], index=["A", "C"], columns=["A", "B", "B"])
    error = faults(TransitionCounts.from_matrix, frame)
    assert error.heading == "DataFrame: 5 faults"
    assert [one.partition(";")[0] for one in error.faults] == [
        "two columns are labelled 'B'",
        "B labels a column only",
        "row 1, column 2: the count '-1.0' is negative",
        "row 2: C labels a row only",
        "row 2, column 1: the count '0.5' is not a whole number",
    ]
    error = faults(TransitionCounts.from_matrix, [[0, 1, -2], [3, 0, 0]], states=["A", "B"])
    assert error.heading == "matrix: 2 faults"
    assert [one.partition(";")[0] for one in error.faults] == [
        "the matrix has shape (2, 3) for 2 states",
        "row 1, column 3: the count '-2' is negative",
    ]
    labelled = xr.DataArray([[1, -1], [2, 0]], {"source": ["A", "C"], "target": ["A", "B"]})
    error = faults(TransitionCounts.from_xarray, labelled)
    assert error.heading == "DataArray: 3 faults"
    assert "row 1, column 2: the count '-1' is negative" in error.faults[1]


def test_what_stops_the_reader_comes_last(tmp_path):
    path = write(tmp_path, 'source,target,count\nA,B\n"A"x,B,1\nA,B,-1\n')
    error = faults(TransitionCounts.from_file, path)
    assert [one[:7] for one in error.faults] == ["line 2:", "line 3:"]
    assert "this is no CSV" in error.faults[1]


def test_frames_arrays_and_dicts():
    frame = pd.DataFrame(
        {"source": ["a", None], "target": ["b", 1.5], "count": [-1.0, float("inf")]}
    )
    assert faults(TransitionCounts.from_dataframe, frame).faults == (
        "row 1: the count '-1.0' is negative; counts are whole numbers of at least 0",
        "row 2: the label '1.5' is of type 'float'; a label is text or a whole number, so write it "
        "as text",
        "row 2: the source is empty; name the state in which the trial began",
        "row 2: the count 'inf' is not finite",
    )
    for matrix in ([[0, -1], [0.5, 0]], [[0, "x"], [None, 0]]):
        error = faults(TransitionCounts.from_matrix, matrix, states=["A", "B"])
        assert len(error.faults) == 2 or "not a number" in str(error)
    error = faults(TransitionCounts.from_dict, {"A": {"B": -1, "C": 2}, "C": {"A": 0.5}})
    assert [one.partition(":")[0] for one in error.faults] == ["from 'A' to 'B'", "from 'C' to 'A'"]


def test_sequences_and_paths(tmp_path):
    error = faults(TransitionCounts.from_sequences, [["A"], ["A", "B"], []])
    assert error.faults == (
        "sequence 1 has length 1; a trajectory needs at least two entries, its start first",
        "sequence 3 has length 0",
    )
    error = faults(TransitionCounts.from_sequences, [["A", "\x07"], ["A", "B"], ["\x08", "A"]])
    assert [one.partition(":")[0] for one in error.faults] == [
        "sequence 1, entry 2",
        "sequence 3, entry 1",
    ]
    error = faults(TransitionCounts.from_path_file, write(tmp_path, "A\n\nB\nC\n\nD\n"))
    assert [one[:7] for one in error.faults] == ["line 1:", "line 6:"]


def test_features(tmp_path):
    error = faults(read_features, write(tmp_path, "state,x,y\nA,one,\nB,2,3\nC,inf,3\n"))
    assert [one.partition(";")[0] for one in error.faults] == [
        "feature 'x' of 'A' is 'one', which is no number",
        "feature 'y' of 'A' is missing",
        "feature 'x' of 'C' is inf",
    ]


def test_the_terminal_shows_a_line_a_fault(tmp_path, capsys):
    assert main(["test", write(tmp_path, LONG)]) == 2
    head, *lines = capsys.readouterr().err.splitlines()
    assert head.startswith("equipoise: error: ")
    assert head.endswith("counts.csv: 13 faults:")
    assert lines == [f"  {told}" for told in TOLD]


def test_a_part_of_a_table_keeps_the_lines_of_the_file(tmp_path, capsys):
    rows = "m,A,B,3\nm,B,A,-4\nn,A,B,x\nn,B,A,1\n"
    path = write(tmp_path, "model,source,target,count\n" + rows)
    assert main(["compare", path, "--by", "model"]) == 2
    head, *lines = capsys.readouterr().err.splitlines()
    assert head == f"equipoise: error: {path}: 2 faults:"
    assert [line[2:9] for line in lines] == ["line 3:", "line 4:"]


@pytest.mark.parametrize(
    ("header", "row", "meant"),
    [
        ("from,to,n", "A,B,1", "source,target,count"),
        ("prev,next", "A,B", "source,target"),
        ("source,target,n", "A,B,1", "source,target,count"),
        ("count,To State,from_state,Day", "1,A,B,x", "count,target,source,block"),
        ("Source,Target,Count", "A,B,1", "source,target,count"),
    ],
)
def test_other_names_are_explained(tmp_path, header, row, meant):
    error = faults(TransitionCounts.from_file, write(tmp_path, f"{header}\n{row}\n"))
    assert str(error).endswith(f"if this is what they mean, let the first line read {meant}")


@pytest.mark.parametrize("header", ["a,b,c", "from,to,modle", "from,source,to", "from,to,n,count"])
def test_names_that_say_nothing_are_not_guessed(tmp_path, header):
    row = ",".join("ABCD"[: header.count(",") + 1])
    error = faults(TransitionCounts.from_file, write(tmp_path, f"{header}\n{row}\n"))
    assert "let the first line read" not in str(error)
