"""Effective samples of log π a second, against deeptime's `BayesianMSM`, on the same counts."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.tables import Section
from equipoise import datasets
from equipoise.simulate import reversible_kernel, sample_draws

ROOT = Path(__file__).parents[1]
PEER = ROOT / ".bench" / "bin" / "python"
NEIGHBOURS = 6
TARGET, TARGET_COLD = 10, 3


@dataclass(frozen=True)
class Run:
    """One size: how long either side samples, and how often."""

    name: str
    n_states: int
    trials: int
    theirs: int
    chains: int
    draws: int
    repeats: int


RATES = (
    Run("20 states", 20, 2000, 10_000, 128, 250, 3),
    Run("100 states", 100, 2000, 3000, 64, 250, 3),
    Run("500 states", 500, 2000, 800, 16, 250, 2),
    Run("2,000 states", 2000, 2000, 60, 16, 250, 1),
    Run("Gemini, 13", 0, 0, 20_000, 0, 2000, 2),
)
# Where every edge has 400 counts, both posteriors should be the data's; with few the priors differ.
MEANS = (
    Run("20 states", 20, 60_000, 20_000, 64, 500, 1),
    Run("100 states", 100, 60_000, 8000, 32, 300, 1),
    Run("20 states", 20, 60, 20_000, 64, 1000, 1),
)


def simulated(n_states: int, trials: int) -> np.ndarray:
    """Draw from a reversible kernel on a ring with random chords, three edges a state."""
    shape = np.random.default_rng(n_states)
    pairs = {(k, k + 1) for k in range(n_states - 1)} | {(0, n_states - 1)}
    while len(pairs) < NEIGHBOURS * n_states // 2:
        i, j = sorted(shape.integers(n_states, size=2).tolist())
        if i != j:
            pairs.add((i, j))
    edges = np.array(sorted(pairs))
    rng = np.random.default_rng([n_states, 0])
    V, s = rng.normal(0, 1, n_states), rng.normal(-3, 0.5, len(edges))
    kernel = reversible_kernel(V, s, edges=edges)
    return sample_draws(kernel, trials, rng).counts.toarray()


def gemini() -> np.ndarray:
    """Rejected replies stay where they are: on the diagonal, for both."""
    counts = datasets.gemini_2_5_flash()
    table = counts.counts.toarray()
    return table + np.diag(np.asarray(counts.other))


def measure(repeats: int) -> list[Section]:
    """Return rates and agreement."""
    if not PEER.exists():
        raise SystemExit("there is no .bench: run `sh scripts/peers` or `make bench` first")
    with tempfile.TemporaryDirectory() as folder:
        rates = [_sides(run, Path(folder), min(run.repeats, repeats)) for run in RATES]
        means = [_sides(run, Path(folder), 1) for run in MEANS]
    return [_rates(rates), _means(rates[:-1] + means)]


def _sides(run: Run, folder: Path, repeats: int) -> dict:
    """Run both by turns, each in processes of its own, one thread."""
    table = simulated(run.n_states, run.trials) if run.n_states else gemini()
    source, output = folder / "counts.npy", folder / "draws.npz"
    np.save(source, table)
    theirs, ours = [], []
    for k in range(repeats):
        command = [str(PEER), str(Path(__file__).with_name("deeptime_samples.py"))]
        theirs.append(_run([*command, str(source), str(run.theirs), str(output)], output))
        command = [sys.executable, "-m", "benchmarks.our_samples", str(source)]
        sizes = [str(run.chains), str(run.draws), str(k)]
        ours.append(_run([*command, *sizes, str(output)], output))
    edges = np.triu(table + table.T, 1)
    return {
        "run": run,
        "theirs": theirs,
        "ours": ours,
        "least": int(edges[edges > 0].min()),
        "table": table,
    }


def _run(command: list[str], output: Path) -> dict:
    from arviz_stats.base import array_stats

    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment = {**os.environ, **one}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found = json.loads(done.stdout.splitlines()[-1])
    with np.load(output) as data:
        log_pi, states = data["log_pi"], data["states"]
    columns = np.moveaxis(log_pi, -1, 0)
    ess = [float(array_stats.ess(x, method="bulk")) for x in columns]
    mcse = [float(array_stats.mcse(x)) for x in columns]
    return (
        {"ess": min(ess)}
        | found
        | {
            "states": states,
            "mean": log_pi.mean((0, 1)),
            "sd": log_pi.std((0, 1)),
            "mcse": np.array(mcse),
            "draws": log_pi.shape[0] * log_pi.shape[1],
            "command": command[-1],
        }
    )


def _trust(runs: list[dict]) -> str:
    if "r_hat" in runs[0]:
        return f"R-hat {max(x['r_hat'] for x in runs):.3f}"
    return f"k̂ {max(x['pareto_k'] for x in runs):.2f}"


def _rates(found: list[dict]) -> Section:
    rows = []
    for sides in found:
        of = {}
        for side in ("theirs", "ours"):
            runs = sides[side]
            of[side] = (
                median(x["ess"] for x in runs),
                median(x["ess"] / x["seconds"] for x in runs),
                median(x["ess"] / x["whole"] for x in runs),
            )
        theirs, ours = sides["theirs"], sides["ours"]
        states = f"{len(theirs[0]['states'])} of {len(ours[0]['states'])}"
        rows.append(
            (
                sides["run"].name,
                states,
                f"{theirs[0]['draws']:,}",
                *(f"{x:,.3g}" if x < 100 else f"{x:,.0f}" for x in of["theirs"]),
                f"{ours[0]['draws']:,}",
                *(f"{x:,.3g}" if x < 100 else f"{x:,.0f}" for x in of["ours"]),
                f"{of['ours'][1] / of['theirs'][1]:.3g}",
                f"{of['ours'][2] / of['theirs'][2]:.3g}",
                _trust(ours),
                f"{max(x['peak_kb'] for x in theirs) / 1e6:.2f}",
                f"{max(x['peak_kb'] for x in ours) / 1e6:.2f}",
            )
        )
    return Section(
        "Effective samples of log π a second, against deeptime",
        "Least bulk ESS over all states (ArviZ, for both), divided by CPU seconds: of the call "
        "alone, and of the process with interpreter, imports and reading. deeptime: "
        "`BayesianMSM(n_samples)`, every √S-th sweep kept, one chain. Ours: `posterior_large`, "
        "mode, tuning and diagnostics included, the second call of a process (cold: the first). Of "
        "Gemini deeptime can take the largest set of states that lead to each other; ours has all, "
        "by `laplace` (its whole evidence curve counted) and weighted independent draws, whose ESS "
        "is that of the Pareto-smoothed weights. Trust: worst R-hat, or k̂. At 2,000 states an ESS "
        "of so few of their draws is hardly known: it cannot exceed their number, and so the ratio "
        "cannot be less than a twelfth of what stands there. Medians; both by turns, one thread, "
        "the other core at work for others. Target: ratio 10, cold 3.",
        (
            "table",
            "states, theirs of ours",
            "their draws",
            "ESS",
            "a second",
            "cold",
            "our draws",
            "ESS",
            "a second",
            "cold",
            "ratio",
            "ratio, cold",
            "trust",
            "their GB",
            "our GB",
        ),
        rows,
    )


def _means(found: list[dict]) -> Section:
    rows = []
    for sides in found:
        theirs, ours = sides["theirs"][0], sides["ours"][0]
        sd = theirs["sd"]
        off = np.abs(ours["mean"] - theirs["mean"]) / sd
        error = np.hypot(ours["mcse"], theirs["mcse"]) / sd
        ratio = ours["sd"] / sd
        rows.append(
            (
                sides["run"].name,
                f"{sides['run'].trials:,}",
                f"{sides['least']:,}",
                f"{np.sqrt(np.mean(off**2)):.3f}",
                f"{np.sqrt(np.mean(error**2)):.3f}",
                f"{off.max():.3f}",
                f"{np.sqrt(np.mean((off / error) ** 2)):.2f}",
                f"{ratio.min():.2f} to {ratio.max():.2f}",
            )
        )
    return Section(
        "Posterior means of log π, against deeptime",
        "Difference of the means in posterior standard deviations, and its Monte Carlo error, root "
        "mean square over states. deeptime's prior is improper, 1/x on every edge, and ours pulls "
        "Φ towards its mean: they part where counts are few. Target: below 0.1 where every edge "
        "has 400 counts.",
        (
            "table",
            "trials a state",
            "least counts of an edge",
            "difference",
            "of which noise",
            "largest",
            "rms z",
            "ratio of sd",
        ),
        rows,
    )
