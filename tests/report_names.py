"""Names of states that try to act: on a page, a spreadsheet, LaTeX, a reader."""

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "\u202eevil",
    "😀😀😀",
    "x" * 5000,
    "=cmd()|' /C calc'!A0",
    "$x$ and \\frac{1}{2",
    "日本語の状態",
    "{0} %s {reference}",
    "\" onerror=alert(2) x='",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\\input{/etc/passwd} % & # _ ~ ^ [x]*",
)
