"""Log Bayes factors against `pm.sample_smc`, on the same models and data."""

import json
import subprocess
import sys
import time
from statistics import median

import numpy as np

from benchmarks.tables import Section
from equipoise import datasets

CHAINS = 4
ERROR = 0.05  # nats: what both are asked for
TABLES = {"gemini": datasets.gemini_2_5_flash, "weekday": datasets.smollm2_weekday}


def measure(repeats: int) -> list[Section]:
    """Return log Bayes factors by both, by turns: theirs once, ours as often as asked."""
    rows = []
    for table in TABLES:
        found = smc(table)
        print(table, json.dumps(found), file=sys.stderr, flush=True)  # minutes are in it
        chains = np.array([found[h]["chains"] for h in ("reversible", "cyclic")])
        value = float(np.subtract(*(log_mean(x) for x in chains)))
        error = float(np.sqrt((chains.var(axis=1, ddof=1) / CHAINS).sum()))
        seconds = sum(x["seconds"] for x in found.values())
        needed = seconds * max(error / ERROR, 1.0) ** 2
        runs = [ours(table, seed) for seed in range(repeats)]
        quick, mcse = median(x["seconds"] for x in runs), max(x["mcse"] for x in runs)
        values = [x["value"] for x in runs]
        rows.append(
            (
                table,
                f"{value:.2f} ± {error:.2f}",
                f"{', '.join(f'{np.ptp(x):.2f}' for x in chains)}",
                f"{seconds:,.0f}",
                f"{needed:,.0f}",
                f"{median(values):.2f} ± {mcse:.3f}",
                f"{np.std(values, ddof=1):.3f}" if len(values) > 1 else "",
                f"{max(x['pareto_k'] for x in runs):.2f}",
                f"{quick:.2f}",
                f"{seconds / quick:.0f}",
                f"{needed / quick:,.0f}",
                f"{max(x['peak_kb'] for x in found.values()) / 1e6:.2f}",
            )
        )
    return [
        Section(
            "Log Bayes factors, against `pm.sample_smc`",
            "Learned scales, multinomial likelihood, τ = 1, the same PyMC models that define ours. "
            f"Theirs: PyMC's defaults (2,000 draws, independent Metropolis), {CHAINS} chains one "
            "after the other, once for either hypothesis, compiling included, importing not; the "
            "error is that of the mean of the chains, from their spread. *To 0.05*: seconds times "
            "(error/0.05)², where the error is larger; more chains would be needed, not measured. "
            "Ours: `laplace` with its defaults, the whole curve over σ_c; the greatest error of "
            f"{repeats} seeds, and their spread. Chains do not show what they miss in "
            "common: on Gemini and weekday both values are too high by nats, where path sampling, "
            "bridge sampling and quadrature agree with ours; so the seconds to 0.05 are a lower "
            "bound. CPU seconds, one thread. Target: an error below "
            "0.05 nats at least 50 times faster.",
            (
                "table",
                "theirs, nats",
                "range of chains, reversible, cyclic",
                "s",
                "s to 0.05",
                "ours, nats",
                "spread",
                "worst k̂",
                "s",
                "ratio",
                "ratio to 0.05",
                "their GB",
            ),
            rows,
        )
    ]


def log_mean(values: np.ndarray) -> float:
    top = values.max()
    return float(top + np.log(np.mean(np.exp(values - top))))


def smc(table: str, seed: int = 1) -> dict:
    """Run `pm.sample_smc` on both hypotheses; each a process of its own."""
    out = {}
    for hypothesis in ("reversible", "cyclic"):
        command = [sys.executable, "-m", "benchmarks.smc", table, hypothesis, str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        out[hypothesis] = json.loads(done.stdout.splitlines()[-1])
    return out


def ours(table: str, seed: int, draws: int = 2000) -> dict:
    import equipoise as eq

    counts = TABLES[table]()
    begin = time.process_time()
    factor = eq.laplace(
        counts, likelihood="multinomial", draws=draws, random_seed=seed
    ).log_bayes_factor()
    return {
        "value": factor.log_value,
        "mcse": factor.mcse,
        "pareto_k": factor.pareto_k,
        "seconds": time.process_time() - begin,
    }
