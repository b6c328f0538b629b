"""NUTS by numpyro: the model in JAX, all chains advanced together, on a GPU where JAX has one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.inference.posterior.backends import Data, Effort, Layout, Walk
from equipoise.inference.posterior.backends.jaxified import JaxModel, jaxify
from equipoise.inference.posterior.backends.whitening import Whitener, whitener
from equipoise.likelihoods import FloatArray

# Transitions between two looks at the clock, at Ctrl-C and at the progress.
_AT_ONCE = 50
_DRAWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class NumpyroModel:
    """A model in JAX; see :class:`equipoise.inference.posterior.backends.CompiledModel`.

    Attributes
    ----------
    names
        Variables whose draws are kept.
    model
        Density and variables.
    """

    names: tuple[str, ...]
    model: JaxModel
    _whitener: Whitener = field(repr=False)
    # Compiled by JAX at the first call for each number of chains, draws and tuning steps.
    _begin: Callable[..., Any] = field(repr=False)
    _advance: Callable[..., Any] = field(repr=False)
    _variables: Callable[..., Any] = field(repr=False)

    @property
    def layout(self) -> Layout:
        """Names and shapes of the unconstrained coordinates."""
        return self.model.layout

    def sample(
        self,
        data: Data,
        centre: FloatArray,
        points: FloatArray | None,
        effort: Effort,
        progress: Callable[[float], None] | None,
    ) -> Walk:
        """Run NUTS in coordinates whitened at the mode, ``cores`` being what JAX takes.

        Without points the chains start at draws from the normal approximation there.
        """
        import jax
        import jax.numpy as jnp

        ready = {name: jnp.asarray(value) for name, value in data.items()}
        space = self._whitener.fit(ready, centre)
        seeds = np.random.SeedSequence(effort.random_seed)
        rng = np.random.default_rng(seeds.spawn(1)[0])
        if points is None:
            first = jnp.asarray(rng.normal(size=(effort.chains, len(centre))))
        else:
            chosen = np.asarray(points)[rng.integers(len(points), size=effort.chains)]
            first = space.inward(jnp.asarray(chosen))
        keys = jax.random.split(jax.random.key(seeds.generate_state(1)[0]), effort.chains)
        given = (ready, space.centre, space.axes)
        state = self._begin(first, keys, given, effort.target_accept, tune=effort.tune)
        if not bool(jnp.isfinite(state.potential_energy).any()):
            raise NotTrustedError("the sampler failed: no chain starts where the density is finite")
        held = held_of(state, effort.draws)
        total = effort.tune + effort.draws
        for done in range(0, total, _AT_ONCE):
            count = min(_AT_ONCE, total - done)
            state, held = self._advance(
                state, held, done, count, given, effort.target_accept, tune=effort.tune
            )
            jax.block_until_ready(held)
            if progress is not None:
                progress((done + count) / total)
        walked, stats = held["walked"], {k: x for k, x in held.items() if k != "walked"}
        values = self._variables(walked.reshape(-1, walked.shape[-1]), ready)
        shape = walked.shape[:2]
        return Walk(
            values={
                name: _by_chain(np.asarray(values[name]).reshape(*shape, *values[name].shape[1:]))
                for name in self.names
            },
            stats={name: _by_chain(np.asarray(x)) for name, x in _named(stats).items()},
            walked=_by_chain(np.asarray(walked)),
        )


def compile_numpyro(model: Any, names: Sequence[str]) -> NumpyroModel:
    """Translate a PyMC model to JAX, keeping the draws of some variables.

    JAX compiles it when it is first sampled.

    Raises
    ------
    MissingDependencyError
        If the extra ``jax`` is not installed.
    """
    translated = jaxify(model, names)
    import jax

    def variables(walked: Any, data: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = jax.lax.map(
            lambda x: translated.variables(x, data), walked, batch_size=_DRAWS_AT_ONCE
        )
        return found

    return NumpyroModel(
        names=tuple(names),
        model=translated,
        _whitener=whitener(translated),
        _begin=jax.jit(partial(begin, translated.log_density), static_argnames="tune"),
        _advance=jax.jit(
            partial(advance, translated.log_density), static_argnames="tune", donate_argnums=(0, 1)
        ),
        _variables=jax.jit(variables),
    )


def begin(
    log_density: Callable[..., Any],
    first: Any,
    keys: Any,
    given: tuple[Any, ...],
    target_accept: Any,
    *,
    tune: int,
) -> Any:
    """Return the state of every chain before its first transition.

    Parameters
    ----------
    log_density
        Of a :class:`JaxModel`.
    first
        Where they start in whitened coordinates, shape (chains, D).
    keys
        A random key each.
    given
        Data, and centre and axes of the whitened coordinates.
    target_accept, tune
        As in :class:`equipoise.inference.posterior.backends.Effort`.
    """
    import jax

    start, _ = _kernel(log_density, tune, target_accept, given)
    return jax.vmap(start)(first, keys)


def advance(
    log_density: Callable[..., Any],
    state: Any,
    held: dict[str, Any],
    done: Any,
    count: Any,
    given: tuple[Any, ...],
    target_accept: Any,
    *,
    tune: int,
) -> tuple[Any, dict[str, Any]]:
    """Make ``count`` transitions of every chain and hold on to what comes after tuning.

    Parameters as for :func:`begin`; ``held`` has an array (draws, chains, ...) for everything kept,
    ``done`` is the number of transitions so far.
    """
    import jax

    start, move = _kernel(log_density, tune, target_accept, given)
    # numpyro's kernel knows its schedule only once a chain was started; XLA drops this one.
    start(state.z[0], jax.random.key(0))
    _, centre, axes = given

    def step(k: Any, carried: tuple[Any, dict[str, Any]]) -> tuple[Any, dict[str, Any]]:
        state, held = carried
        state = jax.vmap(move)(state)
        # While tuning each draw is written over the one before.
        place = jax.numpy.maximum(k - tune, 0)
        new = _kept(state) | {"walked": centre + state.z @ axes.T}
        return state, {name: x.at[place].set(new[name]) for name, x in held.items()}

    found: tuple[Any, dict[str, Any]] = jax.lax.fori_loop(done, done + count, step, (state, held))
    return found


def _kernel(
    log_density: Callable[..., Any], tune: int, target_accept: Any, given: tuple[Any, ...]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return how a chain starts and how it moves, for whitened coordinates."""
    from numpyro.infer.hmc import hmc

    data, centre, axes = given
    start, move = hmc(lambda w: -log_density(centre + axes @ w, data), algo="NUTS")

    def begin_one(w: Any, key: Any) -> Any:
        return start(w, num_warmup=tune, target_accept_prob=target_accept, rng_key=key)

    return begin_one, move


def _kept(state: Any) -> dict[str, Any]:
    return {
        "diverging": state.diverging,
        "energy": state.energy,
        "potential_energy": state.potential_energy,
        "num_steps": state.num_steps,
        "step_size": state.adapt_state.step_size,
        "accept_prob": state.accept_prob,
    }


def held_of(state: Any, draws: int) -> dict[str, Any]:
    """Return zeros (draws, chains, ...) for everything that is kept of a state of all chains."""
    import jax.numpy as jnp

    kept = _kept(state) | {"walked": state.z}
    return {name: jnp.zeros((draws, *x.shape), x.dtype) for name, x in kept.items()}


def _named(stats: dict[str, Any]) -> dict[str, Any]:
    """Return numpyro's statistics under the names that nutpie's go by."""
    return {
        "diverging": stats["diverging"],
        "energy": stats["energy"],
        "lp": -stats["potential_energy"],
        "n_steps": stats["num_steps"],
        "tree_depth": np.log2(np.asarray(stats["num_steps"])).astype(np.int64) + 1,
        "step_size": stats["step_size"],
        "acceptance_rate": stats["accept_prob"],
    }


def _by_chain(x: Any) -> Any:
    return np.ascontiguousarray(np.swapaxes(x, 0, 1))
