"""A posterior in five numbers."""

from dataclasses import dataclass

from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import FloatArray


@dataclass(frozen=True)
class Estimate:
    """Posterior mean, standard deviation, 95 % interval, and Monte Carlo error of the mean.

    Attributes
    ----------
    mean, sd, lower, upper, mcse
        In the unit of the quantity.
    """

    mean: float
    sd: float
    lower: float
    upper: float
    mcse: float


def estimates_of(draws: WeightedDraws, values: FloatArray) -> tuple[Estimate, ...]:
    """Summarise values (n, k) of the draws, one estimate a column."""
    found = draws.summarise(values)
    columns = (found.mean, found.sd, found.lower, found.upper, found.mcse)
    return tuple(Estimate(*map(float, row)) for row in zip(*columns, strict=True))
