"""Comparisons to present: of several potentials, of states that overlap, of hostile names."""

from functools import cache

import numpy as np
from compared import drawn

import equipoise as eq

EDGES = np.array([[0, 1], [0, 2], [1, 2], [1, 3], [2, 3], [3, 4], [2, 4]])
HOSTILE = ("<script>alert(1)</script>", "\u202eevil", "=cmd()" * 900)


def tables(names=("x", "y", "z"), *, seed=1, spread=0.0, trials=1500):
    rng = np.random.default_rng(seed)
    phi = rng.normal(size=5)
    return {name: drawn(phi + spread * rng.normal(size=5), EDGES, trials, rng) for name in names}


@cache
def compared(kind):
    """Return a comparison; the learned scales of "several" cost three times the fixed ones."""
    if kind == "hostile":
        given = {
            name: counts.relabel({"s00": HOSTILE[0], "s01": "\u202egnp.exe", "s02": "😀" * 40})
            for name, counts in tables(HOSTILE, spread=0.5).items()
        }
    elif kind == "overlap":  # of one potential; two share all states, and one three with either
        first, second, third = tables(seed=5).values()
        third = third.relabel({"s00": "other", "s01": "another"})
        given = {"x": first, "y": second, "w": third}
    else:
        given = tables(spread=0.8)
    priors = eq.Priors(scales="learned" if kind == "several" else "fixed")
    return eq.compare(given, draws=150, fast=True, priors=priors, random_seed=1)
