"""Several methods side by side: what agrees is said to agree, and what does not is not."""

import json
import re
import sys
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

import equipoise as eq
from equipoise import datasets
from equipoise.cli import main
from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.evidence import BayesFactor
from equipoise.inference.evidence import cross_check as cross_check_function
from equipoise.inference.problem import problem_of
from equipoise.report.cross_check import cross_check_json, cross_check_summary

METHODS = ("laplace", "path", "bridge", "savage_dickey")
module = sys.modules[cross_check_function.__module__]


@pytest.fixture(scope="module")
def alofi():
    return datasets.load("alofi-rain")


@pytest.fixture(scope="module")
def found(alofi):
    return eq.cross_check(alofi, METHODS, random_seed=3)


@pytest.fixture
def solved(alofi, monkeypatch):
    """Let the fast path be run once for all tests that ask what is said of its answer."""
    fit = rain_solved()
    monkeypatch.setattr(module, "solve", lambda *_, **__: fit)


@cache
def rain_solved():
    return module.solve(problem_of(datasets.load("alofi-rain")), random_seed=1)


def test_the_methods_agree_on_rain(found):
    assert [answer.method for answer in found.answers] == list(METHODS)
    assert found.agree
    for answer in found.answers:
        assert answer.failure is None
        assert answer.factor.mcse < 0.1
        assert abs(answer.difference) <= 3 * answer.combined_error
    bridge = found.answers[2]
    assert bridge.held_cycle_scale == 1.0  # held there, and compared with the curve there
    assert bridge.reference.log_value == pytest.approx(0.785, abs=0.1)
    assert found.answers[1].reference is found.answers[0].factor
    assert [answer.agrees for answer in found.answers] == [None, True, True, True]
    assert repr(found).startswith("CrossCheck(laplace +0.3")
    assert repr(found).endswith(": agree)")
    assert len(repr(found)) < 150


def test_the_table_and_the_json_say_so(found):
    text = cross_check_summary(found)
    assert "All agree with laplace within 3 combined Monte Carlo errors." in text
    assert max(map(len, text.splitlines())) <= 100
    rows = [line.split()[0] for line in text.splitlines()[2:6]]
    assert rows == list(METHODS)
    assert "σ_c = 1 " in text
    held = found.answers[2].reference
    assert f"bridge is compared with laplace at σ_c = 1: {held.log_value:+.2f} ± " in text
    value = json.loads(cross_check_json(found))
    assert value["schema"] == "equipoise.evidence/1"
    assert value["agree"] is True
    assert value["version"] == eq.__version__
    assert (value["random_seed"], value["scales"], value["rejected"]) == (3, "learned", "stay")
    assert value["likelihood"] == "multinomial"
    assert [a["value"] for a in value["answers"]] == [a.factor.log_value for a in found.answers]
    assert [a["backend"] for a in value["answers"]] == [None, "numpy", "numpy", "numpy"]


def test_what_is_off_is_named(alofi, solved, monkeypatch):
    """Negative control: half a nat, with an error of 0.02."""
    off = BayesFactor(1.3, 0.02, "bridge", 1.0)
    monkeypatch.setattr(module, "_bridge", lambda *_: off)
    found = eq.cross_check(alofi, ("laplace", "bridge"), random_seed=1)
    assert not found.agree
    assert "DISAGREES with laplace beyond 3 combined" in cross_check_summary(found)
    assert json.loads(cross_check_json(found))["answers"][1]["agrees"] is False


def test_what_fails_is_withheld(alofi, solved, monkeypatch):
    def fail(*_):
        raise NotTrustedError("no overlap")

    monkeypatch.setattr(module, "_savage_dickey", fail)
    found = eq.cross_check(alofi, ("laplace", "savage_dickey"), random_seed=1)
    assert not found.agree
    text = cross_check_summary(found)
    assert "savage_dickey is withheld: no overlap." in text
    assert "Nothing to compare: laplace alone answered." in text
    assert "agree" not in text.splitlines()[-1]
    assert found.exit_status == 3
    assert json.loads(cross_check_json(found))["answers"][1]["value"] is None


def refused_by(method):
    def fail(*_, **__):
        raise NotTrustedError(f"{method} found no mode")

    return fail


