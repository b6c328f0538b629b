"""A comparison as a whole: what it says, in which words, numbers and pictures."""

import json
from dataclasses import replace

import numpy as np
import pytest
from comparison_kinds import compared, tables
from matplotlib.figure import Figure
from scipy.stats import spearmanr

import equipoise as eq
from equipoise.errors import UsageError
from equipoise.inference.comparison import many_balances
from equipoise.inference.comparison.potentials import distances_of, spreads_of
from equipoise.plots import plot_clustering, plot_distances, plot_potentials
from equipoise.plots.comparison import clustered, distance_matrix
from equipoise.report.comparison import comparison_summary
from equipoise.report.comparison_contract import comparison_dict, comparison_json
from equipoise.report.comparison_tables import comparison_tables
from equipoise.report.latex import latex_text
from equipoise.report.layout import WIDTH, display_width
from equipoise.report.page import comparison_html


def test_what_is_said_of_several_potentials():
    found = compared("several")
    assert found.converged
    assert found.exit_status == 0
    assert found.verdict.favours == "several potentials"
    assert found.deviation_lower < 0.8 < found.deviation_upper
    assert [h.potentials for h in found.hypotheses] == ["shared", "pooled", "separate"] * 2
    assert [t.verdict.favours for t in found.tests].count("non-reversible") == 0
    assert len(found.distances) == len(found.rho) == len(found.entropy_production) == 3
    assert found.spreads[0].named
    text = comparison_summary(found)
    assert text.startswith("Several potentials, very strong evidence")
    for title in ("Kernels", "Balance", "Evidence", "Size", "Distances", "States", "Assumed"):
        assert f"\n{title}" in text
    assert "\n  kernel   states   trials         δ rms, nats\n  x " in text
    assert "\n  first   second   states   rms, nats " in text
    assert "averaged at even odds" in " ".join(text.split())


def test_counts_of_different_potentials_must_not_be_added_up():
    """Each kernel is reversible; their mixture is not."""
    found = compared("several")
    assert found.adding_breaks_balance
    assert found.added.verdict.favours == "non-reversible"
    assert "no kernel was found to break balance" in comparison_summary(found)
    assert not compared("overlap").adding_breaks_balance
    assert "Do not add" not in comparison_summary(compared("overlap"))
    unknown = replace(found, added=None)
    assert not unknown.adding_breaks_balance
    assert "no kernel was found to break balance" not in comparison_summary(unknown)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_comparison():
    given = tables(("x", "y"), trials=300)
    first, again = (eq.compare(given, draws=100, fast=True, random_seed=1) for _ in range(2))
    assert comparison_json(again) == comparison_json(first)
    assert comparison_summary(again) == comparison_summary(first)


def test_distances_are_those_of_the_draws():
    found = compared("several")
    draws = found.potentials
    pair = found.distances[1]
    assert (pair.first, pair.second) == ("x", "z")
    rms, divergence, rank = [], [], []
    for a, b in zip(draws.of(0)[:60], draws.of(2)[:60], strict=True):
        gap = a - b
        rms.append(np.sqrt(np.mean((gap - gap.mean()) ** 2)))
        p, q = (np.exp(-x) / np.exp(-x).sum() for x in (a, b))
        m = (p + q) / 2
        divergence.append(0.5 * np.sum(p * np.log(p / m)) + 0.5 * np.sum(q * np.log(q / m)))
        rank.append(spearmanr(a, b).statistic)
    weights = draws.weights[:60] / draws.weights[:60].sum()
    few = replace(
        draws,
        shared=draws.shared[:60],
        deviations=tuple(d[:60] for d in draws.deviations),
        weights=weights,
    )
    ours = distances_of(few)[1]
    assert ours.rms == pytest.approx(weights @ rms, rel=1e-10)
    assert ours.divergence == pytest.approx(weights @ divergence, rel=1e-9)
    assert ours.rank == pytest.approx(weights @ rank, rel=1e-9)
    assert 0 <= pair.rms_lower <= pair.rms <= pair.rms_upper
    assert 0 <= pair.divergence_lower <= pair.divergence_upper <= np.log(2)
    (row,) = [s for s in spreads_of(few, p_differing=0.5, rope=0.3) if s.state == "s01"]
    size = np.std([d[:60, 1] for d in draws.deviations], axis=0)
    assert row.spread == pytest.approx(weights @ size, rel=1e-10)
    assert row.beyond == pytest.approx(0.5 * weights @ (size > 0.3), abs=1e-12)


