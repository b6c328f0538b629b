"""A sampler of several kernels without NUTS: independent draws, by resampling weighted ones."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.comparison.axes import fit_spot
from equipoise.inference.comparison.sampler import KernelDraws
from equipoise.inference.comparison.table import columns_of, latent_of
from equipoise.inference.evidence.laplace.proposal import draw_mixture, mixture
from equipoise.inference.modes.lattice import scale_lattice
from equipoise.models import Priors
from equipoise.models.kernels import KernelTable

PROPOSALS = 10


@dataclass(frozen=True, eq=False)
class Resampler:
    """Stands in for `KernelSampler`; nothing of it rests on PyMC, coordinates or chains."""

    table: KernelTable
    priors: Priors

    def spot(self, **held):
        return fit_spot(self.table, self.priors, **held)

    def draw(self, *, deviation_sd=None, cycle_sd=None, draws=1000, chains=4, random_seed=0, **_):
        rng = np.random.default_rng(random_seed)
        shape = (chains, draws)
        x = np.zeros((*shape, self.table.size))
        if not self.table.separate:
            columns, theta, scales = self._one(self.table, deviation_sd, cycle_sd, shape, rng)
            x[..., columns] = theta
        else:
            whose = np.concatenate([self.table.potential_scale_of, self.table.cycle_scale_of])
            found = []
            for m in range(len(self.table.names)):
                part = self.table.of(m)
                columns, theta, own = self._one(part, 0.0, cycle_sd, shape, rng)
                x[..., np.flatnonzero(whose == m)[columns]] = theta
                found.append(own)
            scales = {name: np.stack([own[name] for own in found], axis=-1) for name in found[0]}
        still = {"diverging": np.zeros(shape, dtype=bool)}
        return KernelDraws(x, scales, still, np.zeros((*shape, 1)))

    def _one(self, table, deviation_sd, cycle_sd, shape, rng):
        model = latent_of(table, self.priors, deviation_sd=deviation_sd, cycle_sd=cycle_sd)
        modes = scale_lattice(model, model.prior_mean, (1.0,) * len(model.learned))
        n = shape[0] * shape[1]
        theta, log_q = draw_mixture(mixture(model, modes), PROPOSALS * n, rng)
        weight = model.log_joint(theta) - log_q
        p = np.exp(weight - logsumexp(weight))
        theta = theta[rng.choice(len(p), n, p=p / p.sum())]
        names = [
            name
            for name, sd in (
                ("sigma_V", None),
                ("sigma_delta", deviation_sd),
                ("sigma_c", cycle_sd),
            )
            if sd is None and (name != "sigma_V" or self.priors.scales == "learned")
        ]
        scales = {}
        for name, block in zip(names, model.learned, strict=True):
            logs = block.log_prior + block.log_density(theta, block.grid)
            logs += rng.gumbel(size=logs.shape)  # the largest is a draw
            scales[name] = block.grid[logs.argmax(axis=1)].reshape(shape)
        columns = columns_of(table, deviations=deviation_sd != 0, cycles=cycle_sd != 0)
        return columns, theta.reshape(*shape, -1), scales
