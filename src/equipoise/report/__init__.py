"""Results in words and numbers: a text summary for people, a JSON contract for programs."""

from equipoise.report.contract import to_dict, to_json
from equipoise.report.text import summary

__all__ = ["summary", "to_dict", "to_json"]
