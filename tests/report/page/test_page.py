"""The page as text: what it holds, and that names act on nothing."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from report_names import HOSTILE_NAMES

from equipoise import __version__
from equipoise.counts import TransitionCounts
from equipoise.inference.diagnosis import diagnose
from equipoise.report import Made, html
from equipoise.report.methods import methods
from equipoise.report.page.blocks import Section, Words
from equipoise.report.page.matrix import count_matrix
from equipoise.report.page.sections import counted, violation
from equipoise.report.records import record_tables

ELEMENTS = set(
    "html head meta title style body header main footer nav section h1 h2 h3 p a dl div dt dd "
    "table thead tbody tr th td figure img figcaption ol li pre code".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class id href aria-label aria-labelledby role tabindex "
    "scope src alt style rel".split()
)
VOID = {"meta", "img"}


class Outline(HTMLParser):
    """What a browser would see: elements, attributes, text; every element must be closed."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.attributes, self.text, self.ids, self.links = set(), set(), [], [], []
        self.images, self.open = [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attributes}
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.images += [given["src"]] if "src" in given else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("name", ["hostile", "alofi-rain", "tree", "distrusted alofi-rain"])
def test_nothing_but_what_the_template_holds(page, name):
    outline = Outline(page(name))
    assert outline.elements <= ELEMENTS
    assert outline.attributes <= ATTRIBUTES
    assert len(set(outline.ids)) == len(outline.ids)
    inner = [link[1:] for link in outline.links if link.startswith("#")]
    assert set(inner) <= set(outline.ids)
    outer = [link for link in outline.links if not link.startswith("#")]
    assert all(re.match(r"https://(doi\.org|arxiv\.org/abs)/[\w./()-]+$", link) for link in outer)
    for image in outline.images:
        kind, _, data = image.partition(";base64,")
        assert kind in ("data:image/svg+xml", "data:image/png")
        drawn = base64.b64decode(data)
        assert drawn.startswith(b"\x89PNG" if kind.endswith("png") else b"<?xml")
        assert b"<script" not in drawn.lower()
        # Colour bars are pictures inside the picture.
        assert not re.search(rb"""(href|src)\s*=\s*["'](?!#|data:image/png)""", drawn)


def test_hostile_names_are_shown_and_act_on_nothing(page):
    text = page("hostile")
    outline = Outline(text)
    shown = "".join(outline.text)
    assert "<script>alert(1)</script>" in shown
    assert "<script" not in text.lower()
    assert "=cmd()" in shown
    assert "\\u202eevil" in shown
    assert "😀😀😀" in shown
    assert '" onerror=alert(2)' in shown
    assert "x" * 61 not in text
    assert all(c in "\n\N{NO-BREAK SPACE}" or c.isprintable() for c in text)


def test_a_title_and_metadata_are_not_trusted(result):
    name = HOSTILE_NAMES[0]
    outcome = result("alofi-rain")
    said = {"title": name, "model": {"a": [name, "\u202e"]}, name: name}
    counts = replace(outcome.counts, metadata=said)
    for title in (None, name):
        text = html(replace(outcome, counts=counts), title=title, sections=[counted])
        outline = Outline(text)
        assert outline.elements <= ELEMENTS
        assert "".join(outline.text).count(name) >= 4
        assert "\u202e" not in text


def test_the_head_says_of_which_data_and_how_it_was_made(result):
    folder = "/secret/place/"
    when = datetime(2026, 11, 26, 12, 5, tzinfo=UTC)
    made = Made((f"{folder}<b>rain.csv",), when, "equipoise report '<b>rain.csv' --fast")
    outcome = result("alofi-rain")
    text = html(outcome, made=made, sections=[])
    assert folder not in text
    shown = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert shown["source"] == "&lt;b&gt;rain.csv"
    assert shown["command"] == "equipoise report &#39;&lt;b&gt;rain.csv&#39; --fast"
    assert shown["made"] == f"2026-11-26 12:05 UTC, by Equipoise {__version__}, seed 3"
    assert shown["data"].startswith("3 states, 3 edges, 1 of 1 cycles testable; 1,095 transitions")
    assert "fast path, without MCMC; multinomial likelihood" in shown["settings"]
    # What is not known is left out.
    assert set(dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html(outcome, sections=[])))) == {
        "data",
        "settings",
        "made",
    }


