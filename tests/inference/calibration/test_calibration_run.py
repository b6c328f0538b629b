"""Data sets, the journal, and a run that is killed, cut short and continued."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from equipoise.errors import DataError, UsageError
from equipoise.graph import support_graph
from equipoise.inference.calibration.graphs import DESIGNS
from equipoise.inference.calibration.run import compute, header, run
from equipoise.inference.calibration.simulate import blank_counts, design_index, simulate
from equipoise.inference.calibration.store import Journal, Record, read
from equipoise.models import Priors
from equipoise.parallel import Workers

COMMAND = "import sys; from equipoise.cli import main; sys.exit(main())"


def record(number: int) -> Record:
    truth = "cyclic" if number % 2 else "balance"
    return Record(number, truth, "triangle", True, 100, 0, 0.5, 0.1, None, None, {"x": 3}, 0.1)


def timeless(records):
    return [replace(record, seconds=0.0) for record in records]


def test_designs_are_connected_with_cycles_from_3_to_20_states():
    graphs = [support_graph(blank_counts(design)) for design in DESIGNS]
    assert [graph.n_components for graph in graphs] == [1] * len(DESIGNS)
    assert {graph.n_states for graph in graphs} >= {3, 20}
    assert [graph.n_cycles for graph in graphs] == [1, 2, 6, 2, 1, 15, 5, 6]
    assert sum(design.share for design in DESIGNS) == pytest.approx(1)


def test_a_data_set_depends_on_seed_and_number_alone():
    one, again, other, seed = (
        simulate(s, k, every_source=False, priors=Priors())
        for s, k in ((1, 8), (1, 8), (1, 9), (2, 8))
    )
    assert np.array_equal(one.problem.likelihood.counts, again.problem.likelihood.counts)
    assert np.array_equal(one.truth.V, again.truth.V)
    assert one.design is DESIGNS[design_index(1, 8)]
    for another in (other, seed):
        assert not np.array_equal(one.truth.V, another.truth.V)


@pytest.mark.parametrize("every_source", [True, False])
def test_the_declared_graph_stands_whatever_was_observed(every_source):
    unseen = idle = no_stay = one_way = rejected = 0
    for k in range(120):
        data = simulate(5, k, every_source=every_source, priors=Priors())
        rows = data.problem.likelihood
        assert np.array_equal(data.problem.graph.edges, data.design.edges)
        assert data.cyclic == bool(k % 2)
        assert 100 <= data.trials <= 1_000_000
        total = np.bincount(rows.arcs.edge, weights=rows.counts)
        both = np.bincount(rows.arcs.edge, weights=rows.counts > 0)
        unseen += bool(np.any(total == 0))
        one_way += bool(np.any(both == 1))
        idle += bool(np.any(rows.trials == 0))
        no_stay += not data.stay
        rejected += data.rejected > 0
    assert min(unseen, no_stay, one_way, rejected) > 5
    assert (idle == 0) if every_source else (idle > 10)


def test_log_ratios_of_large_tables_are_those_of_the_truth():
    """Signs and axes: n_ij/N_i over n_ji/N_j is exp(Φ_i − Φ_j + c_ij)."""
    looked = 0
    for k in range(1, 400, 2):
        data = simulate(6, k, every_source=True, priors=Priors())
        rows, problem = data.problem.likelihood, data.problem
        theta = data.truth.theta(problem)[0, 0]
        model = problem.cyclic()
        p = rows.probabilities(model.design @ theta)
        expected = p * rows.trials[rows.arcs.source]
        seen = expected > 1000
        if not seen.any():
            continue
        looked += int(seen.sum())
        sd = np.sqrt(expected[seen] * (1 - p[seen]))
        # some thousand arcs: beyond five standard errors once in two thousand such tests
        assert np.all(np.abs(rows.counts[seen] - expected[seen]) < 5 * np.maximum(sd, 1))
    assert looked > 300


def test_a_journal_gives_back_what_was_written(tmp_path):
    path = tmp_path / "a.jsonl"
    settings = header("fast", 3)
    with Journal(path, settings) as journal:
        assert journal.done == frozenset()
        for k in (2, 0, 1):
            journal.append(record(k))
    found, records = read(path)
    assert found == json.loads(json.dumps(settings))
    assert records == [record(0), record(1), record(2)]
    with Journal(path, settings) as journal:
        assert journal.done == {0, 1, 2}


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_a_half_written_last_line_is_passed_over_and_written_anew(tmp_path, cut):
    path = tmp_path / "a.jsonl"
    with Journal(path, header("fast", 3)) as journal:
        journal.append(record(0))
        journal.append(record(1))
    path.write_bytes(path.read_bytes()[:-cut])
    assert read(path)[1] == [record(0)]
    with Journal(path, header("fast", 3)) as journal:
        assert journal.done == {0}
        journal.append(record(1))
    assert read(path)[1] == [record(0), record(1)]


@pytest.mark.parametrize(
    ("engine", "seed", "match"), [("path", 3, "another engine"), ("fast", 4, "another seed")]
)
def test_a_journal_of_another_run_is_refused(tmp_path, engine, seed, match):
    path = tmp_path / "a.jsonl"
    with Journal(path, header("fast", 3)):
        pass
    before = path.read_bytes()
    with pytest.raises(UsageError, match=match):
        Journal(path, header(engine, seed))
    assert path.read_bytes() == before


def test_two_runs_cannot_write_one_journal(tmp_path):
    path = tmp_path / "a.jsonl"
    with (
        Journal(path, header("fast", 3)),
        pytest.raises(UsageError, match="another run is writing"),
    ):
        Journal(path, header("fast", 3))


@pytest.mark.parametrize(
    "text",
    [
        "source,target,count\na,b,3\n",
        "source,target,count\na,b,3",
        '{"schema": "other/1"}\n',
        '{"schema": "other/1", "notes": "kept on one line"}',
        '{"schema": "equipoise.calibration/2"}\n{"number": 0',
        "x",
    ],
)
def test_another_file_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="calibration"):
        Journal(path, header("fast", 3))
    with pytest.raises(DataError, match="calibration"):
        read(path)
    assert path.read_text() == text


@pytest.mark.parametrize("engine", ["fast", "path"])
def test_a_refused_journal_keeps_its_last_line_though_cut_short(tmp_path, engine):
    """Settings are compared, and all lines read, before anything is cut off."""
    path = tmp_path / "a.jsonl"
    with Journal(path, header("fast", 3)) as journal:
        journal.append(record(0))
    broken = b'{"number": "one"}\n' if engine == "fast" else b""
    path.write_bytes(path.read_bytes() + broken + b'{"number": 1, "tru')
    before = path.read_bytes()
    with pytest.raises((DataError, UsageError), match=r"line 3|another engine"):
        Journal(path, header(engine, 3))
    assert path.read_bytes() == before


def test_a_header_cut_short_is_begun_anew(tmp_path):
    path = tmp_path / "a.jsonl"
    with Journal(path, header("fast", 3)):
        pass
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    with Journal(path, header("fast", 3)) as journal:
        assert journal.done == frozenset()
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("number", -1, "wrong number: '-1'"),
        ("number", True, "wrong number"),
        ("truth", "cycle", "wrong truth: 'cycle'"),
        ("design", 3, "wrong design"),
        ("stay", 1, "wrong stay"),
        ("trials", 2.5, "wrong trials"),
        ("rejected", None, "wrong rejected"),
        ("log_bayes_factor", "x", "wrong log_bayes_factor"),
        ("log_bayes_factor", float("inf"), "wrong log_bayes_factor"),
        ("mcse", "x", "wrong mcse: 'x'"),
        ("mcse", float("nan"), "wrong mcse"),
        ("mcse", None, "log_bayes_factor has no mcse"),
        ("evidence_withheld", 7, "wrong evidence_withheld"),
        ("posterior_withheld", [], "wrong posterior_withheld"),
        ("ranks", {"x": 100}, "they run from 0 to 99"),
        ("ranks", {"x": -1}, "they run from 0 to 99"),
        ("ranks", {"x": 3.0}, "wrong ranks"),
        ("seconds", None, "wrong seconds"),
    ],
)
def test_every_field_of_a_record_is_checked(tmp_path, field, value, words):
    path = tmp_path / "a.jsonl"
    with Journal(path, header("fast", 3)) as journal:
        journal.append(record(0))
    content = vars(record(1)) | {field: value}
    with path.open("a") as file:
        file.write(json.dumps(content) + "\n")
    with pytest.raises(DataError, match=f"line 3 .*{words}"):
        read(path)
    del content[field]
    path.write_text(path.read_text().splitlines()[0] + "\n" + json.dumps(content) + "\n")
    with pytest.raises(DataError, match=f"line 2 .*it has no {field}"):
        read(path)


def test_a_journal_of_another_version_is_told_by_it(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(header("fast", 3) | {"schema": "equipoise.calibration/2"}) + "\n")
    with pytest.raises(DataError, match=r"calibration/2', and this version reads .*calibration/1"):
        read(path)


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "a.jsonl"
    with Journal(path, header("fast", 3)) as journal:
        journal.append(record(0))
    with path.open("a") as file:
        file.write('{"number": 1}\n')
    with pytest.raises(DataError, match="line 3"):
        read(path)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"engine": "slow"}, "engine"),
        ({"datasets": 1}, "datasets"),
        ({"workers": Workers(0)}, "workers"),
        ({"workers": 2}, "workers"),
    ],
)
def test_arguments_out_of_range(tmp_path, options, match):
    given = {"engine": "fast", "datasets": 4, "random_seed": 0, **options}
    with pytest.raises(UsageError, match=match):
        run(tmp_path / "a.jsonl", **given)
    assert not (tmp_path / "a.jsonl").exists()


def test_a_killed_run_continues_and_equals_one_of_another_number_of_workers(tmp_path):
    path, again = tmp_path / "killed.jsonl", tmp_path / "whole.jsonl"
    options = ["--engine", "fast", "--datasets", "4", "--seed", "4", "--quiet"]
    command = [sys.executable, "-c", COMMAND, "calibrate", "run", *options, "--output", str(path)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if path.exists() and path.read_bytes().count(b"\n") >= 2:
            break
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    kept = path.read_bytes()
    before = kept[: kept.rfind(b"\n") + 1]
    assert 2 <= before.count(b"\n") < 5
    done = run(path, engine="fast", datasets=4, random_seed=4, workers=Workers(2))
    assert done == 4 - (before.count(b"\n") - 1)
    assert path.read_bytes().startswith(before)
    assert run(path, engine="fast", datasets=4, random_seed=4) == 0
    assert run(again, engine="fast", datasets=4, random_seed=4) == 4
    assert timeless(read(path)[1]) == timeless(read(again)[1])
    assert timeless([compute("fast", 4, 3)]) == timeless(read(path)[1][3:4])
