"""The value itself: what it holds, what it refuses, that it cannot be changed."""

import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from scipy.sparse import coo_array, csr_array

from equipoise.counts import Blocks, TransitionCounts
from equipoise.errors import DataError, UsageError


def make(**changes):
    """Three states; C is never a source. Asymmetric, so that a transposed axis shows."""
    parts = {
        "states": ("A", "B", "C"),
        "counts": np.array([[2, 7, 0], [3, 0, 1], [0, 0, 0]]),
        "other": np.array([5, 0, 0]),
    }
    return TransitionCounts(**(parts | changes))


def test_properties():
    counts = make()
    assert counts.n_states == 3
    assert counts.n_transitions == 13
    assert counts.n_trials == 18
    assert counts.trials.tolist() == [14, 4, 0]
    assert counts.self_transitions.tolist() == [2, 0, 0]
    assert counts.never_sources == ("C",)
    assert counts.index("B") == 1
    assert counts.counts[0, 1] == 7  # axis 0 is from, axis 1 is to
    assert repr(counts) == "TransitionCounts(3 states, 13 transitions, 5 other, protocol='draws')"
    with pytest.raises(DataError, match=r"no state 'D\\x1b'; the states are A, B, C|control"):
        counts.index("D\x1b")
    with pytest.raises(DataError, match="no state 'D'; the states are A, B, C"):
        counts.index("D")


def test_arrays_are_canonical_copies_and_read_only():
    given = np.array([5, 0, 0])
    repeated = coo_array(([1, 1, 5, 0], ([0, 0, 1, 1], [1, 1, 0, 2])), shape=(3, 3))
    counts = make(counts=repeated, other=given)
    given[0] = 99
    assert counts.other.tolist() == [5, 0, 0]
    assert counts.counts.dtype == counts.other.dtype == np.int64
    assert counts.counts.data.tolist() == [2, 5]
    assert counts.counts.has_canonical_format
    for array in (counts.other, counts.counts.data, counts.counts.indices):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(FrozenInstanceError):
        counts.stay = False
    with pytest.raises(TypeError):
        counts.metadata["model"] = "m"


