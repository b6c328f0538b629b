"""Features on hundreds of tables of known truth, and against MCMC."""

import numpy as np
import pytest
from compared import drawn
from simulated import sparse_edges

from equipoise.inference.features import explain
from equipoise.inference.features.estimates import predictions_of
from equipoise.inference.features.fit import draws_of, solve
from equipoise.inference.features.problem import feature_problem
from equipoise.inference.features.sample import feature_posterior
from equipoise.inference.features.signal import explaining
from equipoise.inference.features.table import feature_table
from equipoise.inference.features.verdict import feature_verdict, sensitivity_of

SETS, DRAWS = 150, 500
STATES = (8, 20)


def fit_of(counts, values, rng, *, embedding=False, draws=DRAWS, states=None):
    """Fit as `explain` does, more draws where k̂ asks for them; without what stands beside."""
    problem = feature_problem(counts)
    labels = counts.states if states is None else states
    ready = explaining(
        problem, feature_table(values, states=labels), embedding=embedding, scale=5.0
    )
    for many in (draws, 4 * draws):
        fit = solve(problem, ready.signals, draws=many, rng=rng)
        verdict = feature_verdict(sensitivity_of(fit))
        if verdict.distrust is None:
            break
    return ready, fit, verdict


def table(rng, trials=500):
    """Draw a table whose potential has scales from ordinary ranges, and two features."""
    n = int(rng.integers(*STATES, endpoint=True))
    columns = rng.normal(size=(n, 2))
    signal, rest = abs(rng.normal()), 0.3 + abs(rng.normal())
    beta = signal * rng.normal(size=2)
    potential = columns @ beta + rest * rng.normal(size=n)
    return drawn(potential, sparse_edges(rng, n), trials, rng), columns, beta, rest


@pytest.mark.slow
def test_coefficients_are_covered_and_useless_features_refused(record):
    inside, scales, untrusted, factors, useless = [], 0, 0, [], []
    for number in range(SETS):
        rng = np.random.default_rng([91, number])
        counts, columns, beta, rest = table(rng)
        _, fit, verdict = fit_of(counts, columns, rng)
        untrusted += verdict.distrust is not None
        factors.append(verdict.log_bayes_factor)
        found = draws_of(fit, rng)
        unit = columns.std(axis=0)
        low, high = np.quantile(found.coefficients, [0.025, 0.975], axis=0)
        inside.append((low <= beta * unit) & (beta * unit <= high))
        low, high = np.quantile(found.residual_scale, [0.025, 0.975])
        scales += low <= rest <= high
        if number < 100:
            noise = rng.normal(size=columns.shape)
            useless.append(fit_of(counts, noise, rng)[2])
    coverage = float(np.mean(inside))
    values = np.array([verdict.log_bayes_factor for verdict in useless])
    claims = [
        ("95 % intervals of 300 coefficients that hold them", coverage, 0.91, 0.985),
        ("95 % intervals of σ_ε that hold it, of 150", scales / SETS, 0.9, 0.99),
        ("unrelated features: log BF < 0, of 100", float(np.sum(values < 0)), 80, None),
        (
            "unrelated features called an explanation, of 100",
            float(sum(one.favours == "features" for one in useless)),
            None,
            10,
        ),
    ]
    failures = record(
        "features",
        "coefficients of two features, 8 to 20 states, 500 trials a row; features unrelated to the "
        "potential.",
        settings={
            "sets": SETS,
            "states": STATES,
            "trials": 500,
            "family": 91,
            "draws": DRAWS,
            "beta": "Normal(0, s), s ~ HalfNormal(1)",
            "rest": "0.3 + HalfNormal(1)",
            "graphs": "random recursive tree, and half as many to as many further edges as states",
        },
        claims=claims,
        numbers={
            "log_bf_quantiles_5_25_50_75_95": np.quantile(factors, [0.05, 0.25, 0.5, 0.75, 0.95]),
            "unrelated_log_bf_quantiles_5_25_50_75_95": np.quantile(
                values, [0.05, 0.25, 0.5, 0.75, 0.95]
            ),
            "not_trusted": untrusted,
        },
    )
    assert not failures


