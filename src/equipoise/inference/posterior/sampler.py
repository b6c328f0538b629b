"""One compiled model for every table of a shape, both hypotheses and every fixed σ_c."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.errors import UsageError
from equipoise.inference.posterior.backends import (
    DEFAULT,
    Backend,
    CompiledModel,
    Effort,
    Walk,
    check_backend,
    compile_model,
)
from equipoise.inference.posterior.coordinates import Coordinates, fit_coordinates
from equipoise.inference.problem import Problem
from equipoise.inference.reference import above_reference
from equipoise.likelihoods import FloatArray
from equipoise.models.cyclic import state_cyclic
from equipoise.models.rows import RowTable, lay_out

Progress = Callable[[str, float], None]

#: Small steps: the posterior of an edge that was only ever walked one way ends in a steep wall.
TARGET_ACCEPT = 0.99
TUNE = 500

# The compiled models of this process, newest last: compiling takes ten times as long as sampling.
_COMPILED: dict[tuple[Any, ...], CompiledModel] = {}
_MOST_COMPILED = 16


@dataclass(frozen=True, eq=False)
class Draws:
    """What NUTS returned, chain by chain.

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


@dataclass(frozen=True, eq=False)
class Sampler:
    """A compiled model with the data of one problem in it; made by :func:`compile_sampler`.

    Attributes
    ----------
    problem
        The counts, their likelihood, and the priors.
    coordinates
        In which the chains walk.
    """

    problem: Problem
    coordinates: Coordinates
    _table: RowTable
    _compiled: CompiledModel

    def draw(
        self,
        *,
        cycle_sd: float | None = None,
        draws: int = 1000,
        tune: int = TUNE,
        chains: int = 4,
        cores: int | None = None,
        random_seed: int = 0,
        target_accept: float = TARGET_ACCEPT,
        start: FloatArray | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Draws:
        """Run NUTS.

        Parameters
        ----------
        cycle_sd
            σ_c where it is held fixed, 0 for the reversible hypothesis; None: learned.
        draws, tune, chains, cores
            Draws kept and thrown away a chain, and how many chains run at once (default: as many as
            there are cores).
        random_seed
            The same seed gives the same draws.
        target_accept
            Acceptance rate aimed at; more means smaller steps.
        start
            Points of :attr:`Draws.walked`, shape (n, D): each chain starts at one of them. Default:
            at the fitted mode, up to a unit away from it.
        progress
            Called with the fraction done, from another thread.

        Raises
        ------
        UsageError
            If a number is out of its range.
        NotTrustedError
            If no chain could be started.
        """
        from equipoise.models.builder import model_data

        check_sampling(draws=draws, tune=tune, chains=chains, target_accept=target_accept)
        if cycle_sd is not None and not 0.0 <= cycle_sd < np.inf:
            raise UsageError(f"cycle_sd must be a number of nats from 0 up, not {cycle_sd!r}")
        data = model_data(
            self._table,
            self.problem.priors,
            cycle_sd=cycle_sd,
            coordinates=self.coordinates.table,
            turn=self.coordinates.turn,
            levels=self.coordinates.levels,
        )
        effort = Effort(draws, tune, chains, cores, random_seed, target_accept)
        walk = self._compiled.sample(data, self._centre(), start, effort, progress)
        return self._collect(walk, cycle_sd)

    def _centre(self) -> FloatArray:
        """Return the fitted mode, shape (D,)."""
        spot = self.coordinates
        priors = self.problem.priors
        ratios = {
            "sigma_V_softplus__": spot.potential_sd / priors.potential_scale,
            "sigma_s_softplus__": spot.symmetric_sd / priors.symmetric_scale,
        }
        centre = []
        for name, shape in self._compiled.layout:
            at = spot.symmetric_mean if name == "mu_s" else 0.0
            if name in ratios:
                at = float(np.log(np.expm1(np.clip(ratios[name], 1e-3, 30.0))))
            centre.append(np.full(int(np.prod(shape)), at))
        return np.concatenate(centre)

    def _collect(self, walk: Walk, cycle_sd: float | None) -> Draws:
        found = walk.values
        V = found["V"]
        scales = {}
        if self.problem.priors.scales == "learned":
            scales = {
                name: x for name, x in found.items() if name in ("mu_s", "sigma_V", "sigma_s")
            }
        z = np.zeros((*V.shape[:2], 0))
        if "z" in found:
            sd = found["sigma_c"] if cycle_sd is None else np.full(V.shape[:2], cycle_sd)
            z = found["z"] * sd[..., None]
            if cycle_sd is None:
                scales["sigma_c"] = found["sigma_c"]
        return Draws(
            V=V,
            s=found.get("s", np.zeros((*V.shape[:2], 0))),
            z=z,
            scales=scales,
            stats=walk.stats,
            walked=walk.walked,
        )


def compile_sampler(
    problem: Problem, *, backend: Backend = DEFAULT, progress: Progress | None = None
) -> Sampler:
    """Compile the cyclic model of a problem, or find it compiled.

    The compiled model serves both hypotheses, every fixed σ_c, fixed and learned scales, and every
    table with as many states, edges, cycles, rows and outcomes: within a process only the first of
    them waits.

    Parameters
    ----------
    problem
        The question, from :func:`equipoise.inference.problem_of`.
    backend
        What runs NUTS: "nutpie", or "numpyro" through JAX, which uses a GPU where JAX finds one.
    progress
        Called with ("compiling", 0 or 1).

    Raises
    ------
    DataError
        If no edge has counts to model.
    UsageError
        If there is no such backend.
    MissingDependencyError
        If it is not installed.
    NotTrustedError
        If the mode that the coordinates are fitted at is not reached.
    """
    check_backend(backend)
    table = lay_out(problem.graph, problem.likelihood, problem.predictor.basis)
    coordinates = fit_coordinates(problem)
    compiled = compiled_once(
        table.shape,
        lambda: state_cyclic(table, problem.priors),
        _kept(table),
        backend=backend,
        progress=progress,
    )
    return Sampler(problem, coordinates, table, compiled)


def compiled_once(
    key: tuple[Any, ...],
    state: Callable[[], Any],
    kept: list[str],
    *,
    backend: Backend = DEFAULT,
    progress: Progress | None = None,
) -> CompiledModel:
    """Return the compiled model of a shape, from memory or compiled now.

    Parameters
    ----------
    key
        The kind of model and the sizes of its data: models that share it differ in their data only.
    state
        States the PyMC model.
    kept
        Names of the variables whose draws are kept.
    backend
        What runs NUTS.
    progress
        Called with ("compiling", 0 or 1).
    """
    key = (backend, *key)
    compiled = _COMPILED.pop(key, None)
    if compiled is None:
        if progress is not None:
            progress("compiling", 0.0)
        compiled = compile_model(state(), kept, backend)
        if progress is not None:
            progress("compiling", 1.0)
    _COMPILED[key] = compiled
    while len(_COMPILED) > _MOST_COMPILED:
        del _COMPILED[next(iter(_COMPILED))]
    return compiled


def check_sampling(
    *, draws: int, tune: int, chains: int, target_accept: float = TARGET_ACCEPT
) -> None:
    """Refuse numbers of draws that are none, before any long work.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    for name, value, least in (("draws", draws, 4), ("tune", tune, 1), ("chains", chains, 1)):
        if int(value) != value or value < least:
            raise UsageError(f"{name} must be a whole number of at least {least}, not {value!r}")
    if not 0.5 <= target_accept < 1.0:
        raise UsageError(f"target_accept must lie in [0.5, 1), not {target_accept!r}")


def _kept(table: RowTable) -> list[str]:
    symmetric = ["s", "mu_s", "sigma_s"] if table.n_symmetric else []
    cycles = ["z", "sigma_c"] if table.basis.shape[1] else []
    return ["V", "sigma_V", *symmetric, *cycles]
