"""Save a run and read it again: everything a result is concluded from, in one NetCDF file."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, EquipoiseError, UsageError
from equipoise.inference.balance import BalanceTest, check_rope, conclude
from equipoise.inference.evidence.cycle_scale import CycleScaleCurve
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.findings import SENSITIVITY, Diagnostics, Findings
from equipoise.inference.mcmc import Chains
from equipoise.inference.posterior.tree import draws_of, posterior_tree
from equipoise.inference.problem import Problem, problem_of
from equipoise.inference.reference import reference_states
from equipoise.inference.weighted import chained
from equipoise.models import Priors
from equipoise.text import quoted

if TYPE_CHECKING:
    import xarray as xr

SCHEMA = "equipoise.run/1"


def to_tree(result: BalanceTest) -> "xr.DataTree":
    """Return a result as a DataTree.

    Parameters
    ----------
    result
        From :func:`equipoise.test`, by MCMC.

    Returns
    -------
    xarray.DataTree
        ``reversible`` and, where the support has cycles, ``cyclic``: each with the groups of
        :func:`equipoise.posterior`, ready for ArviZ. ``counts``: see
        :meth:`equipoise.TransitionCounts.to_xarray`. ``evidence``: the curve against σ_c, its
        nodes, Monte Carlo errors and loadings, nats. Attributes hold the rest as JSON.

    Raises
    ------
    UsageError
        If it is no such result, or there are no chains to keep: the fast path has none, nor has a
        table without edges.
    """
    import xarray as xr

    if not isinstance(result, BalanceTest):
        raise UsageError(
            f"only the result of equipoise.test can be saved, not a {type(result).__name__}; "
            "equipoise.to_json writes down what others say"
        )
    if result.chains is None:
        raise UsageError(
            "the fast path has no chains to save, nor has a table without edges; test without "
            "fast, or write JSON"
        )
    findings = result.findings
    problem, backend = findings.problem, findings.backend or "nutpie"
    trees = {
        "reversible": posterior_tree(
            problem,
            result.chains.reversible,
            "reversible",
            references=result.references,
            random_seed=result.random_seed,
            backend=backend,
        )
    }
    curve = findings.curve
    evidence = xr.Dataset({"information": (("cycle_direction",), findings.information)})
    evidence["reversible_mode"] = (("parameter_reversible",), findings.reversible_mode)
    evidence["cyclic_mode"] = (("parameter_cyclic",), findings.cyclic_mode)
    if curve is not None:
        trees["cyclic"] = posterior_tree(
            problem,
            result.chains.cyclic,
            "cyclic",
            references=result.references,
            random_seed=result.random_seed,
            backend=backend,
        )
        evidence = evidence.assign(
            rise=(("cycle_scale",), curve.rise),
            loadings=(("cycle_scale", "node"), curve.loadings),
            node_mcse=(("node",), curve.node_mcse),
        ).assign_coords(cycle_scale=curve.grid, node=curve.nodes)
        evidence["rise"].attrs = {"about": "log Z(sigma_c) - log Z(0)", "units": "nats"}
    tree = xr.DataTree.from_dict(
        {"counts": result.counts.to_xarray(), "evidence": evidence, **trees}
    )
    tree.attrs = {"schema": SCHEMA, "run": json.dumps(_record(result), allow_nan=True)}
    return tree


def save(result: BalanceTest, path: str | os.PathLike[str]) -> None:
    """Write a result to a NetCDF file; :func:`load` reads it again.

    Parameters
    ----------
    result : BalanceTest
        From :func:`equipoise.test`, by MCMC.
    path : str or path
        Where to; an existing file is replaced, once the new one is whole.

    Raises
    ------
    UsageError
        If it is no result of :func:`equipoise.test`, has no chains, or the file cannot be written.
    """
    check_target(path)
    tree = to_tree(result)
    target = Path(path).absolute()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        tree.to_netcdf(part, engine="h5netcdf")
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        why = error.strerror or str(error)
        raise UsageError(f"{quoted(path, 200)} cannot be written ({why})") from None


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse a path at which something else than a file is: replacing a device would break it.

    Raises
    ------
    UsageError
        If there is.
    """
    if Path(path).exists() and not Path(path).is_file():
        raise UsageError(f"{quoted(path, 200)} is no file; give a file to write to")


