"""A comparison of kernels in words and tables, for the terminal."""

from equipoise.inference.comparison import Comparison, Difference, Distance, Hypothesis
from equipoise.report.caveats import alike_labels
from equipoise.report.comparison_names import beside_kernels, beside_pairs, listed_kernels
from equipoise.report.comparison_tables import POTENTIALS, hypothesis_cells, spread_cell
from equipoise.report.comparison_words import (
    MOST_KERNELS,
    added_words,
    assumed_of,
    balance_entries,
    comparison_headline,
    shared_states,
    short_names,
    size_of,
    verdict_entries,
)
from equipoise.report.facts import fact_lines
from equipoise.report.layout import INDENT, entry, label, table, wrap
from equipoise.report.numbers import (
    aligned,
    fixed,
    interval,
    probability,
    scientific,
    spread_decimals,
)

MOST_PAIRS, MOST_STATES = 15, 10
_LABEL, _NAME = 24, 40
# Trials from which only the power of ten fits the table.
_MANY = 10**8


def comparison_summary(found: Comparison) -> str:
    """Return a comparison in words and tables: plain text, lines of at most 100 columns.

    The verdict comes first (before it, whether it may be trusted, and labels that look like one),
    then the kernels and what they share, the balance of each, the evidence, the size of the
    differences, how far apart the kernels are, which states differ, and what was assumed. Kernels
    with long names are numbered. Names are not trusted: control characters are escaped.

    Parameters
    ----------
    found
        From :func:`equipoise.compare`.

    Returns
    -------
    str
        Without a line feed at its end.
    """
    labels, added = alike_labels(found.kernels.states), added_words(found)
    sections = [
        wrap(labels) if labels else [],
        wrap(comparison_headline(found)),
        wrap(added) if added else [],
        _kernels(found),
        _balance(found),
        _evidence(found),
        fact_lines(size_of(found)),
        _distances(found),
        _differences(found, "Violation ρ, difference, nats", found.rho),
        _differences(
            found, "Entropy production, difference, nats a trial", found.entropy_production
        ),
        _states(found),
        fact_lines(assumed_of(found)),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def _kernels(found: Comparison) -> list[str]:
    lines = [f"Kernels  {shared_states(found)}"]
    if len(found.own) > MOST_KERNELS:
        lines.append("  Those that deviate most from the shared potential, by δ:")
    rows = [["states", "trials", "δ rms, nats"]]
    for k in listed_kernels(found):
        own, away = found.own[k], found.deviations[k]
        far = spread_cell(away.rms, away.lower, away.upper)
        rows.append(
            [
                f"{own.graph.n_states:,}",
                f"{own.n_trials:,}" if own.n_trials < _MANY else scientific(own.n_trials),
                far if found.converged else "-",
            ]
        )
    lines += beside_kernels(found, rows, right=[True, True, True])
    if (more := len(found.own) - len(rows) + 1) > 0:
        lines.append(f"  ... and {more:,} more; --json has all.")
    return lines + entry(
        "δ rms",
        "root mean square of the deviation from the shared potential over the kernel's states; "
        "never negative, so near 0 it lies too high",
    )


def _balance(found: Comparison) -> list[str]:
    rows = [["verdict", "log BF", "ρ, nats", "p(balance)"]]
    for k in listed_kernels(found):
        own, chance = found.own[k], float(found.balances.p_balance[k])
        factor, size = own.log_bayes_factor, own.verdict.size
        rows.append(
            [
                own.verdict.favours if own.converged else "withheld",
                fixed(factor.log_value, 1, sign=True) if own.testable else "-",
                spread_cell(size.mean, size.lower, size.upper) if own.testable and size else "-",
                "-" if chance != chance else probability(chance),
            ]
        )
    lines = ["Balance  of each kernel by itself; log BF above 0 favours it, ρ is its violation"]
    lines += beside_kernels(found, rows, right=[False, True, False, True])
    for name, text in balance_entries(found, short_names(found, _NAME)):
        lines += entry(name, text)
    return lines


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


def _hypothesis(h: Hypothesis, top: float) -> list[str]:
    cycles = "with" if h.cyclic else "balance"
    return [POTENTIALS[h.potentials], cycles, *hypothesis_cells(h, top)]


def _distances(found: Comparison) -> list[str]:
    lines = ["Distances  between potentials, over states that both join; constants removed"]
    if found.verdict.distrust is not None:
        return [*lines, "  Withheld, for they rest on the same draws."]
    if not found.distances:
        return [*lines, "  Too many kernels for all pairs; eq.compare a part of them."]
    known = [d for d in found.distances if d.rms is not None]
    shown = sorted(known, key=lambda d: -(d.rms or 0.0))[:MOST_PAIRS]
    rows = [["states", "rms, nats", "JSD, nats", "rank"], *map(_distance, shown)]
    pairs = [(d.first, d.second) for d in shown]
    lines += beside_pairs(found, pairs, rows, right=[True, False, False, False])
    if len(known) > len(shown):
        lines.append(f"  The largest {len(shown)} of {len(known):,}.")
    lines += entry("rms", "root-mean-square difference; never negative, so near 0 it lies too high")
    lines += entry("JSD", "Jensen-Shannon divergence of the two exp(-Φ): 0 if alike, log 2 at most")
    lines += entry("rank", "Spearman's rank correlation of the two potentials")
    nothing = len(found.distances) - len(known)
    if nothing:
        lines += entry("not comparable", f"{nothing:,} pairs, which do not both join two states")
    return lines


def _distance(d: Distance) -> list[str]:
    cells = [f"{d.n_states:,}"]
    for mean, low, high in (
        (d.rms, d.rms_lower, d.rms_upper),
        (d.divergence, d.divergence_lower, d.divergence_upper),
        (d.rank, d.rank_lower, d.rank_upper),
    ):
        cells.append(spread_cell(mean, low, high) or "-")
    return cells


def _differences(found: Comparison, title: str, rows: tuple[Difference, ...]) -> list[str]:
    if not rows:
        return []
    shown = sorted(rows, key=lambda d: -abs(d.mean) / max(d.upper - d.lower, 1e-300))[:MOST_PAIRS]
    places = [spread_decimals(d.lower, d.upper) for d in shown]
    means = [fixed(d.mean, p, sign=True) for d, p in zip(shown, places, strict=True)]
    between = [interval(d.lower, d.upper, p) for d, p in zip(shown, places, strict=True)]
    cells = [["difference", "95 % interval"], *zip(aligned(means), between, strict=True)]
    pairs = [(d.first, d.second) for d in shown]
    lines = [f"{title}  (the clearest first)"]
    return lines + beside_pairs(found, pairs, cells, right=[True, False], less=True)


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
