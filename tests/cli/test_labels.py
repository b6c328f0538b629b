"""Labels on the command line: "A > B > C", for cycles and for the order of blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.cli.options import cycle_of, labels_of
from equipoise.errors import UsageError

KNOWN = ("A", "B", "C", "A>B", "x > y", '"hi"', 'a "b" c', "6+", "-q", "->", "é", "two words", ">")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("A > B > C", ["A", "B", "C"]),
        ("  A  >\tB > C ", ["A", "B", "C"]),
        ("A>B>C", ["A", "B", "C"]),
        ("A >B> C", ["A", "B", "C"]),
        ("A>B > C > B", ["A>B", "C", "B"]),
        ("A>B", ["A>B"]),
        ('"A>B">C>"B"', ["A>B", "C", "B"]),
        ('"A" > "B" > "C"', ["A", "B", "C"]),
        ('"x > y" > A > B', ["x > y", "A", "B"]),
        ('A > B > "x > y"', ["A", "B", "x > y"]),
        ('"""hi""" > A > B', ['"hi"', "A", "B"]),
        ('A > a "b" c > B', ["A", 'a "b" c', "B"]),
        ('"a ""b"" c" > A > B', ['a "b" c', "A", "B"]),
        ("-> > -q > 6+", ["->", "-q", "6+"]),
        ("A > > > B", ["A", ">", "B"]),
        ("é > two words > A", ["é", "two words", "A"]),
        # Unknown ones are left to whoever knows what to say of them.
        ("A > B > D", ["A", "B", "D"]),
        ("A>D", ["A", "D"]),
        ("A > D>E", ["A", "D>E"]),
        ("A,B,C", ["A,B,C"]),
    ],
)
def test_labels_are_read(text, labels):
    assert labels_of(text, KNOWN, "--cycle") == labels


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty name"),
        ("   ", "empty name"),
        ("A > B >", "empty name"),
        ("> A > B", "empty name"),
        ("A >> B", "empty name"),
        ('"" > A', "empty name"),
        ('" " > A', "empty name"),
        ('A > "B > C', "quote that does not end a name"),
        ('"A"B > C', "quote that does not end a name"),
        ('"A""B > C', "quote that does not end a name"),
        ('A > "', "quote that does not end a name"),
    ],
)
def test_nonsense_is_refused_in_one_line(text, words):
    with pytest.raises(UsageError, match=words) as error:
        labels_of(text, KNOWN, "--cycle")
    assert str(error.value).isprintable()
    assert str(error.value).startswith("--cycle ")


@pytest.mark.parametrize("text", ["A,B,C", "A", "a\rb,c", "x" * 5000, '"A > B > C"', "A>B"])
def test_a_cycle_has_states_in_order(text):
    with pytest.raises(UsageError, match=r"takes states in order, \"A > B > C\", not") as error:
        cycle_of(text, KNOWN)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200


# Whatever a state may be called, it can be said: labels are stripped and hold no control character.
names = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1).map(str.strip)


@given(st.lists(names.filter(bool) | st.sampled_from(KNOWN), min_size=2, max_size=6))
def test_any_labels_can_be_quoted(labels):
    text = " > ".join('"' + label.replace('"', '""') + '"' for label in labels)
    assert labels_of(text, labels, "--cycle") == labels
    assert cycle_of(text, labels) == labels
