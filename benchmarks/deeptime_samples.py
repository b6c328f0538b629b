"""Run by the Python of .bench: sample reversible chains with deeptime.

    deeptime_samples.py COUNTS.npy SAMPLES OUTPUT.npz

Writes log π of every sample and the states kept; prints CPU seconds as a line of JSON. Imports
nothing of ours.
"""

import json
import resource
import sys
import time

import numpy as np
from deeptime.markov import TransitionCountModel
from deeptime.markov.msm import BayesianMSM

imported = time.process_time()
counts = np.load(sys.argv[1]).astype(float)
begin, wall = time.process_time(), time.perf_counter()
model = TransitionCountModel(counts).submodel_largest()
found = BayesianMSM(n_samples=int(sys.argv[2])).fit(model).fetch_model()
pi = np.array([sample.stationary_distribution for sample in found.samples])
seconds, wall = time.process_time() - begin, time.perf_counter() - wall
np.savez(sys.argv[3], log_pi=np.log(pi)[None], states=model.state_symbols)
print(
    json.dumps(
        {
            "imports": imported,
            "seconds": seconds,
            "wall": wall,
            "whole": time.process_time(),
            "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
    )
)
