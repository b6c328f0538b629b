"""NUTS on a GPU, on a CPU by the same JAX program, and by nutpie: `python -m benchmarks.gpu`.

Effective samples of log π a second, the least of all states, of the reversible hypothesis on the
same simulated counts: warm, and with compiling. Parts may run in processes of their own, each on
cores of its own; each writes what it has measured after every run, and `merge` puts it together.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.gpu_report import merge
from benchmarks.gpu_tables import simulated
from equipoise.inference.posterior.backends import Effort, compile_model

NAMES = ("V", "s", "mu_s", "sigma_V", "sigma_s")
ACCEPT = 0.9
# Many chains are short: each has to find its steps, none has to cross the posterior alone.
TUNE_AND_DRAWS = {4: (300, 500), 64: (200, 200), 512: (150, 100), 2048: (150, 50)}
RUNS = {  # states, chains; what matters most comes first
    "gpu": [(20, 512), (100, 512), (500, 512), (100, 64)],
    "cpu": [(20, 4), (100, 4), (500, 4), (20, 64), (100, 64)],
    "nutpie": [(20, 4), (100, 4), (500, 4), (2000, 4)],
}
# At 2,000 states alone.
LARGE = {"gpu": [(2000, 64), (2000, 512)], "cpu": [(2000, 4)], "nutpie": [(2000, 4)]}
# A run is not begun where it would not fit: its two passes, some JAX compilers at work.
LEAST_LEFT = 30.0
LAST = {"gpu": [(2000, 64), (20, 2048), (20, 4)], "cpu": [], "nutpie": []}
TABLES, CHAINS_A_TABLE = {"gpu": 64, "cpu": 8}, 8
JUDGED = 100


class Record:
    """What was measured, on disk after every step; knows how much time is left."""

    def __init__(self, path, part, seconds):
        self.path, self.end = path, time.perf_counter() + seconds
        self.found = {"part": part, "about": about(part), "runs": []}

    def add(self, **run):
        print(json.dumps({k: v for k, v in run.items() if not isinstance(v, list)}), flush=True)
        self.found["runs"].append(run)
        self.path.write_text(json.dumps(self.found, indent=1), encoding="utf-8")

    def left(self):
        return self.end - time.perf_counter()


def about(part):
    def found(name):
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    names = (
        "equipoise",
        "jax",
        "jaxlib",
        "numpyro",
        "pymc",
        "pytensor",
        "nutpie",
        "numpy",
        "numba",
    )
    device = platform.processor() or platform.machine()
    if part != "nutpie":
        import jax

        device = f"{jax.devices()[0].platform}: {jax.devices()[0].device_kind}"
    return {
        "device": device,
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: found(name) for name in names},
        "xla_flags": os.environ.get("XLA_FLAGS"),
        "load": os.getloadavg()[0],
    }


def judged(values, table):
    """Return ESS, mean and sd of log π of every state, or of 100 of many, and the worst R-hat."""
    from arviz_stats.base import array_stats

    chosen = np.unique(np.linspace(0, table.n_states - 1, JUDGED).astype(int))
    log_pi = table.log_pi(values["V"], values["s"])[..., chosen]
    columns = np.moveaxis(log_pi, -1, 0)
    return {
        "ess": [float(array_stats.ess(x, method="bulk")) for x in columns],
        "mean": log_pi.mean((0, 1)).tolist(),
        "sd": log_pi.std((0, 1)).tolist(),
        "r_hat_max": float(max(array_stats.rhat(x) for x in columns)),
    }


def measure(runs, part, record, ready):
    """Sample every table twice: the first time everything is compiled, the second nothing.

    nutpie compiles beforehand, and samples once. Where a table was there before with fewer or more
    chains, the first pass compiles only what depends on their number.
    """
    for n_states, chains in runs:
        if record.left() < LEAST_LEFT * (1 + n_states / 1500):
            record.add(n_states=n_states, chains=chains, skipped="no time left")
            continue
        table = simulated(n_states)
        tune, draws = TUNE_AND_DRAWS[chains]
        effort = Effort(draws, tune, chains, None, 1, ACCEPT)
        begin = time.perf_counter()
        backend = "nutpie" if part == "nutpie" else "numpyro"
        fresh = n_states not in ready
        if fresh:
            ready[n_states] = compile_model(table.model(), NAMES, backend)
        compiled = ready[n_states]
        centre = table.centre(compiled.layout)
        compiling = time.perf_counter() - begin
        if part != "nutpie":  # JAX compiles while it first samples
            compiled.sample(table.data, centre, None, effort, None)
            compiling = time.perf_counter() - begin
            effort = replace(effort, random_seed=2)
        begin = time.perf_counter()
        walk = compiled.sample(table.data, centre, None, effort, None)
        warm = time.perf_counter() - begin
        cold = compiling + (warm if part == "nutpie" else 0.0)
        found = judged(walk.values, table)
        least = min(found["ess"])
        record.add(
            n_states=n_states,
            n_edges=table.graph.n_edges,
            n_coordinates=len(centre),
            chains=chains,
            tune=tune,
            draws=draws,
            fresh=fresh,
            cold_seconds=round(cold, 3),
            warm_seconds=round(warm, 3),
            min_ess=round(least, 1),
            min_ess_a_second_warm=round(least / warm, 1),
            min_ess_a_second_cold=round(least / cold, 1),
            divergences=int(np.sum(walk.stats["diverging"])),
            mean_steps=float(np.mean(walk.stats["n_steps"])),
            **found,
        )


def densities(record):
    """Evaluate log density and gradient at many points at once, and compare with the NumPy core."""
    import jax
    import jax.numpy as jnp

    from equipoise.inference.posterior.backends.jaxified import jaxify

    for n_states in (20, 500):
        if record.left() < LEAST_LEFT:
            return
        table = simulated(n_states)
        model = jaxify(table.model(), NAMES)
        data = {name: jnp.asarray(x) for name, x in table.data.items()}
        both = jax.jit(jax.vmap(jax.value_and_grad(model.log_density), (0, None)))
        variables = jax.jit(jax.vmap(model.variables, (0, None)))
        rng = np.random.default_rng(0)
        centre = table.centre(model.layout)
        for points in (1, 64, 4096):
            x = jnp.asarray(centre + rng.normal(size=(points, len(centre))))
            value, slope = jax.block_until_ready(both(x, data))
            begin, repeats = time.perf_counter(), 0
            while time.perf_counter() < begin + 0.5:
                jax.block_until_ready(both(x, data))
                repeats += 1
            seconds = (time.perf_counter() - begin) / repeats
            run = {"n_states": n_states, "points": points, "seconds": seconds}
            if points == 64:
                named = {k: np.asarray(v) for k, v in variables(x, data).items()}
                core, along = table.core(np.asarray(x), model.layout, named)
                run["value_error"] = float(np.max(np.abs(np.asarray(value) - core) / np.abs(core)))
                slopes = np.sum(np.asarray(slope) * along[0], axis=1)
                run["slope_error"] = float(
                    np.max(np.abs(slopes - along[1]) / np.maximum(np.abs(along[1]), 1.0))
                )
            record.add(densities=True, evaluations_a_second=points / seconds, **run)


def many_tables(part, record):
    """Sample many tables of 20 states at once, as a calibration would."""
    import jax
    import jax.numpy as jnp

    from equipoise.inference.posterior.backends import numpyro
    from equipoise.inference.posterior.backends.jaxified import jaxify
    from equipoise.inference.posterior.backends.whitening import whitener

    if record.left() < LEAST_LEFT:
        return
    tables = [simulated(20, seed) for seed in range(TABLES[part])]
    model = jaxify(tables[0].model(), NAMES)
    fitter = whitener(model)
    tune, draws = 200, 200
    start = jax.jit(jax.vmap(partial(numpyro.begin, model.log_density, tune=tune), (0, 0, 0, None)))
    move = jax.jit(
        jax.vmap(
            partial(numpyro.advance, model.log_density, tune=tune), (0, 0, None, None, 0, None)
        )
    )
    keep = jax.jit(jax.vmap(jax.vmap(jax.vmap(model.variables, (0, None)), (0, None))))
    for name in ("cold", "warm"):
        begin = time.perf_counter()
        given = []
        for table in tables:
            data = {k: jnp.asarray(x) for k, x in table.data.items()}
            space = fitter.fit(data, table.centre(model.layout))
            given.append((data, space.centre, space.axes))
        given = jax.tree.map(lambda *x: jnp.stack(x), *given)
        fitted = time.perf_counter() - begin
        key = jax.random.key(3)
        first = jax.random.normal(key, (len(tables), CHAINS_A_TABLE, model.size))
        keys = jax.random.split(key, (len(tables), CHAINS_A_TABLE))
        state = start(first, keys, given, ACCEPT)
        held = jax.vmap(lambda s: numpyro.held_of(s, draws))(state)
        state, held = move(state, held, 0, tune + draws, given, ACCEPT)
        jax.block_until_ready(held)
        seconds = time.perf_counter() - begin
        if name == "cold":
            continue
        walked = jnp.swapaxes(held["walked"], 1, 2)
        found = jax.tree.map(np.asarray, keep(walked, given[0]))
        ess = []
        for k, table in enumerate(tables):
            one = judged({"V": found["V"][k], "s": found["s"][k]}, table)
            ess.append(min(one["ess"]))
        record.add(
            tables=len(tables),
            n_states=20,
            chains=CHAINS_A_TABLE,
            tune=tune,
            draws=draws,
            whitening_seconds=round(fitted, 3),
            warm_seconds=round(seconds, 3),
            tables_a_second=round(len(tables) / seconds, 2),
            min_ess_of_tables=[round(x) for x in ess],
            divergences=int(np.sum(np.asarray(held["diverging"]))),
        )


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("part", choices=[*RUNS, "merge"])
    parser.add_argument("--output", type=Path, default=Path("."), help="folder of the JSON files")
    parser.add_argument("--seconds", type=float, default=240.0, help="begin nothing after so long")
    parser.add_argument("--most-states", type=int, default=2000)
    parser.add_argument("--large", action="store_true", help="2,000 states, and nothing else")
    asked = parser.parse_args()
    if asked.part == "merge":
        return merge(asked.output)
    record = Record(asked.output / f"gpu-{asked.part}.json", asked.part, asked.seconds)
    if asked.part == "gpu":
        import jax

        if jax.default_backend() == "cpu":
            print("no GPU: nothing measured")
            return None
    ready = {}
    if asked.large:
        return measure(LARGE[asked.part], asked.part, record, ready)
    first, last = (
        [run for run in runs[asked.part] if run[0] <= asked.most_states] for runs in (RUNS, LAST)
    )
    measure(first, asked.part, record, ready)
    if asked.part != "nutpie" and asked.most_states >= 500:
        densities(record)
        many_tables(asked.part, record)
    measure(last, asked.part, record, ready)
    return None


if __name__ == "__main__":
    main()