def test_kernels_that_share_some_states_only():
    found = compared("overlap")
    assert found.converged
    assert found.verdict.favours == "one potential"
    assert found.kernels.shared == ("s00", "s01", "s02", "s03", "s04")
    known = {(d.first, d.second): d.n_states for d in found.distances}
    assert known == {("x", "y"): 5, ("x", "w"): 3, ("y", "w"): 3}
    assert {row.state for row in found.spreads} == set(found.kernels.shared)
    assert {row.n_kernels for row in found.spreads} == {2, 3}


@pytest.mark.parametrize("kind", ["several", "overlap", "hostile"])
def test_text_and_json_are_safe_and_whole(kind):
    found = compared(kind)
    lines = comparison_summary(found).split("\n")
    assert all(line.isprintable() for line in lines)
    assert max(map(display_width, lines)) <= WIDTH
    text = comparison_json(found)
    assert text.isascii()
    value = json.loads(text)
    assert value["schema"] == "equipoise.compare/1"
    assert list(value)[:9] == [
        "schema",
        "version",
        "kernels",
        "data",
        "verdict",
        "evidence",
        "deviation",
        "distances",
        "rho",
    ]
    assert [row["name"] for row in value["kernels"]] == list(found.kernels.names)
    assert len(value["evidence"]) == 6
    may = {"one potential": "yes", "several potentials": "no", "undecided": "undecided"}
    assert value["may_be_added"] == may[found.verdict.favours]
    assert all(row["rms_lower"] <= row["rms"] <= row["rms_upper"] for row in value["distances"])


def test_what_failed_is_withheld_and_said_first():
    found = compared("overlap")
    verdict = replace(found.verdict, distrust="it failed", text="Not to be trusted: it failed.")
    failed = replace(found, verdict=verdict)
    assert failed.exit_status == 3
    text = comparison_summary(failed)
    assert text.startswith("Not to be trusted: it failed.")
    assert text.count("Withheld") == 4
    value = comparison_dict(failed)
    assert value["verdict"]["log_bayes_factor"] is value["deviation"]["mean"] is None
    assert value["may_be_added"] is None
    assert all(row["rms"] is None for row in value["distances"])
    assert all(row["spread"] is None and not row["named"] for row in value["states"])
    assert "withheld" in plot_distances(failed).texts[0].get_text()
    assert "withheld" in plot_potentials(failed).texts[0].get_text()


def test_figures_show_every_kernel_and_state():
    found = compared("several")
    axes = plot_potentials(found)
    assert isinstance(axes.figure, Figure)
    assert len(axes.containers) == 3
    states = {text.get_text() for text in axes.get_yticklabels()}
    assert states == set(found.kernels.states)
    shared = found.potentials.weights @ found.potentials.shared
    order = [found.kernels.states[k] for k in np.argsort(shared)]
    assert [text.get_text() for text in axes.get_yticklabels()] == order
    matrix = distance_matrix(found)
    assert np.array_equal(matrix, matrix.T)
    assert matrix[0, 2] == found.distances[1].rms
    assert len(plot_distances(found).texts) == 6
    (legend,) = axes.figure.legends
    named = [text.get_text() for text in legend.get_texts()]
    assert named == [*found.kernels.names, "shared potential"]


