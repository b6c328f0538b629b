"""From the rows that a format yields to `TransitionCounts`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array

from equipoise.counts import check
from equipoise.errors import DataError
from equipoise.io.blocks import Blocks
from equipoise.io.context import Context
from equipoise.io.integers import check_total
from equipoise.io.labels import declared_states
from equipoise.io.records import OTHER, IntArray, Records
from equipoise.text import listed

if TYPE_CHECKING:
    from equipoise.counts.transition_counts import TransitionCounts


def build(
    cls: "type[TransitionCounts]", records: Records, said: Context | None = None
) -> "TransitionCounts":
    """Add up rows.

    Parameters
    ----------
    cls : type
        What is made.
    records : Records
        Counted trials; repeated rows add up.
    said : Context, optional
        What is known beside them. Where nothing is said: the states that occur, in the order of
        the records; protocol "draws"; staying is possible; starts are those of the sequences.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If declared states or blocks leave out one that occurs, or the parts do not fit together.
    """
    said = Context() if said is None else said
    labels = records.labels if said.states is None else declared_states(said.states)
    code = _recode(records.labels, labels, records.name, "state")
    check_total(records.count, records.name)
    source, target, size = code[records.source], code[records.target], len(labels)
    known = target != OTHER
    if not records.count[known].any():
        raise check.no_transition(int(records.count.sum()), records.name)
    other = np.zeros(size, dtype=np.int64)
    np.add.at(other, source[~known], records.count[~known])
    triplets = (records.count[known], (source[known], target[known]))
    paths = None
    starts = () if said.starts is None else check.start_labels(said.starts)
    if said.sequences is not None:
        names, codes = said.sequences
        code = _recode(names, labels, f"{records.name}sequences: ", "state")
        paths = tuple(code[path] for path in codes)
        if said.starts is None:
            starts = tuple(labels[path[0]] for path in paths)
    return cls(
        states=labels,
        counts=csr_array(coo_array(triplets, shape=(size, size), dtype=np.int64)),
        other=other,
        protocol=check.protocol("draws" if said.protocol is None else said.protocol),
        starts=starts,
        stay=True if said.stay is None else said.stay,
        blocks=_blocks(records if said.blocks is None else said.blocks, labels, said.block_labels),
        sequences=paths,
        support=None if said.support is None else tuple(said.support),
        metadata={} if said.metadata is None else said.metadata,
    )


def _blocks(
    rows: Records, states: tuple[str, ...], declared: tuple[str, ...] | None
) -> Blocks | None:
    """Return the blocks of rows: those declared, else those that hold a trial."""
    if rows.block is None:
        return None
    code = _recode(rows.labels, states, f"{rows.name}blocks: ", "state")
    source, target = code[rows.source], code[rows.target]
    if declared is None:
        return Blocks.build(rows.block_labels, rows.block, source, target, rows.count)
    block = _recode(rows.block_labels, declared, rows.name, "block")[rows.block]
    return Blocks(declared, block, source, target, rows.count)


def _recode(found: Sequence[str], labels: Sequence[str], place: str, what: str) -> IntArray:
    """Return the position in `labels` of each label found, and a last entry for code -1."""
    position = {label: k for k, label in enumerate(labels)}
    missing = sorted(set(found) - set(position))
    if missing:
        raise DataError(
            f"{place}the declared {what}s leave out {listed(missing)}, which the data hold; "
            f"declare every {what} that occurs"
        )
    # `other` stays `other`: the last entry is what code -1 looks up.
    return np.array([*(position[label] for label in found), OTHER], dtype=np.int64)
