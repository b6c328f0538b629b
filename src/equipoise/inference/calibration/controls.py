"""Controls: one calibration that must pass, and several, wrong on purpose, that must fail.

What they change are data sets, questions or records, never the code that is calibrated. A check
that lets a known mistake pass has no power, and its silence means nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import expit

from equipoise.graph import log_spanning_trees, support_graph
from equipoise.inference.calibration.engines import Engine, Inferred
from equipoise.inference.calibration.graphs import DESIGNS, Design, design_named
from equipoise.inference.calibration.quantities import RANKED
from equipoise.inference.calibration.simulate import Simulated, blank_counts
from equipoise.inference.calibration.store import Record
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.posterior.prior import prior_draws
from equipoise.inference.problem import Problem, problem_of
from equipoise.likelihoods import MultinomialRows, PairwiseEdges
from equipoise.models import Priors

_SEEDS = 2**31


def prior_as_posterior(problem: Problem, cyclic: bool, rng: np.random.Generator) -> Inferred:
    """Answer with the prior, and a Bayes factor of 1: calibrated, and useless.

    Must pass, but for the ranks of the likelihood: they alone see that the data were not used
    (Modrák et al. 2023), and must fail.
    """
    draws = prior_draws(
        problem,
        cyclic=cyclic,
        cycle_sd=None,
        draws=RANKED,
        random_seed=int(rng.integers(_SEEDS)),
    )
    return Inferred(
        factor=BayesFactor(0.0, 0.0, "prior"),
        evidence_distrust=None,
        posterior_distrust=None,
        problem=problem,
        theta=draws.theta(problem, cyclic=cyclic)[0],
        cycle_scale=draws.scales["sigma_c"][0] if cyclic else None,
    )


def swapped_axes(engine: Engine) -> Engine:
    """Return an engine that takes *to* for *from*. Must fail."""

    def swapped(problem: Problem, cyclic: bool, rng: np.random.Generator) -> Inferred:
        rows = problem.likelihood
        turned = _turned(rows) if isinstance(rows, MultinomialRows) else _flipped(rows)
        found = engine(replace(problem, likelihood=turned), cyclic, rng)
        return replace(found, problem=problem)

    return swapped


def _turned(rows: MultinomialRows) -> MultinomialRows:
    """Return rows with the two directions of each edge exchanged; what stays, stays."""
    arcs = rows.arcs
    order = np.lexsort((arcs.sign, arcs.edge)).reshape(-1, 2)
    back = np.empty(len(arcs.source), dtype=np.int64)
    back[order[:, 0]], back[order[:, 1]] = order[:, 1], order[:, 0]
    counts = rows.counts[back]
    moved = np.bincount(arcs.source, weights=rows.counts, minlength=arcs.n_states)
    came = np.bincount(arcs.source, weights=counts, minlength=arcs.n_states)
    return replace(rows, counts=counts, trials=rows.trials - moved + came)


def _flipped(pairs: PairwiseEdges) -> PairwiseEdges:
    """Return pairs with the two counts of each exchanged: the potential's sign flips."""
    return replace(pairs, forward=pairs.total - pairs.forward)


def simulate_pairs(
    seed: int, number: int, *, exposure: bool, priors: Priors, designs: Sequence[Design] = DESIGNS
) -> Simulated:
    """Draw a data set from the pairwise likelihood itself, Φ and c from their priors.

    Forward counts are binomial given the totals, with uneven trials in every row.

    Parameters
    ----------
    seed, number
        As of :func:`equipoise.inference.calibration.simulate.simulate`.
    exposure
        Whether inference is told of the unequal trials. Without: the offset ``log N_i/N_j`` is
        dropped, which must fail.
    priors
        From which parameters are drawn.
    designs
        Declared graphs to choose from, by their shares.
    """
    rng = np.random.default_rng([seed, number])
    shares = np.array([design.share for design in designs])
    design = designs[int(rng.choice(len(designs), p=shares / shares.sum()))]
    cyclic = bool(number % 2)
    blank = problem_of(blank_counts(design), priors=priors, likelihood="pairwise")
    pairs = blank.likelihood
    if not isinstance(pairs, PairwiseEdges):
        raise TypeError(f"pairs of counts are needed, not {type(pairs).__name__}")
    truth = prior_draws(
        blank, cyclic=cyclic, cycle_sd=None, draws=1, random_seed=int(rng.integers(_SEEDS))
    )
    model = blank.cyclic() if cyclic else blank.reversible()
    trials = np.exp(rng.uniform(np.log(1e2), np.log(1e5), design.n_states))
    i, j = design.edges.T
    offset = np.log(trials[i] / trials[j])
    total = np.round(np.exp(rng.uniform(0.0, np.log(1e3), len(design.edges))))
    eta = model.design @ truth.theta(blank, cyclic=cyclic)[0, 0]
    forward = rng.binomial(total.astype(np.int64), expit(eta + offset)).astype(float)
    told = replace(
        pairs,
        forward=forward,
        total=total,
        exposure=offset if exposure else np.zeros(len(offset)),
        trials=trials,
    )
    on_cycle = np.flatnonzero((blank.predictor.basis**2).sum(axis=1) > 1e-18)
    return Simulated(
        number=number,
        design=design,
        cyclic=cyclic,
        problem=replace(blank, likelihood=told),
        truth=truth,
        state=int(rng.integers(1, design.n_states)),
        edge=int(rng.integers(len(design.edges))),
        cycle_edge=int(rng.choice(on_cycle)),
        stay=True,
        trials=int(total.sum()),
        rejected=0,
    )


def shifted(records: Sequence[Record], nats: float) -> list[Record]:
    """Return records whose evidence for balance is off by so many nats. Must fail."""
    return [_moved(record, nats) for record in records]


def without_half_determinant(records: Sequence[Record]) -> list[Record]:
    """Return records as if the rival's prior in a fundamental basis F lacked det(FᵀF)^½.

    That determinant is the number of spanning trees of the declared graph; leaving out its root
    takes evidence from the rival. Must fail.
    """
    half = {
        design.name: 0.5 * log_spanning_trees(support_graph(blank_counts(design)))
        for design in DESIGNS
    }
    return [_moved(record, half[design_named(record.design).name]) for record in records]


def _moved(record: Record, nats: float) -> Record:
    if record.log_bayes_factor is None:
        return record
    return replace(record, log_bayes_factor=record.log_bayes_factor + nats)
