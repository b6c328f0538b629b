r"""Tables in LaTeX (booktabs), with nothing in a name left that LaTeX would act on."""

from equipoise.report.printed import Kind, PrintedTable
from equipoise.text import printable

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",
    "`": r"\symbol{96}",
    # After the end of a row these would be taken for its options.
    "[": "{[}",
    "*": "{*}",
    # What our own words use and a plain font lacks.
    "Φ": r"$\Phi$",
    "δ": r"$\delta$",
    "ρ": r"$\rho$",
    "σ": r"$\sigma$",
    "τ": r"$\tau$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "→": r"$\to$",
    "×": r"$\times$",
    "Σ": r"$\Sigma$",
    "π": r"$\pi$",
    "−": "$-$",
    "…": r"\ldots{}",
    "½": r"$\frac{1}{2}$",
    "¼": r"$\frac{1}{4}$",
}
_ALIGN: dict[Kind, str] = {"text": "l", "number": "r", "interval": "l"}


def latex_text(table: PrintedTable) -> str:
    r"""Return a table as LaTeX, a ``tabular`` for a ``table`` of your own; needs ``booktabs``.

    Names in scripts other than Latin need LuaLaTeX or XeLaTeX and a font that has them.

    Parameters
    ----------
    table : PrintedTable
        From :mod:`equipoise.report.printed`.

    Returns
    -------
    str
        Ending in a line feed. Nothing that a state is called acts on LaTeX.
    """
    columns = "".join(_ALIGN[kind] for _, kind in table.header)
    lines = [
        f"% {table.name}: {printable(table.caption, None)}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(escaped(title) for title, _ in table.header) + r" \\",
        r"\midrule",
    ]
    kinds = [kind for _, kind in table.header]
    for row in table.rows:
        cells = [_cell(text, kind) for text, kind in zip(row, kinds, strict=True)]
        lines.append(" & ".join(cells) + r" \\")
    if table.total > len(table.rows):
        left = table.total - len(table.rows)
        note = escaped(f"and {left:,} more")
        lines.append(rf"\multicolumn{{{len(kinds)}}}{{l}}{{{note}}} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def escaped(text: str) -> str:
    """Return a text that LaTeX prints as it is, control characters as escapes."""
    return "".join(_ESCAPES.get(character, character) for character in printable(text, None))


def _cell(text: str, kind: Kind) -> str:
    return escaped(text) if kind == "text" else escaped(text).replace("-", "$-$")
