"""Parquet: files from elsewhere, what stands in our own, and what is refused."""

import io
import json
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError

SOURCE, TARGET, COUNT = ["A", "A", "A", "B"], ["A", "B", None, "A"], [1, 3, 5, 2]


@pytest.fixture
def expected():
    return TransitionCounts(states=("A", "B"), counts=np.array([[1, 3], [2, 0]]), other=[5, 0])


def table(source=SOURCE, target=TARGET, count=COUNT, **more):
    return pa.table({"source": source, "target": target, "count": count, **more})


def read(tmp_path, content, how="from_parquet", **options):
    path = tmp_path / "counts.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        pq.write_table(content, path)
    return getattr(TransitionCounts, how)(path, **options)


@pytest.mark.parametrize("labels", [pa.string(), pa.large_string(), pa.string_view()])
@pytest.mark.parametrize("count", [pa.int32(), pa.uint8(), pa.int64(), pa.float32()])
@pytest.mark.parametrize("how", ["from_parquet", "from_file"])
def test_types_of_columns(tmp_path, expected, labels, count, how):
    plain = table(pa.array(SOURCE, labels), pa.array(TARGET, labels), pa.array(COUNT, count))
    assert read(tmp_path, plain, how) == expected


def test_files_from_elsewhere(tmp_path, expected):
    assert read(tmp_path, table(target=["A", "B", " ", "A"])) == expected
    coded = table(pa.array(SOURCE).dictionary_encode(), pa.array(TARGET).dictionary_encode())
    assert read(tmp_path, coded) == expected
    decimal = table(count=pa.array(COUNT, pa.decimal128(9, 2)))
    assert read(tmp_path, decimal) == expected
    reordered = decimal.select(["count", "target", "source"])
    assert read(tmp_path, reordered) == expected
    each = [(s, t) for s, t, n in zip(SOURCE, TARGET, COUNT, strict=True) for _ in range(n)]
    unweighted = pa.table(dict(zip(("source", "target"), zip(*each, strict=True), strict=True)))
    assert read(tmp_path, unweighted) == expected
    path = tmp_path / "groups.parquet"
    pq.write_table(table(), path, row_group_size=1, compression="gzip")
    assert TransitionCounts.from_file(path) == expected


def test_files_of_pandas(tmp_path, expected):
    frame = pd.DataFrame({"source": SOURCE, "target": TARGET, "count": COUNT})
    path = tmp_path / "counts.PARQUET"
    for kinds in ({}, {"source": "category", "target": "category"}, {"count": "Int64"}):
        frame.astype(kinds).to_parquet(path)
        assert TransitionCounts.from_parquet(path) == expected
        assert TransitionCounts.from_file(path) == expected
    frame.iloc[[2, 0, 3, 1]].to_parquet(
        path
    )  # an index that is no range becomes a column of its own
    assert "__index_level_0__" in pq.read_schema(path).names
    assert TransitionCounts.from_parquet(path) == expected


def test_whole_numbers_as_labels(tmp_path):
    frame = pd.DataFrame({"source": [1, 10, 2], "target": [2, None, 1]})
    path = tmp_path / "numbers.parquet"
    frame.to_parquet(path)  # target: 2.0, null, 1.0
    counts = TransitionCounts.from_parquet(path, states=[1, 2, 10])
    assert counts.states == ("1", "2", "10")
    assert counts.counts.toarray().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert counts.other.tolist() == [0, 0, 1]


@given(st.permutations(range(4)), st.randoms())
@settings(deadline=None, max_examples=20)
def test_order_and_splitting_of_rows_change_nothing(tmp_path_factory, order, random):
    rows = []
    for k in order:
        part = random.randint(0, COUNT[k])
        rows += [(SOURCE[k], TARGET[k], part), (SOURCE[k], TARGET[k], COUNT[k] - part)]
    random.shuffle(rows)
    columns = [list(column) for column in zip(*rows, strict=True)]
    folder = tmp_path_factory.getbasetemp()
    assert read(folder, table(*columns)) == read(folder, table())


