"""Several kernels: one potential, one with deviations of each kernel, or separate ones."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from equipoise.errors import UsageError
from equipoise.models.kernels import KernelTable, PotentialsName, WalkAxes, plain_axes
from equipoise.models.priors import Priors

if TYPE_CHECKING:
    import pymc as pm
    from pytensor.tensor.variable import TensorVariable

#: σ_δ ~ HalfNormal(1): prior scale of the deviations of a kernel's potential from the shared one.
DEVIATION_SCALE = 1.0
_BLOCKS = ("potential", "deviation", "cycle")
SETTINGS = (
    "learned",
    "potential_scale",
    "fixed_potential_sd",
    "deviation_learned",
    "deviation_scale",
    "fixed_deviation_sd",
    "cycle_learned",
    "cycle_scale",
    "fixed_cycle_sd",
)


def hierarchical(
    table: KernelTable,
    potentials: PotentialsName = "pooled",
    *,
    cycles: bool = True,
    priors: Priors | None = None,
) -> "pm.Model":
    r"""State a hypothesis about several kernels as a PyMC model.

    .. math:: \log\frac{P^m_{ij}}{P^m_{ji}} = \Phi^m_i - \Phi^m_j + c^m_{ij}, \qquad
              \Phi^m = \Phi + \delta^m, \quad \delta^m \sim \text{Normal}(0, \sigma_\delta), \quad
              \sigma_\delta \sim \text{HalfNormal}(1)

    with :math:`\Phi \sim \text{Normal}(0, \sigma_V)` and, on the cycle space of each kernel,
    :math:`c^m \sim \text{Normal}(0, \sigma_c)`, :math:`\sigma_c \sim \text{HalfNormal}(\tau)`, all
    modulo the constants that no log-ratio sees. ``"shared"`` has :math:`\sigma_\delta = 0`. With
    ``"separate"`` each kernel has :math:`\Phi^m \sim \text{Normal}(0, \sigma_V^m)` and
    :math:`\sigma_c^m` of its own.

    The likelihood is that of pairwise edges: in it the potential stands as it is, whatever the
    rates of staying, of rejection and of every edge, which differ between kernels; under
    multinomial rows it would be a nonlinear function of all of them (docs/model.md).

    One model serves shared and pooled potentials, with cycles and without, learned scales and fixed
    ones: they differ in the datum ``settings``, where ``deviation_learned`` and ``cycle_learned``
    are 0 for a σ_δ or σ_c that is held, at ``fixed_deviation_sd`` or ``fixed_cycle_sd``. A variable
    of what is held stays, with its prior, and nothing depends on it.

    Parameters
    ----------
    table : KernelTable
        From :func:`equipoise.inference.comparison.kernel_table`, with the same ``potentials``.
    potentials : PotentialsName
        ``"shared"``, ``"pooled"`` or ``"separate"``.
    cycles : bool
        Whether every kernel may have cycles that break balance.
    priors : Priors, optional
        Prior scales; default: σ_V learned. ``priors.cycle_scale`` is τ.

    Returns
    -------
    pymc.Model
        Variables ``Phi`` (state; separate: kernel_state), ``delta`` (kernel_state), ``c`` (pair),
        each summing to 0 where a constant is free, nats; scales ``sigma_V``, ``sigma_delta``,
        ``sigma_c``, one a ``kernel`` where potentials are separate; amplitudes in units of these
        (``potential_unit``, ``deviation_unit``, ``cycle_unit``); the observed ``transitions``
        (pair: i → j, of both directions). Their log-probability is that of the draws in the order
        they came: the binomial coefficient is left out, as in :mod:`equipoise.likelihoods`.

    Raises
    ------
    UsageError
        If ``potentials`` is unknown, or the table is not laid out for it.

    Notes
    -----
    :func:`equipoise.inference.comparison.sample_potentials` samples it, in coordinates fitted to
    the data; plain ``pm.sample`` works too, more slowly and perhaps with some divergences.
    """
    if potentials not in ("shared", "pooled", "separate"):
        raise UsageError(f'potentials must be "shared", "pooled" or "separate", not {potentials!r}')
    if table.separate != (potentials == "separate"):
        other = "separate" if table.separate else "shared or pooled"
        raise UsageError(
            f"this table is laid out for {other} potentials, not {potentials}; make one with "
            f'kernel_table(kernels, "{potentials}")'
        )
    import pymc as pm
    import pytensor.tensor as pt

    from equipoise.models.builder import observe_pairs
    from equipoise.models.walk import half_normal, walked_unit

    values = hierarchical_data(
        table,
        priors or Priors(),
        deviation_sd=0.0 if potentials == "shared" else None,
        cycle_sd=None if cycles else 0.0,
    )
    group = "kernel" if table.separate else None
    with pm.Model(coords=_coords(table), check_bounds=False) as model:
        data = {name: pm.Data(name, value) for name, value in values.items()}

        def setting(name: str) -> "TensorVariable":
            return data["settings"][SETTINGS.index(name)]

        def scale(name: str, half_width: str, learned: str, fixed: str) -> "TensorVariable":
            sd = half_normal(name, setting(half_width), dims=group)
            return setting(learned) * sd + setting(fixed)

        found: dict[str, TensorVariable] = {}  # turned coordinates, in the order of the walk
        parts = dict(zip(_BLOCKS, table.blocks, strict=True))
        pull, precision, loosening = (data["walk"][k] for k in range(3))

        def block(
            name: str, sd: "TensorVariable", what: str, dim: str, looser: "TensorVariable | int" = 1
        ) -> None:
            """Add the amplitudes of a block, walked given those before it, and what they make."""
            part = parts[name]
            h = pull[part]
            # Sums of products, for they compile in a tenth of the time of matrix products.
            for earlier, x in found.items():
                h = h - (data["lean"][part, parts[earlier]] * x).sum(axis=1)
            unit = walked_unit(
                f"{name}_unit", sd, h / looser, precision[part] / looser, dims=f"{name}_axis"
            )
            found[name] = sd * unit
            pm.Deterministic(what, (data[f"{what}_map"] * found[name]).sum(axis=1), dims=dim)

        if table.cycle.shape[1]:
            sd = scale("sigma_c", "cycle_scale", "cycle_learned", "fixed_cycle_sd")
            sd = sd[data["cycle_scale_of"]] if table.separate else sd
            block("cycle", sd, "c", "pair")
        sd = scale("sigma_V", "potential_scale", "learned", "fixed_potential_sd")
        if table.separate:
            block("potential", sd[data["potential_scale_of"]], "Phi", "kernel_state")
        else:
            away = scale(
                "sigma_delta", "deviation_scale", "deviation_learned", "fixed_deviation_sd"
            )
            # The more the kernels deviate, the less they say of what they deviate from.
            block("potential", sd, "Phi", "state", 1.0 + loosening[parts["potential"]] * away**2)
            block("deviation", away, "delta", "kernel_state")
        forward, total, exposure = (data["pairs"][k] for k in range(3))
        x = pt.concatenate([found[name] for name in _BLOCKS if name in found])
        logit = exposure + (data["design"] * x).sum(axis=1)
        observe_pairs(logit, total, forward, dims="pair")
    return model


def hierarchical_data(
    table: KernelTable,
    priors: Priors,
    *,
    deviation_sd: float | None = None,
    cycle_sd: float | None = None,
    axes: WalkAxes | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """Return the data of the model by name, for ``pm.set_data`` or nutpie's ``with_data``.

    Parameters
    ----------
    table
        The kernels.
    priors
        Prior scales.
    deviation_sd
        σ_δ where it is held fixed, 0 for a shared potential; None: learned.
    cycle_sd
        σ_c where it is held fixed, 0 for balance; None: learned.
    axes
        In which coordinates the sampler walks; None: units of the prior.

    Returns
    -------
    dict
        ``pairs`` (3, R): forward count, total and exposure of each edge; ``settings``; in turned
        coordinates ``design`` (R, D), the maps to Φ, δ and c, ``walk`` (3, D): pull, precision and
        loosening, and ``lean`` (D, D); for separate potentials which scale is whose. Few and large,
        for each takes the compiler a while.
    """
    learned = priors.scales == "learned"
    axes = plain_axes(table.size) if axes is None else axes
    values = {
        "learned": learned,
        "potential_scale": priors.potential_scale,
        "fixed_potential_sd": 0.0 if learned else priors.fixed_potential_sd,
        "deviation_learned": deviation_sd is None,
        "deviation_scale": DEVIATION_SCALE,
        "fixed_deviation_sd": deviation_sd or 0.0,
        "cycle_learned": cycle_sd is None,
        "cycle_scale": priors.cycle_scale,
        "fixed_cycle_sd": cycle_sd or 0.0,
    }
    potential, deviation, cycle = table.blocks
    data: dict[str, npt.NDArray[Any]] = {
        "pairs": np.stack([table.counts[:, 0], table.counts.sum(axis=1), table.exposure]),
        "settings": np.array([float(values[name]) for name in SETTINGS]),
        "design": table.design @ axes.turn,
        "walk": np.stack([axes.pull, axes.precision, axes.loosening]),
        "lean": axes.lean,
        "Phi_map": table.potential @ axes.turn[potential, potential],
    }
    if table.deviation.shape[1]:
        data["delta_map"] = table.deviation @ axes.turn[deviation, deviation]
    if table.cycle.shape[1]:
        data["c_map"] = table.cycle @ axes.turn[cycle, cycle]
    if table.separate:
        # int32, as PyMC stores integers
        data["potential_scale_of"] = table.potential_scale_of.astype(np.int32)
        if table.cycle.shape[1]:
            data["cycle_scale_of"] = table.cycle_scale_of.astype(np.int32)
    return data


def _coords(table: KernelTable) -> dict[str, Any]:
    n, d, b = table.sizes
    return {
        "kernel": list(table.names),
        "state": list(table.states),
        "kernel_state": list(table.own_states),
        "pair": list(table.pairs),
        "setting": list(SETTINGS),
        "potential_axis": list(range(n)),
        "deviation_axis": list(range(d)),
        "cycle_axis": list(range(b)),
    }
