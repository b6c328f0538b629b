"""The quantities whose ranks are taken, and the rank of a truth among draws."""

import numpy as np

from equipoise.inference.calibration.simulate import Simulated
from equipoise.inference.posterior.derived import flows_of
from equipoise.inference.problem import Problem
from equipoise.inference.weighted import potential_of, violation_of
from equipoise.likelihoods import FloatArray, MultinomialRows
from equipoise.models.latent import LatentModel

#: Draws among which a truth is ranked: ranks run from 0 to this.
RANKED = 99


def quantities(
    data: Simulated, problem: Problem, theta: FloatArray, cycle_scale: FloatArray | None
) -> dict[str, FloatArray]:
    """Return each quantity at parameter vectors, by name.

    Parameters
    ----------
    data
        Says which hypothesis is true, and which state and edges are looked at.
    problem
        As inference had it.
    theta
        Parameter vectors ``(v, z, s)`` of the true hypothesis, shape (n, d).
    cycle_scale
        σ_c that goes with each, shape (n,); None under balance.

    Returns
    -------
    dict
        ``potential`` (Φ, or the gradient part under the cyclic hypothesis, of one state above state
        0), ``symmetric`` (s of one edge), ``likelihood`` (the log-likelihood, which sees every
        parameter at once: Modrák et al. 2023, Bayesian Anal.); under the cyclic hypothesis
        ``circulation`` (c of one edge), ``cycle scale`` (σ_c), ``entropy production`` and, where a
        cycle is testable, ``violation`` (ρ). Shape (n,) each. ``symmetric`` and ``entropy
        production`` do not exist for the pairwise likelihood.
    """
    model = problem.cyclic() if data.cyclic else problem.reversible()
    potential = potential_of(model, theta)
    found = {
        "potential": potential[:, data.state] - potential[:, 0],
        "likelihood": problem.likelihood.log_likelihood(theta @ model.design.T),
    }
    rows = problem.likelihood
    if isinstance(rows, MultinomialRows):
        found["symmetric"] = theta[:, model.lift.shape[1] + model.n_cycles + data.edge]
    if data.cyclic and cycle_scale is not None:
        c = model.cycles(theta)
        found["circulation"] = c[:, data.cycle_edge]
        found["cycle scale"] = cycle_scale
        if problem.graph.n_testable_cycles:
            found["violation"] = violation_of(problem.graph, c)
        if isinstance(rows, MultinomialRows):
            found["entropy production"] = entropy_production(rows, model, theta, problem)
    return found


def entropy_production(
    rows: MultinomialRows, model: LatentModel, theta: FloatArray, problem: Problem
) -> FloatArray:
    """Return the entropy production rate of kernels, nats a trial, shape (n,).

    ``½ Σ_ij J_ij log(F_ij/F_ji)`` with ``F_ij = π_i P_ij`` (Schnakenberg 1976).
    """
    flows = flows_of(rows, model, theta, problem.graph.component)
    return np.asarray(flows.entropy_production.sum(axis=1))


def rank(truth: float, draws: FloatArray, rng: np.random.Generator) -> int:
    """Return how many draws lie below the truth, 0 to n; ties are broken at random."""
    below = int(np.count_nonzero(draws < truth))
    ties = int(np.count_nonzero(draws == truth))
    return below + int(rng.integers(ties + 1))
