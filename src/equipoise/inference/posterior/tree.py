"""Draws as an ``xarray.DataTree`` that ArviZ works on: named, with units, gauge and versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from equipoise.graph import cycle_vector
from equipoise.inference.cycles import minimum_basis
from equipoise.inference.posterior.backends import Backend
from equipoise.inference.posterior.derived import boltzmann, kernel_of, stationary
from equipoise.inference.posterior.prior import prior_draws
from equipoise.inference.posterior.sampler import Draws
from equipoise.inference.problem import Problem
from equipoise.inference.reference import above_reference
from equipoise.inference.weighted import chained, potential_of, violation_of
from equipoise.likelihoods import FloatArray, MultinomialRows
from equipoise.models.rows import RowTable, joined_labels, lay_out

if TYPE_CHECKING:
    import xarray as xr


Hypothesis = Literal["reversible", "cyclic"]
Variables = dict[str, tuple[tuple[str, ...], FloatArray, str]]
#: What sampled, by backend.
_PACKAGES: dict[Backend, tuple[str, ...]] = {
    "numpy": ("arviz", "numpy"),
    "nutpie": ("arviz", "numpy", "nutpie", "pymc", "pytensor"),
    "numpyro": ("arviz", "numpy", "jax", "numpyro", "pymc", "pytensor"),
}
PRIOR_DRAWS = 500


def posterior_tree(
    problem: Problem,
    draws: Draws,
    hypothesis: Hypothesis,
    *,
    references: Sequence[int],
    random_seed: int | None,
    backend: Backend,
    cycle_sd: float | None = None,
) -> "xr.DataTree":
    """Return draws of one hypothesis as a DataTree; see :func:`equipoise.posterior`."""
    import xarray as xr

    table = lay_out(problem.graph, problem.likelihood, problem.predictor.basis)
    row = "source" if isinstance(problem.likelihood, MultinomialRows) else "pair"
    names = _Names.of(problem, hypothesis)
    model = names.model
    theta = draws.theta(problem, cyclic=hypothesis == "cyclic")
    by_row = problem.likelihood.by_row(theta @ model.design.T)
    if isinstance(problem.likelihood, MultinomialRows):
        by_row = by_row[..., problem.likelihood.trials > 0]
    prior = prior_draws(
        problem,
        cyclic=hypothesis == "cyclic",
        cycle_sd=cycle_sd,
        draws=PRIOR_DRAWS,
        random_seed=0 if random_seed is None else random_seed,
    )
    rows = {row: list(table.labels)}
    observed = xr.Dataset(
        {"transitions": ((row, "outcome"), table.counts.astype(np.int64))}
        if np.all(table.counts == np.round(table.counts))
        else {"transitions": ((row, "outcome"), table.counts)},
        coords=rows,
        attrs={
            "about": "multinomial: staying, then the neighbours in order of state; pairwise: "
            "from the first named state to the second, and back"
        },
    )
    stats = {name: (("chain", "draw"), np.asarray(x)) for name, x in draws.stats.items()}
    tree = xr.DataTree.from_dict(
        {
            "posterior": names.dataset(draws, references, cycle_sd, posterior=True),
            "sample_stats": xr.Dataset(stats, coords=_chains(draws)),
            "log_likelihood": xr.Dataset(
                {"transitions": (("chain", "draw", row), by_row)}, coords=_chains(draws) | rows
            ),
            "observed_data": observed,
            "constant_data": _constant_data(problem, table, hypothesis, cycle_sd),
            "prior": names.dataset(prior, references, cycle_sd, posterior=False),
        }
    )
    tree.attrs = {
        "hypothesis": hypothesis,
        "likelihood": problem.likelihood.name,
        "units": "nats",
        "gauge": "Phi and gradient are 0 at the reference state of each component; V is free up to "
        "a constant a component, which only its prior determines",
        "axes": "source is from, target is to; c of edge 'a ~ b' is counted from a to b",
        "references": ", ".join(problem.graph.states[k] for k in references),
        "multinomial_coefficient": "left out of log_likelihood, alike under every hypothesis",
        "random_seed": "none" if random_seed is None else str(random_seed),
        "backend": backend,
        "versions": ", ".join(
            f"{name} {version(name)}" for name in ("equipoise", *_PACKAGES[backend])
        ),
    }
    return tree


def _constant_data(
    problem: Problem, table: RowTable, hypothesis: Hypothesis, cycle_sd: float | None
) -> "xr.Dataset":
    """Return the data of the PyMC model, by which PyMC sees that a model is the one sampled."""
    import xarray as xr

    from equipoise.models.data import model_data

    data = model_data(table, problem.priors, cycle_sd=cycle_sd)
    if hypothesis == "reversible":
        data.pop("directions", None)
    return xr.Dataset(
        {name: (tuple(f"{name}_dim_{k}" for k in range(x.ndim)), x) for name, x in data.items()}
    )


def _chains(draws: Draws) -> dict[str, Any]:
    chains, n = draws.V.shape[:2]
    return {"chain": np.arange(chains), "draw": np.arange(n)}


@dataclass(frozen=True, eq=False)
class _Names:
    """What the variables of one hypothesis are called, and along which dimensions they lie."""

    problem: Problem
    hypothesis: Hypothesis
    model: Any

    @classmethod
    def of(cls, problem: Problem, hypothesis: Hypothesis) -> "_Names":
        cyclic = hypothesis == "cyclic"
        return cls(problem, hypothesis, problem.cyclic() if cyclic else problem.reversible())

    def dataset(
        self,
        draws: Draws,
        references: Sequence[int],
        cycle_sd: float | None,
        *,
        posterior: bool,
    ) -> "xr.Dataset":
        """Return draws and all that follows from them."""
        import xarray as xr

        graph = self.problem.graph
        names = graph.states
        variables = self._drawn(draws, cycle_sd)
        coords: dict[str, Any] = _chains(draws) | {"state": list(names)}
        coords["edge"] = list(joined_labels(names, graph.edges.tolist(), " ~ "))
        theta = draws.theta(self.problem, cyclic=self.hypothesis == "cyclic")
        potential = (
            chained(graph, self.model, theta).gradient_potential.reshape(draws.V.shape)
            if posterior
            else potential_of(self.model, theta)
        )
        above = above_reference(potential, graph, references)
        if self.hypothesis == "reversible":
            about = "potential -log pi above the reference state of its component"
            variables["Phi"] = (("state",), above, about)
        else:
            about = "gradient part of the log-ratios above the reference state; not -log pi"
            variables["gradient"] = (("state",), above, about)
            c = self.model.cycles(theta)
            variables["c"] = (("edge",), c, "log-ratio that no potential explains")
            if graph.n_testable_cycles:
                every = graph.n_testable_cycles == graph.n_cycles
                about = "size of the violation" + ("" if every else ", over testable cycles")
                variables["rho"] = ((), violation_of(graph, c), about)
            coords["cycle_direction"] = np.arange(self.model.n_cycles)
            cycles = _cycles(self.problem)
            vectors = np.array([cycle_vector(graph, cycle) for cycle in cycles])
            coords["cycle"] = list(joined_labels(names, [(*x, x[0]) for x in cycles], " → "))
            variables["affinity"] = (("cycle",), c @ vectors.T, "sum of log P_ij/P_ji round it")
        rows = self.problem.likelihood
        if isinstance(rows, MultinomialRows):
            self._kernel(variables, coords, rows, theta)
        elif self.hypothesis == "reversible":
            pi = boltzmann(above, graph.component)
            variables["pi"] = (("state",), pi, "stationary probability within its component")
        data = xr.Dataset(
            {
                name: (("chain", "draw", *dims), values, {"about": about})
                for name, (dims, values, about) in variables.items()
            },
            coords=coords,
        )
        for name in data.data_vars:
            if name not in ("pi", "P", "z"):
                data[name].attrs["units"] = "nats"
        return data

    def _drawn(self, draws: Draws, cycle_sd: float | None) -> Variables:
        """Return the parameters, under their names in the PyMC model."""
        found: Variables = {"V": (("state",), draws.V, "potential parameter, free constant")}
        if draws.s.shape[-1]:
            found["s"] = (("edge",), draws.s, "symmetric edge term")
        for name, values in draws.scales.items():
            found[name] = ((), values, "learned scale" if name != "mu_s" else "mean of s")
        if self.hypothesis == "cyclic":
            sd = draws.scales["sigma_c"] if cycle_sd is None else np.array(cycle_sd)
            z = draws.z / sd[..., None]
            found["z"] = (("cycle_direction",), z, "amplitude in units of sigma_c")
        return found

    def _kernel(
        self, variables: Variables, coords: dict[str, Any], rows: MultinomialRows, theta: FloatArray
    ) -> None:
        """Add P along the support, and the stationary probabilities."""
        graph = self.problem.graph
        names = graph.states
        along, stay = kernel_of(rows, self.model, theta)
        own = np.arange(len(names)) if rows.stay else np.zeros(0, dtype=np.int64)
        sources = np.concatenate([rows.arcs.source, own])
        targets = np.concatenate([rows.arcs.target, own])
        order = np.lexsort((targets, sources))
        pairs = [(int(sources[k]), int(targets[k])) for k in order]
        P = np.concatenate([along, stay[..., own]], axis=-1)[..., order]
        coords["transition"] = list(joined_labels(names, pairs, " → "))
        # Not source and target: PyMC would take them for the dimensions of its own P.
        coords["from_state"] = ("transition", [names[a] for a, _ in pairs])
        coords["to_state"] = ("transition", [names[b] for _, b in pairs])
        variables["P"] = (("transition",), P, "probability of the transition")
        pi = stationary(rows, along, graph.component)
        variables["pi"] = (("state",), pi, "stationary probability within its component")


def _cycles(problem: Problem) -> tuple[tuple[int, ...], ...]:
    """Return the best-determined cycles of the counts in a problem."""
    rows, n_edges = problem.likelihood, problem.graph.n_edges
    forward, backward = np.zeros(n_edges), np.zeros(n_edges)
    if isinstance(rows, MultinomialRows):
        along = rows.arcs.sign > 0
        forward[rows.arcs.edge[along]] = rows.counts[along]
        backward[rows.arcs.edge[~along]] = rows.counts[~along]
    else:
        forward[rows.edges], backward[rows.edges] = rows.forward, rows.total - rows.forward
    return minimum_basis(problem.graph, forward, backward)


def draws_of(tree: "xr.DataTree | xr.DataArray") -> Draws:
    """Return the draws of a tree as they were drawn: of a tree whose σ_c, if any, is learned.

    The sampler's own coordinates are not kept, and come back empty.
    """
    data = tree["posterior"].to_dataset()
    V = data["V"].values
    lead = V.shape[:2]
    empty = np.zeros((*lead, 0))
    scales = {
        name: data[name].values
        for name in ("sigma_V", "mu_s", "sigma_s", "sigma_c")
        if name in data
    }
    z = data["z"].values * scales["sigma_c"][..., None] if "z" in data else empty
    return Draws(
        V=V,
        s=data["s"].values if "s" in data else empty,
        z=z,
        scales=scales,
        stats={str(name): x.values for name, x in tree["sample_stats"].data_vars.items()},
        walked=empty,
    )
