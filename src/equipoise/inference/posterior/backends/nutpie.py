"""NUTS by nutpie: the model compiled by Numba, a thread a chain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.errors import NotTrustedError
from equipoise.inference.posterior.backends import Data, Effort, Layout, Walk
from equipoise.likelihoods import FloatArray

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
class NutpieModel:
    """A model compiled by Numba; see :class:`equipoise.inference.posterior.backends.CompiledModel`.

    Attributes
    ----------
    names
        Variables whose draws are kept.
    compiled
        What nutpie made.
    """

    names: tuple[str, ...]
    compiled: Any

    @property
    def layout(self) -> Layout:
        """Names and shapes of the unconstrained coordinates."""
        found, size = [], 0
        names, _, shapes = self.compiled.shape_info
        for name, shape in zip(names, shapes, strict=True):
            if size >= self.compiled.n_dim:
                break
            found.append((name, tuple(shape)))
            size += int(np.prod(shape))
        return tuple(found)

    def sample(
        self,
        data: Data,
        centre: FloatArray,
        points: FloatArray | None,
        effort: Effort,
        progress: Callable[[float], None] | None,
    ) -> Walk:
        """Run NUTS; without points each chain starts up to a unit away from the centre."""
        import nutpie

        first = _near(centre) if points is None else _one_of(points)
        model = replace(self.compiled.with_data(**data), initial_point_func=first)
        with threadpool_limits(1, user_api="blas"):
            try:
                running = nutpie.sample(
                    model,
                    draws=effort.draws,
                    tune=effort.tune,
                    chains=effort.chains,
                    cores=effort.cores,
                    seed=effort.random_seed,
                    target_accept=effort.target_accept,
                    # Data pin sums of parameters, not single ones: a diagonal metric needs ten
                    # times as many steps.
                    adaptation="low_rank",
                    save_warmup=False,
                    store_unconstrained=True,
                    progress_bar=False,
                    progress_callback=None if progress is None else _reporter(progress),
                    # Turning batches to xarray takes as long as sampling a small table.
                    return_raw_trace=True,
                    blocking=False,
                )
                try:
                    trace = running.wait()
                except BaseException:  # nutpie's own way would hand out half a run on Ctrl-C
                    running.cancel()
                    raise
            except RuntimeError as error:
                raise NotTrustedError(f"the sampler failed: {error}") from error
        batches, stats = trace.get_arrow_trace()
        kept = [np.logical_not(batch.column("tuning")) for batch in stats]
        return Walk(
            values={name: _stack(batches, name, kept) for name in self.names},
            stats={new: _stack(stats, old, kept) for old, new in _STATS.items()},
            walked=_stack(stats, "unconstrained_draw", kept),
        )


def compile_nutpie(model: Any, names: Sequence[str]) -> NutpieModel:
    """Compile a PyMC model by Numba, keeping the draws of some variables."""
    import nutpie
    import pytensor

    # Without this, sums are reordered differently in code compiled now and code found in the
    # compiler's cache, and the same seed gives other draws.
    with pytensor.config.change_flags(numba__fastmath=False):
        compiled = nutpie.compile_pymc_model(model, var_names=list(names))
    return NutpieModel(tuple(names), compiled)


def _stack(chains: Sequence[Any], name: str, kept: Sequence[Any]) -> Any:
    """Return a column of nutpie's record batches, one a chain, as an array (chains, draws, ...)."""
    import pyarrow

    found = []
    for batch, rows in zip(chains, kept, strict=True):
        shape = batch.schema.field(name).metadata.get(b"shape", b"").decode()
        column = pyarrow.array(batch.column(name))
        flat = column.flatten() if shape else column
        values = flat.to_numpy(zero_copy_only=False)
        found.append(
            values.reshape(len(column), *map(int, shape.split(",") if shape else ()))[rows]
        )
    return np.stack(found)


def _near(centre: FloatArray) -> Callable[[int | None], FloatArray]:
    def start(seed: int | None) -> FloatArray:
        return centre + np.random.default_rng(seed).uniform(-1.0, 1.0, len(centre))

    return start


def _one_of(points: FloatArray) -> Callable[[int | None], FloatArray]:
    def start(seed: int | None) -> FloatArray:
        return np.array(points[np.random.default_rng(seed).integers(len(points))])

    return start


def _reporter(progress: Callable[[float], None]) -> Callable[[Sequence[Any]], None]:
    def report(chains: Sequence[Any]) -> None:
        done = sum(chain.finished_draws for chain in chains)
        total = sum(chain.total_draws for chain in chains)
        progress(done / max(total, 1))

    return report
