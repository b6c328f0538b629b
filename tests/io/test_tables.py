"""What the readers accept, format by format."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError

WIDE = ["from,B,A,other\nA,3,1,5\nB,0,2,0\n", ",B,A,\nB,0,2,0\nA,3,1,5\n"]


def read(tmp_path, content, how="from_csv", **options):
    path = tmp_path / "counts.csv"
    path.write_bytes(content.encode())
    return getattr(TransitionCounts, how)(path, **options)


@pytest.fixture
def expected():
    return TransitionCounts(states=("A", "B"), counts=np.array([[1, 3], [2, 0]]), other=[5, 0])


@pytest.mark.parametrize(
    "content",
    [
        "source,target,count\nA,A,1\nA,B,3\nA,,5\nB,A,2\n",
        "\n \ncount,target,source\n1,A,A\n3,B,A\n5,,A\n2,A,B\n",
        "source,target,count\r\nA,A,1\r\nA,B,3\r\nA,,5\r\nB,A,2\r\n",
        "source,target,count\rA,A,1\rA,B,3\rA,,5\rB,A,2",
        "\ufeffsource,target,count\nA,A,1\nA,B,3\nA,,5\nB,A,2",
        '"source", "target","count"\n "A", A ,1\n\nA,"B",3\nA,"  ",5\n \n"B","A",2\n',
        "source,target,count\nB,A,2\nA,B,1\nA,,4\nA,A,1\nA,B,2\nA,,1\nB,B,0\n",
        "source,target,count\nA,A,1.0\nA,B,+3\nA,,0.5e1\nB,A,2.\n",
        "source,target,count\nA,A,000000000000000000000000000001\nA,B,3\nA,,50e-1\nB,A,2\n",
        "source,target\n" + "A,A\n" + "A,B\n" * 3 + "A,\n" * 5 + "B,A\n" * 2,
    ],
)
def test_long_tables_that_mean_the_same(tmp_path, content, expected):
    assert read(tmp_path, content) == expected
    assert read(tmp_path, content, "from_file") == expected


@pytest.mark.parametrize("content", WIDE)
@pytest.mark.parametrize("how", ["from_matrix_csv", "from_file"])
def test_wide_matrix(tmp_path, content, how, expected):
    counts = read(tmp_path, content, how)
    assert counts.states == ("B", "A")
    assert read(tmp_path, content, how, states=["A", "B"]) == expected


def test_a_state_may_be_called_other(tmp_path):
    counts = read(tmp_path, ",A,other\nA,1,3\nother,2,0\n", "from_file")
    assert counts.states == ("A", "other")
    assert not counts.other.any()


def test_states_called_like_columns(tmp_path):
    counts = read(tmp_path, ",source,target\nsource,1,3\ntarget,2,0\n", "from_file")
    assert counts.states == ("source", "target")
    counts = read(tmp_path, "source,target,count\nsource,target,5\n", "from_file")
    assert counts.states == ("source", "target")


def test_labels_are_kept_as_they_are(tmp_path):
    labels = ["é", "e\u0301", "\u202eabc", "a,b", 'say "so"', "=1+1", "NA", "nan", "None", "-1"]
    rows = "".join('"{}",x,1\n'.format(label.replace('"', '""')) for label in labels)
    counts = read(tmp_path, "source,target,count\n" + rows)
    assert counts.states == tuple(sorted([*labels, "x"]))
    assert counts.summary().replace("\n", "").isprintable()
    counts.to_csv(tmp_path / "again.csv")
    assert TransitionCounts.from_csv(tmp_path / "again.csv") == counts


def test_blocks(tmp_path):
    content = "source,target,count,block\nA,B,3,day 2\nA,B,1,day 1\nA,B,1,day 2\nB,,2,day 1\n"
    counts = read(tmp_path, content + "B,A,0,day 3\n")
    blocks = counts.blocks
    assert blocks.labels == ("day 1", "day 2")
    rows = [blocks.block, blocks.source, blocks.target, blocks.count]
    assert np.transpose(rows).tolist() == [[0, 0, 1, 1], [0, 1, -1, 2], [1, 0, 1, 4]]
    assert counts.counts.toarray().tolist() == [[0, 5], [0, 0]]
    assert counts.other.tolist() == [0, 2]
    assert counts.without_blocks().blocks is None
    assert counts.without_blocks() != counts
    assert repr(blocks) == "Blocks(2 blocks, 7 trials)"


def test_dataframe(expected):
    frame = pd.DataFrame(
        {"source": list("AAAB"), "target": ["A", "B", None, "A"], "count": [1, 3, 5, 2]}
    )
    for missing in (None, np.nan, pd.NA, "", "  "):
        frame.loc[2, "target"] = missing
        assert TransitionCounts.from_dataframe(frame) == expected
    for kind in ("float64", "Int64", "uint8", object):
        assert TransitionCounts.from_dataframe(frame.astype({"count": kind})) == expected
    frame["count"] = [Decimal(1), 3, np.int8(5), 2.0]
    assert TransitionCounts.from_dataframe(frame) == expected
    by_category = frame.astype({"source": "category", "target": "category"})
    assert TransitionCounts.from_dataframe(by_category) == expected


def test_integer_labels_become_text():
    frame = pd.DataFrame({"source": [1, 10, 2], "target": [2, None, 1]})  # target: 2.0, nan, 1.0
    counts = TransitionCounts.from_dataframe(frame)
    assert counts.states == ("1", "10", "2")
    assert counts.index(10) == counts.index("10") == 1
    assert TransitionCounts.from_dataframe(frame, states=[1, 2, 10]).states == ("1", "2", "10")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"source": ["1", 1], "target": ["a", "a"]}, "row 2: the text '1' and the number 1 become"),
        ({"source": [True], "target": ["a"]}, "row 1: the label 'True' is of type 'bool'"),
        ({"source": [("a", "b")], "target": ["a"]}, "is of type 'tuple'"),
        ({"source": [["a", "b"]], "target": ["a"]}, "is of type 'list'"),
        ({"source": [1.5], "target": ["a"]}, "the label '1.5' is of type 'float'"),
        ({"source": [None], "target": ["a"]}, "row 1: the source is empty"),
        ({"source": ["a"], "target": ["a\x85b"]}, "holds a control character"),
        ({"source": [], "target": []}, "there is no row"),
        ({"source": ["a"]}, "no column target"),
        ({"source": ["a"], "target": ["b"], "index": [0]}, "unknown column index"),
        ({"source": ["a"], "target": ["b"], "count": [-1]}, "row 1: the count '-1' is negative"),
        ({"source": ["a"], "target": ["b"], "count": [0.5]}, "is not a whole number"),
        ({"source": ["a"], "target": ["b"], "count": [np.inf]}, "'inf' is not finite"),
        ({"source": ["a"], "target": ["b"], "count": [np.nan]}, "'nan' is not finite"),
        ({"source": ["a"], "target": ["b"], "count": [pd.NA]}, "is missing"),
        ({"source": ["a"], "target": ["b"], "count": [True]}, "'True' is a truth value"),
        ({"source": ["a"], "target": ["b"], "count": ["1"]}, "'1' is not a number"),
        ({"source": ["a"], "target": ["b"], "count": [2**63]}, "too large for 64 bits"),
        ({"source": ["a"], "target": ["b"], "count": [2**70]}, "too large for 64 bits"),
        ({"source": ["a"], "target": ["b"], "count": [1e30]}, "too large for 64 bits"),
        ({"source": ["a"], "target": ["b"], "count": [1j]}, "is complex"),
        ({"source": ["a"], "target": ["b"], "count": [[1, 2]]}, "row 1: .* is not a number"),
        ({"source": ["a", "b"], "target": ["b", "a"], "count": [[1], []]}, "is not a number"),
    ],
)
def test_bad_dataframe(columns, message):
    with pytest.raises(DataError, match=message) as error:
        TransitionCounts.from_dataframe(pd.DataFrame(columns))
    assert str(error.value).isprintable()


def test_not_a_dataframe():
    with pytest.raises(DataError, match="received a value of type 'list'"):
        TransitionCounts.from_dataframe([["A", "B", 1]])
    twice = pd.DataFrame([["a", "b", "c"]], columns=["source", "target", "target"])
    with pytest.raises(DataError, match="a column is there twice"):
        TransitionCounts.from_dataframe(twice)


@pytest.mark.parametrize("make", [list, np.array, sparse.csr_array, sparse.coo_matrix])
def test_plain_matrix(make, expected):
    matrix = make([[1, 3], [2, 0]])
    assert TransitionCounts.from_matrix(matrix, states=["A", "B"], other=[5, 0]) == expected
    if make is not list:
        as_float = matrix.astype(float)
        assert (
            TransitionCounts.from_matrix(as_float, states="A B".split(), other=[5, 0]) == expected
        )


def test_labelled_matrix(expected):
    frame = pd.DataFrame([[2, 0], [1, 3]], index=["B", "A"], columns=["A", "B"])
    assert TransitionCounts.from_matrix(frame, other=[0, 5]) == expected
    for name in ("", "other", None, np.nan):
        wider = frame.copy()
        wider[name] = [0, 5]
        assert TransitionCounts.from_matrix(wider) == expected
        with pytest.raises(DataError, match="other is given twice"):
            TransitionCounts.from_matrix(wider, other=[0, 5])
    declared = TransitionCounts.from_matrix(frame, states=["C", "B", "A"], other=[0, 5])
    assert declared.states == ("C", "B", "A")
    assert declared.other.tolist() == [0, 0, 5]


@pytest.mark.parametrize(
    ("matrix", "options", "message"),
    [
        ([[0, 1], [1, 0]], {}, "no labels; name its rows"),
        ([[0, 1], [1, 0]], {"states": ["A"]}, r"shape \(2, 2\) for 1 states"),
        ([[0, 1, 2], [1, 0, 2]], {"states": ["A", "B"]}, r"shape \(2, 3\) for 2 states"),
        ([0, 1], {"states": ["A", "B"]}, r"shape \(2,\) for 2 states"),
        ([[0, 1], [1]], {"states": ["A", "B"]}, "rows of counts differ in length"),
        ([[0, 1], [-1, 0]], {"states": ["A", "B"]}, "row 2, column 1: the count '-1' is negative"),
        ([[0, 1], [np.nan, 0]], {"states": ["A", "B"]}, "row 2, column 1: .* 'nan' is not finite"),
        ([[0, 1], [0.5, 0]], {"states": ["A", "B"]}, "'0.5' is not a whole number"),
        ([[False, True], [True, True]], {"states": ["A", "B"]}, "'False' is a truth value"),
        ([["0", "1"], ["1", "0"]], {"states": ["A", "B"]}, "'0' is not a number"),
        ([[0, 0], [0, 0]], {"states": ["A", "B"]}, "no transition at all"),
        ([[0, 1], [1, 0]], {"states": ["A", "A"]}, "states are declared twice: A"),
        ([[0, 1], [1, 0]], {"states": ["A", " "]}, "declared state 2 is empty"),
        ([[0, 1], [1, 0]], {"states": "AB"}, "states must be a list of labels, received 'AB'"),
        ([[0, 1], [1, 0]], {"states": ["A", "B"], "other": [1]}, r"other has shape \(1,\)"),
        ([[0, 1], [1, 0]], {"states": ["A", "B"], "other": [1, -1]}, "other, entry 2: .* negative"),
        (
            [[2**62, 1], [2**62, 0]],
            {"states": ["A", "B"], "other": [2**62, 2**62]},
            "too large for 64 bits",
        ),
        (pd.DataFrame([[1, 2]], index=["A"], columns=["A", "B"]), {}, "B labels a column only"),
        (
            pd.DataFrame([[1, 2], [3, 4]], index=["1", 1], columns=[1, 2]),
            {},
            "the text '1' and the number 1 become",
        ),
        (pd.DataFrame([[1, 2], [3, 4]], index=list("AA"), columns=list("AB")), {}, "two rows"),
        (pd.DataFrame([[1, None], [3, 4]], list("AB"), list("AB")), {}, "row 1, column 2: .*nan"),
    ],
)
def test_bad_matrix(matrix, options, message):
    with pytest.raises(DataError, match=message) as error:
        TransitionCounts.from_matrix(matrix, **options)
    assert str(error.value).isprintable()


def test_large_files_are_read_whole(tmp_path):
    rng = np.random.default_rng(3)
    n_rows = 200_000
    codes = rng.integers(0, 1000, size=(n_rows, 2)).tolist()
    content = "source,target,count\n" + "".join(f"state {a},state {b},2\n" for a, b in codes)
    counts = read(tmp_path, content, "from_file")
    assert counts.n_transitions == 2 * n_rows
