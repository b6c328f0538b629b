"""All checks of the sampling at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from equipoise.arguments import whole_number
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.sampling_checks.check import Check
from equipoise.inference.sampling_checks.drift import check_block_order, check_drift
from equipoise.inference.sampling_checks.homogeneity import check_blocks
from equipoise.inference.sampling_checks.order import check_order, log_order_factor
from equipoise.inference.sampling_checks.overdispersion import Dispersion, check_overdispersion
from equipoise.inference.sampling_checks.permutation import REPLICATES
from equipoise.inference.sampling_checks.windows import check_windows
from equipoise.likelihoods import Rejected
from equipoise.simulate.draws import RandomSeed, random_generator

if TYPE_CHECKING:
    import pandas as pd

_FEWEST_REPLICATES = 199


@dataclass(frozen=True, eq=False)
class SamplingChecks:
    """What the counts say about how they were drawn.

    Attributes
    ----------
    blocks, overdispersion, drift, order, windows
        The checks.
    dispersion
        Size of the overdispersion, and the design effect of every source; None where it could not
        be checked.
    log_order_factor
        Log Bayes factor of first against second order, nats; None without sequences.
    """

    blocks: Check
    overdispersion: Check
    drift: Check
    order: Check
    windows: Check
    dispersion: Dispersion | None
    log_order_factor: float | None

    @property
    def all(self) -> tuple[Check, ...]:
        """The checks in order."""
        return self.blocks, self.overdispersion, self.drift, self.order, self.windows

    @property
    def suspect(self) -> tuple[Check, ...]:
        """The checks that found something."""
        return tuple(check for check in self.all if check.status == "suspect")

    def table(self) -> "pd.DataFrame":
        """Return the checks as a table.

        Returns
        -------
        DataFrame
            Index: name of the check. Columns status, statistic_name, statistic, p_value, invalid
            (when not to believe the p-value), text.
        """
        import pandas as pd

        columns = ("status", "statistic_name", "statistic", "p_value", "invalid", "text")
        return pd.DataFrame(
            [[getattr(check, name) for name in columns] for check in self.all],
            columns=list(columns),
            index=pd.Index([check.name for check in self.all], name="check"),
        ).astype({"statistic": float, "p_value": float})


def check_sampling(
    counts: TransitionCounts,
    *,
    sequences: Sequence[object] | None = None,
    block_order: Sequence[str] | None = None,
    rejected: Rejected = "stay",
    replicates: int = REPLICATES,
    random_seed: RandomSeed = None,
) -> SamplingChecks:
    """Check how counts were drawn, as far as they tell.

    Every model of balance takes the trials from one source as draws from one row, each for itself.
    Blocks show whether it was one row; three blocks of a source, whether draws of a block resemble
    each other; the order of blocks or steps, whether the row drifts; a path, whether it remembers
    more than its state. What the data do not hold is "not checkable", which is no good news.

    Parameters
    ----------
    counts : TransitionCounts
        With blocks (batch, day, seed, prompt variant) or sequences, better with both.
    sequences : sequence of labels, or sequence of such sequences, optional
        The path or paths behind the counts, where these did not keep them; as in
        :meth:`TransitionCounts.from_sequences`.
    block_order : sequence of str, optional
        Labels of the blocks in the order of time; default: as numbers or dates, if they are such.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    replicates : int
        Simulated tables at most for each p-value, from 199.
    random_seed : int, Generator or None
        The same seed gives the same result.

    Returns
    -------
    SamplingChecks

    Raises
    ------
    DataError
        If the sequences do not add up to the counts.
    UsageError
        If an argument is out of its range.
    """
    if not isinstance(counts, TransitionCounts):
        raise UsageError(
            f"counts must be an equipoise.TransitionCounts, not {type(counts).__name__}: make one "
            "with TransitionCounts.from_dataframe, from_matrix, from_sequences or from_csv"
        )
    # Fewer cannot give a p-value below 0.01 its meaning.
    replicates = whole_number(replicates, "replicates", _FEWEST_REPLICATES)
    check_block_order(counts, block_order, rejected=rejected)
    if sequences is not None:
        paths = TransitionCounts.from_sequences(sequences, states=counts.states, stay=counts.stay)
        counts = replace(
            counts, protocol="trajectory", starts=paths.starts, sequences=paths.sequences
        )
    rng = random_generator(random_seed)
    overdispersion, dispersion = check_overdispersion(
        counts, rejected=rejected, replicates=replicates, random_seed=rng
    )
    return SamplingChecks(
        blocks=check_blocks(counts, rejected=rejected, replicates=replicates, random_seed=rng),
        overdispersion=overdispersion,
        drift=check_drift(
            counts,
            block_order=block_order,
            rejected=rejected,
            replicates=replicates,
            random_seed=rng,
        ),
        order=check_order(counts, rejected=rejected, replicates=replicates, random_seed=rng),
        windows=check_windows(counts),
        dispersion=dispersion,
        log_order_factor=log_order_factor(counts, rejected=rejected),
    )
