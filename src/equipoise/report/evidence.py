"""The log Bayes factor and how it changes with what was assumed, in the text summary."""

from collections.abc import Sequence

from equipoise.inference.balance import BalanceTest
from equipoise.inference.evidence import BayesFactor
from equipoise.inference.evidence.cycle_scale import DECIDING
from equipoise.inference.sensitivity import Alternative
from equipoise.report.layout import entry, table
from equipoise.report.numbers import (
    error_decimals,
    fixed,
    least_shown,
    odds,
    outward,
    probability,
    verdict_range,
    with_error,
)

_FRACTIONS = {0.125: "⅛", 0.25: "¼", 0.5: "½"}
_SETTINGS = {
    "cycle_scale": "τ = {}",
    "fixed_scales": "fixed scales, σ_V = {}",
    "potential_scale": "σ_V ~ HalfNormal({})",
    "symmetric_scale": "σ_s ~ HalfNormal({})",
    "imputed_trials": "imputed trials × {}",
}


def evidence_lines(result: BalanceTest) -> list[str]:
    """Return the section on the evidence."""
    lines = ["Evidence  log Bayes factor in nats: above 0 favours balance, below 0 its violation"]
    lines += [line for name, text in headline(result) for line in entry(name, text)]
    if result.graph.n_cycles and result.converged:
        lines += ["", *_taus(result.sensitivity), "", *_others(result.alternatives), ""]
        lines += [line for name, text in evidence_beside(result) for line in entry(name, text)]
    return lines


def headline(result: BalanceTest) -> list[tuple[str, str]]:
    """Return the log Bayes factor and its range, or why there is none, by name."""
    if not result.graph.n_cycles:
        return [("log BF", "0 by definition: without a cycle both hypotheses are one")]
    if not result.converged:
        text = f"withheld: {result.distrust}. The same goes for its sensitivity."
        return [("log BF", text)]
    verdict, head, tau = result.verdict, result.log_bayes_factor, result.priors.cycle_scale
    only = " (prior only: how the priors fit)" if verdict.favours == "untestable" else ""
    least, most = verdict_range(verdict.lower, verdict.upper)
    low, high = _short(DECIDING[0] * tau), _short(DECIDING[-1] * tau)
    return [
        ("log BF", f"{with_error(head.log_value, head.mcse)} at τ = {_short(tau)}{only}"),
        (
            "range",
            f"{least} to {most} over τ = {low} to {high}, two Monte Carlo errors added on "
            "either side",
        ),
    ]


def evidence_beside(result: BalanceTest) -> list[tuple[str, str]]:
    """Return what stands beside a log Bayes factor that is shown, by name."""
    verdict = result.verdict
    found = [("sensitivity", _signs(result.alternatives)), *_withheld(result.alternatives)]
    if result.priors.scales == "fixed":
        found.append(("learned", "not tried: --scales learned, the default, gives it"))
    if verdict.ceiling is not None and verdict.favours != "untestable":
        found.append(("ceiling", _ceiling(verdict.ceiling)))
    found.append(
        ("information", f"{fixed(verdict.information_nats, 1)} nats on the cycles, expected")
    )
    if verdict.p_balance is not None and verdict.reversing_odds is not None:
        head = result.log_bayes_factor.log_value
        other = "against" if head >= 0 else "for"
        found.append(
            (
                "p(balance)",
                f"{probability(verdict.p_balance)} at even prior odds; prior odds of "
                f"{odds(abs(head))} to 1 {other} balance would make it 1/2",
            )
        )
    return found


def setting(other: Alternative) -> str:
    """Return a changed setting in words, e.g. "τ = ½"."""
    return _SETTINGS[other.setting].format(_short(other.value))


def _taus(factors: Sequence[BayesFactor]) -> list[str]:
    """Return a small table: τ across, log BF and its error below."""
    places = error_decimals(max(factor.mcse for factor in factors))
    return table(
        [
            ["τ", *(_short(factor.cycle_scale or 0.0) for factor in factors)],
            ["log BF", *(factor_text(factor, places) for factor in factors)],
            ["MC error", *(least_shown(factor.mcse, places) for factor in factors)],
        ],
        right=[False, *(True for _ in factors)],
    )


def _others(others: Sequence[Alternative]) -> list[str]:
    """Return a table of the settings other than τ, one a line."""
    rows = [("with another setting", "log BF", "MC error")]
    rows += [alternative_cells(other) for other in others if other.setting != "cycle_scale"]
    return table(rows, right=[False, True, True])


def alternative_cells(other: Alternative) -> tuple[str, str, str]:
    """Return the cells of one setting: its name, the log BF, its Monte Carlo error."""
    places = error_decimals(other.factor.mcse)
    error = "" if other.factor.distrust is not None else least_shown(other.factor.mcse, places)
    return setting(other), factor_text(other.factor, places), error


def factor_text(factor: BayesFactor, places: int) -> str:
    """Return a log BF, or that it is withheld for a reason of its own."""
    if factor.distrust is not None:
        return "withheld"
    return fixed(factor.log_value, places, sign=True)


def _ceiling(factor: BayesFactor) -> str:
    if factor.distrust is not None:
        return f"withheld: {factor.distrust}"
    return (
        f"{with_error(factor.log_value, factor.mcse)}: what these trials would give had the counts "
        "equalled their reversible fit"
    )


def _withheld(others: Sequence[Alternative]) -> list[tuple[str, str]]:
    """Say at which settings the log BF is withheld, and why."""
    whys = [f"{setting(o)}: {o.factor.distrust}" for o in others if o.factor.distrust is not None]
    return [("withheld", "; ".join(whys))] if whys else []


def _signs(others: Sequence[Alternative]) -> str:
    """Say whether the sign of log BF hangs on a setting, in words."""
    known = [other for other in others if other.factor.distrust is None]
    withheld = len(others) - len(known)
    every, but = "every setting tried", ""
    if withheld:
        but = f" (of {len(others)}, {withheld} withheld)"
        every = f"every setting with a value{but}"
    sides = {side: [o for o in known if _side(o.factor) == side] for side in (-1, 0, 1)}
    if sides[-1] and sides[1]:
        values = [other.factor.log_value for other in known]
        low, high = outward(min(values), max(values), 1)
        fewer = min((-1, 1), key=lambda side: len(sides[side]))
        word, other = ("below", "above") if fewer < 0 else ("above", "below")
        names = ", ".join(setting(one) for one in sides[fewer])
        return (
            f"changes sign with what is assumed, from {fixed(low, 1, sign=True)} to "
            f"{fixed(high, 1, sign=True)}: {word} 0 at {names}; {other} 0 at {len(sides[-fewer])} "
            f"of {len(known)} settings{but}"
        )
    if not sides[-1] and not sides[1]:
        return f"within two Monte Carlo errors of 0 at {every}"
    side = "above 0" if sides[1] else "below 0"
    also = ", or within two Monte Carlo errors of 0," if sides[0] else ""
    return f"{side}{also} at {every}"


def _side(factor: BayesFactor) -> int:
    """Return the sign of log BF, 0 within two Monte Carlo errors."""
    if abs(factor.log_value) <= 2 * factor.mcse:
        return 0
    return 1 if factor.log_value > 0 else -1


def _short(value: float) -> str:
    return _FRACTIONS.get(value, f"{value:g}")
