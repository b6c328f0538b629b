"""Run a calibration: simulate, infer, write down; in parallel, and to be continued at any time."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from typing import Any, Literal

import numpy as np

from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.calibration import engines
from equipoise.inference.calibration.engines import ENGINES, Engine
from equipoise.inference.calibration.graphs import DESIGNS
from equipoise.inference.calibration.quantities import RANKED, quantities, rank
from equipoise.inference.calibration.simulate import (
    FEWEST,
    MOST,
    Simulated,
    design_index,
    simulate,
)
from equipoise.inference.calibration.store import SCHEMA, Journal, Record
from equipoise.models import Priors
from equipoise.parallel import HERE, Workers, check_workers, run_tasks

EngineName = Literal["fast", "path"]
Progress = Callable[[str, float], None]
_PACKAGES = ("equipoise", "numpy", "scipy", "pymc", "nutpie")


def run(
    path: str | os.PathLike[str],
    *,
    engine: EngineName,
    datasets: int,
    random_seed: int,
    workers: Workers = HERE,
    progress: Progress | None = None,
) -> int:
    """Infer each data set of a calibration and append it to a journal.

    Data set k depends on the seed, k and the engine alone. What the journal holds already is not
    computed again, so a run that was killed continues where it stood.

    Parameters
    ----------
    path
        The journal, made if need be.
    engine
        ``"fast"``: nested Laplace and importance sampling; ``"path"``: Markov chains and path
        sampling.
    datasets
        How many, half of them from either hypothesis.
    random_seed
        From 0.
    workers
        Where: in processes of this machine, or by the workers of a dask scheduler, of which one may
        die: its data set is inferred by another. The results are the same.
    progress
        Called with (what is being done, fraction done).

    Returns
    -------
    int
        How many were computed now.

    Raises
    ------
    UsageError
        If an argument is out of its range, the journal belongs to another run, or no scheduler
        answers.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    DataError
        If the file is no journal.
    NotTrustedError
        If a worker process died, or a data set ended worker after worker.
    """
    if engine not in ENGINES:
        raise UsageError(f'engine must be "fast" or "path", not {engine!r}')
    for name, value, least in (
        ("datasets", datasets, 2),
        ("random_seed", random_seed, 0),
    ):
        if int(value) != value or value < least:
            raise UsageError(f"{name} must be a whole number of at least {least}, not {value!r}")
    check_workers(workers)
    with Journal(path, header(engine, random_seed)) as journal:
        left = [number for number in range(datasets) if number not in journal.done]
        # Graph by graph: where a model is compiled, a process does so once for each.
        left.sort(key=lambda number: (design_index(random_seed, number), number))
        told = progress or _silent
        told(f"{len(left):,} data sets to go", 1.0 - len(left) / datasets)
        for done, record in enumerate(_records(engine, random_seed, left, workers), 1):
            journal.append(record)
            to_go = len(left) - done
            told(f"{to_go:,} data sets to go, now {record.design}", 1.0 - to_go / datasets)
    return len(left)


def header(engine: EngineName, random_seed: int) -> dict[str, Any]:
    """Return what must not change while a run lasts: settings, seed and versions."""
    return {
        "schema": SCHEMA,
        "engine": engine,
        "seed": random_seed,
        "draws": engines.FAST_DRAWS if engine == "fast" else engines.PATH_DRAWS,
        "ranked": RANKED,
        "trials": [FEWEST, MOST],
        "every_source": engine == "path",
        "priors": asdict(Priors()),
        "designs": [
            {
                "name": design.name,
                "states": design.n_states,
                "edges": len(design.edges),
                "share": design.share,
            }
            for design in DESIGNS
        ],
        "versions": {"python": platform.python_version()} | _versions(),
    }


def compute(engine: EngineName, random_seed: int, number: int) -> Record:
    """Simulate a data set and infer it."""
    data = simulate(random_seed, number, every_source=engine == "path", priors=Priors())
    return evaluate(data, ENGINES[engine], np.random.default_rng([random_seed, number, 1]))


def evaluate(data: Simulated, engine: Engine, rng: np.random.Generator) -> Record:
    """Let an engine infer a data set, and rank the truth among its draws.

    An engine that gives up is a result too: withheld, for its own reason.

    Parameters
    ----------
    data
        The data set with its truth.
    engine
        What is calibrated.
    rng
        Of the engine.
    """
    started = time.perf_counter()
    value: float | None = None
    mcse: float | None = None
    evidence: str | None = None
    posterior: str | None = None
    ranks: dict[str, int] = {}
    try:
        found = engine(data.problem, data.cyclic, rng)
    except (NotTrustedError, np.linalg.LinAlgError) as error:
        evidence = posterior = f"no result: {error}"
    else:
        value, mcse = found.factor.log_value, found.factor.mcse
        evidence, posterior = found.evidence_distrust, found.posterior_distrust
        if not (isfinite(value) and isfinite(mcse)):
            evidence, value, mcse = evidence or "the log Bayes factor is not finite", None, None
        if found.theta is not None:
            problem = found.problem
            theta = data.truth.theta(problem, cyclic=data.cyclic)[0]
            scale = data.truth.scales["sigma_c"][0] if data.cyclic else None
            true = quantities(data, problem, theta, scale)
            drawn = quantities(data, problem, found.theta, found.cycle_scale)
            ranks = {name: rank(float(true[name][0]), drawn[name], rng) for name in true}
    return Record(
        number=data.number,
        truth="cyclic" if data.cyclic else "balance",
        design=data.design.name,
        stay=data.stay,
        trials=data.trials,
        rejected=data.rejected,
        log_bayes_factor=value,
        mcse=mcse,
        evidence_withheld=evidence,
        posterior_withheld=posterior,
        ranks=ranks,
        seconds=round(time.perf_counter() - started, 3),
    )


def _records(
    engine: EngineName, random_seed: int, numbers: list[int], workers: Workers
) -> Iterator[Record]:
    """Yield records as they are done."""
    try:
        for _, record in run_tasks(partial(compute, engine, random_seed), numbers, workers):
            yield record
    except NotTrustedError as error:  # of the workers: a record that cannot be had says so itself
        raise NotTrustedError(f"{error}; what is done is kept, and a run continues") from None


def _silent(*_: object) -> None:
    """Report nothing."""


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a source tree that was never installed
            found[name] = "unknown"
    return found
