"""What stands at the head of a page: of which data it tells, when and how it was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from equipoise.inference.balance import BalanceTest
from equipoise.inference.comparison import Comparison
from equipoise.text import listed, printable

Pairs = tuple[tuple[str, str], ...]
_LONG = 200


@dataclass(frozen=True)
class Made:
    """What a result does not know of itself, for the head of its page.

    Attributes
    ----------
    sources : sequence of str
        Files that the counts were read from; shown without their folders.
    when : datetime or None
        When the page was made.
    command : str
        What was typed; empty where it was made from Python.
    """

    sources: Sequence[str] = ()
    when: datetime | None = None
    command: str = ""

    @property
    def names(self) -> list[str]:
        """Names of the files, without folders; standard input in words."""
        return ["standard input" if s == "-" else PurePath(s).name for s in self.sources]


def about_test(result: BalanceTest, made: Made) -> Pairs:
    """Return the head of the page of a test."""
    graph, counts, priors = result.graph, result.counts, result.priors
    inside = f"{graph.n_testable_cycles:,} of {graph.n_cycles:,} cycles testable"
    data = (
        f"{graph.n_states:,} states, {graph.n_edges:,} edges, {inside}; "
        f"{counts.n_transitions:,} transitions in {counts.n_trials:,} trials"
    )
    how = "fast path, without MCMC" if result.findings.method == "laplace" else "MCMC"
    settings = (
        f"{how}; {result.findings.problem.likelihood.name} likelihood, {priors.scales} scales, "
        f"τ = {priors.cycle_scale:g}, {_rejected(result)}, rope {result.rope:g} nats"
    )
    return _head(made, data, settings, result.random_seed)


def about_comparison(found: Comparison, made: Made) -> Pairs:
    """Return the head of the page of a comparison."""
    trials = sum(own.n_trials for own in found.own)
    kernels = found.kernels
    data = (
        f"{len(kernels.names):,} kernels on {len(kernels.states):,} states together, "
        f"{trials:,} trials: {listed(kernels.names, 8)}"
    )
    return _head(made, data, "", found.random_seed)


def _rejected(result: BalanceTest) -> str:
    if not result.counts.other.any():
        return "no trial rejected"
    kept = "count as staying" if result.rejected == "stay" else "left out"
    return f"rejected trials {kept}"


def _head(made: Made, data: str, settings: str, seed: int | None) -> Pairs:
    from equipoise import __version__  # the package imports this module

    when = "" if made.when is None else made.when.strftime("%Y-%m-%d %H:%M %Z").strip()
    pairs = (
        ("source", listed(made.names, 8, 60) if made.names else ""),
        ("data", data),
        ("settings", settings),
        ("command", printable(made.command, _LONG)),
        ("made", f"{when}, by Equipoise {__version__}, seed {seed}".removeprefix(", ")),
    )
    return tuple((name, text) for name, text in pairs if text)
