"""Who is asked, from the command line; what counts as decisive; where the next draws go."""

import json
import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import EquipoiseError, UsageError
from equipoise.graph import support_graph
from equipoise.inference.balance import test as test_balance
from equipoise.sampling.clients.parameters import Parameters
from equipoise.sampling.clients.reply import Client
from equipoise.sampling.options import Decision
from equipoise.sampling.tasks import Task
from equipoise.text import quoted

DECISIVE = -5.0
CLIENTS = ("anthropic", "local", "simulated")
LOCAL = "smollm2-135m"


def read_parameters(settings: list[str], headers: list[str]) -> Parameters:
    """Return the parameters of ``--set name=value`` (JSON, else text) and ``--header name=value``.

    Raises
    ------
    UsageError
        If one has no ``=``, or may not be set.
    """
    body: dict[str, Any] = {}
    for setting in settings:
        name, value = _split(setting, "--set")
        try:
            body[name] = json.loads(value)
        except ValueError:
            body[name] = value
    return Parameters(body, dict(_split(header, "--header") for header in headers))


def make_client(
    name: str,
    task: Task,
    *,
    model: str | None,
    base_url: str | None,
    parameters: Parameters,
    concurrency: int,
    deadline: float,
    seed: int,
) -> Client:
    """Return the client of a name.

    Raises
    ------
    UsageError
        If there is none, or an option does not fit it.
    """
    if name == "simulated":
        from equipoise.sampling.clients.simulated import SimulatedClient, default_kernel

        if not task.closed:
            raise UsageError(
                f"the simulated client knows closed tasks only, and {task.name} is open; "
                "give weekday, month or colour"
            )
        _no_parameters(parameters)
        return SimulatedClient(default_kernel(task.states), random_seed=seed, model="driven ring")
    if name == "local":
        from equipoise.sampling.clients.local import LocalClient
        from equipoise.sampling.clients.models import local_model

        return LocalClient(
            local_model(model or LOCAL),
            parameters=parameters,
            max_tokens=task.max_tokens,
            parallel=min(concurrency, 4),
        )
    if name != "anthropic":
        raise UsageError(f"there is no client {quoted(name)}; give {', '.join(CLIENTS)}")
    if model is None:
        raise UsageError("--client anthropic needs --model; name one, e.g. a Claude model")
    if not (os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN")):
        raise UsageError(
            "there is no key; set ANTHROPIC_API_KEY in the environment (for a local server any "
            "word will do), or try --client local, which needs none"
        )
    from equipoise.sampling.clients.anthropic import AnthropicClient, build_client

    return AnthropicClient(
        build_client(base_url, timeout=deadline),
        model,
        parameters=parameters,
        max_tokens=task.max_tokens,
        free=_is_loopback(base_url or os.environ.get("ANTHROPIC_BASE_URL", "")),
    )


def decisive(counts: TransitionCounts) -> Decision:
    """Say whether counts decide: plainly non-reversible, or the size of the violation called.

    Balance itself is never "decisive": the evidence for it cannot exceed its ceiling. A Bayes
    factor and a posterior follow from the likelihood of the data, in which a rule that looks at
    nothing but the data cancels: they mean the same as for a fixed number of draws.
    """
    try:
        verdict = test_balance(counts, fast=True, random_seed=0).verdict
    except EquipoiseError:  # too few draws to be tested at all
        return Decision(False, "not testable yet")
    if not verdict.trusted:
        return Decision(False, "not to be trusted yet")
    if verdict.favours == "non-reversible" and verdict.upper <= DECISIVE:
        return Decision(True, f"non-reversible, log BF at most {verdict.upper:.1f}")
    call = None if verdict.size is None else verdict.size.call
    if call in ("negligible", "material"):
        return Decision(True, f"the violation ρ is called {call}")
    return Decision(False, verdict.favours)


def allocate_draws(counts: TransitionCounts, draws: int) -> Mapping[str, int]:
    """Return how many of further draws to make from each state, to narrow the cycles most.

    Parameters
    ----------
    counts : TransitionCounts
        So far.
    draws : int
        How many more.

    Returns
    -------
    mapping of str to int
        Summing to `draws`. Even where no cycle has been seen.

    Notes
    -----
    Probabilities are the frequencies, with half a transition added on both sides of each edge: a
    side that was never seen would ask for all draws.
    """
    try:
        allocate = import_module("equipoise.inference.planning").allocate
    except ImportError:
        raise UsageError(
            "this version cannot plan yet where draws tell most; choose another policy"
        ) from None

    graph = support_graph(counts)
    fractions = np.full(counts.n_states, 1.0 / counts.n_states)
    if graph.n_cycles and graph.sources.all():
        i, j = graph.edges.T
        matrix = counts.counts.toarray()
        trials = counts.trials
        seen = np.column_stack([matrix[i, j], matrix[j, i]]) + 0.5
        probability = seen / (np.column_stack([trials[i], trials[j]]) + 1.0)
        fractions = allocate(
            graph.edges, probability, trials=trials, further=draws, prior_sd=1.0
        ).fractions
    exact = np.maximum(fractions, 0.0) * draws / np.maximum(fractions, 0.0).sum()
    whole = np.floor(exact).astype(int)
    # The largest remainders get one more each.
    for k in np.argsort(whole - exact, kind="stable")[: draws - int(whole.sum())]:
        whole[k] += 1
    return dict(zip(counts.states, whole.tolist(), strict=True))


def _split(text: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise UsageError(f"{option} is {quoted(text)}; write {option} name=value")
    return name, value


def _no_parameters(parameters: Parameters) -> None:
    if parameters.body or parameters.headers:
        raise UsageError("a simulated kernel has no parameters; leave --set and --header out")


def _is_loopback(url: str) -> bool:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
