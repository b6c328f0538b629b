"""What a comparison of kernels says in sentences and entries: for the terminal and the page."""

from collections import Counter

from equipoise.inference.comparison import Comparison
from equipoise.report.comparison_tables import NAME, spread_cell
from equipoise.report.facts import Facts
from equipoise.report.numbers import fixed, interval, verdict_range, with_error
from equipoise.report.violation import expected_text
from equipoise.text import listed, printable, told_apart

#: Of more kernels the terminal shows those that deviate most, and counts verdicts.
MOST_KERNELS = 30
_LISTED = 8


def comparison_headline(found: Comparison) -> str:
    """Return the verdict, and which kernels themselves break balance: what a potential is then."""
    names = [
        name
        for name, own in zip(told_apart(found.kernels.names, NAME), found.own, strict=True)
        if own.converged and own.verdict.favours == "non-reversible"
    ]
    if not names or found.verdict.distrust is not None:
        return found.verdict.text
    one = len(names) == 1
    shown = [f"'{name}'" if "," in name else name for name in names]
    return (
        f"{found.verdict.text} But {'kernel' if one else 'kernels'} {listed(shown, width=None)} "
        f"{'itself breaks' if one else 'themselves break'} balance: {'its' if one else 'their'} "
        "potential is then not -log π, but the part of the log-ratios that a potential explains."
    )


def added_words(found: Comparison) -> str | None:
    """Say whether counts may be added up; None where that is not known."""
    if found.verdict.distrust is not None:
        return None
    if found.added is not None and found.adding_breaks_balance:
        return (
            "Do not add these counts up: no kernel was found to break balance, but their sum is "
            f"{found.added.verdict.favours} ({found.added.verdict.strength}). A mixture of "
            "reversible kernels of different potentials need not be reversible."
        )
    return {
        "several potentials": "Do not add these counts up: their sum would belong to no kernel "
        "with a potential of these, whatever it looks like.",
        "one potential": "As far as potentials go, these counts may be added up.",
        "undecided": "Whether these counts may be added up is not decided either.",
    }[found.verdict.favours]


def warned_of_adding(found: Comparison) -> bool:
    """Return whether :func:`added_words` warn."""
    return found.adding_breaks_balance or found.verdict.favours == "several potentials"


def shared_states(found: Comparison) -> str:
    """Say how many kernels, states and shared states there are."""
    kernels = found.kernels
    return (
        f"{len(kernels.names):,}, on {len(kernels.states):,} states together, "
        f"{len(kernels.shared):,} of them in two or more"
    )


def short_names(found: Comparison, width: int) -> dict[str, str]:
    """Return every kernel's name as it is shown throughout, all different."""
    names = found.kernels.names
    return dict(zip(names, told_apart(names, width), strict=True))


def balance_entries(found: Comparison, short: dict[str, str]) -> list[tuple[str, str]]:
    """Say how many kernels obey balance, and which do not; ``short`` names them."""
    entries: list[tuple[str, str]] = []
    if len(found.own) > MOST_KERNELS:
        said = Counter(one.verdict.favours if one.converged else "withheld" for one in found.own)
        counted = ", ".join(f"{n:,} {word}" for word, n in said.most_common())
        entries.append(("balance", f"of each alone: {counted}"))
    failed = [
        f"{short[name]}: {one.distrust}"
        for name, one in zip(found.kernels.names, found.own, strict=True)
        if one.distrust
    ]
    if failed:
        entries.append(("withheld", f"{in_a_row(failed)}. More draws (--draws) may do"))
    balances = found.balances
    if balances.share is None or balances.lower is None or balances.upper is None:
        return entries
    entries.append(
        (
            "share",
            f"{fixed(balances.share, 2)} {interval(balances.lower, balances.upper, 2)} of kernels "
            "like these obey balance (uniform prior, learned from those that could be tested; "
            "p(balance) follows)",
        )
    )
    names = zip(found.kernels.names, balances.named.tolist(), strict=True)
    if named := [short[name] for name, sure in names if sure]:
        entries.append(
            (
                "break it",
                f"{len(named):,}: {in_a_row(named)}. Of these "
                f"{expected_text(balances.expected_false)} expected to obey it",
            )
        )
    return entries


def in_a_row(texts: list[str]) -> str:
    """Join texts that may hold commas."""
    rest = len(texts) - _LISTED
    shown = "; ".join(printable(text, None) for text in texts[:_LISTED])
    return f"{shown}; and {rest:,} more" if rest > 0 else shown


def verdict_entries(found: Comparison) -> list[tuple[str, str]]:
    """Give the log BF for one potential, its range and its ceiling."""
    verdict = found.verdict
    least, most = verdict_range(verdict.lower, verdict.upper)
    entries = [
        (
            "one potential",
            f"log BF {with_error(verdict.log_bayes_factor, verdict.mcse)} against deviations from "
            "it, balance and its violation averaged at even odds",
        ),
        (
            "range",
            f"{least} to {most} over "
            "σ_δ ~ HalfNormal(½) to HalfNormal(2), two Monte Carlo errors added on either side",
        ),
    ]
    check = found.cross_check
    if check is not None:
        factor = f"log BF {with_error(check.log_bayes_factor, check.mcse)}, for comparison"
        entries.append(("fast path", check.text if check.distrust else factor))
    if verdict.ceiling is not None:
        entries.append(
            (
                "ceiling",
                f"{fixed(verdict.ceiling, 1, sign=True)}: what these trials would give had the "
                "counts matched one potential exactly",
            )
        )
    return entries


def size_of(found: Comparison) -> Facts:
    """Give the size of the deviations."""
    note = "σ_δ: by how much a kernel's potential deviates from the shared one, nats"
    if found.verdict.distrust is not None:
        return Facts("Size", note, (), (f"Withheld: {found.verdict.distrust}.",))
    text = spread_cell(found.deviation, found.deviation_lower, found.deviation_upper)
    return Facts("Size", note, (("σ_δ", text),))


def assumed_of(found: Comparison) -> Facts:
    """Say what was assumed, and what was left out."""
    entries = [
        (
            "likelihood",
            "pairwise edges of each kernel, their curvature that of multinomial rows; each on its "
            "own observed support",
        ),
        ("rejected", f"trials that ended in no state: {found.kernels.rejected}"),
        (
            "priors",
            f"Φ ~ Normal(0, σ_V), σ_V ~ HalfNormal({found.priors.potential_scale:g}); δ ~ "
            "Normal(0, σ_δ), σ_δ ~ HalfNormal(1), constants of each kernel left out; c ~ Normal(0, "
            f"σ_c), σ_c ~ HalfNormal({found.priors.cycle_scale:g}), common to all kernels where "
            "they share a potential",
        ),
        ("prior odds", "even between one potential and deviations, between balance and cycles"),
        ("run", f"seed {found.random_seed}, {found.effort}"),
    ]
    if found.diagnostics is not None:
        state = found.diagnostics
        entries.append(
            (
                "chains",
                f"R-hat at most {state.r_hat_max:.3f}, bulk ESS at least "
                f"{state.ess_bulk_min:,.0f}, {state.divergences} divergences; each kernel alone "
                "and the counts added up were tested on the fast path",
            )
        )
    return Facts("Assumed", "", tuple(entries), found.notes)
