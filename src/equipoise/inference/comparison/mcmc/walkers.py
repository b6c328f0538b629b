"""Several kernels sampled at any scales, held or learned, without compiling anything."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from equipoise.inference.comparison.draws import KernelDraws
from equipoise.inference.comparison.scales import SCALES, held_scales, widths
from equipoise.inference.comparison.sites import fit_gaussian
from equipoise.inference.comparison.table import columns_of, latent_of
from equipoise.inference.hamilton import Effort, Reference, begin, reference_of, sample
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.modes.scales import fitted_scales
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors
from equipoise.models.kernels import KernelTable
from equipoise.models.latent import LatentModel

BoolArray = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
TUNE, TURNS = 60, 4
TARGET_ACCEPT = 0.9
# Between two draws; see `hamilton.Effort`.
_APART_TRIES, _REDRAWS = 4, 1
_APART = 0.3


@dataclass(frozen=True, eq=False)
class Walkers:
    """Chains of Hamiltonian Monte Carlo on the kernels of a table.

    They sample what :func:`equipoise.models.hierarchical` states;
    :class:`equipoise.inference.comparison.nuts.sampler.KernelSampler` does so by NUTS.

    Attributes
    ----------
    table, priors
        The question.
    """

    table: KernelTable
    priors: Priors

    def fitted(
        self, *, deviation_sd: float | None, cycle_sd: float | None
    ) -> dict[str, FloatArray]:
        """Return learned scales that fit the data.

        ``sigma_V``, ``sigma_delta`` and ``sigma_c`` as far as they are learned, one a kernel where
        potentials are separate, shape (1,) or (M,).

        Raises
        ------
        NotTrustedError
            If a mode is not reached.
        """
        names = self._learned(deviation_sd, cycle_sd)
        parts = self.table.parts()
        found = np.empty((len(parts), len(names)))
        for own, (part, _) in zip(found, parts, strict=True):
            model = latent_of(part, self.priors, deviation_sd=deviation_sd, cycle_sd=cycle_sd)
            own[:] = [widths(self.priors)[name] for name in names]
            used = _used(part, names)
            own[used] = fitted_scales(model)
        return dict(zip(names, found.T, strict=True))

    def draw(
        self,
        *,
        deviation_sd: float | None = None,
        cycle_sd: float | None = None,
        about: dict[str, FloatArray] | None = None,
        draws: int = 500,
        tune: int = TUNE,
        chains: int = 8,
        turns: int = TURNS,
        random_seed: int = 0,
        target_accept: float = TARGET_ACCEPT,
        start: FloatArray | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> KernelDraws:
        """Run all chains, all at once.

        Parameters
        ----------
        deviation_sd, cycle_sd
            σ_δ and σ_c where they are held, 0 for a shared potential and for balance; None:
            learned. Separate potentials have no σ_δ.
        about
            Scales that the chains begin about, from :meth:`fitted`; None: fitted here.
        draws, tune, chains, random_seed
            Kept and thrown away of each chain, how many chains, and the source of randomness.
        turns
            Trajectories between two draws, and for every two of them a try to move the scales along
            with all that has them.
        target_accept
            Acceptance rate of trajectories to aim at.
        start
            Where chains of the same hypothesis at other scales ended, ``walked[:, -1]``, as many as
            there are chains; None: all about the posterior.
        progress
            Called with the fraction done.

        Raises
        ------
        NotTrustedError
            If a mode is not reached, or the curvature is lost to rounding.
        """
        if about is None:
            about = self.fitted(deviation_sd=deviation_sd, cycle_sd=cycle_sd)
        names = self._learned(deviation_sd, cycle_sd)
        rng = np.random.default_rng(random_seed)
        parts = self.table.parts()
        x = np.zeros((chains, draws, self.table.size))
        scales = {
            name: np.full((chains, draws, len(parts)), widths(self.priors)[name]) for name in names
        }
        diverging = np.zeros((chains, draws), dtype=bool)
        walked, at = [], 0
        for m, (part, place) in enumerate(parts):
            model = latent_of(part, self.priors, deviation_sd=deviation_sd, cycle_sd=cycle_sd)
            used = [name for name, has in zip(names, _used(part, names), strict=True) if has]
            size, learned = model.size, len(used)
            if start is None:
                fitted = np.log([float(about[name][m]) for name in used])
                log_sd = fitted + _APART * rng.standard_normal((chains, learned))
            else:
                log_sd = start[:, at + size : at + size + learned]
                fitted = log_sd.mean(axis=0)
            wide = tuple(widths(self.priors)[name] for name in used)
            reference = gaussian_of(model, wide, tuple(np.exp(fitted).tolist()))
            u = begin(reference, log_sd, rng) if start is None else start[:, at : at + size]
            at += size + learned
            found = sample(
                reference,
                Effort(
                    draws,
                    tune,
                    target_accept,
                    turns=turns,
                    moves=(turns + 1) // 2,
                    apart=_APART_TRIES,
                    redraws=_REDRAWS,
                ),
                rng=rng,
                u=u,
                log_sd=log_sd,
                progress=None if progress is None else partial(_told, progress, m, len(parts)),
            )
            inside = columns_of(part, deviations=deviation_sd != 0, cycles=cycle_sd != 0)
            x[..., place[inside]] = found.theta
            for k, name in enumerate(used):
                scales[name][..., m] = np.exp(found.log_sd[..., k])
            diverging |= found.diverging
            walked += [found.u, found.log_sd]
        if not self.table.separate:
            scales = {name: values[..., 0] for name, values in scales.items()}
        return KernelDraws(x, scales, {"diverging": diverging}, np.concatenate(walked, axis=-1))

    def _learned(self, deviation_sd: float | None, cycle_sd: float | None) -> list[str]:
        deviation_sd = 0.0 if self.table.separate else deviation_sd
        held = held_scales(self.priors, deviation_sd, cycle_sd)
        return [name for name, sd in held.items() if sd is None]


def gaussian_of(
    model: LatentModel, wide: tuple[float, ...], scales: tuple[float, ...]
) -> Reference:
    """Return the Gaussian to walk about: each edge as expectation propagation sees it.

    At the mode an edge that was walked one way only is far stiffer than along the whole posterior,
    which chains would then cross in small steps.

    Parameters
    ----------
    model
        The hypothesis, on binomial edges.
    wide
        Of the half-normal priors of its learned scales, in the order of the blocks.
    scales
        One of each learned scale.

    Raises
    ------
    NotTrustedError
        If the mode is not reached.
    """
    at_mode = reference_of(model, wide, scales)
    if not at_mode.design.size:
        return at_mode
    sites = fit_gaussian(model, find_mode(model, scales, model.prior_mean)).sites
    design = at_mode.design
    return replace(
        at_mode,
        information=design.T @ (sites.precision[:, None] * design),
        natural=design.T @ (sites.pull - sites.precision * at_mode.offset),
    )


def _used(table: KernelTable, names: list[str]) -> BoolArray:
    """Return which scales have coordinates: a kernel without cycles has no use for one of them."""
    sizes = dict(zip(SCALES, table.sizes, strict=True))
    return np.array([sizes[name] > 0 for name in names], dtype=bool)


def _told(progress: Callable[[float], None], before: int, parts: int, done: float) -> None:
    progress((before + done) / parts)
