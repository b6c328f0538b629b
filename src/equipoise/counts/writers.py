"""The methods of `TransitionCounts` that write it, one a format."""

from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.counts.check import Path
from equipoise.errors import DataError
from equipoise.io.arrays import make_dataset
from equipoise.io.context import SCHEMA
from equipoise.io.frame import matrix_frame, records_frame
from equipoise.io.metadata import thaw_metadata
from equipoise.io.nested import nested_counts
from equipoise.io.parquet import write_parquet
from equipoise.io.records import OTHER, Records
from equipoise.io.textfile import write_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from equipoise.counts.transition_counts import TransitionCounts


def to_csv(self: "TransitionCounts", path: Path) -> None:
    """Write a long table, as `from_csv` reads it.

    The file holds counts, `other` and blocks; a state that occurs nowhere is written with a
    count of 0, so that no state is lost. It does not hold the order of the states, protocol,
    starts, stay, sequences, support and metadata: hand them to `from_csv` again, or use
    `to_parquet`, which holds everything.

    Parameters
    ----------
    path : str or path
        Where to; an existing file is replaced.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    records = _records(self)
    write_table(path, records.header, records.rows())


def to_dataframe(self: "TransitionCounts") -> "pd.DataFrame":
    """Return a long table with the columns and limits of `to_csv`.

    Returns
    -------
    DataFrame
        Columns source, target ("" is `other`), count and, with blocks, block.
    """
    return records_frame(_records(self))


def to_matrix(self: "TransitionCounts") -> "pd.DataFrame":
    """Return the counts as a labelled matrix, in the order of the states.

    Returns
    -------
    (S, S + 1) DataFrame
        Index from, columns to, and a last column "" for `other`. Blocks are not in it.
    """
    return matrix_frame(self.states, self.counts.toarray(), self.other)


def to_sequences(self: "TransitionCounts") -> list[list[str | None]]:
    """Return the trajectories as labels, None where a trial failed.

    Returns
    -------
    list of lists
        One list a trajectory.

    Raises
    ------
    DataError
        If the counts did not come from sequences: their order is not known.
    """
    paths = _sequences(self)
    if paths is None:
        raise DataError(
            "these counts were not made from sequences, so the order of the steps is unknown; "
            "use to_dataframe or to_matrix"
        )
    return paths


def to_parquet(self: "TransitionCounts", path: Path) -> None:
    """Write a Parquet file from which `from_parquet` makes an equal value.

    The table is that of `to_csv`, a null target being `other`, and any reader of Parquet can use
    it. What a table cannot hold (order of the states and blocks, protocol, starts, stay, support,
    sequences, metadata) is JSON in the metadata of the file, under the key ``equipoise``.

    Parameters
    ----------
    path : str or path
        Where to; an existing file is replaced.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    described = _described(self)
    described["blocks"] = None if self.blocks is None else list(self.blocks.labels)
    write_parquet(path, _records(self), described)


def to_dict(self: "TransitionCounts") -> dict[str, Any]:
    """Return nested mappings from which `from_dict` makes an equal value.

    They hold text, numbers, truth values, None, lists and mappings only: ``json.dumps`` writes
    them, and what ``json.loads`` reads makes an equal value too.

    Returns
    -------
    dict
        "schema", ``"equipoise.counts/1"``; "states", the S labels in order; "counts",
        ``{from: {to: count}}`` without zeros; "other", ``{from: count}`` without zeros;
        "protocol", "starts", "stay", "metadata"; "support", pairs of labels, or None;
        "blocks", a list of ``{"label": ..., "counts": ..., "other": ...}``, or None;
        "sequences", as `to_sequences` returns them, or None.
    """
    said = _described(self)
    records = _records(self.without_blocks())
    made = records.count > 0
    columns = (records.source[made], records.target[made], records.count[made])
    return {
        "schema": said.pop("schema"),
        "states": said.pop("states"),
        **nested_counts(self.states, *columns),
        **said,
        "blocks": _nested_blocks(self),
    }


def to_xarray(self: "TransitionCounts") -> "xr.Dataset":
    """Return a Dataset from which `from_xarray` makes an equal value.

    It survives netCDF, by ``to_netcdf("counts.nc", engine="h5netcdf")`` and ``xr.open_dataset``.
    The matrix is dense: S × S numbers.

    Returns
    -------
    Dataset
        ``counts`` over (source, target), axis 0 from, axis 1 to, and ``other`` over (source), with
        the labels as coordinates, in the order of the states. With blocks, ``record_source``,
        ``record_target`` (a label, or "" for `other`), ``record_count`` and ``record_block`` over
        (record), a row a block and transition, and the coordinate ``block``, the order of the
        blocks. With sequences, ``step_trajectory`` (numbered from 0) and ``step_state`` (a label,
        or "" for a failed trial) over (step). Attributes: ``schema`` and ``protocol`` as text;
        ``starts``, ``stay``, ``metadata`` and, where declared, ``support`` as JSON.
    """
    said = _described(self)
    dense = self.counts.toarray()
    return make_dataset(self.states, dense, self.other, self.blocks, said["sequences"], said)


def _described(counts: "TransitionCounts") -> dict[str, Any]:
    """Return everything but counts, `other` and blocks, as `read_context` reads it."""
    return {
        "schema": SCHEMA,
        "states": list(counts.states),
        "protocol": counts.protocol,
        "starts": list(counts.starts),
        "stay": counts.stay,
        "support": None if counts.support is None else [list(pair) for pair in counts.support],
        "sequences": _sequences(counts),
        "metadata": thaw_metadata(counts.metadata),
    }


def _sequences(counts: "TransitionCounts") -> list[list[str | None]] | None:
    if counts.sequences is None:
        return None
    names = (*counts.states, None)  # code -1, a failed trial, is the last
    return [[names[code] for code in path.tolist()] for path in counts.sequences]


def _nested_blocks(counts: "TransitionCounts") -> list[dict[str, Any]] | None:
    blocks = counts.blocks
    if blocks is None:
        return None
    ends = np.searchsorted(blocks.block, np.arange(len(blocks.labels) + 1))
    parts = [slice(a, b) for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
    return [
        {
            "label": label,
            **nested_counts(counts.states, blocks.source[k], blocks.target[k], blocks.count[k]),
        }
        for label, k in zip(blocks.labels, parts, strict=True)
    ]


def _records(counts: "TransitionCounts") -> Records:
    """Return sorted rows, blocks kept; a state without a row gets one with count 0."""
    if counts.blocks is None:
        coo = counts.counts.tocoo()
        gone = np.flatnonzero(counts.other)
        source = np.concatenate([coo.row, gone])
        target = np.concatenate([coo.col, np.full(gone.size, OTHER)])
        count, block = np.concatenate([coo.data, counts.other[gone]]), None
    else:
        source, target = counts.blocks.source, counts.blocks.target
        count, block = counts.blocks.count, counts.blocks.block
    alone = np.setdiff1d(np.arange(counts.n_states), np.concatenate([source, target]))
    source = np.concatenate([source, alone])
    target = np.concatenate([target, np.full(alone.size, OTHER)])
    count = np.concatenate([count, np.zeros(alone.size, dtype=np.int64)])
    order = np.lexsort((np.where(target == OTHER, counts.n_states, target), source))
    if block is not None:
        block = np.concatenate([block, np.zeros(alone.size, dtype=np.int64)])[order]
    names = () if counts.blocks is None else counts.blocks.labels
    return Records(counts.states, source[order], target[order], count[order], names, block)
