"""One compiled model for every table of a shape, both hypotheses and every fixed σ_c."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.evidence.problem import Problem, problem_of
from equipoise.inference.posterior.coordinates import Coordinates, fit_coordinates
from equipoise.likelihoods import FloatArray, Rejected
from equipoise.models import Priors, cyclic

Progress = Callable[[str, float], None]
Stage = Literal["compiling", "sampling"]

#: Small steps: the posterior of an edge that was only ever walked one way ends in a steep wall.
TARGET_ACCEPT = 0.99
TUNE = 1000

# The compiled models of this process, newest last: compiling takes ten times as long as sampling.
_COMPILED: dict[tuple[int, ...], Any] = {}
_MOST_COMPILED = 16

_STATS = {
    "diverging": "diverging",
    "energy": "energy",
    "logp": "lp",
    "n_steps": "n_steps",
    "depth": "tree_depth",
    "step_size": "step_size",
    "mean_tree_accept": "acceptance_rate",
}


@dataclass(frozen=True, eq=False)
class Draws:
    """What NUTS returned, chain by chain.

    Attributes
    ----------
    V, s, z
        Potentials (chains, draws, S), symmetric terms (…, E), and amplitudes σ_c·z of the
        orthonormal cycle directions (…, b), nats.
    scales
        ``sigma_V``, ``sigma_s``, ``mu_s`` and ``sigma_c`` where they are learned, (chains, draws).
    stats
        Statistics of the sampler by name, (chains, draws).
    """

    V: FloatArray
    s: FloatArray
    z: FloatArray
    scales: dict[str, FloatArray]
    stats: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Sampler:
    """A compiled model with the data of one table in it; made by :func:`compile_sampler`.

    Attributes
    ----------
    problem
        The counts, their multinomial likelihood, and the priors.
    coordinates
        In which the chains walk.
    """

    problem: Problem
    coordinates: Coordinates
    _table: Any
    _compiled: Any

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
        progress: Progress | None = None,
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
        progress
            Called with ("sampling", fraction done).

        Raises
        ------
        UsageError
            If a number is out of its range.
        NotTrustedError
            If no chain could be started.
        """
        import nutpie

        from equipoise.models import builder

        for name, value, least in (("draws", draws, 4), ("tune", tune, 1), ("chains", chains, 1)):
            if not isinstance(value, int) or value < least:
                raise UsageError(f"{name} must be a whole number of at least {least}, not {value}")
        if not 0.5 <= target_accept < 1.0:
            raise UsageError(f"target_accept must lie in [0.5, 1), not {target_accept!r}")
        if cycle_sd is not None and not 0.0 <= cycle_sd < np.inf:
            raise UsageError(f"cycle_sd must be a number of nats from 0 up, not {cycle_sd!r}")
        data = builder.model_data(
            self._table,
            self.problem.priors,
            cycle_sd=cycle_sd,
            coordinates=self.coordinates.table,
        )
        if not self._table.basis.shape[1]:
            del data["basis"]
        model = self._compiled.with_data(**data)
        model = replace(model, initial_point_func=self._start(model))
        with threadpool_limits(1, user_api="blas"):
            try:
                tree = nutpie.sample(
                    model,
                    draws=draws,
                    tune=tune,
                    chains=chains,
                    cores=cores,
                    seed=random_seed,
                    target_accept=target_accept,
                    # Data pin sums of parameters, not single ones: a diagonal metric needs ten
                    # times as many steps.
                    adaptation="low_rank",
                    save_warmup=False,
                    progress_bar=False,
                    progress_callback=None if progress is None else _reporter(progress),
                )
            except RuntimeError as error:
                raise NotTrustedError(f"the sampler failed: {error}") from error
        return self._collect(tree, cycle_sd)

    def _start(self, model: Any) -> Callable[[int | None], FloatArray]:
        """Return a function from a seed to a start: the fitted mode, and a unit about it."""
        spot = self.coordinates
        priors = self.problem.priors
        scales = {
            "sigma_V_softplus__": spot.potential_sd / priors.potential_scale,
            "sigma_s_softplus__": spot.symmetric_sd / priors.symmetric_scale,
        }
        shapes = model.shapes
        names = [name for name in model.shape_info[0] if name in _walked(shapes)]

        def start(seed: int | None) -> FloatArray:
            rng = np.random.default_rng(seed)
            parts = []
            for name in names:
                centre = spot.symmetric_mean if name == "mu_s" else 0.0
                if name in scales:
                    centre = float(np.log(np.expm1(np.clip(scales[name], 1e-3, 30.0))))
                size = int(np.prod(shapes[name]))
                parts.append(centre + rng.uniform(-1.0, 1.0, size))
            return np.concatenate(parts)

        return start

    def _collect(self, tree: Any, cycle_sd: float | None) -> Draws:
        found = {name: np.asarray(tree["posterior"][name].values) for name in _kept(self._table)}
        scales = {}
        if self.problem.priors.scales == "learned":
            scales = {name: found[name] for name in ("mu_s", "sigma_V", "sigma_s")}
        lead = found["V"].shape[:2]
        if "z" in found:
            sd = found["sigma_c"] if cycle_sd is None else np.full(lead, cycle_sd)
            z = found["z"] * sd[..., None]
            if cycle_sd is None:
                scales["sigma_c"] = found["sigma_c"]
        else:
            z = np.zeros((*lead, 0))
        stats = tree["sample_stats"]
        return Draws(
            V=found["V"],
            s=found["s"],
            z=z,
            scales=scales,
            stats={new: stats[old].values for old, new in _STATS.items() if old in stats},
        )


