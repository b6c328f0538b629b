"""The posteriors of one problem by chains of NumPy: nothing is compiled, and PyMC never loaded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.errors import DataError, UsageError
from equipoise.inference import hamilton
from equipoise.inference.modes.scales import fitted_scales
from equipoise.inference.posterior.backends import Backend
from equipoise.inference.posterior.sampler import Draws, Usual, check_cycle_sd, check_sampling
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel, learned_block

USUAL = Usual(chains=8, draws=700, tune=100, target_accept=0.95)
_USUAL_ON_PATH = Usual(chains=6, draws=100, tune=40, target_accept=0.95)
# Between two draws; see `hamilton.Effort`.
_BETWEEN = {"turns": 2, "moves": 3, "apart": 6, "redraws": 2}
# Of the log-scales that chains begin at.
_SPREAD = 0.5
# Below such scales no likelihood sees a difference.
_UNRESOLVED = 1e-3
# So many numbers may stand in the factors of all chains at once.
_NUMBERS = 2_000_000


@dataclass(frozen=True, eq=False)
class NumpySampler:
    """Chains by :mod:`equipoise.inference.hamilton`; made by :func:`numpy_sampler`.

    Attributes
    ----------
    problem
        The counts, their likelihood, and the priors.
    scales
        Learned scales of the reversible hypothesis that fit the data, in order of its blocks.
    """

    problem: Problem
    scales: tuple[float, ...]
    backend: Backend = "numpy"

    @property
    def usual(self) -> Usual:
        """How much is drawn for a posterior."""
        return USUAL

    @property
    def usual_on_path(self) -> Usual:
        """How much is drawn at each σ_c of a path."""
        return _USUAL_ON_PATH

    @property
    def nodes_at_once(self) -> int:
        """As many as fit the memory: a step of all costs little more than that of one."""
        each = _USUAL_ON_PATH.chains * self.problem.n_parameters**2
        return max(_NUMBERS // each, 1)

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
        """Run all chains, all at once; see :meth:`.sampler.Sampler.draw`."""
        if cores is not None:
            raise UsageError(
                "the backend numpy walks all chains together on one core; leave cores out, or "
                'take backend="nutpie"'
            )
        effort = hamilton.Effort(
            draws=USUAL.draws if draws is None else draws,
            tune=USUAL.tune if tune is None else tune,
            target_accept=USUAL.target_accept if target_accept is None else target_accept,
            **_BETWEEN,
        )
        chains = USUAL.chains if chains is None else chains
        check_cycle_sd(cycle_sd)
        found = self._walk([cycle_sd], effort, chains, random_seed, [start], progress)
        return found[0]

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
        """Run the chains of several σ_c together; see :meth:`.sampler.Sampler.draw_at`."""
        effort = hamilton.Effort(draws, tune, target_accept, **_BETWEEN)
        return self._walk(list(cycle_sds), effort, chains, random_seeds[0], starts, None)

    def _walk(
        self,
        cycle_sds: Sequence[float | None],
        effort: hamilton.Effort,
        chains: int,
        random_seed: int,
        starts: Sequence[FloatArray | None],
        progress: Callable[[float], None] | None,
    ) -> list[Draws]:
        check_sampling(
            draws=effort.draws,
            tune=effort.tune,
            chains=chains,
            target_accept=effort.target_accept,
        )
        rng = np.random.default_rng(random_seed)
        models = [self._model(sd) for sd in cycle_sds]
        fitted = self.scales if cycle_sds[0] is not None else fitted_scales(models[0])
        widths = self._widths(models[0])
        with threadpool_limits(1, user_api="blas"):
            parts = [hamilton.reference_of(model, widths, fitted) for model in models]
            # Chains of one hypothesis share its matrices, which is quicker.
            reference = parts[0] if len(parts) == 1 else hamilton.stacked(parts, chains)
            shape = (len(parts) * chains, len(widths))
            log_sd = np.log(fitted) + _SPREAD * rng.standard_normal(shape)
            u = hamilton.begin(reference, log_sd, rng)
            for k, start in enumerate(starts):
                if start is not None:
                    own = slice(k * chains, (k + 1) * chains)
                    points = np.resize(rng.permutation(len(start)), chains)
                    u[own], log_sd[own] = np.split(start[points], [u.shape[1]], axis=1)
            walk = hamilton.sample(
                reference, effort, rng=rng, u=u, log_sd=log_sd, progress=progress
            )
        return [
            self._draws(walk, slice(k * chains, (k + 1) * chains), model, rng)
            for k, model in enumerate(models)
        ]

    def _model(self, cycle_sd: float | None) -> LatentModel:
        problem = self.problem
        if cycle_sd == 0.0 or not problem.predictor.cycle.shape[1]:
            return problem.reversible()
        model = problem.cyclic()
        if cycle_sd is not None:
            return model.at_cycle_scale(cycle_sd)
        learned = learned_block(
            model.cycle_columns, problem.priors.cycle_scale, resolution=_UNRESOLVED
        )
        blocks = tuple(
            replace(learned, metric=block.metric) if block.columns == learned.columns else block
            for block in model.blocks
        )
        return replace(model, blocks=blocks)

    def _names(self, model: LatentModel) -> list[str]:
        """Return the names of the learned scales, in order of the blocks."""
        names = ["sigma_V", *(["sigma_c"] if model.n_cycles else []), "sigma_s"]
        return [
            name for name, block in zip(names, model.blocks, strict=False) if block.scale is None
        ]

    def _widths(self, model: LatentModel) -> list[float]:
        priors = self.problem.priors
        widths = {
            "sigma_V": priors.potential_scale,
            "sigma_c": priors.cycle_scale,
            "sigma_s": priors.symmetric_scale,
        }
        return [widths[name] for name in self._names(model)]

    def _draws(
        self,
        walk: hamilton.Walk,
        own: slice,
        model: LatentModel,
        rng: np.random.Generator,
    ) -> Draws:
        """Return the draws of one hypothesis, with what was integrated out drawn too."""
        priors, predictor = self.problem.priors, self.problem.predictor
        theta = walk.theta[own]
        lead = theta.shape[:2]
        sds = dict(
            zip(self._names(model), np.moveaxis(np.exp(walk.log_sd[own]), -1, 0), strict=True)
        )
        potential = model.potential(theta)
        symmetric = theta[..., model.cycle_columns.stop :]
        z = np.zeros((*lead, predictor.cycle.shape[1]))
        if model.n_cycles:
            z = theta[..., model.cycle_columns]
        if "sigma_c" in sds:
            # A saved run keeps z/σ_c: as it will be read, to the last bit.
            z = z / sds["sigma_c"][..., None] * sds["sigma_c"][..., None]
        sd_V = sds.get("sigma_V", np.full(lead, priors.fixed_potential_sd))
        scales = {}
        if priors.scales == "learned":
            scales["sigma_V"] = sd_V
            if symmetric.shape[-1]:
                scales["mu_s"] = self._mean_of(symmetric, sds["sigma_s"], rng)
                scales["sigma_s"] = sds["sigma_s"]
        if "sigma_c" in sds:
            scales["sigma_c"] = sds["sigma_c"]
        return Draws(
            V=self._with_constant(potential, sd_V, rng),
            s=symmetric,
            z=z,
            scales=scales,
            stats={
                "diverging": walk.diverging[own],
                **{name: values[own] for name, values in walk.stats.items()},
            },
            walked=np.concatenate([walk.u[own], walk.log_sd[own]], axis=-1),
        )

    def _with_constant(
        self, potential: FloatArray, sd: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Return V: the mean of each component, which no count can see, has its prior."""
        component = self.problem.graph.component
        V = np.empty_like(potential)
        for label in np.unique(component):
            inside = component == label
            part = potential[..., inside]
            width = sd / np.sqrt(inside.sum())
            mean = width * rng.standard_normal(width.shape)
            V[..., inside] = part - part.mean(axis=-1, keepdims=True) + mean[..., None]
        return V

    def _mean_of(
        self, symmetric: FloatArray, sd: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Return μ_s drawn given s and σ_s."""
        priors = self.problem.priors
        precision = symmetric.shape[-1] / sd**2 + priors.symmetric_mean_sd**-2
        pull = symmetric.sum(axis=-1) / sd**2
        pull = pull + priors.symmetric_mean * priors.symmetric_mean_sd**-2
        noise: FloatArray = rng.standard_normal(sd.shape)
        return np.asarray(pull / precision + noise / np.sqrt(precision))


def numpy_sampler(problem: Problem) -> NumpySampler:
    """Return a sampler in NumPy of a problem.

    Raises
    ------
    DataError
        If no edge has counts to model.
    NotTrustedError
        If a posterior mode is not reached.
    """
    if not len(problem.predictor.potential):
        raise DataError("the counts join no two states that could be compared, so nothing is drawn")
    return NumpySampler(problem, fitted_scales(problem.reversible()))
