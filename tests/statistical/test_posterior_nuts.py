"""`posterior_large` against NUTS on the PyMC model that defines it, at a size where it is used."""

import warnings

import numpy as np
import pytest
from arviz_stats.base import array_stats
from sparse_tables import reversible_table

import equipoise as eq
from equipoise.errors import NotConvergedWarning

STATES, SEED = 60, 11
#: Twice 119 comparisons: beyond this by chance once in some 10⁴ runs.
FAR, MOST_RMS = 5.0, 1.5
LEAST_ESS = 400


def moments(x):
    columns = np.moveaxis(x, -1, 0)
    return np.array(
        [
            (
                column.mean(),
                column.std(),
                float(array_stats.mcse(column, method="mean")),
                float(array_stats.mcse(column, method="sd")),
                float(array_stats.ess(column, method="bulk")),
            )
            for column in columns
        ]
    ).T


@pytest.mark.slow
def test_posterior_large_equals_nuts(record):
    counts = reversible_table(SEED, states=STATES, trials=300)
    ours = eq.posterior_large(counts, draws=1000, random_seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)  # judged below, state by state
        theirs = eq.posterior(
            counts,
            likelihood="pairwise",
            draws=1000,
            target_accept=0.9,
            random_seed=2,
            backend="nutpie",
        )
    at = counts.states.index(ours.attrs["references"])
    rest = np.delete(np.arange(STATES), at)
    found = []
    for tree in (ours, theirs):
        V = tree["posterior"]["V"].values
        log_sd = np.log(tree["posterior"]["sigma_V"].values)[..., None]
        found.append(moments(np.concatenate([(V - V[..., [at]])[..., rest], log_sd], axis=-1)))
    a, b = found
    z_mean = (a[0] - b[0]) / np.hypot(a[2], b[2])
    z_sd = (a[1] - b[1]) / np.hypot(a[3], b[3])
    lost = record(
        "posterior-large",
        "posterior_large against NUTS on the pairwise PyMC model: V above the reference, log σ_V",
        settings={"states": STATES, "trials": 300, "seed": SEED},
        claims=[
            ("least bulk ESS, either", float(min(a[4].min(), b[4].min())), LEAST_ESS, None),
            ("largest |z| of a mean", float(np.abs(z_mean).max()), None, FAR),
            ("largest |z| of an sd", float(np.abs(z_sd).max()), None, FAR),
            ("rms z of means", float(np.sqrt(np.mean(z_mean**2))), None, MOST_RMS),
            ("rms z of sds", float(np.sqrt(np.mean(z_sd**2))), None, MOST_RMS),
        ],
        numbers={
            "largest error of a mean, sd": float((np.hypot(a[2], b[2]) / b[1]).max()),
            "ratio of sd": [float((a[1] / b[1]).min()), float((a[1] / b[1]).max())],
        },
    )
    assert not lost
