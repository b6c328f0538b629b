"""One compiled model for every table of a shape, both hypotheses and every fixed σ_c."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.inference.posterior.backends import (
    CompiledBackend,
    CompiledModel,
    Effort,
    Walk,
    check_backend,
    compile_model,
)
from equipoise.inference.posterior.coordinates import Coordinates, fit_coordinates
from equipoise.inference.posterior.sampler import (
    TARGET_ACCEPT,
    TUNE,
    Draws,
    Progress,
    Usual,
    check_cycle_sd,
    check_sampling,
)
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray
from equipoise.models.cyclic import state_cyclic
from equipoise.models.rows import RowTable, lay_out

_USUAL = Usual(chains=4, draws=1000, tune=TUNE, target_accept=TARGET_ACCEPT)
_USUAL_ON_PATH = Usual(chains=2, draws=300, tune=150, target_accept=0.9)

# The compiled models of this process, newest last: compiling takes ten times as long as sampling.
_COMPILED: dict[tuple[Any, ...], CompiledModel] = {}
_MOST_COMPILED = 16


@dataclass(frozen=True, eq=False)
class CompiledSampler:
    """A compiled model with the data of one problem in it; made by :func:`compile_sampler`.

    Attributes
    ----------
    problem
        The counts, their likelihood, and the priors.
    backend
        What runs NUTS.
    coordinates
        In which the chains walk.
    """

    problem: Problem
    backend: CompiledBackend
    coordinates: Coordinates
    _table: RowTable
    _compiled: CompiledModel

    @property
    def scales(self) -> tuple[float, ...]:
        """Learned scales of the reversible hypothesis that fit the data, in order of its blocks."""
        if self.problem.priors.scales == "fixed":
            return ()
        both = (self.coordinates.potential_sd, self.coordinates.symmetric_sd)
        return both if self._table.n_symmetric else both[:1]

    @property
    def usual(self) -> Usual:
        """How much is drawn for a posterior."""
        return _USUAL

    @property
    def usual_on_path(self) -> Usual:
        """How much is drawn at each σ_c of a path."""
        return _USUAL_ON_PATH

    @property
    def nodes_at_once(self) -> int:
        """One: each node starts where its neighbour ended."""
        return 1

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
        """Run NUTS; see :meth:`.sampler.Sampler.draw`."""
        draws = _USUAL.draws if draws is None else draws
        tune = _USUAL.tune if tune is None else tune
        chains = _USUAL.chains if chains is None else chains
        target_accept = _USUAL.target_accept if target_accept is None else target_accept
        check_sampling(draws=draws, tune=tune, chains=chains, target_accept=target_accept)
        check_cycle_sd(cycle_sd)
        from equipoise.models.data import model_data

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
        """Run NUTS at one σ_c after the other; see :meth:`.sampler.Sampler.draw_at`."""
        return [
            self.draw(
                cycle_sd=cycle_sd,
                draws=draws,
                tune=tune,
                chains=chains,
                random_seed=seed,
                target_accept=target_accept,
                start=start,
            )
            for cycle_sd, seed, start in zip(cycle_sds, random_seeds, starts, strict=True)
        ]

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
    problem: Problem, *, backend: CompiledBackend = "nutpie", progress: Progress | None = None
) -> CompiledSampler:
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
    return CompiledSampler(problem, backend, coordinates, table, compiled)


def compiled_once(
    key: tuple[Any, ...],
    state: Callable[[], Any],
    kept: list[str],
    *,
    backend: CompiledBackend = "nutpie",
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


def _kept(table: RowTable) -> list[str]:
    symmetric = ["s", "mu_s", "sigma_s"] if table.n_symmetric else []
    cycles = ["z", "sigma_c"] if table.basis.shape[1] else []
    return ["V", "sigma_V", *symmetric, *cycles]