def test_the_counts_stand_in_the_page(result):
    outcome = result("two components")
    block = count_matrix(outcome.counts)
    table = outcome.counts.counts.toarray()
    for i, (name, cells, total) in enumerate(block.rows):
        assert name == outcome.counts.states[i]
        assert [int(text) for text, _ in cells] == table[i].tolist()
        assert int(total) == outcome.counts.trials[i]
        # Darker where likelier: shade 0 is none at all.
        order = np.argsort([int(text) for text, _ in cells], kind="stable")
        assert np.all(np.diff([cells[k][1] for k in order]) >= 0)
        assert all((shade == 0) == (text == "0") for text, shade in cells)
    text = html(outcome, sections=[counted])
    assert '<th scope="row">d</th>' in text
    assert count_matrix(result("hostile").counts).columns[-1] != "(no state)"
    weekday = count_matrix(result("smollm2-weekday").counts)
    assert weekday.columns[-1] == "(no state)"
    assert sum(int(cells[-1][0]) for _, cells, _ in weekday.rows) == 296


def test_a_large_table_of_counts_is_not_printed():
    matrix = (np.arange(17 * 17).reshape(17, 17) % 5).tolist()
    counts = TransitionCounts.from_matrix(matrix, states=[f"s{k}" for k in range(17)])
    said = count_matrix(counts)
    assert "17 × 17" in said.text
    assert "counts.csv" in said.text


@pytest.mark.parametrize(
    ("name", "said", "not_said"),
    [
        ("smollm2-weekday", "Balance is rejected. Given the cyclic", "not findings"),
        ("alofi-rain", "Whether balance breaks is undecided", "is rejected"),
        ("claude-4", "No cycle is testable: a potential fits", "on the line, up to noise; here"),
        ("distrusted alofi-rain", "No verdict can be given", "is undecided"),
    ],
)
def test_words_follow_the_verdict(result, page, name, said, not_said):
    words = " ".join("".join(Outline(page(name)).text).split())
    assert said in words
    assert not_said not in words
    doubted = not result(name).verdict.trusted
    assert (words.count("The test is not to be trusted") == 3) == doubted  # under each figure


def test_every_section_stands_in_order(page):
    sections = re.findall(r'<section id="(\w+)">', page("alofi-rain"))
    assert (
        sections
        == (
            "verdict data sampling model evidence potential violation flows baselines diagnostics "
            "sensitivity methods references versions"
        ).split()
    )


def test_cycles_asked_for_are_shown(result):
    outcome = result("smollm2-weekday")
    found = diagnose(outcome, cycles=[["Monday", "Tuesday", "Friday"]])
    text = html(outcome, diagnosis=found, sections=[violation])
    words = " ".join("".join(Outline(text).text).split())
    assert "Affinity round the cycles asked for" in words
    assert "Monday → Tuesday → Friday → Monday" in words
    table = {t.name: t for t in record_tables(found)}["cycles"]
    asked = [dict(zip(table.columns, row, strict=True)) for row in table.rows][-1]
    assert (asked["cycle"], asked["origin"]) == ("Monday → Tuesday → Friday → Monday", "asked")
    assert asked["mean"] == found.violation.asked[0].affinity.mean


def test_sections_can_be_added_and_left_out(result):
    def mine(outcome):
        return Section("mine", "Mine & yours", (Words("<b>bold</b>"),))

    text = html(result("alofi-rain"), sections=[mine, lambda outcome: None])
    assert re.findall(r'<section id="(\w+)">', text) == ["mine"]
    assert "Mine &amp; yours" in text
    assert "&lt;b&gt;bold&lt;/b&gt;" in text


def test_the_same_result_gives_the_same_page(result, page):
    assert html(result("alofi-rain")) == page("alofi-rain")


def test_every_citation_is_in_the_references_and_in_bibtex(diagnosed, page):
    text = page("alofi-rain")
    keys = {key for sentence in methods(diagnosed("alofi-rain")) for key in sentence.keys}
    entries = re.findall(r"@\w+\{(\w+),", text)
    assert len(set(entries)) == len(entries)
    assert {*keys, "equipoise"} <= set(entries)  # and the software
    listed = re.findall(r'<li id="(\w+)">', text)
    assert set(listed) == keys
    assert listed == [key for key in entries if key in keys]


def test_what_is_not_to_be_trusted_is_said_first(page):
    text = page("distrusted alofi-rain")
    assert '<p class="warning">Not to be trusted' in text
    assert text.index('class="warning"') < text.index("<h3>")
    assert "Affinity" not in text
    assert 'id="flows"' not in text


def test_numbers_of_the_page_are_those_of_the_summary(result, page):
    words = " ".join("".join(Outline(page("alofi-rain")).text).split())
    outcome = result("alofi-rain")
    assert outcome.verdict.text in words
    for state in outcome.potential:
        if not state.reference:
            assert f"{state.mean:.2f}" in words
    assert f"seed {outcome.random_seed}" in words


def test_numbers_stay_with_their_per_cent_and_minus_is_a_minus(page):
    text = "".join(Outline(page("smollm2-weekday")).text)
    assert "95\N{NO-BREAK SPACE}%" in text
    assert not re.search(r"\d %", text)
    assert "it is not −log π" in text
    assert "-log π" not in text
