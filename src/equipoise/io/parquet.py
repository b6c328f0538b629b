"""Parquet files: the long table, and a description in the metadata of the file."""

from collections.abc import Mapping
from dataclasses import replace
from re import fullmatch
from typing import Any

from equipoise.errors import DataError
from equipoise.io.context import Context, from_json, read_context, to_json
from equipoise.io.files import Path, write_bytes
from equipoise.io.frame import column_counts
from equipoise.io.header import check_header
from equipoise.io.records import OTHER, Records
from equipoise.io.table import column_records
from equipoise.text import printable

MAGIC = b"PAR1"
KEY = b"equipoise"
_LONGEST = 2**31 - 1  # bytes of the description: a long trajectory needs more than the usual 100 MB


def parquet_records(name: str, data: bytes) -> tuple[Records, Context]:
    """Read a long table from a Parquet file.

    Parameters
    ----------
    name : str
        Printable name of the file.
    data : bytes
        What it holds.

    Returns
    -------
    records : Records
        Labels sorted.
    context : Context
        What the file says beside them; empty for a file that Equipoise did not write.

    Raises
    ------
    DataError
        If it is no Parquet file, a column is missing or unknown, or a cell cannot be used.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not data.startswith(MAGIC) or not data.endswith(MAGIC):
        raise DataError(
            f"{name}: this is no Parquet file (it does not begin and end with PAR1); "
            "give one, or read text with from_csv"
        )
    broken = (pa.ArrowException, OSError, ValueError, OverflowError)
    try:
        file = pq.ParquetFile(
            pa.BufferReader(data),
            thrift_string_size_limit=_LONGEST,
            page_checksum_verification=True,  # where there are any, as `write_parquet` writes them
        )
        names = file.schema_arrow.names
        described = (file.metadata.metadata or {}).get(KEY)
    except broken as error:
        raise _unreadable(name, error) from None
    # pandas writes an index without a name under one that says so; it means nothing here.
    header = [column for column in names if not fullmatch(r"__index_level_\d+__", column)]
    check_header(header, name)
    try:
        table = file.read(columns=header)
        columns = {c: _values(table.column(c)) for c in header}
    except broken as error:
        raise _unreadable(name, error) from None
    if not columns["source"]:
        raise DataError(f"{name}: there is no row; give at least one")
    records = column_records(columns, column_counts, lambda row: f"{name}, row {row + 1}: ")
    context = Context()
    if described is not None:
        place = f"{name}, metadata 'equipoise': "
        context = read_context(from_json(described, place), place)
    if context.block_labels is not None and records.block is None:
        raise DataError(
            f"{name}: the metadata tell of blocks, but there is no column block; "
            "keep the column, or remove the key 'equipoise' from the metadata"
        )
    return replace(records, name=f"{name}: "), context


def _values(column: Any) -> list[object]:
    """Return the values of a column; equal texts are one object, which saves most of the memory."""
    import pyarrow as pa

    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return list(column.to_pylist())
    coded = column.dictionary_encode(null_encoding="encode").combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # nothing to combine
        coded = pa.concat_arrays(coded.chunks)
    texts = coded.dictionary.to_pylist()
    return [texts[code] for code in coded.indices.to_numpy().tolist()]


def _unreadable(name: str, error: BaseException) -> DataError:
    return DataError(f"{name}: cannot be read as Parquet ({printable(error)}); check the file")


def write_parquet(path: Path, records: Records, described: Mapping[str, Any]) -> None:
    """Write a long table as a Parquet file.

    Parameters
    ----------
    path : str or path
        Where to; an existing file is replaced.
    records : Records
        The rows; a null target is a trial that ended in no state.
    described : mapping
        What `read_context` reads; plain types.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    labels = pa.array(records.labels, pa.string())
    target = pa.array(records.target, mask=records.target == OTHER)
    columns = {
        "source": pa.DictionaryArray.from_arrays(records.source, labels).cast(pa.string()),
        "target": pa.DictionaryArray.from_arrays(target, labels).cast(pa.string()),
        "count": pa.array(records.count),
    }
    if records.block is not None:
        blocks = pa.array(records.block_labels, pa.string())
        block = pa.DictionaryArray.from_arrays(records.block, blocks)
        columns["block"] = block.cast(pa.string())
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    # Added to the footer, not to Arrow's schema: that would write the description twice.
    with pq.ParquetWriter(
        sink, table.schema, store_schema=False, write_page_checksum=True
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({KEY: to_json(described).encode()})
    write_bytes(path, sink.getvalue().to_pybytes())
