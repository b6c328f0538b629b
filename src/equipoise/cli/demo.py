"""``equipoise demo``: the bundled language-model data, side by side, and one of them in full."""

from pathlib import Path
from typing import Annotated

import typer

from equipoise import datasets
from equipoise.cli import console, options
from equipoise.inference.balance import BalanceTest
from equipoise.inference.balance import test as test_balance
from equipoise.report import summary
from equipoise.report.layout import table, wrap
from equipoise.report.numbers import decimals, fixed, interval, with_error

_NAMES = ("claude-4", "gemini-2.5-flash", "smollm2-weekday")
_SHOWN = "smollm2-weekday"


def demo(
    output: Annotated[
        str, typer.Option(help="Directory for the figures.", metavar="DIR")
    ] = "equipoise-demo",
    seed: options.Seed = options.SEED,
    fast: Annotated[
        bool, typer.Option("--fast", help="Without MCMC, in seconds: no chains.")
    ] = False,
) -> None:
    """Test the bundled data of three language models, and draw them.

    The weekday table, which can test balance, by MCMC, in half a minute. The other two, which
    cannot, by the fast path.

    Claude-4 and Gemini-2.5-flash between words whose letters sum to 100 (Song et al. 2025,
    arXiv:2512.10047), and SmolLM2-135M between weekdays.
    """
    console.make_folder(output)
    results: dict[str, BalanceTest] = {}
    with console.ProgressBar() as progress:
        for k, name in enumerate(_NAMES):

            def report(stage: str, fraction: float, k: int = k, name: str = name) -> None:
                progress(f"{name}: {stage}", (k + fraction) / len(_NAMES))

            results[name] = test_balance(
                datasets.load(name),
                fast=fast or name != _SHOWN,
                random_seed=seed,
                progress=report,
            )
    heading = f"{_SHOWN}, in full"
    parts = [*_comparison(results), "", heading, "-" * len(heading), "", summary(results[_SHOWN])]
    console.write("\n".join(parts))
    from equipoise.plots import FIGURES, save_figures

    for name, result in results.items():
        save_figures(result, Path(output) / name)
    console.write(
        f"\nFigures  {len(FIGURES)} of each data set, PNG, in {console.one_line(Path(output))}/"
    )
    raise typer.Exit(max(result.exit_status for result in results.values()))


def _comparison(results: dict[str, BalanceTest]) -> list[str]:
    """Return the table side by side, and what it says in words."""
    rows = [["", *results]]
    rows += [
        [name, *(cell(result) for result in results.values())]
        for name, cell in (
            ("states", lambda r: f"{r.counts.n_states}"),
            ("trials", lambda r: f"{r.counts.n_trials:,} {r.counts.metadata['trials']}"),
            ("cycles (b1)", lambda r: f"{r.graph.n_cycles}"),
            ("testable (b1*)", lambda r: f"{r.graph.n_testable_cycles}"),
            ("verdict", lambda r: r.verdict.favours),
            ("strength", lambda r: r.verdict.strength or ""),
            ("log BF, nats", _log_bayes_factor),
            ("by", lambda r: "MCMC" if r.chains is not None else "fast path"),
            ("ceiling", _ceiling),
            ("violation ρ, nats", _size),
            ("its size", lambda r: (r.verdict.size and r.verdict.size.call) or "not testable"),
        )
    ]
    words = (
        "Claude-4 and Gemini-2.5-flash are untestable: none of their cycles was seen to close both "
        "ways, so some potential fits these one-way transitions as closely as any kernel.",
        "Their trials were imputed, not observed: replies outside the tables were never counted.",
        f"SmolLM2 between weekdays: {results[_SHOWN].verdict.text}",
    )
    lines = ["Detailed balance in three language models", ""]
    lines += table(rows, right=[False] * len(rows[0]))
    for sentence in words:
        lines += ["", *wrap(sentence)]
    return lines


def _log_bayes_factor(result: BalanceTest) -> str:
    if result.verdict.favours == "untestable":
        return "prior only"
    if not result.converged:
        return "withheld"
    return with_error(result.log_bayes_factor.log_value, result.log_bayes_factor.mcse)


def _ceiling(result: BalanceTest) -> str:
    ceiling = result.verdict.ceiling
    if ceiling is None or ceiling.distrust or result.verdict.favours == "untestable":
        return "-"
    return fixed(ceiling.log_value, 1, sign=True)


def _size(result: BalanceTest) -> str:
    size = result.verdict.size
    if size is None or size.call is None or not result.converged:
        return "-"
    places = decimals(size.mcse, (size.upper - size.lower) / 4)
    return f"{fixed(size.mean, places)} {interval(size.lower, size.upper, places)}"