def load(
    path: str | os.PathLike[str],
    *,
    rope: float | None = None,
    reference: str | Sequence[str] | None = None,
) -> BalanceTest:
    """Read a result that :func:`save` wrote, and draw its conclusions anew; nothing is sampled.

    Parameters
    ----------
    path : str or path
        The file.
    rope : float, optional
        ρ below this counts as negligible, nats; default: as before.
    reference : str or sequence of str, optional
        State at Φ = 0, or one for each component; default: as before.

    Returns
    -------
    BalanceTest

    Raises
    ------
    DataError
        If the file cannot be read, or is no saved run of this kind.
    UsageError
        If an argument is out of its range.
    """
    import xarray as xr

    try:
        # A path as it stands might be taken for an address on the net.
        with xr.open_datatree(Path(path).absolute(), engine="h5netcdf") as opened:
            tree = opened.load()
    except FileNotFoundError:
        raise DataError(f"{quoted(path, 200)}: there is no such file; check the path") from None
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise DataError(
            f"{quoted(path, 200)} cannot be read as a saved run ({type(error).__name__}); give a "
            "file that `equipoise test --save` wrote"
        ) from None
    schema = tree.attrs.get("schema")
    if schema != SCHEMA:
        raise DataError(
            f"{quoted(path, 200)} is no saved run: its schema is {quoted(schema)}, not {SCHEMA!r}; "
            "give a file that `equipoise test --save` wrote"
        )
    try:
        return from_tree(tree, rope=rope, reference=reference)
    except EquipoiseError:
        raise
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"{quoted(path, 200)} is a saved run of which something is missing or broken "
            f"({type(error).__name__}); save it anew"
        ) from None


def from_tree(
    tree: "xr.DataTree",
    *,
    rope: float | None = None,
    reference: str | Sequence[str] | None = None,
) -> BalanceTest:
    """Return the result that :func:`to_tree` wrote; arguments as in :func:`load`."""
    record = json.loads(tree.attrs["run"])
    counts = TransitionCounts.from_xarray(tree["counts"].to_dataset())
    problem = problem_of(
        counts,
        priors=Priors(**record["priors"]),
        likelihood=record["likelihood"],
        rejected=record["rejected"],
    )
    if rope is not None:
        check_rope(rope)
    references = (
        tuple(record["references"])
        if reference is None
        else reference_states(counts, problem.graph, reference)
    )
    reversible = draws_of(tree["reversible"])
    cyclic = draws_of(tree["cyclic"]) if "cyclic" in tree.children else reversible
    return conclude(
        counts,
        _findings(tree, record, problem, reversible, cyclic),
        Chains(reversible, cyclic),
        references=references,
        rope=record["rope"] if rope is None else rope,
        rejected=record["rejected"],
        seconds=record["seconds"],
        random_seed=record["random_seed"],
    )


def _record(result: BalanceTest) -> dict[str, Any]:
    from equipoise import __version__  # the package imports this module

    findings = result.findings
    return {
        "version": __version__,
        "priors": asdict(result.priors),
        "likelihood": findings.problem.likelihood.name,
        "rejected": result.rejected,
        "references": list(result.references),
        "rope": result.rope,
        "random_seed": result.random_seed,
        "seconds": result.seconds,
        "method": findings.method,
        "effort": findings.effort,
        "backend": findings.backend,
        "draws": findings.draws,
        "cross_check": findings.cross_check and asdict(findings.cross_check),
        "ceiling": findings.ceiling and asdict(findings.ceiling),
        "fixed_scales": [[sd, asdict(factor)] for sd, factor in findings.fixed_scales],
        "imputed_trials": [[x, asdict(factor)] for x, factor in findings.imputed_trials],
        "diagnostics": asdict(findings.diagnostics),
        "curve_doubt": findings.curve and findings.curve.doubt,
    }


def _findings(
    tree: "xr.DataTree", record: dict[str, Any], problem: Problem, reversible: Any, cyclic: Any
) -> Findings:
    evidence = tree["evidence"].to_dataset()
    has_cycles = "rise" in evidence
    backend = record.get("backend", "nutpie")  # not written when there was but one
    curve = None
    if has_cycles:
        curve = CycleScaleCurve(
            method=record["method"],
            prior_tau=problem.priors.cycle_scale,
            nodes=evidence["node"].values,
            grid=evidence["cycle_scale"].values,
            rise=evidence["rise"].values,
            loadings=evidence["loadings"].values,
            node_mcse=evidence["node_mcse"].values,
            doubt=record["curve_doubt"],
            backend=backend,
        )
    tau = problem.priors.cycle_scale
    rival = problem.cyclic() if has_cycles else problem.reversible()
    return Findings(
        problem=problem,
        method=record["method"],
        effort=record["effort"],
        draws=record["draws"],
        reversible=chained(
            problem.graph, problem.reversible(), reversible.theta(problem, cyclic=False)
        ),
        cyclic=chained(problem.graph, rival, cyclic.theta(problem, cyclic=has_cycles)),
        reversible_mode=np.asarray(evidence["reversible_mode"].values),
        cyclic_mode=np.asarray(evidence["cyclic_mode"].values),
        curve=curve,
        sensitivity=tuple(
            curve.log_bayes_factor(factor * tau)
            if curve is not None
            else BayesFactor(0.0, 0.0, record["method"], factor * tau)
            for factor in SENSITIVITY
        ),
        cross_check=BayesFactor(**record["cross_check"]) if record["cross_check"] else None,
        ceiling=BayesFactor(**record["ceiling"]) if record["ceiling"] else None,
        fixed_scales=tuple((sd, BayesFactor(**factor)) for sd, factor in record["fixed_scales"]),
        imputed_trials=tuple(
            (multiple, BayesFactor(**factor)) for multiple, factor in record["imputed_trials"]
        ),
        information=evidence["information"].values,
        diagnostics=Diagnostics(**record["diagnostics"]),
        backend=backend,
    )
