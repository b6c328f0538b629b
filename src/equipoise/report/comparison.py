"""A comparison of kernels in words and tables, for the terminal."""

from collections import Counter

from equipoise.inference.comparison import Comparison, Difference, Distance, Hypothesis
from equipoise.report.caveats import alike_labels
from equipoise.report.comparison_tables import (
    NAME,
    POTENTIALS,
    hypothesis_cells,
    kernels_shown,
    spread_cell,
)
from equipoise.report.facts import Facts, fact_lines
from equipoise.report.layout import INDENT, entry, label, table, wrap
from equipoise.report.numbers import (
    aligned,
    error_decimals,
    fixed,
    interval,
    outward,
    probability,
    scientific,
    spread_decimals,
    with_error,
)
from equipoise.text import listed, printable, told_apart

MOST_KERNELS, MOST_DEVIATING, MOST_PAIRS, MOST_STATES = 30, 12, 15, 10
# Two names and three distances have to stand in one line.
_LABEL, _NAME, _FULL = 24, 12, 60
_LISTED = 8
# Trials from which only the power of ten fits the table.
_MANY = 10**8


def comparison_summary(found: Comparison) -> str:
    """Return a comparison in words and tables: plain text, lines of at most 100 columns.

    The verdict comes first (before it, whether it may be trusted, and labels that look like one),
    then the kernels and what
    they share, the evidence, the size of the differences, how far apart the kernels are, which
    states differ, and what was assumed. Names are not trusted: control characters are escaped.

    Parameters
    ----------
    found
        From :func:`equipoise.compare`.

    Returns
    -------
    str
        Without a line feed at its end.
    """
    names = short_names(found, _NAME)
    labels = alike_labels(found.kernels.states)
    sections = [
        wrap(labels) if labels else [],
        wrap(comparison_headline(found)),
        [line for text in added_words(found) for line in wrap(text)],
        _kernels(found, names),
        _evidence(found),
        fact_lines(size_of(found)),
        _distances(found, names),
        _differences("Violation ρ, difference, nats", found.rho, names),
        _differences(
            "Entropy production, difference, nats a trial", found.entropy_production, names
        ),
        _states(found),
        fact_lines(assumed_of(found)),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


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
    return (
        f"{found.verdict.text} But {'kernel' if one else 'kernels'} {listed(names, width=NAME)} "
        f"{'itself breaks' if one else 'themselves break'} balance: {'its' if one else 'their'} "
        "potential is then not -log π, but the part of the log-ratios that a potential explains."
    )


def added_words(found: Comparison) -> list[str]:
    """Say whether counts may be added up; nothing where that is not known."""
    if found.verdict.distrust is not None:
        return []
    if found.added is not None and found.adding_breaks_balance:
        return [
            "Do not add these counts up: no kernel was found to break balance, but their sum is "
            f"{found.added.verdict.favours} ({found.added.verdict.strength}). A mixture of "
            "reversible kernels of different potentials need not be reversible."
        ]
    return [
        {
            "several potentials": "Do not add these counts up: their sum would belong to no kernel "
            "with a potential of these, whatever it looks like.",
            "one potential": "As far as potentials go, these counts may be added up.",
            "undecided": "Whether these counts may be added up is not decided either.",
        }[found.verdict.favours]
    ]


def shared_states(found: Comparison) -> str:
    """Say how many kernels, states and shared states there are."""
    kernels = found.kernels
    return (
        f"{len(kernels.names):,}, on {len(kernels.states):,} states together, "
        f"{len(kernels.shared):,} of them in two or more"
    )


def _kernels(found: Comparison, short: dict[str, str]) -> list[str]:
    kernels = found.kernels
    lines = [f"Kernels  {shared_states(found)}"]
    many = len(found.own) > MOST_KERNELS
    order = kernels_shown(found, MOST_DEVIATING if many else MOST_KERNELS)
    if many:
        lines.append("  Those that deviate most from the shared potential, by δ:")
    names = list(short.values())
    rows = [["kernel", "states", "trials", "δ rms, nats", "balance", "log BF", "ρ", "p(balance)"]]
    for k in order:
        own, away = found.own[k], found.deviations[k]
        factor, size = own.log_bayes_factor, own.verdict.size
        chance = found.balances.p_balance[k]
        far = spread_cell(away.rms, away.lower, away.upper)
        rows.append(
            [
                names[k],
                f"{own.graph.n_states:,}",
                f"{own.n_trials:,}" if own.n_trials < _MANY else scientific(own.n_trials),
                far if found.converged else "-",
                own.verdict.favours if own.converged else "withheld",
                fixed(factor.log_value, 1, sign=True) if own.testable else "-",
                spread_cell(size.mean, size.lower, size.upper) if own.testable and size else "-",
                "-" if chance != chance else probability(float(chance)),
            ]
        )
    right = [False, True, True, True, False, True, False, True]
    lines += table(rows, right=right, gap=1)
    if many:
        lines.append(f"  ... and {len(found.own) - len(order):,} more; --json has all.")
    shortened = [
        f"{names[k]} is {printable(kernels.names[k], _FULL)}"
        for k in order
        if names[k] != kernels.names[k]
    ]
    if shortened:
        lines += entry("names", _in_a_row(shortened))
    lines += entry(
        "δ rms",
        "root mean square of the deviation from the shared potential over the kernel's states; "
        "never negative, so near 0 it lies too high",
    )
    for name, text in balance_entries(found, short):
        lines += entry(name, text)
    return lines


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
        entries.append(("withheld", f"{_in_a_row(failed)}. More draws (--draws) may do"))
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
                f"{len(named):,}: {_in_a_row(named)}. Of these {fixed(balances.expected_false, 2)} "
                "are expected to obey it",
            )
        )
    return entries