def test_equality_and_hash_are_by_value():
    paths = {
        "counts": [[0, 1, 0], [0, 0, 0], [0, 0, 0]],
        "other": [0, 0, 0],
        "protocol": "trajectory",
        "starts": ("A",),
        "sequences": ([0, 1],),
    }
    blocks = Blocks(("x",), [0, 0], [0, 0], [1, -1], [1, 2])
    base = {"counts": [[0, 1, 0], [0, 0, 0], [0, 0, 0]], "other": [2, 0, 0]}
    values = [
        make(),
        make(counts=csr_array([[2, 7, 0], [3, 0, 2], [0, 0, 0]])),
        make(other=[5, 1, 0]),
        make(states=("A", "B", "D")),
        make(stay=True, metadata={"day": [1]}),
        make(support=()),
        make(support=(("A", "C"),)),
        make(protocol="trajectory"),
        make(protocol="trajectory", starts=("A",)),
        make(**base),
        make(**base, blocks=blocks),
        make(**base, stay=False),
        make(**paths),
        make(**paths | {"sequences": None}),
    ]
    for i, one in enumerate(values):
        twin = pickle.loads(pickle.dumps(one))
        assert one == twin == copy.deepcopy(one) == replace(one)
        assert one.equals(twin)
        assert hash(one) == hash(twin)
        assert not twin.other.flags.writeable
        assert [one == two for two in values] == [i == j for j in range(len(values))]
    assert make() != "counts"
    assert not make().equals(None)
    assert blocks == pickle.loads(pickle.dumps(blocks))
    assert hash(blocks) == hash(copy.deepcopy(blocks))
    assert blocks != "blocks"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"states": ()}, r"counts have shape \(3, 3\) for 0 states"),
        ({"states": ("A", "B")}, r"counts have shape \(3, 3\) for 2 states"),
        ({"states": ("A", "B", "A")}, "states are declared twice: A"),
        ({"states": ("A", "", "C")}, "declared state 2 is empty"),
        (
            {"states": ("A", "B\n\x1b[2J", "C")},
            r"declared state 2: the label 'B\\n\\x1b\[2J' holds",
        ),
        ({"states": "ABC"}, "states must be a list of labels"),
        ({"states": 3}, "states must be a list of labels, received '3'"),
        (
            {"counts": np.full((3, 3), -1)},
            "counts: 9 faults: row 1, column 1: the count '-1' is negative",
        ),
        (
            {"counts": csr_array(np.full((3, 3), 0.5))},
            "counts: 9 faults: row 1, column 1: the count '0.5' is not a whole",
        ),
        ({"counts": np.zeros((3, 3))}, "no transition at all .all 5 trials ended in no state"),
        ({"counts": np.full((3, 3), 2**61)}, "too large for 64 bits"),
        ({"other": [0, 0, 2**63 - 1]}, "too large for 64 bits"),
        ({"other": [0, 0]}, r"other has shape \(2,\) for 3 states"),
        ({"other": [0, 0, -2]}, "other, entry 3: the count '-2' is negative"),
        ({"stay": False}, "stay=False, but 2 self-transitions were counted in 1 of the states"),
        ({"starts": ("A",)}, "starts belong to trajectories"),
        ({"starts": "A", "protocol": "trajectory"}, "starts must be a list of labels"),
        ({"starts": ("D",), "protocol": "trajectory"}, "starts name D, which are no states"),
        ({"sequences": ([0, 1],)}, "sequences belong to trajectories"),
        (
            {"sequences": ([0, 1],), "protocol": "trajectory", "starts": ("B",)},
            "starts are not the first states",
        ),
        (
            {"sequences": ([0, 1],), "protocol": "trajectory", "starts": ("A",)},
            "do not add up to counts and other",
        ),
        ({"sequences": ([0],), "protocol": "trajectory"}, "at least two integers"),
        ({"sequences": ([0, 3],), "protocol": "trajectory"}, "indices run from 0 to 2"),
        ({"sequences": ([-1, 2],), "protocol": "trajectory"}, "-1 is a failed trial but no start"),
        ({"support": "AB"}, "support must be a list of pairs"),
        ({"support": ["AB"]}, "support holds 'AB', which is no pair"),
        ({"support": [("A", "B", "C")]}, "which is no pair"),
        ({"support": [("A", "D")]}, "support names D, no state of the data"),
        ({"support": [("A", " A")]}, "support joins 'A' to itself"),
        ({"blocks": "day"}, "blocks are of type 'str'"),
        ({"blocks": Blocks(("x",), [0], [0], [1], [7])}, "blocks do not add up"),
        ({"blocks": Blocks(("x",), [0], [0], [3], [7])}, "a state index beyond 2"),
        ({"metadata": {"when": object()}}, r"metadata\['when'\] is of type 'object'"),
    ],
)
def test_parts_that_do_not_fit(changes, message):
    with pytest.raises(DataError, match=message) as error:
        make(**changes)
    assert str(error.value).isprintable()


def test_unknown_protocol():
    with pytest.raises(UsageError, match="protocol is 'walk'; write 'draws' or 'trajectory'"):
        make(protocol="walk")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((("x", "x"), [0], [0], [1], [1]), "blocks are declared twice: x; name each block once"),
        ((("x",), [1], [0], [1], [1]), "a block index lies outside 0 to 0"),
        ((("x",), [0], [-1], [1], [1]), "a state index in blocks is negative"),
        ((("x",), [0], [0], [-2], [1]), "a state index in blocks is negative"),
        ((("x",), [0], [0], [1], [-1]), "blocks: the count '-1' is negative"),
        ((("x",), [0, 0], [0], [1], [1]), r"have shapes \(2,\), \(1,\)"),
    ],
)
def test_bad_blocks(columns, message):
    with pytest.raises(DataError, match=message):
        Blocks(*columns)


def test_blocks_are_sorted_and_added_up():
    blocks = Blocks(("x", "y"), [1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, -1], [2, 3, 4, 0])
    assert blocks.block.tolist() == [0, 1]
    assert blocks.count.tolist() == [3, 6]
    assert blocks.target.tolist() == [1, 1]


def test_support_keeps_what_was_not_observed():
    counts = make(support=[("C", "A"), ("B", "A"), ("A", "C")])
    assert counts.support == (("A", "C"),)
    assert make(support=[("A", "B")]).support == ()
    assert make().support is None


