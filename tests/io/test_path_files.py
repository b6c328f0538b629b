"""Paths as plain text, a state a line."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError
from equipoise.io.lines import path_lines

LABELS = st.text(
    st.characters(codec="utf-8", exclude_characters=",", categories=["L", "N", "P"]),
    min_size=1,
    max_size=5,
)


def read(tmp_path, content, **more):
    path = tmp_path / "path.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return TransitionCounts.from_path_file(path, **more)


def test_one_path(tmp_path):
    counts = read(tmp_path, "b\na\na\n c \nb\n")
    assert counts.protocol == "trajectory"
    assert counts.starts == ("b",)
    assert counts.to_sequences() == [["b", "a", "a", "c", "b"]]
    assert counts.equals(TransitionCounts.from_sequences(list("baacb")))
    wider = read(tmp_path, "b\na\n", states=list("zba"), metadata={"title": "two"}, stay=False)
    assert wider.states == ("z", "b", "a")
    assert (wider.metadata["title"], wider.stay) == ("two", False)


def test_blank_lines_part_paths(tmp_path):
    counts = read(tmp_path, "\ufeff\r\n\r\na\r\nb\r\n \r\n\r\nb\r\nb\r\na\r\n\r\n")
    assert counts.to_sequences() == [["a", "b"], ["b", "b", "a"]]
    assert counts.starts == ("a", "b")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the file is empty; write a path, one state a line"),
        (" \n\n", "the file is empty"),
        ("a\n", "line 1: path 1 is a single state"),
        ("a\nb\n\n\nc\n\nd\ne\n", "line 5: path 2 is a single state"),
        ("source,target,count\na,b,3\nb,a,2\n", "every line has 2 commas.*looks like a table"),
        (b"a\n\xff\n", "is not UTF-8"),
        (b"a\0b", "no text file"),
    ],
)
def test_refused(tmp_path, content, words):
    with pytest.raises(DataError, match=words):
        read(tmp_path, content)


def test_a_label_may_hold_a_comma_where_not_all_do(tmp_path):
    counts = read(tmp_path, "Bonn, rain\nBonn\nBonn, rain\n")
    assert counts.states == ("Bonn", "Bonn, rain")


@given(st.lists(st.lists(LABELS, min_size=2, max_size=6), min_size=1, max_size=4))
def test_what_is_written_is_read(paths):
    paths = [[label.strip() or "x" for label in path] for path in paths]
    text = "\n\n".join("\n".join(path) for path in paths)
    assert path_lines("p", text.encode()) == paths


@given(st.binary(max_size=60))
def test_anything_is_read_or_refused(data):
    paths = []
    with suppress(DataError):
        paths = path_lines("p", data)
    assert all(len(path) > 1 and all(path) for path in paths)