@pytest.mark.parametrize("how", ["k-hat", "error"])
def test_a_withheld_reference_is_no_measure(alofi, solved, monkeypatch, how):
    """Nothing agrees with a number that must not be reported, and none of it is shown."""
    off = BayesFactor(0.8, 0.02, "bridge", 1.0)
    monkeypatch.setattr(module, "_bridge", lambda *_: off)
    monkeypatch.setattr(module, "_savage_dickey", lambda *_: BayesFactor(0.34, 0.02, "sd"))
    if how == "error":
        monkeypatch.setattr(module, "solve", refused_by("laplace"))
    else:
        solve = module.solve

        def heavy(*args, **more):
            fit = solve(*args, **more)
            factor = BayesFactor(0.34, 0.02, "laplace", 1.0, pareto_k=0.9)
            return SimpleNamespace(log_bayes_factor=lambda: factor, smooth_curve=fit.smooth_curve)

        monkeypatch.setattr(module, "solve", heavy)
    found = eq.cross_check(alofi, ("laplace", "bridge", "savage_dickey"), random_seed=1)
    assert found.agree is None
    assert found.exit_status == 3
    assert [answer.agrees for answer in found.answers] == [None] * 3
    why = "laplace found no mode" if how == "error" else "importance sampling failed (k̂ = 0.90"
    text = cross_check_summary(found)
    assert f"laplace is withheld: {why}" in text
    assert "agree" not in text
    assert "compared with laplace" not in text
    assert "Nothing to compare with, for laplace is the reference." in text
    value = json.loads(cross_check_json(found))
    assert value["agree"] is None
    assert [a["value"] for a in value["answers"]] == [None, 0.8, 0.34]
    assert {a["reference"] for a in value["answers"]} == {None}
    assert {a["agrees"] for a in value["answers"]} == {None}


def test_one_method_alone_agrees_with_nothing(alofi, solved):
    found = eq.cross_check(alofi, ("laplace",), random_seed=1)
    assert found.agree is None
    assert found.exit_status == 0
    assert "Nothing to compare: laplace alone was asked." in cross_check_summary(found)
    assert "nothing to compare" in repr(found)


def test_seeds_and_progress(alofi):
    seen = []
    one, two = (
        eq.cross_check(
            alofi, ("laplace",), random_seed=5, progress=lambda name, x: seen.append((name, x))
        )
        for _ in range(2)
    )
    assert one.answers[0].factor == two.answers[0].factor
    assert seen[:2] == [("laplace", 0.0), ("done", 1.0)]


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        (("bridge", "path"), "the first method is the reference"),
        (("laplace", "laplace"), "named twice"),
        (("laplace", "nested"), "methods must be among"),
        ((), "methods must be among"),
        ("laplace", r"methods must be a sequence of names, not the text 'laplace'"),
    ],
)
def test_refusals(alofi, methods, words):
    with pytest.raises(UsageError, match=words):
        eq.cross_check(alofi, methods)


def test_a_tree_has_nothing_to_compare():
    tree = eq.TransitionCounts.from_matrix(np.array([[3, 5], [4, 1]]), states=["x", "y"])
    with pytest.raises(UsageError, match="log BF is 0 by definition"):
        eq.cross_check(tree, ("laplace",))


def test_the_command(alofi, tmp_path, capsys):
    path = tmp_path / "rain.csv"
    alofi.to_csv(path)
    assert main(["evidence", str(path), "--methods", "laplace,savage-dickey", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert re.match(r"Log BF \+0\.\d+ ± 0\.\d+ nats by laplace\. All agree with laplace", out)
    assert out.count("\n") == 1
    assert main(["evidence", str(path), "--methods", "laplace", "--json", "-", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["agree"] is None
    assert main(["evidence", str(path), "--methods", ""]) == 2
    assert "--methods names no method; give some of path, laplace" in capsys.readouterr().err
    assert main(["evidence", str(path), "--methods", "laplace,guess"]) == 2
    assert "--methods knows path, laplace" in capsys.readouterr().err


def test_the_command_takes_a_path(tmp_path, capsys):
    path = tmp_path / "path.txt"
    path.write_text("\n".join("aabcabbcacbaabcaacbb") + "\n")
    asked = ["evidence", str(path), "--methods", "laplace", "--quiet"]
    assert main([*asked, "--trajectory"]) == 0
    assert "laplace alone" in capsys.readouterr().out
    assert main(asked) == 2
    assert "if it is a path, a state a line, add --trajectory" in capsys.readouterr().err
