"""What a calibration says: statements with figures and bands, and whether all of them hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from equipoise.errors import UsageError
from equipoise.inference.calibration.factors import (
    Factors,
    crossed_probabilities,
    detectable_offset,
    detectable_slope,
    mean_factor,
    recalibration_slope,
)
from equipoise.inference.calibration.ranks import RankCheck, check_ranks
from equipoise.inference.calibration.reliability import ReliabilityBin, reliability_curve
from equipoise.inference.calibration.store import Record, read

#: Probability that a calibration of a correct program fails: half for the Bayes factor, in four
#: equal parts, half for the ranks, in equal parts.
FALSE_ALARM = 1e-3
_FACTOR_CHECKS, _RANK_CHECKS = 4, 10
#: Least share of data sets with a result: a calibration of what is left must speak for the whole.
LEAST_GIVEN = 0.9
#: Least number of data sets from either hypothesis, and of ranks of a quantity, to be judged.
FEWEST = 20


@dataclass(frozen=True)
class Statement:
    """One thing that must hold.

    Attributes
    ----------
    name
        What is claimed, in words.
    label
        The same in a few words, for a table.
    value
        The figure; nan where there is nothing to take it from.
    lower, upper
        What it may be at least and at most; None: any.
    error
        Standard error of the figure; None where it has none.
    false_alarm
        Probability that the statement fails though the program is right; 0 for a plain limit.
    holds
        Whether it does.
    """

    name: str
    label: str
    value: float
    lower: float | None
    upper: float | None
    error: float | None
    false_alarm: float
    holds: bool


@dataclass(frozen=True, eq=False)
class CalibrationCheck:
    """The outcome of a calibration.

    Attributes
    ----------
    header
        Settings, seed and versions of the run.
    n_balance, n_cyclic
        Data sets from either hypothesis.
    designs
        How many data sets each graph has: a run that is under way has done the small ones.
    evidence_withheld, posterior_withheld
        How many results the program's own diagnostics withheld, by reason in short; they take no
        part in the reliability curve and the ranks.
    statements
        What must hold.
    reliability
        Stated p(balance) against observed frequency.
    ranks
        Ranks of every quantity against the uniform distribution.
    unjudged
        Hypothesis, quantity and number of ranks of those too few to judge.
    detectable_offset, detectable_slope
        Offset of all log Bayes factors, nats, and their relative error, that would be found with
        90 % probability.
    mean_mcse
        Mean Monte Carlo error of the log Bayes factors given, nats; nan where none is.
    """

    header: Mapping[str, Any]
    n_balance: int
    n_cyclic: int
    designs: Mapping[str, int]
    evidence_withheld: Mapping[str, int]
    posterior_withheld: Mapping[str, int]
    statements: tuple[Statement, ...]
    reliability: tuple[ReliabilityBin, ...]
    ranks: tuple[RankCheck, ...]
    unjudged: tuple[tuple[str, str, int], ...]
    detectable_offset: float
    detectable_slope: float
    mean_mcse: float

    @property
    def holds(self) -> bool:
        """Whether every statement holds."""
        return all(statement.holds for statement in self.statements)


def check(path: str | PathLike[str]) -> CalibrationCheck:
    """Check the journal of a calibration, finished or not.

    Raises
    ------
    UsageError
        If it cannot be read, or holds fewer than 20 data sets of either hypothesis.
    DataError
        If it is no journal of a calibration.
    """
    return check_records(*read(path))


def check_records(header: Mapping[str, Any], records: Sequence[Record]) -> CalibrationCheck:
    """Check records.

    Every statement has its own false-alarm rate, and they add up to 10⁻³.

    Parameters
    ----------
    header
        Of the journal; ``ranked`` is used.
    records
        In any order.

    Raises
    ------
    UsageError
        If there are fewer than 20 data sets of either hypothesis.
    """
    cyclic = np.array([record.truth == "cyclic" for record in records], dtype=np.bool_)
    n_cyclic = int(cyclic.sum())
    if min(n_cyclic, len(records) - n_cyclic) < FEWEST:
        raise UsageError(
            f"a check needs {FEWEST} data sets from either hypothesis at least, and there are "
            f"{len(records) - n_cyclic} from balance and {n_cyclic} cyclic ones; run more"
        )
    factors = Factors(
        log_values=np.array([record.log_bayes_factor or 0.0 for record in records]),
        given=np.array([_given(record) for record in records], dtype=np.bool_),
        cyclic=cyclic,
    )
    each = FALSE_ALARM / 2 / _FACTOR_CHECKS
    given = factors.given
    curve = reliability_curve(factors.p_balance[given], (~cyclic[given]).astype(float), each)
    ranks, unjudged = _rank_checks(records, int(header["ranked"]))
    return CalibrationCheck(
        header=header,
        n_balance=len(records) - n_cyclic,
        n_cyclic=n_cyclic,
        designs=dict(Counter(record.design for record in records)),
        evidence_withheld=_reasons(record.evidence_withheld for record in records),
        posterior_withheld=_reasons(record.posterior_withheld for record in records),
        statements=(
            *_factor_statements(factors, curve, each),
            *(_rank_statement(found) for found in ranks),
            _share("a Bayes factor", float(given.mean())),
            _share(
                "a posterior",
                float(np.mean([record.posterior_withheld is None for record in records])),
            ),
        ),
        reliability=curve,
        ranks=ranks,
        unjudged=unjudged,
        detectable_offset=detectable_offset(factors, each),
        detectable_slope=detectable_slope(recalibration_slope(factors, each)),
        mean_mcse=float(
            np.mean([record.mcse or 0.0 for record in records if _given(record)] or [np.nan])
        ),
    )


def _given(record: Record) -> bool:
    return record.evidence_withheld is None and record.log_bayes_factor is not None


def _factor_statements(
    factors: Factors, curve: tuple[ReliabilityBin, ...], false_alarm: float
) -> list[Statement]:
    identities = {
        "mean p(cyclic) under balance less mean p(balance) under cyclic data": (
            "crossed p",
            crossed_probabilities(factors, false_alarm),
        ),
        "slope of the truth on log BF": (
            "slope of the truth on log BF",
            recalibration_slope(factors, false_alarm),
        ),
        "mean Bayes factor of balance under cyclic data": (
            "mean Bayes factor, cyclic data",
            mean_factor(factors, false_alarm),
        ),
    }
    return [
        _curve_statement(curve, false_alarm),
        *(
            Statement(
                name=name,
                label=label,
                value=found.value,
                lower=found.lower,
                upper=found.upper,
                error=found.error,
                false_alarm=false_alarm,
                holds=found.holds,
            )
            for name, (label, found) in identities.items()
        ),
    ]


def _curve_statement(curve: tuple[ReliabilityBin, ...], false_alarm: float) -> Statement:
    """Judge the worst bin; without any the probabilities have not been seen to be right."""
    name = "frequency of balance less stated p(balance)"
    if not curve:
        words = f"{name}: no data set states one"
        return Statement(words, "frequency - p, no bins", np.nan, None, None, None, 0.0, False)
    worst = min(curve, key=lambda part: part.tail)
    place = f"worst of {len(curve)} bins (stated {worst.stated:.3f})"
    return Statement(
        name=f"{name}, in the {place}",
        label=f"frequency - p, {place}",
        value=worst.observed - worst.stated,
        lower=worst.lower - worst.stated,
        upper=worst.upper - worst.stated,
        error=None,
        false_alarm=false_alarm,
        holds=all(part.holds for part in curve),
    )


def _rank_checks(
    records: Sequence[Record], ranked: int
) -> tuple[tuple[RankCheck, ...], tuple[tuple[str, str, int], ...]]:
    """Check the ranks of each quantity that 20 data sets have at least; name the others."""
    found: dict[tuple[str, str], list[int]] = {}
    for record in records:
        for name, rank in record.ranks.items():
            of_quantity = found.setdefault((record.truth, name), [])
            if record.posterior_withheld is None:
                of_quantity.append(rank)
    enough = {key: ranks for key, ranks in sorted(found.items()) if len(ranks) >= FEWEST}
    level = FALSE_ALARM / 2 / max(_RANK_CHECKS, len(enough))
    checks = tuple(
        check_ranks(truth, name, np.array(ranks), ranked, level)
        for (truth, name), ranks in enough.items()
    )
    few = [(*key, len(ranks)) for key, ranks in sorted(found.items()) if key not in enough]
    return checks, tuple(few)


def _rank_statement(found: RankCheck) -> Statement:
    k = found.worst
    given = "balance" if found.truth == "balance" else "cyclic data"
    of = f"ranks of {found.quantity}, {given}"
    return Statement(
        name=f"{of}: distribution less uniform at {found.at[k]:.2f}",
        label=f"{of}, at {found.at[k]:.2f}",
        value=float(found.difference[k]),
        lower=float(found.lower[k]),
        upper=float(found.upper[k]),
        error=None,
        false_alarm=found.false_alarm,
        holds=found.holds,
    )


def _share(what: str, value: float) -> Statement:
    return Statement(
        name=f"share of data sets with {what} given",
        label=f"share with {what} given",
        value=value,
        lower=LEAST_GIVEN,
        upper=None,
        error=None,
        false_alarm=0.0,
        holds=value >= LEAST_GIVEN,
    )


def _reasons(withheld: Any) -> dict[str, int]:
    """Count reasons, without the figures that make each its own."""
    short = ["".join(c for c in reason if not c.isdigit()) for reason in withheld if reason]
    return dict(Counter(reason.split("(")[0].split(" at ")[0].strip() for reason in short))
