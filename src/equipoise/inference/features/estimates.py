"""What a posterior given features says: numbers with intervals."""

from dataclasses import dataclass

import numpy as np

from equipoise.inference.features.fit import FeatureDraws, share_of
from equipoise.inference.features.problem import FeatureProblem
from equipoise.inference.features.signal import Explaining
from equipoise.likelihoods import FloatArray

_PRIOR_DRAWS = 4000


@dataclass(frozen=True)
class Estimate:
    """Posterior mean, standard deviation and 95 % interval."""

    mean: float
    sd: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Coefficient:
    """What a feature adds to Φ: nats per standard deviation of it.

    Attributes
    ----------
    name
        Of the feature.
    mean, sd, lower, upper
        Posterior of β.
    positive
        P(β > 0).
    centre, unit
        Mean of the feature over the largest component, and its standard deviation within
        components: β/unit is nats per unit of the feature.
    """

    name: str
    mean: float
    sd: float
    lower: float
    upper: float
    positive: float
    centre: float
    unit: float


@dataclass(frozen=True)
class ExplainedState:
    """Φ of a state that the counts tell of, above the reference state of its component.

    Attributes
    ----------
    state, component, reference
        Label; number of its component; whether it is its reference.
    mean, sd, lower, upper
        Posterior of Φ given features, nats.
    explained, explained_lower, explained_upper
        The part that features explain.
    """

    state: str
    component: int
    reference: bool
    mean: float
    sd: float
    lower: float
    upper: float
    explained: float
    explained_lower: float
    explained_upper: float


@dataclass(frozen=True)
class Prediction:
    """Φ of a state that the counts do not tell of, above the reference state; nats.

    Attributes
    ----------
    state
        Label.
    mean, sd, lower, upper
        Posterior predictive, what features leave (ε) included.
    explained
        Mean of the part that features explain.
    """

    state: str
    mean: float
    sd: float
    lower: float
    upper: float
    explained: float


def estimate(values: FloatArray) -> Estimate:
    """Summarise draws of equal weight, shape (n,)."""
    lower, upper = np.quantile(values, [0.025, 0.975]).tolist()
    return Estimate(float(values.mean()), float(values.std()), lower, upper)


def coefficients_of(ready: Explaining, found: FeatureDraws) -> tuple[Coefficient, ...]:
    """Return the coefficient of each column, in order."""
    rows = []
    for k, name in enumerate(ready.names):
        beta = found.coefficients[:, k]
        one = estimate(beta)
        rows.append(
            Coefficient(
                name=name,
                mean=one.mean,
                sd=one.sd,
                lower=one.lower,
                upper=one.upper,
                positive=float((beta > 0).mean()),
                centre=float(ready.centre[k]),
                unit=float(ready.unit[k]),
            )
        )
    return tuple(rows)


def explained_states(problem: FeatureProblem, found: FeatureDraws) -> tuple[ExplainedState, ...]:
    """Return Φ of the states the counts tell of, in their order."""
    whole = problem.above_reference(found.potential)
    part = problem.above_reference(found.signal)
    rows = []
    for k, state in enumerate(problem.states):
        one, explained = estimate(whole[:, k]), estimate(part[:, k])
        rows.append(
            ExplainedState(
                state=state,
                component=int(problem.component[k]),
                reference=k in problem.references,
                mean=one.mean,
                sd=one.sd,
                lower=one.lower,
                upper=one.upper,
                explained=explained.mean,
                explained_lower=explained.lower,
                explained_upper=explained.upper,
            )
        )
    return tuple(rows)


def predictions_of(
    problem: FeatureProblem, ready: Explaining, found: FeatureDraws
) -> tuple[Prediction, ...]:
    """Return Φ of the other states of the table, above the reference of the main component."""
    origin = problem.references[problem.main]
    rows = []
    for k, state in enumerate(ready.predicted):
        one = estimate(found.new[:, k] - found.potential[:, origin])
        explained = found.new_signal[:, k] - found.signal[:, origin]
        rows.append(
            Prediction(state, one.mean, one.sd, one.lower, one.upper, float(explained.mean()))
        )
    return tuple(rows)


def prior_share(problem: FeatureProblem, ready: Explaining, rng: np.random.Generator) -> Estimate:
    """Return what the priors alone say of the share of the spread that features explain."""
    priors = problem.priors
    chances = np.exp([-0.5 * (one.log_lengthscale or 0.0) ** 2 for one in ready.signals])
    which = rng.choice(len(ready.signals), _PRIOR_DRAWS, p=chances / chances.sum())
    shares = []
    for number, n in enumerate(np.bincount(which, minlength=len(ready.signals)).tolist()):
        signal = ready.signals[number]
        scale = np.abs(rng.normal(0.0, signal.half_normal, (n, 1)))
        part = scale * rng.standard_normal((n, signal.basis.shape[1])) @ signal.basis.T
        rest = (
            np.abs(rng.normal(0.0, priors.potential_scale, (n, 1)))
            if priors.scales == "learned"
            else np.full((n, 1), priors.fixed_potential_sd)
        )
        residual = rest * rng.standard_normal((n, problem.centred.shape[1])) @ problem.centred.T
        shares.append(share_of(part, residual))
    return estimate(np.concatenate(shares))
