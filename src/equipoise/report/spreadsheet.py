"""CSV that a spreadsheet opens without running anything in it."""

import csv
import io

from equipoise.report.records import RecordTable, Value
from equipoise.text import printable

# A cell that begins so is a formula to Excel, LibreOffice or Google Sheets (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def csv_text(table: RecordTable) -> str:
    """Return a table as CSV: UTF-8 text, line feeds, numbers in full, an empty cell for None.

    Names are not trusted: control characters and bidirectional overrides are written as escapes,
    and a text that a spreadsheet would take for a formula gets an apostrophe before it. Numbers
    stay numbers. All text is quoted.

    Parameters
    ----------
    table
        From :func:`equipoise.report.records.record_tables`.
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_STRINGS, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return out.getvalue()


def _cell(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe_text(value) if isinstance(value, str) else value


def safe_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    shown = printable(text, None)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
