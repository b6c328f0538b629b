"""An agent whose kernel is known: for tests, plans and demonstrations. It costs nothing."""

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np

import equipoise.simulate as simulate
from equipoise.sampling.clients.reply import Reply
from equipoise.sampling.prompt import Prompt
from equipoise.simulate import Kernel

OTHER = "none of these"
_CHUNK = 1024


class SimulatedClient:
    """Answer with the next state of a known kernel.

    Parameters
    ----------
    kernel : Kernel
        Its states are searched for in the last message.
    random_seed : int, optional
        Same seed, same answers in the same order of questions.
    model : str
        Name of the kernel.
    seconds : float
        Time that an answer takes.
    """

    provider = "simulated"
    base_url = ""
    free = True

    def __init__(
        self,
        kernel: Kernel,
        *,
        random_seed: int | None = None,
        model: str = "kernel",
        seconds: float = 0.0,
    ) -> None:
        self.kernel = kernel
        self.model = model
        self._rng = np.random.default_rng(random_seed)
        self._table = np.cumsum(np.column_stack([kernel.matrix, kernel.other]), axis=1)
        self._uniform = self._rng.random(0)
        self._seconds = seconds

    @property
    def parameters(self) -> Mapping[str, Any]:
        """None: a kernel has none."""
        return {}

    @property
    def versions(self) -> Mapping[str, str]:
        """None beside Equipoise's own."""
        return {}

    async def ask(self, prompt: Prompt, max_tokens: int) -> Reply:  # noqa: ARG002  part of the protocol
        """Return the next state of the kernel as text."""
        await asyncio.sleep(self._seconds)
        row = self.kernel.index(shown_state(prompt, self.kernel.states))
        if not self._uniform.size:
            self._uniform = self._rng.random(_CHUNK)
        u, self._uniform = self._uniform[0], self._uniform[1:]
        column = int(np.searchsorted(self._table[row], u * self._table[row, -1], side="right"))
        text = self.kernel.states[column] if column < self.kernel.n_states else OTHER
        return Reply(text, stop_reason="end_turn", model=self.model)

    async def observed(self) -> Mapping[str, Any]:
        """Nothing beside what is known."""
        return {}

    async def close(self) -> None:
        """Nothing is held."""


def shown_state(prompt: Prompt, states: tuple[str, ...]) -> str:
    """Return the state that a prompt shows: the one that its last message names first.

    Built-in tasks name the state before they list the states.
    """
    text = prompt.messages[-1].text
    places = {state: text.find(state) for state in states}
    named = [state for state, place in places.items() if place >= 0]
    # Of two that begin at one place the longer one is meant.
    return min(named, key=lambda state: (places[state], -len(state)))


def default_kernel(states: tuple[str, ...], random_seed: int = 0) -> Kernel:
    """Return a driven kernel over the states of a task: each leads on to the next more than back.

    Parameters
    ----------
    states : tuple of str
        Labels.
    random_seed : int
        Of its potential.

    Returns
    -------
    Kernel
        c is 1 nat on each edge round the states in order; one reply in ten is no state.
    """
    n = len(states)
    rng = np.random.default_rng(random_seed)
    edges = simulate.complete_edges(n)
    ring = np.array(
        [1.0 if j == i + 1 else -1.0 if (i, j) == (0, n - 1) else 0.0 for i, j in edges]
    )
    kernel = simulate.driven_kernel(rng.normal(0.0, 1.0, n), -1.5, ring, edges=edges, states=states)
    return Kernel(states, 0.9 * kernel.matrix, 0.1 * np.ones(n))
