"""The lock of a store: its file is gone when the store is closed, and never lets two write."""

import fcntl
import os

import pytest

from equipoise.cli.app import main
from equipoise.errors import UsageError
from equipoise.sampling.store import Store, connection


def test_nothing_is_left_beside_a_closed_store(tmp_path):
    path = tmp_path / "run.db"
    with Store(path):
        assert (tmp_path / "run.db.lock").exists()
        with pytest.raises(UsageError, match=r"another process \(process \d+\) is writing to"):
            Store(path)
        assert (tmp_path / "run.db.lock").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["run.db"]
    with Store(path):
        pass


def test_a_lock_whose_file_went_is_not_taken(tmp_path, monkeypatch):
    """Opened before its holder removed it, locked after: others would lock a new file beside."""
    path, place = tmp_path / "run.db", tmp_path / "run.db.lock"
    locked, stale = connection._locked, []

    def late(where, of):
        monkeypatch.setattr(connection, "_locked", locked)
        first = Store(path)
        stale.append(open(where, "a+", encoding="utf-8"))  # as a second process would
        first.close()
        fcntl.flock(stale[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
        return stale[0]

    monkeypatch.setattr(connection, "_locked", late)
    with Store(path) as store:
        assert stale[0].closed
        assert os.path.samestat(os.fstat(store._lock.fileno()), place.stat())
        with pytest.raises(UsageError, match="another process"):
            Store(path)


def test_a_refused_collection_leaves_no_store(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    given = ["collect", "--task", "weekday", "--model", "claude-haiku-4-5", "--draws", "5"]
    given += ["--base-url", "http://203.0.113.1", "--store", str(tmp_path / "run.db")]
    assert main(given) == 2
    assert "nobody can be asked" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    with Store(tmp_path / "run.db"):
        pass
    assert main(given) == 2  # a store that was there stays
    assert [file.name for file in tmp_path.iterdir()] == ["run.db"]
