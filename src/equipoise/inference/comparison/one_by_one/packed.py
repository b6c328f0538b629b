"""Kernels of like size packed side by side, so that array operations serve all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.inference.comparison.models import KernelData
from equipoise.likelihoods import FloatArray, IntArray

# So many kernels fit the cache with their draws; more of a pack share the cost of each call.
_MOST = 64
#: Every eighth pair is wider, so that no weight in a tail can grow without bound.
EVERY, WIDE = 8, 1.6
SHARE = 1.0 / EVERY


@dataclass(frozen=True, eq=False)
class Pack:
    """M kernels, padded to the same E edges, d deviations and b cycles.

    Padding carries no trials and no effect: a padded coordinate keeps its prior.

    Attributes
    ----------
    members
        Which kernels, shape (M,).
    forward, total, exposure
        Pairwise edges, shape (M, E).
    union
        What coordinates of the shared potential add to the edges, shape (M, E, q).
    deviations, cycles
        What deviations and cycle amplitudes add, shape (M, E, d) and (M, E, b).
    noise
        Numbers that draws are made of, the same at all scales, shape (M, P, d + b), cycles last:
        standard normal, and ``WIDE`` times as wide for every eighth pair.
    real
        Which coordinates are no padding, 1 or 0, shape (M, d + b).
    """

    members: IntArray
    forward: FloatArray
    total: FloatArray
    exposure: FloatArray
    union: FloatArray
    deviations: FloatArray
    cycles: FloatArray
    noise: FloatArray
    real: FloatArray


def packs_of(
    data: Sequence[KernelData], basis: FloatArray, *, pairs: int, rng: np.random.Generator
) -> tuple[Pack, ...]:
    """Pack kernels, those of like size together.

    Parameters
    ----------
    data
        Of each kernel.
    basis
        Of the shared potential, shape (U, q).
    pairs
        P, antithetic pairs of draws of each kernel.
    rng
        Source of randomness.
    """
    size = [(one.cycles.shape[1], one.centred.shape[1], len(one.cycles)) for one in data]
    order = sorted(range(len(data)), key=lambda m: (size[m], m))
    return tuple(
        _pack(data, order[k : k + _MOST], basis, pairs, rng) for k in range(0, len(data), _MOST)
    )


def _pack(
    data: Sequence[KernelData],
    members: list[int],
    basis: FloatArray,
    pairs: int,
    rng: np.random.Generator,
) -> Pack:
    own = [data[m] for m in members]
    n_edges = max(1, *(len(one.edges.edges.forward) for one in own)) if own else 1
    d = max(one.centred.shape[1] for one in own)
    b = max(one.cycles.shape[1] for one in own)

    def filled(parts: list[FloatArray], *shape: int) -> FloatArray:
        out = np.zeros((len(parts), *shape))
        for k, part in enumerate(parts):
            out[k][tuple(slice(0, n) for n in part.shape)] = part
        return out

    real = np.zeros((len(own), d + b))
    for k, one in enumerate(own):
        real[k, : one.centred.shape[1]] = 1.0
        real[k, d : d + one.cycles.shape[1]] = 1.0
    noise = drawn_noise(real, pairs, rng)
    edges = [one.edges.edges for one in own]
    return Pack(
        members=np.array(members),
        forward=filled([e.forward for e in edges], n_edges),
        total=filled([e.total for e in edges], n_edges),
        exposure=filled([e.exposure for e in edges], n_edges),
        union=filled(
            [one.edges.potential @ basis[one.place] for one in own], n_edges, basis.shape[1]
        ),
        deviations=filled([one.edges.potential @ one.centred for one in own], n_edges, d),
        cycles=filled([one.cycles for one in own], n_edges, b),
        noise=noise,
        real=real,
    )


def drawn_noise(real: FloatArray, pairs: int, rng: np.random.Generator) -> FloatArray:
    """Return numbers that draws are made of, (M, pairs, D), for coordinates ``real`` (M, D)."""
    noise = rng.standard_normal((len(real), pairs, real.shape[1]))
    noise[:, ::EVERY] *= np.where(real > 0, WIDE, 1.0)[:, None, :]
    return noise
