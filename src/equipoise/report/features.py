"""A potential explained by features, in words and tables, for the terminal."""

import numpy as np

from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.features import Estimate, Explanation
from equipoise.inference.verdict import STRENGTHS
from equipoise.report.facts import Facts, fact_lines
from equipoise.report.layout import entry, label, table, wrap
from equipoise.report.numbers import (
    estimate,
    fixed,
    interval,
    probability,
    spread_decimals,
    with_error,
)
from equipoise.text import listed

MOST_STATES, MOST_FEATURES = 20, 30
_LABEL = 24


def features_summary(found: Explanation) -> str:
    """Return an explanation in words and tables: plain text, lines of at most 100 columns.

    The verdict comes first (whether it may be trusted, before all else), then its sensitivity, how
    much is explained, coefficients, predictions, scores, potentials, and what was assumed. Names
    are not trusted: control characters are escaped.

    Parameters
    ----------
    found
        From :func:`equipoise.explain`.

    Returns
    -------
    str
        Without a line feed at its end.
    """
    sections = [wrap(found.verdict.text)]
    if found.converged:
        sections += [
            _broken(found),
            _evidence(found),
            fact_lines(_explained(found)),
            _coefficients(found),
            _predictions(found),
            _scores(found),
            _potential(found),
        ]
    sections.append(fact_lines(_assumed(found)))
    return "\n\n".join("\n".join(section) for section in sections if section)


def _evidence(found: Explanation) -> list[str]:
    lines = ["Evidence  log BF of features against none, nats; positive favours features"]
    for one in found.sensitivity:
        name = f"{_scale(found)} {one.cycle_scale:.3g}"
        lines += entry(name, with_error(one.log_value, one.mcse))
    if found.cycles is not None:
        text = f"{with_error(found.cycles.log_bayes_factor, found.cycles.mcse)} where balance may "
        lines += entry("with cycles", f"{text}be broken (σ_c = {found.cycles.cycle_sd:g})")
    return lines


def _broken(found: Explanation) -> list[str]:
    """Say that balance does not hold, where it does not."""
    cycles = found.cycles
    if cycles is None or cycles.balance + 2 * cycles.balance_mcse > -STRENGTHS["positive"]:
        return []
    return wrap(
        f"Balance does not hold: cycles of σ_c = {cycles.cycle_sd:g} have log BF "
        f"{with_error(-cycles.balance, cycles.balance_mcse)} against it. All below is given "
        "balance; let it be broken with cycle_sd (--cycle-sd), and see `equipoise test`."
    )


def _scale(found: Explanation) -> str:
    return "σ_f ~ HN" if found.embedding else "σ_β ~ HN"


def _explained(found: Explanation) -> Facts:
    entries = [
        (
            "share",
            f"{_shown(found.share)} of the spread of Φ, given features "
            f"(the priors alone: {_shown(found.prior_share)})",
        ),
        ("σ_f" if found.embedding else "σ_β", f"{_shown(found.signal_scale)} nats"),
        ("σ_ε", f"{_shown(found.residual_scale)} nats: what features leave"),
    ]
    if found.lengthscale is not None:
        entries.append(
            (
                "lengthscale",
                f"{_shown(found.lengthscale)}, in units of the embedding (median distance "
                f"{found.explaining.distance:.3g})",
            )
        )
    return Facts("Explained", "mean and 95 % interval", tuple(entries))


def _shown(one: Estimate) -> str:
    return estimate(one.mean, one.lower, one.upper, spread_decimals(one.lower, one.upper))


def _coefficients(found: Explanation) -> list[str]:
    if not found.coefficients:
        return []
    lines = ["Coefficients  nats of Φ per standard deviation; positive: more of it, less preferred"]
    rows = [["feature", "β", "95 % interval", "P(β > 0)", "one sd is"]]
    for one in found.coefficients[:MOST_FEATURES]:
        places = spread_decimals(one.lower, one.upper)
        rows.append(
            [
                label(one.name, _LABEL),
                fixed(one.mean, places, sign=True),
                interval(one.lower, one.upper, places),
                probability(one.positive),
                f"{one.unit:.3g}",
            ]
        )
    lines += table(rows, right=[False, True, False, True, True])
    if len(found.coefficients) > MOST_FEATURES:
        lines.append(f"  ... and {len(found.coefficients) - MOST_FEATURES:,} more; --json has all.")
    return lines


