"""Simulated tables for `benchmarks.gpu`: counts, the model's data, and the NumPy core beside it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp
from scipy.stats import halfnorm, norm

from equipoise.graph import support_graph
from equipoise.likelihoods import MultinomialRows, multinomial, support_arcs
from equipoise.models import Priors
from equipoise.models.builder import model_data
from equipoise.models.reversible import state_reversible
from equipoise.models.rows import RowTable, lay_out
from equipoise.simulate import reversible_kernel, sample_draws

TRIALS, NEIGHBOURS = 2000, 6


@dataclass(frozen=True, eq=False)
class Simulated:
    """A table drawn from a known kernel, data for the model, and the truth in its coordinates."""

    graph: Any
    rows: MultinomialRows
    table: RowTable
    data: dict[str, Any]
    at: dict[str, float]

    @property
    def n_states(self):
        return self.graph.n_states

    def model(self):
        return state_reversible(self.table, Priors())

    def centre(self, layout):
        return np.concatenate(
            [np.full(shape, self.at.get(name, 0.0)).ravel() for name, shape in layout]
        )

    def eta(self, V, s):
        arcs = self.rows.arcs
        return s[..., arcs.edge] + 0.5 * (V[..., arcs.source] - V[..., arcs.target])

    def log_pi(self, V, s):
        """Return log π, shape (chains, draws, S), some chains at a time for memory's sake."""
        out = np.empty_like(V)
        for k, (potential, symmetric) in enumerate(zip(V, s, strict=True)):
            log_z = self.rows.log_normaliser(self.eta(potential, symmetric))
            out[k] = log_z - potential
        return out - logsumexp(out, axis=-1, keepdims=True)

    def core(self, x, layout, named):
        """Return the log density by the NumPy core, and its slope along a random direction.

        The slope is a central difference of the fourth order.
        """
        rng = np.random.default_rng(1)
        along = rng.normal(size=x.shape) / np.sqrt(x.shape[1])
        del named
        h = 1e-3
        ends = [self._density(x + k * h * along, layout) for k in (-2, -1, 1, 2)]
        slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)
        return self._density(x, layout), (along, slope)

    def _density(self, x, layout):
        """The model written out in NumPy: likelihood of the core, priors, Jacobian."""
        u, k = {}, 0
        for name, shape in layout:
            size = int(np.prod(shape))
            u[name], k = x[:, k : k + size], k + size
        priors = Priors()
        anchor, variance = self.data["coordinates"].T
        n = self.n_states
        total, terms = 0.0, {}
        for name, scale in (
            ("sigma_V", priors.potential_scale),
            ("sigma_s", priors.symmetric_scale),
        ):
            v = u[f"{name}_softplus__"]
            terms[name] = scale * np.logaddexp(0, v)
            total = (
                total + halfnorm.logpdf(terms[name], 0, scale) + np.log(scale) - np.logaddexp(0, -v)
            )
        mean = u["mu_s"]
        total = total + norm.logpdf(mean, priors.symmetric_mean, priors.symmetric_mean_sd)
        total = total[:, 0]
        for name, middle, scale, part in (
            ("V", 0.0, terms["sigma_V"], slice(0, n)),
            ("s", mean, terms["sigma_s"], slice(n, None)),
        ):
            kappa = scale**2 / (scale**2 + variance[part])
            width = scale * np.sqrt(1 - kappa)
            terms[name] = middle + kappa * (anchor[part] - middle) + width * u[f"{name}_walk__"]
            total = total + (norm.logpdf(terms[name], middle, scale) + np.log(width)).sum(axis=1)
        return total + self.rows.log_likelihood(self.eta(terms["V"], terms["s"]))


def simulated(n_states, seed=0):
    """Draw 2,000 trials a state from a reversible kernel on a ring with random chords.

    The coordinates of the sampler are fitted at the truth, which costs nothing at any size.
    """
    shape = np.random.default_rng(n_states)
    pairs = {(k, k + 1) for k in range(n_states - 1)} | {(0, n_states - 1)}
    while len(pairs) < NEIGHBOURS * n_states // 2:
        i, j = sorted(shape.integers(n_states, size=2).tolist())
        if i != j:
            pairs.add((i, j))
    edges = np.array(sorted(pairs))
    rng = np.random.default_rng([n_states, seed])
    V, s = rng.normal(0, 1, n_states), rng.normal(-3, 0.5, len(edges))
    counts = sample_draws(reversible_kernel(V, s, edges=edges), TRIALS, rng)
    graph = support_graph(counts)
    if graph.n_edges != len(edges):
        raise RuntimeError("an edge was never walked; the tables would differ in shape")
    V -= V.mean()
    rows = multinomial(counts, arcs := support_arcs(graph))
    P = rows.probabilities(s[arcs.edge] + 0.5 * (V[arcs.source] - V[arcs.target]))
    # What the counts say of each V and s, all others known.
    alone = TRIALS * P * (1 - P)
    left = np.bincount(arcs.source, P, n_states)
    of_V = 0.25 * (TRIALS * left * (1 - left) + np.bincount(arcs.target, alone, n_states))
    seen = np.concatenate([of_V, np.bincount(arcs.edge, alone, graph.n_edges)])
    each = [n_states, graph.n_edges]
    prior, middle = (
        np.repeat([V.var() ** -1, s.var() ** -1], each),
        np.repeat([0.0, s.mean()], each),
    )
    share = seen / (seen + prior)
    anchor = middle + (np.concatenate([V, s]) - middle) / share
    coordinates = np.column_stack([anchor, (1 / share - 1) / prior])
    priors = Priors()
    scales = {
        "sigma_V_softplus__": V.std() / priors.potential_scale,
        "sigma_s_softplus__": s.std() / priors.symmetric_scale,
    }
    table = lay_out(graph, rows, np.zeros((graph.n_edges, 0)))
    return Simulated(
        graph=graph,
        rows=rows,
        table=table,
        data=model_data(table, priors, coordinates=coordinates),
        at={name: float(np.log(np.expm1(x))) for name, x in scales.items()} | {"mu_s": s.mean()},
    )
