"""The JSON contract ``equipoise.test/1``: keys may be added, never renamed; no NaN, only null."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from equipoise.inference.balance import BalanceTest
from equipoise.inference.comparison import Comparison
from equipoise.inference.cycles import CycleAffinity, EdgeCirculation
from equipoise.inference.diagnosis import Diagnosis, diagnose
from equipoise.inference.evidence import BayesFactor, ExactEvidence
from equipoise.inference.features import Explanation
from equipoise.inference.mcmc import SAMPLERS
from equipoise.inference.potential import StatePotential
from equipoise.inference.sparse import LargeMap, LargeTest
from equipoise.inference.verdict import Verdict
from equipoise.io.metadata import thaw_metadata
from equipoise.report.comparison_contract import comparison_json
from equipoise.report.diagnosis_contract import (
    baselines_entry,
    entropy_production_entry,
    least_action_entry,
    sampling_entry,
    violation_entry,
)
from equipoise.report.features_contract import features_json
from equipoise.report.large import large_json
from equipoise.report.numbers import finite

SCHEMA = "equipoise.test/1"


def to_dict(result: BalanceTest, diagnosis: Diagnosis | None = None) -> dict[str, Any]:
    """Return a result as plain values, in the keys and order of the contract.

    Numbers that must not be reported are None: everything that rests on posterior draws where the
    result did not converge (then the log Bayes factor is withheld), posterior means of states that
    the data bound from one side only (there only the prior speaks), diagnostics of MCMC on the fast
    path, ``entropy_production`` without a testable cycle or by pairwise edges. ``exact`` is there
    where the counts are those of one path. ``pareto_k`` belongs to the fast path, which also gives
    ``ceiling``, ``fixed_scales`` and, beside MCMC, ``cross_check``. ``computation`` says what
    sampled: backend, sampler in words, chains, draws kept of each for either posterior, nodes of
    σ_c.

    Parameters
    ----------
    result : BalanceTest
        From :func:`equipoise.test`.
    diagnosis : Diagnosis, optional
        From :func:`equipoise.diagnose`; default: computed here.

    Returns
    -------
    dict
        Of dicts, lists, text, finite numbers, truth values and None; ``json.dumps`` takes it as it
        is. Nats; ``potential`` in the order of the states, ``cycles`` as in the result.
    """
    from equipoise import __version__  # the package imports this module

    beside = diagnose(result) if diagnosis is None else diagnosis
    shown, state = result.converged, result.findings.diagnostics
    return {
        "schema": SCHEMA,
        "version": __version__,
        "seconds": finite(result.seconds),
        "data": _data(result),
        "log_bayes_factor": {
            **_factor(result.log_bayes_factor, shown),
            "method": result.log_bayes_factor.method,
            "likelihood": result.findings.problem.likelihood.name,
            "scales": result.priors.scales,
            "alternative": "cyclic",
            "cycle_scale": result.priors.cycle_scale,
        },
        "sensitivity": [
            {
                "cycle_scale": factor.cycle_scale,
                **_factor(factor, shown and factor.distrust is None),
            }
            for factor in result.sensitivity
        ],
        "verdict": _verdict(result.verdict, shown),
        "potential": _states(result.potential, result.potential_trusted),
        "cycles": [_cycle(cycle, shown) for cycle in result.cycles],
        "entropy_production": entropy_production_entry(beside.violation),
        "exact": _exact(result.exact),
        "diagnostics": {
            "r_hat_max": finite(state.r_hat_max),
            "ess_bulk_min": finite(state.ess_bulk_min),
            "divergences": state.divergences,
            "pareto_k": finite(state.pareto_k),
            "converged": result.converged,
            "distrust": result.distrust,
            "potential_distrust": state.reversible,
        },
        # Beyond the keys of the design:
        "fixed_scales": [
            {"potential_sd": sd, **_factor(factor, shown and factor.distrust is None)}
            for sd, factor in result.fixed_scales
        ],
        "prior_scales": [
            {
                "prior": other.setting,
                "value": other.value,
                **_factor(other.factor, shown and other.factor.distrust is None),
            }
            for other in result.alternatives
            if other.setting in ("potential_scale", "symmetric_scale")
        ],
        "imputed_trials": [
            {"multiple": x, **_factor(factor, shown and factor.distrust is None)}
            for x, factor in result.findings.imputed_trials
        ],
        "cross_check": _cross_check(result.findings.cross_check),
        "edges": [_edge(edge, shown) for edge in result.edges],
        "cycle_scale_posterior": _cycle_scale(result, shown),
        "violation": violation_entry(beside.violation),
        "sampling": sampling_entry(beside),
        "baselines": baselines_entry(beside.baselines),
        "least_action": least_action_entry(beside.baselines),
        "gradient": _states(result.gradient, shown),
        "rejected": result.rejected,
        "priors": asdict(result.priors),
        "draws": result.findings.draws,
        "computation": _computation(result),
        "random_seed": result.random_seed,
    }


def to_json(
    result: BalanceTest | Comparison | Explanation | LargeTest | LargeMap,
    diagnosis: Diagnosis | None = None,
) -> str:
    """Return a result as JSON text, pure ASCII, ending in a line feed.

    State names are not trusted: as ASCII, with everything else escaped, they cannot act on a
    terminal. (They are not made safe for HTML.)

    Parameters
    ----------
    result : BalanceTest or Comparison or Explanation or LargeTest or LargeMap
        From :func:`equipoise.test`, :func:`equipoise.compare`, :func:`equipoise.explain`,
        :func:`equipoise.test_large` or :func:`equipoise.map_large`.
    diagnosis : Diagnosis, optional
        From :func:`equipoise.diagnose`; default: computed here. Of a test only.

    Returns
    -------
    str
        See :func:`to_dict`, :func:`equipoise.report.comparison_contract.comparison_dict`,
        :func:`equipoise.report.features_contract.features_dict` and
        :func:`equipoise.report.large.large_json`.
    """
    if isinstance(result, Comparison):
        return comparison_json(result)
    if isinstance(result, Explanation):
        return features_json(result)
    if isinstance(result, LargeMap):
        return large_json(result)
    if isinstance(result, LargeTest):
        return large_json(result.map, result, result.seconds)
    values = to_dict(result, diagnosis)
    return json.dumps(values, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _data(result: BalanceTest) -> dict[str, Any]:
    counts, graph = result.counts, result.graph
    return {
        "n_states": counts.n_states,
        "n_edges": graph.n_edges,
        "n_cycles": graph.n_cycles,
        "n_testable_cycles": graph.n_testable_cycles,
        "n_components": graph.n_components,
        "n_transitions": counts.n_transitions,
        "n_trials": counts.n_trials,
        "protocol": counts.protocol,
        "stay": counts.stay,
        "never_sources": list(counts.never_sources),
        "states": list(counts.states),
        "trials": [int(n) for n in counts.trials],
        "n_other": int(counts.other.sum()),
        "metadata": thaw_metadata(counts.metadata),
    }


def _computation(result: BalanceTest) -> dict[str, Any]:
    """Return what computed the result: the sampler and how much it drew; None without chains."""
    findings, chains = result.findings, result.chains
    backend = findings.backend
    return {
        "method": findings.method,
        "backend": backend,
        "sampler": None if backend is None else SAMPLERS[backend],
        "chains": None if chains is None else chains.reversible.V.shape[0],
        "draws_balance": None if chains is None else chains.reversible.V.shape[1],
        "draws_cyclic": None if chains is None else chains.cyclic.V.shape[1],
        "nodes": None if findings.curve is None else len(findings.curve.nodes),
        "effort": findings.effort,
    }


def _verdict(verdict: Verdict, shown: bool) -> dict[str, Any]:
    size = verdict.size
    ceiling = verdict.ceiling if shown else None
    if ceiling is not None and ceiling.distrust is not None:
        ceiling = None
    return {
        "favours": verdict.favours,
        "strength": verdict.strength,
        "reason": verdict.reason,
        "p_balance": finite(verdict.p_balance),
        "ceiling": finite(ceiling.log_value if ceiling else None),
        "information_nats": finite(verdict.information_nats),
        "text": verdict.text,
        "size": {
            "mean": finite(size.mean if size and shown else None),
            "lower": finite(size.lower if size and shown else None),
            "upper": finite(size.upper if size and shown else None),
            "rope": finite(size.rope if size else None),
            "call": size.call if size and shown else None,
            "below_rope": finite(size.below if size and shown else None),
        },
        "trusted": verdict.trusted,
        "lower": finite(verdict.lower if shown else None),
        "upper": finite(verdict.upper if shown else None),
        "reversing_odds": finite(verdict.reversing_odds),
        "ceiling_mcse": finite(ceiling.mcse if ceiling else None),
    }


def _factor(factor: BayesFactor, shown: bool) -> dict[str, float | None]:
    if not shown:
        return {"value": None, "mcse": None}
    return {"value": finite(factor.log_value), "mcse": finite(factor.mcse)}


def _cross_check(factor: BayesFactor | None) -> dict[str, Any] | None:
    if factor is None:
        return None
    return {**_factor(factor, factor.distrust is None), "method": factor.method}


def _exact(evidence: ExactEvidence | None) -> dict[str, float | None] | None:
    if evidence is None:
        return None
    return {
        "edge_weight": finite(evidence.edge_weight),
        "reinforced": finite(evidence.reinforced),
        "unrestricted_matched": finite(evidence.unrestricted_matched),
        "log_bayes_factor": finite(evidence.log_bayes_factor),
    }


def _states(rows: Iterable[StatePotential], shown: bool) -> list[dict[str, Any]]:
    return [_state(row, shown) for row in rows]


def _state(row: StatePotential, shown: bool) -> dict[str, Any]:
    two_sided = row.bound == "two-sided"
    estimated = two_sided and shown
    # A one-sided bound is the likelihood's: it stands whatever the importance weights are.
    bounded = estimated or not two_sided
    return {
        "state": row.state,
        "mean": finite(row.mean if estimated else None),
        "mode": finite(row.mode if two_sided else None),
        "sd": finite(row.sd if estimated else None),
        "lower": finite(row.lower if bounded else None),
        "upper": finite(row.upper if bounded else None),
        "bound": row.bound,
        "component": row.component,
        "mcse": finite(row.mcse if estimated else None),
        "reference": row.reference,
    }


def _cycle(cycle: CycleAffinity, shown: bool) -> dict[str, Any]:
    return {
        "states": list(cycle.states),
        "mean": finite(cycle.mean if shown else None),
        "sd": finite(cycle.sd if shown else None),
        "lower": finite(cycle.lower if shown else None),
        "upper": finite(cycle.upper if shown else None),
        "mcse": finite(cycle.mcse if shown else None),
        "testable": cycle.testable,
    }


def _edge(edge: EdgeCirculation, shown: bool) -> dict[str, Any]:
    return {
        "source": edge.source,
        "target": edge.target,
        "mean": finite(edge.mean if shown else None),
        "sd": finite(edge.sd if shown else None),
        "lower": finite(edge.lower if shown else None),
        "upper": finite(edge.upper if shown else None),
        "mcse": finite(edge.mcse if shown else None),
        "testable": edge.testable,
    }


def _cycle_scale(result: BalanceTest, shown: bool) -> dict[str, float | None]:
    """Return the posterior of σ_c at the prior's own τ; None in it without cycles."""
    if result.findings.curve is None or not shown:
        return dict.fromkeys(("mean", "lower", "upper", "mcse"))
    post = result.findings.curve.posterior()
    return {"mean": post.mean, "lower": post.lower, "upper": post.upper, "mcse": post.mean_mcse}
