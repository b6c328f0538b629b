"""Chains in NumPy against NUTS on the PyMC model, table by table; their ranks; their speed."""

import sys
import time

import numpy as np
import pytest
from arviz_stats.base import array_stats
from engine_sets import FEWEST, MOST, QUANTITIES, RANKED, ranks_by_numpy
from mcmc_tables import TABLES, counts_named
from reference_values import REFERENCES

from equipoise.inference.calibration.ranks import check_ranks
from equipoise.inference.evidence.path import walk_path
from equipoise.inference.posterior.compiled import compile_sampler
from equipoise.inference.posterior.convergence import convergence
from equipoise.inference.posterior.numpy_sampler import USUAL, numpy_sampler
from equipoise.inference.problem import problem_of
from equipoise.inference.weighted import potential_of, violation_of
from equipoise.models import Priors

SETS, CONTROL = 120, 60
FALSE_ALARM = 1e-4 / 20
#: A table has some 100 numbers, of eight tables and two hypotheses: false alarm below 1e-4.
WITHIN = 5.6
OWN = ("six", "ring")


def columns(problem, draws, *, cyclic):
    """Return everything that is drawn, and Φ, c and ρ, a column each, (chains, draws, n)."""
    model = problem.cyclic() if cyclic else problem.reversible()
    theta = draws.theta(problem, cyclic=cyclic)
    potential = potential_of(model, theta)
    parts = [draws.V, draws.s, potential - potential[..., :1]]
    if cyclic:
        c = model.cycles(theta)
        parts += [c, violation_of(problem.graph, c)[..., None]]
    for name in sorted(draws.scales):
        values = draws.scales[name][..., None]
        parts += [values] if name == "mu_s" else [values, np.log(values)]
    found = np.concatenate(parts, axis=-1)
    return found[..., found.std(axis=(0, 1)) > 1e-9]


def standard_errors(one, two):
    """Return the differences of first and second moments in units of their errors."""
    centre = two.mean(axis=(0, 1))
    z = []
    for power in (1, 2):
        for x, y in zip(
            np.moveaxis((one - centre) ** power, -1, 0),
            np.moveaxis((two - centre) ** power, -1, 0),
            strict=True,
        ):
            error = np.hypot(float(array_stats.mcse(x)), float(array_stats.mcse(y)))
            z.append((x.mean() - y.mean()) / error)
    return np.array(z)


@pytest.mark.slow
def test_moments_are_those_of_nuts_on_the_pymc_model(record):
    claims, numbers = [], {}
    for name in (*OWN, *TABLES):
        for scales in ("learned", "fixed"):
            problem = problem_of(
                counts_named(name), priors=Priors(scales=scales), likelihood="multinomial"
            )
            ours, theirs = numpy_sampler(problem), compile_sampler(problem)
            for cyclic in (False, True):
                label = f"{name}, scales {scales}, {'with cycles' if cyclic else 'given balance'}"
                sd = None if cyclic else 0.0
                start = time.process_time()
                one = ours.draw(cycle_sd=sd, random_seed=11)
                seconds = time.process_time() - start
                two = theirs.draw(cycle_sd=sd, random_seed=3, draws=1500)
                state = convergence(problem, one, cyclic=cyclic)
                other = convergence(problem, two, cyclic=cyclic)
                z = standard_errors(
                    columns(problem, one, cyclic=cyclic), columns(problem, two, cyclic=cyclic)
                )
                claims += [
                    (f"{label}: largest difference in errors", float(abs(z).max()), None, WITHIN),
                    (f"{label}: R-hat", state.r_hat_max, None, 1.01),
                    (f"{label}: least bulk ESS", state.ess_bulk_min, 400.0, None),
                    (f"{label}: divergences", float(state.divergences), None, 0.0),
                ]
                numbers[label] = {
                    "moments": len(z),
                    "rms_z": float(np.sqrt((z**2).mean())),
                    "cpu_seconds": round(seconds, 1),
                    "nuts_ess": other.ess_bulk_min,
                    "nuts_divergences": other.divergences,
                }
    failures = record(
        "engine-moments",
        "first and second moments of everything drawn, Φ, c and ρ, by the chains in NumPy at their "
        "defaults against NUTS (nutpie, 4 chains of 1,500) on the PyMC model.",
        settings={"chains": USUAL.chains, "draws": USUAL.draws, "tune": USUAL.tune},
        claims=claims,
        numbers=numbers,
    )
    assert not failures


