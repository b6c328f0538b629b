"""The engine by MCMC, on triangles; slow, since it compiles a model and walks a path for each.

The parts it is made of are tested elsewhere in this folder, and always run.
"""

from itertools import islice

import numpy as np
import pytest

from equipoise.inference.calibration.engines import fast_engine, path_engine
from equipoise.inference.calibration.run import evaluate
from equipoise.inference.calibration.simulate import design_index, simulate
from equipoise.models import Priors

SEED = 1


@pytest.mark.slow
@pytest.mark.parametrize("cyclic", [False, True])
def test_path_and_fast_path_infer_the_same_data_set_alike(cyclic):
    # Of the first triangles the one with fewest trials: chains on extreme tables take minutes.
    numbers = (k for k in range(int(cyclic), 1000, 2) if design_index(SEED, k) == 0)
    drawn = [simulate(SEED, k, every_source=True, priors=Priors()) for k in islice(numbers, 12)]
    # Of data set 75, where staying is impossible, the path is withheld for divergences.
    data = min((one for one in drawn if one.stay), key=lambda one: one.trials)
    path = evaluate(data, path_engine, np.random.default_rng(1))
    fast = evaluate(data, fast_engine, np.random.default_rng(1))
    assert path.evidence_withheld is fast.evidence_withheld is None
    error = np.hypot(path.mcse, fast.mcse)
    assert error < 0.1
    assert path.log_bayes_factor == pytest.approx(fast.log_bayes_factor, abs=4 * error)
    assert path.ranks.keys() == fast.ranks.keys()
    # ranks among 99 draws have standard deviations of 5 at most, each
    for name, rank in path.ranks.items():
        assert abs(rank - fast.ranks[name]) < 4 * 7.1, name
