"""The fast path on a bundled table, with many seeds."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from reference_values import TAUS, Reference
from simulated import pareto_k_of

from equipoise import datasets
from equipoise.inference.evidence import laplace
from equipoise.models import Priors


@dataclass(frozen=True)
class Repeats:
    """Log BF and its reported error, shape (n, 3), and k̂, shape (n,)."""

    values: NDArray[np.float64]
    mcse: NDArray[np.float64]
    pareto_k: NDArray[np.float64]

    def ratio(self, n: int) -> NDArray[np.float64]:
        """Spread of the first n over their mean reported error, one a τ."""
        return self.values[:n].std(axis=0, ddof=1) / self.mcse[:n].mean(axis=0)

    def standard_errors_off(self, reference: Reference) -> NDArray[np.float64]:
        standard_error = self.values.std(axis=0, ddof=1) / np.sqrt(len(self.values))
        return self.difference(reference) / np.hypot(standard_error, reference.error)

    def difference(self, reference: Reference) -> NDArray[np.float64]:
        return np.abs(self.values.mean(axis=0) - reference.values)


def repeat(name: str, scales: str, seeds: Iterable[int], draws: int) -> Repeats:
    counts, priors = datasets.load(name), Priors(scales=scales)
    values, errors, pareto_k = [], [], []
    for seed in seeds:
        fit = laplace(counts, priors=priors, draws=draws, random_seed=seed)
        factors = [fit.log_bayes_factor(tau) for tau in TAUS]
        values.append([factor.log_value for factor in factors])
        errors.append([factor.mcse for factor in factors])
        pareto_k.append(pareto_k_of(fit))
    return Repeats(np.array(values), np.array(errors), np.array(pareto_k))
