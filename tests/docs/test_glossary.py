"""The glossary explains every symbol that the terminal and the page print."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRINTING = [
    *(ROOT / "src/equipoise/report").rglob("*.py"),
    *(ROOT / "src/equipoise/cli").rglob("*.py"),
]
# In formulas beside, where they are defined at once.
LOCAL = {"σ_f", "σ_β"}


def terms():
    """Return the terms: lines of the glossary that begin at its left edge."""
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    body = text.split("```{glossary}\n", 1)[1].rsplit("```", 1)[0]
    return [line for line in body.splitlines() if line and not line.startswith(" ")]


def test_every_symbol_that_is_printed_is_explained():
    printed = "".join(path.read_text(encoding="utf-8") for path in PRINTING)
    greek = set(re.findall(r"[σμ]_\w|(?<![\w_])[Φρτπδηλβε](?![\w_])", printed)) - LOCAL
    greek -= {"μ_s"}  # explained with σ_s
    assert {"σ_c", "σ_δ", "Φ", "ρ", "τ"} <= greek
    known = " ".join(terms())
    assert [one for one in sorted(greek) if one not in known] == []
    plain = {"b1", "b1*", "V", "E", "s", "c", "J", "F", "P", "K", "S", "JSD", "ESS", "log BF"}
    assert plain <= set(terms())


def test_terms_stand_in_order_and_once():
    found = terms()
    first = [term for term in found if term[0].isascii()]
    assert first == sorted(first, key=str.casefold)
    assert len(set(found)) == len(found)
