"""Tables, samplers and fits of the tests by MCMC, made once a process."""

from functools import cache

import numpy as np

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.inference.evidence import laplace
from equipoise.inference.evidence.path import walk_path
from equipoise.inference.posterior.choose import sampler_for
from equipoise.inference.problem import problem_of
from equipoise.models import Priors

TABLES = ("alofi-rain", "claude-4", "gemini-2.5-flash", "smollm2-weekday")


def six_states() -> TransitionCounts:
    """Asymmetric, driven, with an edge seen one way only and unequal trials."""
    matrix = np.array(
        [
            [40, 31, 0, 9, 0, 0],
            [12, 70, 22, 0, 5, 0],
            [0, 41, 33, 6, 0, 17],
            [25, 0, 2, 90, 14, 0],
            [0, 3, 0, 30, 11, 8],
            [0, 0, 6, 0, 1, 20],
        ]
    )
    return TransitionCounts.from_matrix(
        matrix, states=["f", "a", "e", "b", "d", "c"], other=[5, 0, 11, 0, 2, 1]
    )


def ring() -> TransitionCounts:
    """Every state alike, and a current round the three."""
    return TransitionCounts.from_matrix(
        [[50, 60, 20], [20, 50, 60], [60, 20, 50]], states=list("abc")
    )


def counts_named(name: str) -> TransitionCounts:
    own = {"six": six_states, "ring": ring}
    return own[name]() if name in own else datasets.load(name)


@cache
def sampler_of(name: str, scales: str = "learned"):
    problem = problem_of(counts_named(name), priors=Priors(scales=scales), likelihood="multinomial")
    return sampler_for(problem)


@cache
def path_of(name: str, scales: str, seed: int = 0):
    return walk_path(sampler_of(name, scales), random_seed=seed)


@cache
def fast_of(name: str, scales: str):
    return laplace(
        counts_named(name), priors=Priors(scales=scales), likelihood="multinomial", random_seed=1
    )
