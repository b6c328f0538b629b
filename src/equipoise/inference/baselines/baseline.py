"""What every baseline says beside its numbers."""

from dataclasses import dataclass

#: When no p-value of these must be believed.
STOPPING = "invalid if someone looked at the counts to choose sources or to decide when to stop"


@dataclass(frozen=True)
class Row:
    """One line of the table of baselines.

    Attributes
    ----------
    baseline, statistic
        Names.
    value
        Of the statistic; None where the counts give none.
    ndf
        Degrees of freedom; None where it has none.
    p_value
        None where it has none.
    wrong
        What it gets wrong, in one sentence.
    invalid
        When its p-value must not be believed, in words; empty without one.
    """

    baseline: str
    statistic: str
    value: float | None
    ndf: int | None
    p_value: float | None
    wrong: str
    invalid: str = ""
