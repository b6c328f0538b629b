"""Every kind of bad file gives one clear line, and never another exception."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError

LONG = "source,target,count\n"
BLOCKS = "source,target,count,block\n"

BAD_LONG = {
    "empty": ("", "the file is empty; give a header"),
    "blank": (" \n\n  \n", "the file is empty"),
    "header only": (LONG, "no row below the header"),
    "header and blanks": (LONG + "\n \n", "no row below the header"),
    "wrong columns": ("from,to,n\nA,B,1\n", "no column source and target, received from, to, n"),
    "no header": ("A,B,1\nB,A,2\n", r"received A, B, 1 \(is the header line missing\?\)"),
    "no target": ("source,count\nA,1\n", "no column target, received source, count"),
    "capitals": ("Source,Target,Count\nA,B,1\n", "no column source and target, received Source"),
    "extra column": ("source,target,count,modle\nA,B,1,x\n", "unknown column modle"),
    "nameless column": ("source,target,count,\nA,B,1,\n", "unknown column ''"),
    "column twice": ("source,target,count,count\nA,B,1,1\n", "a column is there twice"),
    "semicolons": ("source;target;count\nA;B;1\n", "separated by semicolons, not commas"),
    "tabs": ("source\ttarget\tcount\nA\tB\t1\n", "separated by tabs, not commas"),
    "short row": (LONG + "A,B,1\nA,B\n", "line 3: the row has 2 cells and the header 3"),
    "long row": (LONG + "A,B,1\n\nA,B,1,2\n", "line 4: the row has 4 cells and the header 3"),
    "negative": (LONG + "A,B,1\nA,B,-3\n", "line 3: the count '-3' is negative"),
    "fractional": (LONG + "A,B,3.5\n", "line 2: the count '3.5' is not a whole number"),
    "tiny": (LONG + "A,B,1e-9\n", "line 2: the count '1e-9' is not a whole number"),
    "nan": (LONG + "A,B,nan\n", "line 2: the count 'nan' is not finite"),
    "inf": (LONG + "A,B,-Infinity\n", "line 2: the count '-Infinity' is not finite"),
    "word": (LONG + "A,B,many\n", "line 2: the count 'many' is not a number"),
    "underscore": (LONG + "A,B,1_000\n", "line 2: the count '1_000' is not a number"),
    "thousands": (LONG + 'A,B,"1,000"\n', "line 2: the count '1,000' is not a number"),
    "other digits": (LONG + "A,B,١\n", "line 2: the count '١' is not a number"),
    "no count": (LONG + "A,B,\n", "line 2: the count is empty; write 0"),
    "too large": (LONG + f"A,B,{2**63}\n", "is too large for 64 bits"),
    "huge": (LONG + "A,B,1e999999999\n", "is too large for 64 bits"),
    "absurd": (LONG + "A,B,1e99999999999999999999999\n", "is too large or too small"),
    "many digits": (LONG + f"A,B,{'9' * 100_000}\n", "is too large for 64 bits"),
    "overflowing sum": (
        LONG + f"A,B,{2**62}\nB,A,{2**62}\n",
        r"the counts add up to 9.22e\+18, too large",
    ),
    "empty source": (LONG + "A,B,1\n  ,B,1\n", "line 3: the source is empty"),
    "only other": (LONG + "A,,5\nB,,7\n", "no transition at all .all 12 trials ended in no state"),
    "only zeros": (LONG + "A,B,0\n", "no transition at all .every count is 0"),
    "control character": (LONG + 'A,"B\nC",1\n', r"line 3: the label 'B\\nC' holds a control"),
    "escape": (LONG + "A,\x1b[31mB,1\n", r"line 2: the label '\\x1b\[31mB' holds a control"),
    "c1": (LONG + "A,\x9bB,1\n", r"the label '\\x9bB' holds a control"),
    "empty block": (BLOCKS + "A,B,1,x\nA,B,1,\n", "line 3: the block is empty; name it in every"),
    "open quote": (LONG + 'A,"B,1\n', "this is no CSV"),
    "text after quote": (LONG + '"A"x,B,1\n', "line 2: this is no CSV"),
}

BAD_WIDE = {
    "ragged": (",A,B\nA,1,2\nB,1\n", "line 3: the row has 2 cells"),
    "missing row": (",A,B\nA,1,2\n", "B labels a column only"),
    "missing column": (",A\nA,1\nB,2\n", "B labels a row only"),
    "column twice": (",A,A,B\nA,1,1,1\nB,1,1,1\n", "two columns are labelled 'A'"),
    "row twice": (",A,B\nA,1,1\nA,1,1\nB,1,1\n", "two rows are labelled 'A'"),
    "two nameless": (",A,B,,\nA,1,1,1,1\nB,1,1,1,1\n", "2 columns have no label"),
    "nameless row": (",A,B\nA,1,2\n,1,1\n", "line 3: the label of a row is empty"),
    "fractional": (",A,B\nA,1,2\nB,1.5,0\n", "line 3: the count '1.5' is not a whole"),
    "empty cell": (",A,B\nA,1,2\nB,,0\n", "line 3: the count is empty .to .A..; write 0"),
    "both others": (",A,B,,other\nA,1,1,1,1\nB,1,1,1,1\n", "other labels a column only"),
}


def one_line(error):
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 700
    return message


def write(tmp_path, content):
    path = tmp_path / "counts.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(("content", "message"), BAD_LONG.values(), ids=BAD_LONG)
def test_bad_long_table(tmp_path, content, message):
    with pytest.raises(DataError, match=message) as error:
        TransitionCounts.from_csv(write(tmp_path, content))
    assert one_line(error).count("counts.csv") == 1


@pytest.mark.parametrize(("content", "message"), BAD_WIDE.values(), ids=BAD_WIDE)
@pytest.mark.parametrize("read", ["from_matrix_csv", "from_file"])
def test_bad_wide_table(tmp_path, content, message, read):
    with pytest.raises(DataError, match=message) as error:
        getattr(TransitionCounts, read)(write(tmp_path, content))
    assert one_line(error).count("counts.csv") == 1


@pytest.mark.parametrize("read", ["from_csv", "from_file", "from_matrix_csv"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"source,target,count\nA,\xff,1\n", r"byte 22 \(0xff\) is not UTF-8"),
        (b"\xef\xbb\xbfsource,target\nA,\xe9\n", r"byte 19 \(0xe9\) is not UTF-8"),
        (b"source,target,count\nA,B\0,1\n", "byte 23 is 0, so this is no text file"),
        ("source,target\nA,B\n".encode("utf-16"), "the file is UTF-16, not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "byte 8 is 0"),
        (bytes(range(1, 256)), "is not UTF-8"),
    ],
    ids=["latin1", "latin1 after mark", "nul", "utf16", "png", "bytes"],
)
def test_not_text(tmp_path, content, message, read):
    with pytest.raises(DataError, match=message) as error:
        getattr(TransitionCounts, read)(write(tmp_path, content))
    one_line(error)


@pytest.mark.parametrize("line", ["x" * 10_000_000, '"' + "x" * 10_000_000, "ab," * 3_300_000])
def test_a_line_of_ten_megabytes_is_refused(tmp_path, line):
    for content in (line, LONG + line):
        path = write(tmp_path, content)
        with pytest.raises(DataError) as error:
            TransitionCounts.from_file(path)
        one_line(error)


def test_no_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        TransitionCounts.from_file(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="this is a directory"):
        TransitionCounts.from_file(tmp_path)
    with pytest.raises(DataError, match="cannot be read") as error:
        TransitionCounts.from_file(str(tmp_path / "nul\0\x1b.csv"))
    one_line(error)
    with pytest.raises(DataError, match="cannot be read"):
        TransitionCounts.from_file(tmp_path / ("x" * 5000))
    with pytest.raises(DataError, match="'3' is no path"):
        TransitionCounts.from_csv(3)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = write(tmp_path, LONG + "A,B,1\n")
    path.chmod(0)
    with pytest.raises(DataError, match=r"cannot be read \(Permission denied\)"):
        TransitionCounts.from_file(path)


def test_cannot_write(tmp_path):
    counts = TransitionCounts.from_matrix([[0, 1], [1, 0]], states=["A", "B"])
    with pytest.raises(DataError, match="cannot be written"):
        counts.to_csv(tmp_path / "absent" / "counts.csv")
    with pytest.raises(DataError, match="cannot be written"):
        counts.to_csv(tmp_path)


def test_neither_long_nor_wide_says_what_was_seen(tmp_path):
    path = write(tmp_path, "when,what\n2020,rain\n2021,sun\n")
    with pytest.raises(
        DataError, match="the header is when, what and the first row begins with '2020'; a long"
    ) as error:
        TransitionCounts.from_file(path)
    one_line(error)
    with pytest.raises(DataError, match=r"the header is A, B, 1 \(is the header line missing\?\)"):
        TransitionCounts.from_file(write(tmp_path, "A,B,1\nB,A,2\n"))


@given(
    st.binary(max_size=200)
    | st.text(alphabet='AB\n\r,"; \t01.-e\x00\x1b\u202e', max_size=60).map(
        lambda text: ("source,target,count\n" + text).encode()
    )
    | st.text(alphabet='AB\n,"01 ', max_size=40).map(lambda text: (",A,B\n" + text).encode())
)
@settings(deadline=None, max_examples=300)
def test_garbage_is_refused_or_read_but_never_breaks(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "garbage.csv"
    path.write_bytes(content)
    counts, message = None, ""
    try:
        counts = TransitionCounts.from_file(path)
    except DataError as error:
        message = str(error)
    assert (counts is None) == bool(message)
    assert message.isprintable()
    if counts is not None:
        assert counts.n_transitions > 0
        assert counts.summary().replace("\n", "").isprintable()
