"""Word-to-word transitions of two large LLMs, from Song et al. 2025."""

from pathlib import Path

from equipoise.counts import TransitionCounts

_PAPER = {
    "source": "Song, Cao, Luo, Zhu 2025, arXiv:2512.10047",
    "licence": "MIT, as the authors' code (github.com/SonnyNondegeneracy/detialed-balance-llm)",
    "task": "from a word whose letters (A = 1, ..., Z = 26) sum to 100, name another such word",
    "trials": "imputed",
}


def claude_4() -> TransitionCounts:
    """Return transitions of Claude-4 between 5 words whose letters sum to 100.

    Returns
    -------
    TransitionCounts
        5 states, 15,742 transitions, protocol "draws".

    Notes
    -----
    Columns of the file: source, target (empty: the reply was no such word), count.

    **Origin**: Song et al. 2025 [1]_, Table II, and the authors' code, MIT licence. **Trials were
    imputed, not observed**: replies outside the table were not counted. The empty targets are the
    paper's "escape": a nominal 4,000 trials a state less the transitions seen. BUZZY and TURKEY
    have more than 4,000 transitions, hence no escape. The metadata say so: "trials": "imputed".

    No cycle of the table can be tested for balance.

    References
    ----------
    .. [1] Song, Cao, Luo, Zhu 2025. arXiv:2512.10047
    """
    title = "Claude-4, words whose letters sum to 100"
    return TransitionCounts.from_csv(
        Path(__file__).with_name("claude-4.csv"),
        metadata={"title": title, "model": "Claude-4", "nominal_trials": 4000, **_PAPER},
    )


def gemini_2_5_flash() -> TransitionCounts:
    """Return transitions of Gemini-2.5-flash between 13 words whose letters sum to 100.

    Returns
    -------
    TransitionCounts
        13 states, 8,069 transitions, protocol "draws".

    Notes
    -----
    Columns of the file: source, target (empty: the reply was no such word), count.

    **Origin**: the code of Song et al. 2025 [1]_, MIT licence. **Trials were imputed, not
    observed**: the authors' code takes 20,000 trials spread evenly over 13 states, so the empty
    targets are 1,538 a state less the transitions seen. The metadata say so: "trials": "imputed".

    No cycle of the table can be tested for balance.

    References
    ----------
    .. [1] Song, Cao, Luo, Zhu 2025. arXiv:2512.10047
    """
    title = "Gemini-2.5-flash, words whose letters sum to 100"
    return TransitionCounts.from_csv(
        Path(__file__).with_name("gemini-2.5-flash.csv"),
        metadata={"title": title, "model": "Gemini-2.5-flash", "nominal_trials": 1538, **_PAPER},
    )
