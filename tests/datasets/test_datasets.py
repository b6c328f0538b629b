from collections import Counter

import numpy as np
import pytest

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pytest.mark.parametrize(
    ("name", "n_states", "n_transitions", "n_trials", "trials"),
    [
        ("claude-4", 5, 15_742, 20_219, "imputed"),
        ("gemini-2.5-flash", 13, 8_069, 19_994, "imputed"),
        ("alofi-rain", 3, 1_095, 1_095, "observed"),
        ("smollm2-weekday", 7, 4_744, 5_040, "observed"),
    ],
)
def test_tables(name, n_states, n_transitions, n_trials, trials):
    counts = datasets.load(name)
    assert (counts.n_states, counts.n_transitions, counts.n_trials) == (
        n_states,
        n_transitions,
        n_trials,
    )
    assert counts.metadata["trials"] == trials
    assert ("imputed, not observed" in counts.summary()) == (trials == "imputed")
    assert {"title", "source", "licence"} <= set(counts.metadata)
    assert TransitionCounts.from_matrix(counts.to_matrix()).other.sum() == counts.other.sum()


def test_catalogue():
    assert datasets.names() == ("claude-4", "gemini-2.5-flash", "alofi-rain", "smollm2-weekday")
    assert datasets.load("claude-4") == datasets.claude_4()
    assert datasets.load("gemini-2.5-flash") == datasets.gemini_2_5_flash()
    with pytest.raises(UsageError, match=r"no data set 'gpt\\x07'; choose from claude-4, "):
        datasets.load("gpt\x07")


def test_every_function_says_origin_and_licence():
    for name in set(datasets.__all__) - {"WeekdayDraw", "load", "names"}:
        text = getattr(datasets, name).__doc__
        assert "rigin" in text, name
        assert "icence" in text, name
        assert "olumns" in text, name


def test_paper_tables_have_their_nominal_trials():
    claude, gemini = datasets.claude_4(), datasets.gemini_2_5_flash()
    by_state = dict(zip(claude.states, claude.trials.tolist(), strict=True))
    assert by_state == {
        "ATTITUDE": 4000,
        "BUZZY": 4097,
        "PERSONAL": 4000,
        "PROBLEMS": 4000,
        "TURKEY": 4122,
    }
    assert set(gemini.trials.tolist()) == {1538}
    for counts in (claude, gemini):
        for word in counts.states:
            assert sum(ord(letter) - 64 for letter in word) == 100


def test_alofi_is_one_path_from_6_to_1_5():
    counts = datasets.alofi_rain()
    assert counts.states == ("0", "1-5", "6+")
    assert (counts.protocol, counts.starts) == ("trajectory", ("6+",))
    out, into = counts.counts.sum(axis=1), counts.counts.sum(axis=0)
    assert (out - into).tolist() == [0, -1, 1]


def test_draws_agree_with_counts():
    counts, draws = datasets.smollm2_weekday(), datasets.smollm2_weekday_draws()
    assert counts.states == DAYS
    assert len(draws) == 5040
    seen = Counter((draw.source, draw.target) for draw in draws)
    for i, source in enumerate(DAYS):
        assert seen[source, ""] == counts.other[i]
        for j, target in enumerate(DAYS):
            assert seen[source, target] == counts.counts[i, j]
    assert [draw.number for draw in draws] == list(range(720)) * 7
    assert {draw.finish for draw in draws} == {"eot", "newline", "max_tokens"}
    assert max(draw.n_tokens for draw in draws) == 10
    # A draw was read as a day if it is one but for case, blanks around and a full stop.
    for draw in draws:
        bare = draw.raw.strip().rstrip(".").capitalize()
        assert draw.target == (bare if bare in DAYS else ""), draw


def test_draws_keep_the_reply_letter_by_letter():
    raw = [draw.raw for draw in datasets.smollm2_weekday_draws()]
    assert 'Saturday (not a word, but also "Sunday' in raw
    assert " Wednesday" in raw
    assert "Wednesday " in raw
    assert "Lemon toazaıı sıra" in raw


def test_kernel():
    pytest.importorskip("equipoise.simulate")
    kernel = datasets.smollm2_weekday_kernel()
    assert kernel.states == DAYS
    np.testing.assert_allclose(kernel.matrix.sum(axis=1) + kernel.other, 1, atol=1e-12)
    assert kernel.matrix[2, 3] == 0.404282914  # Wednesday to Thursday
    assert kernel.matrix[3, 2] == 0.104821677
    residual = [0.096226556, 0.056763840, 0.030532545, 0.047740676, 0.049332066, 0.032555290]
    np.testing.assert_allclose(kernel.other[:6], residual, rtol=0, atol=1e-8)


def test_draws_fit_the_kernel():
    """Pearson's statistic on 7 x 7 degrees of freedom; 53.6 in the study that made the data."""
    pytest.importorskip("equipoise.simulate")
    counts, kernel = datasets.smollm2_weekday(), datasets.smollm2_weekday_kernel()
    observed = np.column_stack([counts.counts.toarray(), counts.other])
    expected = 720 * np.column_stack([kernel.matrix, kernel.other])
    statistic = ((observed - expected) ** 2 / expected).sum()
    assert statistic == pytest.approx(53.6, abs=0.3)


@pytest.mark.parametrize(("task", "n_states", "each"), [("weekday", 7, 300), ("month", 12, 175)])
def test_small_models(task, n_states, each):
    found = datasets.small_models(task)
    assert len(found) == 8
    assert next(iter(found)) == "SmolLM2, list, T = 1"
    for counts in found.values():
        assert counts.n_states == n_states
        assert set(counts.trials.tolist()) == {each}
        assert counts.metadata["trials"] == "observed"
        assert counts.metadata["task"] == task
    with pytest.raises(UsageError, match="no task 'colour'; give weekday or month"):
        datasets.small_models("colour")


def test_draws_of_a_served_model_fit_its_exact_kernel():
    """Pearson's statistic by simulation; a kernel with two rows swapped does not fit."""
    kernel = datasets.small_models_kernel()
    rows = np.column_stack([kernel.matrix, kernel.other])
    assert rows.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
    counts = datasets.small_models("weekday")["SmolLM2, list, T = 1"]
    assert counts.states == kernel.states == DAYS
    table = np.column_stack([counts.counts.toarray(), counts.other])

    def p_value(rows):
        expected = table.sum(axis=1, keepdims=True) * rows
        rng = np.random.default_rng(1)
        trials = table.sum(axis=1).tolist()
        drawn = np.stack(
            [rng.multinomial(n, row, 20_000) for n, row in zip(trials, rows, strict=True)], axis=1
        )
        found, null = (((x - expected) ** 2 / expected).sum(axis=(-2, -1)) for x in (table, drawn))
        return (1 + (null >= found).sum()) / 20_001

    assert p_value(rows) > 1e-4
    assert p_value(rows[[1, 0, 2, 3, 4, 5, 6]]) < 1e-3