@pytest.mark.slow
def test_smooth_potentials_are_continued_with_honest_intervals(record):
    """Potentials drawn from the Gaussian process itself; four states of sixteen never seen."""
    sets, unseen, inside, gaps, spreads, better = 20, 4, [], [], [], 0
    for number in range(sets):
        rng = np.random.default_rng([92, number])
        points = rng.uniform(-1, 1, size=(16, 2))
        length = float(np.exp(rng.normal(-0.3, 0.4)))
        square = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
        root = np.linalg.cholesky(np.exp(-0.5 * square / length**2) + 1e-9 * np.eye(16))
        potential = 1.5 * root @ rng.normal(size=16) + 0.2 * rng.normal(size=16)
        seen = 16 - unseen
        counts = drawn(potential[:seen], sparse_edges(rng, seen), 1000, rng)
        labels = [*counts.states, *(f"new{k}" for k in range(unseen))]
        ready, fit, verdict = fit_of(counts, points, rng, embedding=True, draws=150, states=labels)
        origin = fit.problem.references[fit.problem.main]
        true = potential - potential[origin]
        predictions = predictions_of(fit.problem, ready, draws_of(fit, rng))
        for one, value in zip(predictions, true[seen:], strict=True):
            inside.append(one.lower <= value <= one.upper)
            gaps.append(one.mean - value)
            spreads.append(value - true[:seen].mean())
        better += verdict.log_bayes_factor > 0
    gaps, spreads = np.array(gaps), np.array(spreads)
    failures = record(
        "features-embedding",
        "potentials of never seen states predicted from an embedding, drawn from a Gaussian "
        "process over 16 points of a plane.",
        settings={"sets": sets, "family": 92, "states": 16, "unseen": unseen, "draws": 150},
        claims=[
            (f"95 % intervals of {len(inside)} that hold Φ", float(np.mean(inside)), 0.88, 0.995),
            (
                "error of prediction over that of the mean of all seen states",
                float(np.sqrt((gaps**2).mean() / (spreads**2).mean())),
                None,
                0.8,
            ),
        ],
        numbers={"log BF > 0, of 20": better},
    )
    assert not failures


@pytest.mark.slow
@pytest.mark.parametrize("embedding", [False, True])
def test_mcmc_finds_the_same(embedding, record):
    rng = np.random.default_rng(5)
    counts, columns, _, _ = table(rng)
    columns = columns[: len(counts.states)]
    common = {"states": counts.states, "embedding": embedding}
    fast = explain(counts, columns, random_seed=1, scores=False, **common)
    tree = feature_posterior(counts, columns, random_seed=1, cores=1, draws=1500, **common)
    chains = tree["posterior"].to_dataset()
    n = len(counts.states)
    ours, theirs = fast.draws.potential, chains["Phi"].values.reshape(-1, n)
    sd = theirs.std(axis=0)
    claims = [
        (
            "Φ: largest gap of means, posterior sd",
            float(np.max(np.abs(ours.mean(0) - theirs.mean(0)) / sd)),
            None,
            0.15,
        ),
        ("Φ: largest ratio of sd", float(np.max(ours.std(0) / sd)), 0.9, 1.1),
        ("Φ: least ratio of sd", float(np.min(ours.std(0) / sd)), 0.9, 1.1),
    ]
    pairs = [("sigma_eps", fast.draws.residual_scale), ("share", fast.draws.share)]
    pairs += [("sigma_f" if embedding else "sigma_beta", fast.draws.signal_scale)]
    for name, mine in pairs:
        chain = chains[name].values.ravel()
        gap = (np.median(mine) - np.median(chain)) / chain.std()
        claims.append((f"{name}: gap of medians, posterior sd", float(gap), -0.15, 0.15))
    assert int(tree["sample_stats"]["diverging"].values.sum()) == 0
    kind = "embedding" if embedding else "columns"
    failures = record(
        f"features-mcmc-{kind}",
        f"posterior of potentials explained by {kind}: the fast path against NUTS.",
        settings={"states": n, "seed": 5, "trials": 500},
        claims=claims,
        numbers={},
    )
    assert not failures
