"""How much a spline through log Z at nodes may err between them."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from equipoise.inference.evidence.laplace.curve import spline_doubt


def log_evidence(x, *, cycles=15, known=0.3):
    """Of cycles whose squares add up to what σ_c = 0.3 would give; x is log σ_c."""
    return -cycles * (x + 0.5 * known**2 * np.exp(-2 * x))


@pytest.mark.parametrize("step", [0.4, 0.2])
def test_the_worst_doubt_is_above_the_worst_error_and_of_its_size(step):
    x = np.arange(np.log(0.05), np.log(20.0), step)
    values = log_evidence(x)
    middle = (x[1:] + x[:-1]) / 2
    error = np.abs(CubicSpline(x, values)(middle) - log_evidence(middle))
    # Away from the ends, where the spline knows one side only.
    doubt, error = spline_doubt(x, values)[3:-3], error[3:-3]
    assert error.max() < doubt.max() < 4 * error.max()


def test_noise_of_the_nodes_is_no_doubt():
    """Of 0.05 nats at each node, above what the few draws of a quick look leave."""
    x = np.linspace(-4.0, 3.0, 12)
    noise = np.random.default_rng(1).normal(0.0, 0.05, (400, len(x)))
    worst = [spline_doubt(x, -2.0 * x + row).max() for row in noise]
    assert np.quantile(worst, 0.99) < 0.03
