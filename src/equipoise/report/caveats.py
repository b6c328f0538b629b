"""What a reader must know beside the verdict: doubts about the data it rests on."""

from collections import defaultdict
from collections.abc import Iterable

from equipoise.inference.diagnosis import Diagnosis
from equipoise.report.sampling_checks import sampling_caveat
from equipoise.text import quoted

_MOST = 3


def warnings(found: Diagnosis) -> list[str]:
    """Return what stands before the verdict, a paragraph each: labels that look like one.

    Parameters
    ----------
    found
        From :func:`equipoise.diagnose`.
    """
    said = alike_labels(found.result.counts.states)
    return [] if said is None else [said]


def caveats(found: Diagnosis) -> list[str]:
    """Return what stands after the verdict, a paragraph each: doubts about the sampling.

    Parameters
    ----------
    found
        From :func:`equipoise.diagnose`.
    """
    said = sampling_caveat(found)
    return [] if said is None else [said]


def alike_labels(states: Iterable[str]) -> str | None:
    """Say which labels differ in capitals or blanks only; None where none do."""
    groups: dict[str, list[str]] = defaultdict(list)
    for state in states:
        groups["".join(state.casefold().split())].append(state)
    alike = [group for group in groups.values() if len(group) > 1]
    if not alike:
        return None
    named = "; ".join(" and ".join(map(quoted, group[:_MOST])) for group in alike[:_MOST])
    more = f", and {len(alike) - _MOST:,} more such" if len(alike) > _MOST else ""
    return (
        f"Check the labels first: {named}{more} differ in capitals or blanks only, and are counted "
        "as states of their own. If they are one state, write them alike in the file and run this "
        "again; what follows takes them as they are."
    )