def test_relabel():
    counts = make(support=[("A", "C")], protocol="trajectory", starts=("B", "A"))
    new = counts.relabel({"A": "Z", "B": 7})
    assert new.states == ("Z", "7", "C")
    assert new.starts == ("7", "Z")
    assert new.support == (("Z", "C"),)
    assert new.relabel({"Z": "A", "7": "B"}) == counts
    swapped = make().relabel({"A": "B", "B": "A"})
    assert swapped.states == ("B", "A", "C")
    assert swapped.trials.tolist() == make().trials.tolist()
    with pytest.raises(DataError, match="relabel names D, which are no states"):
        counts.relabel({"D": "E"})
    with pytest.raises(DataError, match="would give two states one label"):
        counts.relabel({"A": "B"})
    with pytest.raises(DataError, match="declared state 1 is empty"):
        counts.relabel({"A": " "})


def test_declared_states_order_and_extend():
    path_states = ["C", "B", "A", "never seen"]
    counts = TransitionCounts.from_sequences(["A", "B", "C"], states=path_states)
    assert counts.states == tuple(path_states)
    assert counts.trials.tolist() == [0, 1, 1, 0]
    assert counts.never_sources == ("C", "never seen")
    with pytest.raises(DataError, match="leave out B, C, which the data hold; declare every"):
        TransitionCounts.from_sequences(["A", "B", "C"], states=["A"])
    many = [f"state {k:02d}" for k in range(40)]
    with pytest.raises(DataError, match=r"leave out state 01, .* and 34 more, which"):
        TransitionCounts.from_sequences(many, states=["state 00"])


def test_a_state_that_occurs_nowhere_survives_every_format(tmp_path):
    counts = TransitionCounts.from_matrix([[0, 2], [1, 0]], states=["A", "B"])
    counts = TransitionCounts.from_matrix(counts.to_matrix(), states=["A", "B", "C"])
    counts.to_csv(tmp_path / "counts.csv")
    assert (tmp_path / "counts.csv").read_text().endswith("B,A,1\nC,,0\n")
    assert TransitionCounts.from_csv(tmp_path / "counts.csv") == counts
    assert TransitionCounts.from_dataframe(counts.to_dataframe()) == counts
    assert TransitionCounts.from_matrix(counts.to_matrix()) == counts


def test_summary_is_short_aligned_and_safe():
    counts = make(
        states=("A\u202e", "B" * 200, "C"),
        counts=[[0, 7, 0], [3, 0, 1], [0, 0, 0]],
        stay=False,
        support=[("A\u202e", "C")],
        metadata={"trials": "imputed"},
    )
    lines = counts.summary().split("\n")
    assert all(line.isprintable() and len(line) < 120 for line in lines)
    assert len({len(line) - len(line[16:].lstrip()) for line in lines}) == 1
    text = counts.summary()
    assert "3: A\\u202e, BBB" in text
    assert "16 (4 to 12 a source), drawn from chosen sources" in text
    assert "11, of them 0 to the same state; 3 of 6 ordered pairs seen" in text
    assert "5 trials ended in no state (31.2%)" in text
    assert "never a source  1: C" in text
    assert "impossible by protocol" in text
    assert "1: A\\u202e - C, beyond the observed ones" in text
    assert "trials of this table were imputed, not observed" in text


def test_summary_of_trajectories_and_blocks(tmp_path):
    counts = TransitionCounts.from_sequences([["A", "B", "B"], ["B", "A"]])
    assert "along 2 trajectories from A, B" in counts.summary()
    assert "along trajectories\n" in make(protocol="trajectory").summary()
    blocks = Blocks(("x", "y"), [0, 1, 1, 1, 1], [0, 0, 0, 1, 1], [1, 0, -1, 0, 2], [7, 2, 5, 3, 1])
    assert "blocks          2: x, y" in make(blocks=blocks).summary()


def test_heavy_packages_are_loaded_for_their_formats_only(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("source,target,count\nA,B,1\nB,A,2\n")
    code = (
        "import sys; from equipoise.counts import TransitionCounts as T; "
        f"c = T.from_file({str(path)!r}); c.summary(); T.from_sequences(['A', 'B']); "
        "T.from_dict(c.to_dict()); heavy = ('pandas', 'pymc', 'matplotlib', 'pyarrow', 'xarray'); "
        "sys.exit(any(m in sys.modules for m in heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
