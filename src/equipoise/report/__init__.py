"""Results in words and numbers: a summary, a JSON contract, a page, tables for other programs."""

from equipoise.report.citation import cite
from equipoise.report.contract import to_dict, to_json
from equipoise.report.latex import latex_text
from equipoise.report.methods import methods_text
from equipoise.report.page import Made, html
from equipoise.report.printed import printed_tables
from equipoise.report.text import summary

__all__ = [
    "Made",
    "cite",
    "html",
    "latex_text",
    "methods_text",
    "printed_tables",
    "summary",
    "to_dict",
    "to_json",
]
