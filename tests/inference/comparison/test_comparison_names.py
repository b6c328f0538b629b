"""How kernels are named where they are compared: whole once, by numbers where too long."""

from dataclasses import replace

import numpy as np
from comparison_kinds import compared

from equipoise.report.comparison import comparison_summary
from equipoise.report.comparison_words import comparison_headline
from equipoise.report.layout import WIDTH, display_width


def renamed(found, names):
    """Return a comparison whose kernels have other names."""
    new = dict(zip(found.kernels.names, names, strict=True))

    def pairs(rows):
        return tuple(replace(row, first=new[row.first], second=new[row.second]) for row in rows)

    return replace(
        found,
        kernels=replace(found.kernels, names=tuple(names)),
        distances=pairs(found.distances),
        rho=pairs(found.rho),
        entropy_production=pairs(found.entropy_production),
    )


def test_kernels_with_long_names_are_numbered_and_named_whole():
    names = [f"SmolLM2-135M, pattern, T = {t}" for t in ("0.7", "1", "1.3")]
    text = comparison_summary(renamed(compared("several"), names))
    assert max(map(display_width, text.splitlines())) <= WIDTH
    assert "…" not in text
    kernels, balance, *_ = text[text.index("Kernels  ") :].split("\n\n")
    for section in (kernels, balance):
        for number, name in enumerate(names, start=1):
            assert f"\n  {number}   {name}  " in section
    far = text[text.index("Distances  ") :].split("\n\n")[0].splitlines()
    assert far[1].split()[:3] == ["kernel", "and", "states"]
    assert {tuple(line.split()[:2]) for line in far[2:5]} == {("1", "2"), ("1", "3"), ("2", "3")}
    assert f"{names[0]}   less {names[1]} " in text  # both fit there


def test_of_many_kernels_the_numbers_of_those_not_listed_are_explained(monkeypatch):
    monkeypatch.setattr("equipoise.report.comparison_names.MOST_KERNELS", 2)
    monkeypatch.setattr("equipoise.report.comparison_names.MOST_DEVIATING", 1)
    found = renamed(compared("several"), [f"{letter}-{'long' * 20}" for letter in "pqr"])
    text = " ".join(comparison_summary(found).split())
    listed = int(np.argmax([away.rms for away in found.deviations]))
    assert "... and 2 more; --json has all." in text
    for k, letter in enumerate("pqr"):
        assert (f"{k + 1} is {letter}-longlong" in text) == (k != listed)


def test_names_with_commas_are_set_in_quotes_in_a_row():
    found = renamed(compared("several"), ["x, T = 1", "y", "z"])
    broken = replace(found.own[0], verdict=replace(found.own[0].verdict, favours="non-reversible"))
    said = comparison_headline(replace(found, own=(broken, broken, found.own[2])))
    assert "But kernels 'x, T = 1', y themselves break balance" in said
