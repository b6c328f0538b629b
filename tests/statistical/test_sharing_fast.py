"""The fast path of a comparison on skew tables: its stated error, and MCMC beside it."""

from collections import Counter
from math import hypot

import numpy as np
import pytest
from scipy.stats import chi2

import equipoise as eq
from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.fast.evidence import solve
from equipoise.inference.comparison.models import kernel_data
from equipoise.models import Priors

REPEATS, DRAWS, TRIALS = 12, 200, 2000
FALSE_ALARM = 1e-4


def bundled_pair(first, task="weekday"):
    found = datasets.small_models(task)
    return {name: found[name] for name in list(found)[first : first + 2]}


def simulated_halves(trials, seed):
    """Draw twice half of the trials from the exact kernel of the weekday agent."""
    kernel, rng = datasets.smollm2_weekday_kernel(), np.random.default_rng(seed)
    days, found = list(kernel.states), {}
    rows = np.column_stack([kernel.matrix, kernel.other])
    for name in ("first", "second"):
        table = np.array([rng.multinomial(trials // 2 // len(days), row) for row in rows])
        found[name] = TransitionCounts.from_matrix(table[:, :-1], states=days, other=table[:, -1])
    return found


def halves_of_weekday():
    """Even and odd draws of the weekday agent: one kernel, twice."""
    days = datasets.smollm2_weekday().states
    counted = {"even": Counter(), "odd": Counter()}
    for draw in datasets.smollm2_weekday_draws():
        counted["odd" if draw.number % 2 else "even"][draw.source, draw.target] += 1
    return {
        name: TransitionCounts.from_matrix(
            [[own[a, b] for b in days] for a in days],
            states=days,
            other=[own[a, ""] for a in days],
        )
        for name, own in counted.items()
    }


@pytest.mark.slow
def test_the_stated_error_of_the_fast_path_is_its_spread(record):
    tables = {
        "two halves of 2,000 draws from the weekday kernel": simulated_halves(TRIALS, 1),
        "two models at T = 0.7, weekdays": bundled_pair(2),
    }
    # What repeats can show of an error that is right, for all 14 numbers together.
    low, high = np.sqrt(chi2.ppf([FALSE_ALARM / 28, 1 - FALSE_ALARM / 28], REPEATS - 1))
    low, high = (float(edge) / (REPEATS - 1) ** 0.5 for edge in (low, high))
    claims, numbers, squares = [], {}, []
    for label, counts in tables.items():
        kernels = kernels_of(counts)
        data = kernel_data(kernels)
        fits = [
            solve(
                kernels,
                data,
                Priors(),
                cycles=True,
                draws=DRAWS,
                rng=np.random.default_rng([97, seed]),
            )
            for seed in range(REPEATS)
        ]
        rows = [[(h.log_evidence, h.mcse) for h in one.hypotheses()] for one in fits]
        rows = np.array([[*row, one.factor(1.0)] for row, one in zip(rows, fits, strict=True)])
        stated = np.sqrt((rows[..., 1] ** 2).mean(axis=0))
        ratio = rows[..., 0].std(axis=0, ddof=1) / stated
        squares.append(ratio**2)
        refused = sum(any(h.distrust for h in one.hypotheses()) for one in fits)
        claims.append((f"{label}: runs refused, of {REPEATS}", float(refused), None, 1.0))
        names = [
            f"{h.potentials}{', cycles' if h.cyclic else ''}" for h in fits[0].hypotheses()
        ] + ["log BF"]
        ratios = list(zip(names, ratio.tolist(), strict=True))
        numbers[label] = {
            name: {"mean": m, "stated_error": e, "spread_over_error": r}
            for name, m, e, r in zip(names, rows[..., 0].mean(axis=0), stated, ratio, strict=True)
        }
        claims += [(f"{label}, {n}: spread over stated error", r, low, high) for n, r in ratios]
    overall = float(np.sqrt(np.mean(squares)))
    claims.append(("spread over stated error, root mean square of all", overall, 0.7, 1.4))
    failures = record(
        "sharing-fast-repeats",
        "spread of the fast path's evidences over repeats, over the error it states.",
        settings={"repeats": REPEATS, "draws": DRAWS, "seeds": [97], "trials": TRIALS},
        claims=claims,
        numbers=numbers,
    )
    assert not failures


@pytest.mark.slow
def test_defaults_on_bundled_pairs_have_no_divergences(record):
    """MCMC and the fast path, at their defaults."""
    pairs = {
        "weekday draws, even and odd": halves_of_weekday(),
        "two models, weekdays, T = 1": bundled_pair(0),
        "two models, weekdays, T = 0.7": bundled_pair(2),
        "Claude-4 and Gemini": {
            name: datasets.load(name) for name in ("claude-4", "gemini-2.5-flash")
        },
    }
    claims, numbers = [], {}
    for label, counts in pairs.items():
        found = eq.compare(counts, random_seed=1)
        fast = eq.compare(counts, fast=True, random_seed=2)
        ours, theirs = found.verdict, fast.verdict
        claims += [
            (f"{label}: divergences", float(found.diagnostics.divergences), None, 0.0),
            (f"{label}: worst R-hat", found.diagnostics.r_hat_max, None, 1.01),
            (f"{label}: least effective draws", found.diagnostics.ess_bulk_min, 400.0, None),
            (f"{label}: MCMC trusted", float(found.converged), 1.0, None),
            (f"{label}: fast path trusted", float(fast.converged), 1.0, None),
            (
                f"{label}: log BF by MCMC less that of the fast path, errors",
                (ours.log_bayes_factor - theirs.log_bayes_factor)
                / hypot(ours.mcse, theirs.mcse, 0.02),
                -4.0,
                4.0,
            ),
        ]
        numbers[label] = {
            "favours": [ours.favours, theirs.favours],
            "log_bayes_factor": [ours.log_bayes_factor, theirs.log_bayes_factor],
            "mcse": [ours.mcse, theirs.mcse],
            "r_hat_max": found.diagnostics.r_hat_max,
            "ess_bulk_min": found.diagnostics.ess_bulk_min,
            "fast_pareto_k": max(h.pareto_k for h in fast.hypotheses),
            "log_evidence": {
                f"{a.potentials}{', cycles' if a.cyclic else ''}": [
                    a.log_evidence,
                    a.mcse,
                    b.log_evidence,
                    b.mcse,
                ]
                for a, b in zip(found.hypotheses, fast.hypotheses, strict=True)
            },
        }
    failures = record(
        "compare-bundled",
        "eq.compare at its defaults on pairs of bundled kernels, by MCMC and on the fast path.",
        settings={"random_seed": {"MCMC": 1, "fast path": 2}},
        claims=claims,
        numbers=numbers,
    )
    assert not failures
