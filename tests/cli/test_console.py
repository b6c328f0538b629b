"""What reaches the terminal."""

import io

import pytest

from equipoise.cli import console, main
from equipoise.errors import UsageError


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Let a second pass between any two looks at the clock."""
    seconds = iter(range(1000, 10**6))
    monkeypatch.setattr(console.time, "monotonic", lambda: next(seconds))


def test_progress_is_drawn_and_erased(clock):
    stream = Terminal()
    with console.ProgressBar(stream=stream) as progress:
        progress("evidence", 0.25)
        progress("ceiling, a longer stage", 0.5)
        progress("done", 1.5)
    frames = stream.getvalue().split("\r")
    assert frames[1] == "[######..................]  25%  evidence"
    assert frames[2].startswith("[############............]  50%  ceiling, a longer stage")
    assert frames[3].startswith("[########################] 100%  done")
    assert len(frames[3]) == len(frames[2])  # nothing of a longer line stays behind
    assert frames[4].strip() == ""
    assert frames[5] == ""


def test_progress_fits_the_terminal(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    with console.ProgressBar(stream=stream) as progress:
        progress("evidence", 0.25)
    assert max(len(frame) for frame in stream.getvalue().split("\r")) <= 19


@pytest.mark.parametrize(("stream", "shown"), [(io.StringIO(), True), (Terminal(), False)])
def test_progress_is_silent_off_a_terminal_and_when_quiet(clock, stream, shown):
    with console.ProgressBar(shown=shown, stream=stream) as progress:
        progress("evidence", 0.25)
    assert stream.getvalue() == ""


def test_progress_is_not_drawn_more_often_than_eyes_follow():
    stream = Terminal()
    with console.ProgressBar(stream=stream) as progress:
        for k in range(1000):
            progress("evidence", k / 1000)
    assert stream.getvalue().count("evidence") < 20


def test_one_line():
    assert console.one_line("a\n  b\x1b[31m c") == "a b\\x1b[31m c"


def test_files_that_cannot_be_written(tmp_path):
    with pytest.raises(UsageError, match="is a directory; give a file"):
        console.check_file(str(tmp_path))
    with pytest.raises(UsageError, match=r"there is no directory '.*absent' to write to"):
        console.check_file(str(tmp_path / "absent" / "x.json"))
    with pytest.raises(UsageError, match="cannot be written"):
        console.write_file(str(tmp_path / "absent" / "x.json"), "text")
    with pytest.raises(UsageError, match="cannot be written"):
        console.write_file("nul\0", "text")
    with pytest.raises(UsageError, match="cannot be made"):
        console.make_folder("nul\0")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file; give a directory"):
        console.make_folder(str(tmp_path / "file"))
    console.check_file(str(tmp_path / "x.json"))


@pytest.mark.parametrize(
    "command",
    [
        "test TABLE --fast --figures DIR",
        "report TABLE --fast --output page.html --tables DIR",
        "compare TABLE TABLE --figures DIR",
        "compare TABLE TABLE --latex DIR",
        "features TABLE TABLE --figures DIR",
        "calibrate check journal.jsonl --figures DIR",
        "demo --output DIR",
        "test TABLE --fast --json DIR",
        "plan TABLE --figure DIR.png",
        "large TABLE --json DIR",
        "calibrate run --output DIR --datasets 2",
    ],
)
def test_no_folder_is_made_in_one_that_is_not_there(command, table, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = command.replace("TABLE", table).replace("DIR", "absent/deep/there").split()
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "there is no directory 'absent/deep'" in shown.err
    assert shown.err.count("\n") == 1
    assert not (tmp_path / "absent").exists()


def test_a_folder_is_made_where_one_can_stand(tmp_path):
    console.make_folder(str(tmp_path / "new"))
    console.make_folder(str(tmp_path / "new"))
    assert (tmp_path / "new").is_dir()