@pytest.mark.slow
def test_the_path_meets_the_reference_values(record):
    claims, numbers = [], {}
    for (name, scales), reference in REFERENCES.items():
        problem = problem_of(
            counts_named(name), priors=Priors(scales=scales), likelihood="multinomial"
        )
        start = time.process_time()
        fits = [walk_path(numpy_sampler(problem), random_seed=seed) for seed in range(3)]
        seconds = (time.process_time() - start) / len(fits)
        for k, tau in enumerate((0.5, 1.0, 2.0)):
            factors = [fit.log_bayes_factor(tau) for fit in fits]
            values = np.array([factor.log_value for factor in factors])
            errors = np.array([factor.mcse for factor in factors])
            z = np.abs(values - reference.values[k]) / np.hypot(errors, reference.error)
            label = f"{name}, scales {scales}, τ = {tau:g}"
            claims += [
                (f"{label}: from the reference, in errors", float(z.max()), None, 3.5),
                (
                    f"{label}: withheld",
                    float(sum(factor.distrust is not None for factor in factors)),
                    None,
                    0.0,
                ),
            ]
            numbers[label] = {"log_bf": values.tolist(), "mcse": errors.tolist()}
        numbers[f"{name}, scales {scales}: cpu_seconds"] = round(seconds, 1)
    failures = record(
        "engine-path",
        "log Bayes factors by the path of the chains in NumPy, three seeds, against the reference "
        "values of the design.",
        settings={"python": sys.version.split()[0]},
        claims=claims,
        numbers=numbers,
    )
    assert not failures


def judged(rows):
    claims, numbers = [], {}
    for name in QUANTITIES:
        ranks = np.array([row[name] for row, _ in rows])
        found = check_ranks("pooled", name, ranks, RANKED, FALSE_ALARM)
        beyond = np.maximum(found.difference - found.upper, found.lower - found.difference).max()
        claims.append((name, float(beyond)))
        numbers[name] = np.bincount(ranks * 8 // (RANKED + 1), minlength=8)
    return claims, numbers


@pytest.mark.slow
def test_ranks_by_the_chains_in_numpy_are_uniform(record):
    rows = [ranks_by_numpy(71, k) for k in range(SETS)]
    found, numbers = judged(rows)
    wrong = Priors(cycle_scale=0.4, symmetric_mean_sd=1.0)
    control, shown = judged([ranks_by_numpy(72, k, priors=wrong) for k in range(CONTROL)])
    claims = [(f"ranks of {name} leave their band by", by, None, 0.0) for name, by in found]
    claims.append(("sets with a divergence", float(sum(d > 0 for _, d in rows)), None, 3.0))
    claims += [
        (f"control, τ = 0.4 for 1 and μ_s too narrow: ranks of {name} leave by", by, 1e-9, None)
        for name, by in control
        if name in ("sigma_c", "mu_s")
    ]
    failures = record(
        "engine-sbc",
        "ranks of prior draws in the posterior with cycles by the chains in NumPy, scales learned; "
        "beside it a control with wrong priors, which must fail.",
        settings={"states": 4, "edges": 5, "trials": [FEWEST, MOST], "ranked": RANKED}
        | {"sets": SETS, "control": CONTROL, "families": [71, 72]},
        claims=claims,
        numbers={"ranks": numbers, "control": shown},
    )
    assert not failures
