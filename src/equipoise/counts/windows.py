"""Overlapping windows: counts at a lag that share their data, which no model here allows for."""

from collections.abc import Mapping
from typing import Any

from equipoise.errors import DataError
from equipoise.text import quoted

#: How transitions at a lag can have been counted, under the metadata key "counting".
COUNTING = ("sample", "effective", "sliding")
#: What the metadata key "overlap" must say for overlapping windows to be taken all the same.
ACCEPTED = "accepted"


def refuse_overlap(metadata: Mapping[str, Any]) -> None:
    """Refuse counts that the metadata say come from overlapping windows.

    At a lag L a window that slides by one step counts every step L times over: the counts are not
    independent, and every interval and Bayes factor claims some L times the data there are.

    Parameters
    ----------
    metadata
        "counting": "sample" (every L-th state of a path), "effective" (divided by the correlation)
        or "sliding"; "lag": L, where it is not 1; "overlap": "accepted" is the opt-out.

    Raises
    ------
    DataError
        If counting is "sliding" at a lag that is not 1 and the opt-out is missing, or a value is
        unknown.
    """
    counting, lag = metadata.get("counting"), metadata.get("lag")
    if counting is not None and counting not in COUNTING:
        raise DataError(
            f"metadata['counting'] is {quoted(counting)}; write {', '.join(map(repr, COUNTING))}"
        )
    overlap = metadata.get("overlap")
    if overlap is not None and overlap != ACCEPTED:
        raise DataError(f"metadata['overlap'] is {quoted(overlap)}; write {ACCEPTED!r}, or nothing")
    if counting == "sliding" and lag != 1 and overlap is None:
        at = "a lag that is not given" if lag is None else f"lag {quoted(lag)}"
        raise DataError(
            f"the counts come from overlapping windows (metadata['counting'] is 'sliding', at {at})"
            " and are not independent, so that error bars would be too small and Bayes factors too "
            "large; count every lag-th state of the path, or write metadata['overlap'] = "
            f"{ACCEPTED!r} to go on all the same"
        )


def accepts_overlap(metadata: Mapping[str, Any]) -> bool:
    """Say whether counts of overlapping windows were taken all the same."""
    return (
        metadata.get("counting") == "sliding"
        and metadata.get("lag") != 1
        and metadata.get("overlap") == ACCEPTED
    )
