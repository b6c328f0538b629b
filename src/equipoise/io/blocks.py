"""Blocks: the same trials, counted batch by batch."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from equipoise.errors import DataError
from equipoise.io.integers import check_counts
from equipoise.io.labels import declared_states
from equipoise.io.records import OTHER, IntArray, frozen


@dataclass(frozen=True, eq=False, repr=False)
class Blocks:
    """Counts of each block (batch, day, seed, prompt variant), one row a block and transition.

    Attributes
    ----------
    labels : tuple of str
        The blocks.
    block : (R,) int64 array
        Index into `labels`.
    source, target : (R,) int64 array
        Indices of states; a target of -1 is a trial that ended in no state.
    count : (R,) int64 array
        How often, at least 1.

    Notes
    -----
    Rows are sorted by block, source, target and appear once; arrays are read-only.

    Raises
    ------
    DataError
        If the columns differ in length, or a label, index or count cannot be used.
    """

    labels: tuple[str, ...]
    block: IntArray
    source: IntArray
    target: IntArray
    count: IntArray

    def __post_init__(self) -> None:
        labels = declared_states(self.labels, "block")
        count = check_counts(self.count, lambda _: "blocks: ")
        columns = [np.asarray(c) for c in (self.block, self.source, self.target, count)]
        if any(c.shape != (columns[0].size,) for c in columns):
            raise DataError(
                f"the columns of blocks have shapes {', '.join(str(c.shape) for c in columns)}; "
                "give block, source, target and count one entry a row each"
            )
        block, source, target = (c.astype(np.int64) for c in columns[:3])
        if block.size and (block.min() < 0 or block.max() >= len(labels)):
            raise DataError(f"a block index lies outside 0 to {len(labels) - 1}; check blocks")
        if source.size and (source.min() < 0 or target.min() < OTHER):
            raise DataError("a state index in blocks is negative; only a target may be -1 (other)")
        order = np.lexsort((target, source, block))
        rows = np.stack([block, source, target])[:, order]
        first = np.ones(order.size, dtype=bool)
        first[1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
        starts = np.flatnonzero(first)
        total = np.add.reduceat(count[order], starts) if starts.size else count
        keep = total > 0
        for name, value in zip(
            ("block", "source", "target", "count"),
            (*rows[:, starts[keep]], total[keep]),
            strict=True,
        ):
            object.__setattr__(self, name, frozen(value))
        object.__setattr__(self, "labels", labels)

    def __repr__(self) -> str:
        return f"Blocks({len(self.labels)} blocks, {int(self.count.sum())} trials)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Blocks):
            return NotImplemented
        return self.labels == other.labels and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("block", "source", "target", "count")
        )

    def __hash__(self) -> int:
        return hash((self.labels, self.block.tobytes(), self.count.tobytes()))

    @classmethod
    def build(
        cls,
        labels: tuple[str, ...],
        block: IntArray,
        source: IntArray,
        target: IntArray,
        count: IntArray,
    ) -> Self:
        """Return blocks without those in which no trial was made.

        Parameters
        ----------
        labels : tuple of str
            The blocks.
        block, source, target, count : (R,) int64 array
            The rows, in any order; repeated rows add up.

        Returns
        -------
        Blocks
            With the labels that hold a trial, in the order given.
        """
        used = np.unique(block[count > 0])
        code = np.zeros(len(labels), dtype=np.int64)
        code[used] = np.arange(used.size)
        keep = count > 0
        return cls(
            tuple(labels[k] for k in used.tolist()),
            code[block[keep]],
            source[keep],
            target[keep],
            count[keep],
        )
