"""The small value that stands between every format and the counts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

IntArray = NDArray[np.int64]

OTHER = -1
"""Code of a trial that ended in no state."""


@dataclass(frozen=True, eq=False)
class Records:
    """Counted trials, a row each, with labels coded as integers.

    Attributes
    ----------
    labels : tuple of str
        Distinct states: in the order that the format declares, sorted where it declares none.
    source, target : (R,) int64 array
        Index of the state in `labels`; a target of -1 is a trial that ended in no state.
    count : (R,) int64 array
        How often; 0 is allowed and names a state without a trial.
    block_labels : tuple of str
        Distinct blocks, sorted.
    block : (R,) int64 array, or None
        Index of the block in `block_labels`; None: no blocks.
    name : str
        What messages about the data as a whole begin with: "counts.csv: ", or nothing.
    """

    labels: tuple[str, ...]
    source: IntArray
    target: IntArray
    count: IntArray
    block_labels: tuple[str, ...] = ()
    block: IntArray | None = None
    name: str = ""

    @property
    def header(self) -> tuple[str, ...]:
        """Column names of the long table: source, target, count and, with blocks, block."""
        return ("source", "target", "count") + (() if self.block is None else ("block",))

    def rows(self) -> Iterator[tuple[str | int, ...]]:
        """Yield the rows of the long table, an empty target for a trial without a state."""
        columns: list[list[str] | list[int]] = [
            [self.labels[code] for code in self.source.tolist()],
            ["" if code == OTHER else self.labels[code] for code in self.target.tolist()],
            self.count.tolist(),
        ]
        if self.block is not None:
            columns.append([self.block_labels[code] for code in self.block.tolist()])
        return zip(*columns, strict=True)


def frozen(values: ArrayLike) -> IntArray:
    """Return a read-only copy of an integer array."""
    array: IntArray = np.array(values, dtype=np.int64)
    array.flags.writeable = False
    return array
