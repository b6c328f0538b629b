"""The report: one self-contained HTML page that a referee reads top to bottom.

A page is an ordered list of sections, a section a list of blocks; :mod:`.sections` says what stands
in them, ``page.html`` how they look.
"""

from equipoise.report.page.about import Made
from equipoise.report.page.render import comparison_html, html

__all__ = ["Made", "comparison_html", "html"]