def test_other_programs_see_the_table(tmp_path):
    counts = TransitionCounts.from_dataframe(
        pd.DataFrame({"source": SOURCE, "target": TARGET, "count": COUNT, "block": list("yxyx")}),
        states=["B", "C", "A"],
        metadata={"model": "é"},
    )
    path = tmp_path / "counts.parquet"
    counts.to_parquet(path)
    seen = pq.read_table(path)
    assert {field.name: str(field.type) for field in seen.schema} == {
        "source": "string",
        "target": "string",
        "count": "int64",
        "block": "string",
    }
    frame = pd.read_parquet(path)
    assert frame[frame["target"].isna()][["source", "count"]].to_numpy().tolist() == [
        ["C", 0],
        ["A", 5],
    ]
    assert TransitionCounts.from_dataframe(frame, states=counts.states) == TransitionCounts(
        counts.states, counts.counts, counts.other, blocks=counts.blocks
    )
    said = json.loads(pq.read_metadata(path).metadata[b"equipoise"])
    assert said == {
        "schema": "equipoise.counts/1",
        "states": ["B", "C", "A"],
        "protocol": "draws",
        "starts": [],
        "stay": True,
        "support": None,
        "blocks": ["x", "y"],
        "sequences": None,
        "metadata": {"model": "é"},
    }
    again = tmp_path / "again.parquet"
    counts.to_parquet(again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (table().drop(["target"]), "no column target, received source, count"),
        (table(weight=[1, 1, 1, 1]), "unknown column weight"),
        (pa.table([SOURCE, TARGET, TARGET], ["source", "target", "target"]), "is there twice"),
        (table().slice(0, 0), "there is no row"),
        (table(count=[1, -3, 5, 2]), "row 2: the count '-3' is negative"),
        (table(count=[1, 2.5, 5, 2]), "row 2: the count '2.5' is not a whole number"),
        (table(count=[1, float("nan"), 5, 2]), "row 2: the count 'nan' is not finite"),
        (table(count=[1, float("-inf"), 5, 2]), "row 2: the count '-inf' is not finite"),
        (table(count=[1, None, 5, 2]), "row 2: the count 'None' is missing"),
        (table(count=pa.array([None] * 4, pa.int32())), "row 1: the count 'None' is missing"),
        (table(count=["1", "2", "3", "4"]), "the count '1' is not a number"),
        (table(count=[True, True, True, True]), "the count 'True' is a truth value"),
        (table(count=pa.array([1, 2**63, 5, 2], pa.uint64())), "too large for 64 bits"),
        (table(count=[2**62] * 4), r"counts.parquet: the counts add up to 1.84e\+19, too large"),
        (table(count=[[1], [2], [3], [4]]), "row 1: the count '.1.' is not a number"),
        (table(source=["A", None, "A", "B"]), "row 2: the source is empty"),
        (table(source=["A", " ", "A", "B"]), "row 2: the source is empty"),
        (table(target=["A", "B\x1b", None, "A"]), r"row 2: the label 'B\\x1b' holds a control"),
        (table(source=[b"A", b"A", b"A", b"B"]), "is of type 'bytes'"),
        (table(source=[0.5, 1.0, 1.0, 1.0]), "row 1: the label '0.5' is of type 'float'"),
        (table(source=[["A"], ["A"], ["A"], ["B"]]), "row 1: the label .* is of type 'list'"),
        (table(source=pa.array([10**18] * 4, pa.timestamp("ns"))), "row 1: the label '2001"),
        (table(source=pa.array([1] * 4, pa.timestamp("ns"))), "cannot be read|is of type 'Time"),
        (table(block=["x", None, "x", "y"]), "row 2: the block is empty"),
        (table(target=pa.nulls(4)), "no transition at all .all 11 trials ended in no state"),
    ],
)
def test_bad_tables(tmp_path, content, message):
    for how in ("from_parquet", "from_file"):
        with pytest.raises(DataError, match=message) as error:
            read(tmp_path, content, how)
        assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "content", [b"", b"source,target\nA,B\n", b"PAR1", b"PAR1PAR", b"PAR1 and no more", b"\0" * 99]
)
def test_not_a_parquet_file(tmp_path, content):
    for how in ("from_parquet", "from_file"):
        with pytest.raises(DataError, match=r"counts.parquet: (this is no Parquet|cannot be read)"):
            read(tmp_path, content, how)


def test_wrong_reader(tmp_path):
    content = io.BytesIO()
    pq.write_table(table(), content)
    with pytest.raises(DataError, match="the file is Parquet; read it with from_parquet"):
        read(tmp_path, content.getvalue(), "from_csv")
    path = tmp_path / "counts.nc"
    TransitionCounts.from_dict({"A": {"B": 1}}).to_xarray().to_netcdf(path, engine="h5netcdf")
    with pytest.raises(DataError, match="the file is HDF5 or netCDF; a run kept with --save"):
        TransitionCounts.from_file(path)


