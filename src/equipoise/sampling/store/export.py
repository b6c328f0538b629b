"""The draws of a store as a table: CSV for people, Parquet for programs."""

import csv
import os
from collections.abc import Iterator
from contextlib import closing

from equipoise.errors import DataError, UsageError
from equipoise.io.files import failure, file_name, has_suffix
from equipoise.sampling.store.connection import open_reader

COLUMNS = (
    *("run", "draw", "source", "outcome", "target", "reason", "stop_reason", "model_returned"),
    *("input_tokens", "output_tokens", "at", "request_id", "reply"),
)
# A cell that begins so is a formula to a spreadsheet, and a model wrote it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 5000
_QUERY = (
    "SELECT run_id, draw, from_state, kind, to_state, reason, stop_reason, model_returned, "
    "input_tokens, output_tokens, at, request_id, raw_text FROM draw "
    "WHERE ?1 IS NULL OR run_id = ?1 ORDER BY run_id, draw"
)


def export_draws(
    store: str | os.PathLike[str], path: str | os.PathLike[str], *, run: int | None = None
) -> int:
    """Write every answered draw, a row each.

    Parameters
    ----------
    store : str or path
    path : str or path
        Where to; a name that ends in ``.parquet`` makes Parquet, any other CSV. In CSV, text that
        a spreadsheet would take for a formula begins with an apostrophe, and null characters are
        left out; Parquet holds all text as it came.
    run : int, optional
        Default: all runs.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    UsageError, DataError
        If there is no such store or run, or the file cannot be written.
    """
    name = file_name(path)
    with closing(open_reader(store)) as connection:
        if (
            run is not None
            and not connection.execute("SELECT 1 FROM run WHERE run_id=?", (run,)).fetchone()
        ):
            raise UsageError(f"there is no run {run} in the store; `equipoise runs` lists them")
        cursor = connection.execute(_QUERY, (run,))
        chunks: Iterator[list[tuple[object, ...]]] = iter(lambda: cursor.fetchmany(_CHUNK), [])
        try:
            write = _parquet if has_suffix(path, ".parquet") else _csv
            return write(path, chunks)
        except OSError as error:
            raise DataError(
                f"{name}: cannot be written ({failure(error)}); choose another"
            ) from None


def _csv(path: str | os.PathLike[str], chunks: Iterator[list[tuple[object, ...]]]) -> int:
    count = 0
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for rows in chunks:
            writer.writerows([[_cell(value) for value in row] for row in rows])
            count += len(rows)
    return count


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _parquet(path: str | os.PathLike[str], chunks: Iterator[list[tuple[object, ...]]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = {"run", "draw", "input_tokens", "output_tokens"}
    schema = pa.schema([(name, pa.int64() if name in whole else pa.string()) for name in COLUMNS])
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in chunks:
            columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
            writer.write_table(pa.table(columns, schema=schema))
            count += len(rows)
    return count
