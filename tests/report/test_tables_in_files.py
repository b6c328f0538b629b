"""Tables for other programs: CSV and LaTeX."""

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.report import to_dict
from equipoise.report.latex import escaped, latex_text
from equipoise.report.printed import printed_tables
from equipoise.report.records import record_tables
from equipoise.report.spreadsheet import csv_text, safe_text


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", ["alofi-rain", "claude-4", "two components", "tree"])
def test_csv_holds_the_numbers_of_the_contract(result, diagnosed, name):
    outcome = result(name)
    values = to_dict(outcome, diagnosed(name))
    tables = {table.name: read(csv_text(table)) for table in record_tables(diagnosed(name))}
    names = ["potential", "cycles", "edges", "sensitivity", "baselines", "least-action", "counts"]
    assert list(tables) == names
    matrix, other = outcome.counts.counts.toarray(), outcome.counts.other.copy()
    for row in tables["counts"]:
        i = outcome.counts.index(row["source"])
        if row["target"]:
            matrix[i, outcome.counts.index(row["target"])] -= int(row["count"])
        else:
            other[i] -= int(row["count"])
    assert not matrix.any()
    assert not other.any()
    assert len(tables["baselines"]) == 7
    assert [row["state"] for row in tables["least-action"]] == list(outcome.counts.states)
    numbers = ("mean", "sd", "lower", "upper")
    for key in ("potential", "edges"):
        assert len(tables[key]) == len(values[key])
        for row, wanted in zip(tables[key], values[key], strict=True):
            for column in numbers:
                shown = float(row[column]) if row[column] else None
                assert shown == wanted[column]
    # Cycles stand worst first, each as it runs rather than back.
    ranks = [int(row["rank"]) for row in tables["cycles"]]
    assert ranks == [*range(1, len(diagnosed(name).violation.cycles) + 1)]
    wanted = {frozenset(row["states"]): row for row in values["cycles"]}
    for row in (row for row in tables["cycles"] if row["origin"] == "basis"):
        cycle = wanted.pop(frozenset(row["cycle"].split(" → ")))
        assert float(row["mean"]) == abs(cycle["mean"])
        assert float(row["sd"]) == cycle["sd"]
        same = row["cycle"].split(" → ")[1] == cycle["states"][1]
        assert same == (cycle["mean"] >= 0)
    assert not wanted
    place = {state: k for k, state in enumerate(outcome.counts.states)}
    matrix = outcome.counts.counts.toarray()
    for row in tables["edges"]:
        i, j = place[row["source"]], place[row["target"]]
        assert (int(row["forward"]), int(row["backward"])) == (matrix[i, j], matrix[j, i])
    taus = [row for row in tables["sensitivity"] if row["setting"] == "cycle_scale"]
    assert [float(row["log_bayes_factor"]) for row in taus] == [
        factor.log_value for factor in outcome.sensitivity
    ]


def test_withheld_numbers_are_empty_cells(diagnosed):
    tables = {t.name: read(csv_text(t)) for t in record_tables(diagnosed("distrusted alofi-rain"))}
    assert {row["mean"] for row in tables["cycles"]} == {""}
    assert {row["explains"] for row in tables["cycles"]} == {""}
    assert {row["current_mean"] for row in tables["edges"]} == {""}
    assert {row["log_bayes_factor"] for row in tables["sensitivity"]} == {""}


def test_hostile_names_are_no_formulas(diagnosed):
    for table in record_tables(diagnosed("hostile")):
        text = csv_text(table)
        assert all(c == "\n" or c.isprintable() for c in text)
        for row in csv.reader(io.StringIO(text)):
            for cell in row:
                assert cell[:1] not in tuple("=+@\t\r") or not cell
                if cell.startswith("-"):
                    float(cell)  # a number, and stays one
    names = [row["state"] for row in read(csv_text(record_tables(diagnosed("hostile"))[0]))]
    assert "'=cmd()|' /C calc'!A0" in names
    assert "'@SUM(1+1)*cmd|' /C calc'!A0" in names
    assert "\\u202eevil" in names
    assert "x" * 5000 in names


@given(st.text())
@settings(max_examples=60, deadline=None)
def test_no_text_is_a_formula(text):
    shown = safe_text(text)
    assert shown.isprintable()
    assert not shown.lstrip().startswith(("=", "+", "-", "@", "\t"))


@pytest.mark.parametrize("name", ["alofi-rain", "claude-4", "hostile"])
def test_latex_tables_are_whole(diagnosed, name):
    for table in printed_tables(diagnosed(name), 1000, 40):
        text = latex_text(table)
        begin, *rows, end = text.splitlines()[1:]
        columns = len(table.header)
        assert re.fullmatch(rf"\\begin\{{tabular\}}\{{[lr]{{{columns}}}\}}", begin)
        assert end == r"\end{tabular}"
        assert rows[0] == r"\toprule"
        assert rows[2] == r"\midrule"
        assert rows[-1] == r"\bottomrule"
        assert len(rows) == len(table.rows) + 4
        for row in [rows[1], *rows[3:-1]]:
            assert row.endswith(r" \\")
            assert len(re.findall(r"(?<!\\)&", row)) == columns - 1
            assert not row.startswith(("[", "*"))
            plain = re.sub(r"\\[{}]", "", row)
            assert plain.count("{") == plain.count("}")


def test_hostile_names_act_on_no_latex(diagnosed):
    text = latex_text(printed_tables(diagnosed("hostile"), 1000, 40)[0])
    allowed = (
        "begin end toprule midrule bottomrule textbackslash textasciicircum textasciitilde "
        "textless textgreater textbar symbol Phi sigma tau geq leq to times Sigma pi ldots frac"
    ).split()
    assert set(re.findall(r"\\([a-zA-Z]+)", text)) <= set(allowed)
    assert r"\textless{}script\textgreater{}alert(1)" in text
    assert r"\textbackslash{}u202eevil" in text
    assert r"\textbackslash{}input\{/etc/passwd\} \% \& \# \_" in text
    assert r"\$x\$ and \textbackslash{}frac\{1\}\{2" in text


def test_a_cut_table_says_so(diagnosed):
    text = latex_text(printed_tables(diagnosed("claude-4"), 2, 40)[0])
    assert r"\multicolumn{4}{l}{and 3 more} \\" in text


@given(st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_nothing_in_a_name_is_left_to_latex(text):
    shown = escaped(text)
    rest = re.sub(
        r"\\(textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|ldots)\{\}"
        r"|\\symbol\{\d\d\}|\\[{}$&%#_]|\{\[\}|\{\*\}|\$[^$]*\$",
        "",
        shown,
    )
    assert not set(rest) & set("\\{}$&%#_^~\n")
