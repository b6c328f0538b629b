import pytest

from equipoise import errors
from equipoise.text import listed, printable, quoted, told_apart


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("ATTITUDE", "ATTITUDE"),
        ("Ångström 北京 😀", "Ångström 北京 😀"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202edef", "abc\\u202edef"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u2028b", "a\\u2028b"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        (7, "7"),
        ("", ""),
    ],
)
def test_printable_escapes_what_a_terminal_would_obey(label, shown):
    assert printable(label) == shown
    assert printable(label).isprintable()


def test_printable_truncates_without_cutting_an_escape():
    assert printable("x" * 61) == "x" * 59 + "…"
    assert printable("x" * 60) == "x" * 60
    assert printable("x" * 100, width=None) == "x" * 100
    assert printable("ab\x1bcd", width=5) == "ab…"
    assert printable("\x1b\x1b", width=4) == "…"
    assert printable("abc", width=0) == ""
    assert max(len(printable("\u202e" * 50, width=w)) - w for w in range(20)) <= 0


def test_quoted_and_listed():
    assert quoted("a\x07") == "'a\\x07'"
    assert listed([]) == "none"
    assert listed("ABC") == "A, B, C"
    assert listed(map(str, range(1005))) == "0, 1, 2, 3, 4 and 1,000 more"
    assert listed(["", "\n"]) == "'', \\n"


def test_long_names_are_told_apart():
    alike = ["a long name, temperature 0.2", "a long name, temperature 1.0", "short"]
    first, second, third = told_apart(alike, 16)
    assert third == "short"
    assert first != second
    assert first.endswith("0.2")
    assert second.endswith("1.0")
    assert max(map(len, (first, second))) <= 16
    # Two that differ in their middle only, and two whose escapes must not be cut.
    for labels in (["x" * 9 + k + "y" * 9 for k in "12"], ["\x1b" * 9 + k for k in "12"]):
        found = told_apart(labels, 12)
        assert len(set(found)) == 2
        assert max(map(len, found)) <= 12
        assert all(text.isprintable() for text in found)


def test_error_tree():
    assert issubclass(errors.DataError, ValueError)
    assert issubclass(errors.UsageError, ValueError)
    assert issubclass(errors.NotTrustedError, RuntimeError)
    assert issubclass(errors.MissingDependencyError, ImportError)
    for error in (errors.DataError, errors.UsageError, errors.MissingDependencyError):
        assert issubclass(error, errors.EquipoiseError)
    error = errors.NotTrustedError("k-hat is 0.9", result=3)
    assert (str(error), error.result) == ("k-hat is 0.9", 3)
