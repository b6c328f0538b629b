"""Directives that show the records of statistical checks as tables, read from their JSON."""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

CHECKS = Path(__file__).parents[1] / "checks"


def records() -> dict[str, dict[str, Any]]:
    """Return the records by name, those of the calibration first."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in _files()}
    return dict(sorted(found.items(), key=lambda item: (item[0][:11] != "calibration", item[0])))


def _files() -> list[Path]:
    return sorted(CHECKS.glob("*.json"))


def number(value: object) -> str:
    """Return a number as a table shows it; None, no bound on this side, as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        shown = f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e15 else f"{value:,.0f}"
        return shown.replace("-", "−")
    return str(value)


def claim_table(record: dict[str, Any]) -> list[list[str]]:
    """Return the statements of a record with their figures and what they must lie between."""
    rows = [["statement", "figure", "least", "greatest", "holds"]]
    for claim in record["claims"]:
        figures = (claim.get(key) for key in ("value", "least", "greatest", "holds"))
        rows.append([claim["statement"], *map(number, figures)])
    return rows


def settings_of(record: dict[str, Any]) -> list[str]:
    """Return the settings of a record, a line each."""
    return [
        f"{name.replace('_', ' ')}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in record.get("settings", {}).items()
    ]


def reliability_table(record: dict[str, Any]) -> list[list[str]]:
    """Return the bins of a calibration: probability of balance stated, and its frequency."""
    rows = [["stated p(balance)", "data sets", "mean stated", "frequency", "band"]]
    for bin_ in record["reliability"]:
        rows.append(
            [
                f"{bin_['lowest']:.2f} to {bin_['highest']:.2f}",
                f"{bin_['n']:,}",
                f"{bin_['stated']:.3f}",
                f"{bin_['observed']:.3f}",
                f"{bin_['lower']:.3f} to {bin_['upper']:.3f}",
            ]
        )
    return rows


def rank_table(record: dict[str, Any]) -> list[list[str]]:
    """Return the ranked quantities of a calibration."""
    rows = [["quantity", "truth from", "ranks", "largest difference", "half width of the band"]]
    for rank in record["ranks"]:
        rows.append(
            [
                rank["quantity"],
                rank["truth"],
                f"{rank['n']:,}",
                f"{rank['largest_difference']:.4f}",
                f"{rank['half_width_of_band']:.4f}",
            ]
        )
    return rows


def _table(rows: list[list[str]]) -> nodes.Node:
    group = nodes.tgroup(cols=len(rows[0]))
    group += [nodes.colspec(colwidth=4 if k == 0 else 1) for k in range(len(rows[0]))]
    for part, body in ((nodes.thead(), rows[:1]), (nodes.tbody(), rows[1:])):
        for row in body:
            line = nodes.row()
            for cell in row:
                line += nodes.entry("", nodes.paragraph("", cell))
            part += line
        group += part
    return nodes.container("", nodes.table("", group), classes=["scroll"])


class CheckRecords(SphinxDirective):
    """Every record: what was asked, with which settings, what must hold and what was found."""

    def run(self) -> list[nodes.Node]:
        """Return a section a record."""
        made: list[nodes.Node] = []
        for name, record in records().items():
            self.env.note_dependency(str(CHECKS / f"{name}.json"))
            section = nodes.section(ids=[nodes.make_id(name)], names=[name])
            section += nodes.title("", name)
            what = record["what"]
            section += nodes.paragraph("", what[0].upper() + what[1:])
            if record["claims"]:
                section += _table(claim_table(record))
            else:
                section += nodes.paragraph("", "Measured, with no target.")
            settings = settings_of(record)
            if settings:
                items = nodes.bullet_list()
                items += [nodes.list_item("", nodes.paragraph("", one)) for one in settings]
                section += nodes.paragraph("", "Settings")
                section += items
            foot = nodes.paragraph()
            lines = StringList([f"[{name}.json]({name}.json) holds all the numbers."])
            self.state.nested_parse(lines, self.content_offset, foot)
            section += foot.children
            made.append(section)
        return made


class CalibrationTables(SphinxDirective):
    """A calibration run: its statements, its reliability and its ranks."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return three tables."""
        name = self.arguments[0]
        self.env.note_dependency(str(CHECKS / f"{name}.json"))
        record = records()[name]
        return [_table(t(record)) for t in (claim_table, reliability_table, rank_table)]


class CalibrationOffsets(SphinxDirective):
    """What calibrations withheld, and what they would have found nine times in ten."""

    required_arguments = 1
    optional_arguments = 9

    def run(self) -> list[nodes.Node]:
        """Return a table, a calibration a row."""
        return [_table(offset_table([records()[name] for name in self.arguments]))]


def offset_table(runs: list[dict[str, Any]]) -> list[list[str]]:
    """Return how large each calibration was, and what it could have seen."""
    head = ["calibration", "data sets", "Bayes factors withheld", "offset it would have found"]
    rows = [[*head, "factor on log BF it would have found"]]
    for record in runs:
        n = record["datasets"]["balance"] + record["datasets"]["cyclic"]
        lost = sum(record["withheld"]["evidence"].values())
        rows.append(
            [
                record["check"],
                f"{n:,}",
                f"{lost} ({lost / n:.1%})",
                f"{record['detectable_offset']:.2f} nats",
                f"{1 + record['detectable_slope']:.2f}",
            ]
        )
    return rows


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives."""
    app.add_directive("check-records", CheckRecords)
    app.add_directive("calibration-tables", CalibrationTables)
    app.add_directive("calibration-offsets", CalibrationOffsets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
