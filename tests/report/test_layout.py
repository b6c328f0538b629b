"""Columns stay columns, whatever the labels are."""

import pytest

from equipoise.report import layout


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("σ_c ½", 5), ("日本", 4), ("😀", 2), ("e\u0301", 1)]
)
def test_display_width(text, width):
    assert layout.display_width(text) == width
    assert layout.display_width(layout.pad(text, 9)) == 9
    assert layout.pad(text, 9, right=True).endswith(text)


@pytest.mark.parametrize("text", ["x" * 5000, "日本語" * 50, "\x1b[31mred", "\u202e" * 9, "😀" * 9])
@pytest.mark.parametrize("width", [4, 9, 28])
def test_labels_are_cut_to_the_columns_they_take(text, width):
    label = layout.label(text, width)
    assert layout.display_width(label) <= width
    assert label.isprintable()


def test_wrap():
    lines = layout.wrap("word " * 60, indent=2, hang=6)
    assert len(lines) == 4
    assert all(len(line) <= layout.WIDTH for line in lines)
    assert lines[0].startswith("  word")
    assert lines[1].startswith("      word")
    assert " ".join(lines).split() == ["word"] * 60
    assert layout.wrap("") == [""]


def test_a_word_too_long_gets_a_line_of_its_own():
    assert layout.wrap("a " + "x" * 120 + " b", indent=1) == [" a", " " + "x" * 120, " b"]


def test_entry_hangs_below_its_text():
    first, second = layout.entry("name", "text " * 20)
    assert first.startswith("  name           text")
    assert second.startswith(" " * 17 + "text")


def test_table():
    rows = [["state", "Φ"], ["日本", "1.25"], ["a", "-10.50"]]
    assert layout.table(rows, right=[False, True]) == [
        "  state        Φ",
        "  日本      1.25",
        "  a       -10.50",
    ]
