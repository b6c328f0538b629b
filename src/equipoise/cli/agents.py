"""Who is asked, from the command line, and what counts as decisive."""

import json
import os
from typing import Any

from equipoise.counts import TransitionCounts
from equipoise.errors import EquipoiseError, UsageError
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
