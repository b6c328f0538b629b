"""Several kernels laid out for one PyMC model: their edges, and what moves their log-ratios."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from equipoise.likelihoods import FloatArray, IntArray

PotentialsName = Literal["shared", "pooled", "separate"]


@dataclass(frozen=True, eq=False)
class KernelTable:
    r"""Edges of several kernels, and the linear map from coordinates to their log-ratios.

    Row e, the edge {i, j} of kernel m, compares its two directions,

    .. math:: n_{ij} \mid n_{ij} + n_{ji} \sim \text{Binomial}(n_{ij} + n_{ji},
              \text{logit}^{-1}(\text{design}_e x + \text{exposure}_e))

    and x are coordinates, in orthonormal bases, of the potential, of the deviations of each kernel
    from it, and of the cycles, in this order: n, d and b of them. No coordinate moves a constant
    of a component, which no data could see. Where potentials are separate, the potential is that of
    every kernel in turn, and there are no deviations. Made by
    :func:`equipoise.inference.comparison.kernel_table`.

    Attributes
    ----------
    names
        Labels of the M kernels.
    states
        Labels of the U states that occur in any of them.
    own_states
        Labels ``"kernel: state"`` of the states of every kernel in turn, P of them.
    pairs
        Labels ``"kernel: a ~ b"`` of the R edges compared.
    counts
        ``n_ij`` and ``n_ji`` of each, shape (R, 2).
    exposure
        Shape (R,).
    design
        Shape (R, n + d + b).
    potential
        Basis of the potential, shape (U, n); (P, n) where potentials are separate.
    deviation
        Basis of the deviations, shape (P, d).
    cycle
        Basis of the cycles, shape (R, b): c of each edge, i → j values.
    place
        Of each of the P states its position among ``states``, shape (P,).
    state_kernel, pair_kernel
        Number of the kernel of each of the P states and of the R edges.
    potential_scale_of, cycle_scale_of
        Which scale each coordinate of the potential and of the cycles has, shapes (n,) and (b,):
        0 where all kernels have one, else the number of its kernel.
    """

    names: tuple[str, ...]
    states: tuple[str, ...]
    own_states: tuple[str, ...]
    pairs: tuple[str, ...]
    counts: FloatArray
    exposure: FloatArray
    design: FloatArray
    potential: FloatArray
    deviation: FloatArray
    cycle: FloatArray
    place: IntArray
    state_kernel: IntArray
    pair_kernel: IntArray
    potential_scale_of: IntArray
    cycle_scale_of: IntArray

    @property
    def separate(self) -> bool:
        """Whether each kernel has a potential, and scales, of its own."""
        return not self.deviation.shape[1]

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Number of coordinates of the potential, of the deviations, of the cycles."""
        return self.potential.shape[1], self.deviation.shape[1], self.cycle.shape[1]

    @property
    def size(self) -> int:
        """Number of coordinates together."""
        return sum(self.sizes)

    @property
    def blocks(self) -> tuple[slice, slice, slice]:
        """Where the coordinates of the potential, the deviations and the cycles stand."""
        n, d, b = self.sizes
        return slice(0, n), slice(n, n + d), slice(n + d, n + d + b)

    def of(self, kernel: int) -> "KernelTable":
        """Return the table of one kernel alone; of separate potentials only."""
        v, c = self.potential_scale_of == kernel, self.cycle_scale_of == kernel
        rows, own = self.pair_kernel == kernel, self.state_kernel == kernel
        return KernelTable(
            names=self.names[kernel : kernel + 1],
            states=tuple(self.states[k] for k in self.place[own]),
            own_states=tuple(np.array(self.own_states, dtype=object)[own]),
            pairs=tuple(np.array(self.pairs, dtype=object)[rows]),
            counts=self.counts[rows],
            exposure=self.exposure[rows],
            design=self.design[rows][:, np.concatenate([v, c])],
            potential=self.potential[own][:, v],
            deviation=np.zeros((int(own.sum()), 0)),
            cycle=self.cycle[rows][:, c],
            place=np.arange(int(own.sum())),
            state_kernel=np.zeros(int(own.sum()), dtype=np.int64),
            pair_kernel=np.zeros(int(rows.sum()), dtype=np.int64),
            potential_scale_of=np.zeros(int(v.sum()), dtype=np.int64),
            cycle_scale_of=np.zeros(int(c.sum()), dtype=np.int64),
        )

    def parts(self) -> tuple[tuple["KernelTable", IntArray], ...]:
        """Return tables whose posteriors are independent, and where their coordinates stand here.

        Of separate potentials one a kernel, else this one alone.
        """
        if not self.separate:
            return ((self, np.arange(self.size)),)
        whose = np.concatenate([self.potential_scale_of, self.cycle_scale_of])
        return tuple((self.of(m), np.flatnonzero(whose == m)) for m in range(len(self.names)))

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes: tables that share them share a compiled model."""
        separate = len(self.names) if self.separate else 0
        return (separate, *self.potential.shape, *self.deviation.shape, *self.cycle.shape)


@dataclass(frozen=True, eq=False)
class WalkAxes:
    """In which coordinates the sampler walks: they change how fast it moves, never what it samples.

    The coordinates of the potential, of the deviations and of the cycles are turned, each among
    themselves, and each is walked as :func:`equipoise.models.walk.walked_unit` says; the cycles
    first, then the potential given them, then the deviations given both.

    Attributes
    ----------
    turn
        Orthonormal, shape (D, D): from turned coordinates to those of the table; it mixes none that
        have different scales.
    pull, precision
        h and λ of each turned coordinate, shape (D,).
    lean
        What a turned coordinate takes off the pull of those that are walked after it, shape (D, D).
    loosening
        What the data say of the potential, h and λ, is divided by ``1 + loosening σ_δ²``, for each
        of several kernels says it up to its own deviation; shape (D,).
    """

    turn: FloatArray
    pull: FloatArray
    precision: FloatArray
    lean: FloatArray
    loosening: FloatArray


def plain_axes(size: int) -> WalkAxes:
    """Return axes that know nothing of the data: the sampler walks in units of the prior."""
    pull, precision, loosening = np.zeros((3, size))
    return WalkAxes(np.eye(size), pull, precision, np.zeros((size, size)), loosening)