def test_no_such_file_and_no_place_to_write(tmp_path, expected):
    with pytest.raises(DataError, match="no such file"):
        TransitionCounts.from_parquet(tmp_path / "absent.parquet")
    with pytest.raises(DataError, match="this is a directory"):
        TransitionCounts.from_parquet(tmp_path)
    with pytest.raises(DataError, match="'3' is no path"):
        TransitionCounts.from_parquet(3)
    with pytest.raises(DataError, match="cannot be written"):
        expected.to_parquet(tmp_path / "absent" / "counts.parquet")
    huge = TransitionCounts.from_dict({"A": {"B": 1}}, metadata={"n": 10**5000})
    with pytest.raises(DataError, match="a whole number of thousands of digits"):
        huge.to_parquet(tmp_path / "counts.parquet")


GOOD = {"schema": "equipoise.counts/1", "states": ["B", "A"]}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"\xff", "'.*' is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "the description is of type 'list'"),
        ({"schema": "equipoise.counts/2"}, "the schema is 'equipoise.counts/2', and this version"),
        ({"modle": "m"}, "unknown key modle; the keys are schema, states"),
        ({"states": "AB"}, "states must be a list, received 'AB'"),
        ({"states": ["A"]}, "the declared states leave out B"),
        ({"states": ["A", "B", "A"]}, "states are declared twice: A"),
        ({"protocol": 3}, "protocol is '3'; write 'draws'"),
        ({"protocol": "walk"}, "protocol is 'walk'; write 'draws'"),
        ({"stay": "false"}, "stay is 'false'; write true or false"),
        ({"stay": False}, "stay=False, but 1 self-transitions"),
        ({"starts": "A"}, "starts must be a list"),
        ({"starts": ["A"]}, "starts belong to trajectories"),
        ({"support": "AB"}, "support is 'AB'; write a list of pairs"),
        ({"support": [1]}, "write a list of pairs"),
        ({"support": [["A", 0.5]]}, "support: the label '0.5' is of type 'float'"),
        ({"metadata": []}, "metadata must be a mapping"),
        ({"metadata": {"trials": "guessed"}}, "write 'observed' or 'imputed'"),
        ({"blocks": ["x"]}, "the metadata tell of blocks, but there is no column block"),
        ({"sequences": ["A", "B"]}, "sequences must be a list of lists"),
        ({"sequences": [["A"]]}, "sequence 1 has length 1"),
        ({"sequences": [["A", "C"]]}, "sequences: the declared states leave out C"),
        ({"sequences": [["A", "B"]]}, "sequences belong to trajectories"),
        (
            {"sequences": [["A", "B"]], "protocol": "trajectory"},
            "the sequences do not add up to counts and other",
        ),
    ],
)
def test_bad_descriptions(tmp_path, said, message):
    text = said if isinstance(said, bytes) else json.dumps(GOOD | said)
    with pytest.raises(ValueError, match=message) as error:
        read(tmp_path, table().replace_schema_metadata({b"equipoise": text}))
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300


def test_a_short_description_is_enough(tmp_path, expected):
    def described(**said):
        return table().replace_schema_metadata({"equipoise": json.dumps(said), "pandas": "?"})

    assert read(tmp_path, described()) == expected
    assert read(tmp_path, described(states=["B", "A"])).states == ("B", "A")
    assert read(tmp_path, described(protocol="trajectory")).starts == ()


def test_blocks_keep_the_order_that_was_declared(tmp_path):
    blocked = table(block=["x", "y", "x", "x"])
    assert read(tmp_path, blocked).blocks.labels == ("x", "y")
    said = json.dumps({"blocks": ["z", "y", "x"]})
    blocks = read(tmp_path, blocked.replace_schema_metadata({"equipoise": said})).blocks
    assert blocks.labels == ("z", "y", "x")
    assert blocks.block.tolist() == [1, 2, 2, 2]
    said = json.dumps({"blocks": ["x"]})
    with pytest.raises(DataError, match="the declared blocks leave out y, which the data hold"):
        read(tmp_path, blocked.replace_schema_metadata({"equipoise": said}))


def test_damaged_files_are_refused(tmp_path):
    counts = TransitionCounts.from_sequences([["A", "B", None, "C", "A"], ["C", "B"]])
    counts.to_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    table_ends = whole.index(b"equipoise")  # beyond it nothing is summed
    draw = random.Random(7)
    messages = []
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[draw.randrange(4, table_ends - 400)] ^= 1 << draw.randrange(8)
        try:
            assert read(tmp_path, bytes(damaged)) == counts
        except DataError as error:
            messages.append(str(error))
    assert len(messages) > 150
    assert all(message.isprintable() and len(message) < 700 for message in messages)
    for length in range(0, len(whole), 40):
        with pytest.raises(DataError, match=r"counts\.parquet: "):
            read(tmp_path, whole[:length])
