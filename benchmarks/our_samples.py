"""`equipoise.posterior_large` in a process of its own, twice: the first time with its imports.

    python -m benchmarks.our_samples COUNTS.npy CHAINS DRAWS SEED OUTPUT.npz

Writes log π of the second run's draws; prints CPU seconds as a line of JSON.
"""

import json
import resource
import sys
import time
import warnings

import numpy as np

import equipoise as eq

imported = time.process_time()
table = np.load(sys.argv[1])
chains, draws, seed = map(int, sys.argv[2:5])
labels = [f"s{k:05d}" for k in range(len(table))]
counts = eq.TransitionCounts.from_matrix(table, states=labels)
runs = []
with warnings.catch_warnings():
    warnings.simplefilter("ignore", eq.errors.NotConvergedWarning)
    for k in (0, 1):
        begin, wall = time.process_time(), time.perf_counter()
        tree = eq.posterior_large(counts, chains=chains, draws=draws, random_seed=seed + 1000 * k)
        runs.append((time.process_time() - begin, time.perf_counter() - wall))
        cold = time.process_time() if k == 0 else cold
np.savez(sys.argv[5], log_pi=np.log(tree["posterior"]["pi"].values), states=np.arange(len(table)))
print(
    json.dumps(
        {
            "imports": imported,
            "seconds": runs[1][0],
            "wall": runs[1][1],
            "whole": cold,
            "r_hat": tree.attrs["r_hat_max"],
            "ess_Phi": tree.attrs["ess_bulk_min"],
            "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
    )
)
