r"""Edge weights: the conjugate prior of reversible chains, mixing law of the reinforced walk.

An edge-reinforced random walk leaves a vertex along an edge with probability proportional to the
edge's weight, which grows by 1 with each crossing, by 2 with each crossing of a loop. It is a
mixture of reversible Markov chains ``P_ij = x_ij / x_i``, and the law of x is known (Diaconis &
Rolles 2006, Ann. Statist. 34, 1270, arXiv:math/0605582).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from equipoise.likelihoods.protocol import FloatArray, IntArray
from equipoise.simulate.draws import RandomSeed, random_generator


@dataclass(frozen=True, eq=False)
class EdgeWeights:
    r"""The law of the weights x of a reversible chain on a connected graph, on ``Σ_e x_e = 1``.

    .. math:: \varphi(x) = Z^{-1} \prod_{e \in E} x_e^{a_e - 1/2} \prod_{e \in L} x_e^{a_e/2 - 1}
              \; x_{v_0}^{-a_{v_0}/2} \prod_{v \ne v_0} x_v^{-(a_v + 1)/2} \sqrt{\det A(x)}

    with L the loops, E the other edges, and ``x_v`` and ``a_v`` sums over the edges at v *in which
    a loop counts once*. ``det A`` is a sum over spanning trees T,

    .. math:: \det A(x) = \sum_T \prod_{e \in E \setminus T} x_e^{-1}
              = \prod_{e \in E} x_e^{-1} \sum_T \prod_{e \in T} x_e.

    With respect to Lebesgue measure on all weights but one, and ``l = |V| + |L|``,

    .. math:: Z = \frac{\prod_{e \in E \cup L} \Gamma(a_e)}
              {\Gamma(a_{v_0}/2) \prod_{v \ne v_0} \Gamma((a_v + 1)/2)
               \prod_{e \in L} \Gamma((a_e + 1)/2)}
              \cdot \frac{\pi^{(l - 1)/2}}{2^{1 - l + \sum_e a_e}}.

    Attributes
    ----------
    n_states : int
        Number of vertices S.
    edges : ndarray of int
        Shape (M, 2): pairs of vertices, i < j, or i = j for a loop; connected.
    weight : ndarray of float
        ``a_e > 0``, the weights the walk begins with, shape (M,).
    start : int
        Vertex ``v_0`` where the walk begins.
    """

    n_states: int
    edges: IntArray
    weight: FloatArray
    start: int

    @property
    def loops(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
        """Whether each edge is a loop, shape (M,)."""
        return np.asarray(self.edges[:, 0] == self.edges[:, 1])

    def at_vertices(self, values: FloatArray) -> FloatArray:
        """Add values of edges, shape (..., M), up at their ends, a loop once, shape (..., S)."""
        i, j = self.edges.T
        vertices = np.arange(self.n_states)
        ends = (i[:, None] == vertices) | (j[:, None] == vertices)
        return np.asarray(values @ ends.astype(float))

    @property
    def arrivals(self) -> FloatArray:
        """1 at every vertex but the start, which the walk has entered once more than left."""
        extra = np.ones(self.n_states)
        extra[self.start] = 0.0
        return extra

    def log_normaliser(self) -> float:
        """Return ``log Z``, nats."""
        a, loops = self.weight, self.loops
        n = self.n_states + int(loops.sum())
        return float(
            gammaln(a).sum()
            - gammaln((self.at_vertices(a) + self.arrivals) / 2).sum()
            - gammaln((a[loops] + 1) / 2).sum()
            + (n - 1) / 2 * np.log(np.pi)
            - (1 - n + a.sum()) * np.log(2)
        )

    def log_density(self, x: FloatArray) -> FloatArray:
        """Return ``log φ(x)`` with respect to all weights but one, shape (..., M) to (...).

        ``x`` must be positive and add up to 1.
        """
        log_x = np.log(x)
        # det A takes another half from the exponent of every edge that is no loop.
        power = np.where(self.loops, self.weight / 2 - 1, self.weight - 1)
        at = (self.at_vertices(self.weight) + self.arrivals) / 2
        return np.asarray(
            log_x @ power
            - np.log(self.at_vertices(x)) @ at
            + 0.5 * self.log_spanning_trees(x)
            - self.log_normaliser()
        )

    def log_spanning_trees(self, x: FloatArray) -> FloatArray:
        """Return ``log Σ_T Π_{e∈T} x_e``, shape (..., M) to (...).

        The determinant of a weighted Laplacian less one vertex (Kirchhoff), here by eliminating
        vertex by vertex, which joins its neighbours j and k by ``x_jv x_vk / x_v``. Nothing is
        subtracted, so the result is right to nearly full precision however unequal the weights.
        """
        matrix = self._matrix(x)
        total = np.zeros(x.shape[:-1])
        for k in range(self.n_states - 1):
            row = matrix[..., k, k + 1 :]
            pivot = row.sum(axis=-1)
            total = total + np.log(pivot)
            matrix[..., k + 1 :, k + 1 :] += (
                row[..., :, None] * (row / pivot[..., None])[..., None, :]
            )
        return total

    def draw(self, n: int, random_seed: RandomSeed = None) -> FloatArray:
        r"""Draw weights exactly and independently, shape (n, M).

        Parameters
        ----------
        n : int
            How many.
        random_seed : int, numpy.random.Generator or None
            The same seed gives the same draws.

        Returns
        -------
        ndarray of float, shape (n, M)
            Positive weights of the M edges and loops.

        Notes
        -----
        Without loops, the reinforced walk is a vertex-reinforced jump process with independent
        conductances ``W_e ~ Gamma(a_e)`` (Sabot & Tarrès 2015, J. Eur. Math. Soc. 17, 2353,
        arXiv:1111.3991), that is, a chain with ``x_e = W_e ψ_i ψ_j``. There ψ solves ``H ψ = 0``
        but at the start, where it is 1, for a random Schrödinger operator ``H = 2β − W`` whose
        pivots, eliminated one by one, are reciprocals of inverse Gaussian variables (Sabot, Tarrès
        & Zeng 2017, Ann. Probab. 45, 3967, arXiv:1507.04660). Loops are urns of their own: from v
        the walk stays with a probability ``Beta(a_loop/2, (a_v' + 1[v ≠ v_0])/2)``, ``a_v'`` being
        the other weights at v.
        """
        rng = random_generator(random_seed)
        loops = self.loops
        conductance = np.where(loops, 0.0, rng.gamma(self.weight, size=(n, len(self.weight))))
        matrix = self._matrix(conductance)
        order = np.append(np.delete(np.arange(self.n_states), self.start), self.start)
        matrix = matrix[:, order][:, :, order]
        pivots = np.ones((n, self.n_states))
        for k in range(self.n_states - 1):
            row = matrix[:, k, k + 1 :]
            pivots[:, k] = _pivot(row.sum(axis=1), rng)
            matrix[:, k + 1 :, k + 1 :] += row[:, :, None] * (row / pivots[:, k, None])[:, None, :]
        psi = np.ones((n, self.n_states))
        for k in range(self.n_states - 2, -1, -1):
            psi[:, k] = (matrix[:, k, k + 1 :] * psi[:, k + 1 :]).sum(axis=1) / pivots[:, k]
        psi[:, order] = psi.copy()
        x = conductance * psi[:, self.edges[:, 0]] * psi[:, self.edges[:, 1]]
        others = self.at_vertices(np.where(loops, 0.0, self.weight)) + self.arrivals
        if loops.all():  # a single vertex
            x[:] = 1.0
        else:
            at = self.edges[loops, 0]
            odds = rng.gamma(self.weight[loops] / 2, size=(n, len(at)))
            odds /= rng.gamma(others[at] / 2, size=(n, len(at)))
            x[:, loops] = odds * self.at_vertices(x)[:, at]
        return np.asarray(x / x.sum(axis=1, keepdims=True))

    def _matrix(self, x: FloatArray) -> FloatArray:
        """Return weights as symmetric matrices without loops, shape (..., S, S)."""
        joined = ~self.loops
        i, j = self.edges[joined].T
        matrix = np.zeros((*x.shape[:-1], self.n_states, self.n_states))
        matrix[..., i, j] = matrix[..., j, i] = x[..., joined]
        return matrix


def _pivot(total: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw h whose reciprocal is inverse Gaussian of mean 1/total and shape 1.

    The method of Michael, Schucany & Haas (1976, Amer. Statist. 30, 88), for the reciprocal: there
    nothing is subtracted.
    """
    square = rng.standard_normal(total.shape) ** 2
    large = total + square / 2 + np.sqrt(square * total + square**2 / 4)
    small = rng.random(total.shape) * (large + total) > large
    return np.asarray(np.where(small, total**2 / large, large))
