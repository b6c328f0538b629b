"""All baselines at once."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.baselines.baseline import Row
from equipoise.inference.baselines.bootstrap import REPLICATES, Bootstrap, parametric_bootstrap
from equipoise.inference.baselines.chi_square import (
    ChiSquare,
    pair_chi_square,
    triplet_chi_square,
)
from equipoise.inference.baselines.least_action import LeastAction, least_action
from equipoise.inference.baselines.likelihood_ratio import LikelihoodRatio, likelihood_ratio
from equipoise.likelihoods import Rejected
from equipoise.parallel import HERE, Workers, check_workers
from equipoise.simulate import RandomSeed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Baselines:
    """What simpler methods say; never the headline.

    Attributes
    ----------
    least_action
        The paper's potential.
    pairs, triplets
        The paper's chi-squares.
    likelihood_ratio, bootstrap
        Classical tests.
    """

    least_action: LeastAction
    pairs: ChiSquare
    triplets: ChiSquare
    likelihood_ratio: LikelihoodRatio
    bootstrap: Bootstrap

    @property
    def rows(self) -> tuple[Row, ...]:
        """One line each, in order, the chi-squares two."""
        parts = (
            self.least_action,
            self.pairs,
            self.triplets,
            self.likelihood_ratio,
            self.bootstrap,
        )
        return tuple(row for part in parts for row in part.rows())

    def table(self) -> "pd.DataFrame":
        """Return the numbers as a table.

        Returns
        -------
        DataFrame
            Index: name of the baseline. Columns statistic, value, ndf, p_value, wrong (what it gets
            wrong) and invalid (when not to believe the p-value).
        """
        import pandas as pd

        table = pd.DataFrame([asdict(row) for row in self.rows]).set_index("baseline")
        return table.astype({"value": float, "ndf": "Int64", "p_value": float})


def baselines(
    counts: TransitionCounts,
    *,
    nominal_trials: float | None = None,
    rejected: Rejected = "stay",
    replicates: int = REPLICATES,
    random_seed: RandomSeed = None,
    workers: Workers = HERE,
) -> Baselines:
    """Compute the baselines.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    nominal_trials : float, optional
        Trials that the least action takes each state to have had; default: those counted.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    replicates : int
        Tables of the bootstrap.
    random_seed : int, Generator or None
        The same seed gives the same result.
    workers : Workers
        Where the tables of the bootstrap are fitted, which changes nothing but the time; all else
        takes less than starting a process.

    Returns
    -------
    Baselines

    Raises
    ------
    UsageError
        If an argument is out of its range, or the workers cannot be had.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    NotTrustedError
        If a fit is not reached, or a worker died.
    """
    if not isinstance(counts, TransitionCounts):
        raise UsageError(
            f"counts must be an equipoise.TransitionCounts, not {type(counts).__name__}: make one "
            "with TransitionCounts.from_dataframe, from_matrix, from_sequences or from_csv"
        )
    check_workers(workers)
    return Baselines(
        least_action=least_action(counts, nominal_trials=nominal_trials, rejected=rejected),
        pairs=pair_chi_square(counts, nominal_trials=nominal_trials, rejected=rejected),
        triplets=triplet_chi_square(counts),
        likelihood_ratio=likelihood_ratio(counts, rejected=rejected),
        bootstrap=parametric_bootstrap(
            counts,
            rejected=rejected,
            replicates=replicates,
            random_seed=random_seed,
            workers=workers,
        ),
    )
