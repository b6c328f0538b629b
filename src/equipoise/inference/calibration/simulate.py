"""Data set k of a calibration: parameters from the prior, counts from their kernel."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from equipoise.counts import TransitionCounts
from equipoise.inference.calibration.graphs import DESIGNS, Design
from equipoise.inference.posterior.prior import prior_draws
from equipoise.inference.posterior.sampler import Draws
from equipoise.inference.problem import Problem, problem_of
from equipoise.likelihoods import IntArray
from equipoise.models import Priors
from equipoise.simulate import Kernel, driven_kernel, sample_draws
from equipoise.simulate.kernels import default_labels

FEWEST, MOST = 1e2, 1e6
_SEEDS = 2**31
# Shares of the data sets in which staying is impossible, trials are rejected, a state is no source.
_NO_STAY, _REJECTED, _IDLE = 0.15, 0.5, 0.25


@dataclass(frozen=True, eq=False)
class Simulated:
    """A data set, and the truth behind it.

    Attributes
    ----------
    number
        k. Even: data from balance, odd: from the cyclic hypothesis.
    design
        The declared graph.
    cyclic
        Which hypothesis is true.
    problem
        The question put to inference: counts, declared graph, multinomial likelihood, priors.
    truth
        The parameters that made the counts: one draw of the prior.
    state, edge, cycle_edge
        Which Φ, s and c is ranked, chosen blindly: the state's Φ counts from state 0, and
        ``cycle_edge`` lies on a cycle.
    stay
        Whether staying is possible.
    trials, rejected
        Number of trials, and of those that ended in no state.
    """

    number: int
    design: Design
    cyclic: bool
    problem: Problem
    truth: Draws
    state: int
    edge: int
    cycle_edge: int
    stay: bool
    trials: int
    rejected: int


def simulate(seed: int, number: int, *, every_source: bool, priors: Priors) -> Simulated:
    """Draw a data set; the same seed and number give the same one, whoever asks.

    The number of trials is log-uniform from 10² to 10⁶ and split over the rows by Dirichlet(1)
    weights. Half of the data sets reject up to half of the trials that stay; in 15 % of them
    staying is impossible. Edges that the prior makes one-way, or that are never walked, occur as
    they occur.

    Parameters
    ----------
    seed, number
        Of the calibration, and of the data set within it.
    every_source
        Whether every state gets a trial at least; else a quarter of the data sets has a state from
        which none is made.
    priors
        From which parameters are drawn and with which they are inferred.
    """
    rng = np.random.default_rng([seed, number])
    design = DESIGNS[_choose(rng)]
    cyclic = bool(number % 2)
    stay = bool(rng.random() >= _NO_STAY)
    blank = problem_of(blank_counts(design), priors=priors, likelihood="multinomial")
    truth = prior_draws(
        blank, cyclic=cyclic, cycle_sd=None, draws=1, random_seed=int(rng.integers(_SEEDS))
    )
    total = round(float(np.exp(rng.uniform(np.log(FEWEST), np.log(MOST)))))
    trials = _split(total, design.n_states, every_source, rng)
    kernel = _kernel(blank, design, truth, stay, rng)
    counts = replace(sample_draws(kernel, trials, rng), support=_declared(design))
    on_cycle = np.flatnonzero((blank.predictor.basis**2).sum(axis=1) > 1e-18)
    return Simulated(
        number=number,
        design=design,
        cyclic=cyclic,
        problem=problem_of(counts, priors=priors, likelihood="multinomial"),
        truth=truth,
        state=int(rng.integers(1, design.n_states)),
        edge=int(rng.integers(len(design.edges))),
        cycle_edge=int(rng.choice(on_cycle)),
        stay=stay,
        trials=int(trials.sum()),
        rejected=int(counts.other.sum()),
    )


def design_index(seed: int, number: int) -> int:
    """Return which design data set k of a seed has, without drawing the rest."""
    return _choose(np.random.default_rng([seed, number]))


def _choose(rng: np.random.Generator) -> int:
    shares = np.array([design.share for design in DESIGNS])
    return int(rng.choice(len(DESIGNS), p=shares / shares.sum()))


def blank_counts(design: Design) -> TransitionCounts:
    """Return counts that say nothing: the declared graph, and one trial a row that stayed."""
    n = design.n_states
    return TransitionCounts(
        states=default_labels(n),
        counts=csr_array(np.eye(n, dtype=np.int64)),
        other=np.zeros(n, dtype=np.int64),
        support=_declared(design),
    )


def _declared(design: Design) -> tuple[tuple[str, str], ...]:
    labels = default_labels(design.n_states)
    return tuple((labels[i], labels[j]) for i, j in design.edges.tolist())


def _split(total: int, n: int, every_source: bool, rng: np.random.Generator) -> IntArray:
    """Split trials over rows unevenly."""
    weights = rng.dirichlet(np.ones(n))
    idle = not every_source and rng.random() < _IDLE
    least = np.ones(n, dtype=np.int64)
    if idle:
        out = int(rng.integers(n))
        weights[out], least[out] = 0.0, 0
    shared = rng.multinomial(total - int(least.sum()), weights / weights.sum())
    return np.asarray(least + shared, dtype=np.int64)


def _kernel(
    blank: Problem, design: Design, truth: Draws, stay: bool, rng: np.random.Generator
) -> Kernel:
    """Return the true kernel, with a part of what stays rejected."""
    z = truth.z[0, 0]
    c = blank.predictor.basis @ z if len(z) else np.zeros(len(design.edges))
    kernel = driven_kernel(truth.V[0, 0], truth.s[0, 0], c, edges=design.edges, stay=stay)
    if not stay or rng.random() >= _REJECTED:
        return kernel
    share = rng.uniform(0.0, 0.5, design.n_states)
    matrix = kernel.matrix.copy()
    other = share * np.diag(matrix)
    matrix[np.diag_indices_from(matrix)] -= other
    return Kernel(kernel.states, matrix, other, stay)
