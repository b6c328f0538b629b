"""`pm.sample_smc` on one hypothesis of one bundled table: `python -m benchmarks.smc TABLE MODEL`.

Prints the log evidence of each chain and what it cost as a line of JSON; PyMC's own defaults, but
for one core.
"""

import json
import resource
import sys
import time
import warnings

from benchmarks.evidence import CHAINS, TABLES

_BEGIN = time.process_time()


def main(table: str, hypothesis: str, seed: int) -> None:
    import numpy as np
    import pymc as pm

    from equipoise import models

    model = getattr(models, hypothesis)(TABLES[table]())
    imported = time.process_time() - _BEGIN
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        begin = time.process_time()
        with model:
            found = pm.sample_smc(
                chains=CHAINS,
                cores=1,
                random_seed=seed,
                progressbar=False,
                compute_convergence_checks=False,
            )
        seconds = time.process_time() - begin
    # Ragged lists filled up with nan, one for each chain: the last finite entry is its evidence.
    raw = found["sample_stats"]["log_marginal_likelihood"].values
    values = [
        [float(x) for x in np.ravel(np.concatenate([np.ravel(y) for y in np.ravel(row)]))]
        for row in raw
    ]
    last = [[x for x in row if np.isfinite(x)][-1] for row in values]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"chains": last, "seconds": seconds, "imports": imported, "peak_kb": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
