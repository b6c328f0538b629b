"""Variables the sampler walks in better coordinates: same distribution, shorter trajectories."""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform
from pytensor.tensor.variable import TensorVariable


def walked_normal(
    name: str,
    mean: TensorVariable | float,
    scale: TensorVariable,
    anchor: TensorVariable,
    variance: TensorVariable,
    *,
    dims: str,
) -> TensorVariable:
    r"""Add ``x ~ Normal(mean, scale)``, walked by the sampler in better coordinates.

    ``anchor`` and ``variance`` do not change the distribution of x. They say where the data put it
    and how sharply, roughly; the sampler walks in u, with

    .. math:: x = m + \kappa (a - m) + \sigma \sqrt{1 - \kappa}\, u,
              \qquad \kappa = \sigma^2 / (\sigma^2 + v),

    what Bayes' theorem would give for x had the data been one observation of it, a ± √v. Where
    the data are sharp (v ≪ σ²) this is the centred parametrisation, where they say nothing the
    non-centred one, and it passes from one to the other as σ moves, so that there is no funnel at
    either end (Papaspiliopoulos, Roberts & Sköld 2007, Statist. Sci. 22, 59).
    """
    return pm.CustomDist(
        name,
        mean,
        scale,
        anchor,
        variance,
        logp=_normal_logp,
        dist=_normal,
        support_point=_normal_support_point,
        transform=_Walk(),
        signature="(),(),(),()->()",
        class_name="WalkedNormal",
        dims=dims,
    )


def walked_unit(
    name: str,
    scale: TensorVariable,
    pull: TensorVariable,
    precision: TensorVariable,
    *,
    dims: str,
) -> TensorVariable:
    r"""Add ``ε ~ Normal(0, 1)``, walked as :func:`walked_normal` walks ``x = σ ε``.

    The sampler walks in u, with

    .. math:: \varepsilon = \frac{\sigma h}{1 + \lambda \sigma^2}
              + \frac{u}{\sqrt{1 + \lambda \sigma^2}},

    what Bayes' theorem would give for x had the data been one observation of it with precision λ
    and, times that precision, the value h. In this form σ may be 0, where x is 0 and ε left alone,
    and so may λ, where the data say nothing.
    """
    return pm.CustomDist(
        name,
        scale,
        pull,
        precision,
        logp=_unit_logp,
        dist=_unit,
        support_point=_unit_support_point,
        transform=_UnitWalk(),
        signature="(),(),()->()",
        class_name="WalkedUnit",
        dims=dims,
    )


def half_normal(name: str, scale: TensorVariable, *, dims: str | None = None) -> TensorVariable:
    """Add ``σ ~ HalfNormal(scale)``, walked in u with ``σ = scale · log(1 + exp u)``.

    Unlike exp u this cannot leap to huge scales in one step.
    """
    return pm.HalfNormal(name, scale, transform=_Softplus(), default_transform=None, dims=dims)


def _normal_logp(x: Any, mean: Any, scale: Any, anchor: Any, variance: Any) -> Any:
    del anchor, variance
    return -0.5 * ((x - mean) / scale) ** 2 - pt.log(scale) - 0.5 * np.log(2.0 * np.pi)


def _normal(mean: Any, scale: Any, anchor: Any, variance: Any, size: Any) -> TensorVariable:
    del anchor, variance
    return pm.Normal.dist(mean, scale, size=size)


def _normal_support_point(
    rv: Any, size: Any, mean: Any, scale: Any, anchor: Any, variance: Any
) -> Any:
    del rv, size
    return _centre_and_width(mean, scale, anchor, variance)[0]


def _unit_logp(value: Any, scale: Any, pull: Any, precision: Any) -> Any:
    del scale, pull, precision
    return -0.5 * value**2 - 0.5 * np.log(2.0 * np.pi)


def _unit(scale: Any, pull: Any, precision: Any, size: Any) -> TensorVariable:
    del scale, precision
    return pm.Normal.dist(pt.zeros_like(pull), 1.0, size=size)


def _unit_support_point(rv: Any, size: Any, scale: Any, pull: Any, precision: Any) -> Any:
    del rv, size
    return _unit_centre_and_width(scale, pull, precision)[0]


def _unit_centre_and_width(scale: Any, pull: Any, precision: Any) -> tuple[Any, Any]:
    share = 1.0 / (1.0 + precision * scale**2)
    return scale * pull * share, pt.sqrt(share)


def _parameters(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return mean, scale, anchor and variance from the inputs of the distribution's operation.

    Those are: size, the four, the random generator.
    """
    return inputs[1:5]


def _centre_and_width(mean: Any, scale: Any, anchor: Any, variance: Any) -> tuple[Any, Any]:
    total = scale**2 + variance
    return mean + scale**2 / total * (anchor - mean), scale * pt.sqrt(variance / total)


class _Walk(Transform):
    """From x to u and back; see :func:`walked_normal`."""

    name = "walk"
    ndim_supp = 0

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        centre, width = _centre_and_width(*_parameters(inputs))
        return (value - centre) / width

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return x."""
        centre, width = _centre_and_width(*_parameters(inputs))
        return centre + width * value

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return log dx/du."""
        return pt.log(_centre_and_width(*_parameters(inputs))[1]) + pt.zeros_like(value)


class _UnitWalk(Transform):
    """From ε to u and back; see :func:`walked_unit`."""

    name = "walk"
    ndim_supp = 0

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        centre, width = _unit_centre_and_width(*inputs[1:4])
        return (value - centre) / width

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return ε."""
        centre, width = _unit_centre_and_width(*inputs[1:4])
        return centre + width * value

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return log dε/du."""
        return pt.log(_unit_centre_and_width(*inputs[1:4])[1]) + pt.zeros_like(value)


class _Softplus(Transform):
    """From σ to u and back; see :func:`half_normal`."""

    name = "softplus"
    ndim_supp = 0

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        return pt.log(pt.expm1(value / inputs[-1]))

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return σ."""
        return inputs[-1] * pt.softplus(value)

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return log dσ/du."""
        return pt.log(inputs[-1]) - pt.softplus(-value)
