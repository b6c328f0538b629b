"""The main job by MCMC: engines agree, saving and reloading."""

from dataclasses import replace

import numpy as np
import pytest
from mcmc_tables import counts_named

import equipoise as eq
from equipoise.errors import DataError, UsageError
from equipoise.inference.archive import to_tree
from equipoise.simulate import complete_edges


@pytest.fixture(scope="module")
def result():
    stages = []
    found = eq.test(
        counts_named("six"), random_seed=2, progress=lambda name, done: stages.append((name, done))
    )
    return found, stages


def test_it_is_the_default_and_agrees_with_the_fast_path(result):
    found, _ = result
    fast = eq.test(counts_named("six"), fast=True, random_seed=3)
    assert found.findings.method == "path"
    assert fast.findings.method == "laplace"
    assert found.converged
    assert found.exit_status == 0
    ours, theirs = found.log_bayes_factor, fast.log_bayes_factor
    assert abs(ours.log_value - theirs.log_value) < 3.9 * np.hypot(ours.mcse, theirs.mcse)
    assert found.findings.cross_check.method == "laplace"
    for one, two in zip(found.potential, fast.potential, strict=True):
        assert one.bound == two.bound
        if one.mean is not None and not one.reference:
            assert abs(one.mean - two.mean) < 3.9 * np.hypot(one.mcse, two.mcse)
            assert one.mode == two.mode
    for one, two in zip(found.cycles, fast.cycles, strict=True):
        assert one.states == two.states
        assert abs(one.mean - two.mean) < 3.9 * np.hypot(one.mcse, two.mcse)
    size, other = found.verdict.size, fast.verdict.size
    assert abs(size.mean - other.mean) < 3.9 * np.hypot(size.mcse, other.mcse)


def test_what_is_printed_says_method_likelihood_and_diagnostics(result):
    text = eq.summary(result[0])
    for words in (
        "Hamiltonian Monte Carlo",
        "path over",
        "multinomial likelihood",
        "R-hat",
        "bulk ESS",
        "agrees",
    ):
        assert words in text
    value = eq.to_dict(result[0])
    assert value["log_bayes_factor"]["method"] == "path"
    assert value["diagnostics"]["divergences"] == 0
    assert value["diagnostics"]["ess_bulk_min"] >= 400


def test_progress_grows_to_one(result):
    done = [fraction for _, fraction in result[1]]
    names = {name for name, _ in result[1]}
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert {"posterior given balance", "posterior with cycles", "evidence along the path"} <= names


def test_saved_and_reloaded_it_reports_the_same(result, tmp_path):
    path = tmp_path / "run.nc"
    eq.save(result[0], path)
    back = eq.load(path)
    assert eq.summary(back) == eq.summary(result[0])
    assert eq.to_json(back) == eq.to_json(result[0])
    assert back.findings.backend == "numpy"
    assert back.counts == result[0].counts
    moved = eq.load(path, reference="c", rope=0.5)
    assert next(row for row in moved.potential if row.state == "c").reference
    assert moved.verdict.size.rope == 0.5
    assert moved.log_bayes_factor == result[0].log_bayes_factor
    assert list(tmp_path.iterdir()) == [path]


def test_a_saved_run_serves_arviz(result):
    import arviz as az

    tree = to_tree(result[0])
    rows = az.summary(tree["cyclic"], var_names=["c", "rho"])
    assert len(rows) == result[0].graph.n_edges + 1


def test_files_that_are_no_runs_are_refused(result, tmp_path):
    import xarray as xr

    with pytest.raises(DataError, match="there is no such file"):
        eq.load(tmp_path / "absent.nc")
    (tmp_path / "text.nc").write_text("no NetCDF")
    with pytest.raises(DataError, match="cannot be read as a saved run"):
        eq.load(tmp_path / "text.nc")
    xr.DataTree(xr.Dataset({"x": 1})).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(DataError, match="is no saved run"):
        eq.load(tmp_path / "other.nc")
    with pytest.raises(UsageError, match="no chains to save"):
        eq.save(eq.test(counts_named("six"), fast=True, random_seed=1), tmp_path / "x.nc")
    with pytest.raises(UsageError, match="cannot be written"):
        eq.save(result[0], tmp_path / "absent" / "run.nc")


@pytest.mark.slow  # two more models are compiled
def test_no_cycle():
    chain = eq.TransitionCounts.from_matrix(
        np.array([[9, 4, 0], [7, 1, 3], [0, 8, 2]]), states=["x", "y", "z"]
    )
    found = eq.test(chain, random_seed=1)
    assert found.findings.method == "path"
    assert found.log_bayes_factor.log_value == 0.0
    assert found.converged


def test_no_edge():
    alone = eq.TransitionCounts.from_matrix(np.diag([3, 4]), states=["a", "b"])
    assert eq.test(alone, random_seed=1).findings.method == "laplace"


def test_what_does_not_converge_is_said_first_and_exits_3(result):
    found, _ = result
    state = replace(found.findings.diagnostics, cyclic="17 divergent transitions")
    findings = replace(found.findings, diagnostics=state)
    from equipoise.inference.balance import conclude

    broken = conclude(
        found.counts,
        findings,
        found.chains,
        references=found.references,
        rope=found.rope,
        rejected="stay",
        seconds=0.0,
        random_seed=2,
    )
    assert broken.exit_status == 3
    assert eq.summary(broken).startswith("Not to be trusted: 17 divergent transitions")
    assert eq.to_dict(broken)["log_bayes_factor"]["value"] is None


@pytest.mark.slow
def test_larger_table_by_pairs():
    """Twelve states, all joined: the pairwise likelihood along the same path."""
    rng, n = np.random.default_rng(3), 12
    edges = complete_edges(n)
    V = rng.normal(0, 1, n)
    matrix = np.zeros((n, n), dtype=int)
    for i, j in edges:
        p = 1 / (1 + np.exp(V[j] - V[i]))
        matrix[i, j] = rng.binomial(60, p)
        matrix[j, i] = 60 - matrix[i, j]
    counts = eq.TransitionCounts.from_matrix(matrix, states=[f"s{k:02d}" for k in range(n)])
    fit = eq.path(counts, likelihood="pairwise", random_seed=1)
    fast = eq.laplace(counts, likelihood="pairwise", random_seed=1).log_bayes_factor()
    ours = fit.log_bayes_factor()
    assert ours.distrust is None
    assert abs(ours.log_value - fast.log_value) < 3.9 * np.hypot(ours.mcse, fast.mcse)