def compile_sampler(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    progress: Progress | None = None,
) -> Sampler:
    """Compile the cyclic model of a table of counts, or find it compiled.

    The compiled model serves both hypotheses, every fixed σ_c, fixed and learned scales, and every
    table with as many states, edges, cycles, sources and outcomes: within a process only the first
    of them waits.

    Parameters
    ----------
    counts
        Axis 0 is from, axis 1 to.
    priors
        Default: ``Priors()``, learned scales.
    rejected
        ``"stay"`` or ``"drop"``: what a trial that ended in no state counts as.
    progress
        Called with ("compiling", 0 or 1).

    Raises
    ------
    DataError
        If the counts join no two states.
    UsageError
        If an argument is unknown, or the graph has more than 3,000 parameters.
    """
    problem = problem_of(counts, priors=priors, likelihood="multinomial", rejected=rejected)
    coordinates = fit_coordinates(problem) if problem.graph.n_edges else None
    import nutpie
    import pytensor

    from equipoise.models import builder

    table = builder.row_table(counts, rejected)
    if coordinates is None:  # row_table has refused a table without edges
        raise AssertionError
    compiled = _COMPILED.pop(table.shape, None)
    if compiled is None:
        if progress is not None:
            progress("compiling", 0.0)
        model = cyclic(counts, priors=priors, rejected=rejected)
        # Without this, sums are reordered differently in code compiled now and code found in the
        # compiler's cache, and the same seed gives other draws.
        with pytensor.config.change_flags(numba__fastmath=False):
            compiled = nutpie.compile_pymc_model(model, var_names=_kept(table))
        if progress is not None:
            progress("compiling", 1.0)
    _COMPILED[table.shape] = compiled
    while len(_COMPILED) > _MOST_COMPILED:
        del _COMPILED[next(iter(_COMPILED))]
    return Sampler(problem, coordinates, table, compiled)


def _kept(table: Any) -> list[str]:
    cycles = ["z", "sigma_c"] if table.basis.shape[1] else []
    return ["V", "s", "mu_s", "sigma_V", "sigma_s", *cycles]


def _walked(shapes: dict[str, tuple[int, ...]]) -> set[str]:
    """Return the names of the unconstrained parameters among all that a compiled model returns."""
    transformed = {name for name in shapes if name.endswith("__")}
    return transformed | ({"mu_s", "z"} & set(shapes))


def _reporter(progress: Progress) -> Callable[[Sequence[Any]], None]:
    def report(chains: Sequence[Any]) -> None:
        done = sum(chain.finished_draws for chain in chains)
        total = sum(chain.total_draws for chain in chains)
        progress("sampling", done / max(total, 1))

    return report
