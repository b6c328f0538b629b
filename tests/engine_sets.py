"""Tables drawn from the prior on one graph, and ranks of what drew them in their posterior."""

from dataclasses import replace

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.inference.posterior.numpy_sampler import numpy_sampler
from equipoise.inference.posterior.prior import prior_draws
from equipoise.inference.problem import Problem, problem_of
from equipoise.models import Priors

RANKED = 99
FEWEST, MOST = 15, 120
QUANTITIES = ("V", "V difference", "s", "affinity", "sigma_V", "sigma_s", "mu_s", "sigma_c")


def graph_of_four() -> Problem:
    """Four states, five edges, two cycles; its counts are replaced."""
    matrix = np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]])
    counts = TransitionCounts.from_matrix(matrix, states=list("dacb"))
    return problem_of(counts, priors=Priors(), likelihood="multinomial")


def simulated(family: int, number: int):
    """Return a question whose counts were drawn from the prior, and the parameters behind them."""
    rows = graph_of_four()
    seed = int(np.random.SeedSequence((family, number)).generate_state(1)[0])
    truth = prior_draws(rows, cyclic=True, cycle_sd=None, draws=1, random_seed=seed)
    rng = np.random.default_rng(seed + 1)
    eta = truth.theta(rows)[0, 0] @ rows.cyclic().design.T
    trials = rng.integers(FEWEST, MOST, rows.graph.n_states)
    along = rows.likelihood.probabilities(eta)
    source = rows.likelihood.arcs.source
    counts = np.zeros(len(source))
    for state, many in enumerate(trials):
        leaving = np.flatnonzero(source == state)
        p = np.append(along[leaving], 1.0 - along[leaving].sum())
        counts[leaving] = rng.multinomial(many, np.maximum(p, 0.0) / np.maximum(p, 0.0).sum())[:-1]
    drawn = replace(rows.likelihood, counts=counts, trials=trials.astype(float))
    return replace(rows, likelihood=drawn), truth


def quantities(problem: Problem, draws):
    """Return what is ranked by name, (chains, draws) each."""
    c = problem.cyclic().cycles(draws.theta(problem))
    found = {
        "V": draws.V[..., 0],
        "V difference": draws.V[..., 1] - draws.V[..., 3],
        "s": draws.s[..., 2],
        "affinity": c[..., 0] + c[..., 2] - c[..., 1],
    }
    return found | {name: draws.scales[name] for name in QUANTITIES if name in draws.scales}


def ranks_by_numpy(family: int, number: int, *, priors: Priors | None = None):
    """Return the ranks of the truth among thinned draws by the chains in NumPy, and divergences."""
    problem, truth = simulated(family, number)
    if priors is not None:
        problem = problem.with_priors(priors)
    found = numpy_sampler(problem).draw(draws=160, tune=60, random_seed=number)
    ranks = {}
    behind = quantities(problem, truth)
    for name, values in quantities(problem, found).items():
        flat = values.T.ravel()  # a draw of each chain after the other
        kept = flat[np.linspace(0, len(flat) - 1, RANKED).round().astype(int)]
        ranks[name] = int((kept < behind[name][0, 0]).sum())
    return ranks, int(found.stats["diverging"].sum())
