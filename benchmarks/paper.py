"""The verdict at the paper's scale: `python -m benchmarks.paper SEED RHO`, one simulated table.

Each run adds a line to measured/paper.jsonl, from which the table in scale.md is written.
"""

import argparse
import json
import os
import resource
import threading
import time
from pathlib import Path
from typing import Any

import equipoise as eq
from benchmarks.large import simulate
from benchmarks.pages import put
from benchmarks.tables import Section
from equipoise.parallel.jobs import processes_for

STATES, DRAWS, POOL = 7484, 50_228, 0.9
#: Edges of the kernel's graph: some 12,000 and 21,700 directed transitions are seen.
FEW, MANY = 35_000, 250_000
MEASURED = Path(__file__).with_name("measured") / "paper.jsonl"


class Peak(threading.Thread):
    """Watches how much memory this process and its workers hold together, in private pages."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.gigabytes = 0.0

    def run(self) -> None:
        """Look twenty times a second."""
        while True:
            self.gigabytes = max(self.gigabytes, sum(map(_held, _family())) / 1e6)
            time.sleep(0.05)


def _family() -> list[int]:
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split()
    return [own, *map(int, children)]


def _held(process: int) -> int:
    """Return the resident memory of a process, kB; 0 where it has gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _spent() -> float:
    """Return the CPU seconds of this process and of its workers that have ended."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def section() -> Section:
    """Return the table of all runs that were kept."""
    lines = MEASURED.read_text(encoding="utf-8").splitlines()
    found = sorted(map(json.loads, lines), key=lambda run: (run["arcs"] > 16_000, run["rho"]))
    return Section(
        "The verdict at the paper's scale",
        "`python -m benchmarks.paper SEED RHO [--edges N]`: `test_large` on one simulated table, "
        "7,484 states, 50,228 draws, heavy-tailed visits; log BF at τ = ½, 1, 2, and the ceiling. "
        "Worst R-hat and least effective draws of the potentials. CPU seconds and memory are those "
        "of all processes together; seconds by the clock are those of a machine that did other "
        "things besides. Written by the script from [measured/paper.jsonl](measured/paper.jsonl). "
        "Rows that say so ran on two cores of another machine, of 16 cores all at work (an Intel "
        "Xeon; Python 3.12.3, NumPy 2.5.2).",
        (
            "seed",
            "ρ",
            "directed transitions",
            "edges compared",
            "testable cycles",
            "nodes",
            "τ = ½",
            "τ = 1",
            "τ = 2",
            "verdict",
            "judged",
            "ceiling",
            "states",
            "R-hat",
            "effective draws",
            "processes",
            "CPU s",
            "wall s",
            "peak GB",
            "beside",
        ),
        [_row(run) for run in found],
    )


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    values = dict(zip(run["tau"], zip(run["log_bf"], run["mcse"], strict=True), strict=True))

    def factor(tau: float) -> str:
        value, error = values[tau]
        places = 2 if error < 0.1 else 1
        return f"{value:+.{places}f} ± {error:.{places}f}".replace("-", "−")

    truth = "non-reversible" if run["rho"] else "balance"
    if run["distrust"]:
        judged = "withheld"
    elif run["favours"] == truth:
        judged = "right"
    else:
        judged = "not decided" if run["favours"] == "undecided" else "wrong"
    more = run["strength"] or (run["reason"] or "").replace("_", " ")
    ceiling = "withheld" if run["ceiling_distrust"] else f"{run['ceiling']:+.2f}"
    return (
        str(run["seed"]),
        f"{run['rho']:g}",
        f"{run['arcs']:,}",
        f"{run['compared']:,}",
        f"{run['testable']:,}",
        str(run["nodes"]),
        factor(0.5),
        factor(1.0),
        factor(2.0),
        f"{run['favours']} ({more})" if more else run["favours"],
        judged,
        ceiling,
        f"{run['potentials']:,}",
        f"{run['r_hat_max']:.4f}",
        f"{run['ess_min']:,}" if run["ess_min"] else "",
        str(run["processes"]),
        f"{run['cpu']:.0f}",
        f"{run['wall']:.0f}",
        f"{run['gigabytes']:.2f}",
        run["beside"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("rho", type=float, help="0: reversible")
    parser.add_argument("--edges", type=int, default=FEW, help="of the kernel's graph")
    parser.add_argument("--workers", type=int, help="processes; default: one a core")
    parser.add_argument("--laplace", action="store_true", help="Laplace's evidence beside it")
    parser.add_argument("--beside", default="", help="what else the machine does, for the record")
    given = parser.parse_args()
    table = simulate(
        STATES, given.edges, DRAWS, given.seed, pool=POOL, violation=given.rho
    ).counts()
    peak = Peak()
    peak.start()
    spent, begun = _spent(), time.perf_counter()
    ends: dict[str, float] = {}

    def progress(stage: str, _fraction: float) -> None:
        ends[stage] = round(time.perf_counter() - begun, 1)

    found = eq.test_large(table, random_seed=given.seed, progress=progress, workers=given.workers)
    cpu, wall = round(_spent() - spent, 1), round(time.perf_counter() - begun, 1)
    verdict, potential = found.verdict, found.potential
    result: dict[str, Any] = {
        "seed": given.seed,
        "rho": given.rho,
        "kernel_edges": given.edges,
        "arcs": int(table.counts.nnz),
        "compared": found.path.pairs.n_edges,
        "cycles": found.graph.n_cycles,
        "testable": found.graph.n_testable_cycles,
        "tau": [factor.cycle_scale for factor in found.sensitivity],
        "log_bf": [round(factor.log_value, 3) for factor in found.sensitivity],
        "mcse": [round(factor.mcse, 3) for factor in found.sensitivity],
        "favours": verdict.favours,
        "strength": verdict.strength,
        "reason": verdict.reason,
        "distrust": found.distrust,
        "ceiling": verdict.ceiling and round(verdict.ceiling.log_value, 3),
        "ceiling_mcse": verdict.ceiling and round(verdict.ceiling.mcse, 3),
        "ceiling_distrust": verdict.ceiling and verdict.ceiling.distrust,
        "size": verdict.size and [verdict.size.mean, verdict.size.lower, verdict.size.upper],
        "nodes": len(found.path.nodes),
        "potentials": len(potential.chosen) if potential else 0,
        "r_hat_max": potential and round(potential.r_hat_max, 4),
        "ess_min": potential and potential.distrust is None and round(potential.ess_bulk_min),
        "processes": given.workers or processes_for(3),
        "stage_ends": ends,
        "cpu": cpu,
        "wall": wall,
        "gigabytes": round(peak.gigabytes, 2),
        "beside": given.beside,
    }
    if given.laplace:
        spent = _spent()
        rough = eq.laplace_large(table).log_bayes_factor()
        error = rough.log_value - found.log_bayes_factor.log_value
        result["laplace"] = round(rough.log_value, 3)
        result["laplace_error"] = round(error, 3)
        result["cpu_laplace"] = round(_spent() - spent, 1)
    with MEASURED.open("a", encoding="utf-8") as file:
        file.write(json.dumps(result, ensure_ascii=False) + "\n")
    put(section())
    print(json.dumps(result, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
