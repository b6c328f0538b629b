"""Results in words and numbers: a summary, a JSON contract, a page, tables for other programs."""

from equipoise.report.contract import to_dict, to_json
from equipoise.report.page import html
from equipoise.report.text import summary

__all__ = ["html", "summary", "to_dict", "to_json"]