def _in_a_row(texts: list[str]) -> str:
    """Join texts that may hold commas."""
    rest = len(texts) - _LISTED
    shown = "; ".join(printable(text, None) for text in texts[:_LISTED])
    return f"{shown}; and {rest:,} more" if rest > 0 else shown


def _evidence(found: Comparison) -> list[str]:
    lines = ["Evidence  log evidence less the greatest, nats"]
    if found.verdict.distrust is not None:
        return [*lines, *wrap(f"Withheld: {found.verdict.distrust}.", indent=INDENT)]
    top = max(h.log_evidence for h in found.hypotheses)
    rows = [["potentials", "cycles", "log Z - max", "MC error"]]
    rows += [_hypothesis(h, top) for h in found.hypotheses]
    lines += table(rows, right=[False, False, True, True])
    lines += entry("log Z - max", "0 is the best; e to this power is what it is worth beside that")
    for name, text in verdict_entries(found):
        lines += entry(name, text)
    return lines


def verdict_entries(found: Comparison) -> list[tuple[str, str]]:
    """Give the log BF for one potential, its range and its ceiling."""
    verdict = found.verdict
    places = error_decimals(verdict.mcse)
    least, most = outward(verdict.lower, verdict.upper, places)
    entries = [
        (
            "one potential",
            f"log BF {with_error(verdict.log_bayes_factor, verdict.mcse)} against deviations from "
            "it, balance and its violation averaged at even odds",
        ),
        (
            "range",
            f"{fixed(least, places, sign=True)} to {fixed(most, places, sign=True)} over "
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


def _hypothesis(h: Hypothesis, top: float) -> list[str]:
    cycles = "with" if h.cyclic else "balance"
    return [POTENTIALS[h.potentials], cycles, *hypothesis_cells(h, top)]


def size_of(found: Comparison) -> Facts:
    """Give the size of the deviations."""
    note = "σ_δ: by how much a kernel's potential deviates from the shared one, nats"
    if found.verdict.distrust is not None:
        return Facts("Size", note, (), (f"Withheld: {found.verdict.distrust}.",))
    text = spread_cell(found.deviation, found.deviation_lower, found.deviation_upper)
    return Facts("Size", note, (("σ_δ", text),))


def _distances(found: Comparison, names: dict[str, str]) -> list[str]:
    lines = ["Distances  between potentials, over states that both join; constants removed"]
    if found.verdict.distrust is not None:
        return [*lines, "  Withheld, for they rest on the same draws."]
    if not found.distances:
        return [*lines, "  Too many kernels for all pairs; eq.compare a part of them."]
    known = [d for d in found.distances if d.rms is not None]
    shown = sorted(known, key=lambda d: -(d.rms or 0.0))[:MOST_PAIRS]
    rows = [["", "", "states", "rms, nats", "JSD, nats", "rank"]]
    rows += [_pair(d, names) for d in shown]
    lines += table(rows, right=[False, False, True, False, False, False], gap=2)
    if len(known) > len(shown):
        lines.append(f"  The largest {len(shown)} of {len(known):,}.")
    lines += entry("rms", "root-mean-square difference; never negative, so near 0 it lies too high")
    lines += entry("JSD", "Jensen-Shannon divergence of the two exp(-Φ): 0 if alike, log 2 at most")
    lines += entry("rank", "Spearman's rank correlation of the two potentials")
    nothing = len(found.distances) - len(known)
    if nothing:
        lines += entry("not comparable", f"{nothing:,} pairs, which do not both join two states")
    return lines


def _pair(d: Distance, names: dict[str, str]) -> list[str]:
    cells = [names[d.first], names[d.second], f"{d.n_states:,}"]
    for mean, low, high in (
        (d.rms, d.rms_lower, d.rms_upper),
        (d.divergence, d.divergence_lower, d.divergence_upper),
        (d.rank, d.rank_lower, d.rank_upper),
    ):
        cells.append(spread_cell(mean, low, high) or "-")
    return cells


def _differences(title: str, rows: tuple[Difference, ...], names: dict[str, str]) -> list[str]:
    if not rows:
        return []
    shown = sorted(rows, key=lambda d: -abs(d.mean) / max(d.upper - d.lower, 1e-300))[:MOST_PAIRS]
    places = [spread_decimals(d.lower, d.upper) for d in shown]
    columns = [
        [names[d.first] for d in shown],
        [f"less {names[d.second]}" for d in shown],
        aligned([fixed(d.mean, p, sign=True) for d, p in zip(shown, places, strict=True)]),
        [interval(d.lower, d.upper, p) for d, p in zip(shown, places, strict=True)],
    ]
    lines = [f"{title}  (the clearest first)"]
    lines += table(list(zip(*columns, strict=True)), right=[False, False, True, False])
    return lines


def _states(found: Comparison) -> list[str]:
    lines = [
        "States that differ  spread of Φ over the kernels that have them, nats; "
        f"P(> {found.rope:g})"
    ]
    if found.verdict.distrust is not None:
        return [*lines, "  Withheld, for they rest on the same draws."]
    shown = found.spreads[:MOST_STATES]
    if not shown:
        return [*lines, "  No state is in two kernels."]
    rows = [["state", "kernels", "spread", "95 % interval", "P"]]
    for row in shown:
        places = spread_decimals(row.lower, row.upper)
        rows.append(
            [
                label(row.state, _LABEL),
                f"{row.n_kernels:,}",
                fixed(row.spread, places),
                interval(row.lower, row.upper, places),
                probability(row.beyond),
            ]
        )
    lines += table(rows, right=[False, True, True, False, False])
    if len(found.spreads) > len(shown):
        lines.append(f"  The first {len(shown)} of {len(found.spreads):,}.")
    named = [row for row in found.spreads if row.named]
    false = sum(1.0 - row.beyond for row in named)
    text = (
        f"{len(named):,}, whose P exceeds 0.95; of these {fixed(false, 2)} expected to be false"
        if named
        else f"none is surely beyond {found.rope:g} (--rope): no P exceeds 0.95"
    )
    lines += entry("named", text)
    lines += entry("spread", "standard deviation over kernels; for two, half their difference")
    lines += entry("P", "averaged over one potential (spread 0) and deviations, even prior odds")
    return lines


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
