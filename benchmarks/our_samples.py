"""Our draws in a process of their own, made twice: the first time with the imports.

    python -m benchmarks.our_samples COUNTS.npy CHAINS DRAWS SEED OUTPUT.npz

By `equipoise.posterior_large`, or, with 0 chains, by `equipoise.laplace`, whose draws are
independent and weighted. Writes log π of the second run's draws; prints CPU seconds as a line of
JSON.
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
runs, cold = [], 0.0
with warnings.catch_warnings():
    warnings.simplefilter("ignore", eq.errors.NotConvergedWarning)
    for k in (0, 1):
        begin, wall = time.process_time(), time.perf_counter()
        run_seed = seed + 1000 * k
        if chains:
            tree = eq.posterior_large(counts, chains=chains, draws=draws, random_seed=run_seed)
            log_pi = np.log(tree["posterior"]["pi"].values)
            how = {"r_hat": tree.attrs["r_hat_max"], "by": "HMC"}
        else:
            fit = eq.laplace(counts, likelihood="multinomial", draws=draws, random_seed=run_seed)
            log_pi = -fit.reversible_draws.gradient_potential[None]
            node = fit.curve.reversible
            how = {"pareto_k": node.pareto_k, "ess": node.ess, "by": "PSIS"}
        runs.append((time.process_time() - begin, time.perf_counter() - wall))
        cold = time.process_time() if k == 0 else cold
np.savez(sys.argv[5], log_pi=log_pi, states=np.arange(len(table)))
print(
    json.dumps(
        {
            "imports": imported,
            "seconds": runs[1][0],
            "wall": runs[1][1],
            "whole": cold,
            **how,
            "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
    )
)
