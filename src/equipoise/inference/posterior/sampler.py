"""What draws from the posteriors of one problem: both hypotheses, and every fixed σ_c."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from equipoise.errors import UsageError
from equipoise.inference.posterior.backends import Backend
from equipoise.inference.problem import Problem
from equipoise.inference.reference import above_reference
from equipoise.likelihoods import FloatArray

Progress = Callable[[str, float], None]

#: Of NUTS; chains of NumPy have their own. Small steps: the posterior of an edge that was only
#: ever walked one way ends in a steep wall.
TARGET_ACCEPT = 0.99
TUNE = 500


@dataclass(frozen=True)
class Usual:
    """How much a sampler draws unless told otherwise.

    Attributes
    ----------
    chains, draws, tune
        How many chains; draws kept and thrown away of each.
    target_accept
        Acceptance rate aimed at.
    """

    chains: int
    draws: int
    tune: int
    target_accept: float


@dataclass(frozen=True, eq=False)
class Draws:
    """What was drawn, chain by chain.

    Attributes
    ----------
    V, s, z
        Potentials (chains, draws, S), symmetric terms (…, E) or (…, 0), and amplitudes σ_c·z of
        the orthonormal cycle directions (…, b), nats.
    scales
        ``sigma_V``, ``sigma_s``, ``mu_s`` and ``sigma_c`` where they are learned, (chains, draws).
    stats
        Statistics of the sampler by name, (chains, draws).
    walked
        The sampler's own unconstrained coordinates, (chains, draws, D): where others may start.
    """

    V: FloatArray
    s: FloatArray
    z: FloatArray
    scales: dict[str, FloatArray]
    stats: dict[str, Any]
    walked: FloatArray

    def theta(self, problem: Problem, *, cyclic: bool = True) -> FloatArray:
        """Return parameter vectors ``(v, z, s)`` of the problem's latent models.

        Shape (chains, draws, d); v is V above the reference state of each component; the reversible
        model has no z.
        """
        above = above_reference(self.V, problem.graph, problem.references)
        v = np.delete(above, problem.references, axis=-1)
        return np.concatenate([v, self.z, self.s] if cyclic else [v, self.s], axis=-1)


class Sampler(Protocol):
    """Draws from the posteriors of one problem; made by :func:`.choose.sampler_for`."""

    @property
    def problem(self) -> Problem:
        """The counts, their likelihood, and the priors."""

    @property
    def backend(self) -> Backend:
        """What samples."""

    @property
    def scales(self) -> tuple[float, ...]:
        """Learned scales of the reversible hypothesis that fit the data, in order of its blocks."""

    @property
    def usual(self) -> Usual:
        """How much is drawn for a posterior."""

    @property
    def usual_on_path(self) -> Usual:
        """How much is drawn at each σ_c of a path."""

    @property
    def nodes_at_once(self) -> int:
        """How many σ_c of a path are best sampled together."""

    def draw(
        self,
        *,
        cycle_sd: float | None = None,
        draws: int | None = None,
        tune: int | None = None,
        chains: int | None = None,
        cores: int | None = None,
        random_seed: int = 0,
        target_accept: float | None = None,
        start: FloatArray | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Draws:
        """Run all chains.

        Parameters
        ----------
        cycle_sd
            σ_c where it is held fixed, 0 for the reversible hypothesis; None: learned.
        draws, tune, chains
            Draws kept and thrown away a chain, and how many chains. None: the sampler's own.
        cores
            How many chains run at once (default: as many as there are cores), of a compiled model.
        random_seed
            The same seed gives the same draws.
        target_accept
            Acceptance rate aimed at; more means smaller steps.
        start
            Points of :attr:`Draws.walked` of the same hypothesis, shape (n, D): each chain starts
            at one of them. Default: about the fitted mode.
        progress
            Called with the fraction done, perhaps from another thread.

        Raises
        ------
        UsageError
            If a number is out of its range.
        NotTrustedError
            If no chain could be started.
        """

    def draw_at(
        self,
        cycle_sds: Sequence[float],
        *,
        draws: int,
        tune: int,
        chains: int,
        random_seeds: Sequence[int],
        target_accept: float,
        starts: Sequence[FloatArray | None],
    ) -> list[Draws]:
        """Run chains at several fixed σ_c > 0; parameters as of :meth:`draw`."""


def check_sampling(
    *,
    draws: int | None = None,
    tune: int | None = None,
    chains: int | None = None,
    target_accept: float | None = None,
) -> None:
    """Refuse numbers of draws that are none, before any long work; None stands for the usual.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    for name, value, least in (("draws", draws, 4), ("tune", tune, 1), ("chains", chains, 1)):
        if value is not None and (int(value) != value or value < least):
            raise UsageError(f"{name} must be a whole number of at least {least}, not {value!r}")
    if target_accept is not None and not 0.5 <= target_accept < 1.0:
        raise UsageError(f"target_accept must lie in [0.5, 1), not {target_accept!r}")


def check_cycle_sd(cycle_sd: float | None) -> None:
    """Refuse a σ_c that is none.

    Raises
    ------
    UsageError
        If it is not a number of nats from 0 up.
    """
    if cycle_sd is not None and not 0.0 <= cycle_sd < np.inf:
        raise UsageError(f"cycle_sd must be a number of nats from 0 up, not {cycle_sd!r}")
