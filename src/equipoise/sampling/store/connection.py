"""Opening a store: what SQLite is told, and that one process writes at a time."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from equipoise.errors import DataError, UsageError
from equipoise.sampling.store.schema import APPLICATION, TABLES, VERSION
from equipoise.text import quoted

Journal = Literal["wal", "delete"]

_BUSY_SECONDS = 30.0
_NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "fuse.sshfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "beegfs",
)


def open_reader(path: str | os.PathLike[str]) -> sqlite3.Connection:
    """Return a connection that only reads; another process may be writing.

    Raises
    ------
    UsageError
        If there is no such file.
    DataError
        If it is no store.
    """
    if not Path(path).is_file():
        raise UsageError(f"there is no store {quoted(path, 200)}; `equipoise collect` makes one")
    connection = _connect(path)
    _check(connection, path)
    connection.execute("PRAGMA query_only=ON")
    return connection


def open_writer(
    path: str | os.PathLike[str], journal: Journal | None = None
) -> tuple[sqlite3.Connection, IO[str]]:
    """Return a connection that writes, and the lock that it holds; made if there is none.

    Parameters
    ----------
    path : str or path
        The file.
    journal : {"wal", "delete"}, optional
        Default: "wal", and "delete" on a network file system, where WAL does not work.

    Returns
    -------
    connection : sqlite3.Connection
        Foreign keys on, synchronous FULL; transactions are explicit.
    lock : file
        To be given up last, by `release`.

    Raises
    ------
    UsageError
        If the file cannot be made, or another process is writing.
    DataError
        If it is something else than a store.
    """
    lock = _lock(path)
    try:
        connection = _connect(path)
        try:
            _begin(connection, path, journal or ("delete" if on_network(path) else "wal"))
        except BaseException:
            connection.close()
            raise
    except BaseException:
        release(lock)
        raise
    return connection, lock


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: what is done inside is on disk when this ends, or was never done.

    Raises
    ------
    UsageError
        If the disk is full or the file cannot be written; what was stored before stays.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise UsageError(
            f"the store cannot be written ({error}); make room and run again: what is stored stays"
        ) from None


def on_network(path: str | os.PathLike[str]) -> bool:
    """Say whether a path lies on a network file system, as far as the system tells (Linux)."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    where = os.path.realpath(Path(path).parent)
    best, kind = "", ""
    for line in mounts:
        parts = line.split()
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, parts[2]
    return kind.startswith(_NETWORK)


def _connect(path: str | os.PathLike[str]) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA foreign_keys=ON")
        return connection
    except sqlite3.Error as error:
        raise UsageError(
            f"{quoted(path, 200)} cannot be opened ({error}); give a file in a folder that exists"
        ) from None


def _begin(connection: sqlite3.Connection, path: str | os.PathLike[str], journal: Journal) -> None:
    try:
        empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    except sqlite3.DatabaseError:
        raise _no_store(path) from None
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute("PRAGMA synchronous=FULL")
    if empty:
        with transaction(connection):
            for statement in TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={VERSION}")
    _check(connection, path)


def _check(connection: sqlite3.Connection, path: str | os.PathLike[str]) -> None:
    try:
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError:
        raise _no_store(path) from None
    if mark != APPLICATION:
        raise _no_store(path)
    if version != VERSION:
        raise DataError(
            f"{quoted(path, 200)} is a store of version {version}, this Equipoise writes "
            f"{VERSION}; use the one that wrote it"
        )


def _no_store(path: str | os.PathLike[str]) -> DataError:
    return DataError(
        f"{quoted(path, 200)} is no store of Equipoise; choose another file, nothing was changed"
    )


def release(lock: IO[str]) -> None:
    """Give up the lock of a store, and remove its file while it is still held.

    Whoever had opened the file before sees that it is gone, and makes another: see `_lock`.
    """
    try:
        os.unlink(lock.name)
    except OSError:  # Windows removes no open file; it is of no harm there
        pass
    lock.close()


def _lock(path: str | os.PathLike[str]) -> IO[str]:
    """Lock a file beside the store; the lock goes with the process, however it ends."""
    place = f"{os.fspath(path)}.lock"
    while True:
        file = _locked(place, path)
        try:
            if os.path.samestat(os.fstat(file.fileno()), os.stat(place)):
                return file
        except FileNotFoundError:
            pass
        file.close()  # its holder removed it meanwhile, and others would lock another file


def _locked(place: str, path: str | os.PathLike[str]) -> IO[str]:
    try:
        file = open(place, "a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{quoted(path, 200)} cannot be written ({error.strerror}); choose another file"
        ) from None
    try:
        import fcntl
    except ImportError:  # Windows has none; there two runs must not share a store
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read(32).strip()
        file.close()
        who = f" (process {holder})" if holder.isdigit() else ""
        raise UsageError(
            f"another process{who} is writing to {quoted(path, 200)}; wait until it ends, or give "
            "another --store"
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
