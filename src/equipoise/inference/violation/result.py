"""Where balance breaks and by how much: the record, and its tables."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.inference.verdict import ViolationSize
from equipoise.inference.violation.cycles import CycleViolation
from equipoise.inference.violation.edges import EdgeViolation
from equipoise.inference.violation.entropy_production import EntropyProduction
from equipoise.inference.violation.estimate import Estimate

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_NO_ESTIMATE = dict.fromkeys(("mean", "sd", "lower", "upper", "mcse"), np.nan)


@dataclass(frozen=True, eq=False, repr=False)
class Violation:
    """The outcome of :func:`violation`. All posteriors are given the cyclic hypothesis.

    Attributes
    ----------
    rope_affinity
        ``|A|`` up to this counts as practically nothing, nats.
    p_cyclic
        Posterior probability of the cyclic hypothesis at even prior odds; None where untestable or
        not to be trusted.
    cycles
        The cycles of the minimum-weight basis, and longer loops that are driven rather than those,
        worst first (:func:`equipoise.inference.violation.cycles.worst_first`).
    asked
        The cycles that were asked for, in that order and direction.
    edges
        Circulation and net current of every edge, in the graph's order.
    size
        ρ; None without a testable cycle.
    unexplained
        Share of the squared log-ratios that no potential explains; None without a testable cycle.
    entropy_production
        None without a testable cycle, and for the pairwise likelihood.
    no_flows
        Why there are neither currents nor entropy production, in words; None where there are.
    distrust
        Why the numbers must not be reported, in words; None where they may be.
    """

    rope_affinity: float
    p_cyclic: float | None
    cycles: tuple[CycleViolation, ...]
    asked: tuple[CycleViolation, ...]
    edges: tuple[EdgeViolation, ...]
    size: ViolationSize | None
    unexplained: Estimate | None
    entropy_production: EntropyProduction | None
    no_flows: str | None
    distrust: str | None

    def __repr__(self) -> str:
        rate = self.entropy_production
        shown = f"{rate.per_trial.mean:.3g} nats/trial" if rate else "no entropy production"
        return f"Violation({len(self.named)} of {len(self.cycles)} cycles named, {shown})"

    @property
    def named(self) -> tuple[CycleViolation, ...]:
        """The cycles whose affinity surely matters, worst first, without those asked for."""
        return tuple(cycle for cycle in self.cycles if cycle.named)

    @property
    def expected_false(self) -> float:
        """Expected number of the named cycles whose affinity does not exceed the rope, Σ (1 − P).

        P is averaged over both hypotheses.
        """
        return float(sum(1.0 - (cycle.averaged or 0.0) for cycle in self.named))

    def cycle_table(self) -> "pd.DataFrame":
        """Return a row for each cycle: those judged, worst first, then those asked for.

        Columns ``cycle`` (labels in order), ``origin`` ("basis", "loop" or "asked"), ``mean``,
        ``sd``, ``lower``, ``upper``, ``mcse`` of the affinity (nats), ``beyond``, ``beyond_mcse``,
        ``averaged``, ``averaged_mcse``, ``explains``, ``explains_mcse``, ``log_prior``,
        ``at_least``, ``named``, ``testable``.
        """
        import pandas as pd

        return pd.DataFrame(
            [_cycle_row(cycle) for cycle in (*self.cycles, *self.asked)],
            columns=_CYCLE_COLUMNS,
        )

    def edge_table(self) -> "pd.DataFrame":
        """Return a row for each edge, in the graph's order.

        Columns ``source``, ``target``, ``c_mean`` … ``c_mcse`` (nats), ``current_mean`` …
        ``current_mcse`` (transitions per trial from source to target; NaN where not known),
        ``testable``.
        """
        import pandas as pd

        return pd.DataFrame([_edge_row(edge) for edge in self.edges], columns=_EDGE_COLUMNS)

    def to_dataset(self) -> "xr.Dataset":
        """Return everything as a Dataset over the dimensions cycle, edge, draw and null_draw.

        Variables are the columns of the two tables, those of cycles with ``affinity_`` before
        ``mean`` to ``mcse``; ``entropy_production`` (draw; nats per trial) with its ``weight``, and
        ``entropy_production_null`` (null_draw). What is not known is left out. Attributes hold the
        single numbers, and ``distrust``, why none of all this must be reported, empty where it may.
        """
        import xarray as xr

        numbers = {name: f"affinity_{name}" for name in _NO_ESTIMATE}
        cycles, edges = self.cycle_table().rename(columns=numbers), self.edge_table()
        found = xr.Dataset(
            {name: ("cycle", cycles[name].to_numpy()) for name in cycles.columns[1:]}
            | {name: ("edge", edges[name].to_numpy()) for name in edges.columns[2:]},
            coords={
                "cycle": [" → ".join((*path, path[0])) for path in cycles["cycle"]],
                "source": ("edge", edges["source"].to_numpy()),
                "target": ("edge", edges["target"].to_numpy()),
            },
            attrs={
                "rope_affinity": self.rope_affinity,
                "given": "the cyclic hypothesis",
                "unit": "nats",
                "distrust": self.distrust or "",
            },
        )
        if self.p_cyclic is not None:
            found.attrs["p_cyclic"] = self.p_cyclic
        singles: dict[str, ViolationSize | Estimate | None] = {
            "rho": self.size,
            "unexplained": self.unexplained,
        }
        rate = self.entropy_production
        if rate is not None:
            singles["entropy_production_per_trial"] = rate.per_trial
            singles["entropy_production_per_step"] = rate.per_step
            found.attrs["entropy_production_null_mean"] = rate.null_mean
            found.attrs["entropy_production_null_upper"] = rate.null_upper
            found["entropy_production"] = ("draw", rate.rate)
            found["weight"] = ("draw", rate.weights)
            found["entropy_production_null"] = ("null_draw", rate.null)
            found.attrs["entropy_production_p_value"] = rate.p_value
        for name, estimate in singles.items():
            if estimate is not None:
                for statistic in ("mean", "lower", "upper", "mcse"):
                    found.attrs[f"{name}_{statistic}"] = getattr(estimate, statistic)
        return found


def _cycle_row(cycle: CycleViolation) -> dict[str, Any]:
    row = asdict(cycle)
    affinity = row.pop("affinity")
    return {"cycle": affinity.pop("states"), **affinity, **row}


def _edge_row(edge: EdgeViolation) -> dict[str, Any]:
    c = asdict(edge.circulation)
    current = _NO_ESTIMATE if edge.current is None else asdict(edge.current)
    return {
        "source": c["source"],
        "target": c["target"],
        **{f"c_{name}": c[name] for name in _NO_ESTIMATE},
        **{f"current_{name}": value for name, value in current.items()},
        "testable": c["testable"],
    }


_CYCLE_COLUMNS = [
    *("cycle", "origin", *_NO_ESTIMATE, "beyond", "beyond_mcse", "averaged", "averaged_mcse"),
    *("explains", "explains_mcse", "log_prior", "at_least", "named", "testable"),
]
_EDGE_COLUMNS = [
    *("source", "target"),
    *(f"{part}_{name}" for part in ("c", "current") for name in _NO_ESTIMATE),
    "testable",
]
