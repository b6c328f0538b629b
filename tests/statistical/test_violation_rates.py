"""Where balance breaks and by how much, on hundreds of kernels of known truth."""

import numpy as np
import pytest
from scipy.stats import kstest
from simulated import (
    OneCycle,
    one_driven_cycle,
    one_driven_loop,
    random_circulation,
    random_kernel,
    result_of,
)

from equipoise.inference.modes import lattice
from equipoise.inference.violation import ROPE_AFFINITY, violation
from equipoise.simulate import complete_edges, driven_kernel, entropy_production, sample_draws

TABLES, DRAWS = 100, 300
# Nats below the best to which the lattice of scales proposes draws: it costs efficiency only, and
# draws are five times as fast as with the 6 of the fast path. k̂ is recorded.
DEPTH = 0.5
# Two cycles that share edges may be nearly alike: fewer draws swap them.
RANK_TABLES, RANK_DRAWS = 300, 1000
STATES, TRIALS, LEAST = (10, 30), 2000, (30.0, 2000)
FEW_TRIALS, FEW_TABLES = 500, 30
SETTINGS = {
    "states": STATES,
    "graphs": "random recursive tree, and half as many to as many further edges as states",
    "potential": "Normal(0, 1)",
    "symmetric_terms": "Normal(-2.5, 1)",
    "driven": "a random cycle of the minimum basis, evenly, where at least 30 transitions each way "
    "are expected on its edges in 2,000 trials a row",
    "rope_affinity": ROPE_AFFINITY,
    "draws": DRAWS,
    "lattice_depth": DEPTH,
}


@pytest.fixture(autouse=True)
def few_proposals(monkeypatch):
    monkeypatch.setattr(lattice, "_DEPTH", DEPTH)


def judged(case: OneCycle, seed: int, draws: int) -> dict[str, float]:
    """Return what is said of a table with one driven cycle."""
    result = result_of(case.counts, draws=draws, random_seed=seed)
    found = violation(result, random_seed=seed)
    labels = tuple(case.kernel.states[k] for k in case.cycle)
    (rank,) = [k for k, cycle in enumerate(found.cycles) if cycle.states == labels]
    driven = found.cycles[rank]
    return {
        "rank": rank,
        "named": driven.named,
        "named_given_cyclic": driven.beyond > 0.95,
        "others_named": len(found.named) - driven.named,
        "any_named": bool(found.named),
        "any_named_given_cyclic": any(
            c.beyond > 0.95 and c.affinity.testable for c in found.cycles
        ),
        "expected_false": found.expected_false,
        "mean": driven.affinity.mean,
        "covered": driven.affinity.lower <= _affinity(case) <= driven.affinity.upper,
        "p_cyclic": np.nan if found.p_cyclic is None else found.p_cyclic,
        "p_value": found.entropy_production.p_value,
        "untrusted": found.distrust is not None,
        "pareto_k": result.findings.diagnostics.pareto_k,
        "passed_over": case.passed_over,
    }


def _affinity(case: OneCycle) -> float:
    here, there = np.array(case.cycle), np.roll(case.cycle, -1)
    return float(np.log(case.kernel.matrix[here, there] / case.kernel.matrix[there, here]).sum())


def family(
    number: int, tables: int, *, affinity: float, trials: int, draws: int = DRAWS
) -> dict[str, np.ndarray]:
    """Return what is said of each of many tables, by name; kernels hang on (number, table)."""
    rows = [
        judged(
            one_driven_cycle(
                np.random.default_rng([number, table]),
                states=STATES,
                affinity=affinity,
                trials=trials,
                least=LEAST,
            ),
            table,
            draws,
        )
        for table in range(tables)
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def digest(found: dict[str, np.ndarray]) -> dict[str, float]:
    return {
        "ranked_first": int(np.sum(found["rank"] == 0)),
        "ranked_in_first_three": int(np.sum(found["rank"] < 3)),
        "named": int(found["named"].sum()),
        "named_were_p_given_cyclic": int(found["named_given_cyclic"].sum()),
        "tables_with_anything_named": int(found["any_named"].sum()),
        "tables_with_anything_named_were_p_given_cyclic": int(
            found["any_named_given_cyclic"].sum()
        ),
        "mean_number_of_others_named": found["others_named"].mean(),
        "mean_expected_false": found["expected_false"].mean(),
        "mean_affinity": found["mean"].mean(),
        "interval_of_its_affinity_covers": found["covered"].mean(),
        "p_value_below_0.05": int(np.sum(found["p_value"] < 0.05)),
        "pareto_k_max": found["pareto_k"].max(),
        "not_trusted": int(found["untrusted"].sum()),
        "tables_passed_over": int(found["passed_over"].sum()),
    }


@pytest.mark.slow
def test_a_driven_cycle_is_ranked_first_and_named(record):
    # The ranking was chosen on tables of family 61; these it has not seen.
    weak = family(71, RANK_TABLES, affinity=1.5, trials=TRIALS, draws=RANK_DRAWS)
    strong = family(62, TABLES, affinity=3.0, trials=TRIALS, draws=RANK_DRAWS)
    first = weak["rank"] == 0
    failures = record(
        "violation-driven-cycle",
        "one driven cycle of the minimum basis among 10 to 30 states, 2,000 trials a row: is it "
        "ranked first, is it named?",
        settings={
            **SETTINGS,
            "draws": RANK_DRAWS,
            "tables": {"A = 1.5": RANK_TABLES, "A = 3": TABLES},
            "trials_a_row": TRIALS,
            "families": [71, 62],
        },
        claims=[
            ("A = 1.5: ranked first, of the first 100", float(first[:100].sum()), 95, None),
            (f"A = 1.5: share ranked first, of {RANK_TABLES}", first.mean(), 0.95, None),
            ("A = 3: named, of 100", float(strong["named"].sum()), 90, None),
        ],
        numbers={"A = 1.5": digest(weak), "A = 3": digest(strong)},
    )
    assert not failures


def edges_of(cycle):
    return {frozenset(pair) for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True)}


