"""``equipoise doctor``: what it finds, and what it says of what is missing."""

from importlib import import_module

import pytest

from equipoise.cli import main

doctor = import_module("equipoise.cli.doctor")


def test_here_nothing_is_missing(capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("All that Equipoise needs is here.\n")
    for word in ("numpy", "nutpie", "extra", "bytecode", "cores", "smollm2-135m", "API key"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 160  # a path may be long


def test_a_missing_and_an_old_package_are_named_with_the_remedy(capsys, monkeypatch):
    there = doctor._installed
    versions = {"nutpie": None, "pymc": "5.9"}
    monkeypatch.setattr(doctor, "_installed", lambda name: versions.get(name, there(name)))
    assert main(["doctor"]) == 3
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith("Equipoise is not complete: 2 to mend. - nutpie is missing: pip install")
    assert "pymc is here as 5.9: pip install 'pymc>=6'" in out


def test_a_missing_extra_is_told_and_is_no_fault(capsys, monkeypatch):
    there = doctor._installed
    monkeypatch.setattr(
        doctor, "_installed", lambda name: None if name == "distributed" else there(name)
    )
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "no: pip install 'distributed>=2026.1'" in out
    assert "equipoise[" not in out  # it is on no index


def test_a_package_that_is_there_but_does_not_load(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_ENGINES", ("no_such_engine",))
    monkeypatch.setattr(doctor, "_EXTRAS", {})
    assert main(["doctor", "--load"]) == 3
    assert "no_such_engine does not load (No module named 'no_such_engine')" in " ".join(
        capsys.readouterr().out.split()
    )


def test_the_key_is_never_shown(capsys, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "ANTHROPIC_API_KEY is set" in out
    assert "secret" not in out


@pytest.mark.parametrize(
    ("found", "wanted", "right"),
    [
        ("2.14.0", "<3,>=2.12", True),
        ("3.0", "<3,>=2.12", False),
        ("2.9.1", ">=2.12,<3", False),
        ("2025.1", ">=2025.1", True),
        ("2.12", ">=2.12.0", True),
        ("6.0rc1", ">=6", True),
        ("1.0", "", True),
    ],
)
def test_versions_are_compared_as_numbers(found, wanted, right):
    assert doctor.satisfies(found, wanted) is right


def test_extras_are_those_of_the_metadata():
    assert {need.name for need in doctor.needs("jax")} == {"jax", "numpyro"}
    assert {"numpy", "anthropic"} <= {need.name for need in doctor.needs()}
    assert "jax" not in {need.name for need in doctor.needs()}


def test_bytecode_is_counted(tmp_path, monkeypatch):
    import py_compile

    package = tmp_path / "halfcompiled"
    package.mkdir()
    for name in ("__init__", "other"):
        (package / f"{name}.py").write_text("")
    py_compile.compile(str(package / "other.py"))
    monkeypatch.syspath_prepend(tmp_path)
    assert doctor.compiled_share("halfcompiled") == 0.5
    assert doctor.compiled_share("there_is_no_such_package") is None