def _predictions(found: Explanation) -> list[str]:
    if not found.predictions:
        return []
    lines = [
        f"Predicted  Φ of states that the counts do not tell of, above {label(found.reference, 24)}"
    ]
    rows = [["state", "Φ", "95 % interval"]]
    for one in found.predictions[:MOST_STATES]:
        places = spread_decimals(one.lower, one.upper)
        rows.append(
            [
                label(one.state, _LABEL),
                fixed(one.mean, places),
                interval(one.lower, one.upper, places),
            ]
        )
    lines += table(rows, right=[False, True, False])
    if len(found.predictions) > MOST_STATES:
        lines.append(f"  ... and {len(found.predictions) - MOST_STATES:,} more; --json has all.")
    return lines


def _scores(found: Explanation) -> list[str]:
    scores = found.scores
    if scores is None:
        return []
    lines = ["Scores  log predictive density of each state's edges given all others, nats"]
    rough = scores.rough
    if scores.failed:
        lines += entry(
            "withheld",
            f"importance sampling failed at every state left out (k̂ > {K_TRUSTED:g}); more draws "
            "(--draws) may do",
        )
        return lines
    total = scores.features.elpd.sum(), scores.none.elpd.sum()
    lines += entry("with features", fixed(float(total[0]), 1, sign=True))
    lines += entry("without", fixed(float(total[1]), 1, sign=True))
    lines += entry(
        "difference",
        f"{fixed(scores.difference, 1, sign=True)}, standard error {fixed(scores.se, 1)}; states "
        "share edges, so that it is a rough one",
    )
    if rough.any():
        named = listed(
            [state for state, is_rough in zip(scores.states, rough, strict=True) if is_rough]
        )
        lines += entry("rough", f"{named}: importance sampling failed (k̂ > {K_TRUSTED:g})")
    gap = scores.features.elpd - scores.none.elpd
    worst = int(np.argmin(gap))
    if gap[worst] < 0:
        lines += entry(
            "least served",
            f"{label(scores.states[worst], _LABEL)}, {fixed(float(gap[worst]), 1, sign=True)}",
        )
    return lines


def _potential(found: Explanation) -> list[str]:
    lines = ["Potential  Φ above the reference state, and the part of it that features explain"]
    rows = [["state", "Φ", "95 % interval", "explained", "95 % interval"]]
    shown = sorted(found.potential, key=lambda s: (s.component, s.mean))[:MOST_STATES]
    for one in shown:
        if one.reference:
            rows.append([label(one.state, _LABEL), "0", "reference", "0", ""])
            continue
        places = spread_decimals(one.lower, one.upper)
        rows.append(
            [
                label(one.state, _LABEL),
                fixed(one.mean, places),
                interval(one.lower, one.upper, places),
                fixed(one.explained, places),
                interval(one.explained_lower, one.explained_upper, places),
            ]
        )
    lines += table(rows, right=[False, True, False, True, False])
    if len(found.potential) > len(shown):
        lines.append(f"  The lowest {len(shown)} of {len(found.potential):,}.")
    return lines


def _assumed(found: Explanation) -> Facts:
    problem, priors = found.problem, found.problem.priors
    rest = (
        f"ε ~ Normal(0, σ_ε), σ_ε ~ HalfNormal({priors.potential_scale:g})"
        if priors.scales == "learned"
        else f"ε ~ Normal(0, {priors.fixed_potential_sd:g})"
    )
    if found.embedding:
        model = (
            "Φ = f(z) + ε, f a Gaussian process with covariance σ_f² exp(-|z - z'|²/2ℓ²), "
            f"σ_f ~ HalfNormal({found.scale:g}), log(ℓ / median distance) ~ Normal(0, 1)"
        )
    else:
        half_normal = found.explaining.signals[0].half_normal
        model = (
            "Φ = Xβ + ε, columns standardised, β ~ Normal(0, σ_β), "
            f"σ_β ~ HalfNormal({half_normal:.3g}), which is {found.scale:g}/√K"
        )
    cycles = "balance" if problem.cycle_sd is None else f"cycles of σ_c = {problem.cycle_sd:g}"
    entries = (
        ("model", f"{model}; {rest}, also without features"),
        (
            "likelihood",
            "pairwise edges, their curvature that of multinomial rows (scores: edges as they are); "
            f"given {cycles}",
        ),
        (
            "states",
            f"{len(problem.states):,} that edges compare, in "
            f"{len(problem.references):,} component{'s'[: len(problem.references) > 1]}; "
            f"rejected trials: {found.rejected}",
        ),
        ("run", f"seed {found.random_seed}, Laplace and importance sampling"),
    )
    remarks: tuple[str, ...] = ()
    if found.left_out:
        remarks = (
            f"Nothing is said of {listed(found.left_out)}: in no edge of which both ends were "
            "sources, and without features.",
        )
    return Facts("Assumed", "", entries, remarks)