LOOP_LENGTHS, LOOP_TABLES = (4, 8), 100


@pytest.mark.slow
def test_a_driven_loop_is_listed_first(record):
    """A loop that is in no basis: it has to be found, and to come before its parts."""
    numbers = {}
    for affinity in (1.5, 3.0, 4.5):
        first = listed = named = others = 0
        for place in range(LOOP_TABLES if affinity == 3.0 else FEW_TABLES):
            case = one_driven_loop(
                np.random.default_rng([73, place]),
                states=STATES,
                lengths=LOOP_LENGTHS,
                affinity=affinity,
                trials=TRIALS,
                least=LEAST[0],
            )
            result = result_of(case.counts, draws=DRAWS, random_seed=place)
            found = violation(result, random_seed=place)
            driven = edges_of([case.kernel.states[k] for k in case.cycle])
            ranks = [k for k, c in enumerate(found.cycles) if edges_of(c.states) == driven]
            first += ranks[:1] == [0]
            listed += bool(ranks)
            named += any(found.cycles[k].named for k in ranks)
            others += sum(c.origin == "loop" for c in found.cycles) - len(ranks)
        tables = place + 1
        numbers[f"A = {affinity:g}"] = {
            "tables": tables,
            "ranked_first": first,
            "listed": listed,
            "named": named,
            "mean_number_of_other_loops_listed": others / tables,
        }
    failures = record(
        "violation-driven-loop",
        "one driven loop of 4 to 8 of 10 to 30 states that is in no minimum basis, 2,000 trials a "
        "row: is it listed first?",
        settings={
            **SETTINGS,
            "graphs": "as for a driven cycle; half of them with up to 2 S further edges",
            "driven": "a loop met by a walk that never turns back, where at least 30 transitions "
            "each way are expected on its edges",
            "trials_a_row": TRIALS,
            "family": 73,
        },
        claims=[("A = 3: ranked first, of 100", float(numbers["A = 3"]["ranked_first"]), 85, None)],
        numbers=numbers,
    )
    assert not failures


@pytest.mark.slow
def test_nothing_is_named_in_reversible_tables(record):
    found = family(63, TABLES, affinity=0.0, trials=TRIALS)
    failures = record(
        "violation-reversible",
        "cycles named in reversible tables of 10 to 30 states, 2,000 trials a row.",
        settings={**SETTINGS, "tables": TABLES, "trials_a_row": TRIALS, "family": 63},
        claims=[("nothing named, of 100", float(np.sum(~found["any_named"])), 95, None)],
        numbers={"A = 0": digest(found)},
    )
    assert not failures


@pytest.mark.slow
def test_the_curve_at_few_trials(record):
    curve = {
        f"A = {affinity:g}": digest(family(64, FEW_TABLES, affinity=affinity, trials=FEW_TRIALS))
        for affinity in (0.75, 1.5, 3.0, 4.5)
    }
    record(
        "violation-500-trials",
        "one driven cycle among 10 to 30 states, 500 trials a row: how often it is ranked first "
        "and named, against its affinity. Measured, with no target.",
        settings={**SETTINGS, "tables": FEW_TABLES, "trials_a_row": FEW_TRIALS, "family": 64},
        claims=[],
        numbers=curve,
    )


REVERSIBLE_TABLES, REVERSIBLE_TRIALS = 200, 1000