@pytest.mark.parametrize("kind", ["several", "hostile"])
@pytest.mark.filterwarnings("ignore:Glyph .* missing")
def test_the_page_holds_it_all_and_names_act_on_nothing(kind):
    found = compared(kind)
    page = comparison_html(found)
    assert page.count("<img ") == 3
    assert found.verdict.text in page
    assert "<script" not in page
    assert "\u202e" not in page
    for title in ("Kernels", "Evidence", "Potentials", "Distances", "States that differ"):
        assert f"<h2>{title}</h2>" in page
    assert ("no kernel was found to break balance" in page) == found.adding_breaks_balance


def test_only_what_forbids_adding_counts_up_is_a_warning():
    assert 'class="warning">Do not add these counts up' in comparison_html(compared("several"))
    page = comparison_html(compared("overlap"))
    assert 'class="plain">As far as potentials go, these counts may be added up.' in page
    assert 'class="warning"' not in page


def test_a_page_withholds_what_failed():
    found = compared("overlap")
    verdict = replace(found.verdict, distrust="it failed", text="Not to be trusted: it failed.")
    page = comparison_html(replace(found, verdict=verdict))
    assert 'class="warning">Not to be trusted: it failed.' in page
    assert page.count("Withheld") == 4
    tables = comparison_tables(replace(found, verdict=verdict), 9, 9)
    alone = ["violation", "entropy-production"]  # rest on each kernel's own test
    assert [table.name for table in tables] == ["kernels", *alone]


@pytest.mark.parametrize("kind", ["several", "hostile"])
def test_latex_tables_are_whole_and_names_act_on_nothing(kind):
    found = compared(kind)
    tables = comparison_tables(found, 40, 40)
    assert [table.name for table in tables] == [
        "kernels",
        "evidence",
        "distances",
        "violation",
        "entropy-production",
        "states",
    ]
    assert [len(table.rows) for table in tables] == [3, 6, 3, 3, 3, 5]
    for table in tables:
        text = latex_text(table)
        body = [line for line in text.split("\n") if line.endswith(" " + 2 * "\\")]
        assert len(body) == len(table.rows) + 1
        assert all(line.count(" & ") == len(table.header) - 1 for line in body)
        assert "σ" not in text.split("\n", 1)[1]
        assert text.count("{") == text.count("}")
    cut = comparison_tables(found, 2, 40)[0]
    assert (len(cut.rows), cut.total) == (2, 3)
    assert "and 1 more" in latex_text(cut)


def test_a_tree_joins_what_is_alike_first():
    found = compared("several")
    axes = plot_clustering(found)
    matrix = distance_matrix(found)
    heights = sorted(float(line.get_xdata().max()) for line in axes.lines)
    near = min(matrix[0, 1], matrix[0, 2], matrix[1, 2])
    assert heights[0] == pytest.approx(near)
    assert heights[1] == pytest.approx((matrix[np.triu_indices(3, 1)].sum() - near) / 2)
    assert {text.get_text() for text in axes.get_yticklabels()} == {"x", "y", "z"}


def test_many_kernels_make_no_long_table():
    found = compared("several")
    times = 400
    names = tuple(f"{name}{k}" for k in range(times) for name in found.kernels.names)
    spread = tuple(
        replace(one, name=name, rms=one.rms + (k == 700))
        for k, (name, one) in enumerate(zip(names, found.deviations * times, strict=True))
    )
    many = replace(
        found,
        kernels=replace(found.kernels, names=names),
        own=found.own * times,
        deviations=spread,
        balances=many_balances([None] * len(names)),
        distances=(),
        rho=(),
        entropy_production=(),
    )
    text = comparison_summary(many)
    assert text.count("\n") < 100
    assert names[700] in text
    assert "and 1,188 more; --json has all" in text
    assert "of each alone: " in text
    assert len(comparison_dict(many)["kernels"]) == 1200


