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
    factor = eq.laplace(counts, likelihood="multinomial", draws=draws, random_seed=seed).log_bayes_factor()
    return {
        "value": factor.log_value,
        "mcse": factor.mcse,
        "pareto_k": factor.pareto_k,
        "seconds": time.process_time() - begin,
    }