@pytest.mark.slow
def test_entropy_production_against_its_null(record):
    """In reversible tables the estimate is a draw of its null."""
    p_values, estimates, means, tops, untrusted = [], [], [], [], 0
    for table in range(REVERSIBLE_TABLES):
        rng = np.random.default_rng([65, table])
        kernel = random_kernel(rng, int(rng.integers(4, 8, endpoint=True)), 1.0)
        result = result_of(
            sample_draws(kernel, REVERSIBLE_TRIALS, rng), draws=DRAWS, random_seed=table
        )
        rate = violation(result, random_seed=table).entropy_production
        untrusted += not result.converged
        p_values.append(rate.p_value)
        estimates.append(rate.per_trial.mean)
        means.append(rate.null_mean)
        tops.append(rate.null_upper)
    ratio = np.array(estimates) / np.array(means)
    failures = record(
        "violation-null",
        "entropy production of reversible tables against its null, 4 to 8 states, 1,000 trials a "
        "row.",
        settings={
            "tables": REVERSIBLE_TABLES,
            "trials_a_row": REVERSIBLE_TRIALS,
            "graphs": "half complete, half random and connected with a cycle at least",
            "potential": "Normal(0, 1)",
            "symmetric_terms": "Normal(-2.5, 1)",
            "draws": DRAWS,
            "lattice_depth": DEPTH,
            "family": 65,
        },
        claims=[("share with p < 0.05", np.mean(np.array(p_values) < 0.05), None, 0.09)],
        numbers={
            "not_trusted": untrusted,
            "share_with_p_below_0.01": np.mean(np.array(p_values) < 0.01),
            "share_with_p_below_0.1": np.mean(np.array(p_values) < 0.1),
            "share_with_p_below_0.5": np.mean(np.array(p_values) < 0.5),
            "p_quantiles_10_25_50_75_90": np.quantile(p_values, [0.1, 0.25, 0.5, 0.75, 0.9]),
            "kolmogorov_smirnov_p_of_uniform": kstest(p_values, "uniform").pvalue,
            "estimate_over_mean_of_null_mean": ratio.mean(),
            "estimate_over_mean_of_null_error": ratio.std(ddof=1) / np.sqrt(len(ratio)),
            "estimate_over_mean_of_null_quantiles_10_50_90": np.quantile(ratio, [0.1, 0.5, 0.9]),
            "upper_over_mean_of_null_median": np.median(np.array(tops) / np.array(means)),
        },
    )
    assert not failures


COVERED_TABLES, COVERED_TRIALS, COVERAGE = 100, 3000, 0.90
# States and ρ.
DRIVEN = {
    "ring of 3, rho 0.3": (3, 0.3),
    "5 states, rho 0.5": (5, 0.5),
    "5 states, rho 0.2": (5, 0.2),
    "5 states, rho 0.05": (5, 0.05),
    "7 states, rho 0.3": (7, 0.3),
}


@pytest.mark.slow
def test_coverage_of_the_entropy_production(record):
    numbers, claims = {}, []
    for place, (name, (n_states, rho)) in enumerate(DRIVEN.items()):
        rng = np.random.default_rng([66, place])
        edges = complete_edges(n_states)
        kernel = driven_kernel(
            rng.normal(0.0, 1.0, n_states),
            rng.normal(-2.5, 1.0, len(edges)),
            random_circulation(rng, n_states, edges, rho),
            edges=edges,
        )
        truth = entropy_production(kernel)
        rates = [
            violation(
                result_of(
                    sample_draws(kernel, COVERED_TRIALS, np.random.default_rng([67, place, table])),
                    draws=DRAWS,
                    random_seed=table,
                ),
                random_seed=table,
            ).entropy_production
            for table in range(COVERED_TABLES)
        ]
        covered = np.mean([r.per_trial.lower <= truth <= r.per_trial.upper for r in rates])
        mean = np.mean([r.per_trial.mean for r in rates])
        null = np.mean([r.null_mean for r in rates])
        numbers[name] = {
            "truth": truth,
            "coverage": covered,
            "mean_estimate": mean,
            "mean_of_null": null,
            "mean_width": np.mean([r.per_trial.upper - r.per_trial.lower for r in rates]),
            "truth_below_interval": np.mean([truth < r.per_trial.lower for r in rates]),
            "p_below_0.05": np.mean([r.p_value < 0.05 for r in rates]),
        }
        if mean > 5 * null:
            claims.append((f"{name}: coverage", covered, COVERAGE, None))
    failures = record(
        "violation-entropy-coverage",
        "95 % intervals of the entropy production of fixed driven kernels, 3,000 trials a row; "
        "held to 0.90 where its mean exceeds five times that of the null.",
        settings={
            "tables": COVERED_TABLES,
            "trials_a_row": COVERED_TRIALS,
            "graphs": "complete",
            "potential": "Normal(0, 1)",
            "symmetric_terms": "Normal(-2.5, 1)",
            "draws": DRAWS,
            "lattice_depth": DEPTH,
        },
        claims=claims,
        numbers=numbers,
    )
    assert claims
    assert not failures