def test_what_is_alike_stands_together():
    near, far = 0.1, 3.0
    matrix = np.full((4, 4), far)
    np.fill_diagonal(matrix, 0.0)
    matrix[0, 2] = matrix[2, 0] = matrix[1, 3] = matrix[3, 1] = near
    order = clustered(matrix)
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset((0, 2)), frozenset((1, 3))}
    assert clustered(matrix[:2, :2]) == [0, 1]


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
def test_names_act_on_no_figure():
    for draw in (plot_potentials, plot_distances):
        axes = draw(compared("hostile"))
        texts = [*axes.get_yticklabels(), *axes.get_xticklabels(), *axes.texts]
        assert all(text.get_text().isprintable() for text in texts)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"draws": 5}, "at least 100"), ({"rope": -1.0}, "rope"), ({"random_seed": -1}, "seed")],
)
def test_odd_arguments_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        eq.compare(tables(), **options)


def test_kernels_too_large_for_mcmc_are_sent_to_the_fast_path(monkeypatch):
    monkeypatch.setattr("equipoise.inference.comparison.mcmc.evidence.MOST_FOR_MCMC", 20)
    with pytest.raises(UsageError, match="25 parameters together, more than the 20 that MCMC"):
        eq.compare(tables())


def test_the_method_is_named():
    found = compared("overlap")
    assert eq.summary(found) == comparison_summary(found)
    assert json.loads(eq.to_json(found)) == json.loads(comparison_json(found))
    assert found.method == "laplace"
    assert found.cross_check is found.diagnostics is None
    assert "Laplace and importance sampling" in " ".join(comparison_summary(found).split())
    value = comparison_dict(found)
    assert value["method"] == "laplace"
    assert value["cross_check"] is value["diagnostics"] is None


class TestManyBalances:
    def test_two_kernels_by_hand(self):
        """∫ w(b1 w + 1 − w)(b2 w + 1 − w) dw, polynomials."""
        b1, b2 = 4.0, 0.25
        found = many_balances([np.log(b1), np.log(b2), None])
        w = np.polynomial.Polynomial([0.0, 1.0])
        one, two = 1 + (b1 - 1) * w, 1 + (b2 - 1) * w

        def integral(p):
            q = p.integ()
            return q(1.0) - q(0.0)

        total = integral(one * two)
        assert found.p_balance[0] == pytest.approx(integral(b1 * w * two) / total, rel=1e-6)
        assert found.p_balance[1] == pytest.approx(integral(b2 * w * one) / total, rel=1e-6)
        assert np.isnan(found.p_balance[2])
        assert found.share == pytest.approx(integral(w * one * two) / total, rel=1e-6)

    def test_many_that_are_sure_settle_the_share(self):
        found = many_balances([30.0] * 15 + [-30.0] * 5)
        assert found.share == pytest.approx(16 / 22, rel=1e-4)  # Beta(16, 6)
        assert found.named.tolist() == [False] * 15 + [True] * 5
        assert found.expected_false < 1e-9

    def test_a_doubtful_one_leans_on_the_others(self):
        alone = many_balances([0.5]).p_balance[0]
        assert many_balances([0.5] + [20.0] * 10).p_balance[0] > alone
        assert many_balances([0.5] + [-20.0] * 10).p_balance[0] < alone

    def test_nothing_to_go_by(self):
        found = many_balances([None, None])
        assert found.share is None
        assert not found.named.any()
        assert found.expected_false == 0


@pytest.mark.slow
def test_one_way_and_untestable_kernels_are_compared_all_the_same():
    """Claude-4 and Gemini share states; neither can test balance."""
    found = eq.compare(
        {name: eq.datasets.load(name) for name in ("claude-4", "gemini-2.5-flash")},
        draws=100,
        fast=True,
        random_seed=1,
    )
    assert found.kernels.shared == ("ATTITUDE", "BUZZY", "TURKEY")
    assert found.rho == ()
    assert found.balances.share is None
    assert "untestable" in comparison_summary(found)
    assert isinstance(found.added, eq.BalanceTest)
