"""Large tables: text for people, and the JSON contract ``equipoise.large/1``."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from equipoise.graph import SupportGraph
from equipoise.inference.evidence import BayesFactor
from equipoise.inference.sparse import LargeMap, LargeTest, NamedViolation
from equipoise.inference.verdict import ViolationSize
from equipoise.report.layout import entry, label, table, wrap
from equipoise.report.numbers import finite, fixed, interval, with_error

SCHEMA = "equipoise.large/1"
SHOWN = 10
_LABEL = 40


def large_summary(mapped: LargeMap, tested: LargeTest | None = None) -> str:
    """Return a summary for a terminal; labels are made safe.

    Parameters
    ----------
    mapped
        Mode and violation map.
    tested
        The verdict, unless only the map was asked for.
    """
    lines: list[str] = []
    if tested is not None:
        lines += [*wrap(tested.verdict.text), ""]
    else:
        lines += [
            *wrap(
                "Map, no verdict: the most probable potential and the edges that stand off it. "
                "Whether balance holds is tested without --fast (eq.test_large)."
            ),
            "",
        ]
    graph, pairs = mapped.graph, mapped.pairs
    facts = [
        (
            "data",
            f"{graph.n_states:,} states, {graph.n_edges:,} edges, {graph.n_components:,} "
            f"component{'s'[: graph.n_components != 1]}; {mapped.counts.n_trials:,} trials",
        ),
        (
            "compared",
            f"{pairs.n_edges:,} edges between {pairs.n_states:,} states that both were sources, by "
            "the pairwise likelihood",
        ),
        ("cycles", f"{graph.n_cycles:,} independent, {graph.n_testable_cycles:,} testable"),
        ("reference", _reference(mapped)),
        ("scales", _scales(mapped)),
    ]
    if tested is not None:
        facts += _evidence(tested)
    lines += [line for name, text in facts for line in entry(name, text)]
    lines += [
        "",
        "Violations  edges that stand off the potential most surely, in the direction of flow",
    ]
    named = mapped.largest_violations(SHOWN)
    lines += _violations(named)
    if named:
        lines += entry(
            "deviation",
            "of the log-ratio from the potential, nats, if this edge alone broke balance: larger "
            "than c, what the potential fitted to all edges leaves of it",
        )
        lines += entry(
            "z",
            "root of twice the log-likelihood lost on it alone; under balance about half-normal",
        )
    lines += ["", "Potential  lowest states above the reference of their component, nats"]
    lines += _lowest(mapped, tested)
    lines += ["", "Assumed"]
    lines += [line for name, text in _assumed(mapped, tested) for line in entry(name, text)]
    return "\n".join(lines)


def large_short(mapped: LargeMap, tested: LargeTest | None = None) -> str:
    """Return one line: the verdict, or of a map alone the edge that stands off it most surely."""
    if tested is not None:
        return tested.verdict.text
    if not mapped.graph.n_cycles:
        return "Map, no verdict: no edge lies on a cycle, so that none can stand off the potential."
    (first,) = mapped.largest_violations(1)
    return (
        f"Map, no verdict: of {mapped.pairs.n_edges:,} edges {label(first.source, _LABEL)} → "
        f"{label(first.target, _LABEL)} stands off the potential most surely, by "
        f"{fixed(first.deviation, 2)} nats (z = {fixed(first.z, 1)})."
    )


def large_json(
    mapped: LargeMap, tested: LargeTest | None = None, seconds: float | None = None
) -> str:
    """Return the result as JSON text, pure ASCII: no NaN, only null.

    Keys: ``schema``, ``version``, ``seconds``, ``data``, ``log_bayes_factor``, ``sensitivity``,
    ``verdict``, ``diagnostics`` (null where only the map was asked for), ``scales``, ``potential``
    (a list in the order of the states), ``violations`` (edges by size of z, each in the direction
    of flow). Nats.
    """
    from equipoise import __version__  # the package imports this module

    shown = tested is not None and tested.distrust is None
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "seconds": finite(seconds),
        "data": _data(mapped),
        "log_bayes_factor": None,
        "sensitivity": None,
        "verdict": None,
        "diagnostics": None,
    }
    if tested is not None:
        verdict = tested.verdict
        values["log_bayes_factor"] = {
            **_factor(tested.log_bayes_factor, shown),
            "method": tested.log_bayes_factor.method,
            "likelihood": "pairwise",
            "scales": tested.path.priors.scales,
            "alternative": "cyclic",
            "cycle_scale": tested.path.priors.cycle_scale,
        }
        values["sensitivity"] = [
            {"cycle_scale": f.cycle_scale, **_factor(f, shown and f.distrust is None)}
            for f in tested.sensitivity
        ]
        values["verdict"] = {
            "favours": verdict.favours,
            "strength": verdict.strength,
            "reason": verdict.reason,
            "p_balance": finite(verdict.p_balance),
            **_ceiling(verdict.ceiling, shown),
            "information_nats": finite(verdict.information_nats),
            "text": verdict.text,
            "size": _size(verdict.size, shown),
            "trusted": verdict.trusted,
        }
        potential = tested.potential
        values["diagnostics"] = {
            "converged": shown,
            "distrust": tested.distrust,
            "nodes": len(tested.path.nodes),
            "potential_distrust": None if potential is None else potential.distrust,
            "r_hat_max": None if potential is None else finite(potential.r_hat_max),
            "ess_bulk_min": None if potential is None else finite(potential.ess_bulk_min),
        }
    values["scales"] = {
        "potential_sd": finite(mapped.mode.potential_sd),
        "cycle_sd": finite(mapped.cycle_sd),
    }
    values["potential"] = _potential(mapped, tested)
    values["violations"] = [
        {"source": v.source, "target": v.target, "deviation": finite(v.deviation), "z": finite(v.z)}
        for v in mapped.largest_violations()
    ]
    return json.dumps(values, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _assumed(mapped: LargeMap, tested: LargeTest | None) -> list[tuple[str, str]]:
    priors = mapped.priors
    potential = (
        f"σ_Φ ~ HalfNormal({priors.potential_scale:g})"
        if priors.scales == "learned"
        else f"σ_Φ = {priors.fixed_potential_sd:g}"
    )
    seed = mapped.random_seed if tested is None else tested.random_seed
    done = "mode and errors only" if tested is None else "path sampling"
    return [
        ("support", "observed: edges walked at least once in either direction"),
        ("rejected", f"trials that ended in no state: {mapped.rejected}"),
        (
            "priors",
            f"Φ ~ Normal(0, σ_Φ), {potential}; c ~ Normal(0, σ_c), "
            f"σ_c ~ HalfNormal({priors.cycle_scale:g})",
        ),
        ("run", f"{'seed ' + str(seed) if seed is not None else 'no seed'}, {done}"),
    ]


def _reference(mapped: LargeMap) -> str:
    graph, references = mapped.graph, mapped.references
    size = np.bincount(graph.component, minlength=graph.n_components)
    largest = max(references, key=lambda k: int(size[graph.component[k]]))
    more = len(references) - 1
    name = label(mapped.counts.states[largest], _LABEL)
    others = f", in the largest component; {more:,} more, one in each" if more else ""
    return f"Φ = 0 at {name}{others}"


def _scales(mapped: LargeMap) -> str:
    if mapped.cycle_sd_given:
        cycles = f"σ_c {mapped.cycle_sd:.2g}, as asked"
    elif mapped.cycle_sd:
        cycles = f"σ_c about {mapped.cycle_sd:.2g}, from the residuals"
    else:
        cycles = "residuals no larger than chance makes them"
    return f"σ_Φ {mapped.mode.potential_sd:.2f}; {cycles}"


def _evidence(tested: LargeTest) -> list[tuple[str, str]]:
    if tested.distrust is not None:
        return [("log BF", f"withheld: {tested.distrust}")]
    factor = tested.log_bayes_factor
    if not tested.path.nodes:
        return [("log BF", "0: no cycle can be compared"), *_sampled(tested)]
    only = " (prior only: how the priors fit)" if tested.verdict.favours == "untestable" else ""
    others = ", ".join(
        f"{with_error(f.log_value, f.mcse)} at {f.cycle_scale:g}"
        for f in tested.sensitivity
        if f is not factor and f.distrust is None
    )
    facts = [
        (
            "log BF",
            f"{with_error(factor.log_value, factor.mcse)} nats at τ = {factor.cycle_scale:g}, "
            f"above 0 for balance{only}",
        ),
        ("other τ", others),
        *_best(tested.verdict.ceiling),
        ("information", f"{fixed(tested.verdict.information_nats, 1)} nats on the cycles"),
        *_sampled(tested),
    ]
    return facts


def _sampled(tested: LargeTest) -> list[tuple[str, str]]:
    potential = tested.potential
    if potential is None:
        return []
    if potential.distrust:
        return [("potential", f"withheld: {potential.distrust}")]
    return [
        (
            "potential",
            f"R-hat ≤ {potential.r_hat_max:.3f}, at least {potential.ess_bulk_min:,.0f} "
            f"effective draws, of {len(potential.chosen):,} states",
        )
    ]


def _best(ceiling: BayesFactor | None) -> list[tuple[str, str]]:
    if ceiling is None:
        return []
    if ceiling.distrust is not None:
        return [("ceiling", f"withheld: {ceiling.distrust}")]
    return [
        (
            "ceiling",
            f"{with_error(ceiling.log_value, ceiling.mcse)}: what these trials would give had the "
            "counts equalled their reversible fit",
        )
    ]


def _violations(rows: Sequence[NamedViolation]) -> list[str]:
    cells = [("from", "to", "deviation", "z")]
    cells += [
        (label(v.source, _LABEL), label(v.target, _LABEL), fixed(v.deviation, 2), fixed(v.z, 1))
        for v in rows
    ]
    return table(cells, right=(False, False, True, True))


def _lowest(mapped: LargeMap, tested: LargeTest | None) -> list[str]:
    """Return the lowest states but references: of the draws where there are any to be trusted."""
    potential = None if tested is None else tested.potential
    if potential is None or potential.distrust is not None:
        return _lowest_modes(mapped)
    order = np.argsort(potential.mean, kind="stable")[:SHOWN]
    states = mapped.pairs.states[potential.chosen[order]]
    cells = [("state", "mean", "95 % interval")]
    for k, state in zip(order.tolist(), states.tolist(), strict=True):
        between = interval(float(potential.lower[k]), float(potential.upper[k]), 2)
        mean = fixed(float(potential.mean[k]), 2)
        cells.append((label(mapped.counts.states[state], _LABEL), mean, between))
    return table(cells, right=(False, True, True))


def _lowest_modes(mapped: LargeMap) -> list[str]:
    known = np.isfinite(mapped.potential)
    known[list(mapped.references)] = False
    places = np.flatnonzero(known)
    order = places[np.argsort(mapped.potential[places], kind="stable")][:SHOWN]
    names = [mapped.counts.states[k] for k in order]
    errors = mapped.standard_errors(names)
    cells = [("state", "mode", "standard error")]
    cells += [
        (label(name, _LABEL), fixed(float(mapped.potential[k]), 2), fixed(float(error), 2))
        for name, k, error in zip(names, order, errors, strict=True)
    ]
    return table(cells, right=(False, True, True))


def _data(mapped: LargeMap) -> dict[str, Any]:
    counts, graph = mapped.counts, mapped.graph
    return {
        **_graph(graph),
        "n_compared": mapped.pairs.n_edges,
        "n_transitions": counts.n_transitions,
        "n_trials": counts.n_trials,
        "protocol": counts.protocol,
    }


def _graph(graph: SupportGraph) -> dict[str, int]:
    return {
        "n_states": graph.n_states,
        "n_edges": graph.n_edges,
        "n_cycles": graph.n_cycles,
        "n_testable_cycles": graph.n_testable_cycles,
        "n_components": graph.n_components,
    }


def _potential(mapped: LargeMap, tested: LargeTest | None) -> list[dict[str, Any]]:
    n, references = mapped.graph.n_states, set(mapped.references)
    columns = {name: np.full(n, np.nan) for name in ("mean", "sd", "lower", "upper")}
    potential = None if tested is None else tested.potential
    if potential is not None and potential.distrust is None:
        states = mapped.pairs.states[potential.chosen]
        for name, column in columns.items():
            column[states] = getattr(potential, name)
    return [
        {
            "state": mapped.counts.states[k],
            "mode": finite(float(mapped.potential[k])),
            **{name: finite(float(column[k])) for name, column in columns.items()},
            "component": int(mapped.graph.component[k]),
            "reference": k in references,
        }
        for k in range(n)
    ]


def _size(size: ViolationSize | None, shown: bool) -> dict[str, Any]:
    known = size if shown else None
    return {
        "mean": finite(known.mean if known else None),
        "lower": finite(known.lower if known else None),
        "upper": finite(known.upper if known else None),
        "rope": finite(size.rope if size else None),
        "call": known.call if known else None,
    }


def _ceiling(ceiling: BayesFactor | None, shown: bool) -> dict[str, float | None]:
    known = ceiling if shown and ceiling is not None and ceiling.distrust is None else None
    return {
        "ceiling": finite(known.log_value if known else None),
        "ceiling_mcse": finite(known.mcse if known else None),
    }


def _factor(factor: BayesFactor, shown: bool) -> dict[str, float | None]:
    if not shown:
        return {"value": None, "mcse": None}
    return {"value": finite(factor.log_value), "mcse": finite(factor.mcse)}
