"""Tests of the violation share their results: each is computed once."""

import numpy as np
import pytest
from simulated import random_kernel, result_of
from violated import ONE_WAY, RING, table

from equipoise.simulate import sample_draws


@pytest.fixture(scope="session")
def ring():
    return result_of(table(RING), draws=400, random_seed=1)


@pytest.fixture(scope="session")
def one_way():
    return result_of(table(ONE_WAY), draws=400, random_seed=1)


@pytest.fixture(scope="session")
def driven():
    """Five states, a violation that shows."""
    kernel = random_kernel(np.random.default_rng(3), 5, 0.7, rho=0.6)
    return result_of(sample_draws(kernel, 2000, 4), draws=400, random_seed=2)
