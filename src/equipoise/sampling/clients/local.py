"""A language model on this machine, behind llama.cpp's own server, asked by the official client.

The server runs in this process (package xllamacpp, extra ``local``) on a free port of the loopback
interface. It truncates by default: min_p 0.05 before the temperature, so that a draw at
"temperature 1" is none of the model's own law. Here truncation is off unless asked for, and what
the server really applied to a request is read back from it before the first draw.
"""

import asyncio
import json
import math
import os
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from equipoise.errors import MissingDependencyError, UsageError
from equipoise.sampling.clients.anthropic import AnthropicClient, build_client
from equipoise.sampling.clients.models import LocalModel, is_fetched, model_file
from equipoise.sampling.clients.parameters import Parameters
from equipoise.sampling.clients.reply import Fault, Reply
from equipoise.sampling.prompt import Message, Prompt
from equipoise.text import listed

if TYPE_CHECKING:
    from pathlib import Path

#: What is asked for unless told otherwise: the model's own law, nothing cut off.
OPEN = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
_KEY = "local"
# Everything that would bend the law further, and its value that does not.
_NEUTRAL = {
    "repeat_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "dry_multiplier": 0.0,
    "mirostat": 0,
    "dynatemp_range": 0.0,
    "xtc_probability": 0.0,
    "typical_p": 1.0,
}
_CLOSE = 1e-6  # the server keeps single precision
# A base model knows no turns: it is shown lines, and its answer ends with its line.
_LINES = "{% for turn in messages %}{{ turn['content'] + '\\n' }}{% endfor %}"
_ONE_LINE = {"stop_sequences": ["\n"]}


class LocalClient:
    """Ask a model on this machine. It costs nothing.

    Parameters
    ----------
    model : LocalModel
        Fetched before.
    parameters : Parameters, optional
        ``temperature``, ``top_k``, ``top_p`` and ``min_p``; default: `OPEN`.
    max_tokens : int
        Longest reply.
    parallel : int
        Requests answered at once.

    Raises
    ------
    UsageError
        If the model has not been fetched, or a parameter is none that the server takes.
    MissingDependencyError
        If the extra ``local`` is not installed.
    """

    provider = "local"
    free = True

    def __init__(
        self,
        model: LocalModel,
        *,
        parameters: Parameters | None = None,
        max_tokens: int = 16,
        parallel: int = 4,
    ) -> None:
        given = parameters or Parameters()
        unknown = sorted(set(given.body) - set(OPEN))
        if unknown:
            raise UsageError(
                f"the local server does not take {listed(unknown)}; it takes {listed(OPEN)}"
            )
        if not is_fetched(model):
            raise UsageError(
                f"the model {model.name} is not here; `equipoise fetch {model.name}` fetches it"
            )
        self._asked: dict[str, float] = {**OPEN, **given.body}
        self._model = model
        template = None if model.chat else _LINES
        self._server = start_server(model_file(model), self._asked, parallel, model.name, template)
        self._address = str(self._server.listening_address)
        sent: dict[str, Any] = {
            **{name: value for name, value in self._asked.items() if name != "min_p"},
            **({} if model.chat else _ONE_LINE),
        }
        self._official = build_client(self._address, api_key=_KEY)
        self._client = AnthropicClient(
            self._official,
            model.name,
            parameters=Parameters(sent, given.headers),
            max_tokens=max_tokens,
            provider=self.provider,
            free=True,
        )
        self.model = model.name
        # The port differs from run to run: the address is no part of the agent.
        self.base_url = ""
        self.parameters: Mapping[str, Any] = {
            **self._client.parameters,
            **self._asked,
            "weights_sha256": model.sha256,
            **({} if template is None else {"chat_template": template}),
        }

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the client and of the server."""
        from importlib.metadata import version

        return {**self._client.versions, "xllamacpp": version("xllamacpp")}

    async def ask(self, prompt: Prompt, max_tokens: int) -> Reply:
        """Return one answer."""
        return await self._client.ask(prompt, max_tokens)

    async def observed(self) -> Mapping[str, Any]:
        """Ask once, keep nothing of the answer, and read back what the server applied to it.

        Raises
        ------
        UsageError
            If that is not what was asked for, or the server does not tell.
        """
        try:
            await self._client.ask(Prompt((Message("user", "Say yes."),)), 1)
            slots = await asyncio.to_thread(self._get, "/slots")
            props = await asyncio.to_thread(self._get, "/props")
        except (Fault, OSError, ValueError) as error:
            raise UsageError(
                f"the local server does not tell what it applies ({error}); nothing was collected"
            ) from None
        applied = [slot["params"] for slot in slots if "params" in slot]
        if not applied:
            raise UsageError("the local server does not tell what it applies; nothing was asked")
        found = {name: applied[0].get(name) for name in (*OPEN, *_NEUTRAL, "samplers")}
        check_applied(self._asked, found)
        return {
            "applied": found,
            "chat_template": props.get("chat_template"),
            "build": props.get("build_info"),
            "address": self._address,
        }

    async def close(self) -> None:
        """Stop the server."""
        await self._official.close()
        self._server = None

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self._address}{path}", timeout=30) as answer:
            return json.load(answer)


def check_applied(asked: Mapping[str, float], applied: Mapping[str, Any]) -> None:
    """Compare what a server applies with what was asked for.

    Raises
    ------
    UsageError
        If they differ: the counts would be those of another kernel.
    """
    for name, wanted in {**_NEUTRAL, **asked}.items():
        value = applied.get(name)
        known = isinstance(value, int | float) and not isinstance(value, bool)
        if not known or not math.isclose(value, wanted, rel_tol=_CLOSE, abs_tol=_CLOSE):  # type: ignore[arg-type]
            raise UsageError(
                f"the local server applies {name} = {value} where {wanted} was asked for; nothing "
                "was collected, since these would be counts of another kernel"
            )


def start_server(
    path: "Path",
    sampling: Mapping[str, float],
    parallel: int,
    alias: str,
    template: str | None = None,
) -> Any:
    """Start llama.cpp's server in this process, on a free port.

    Parameters
    ----------
    path : Path
        Of the model's file.
    sampling : mapping
        What `OPEN` names.
    parallel : int
        Requests answered at once.
    alias : str
        What the server calls the model.
    template : str, optional
        Of a conversation, Jinja; default: the one in the model's file.

    Returns
    -------
    xllamacpp.Server
        Stops when it is let go.

    Raises
    ------
    MissingDependencyError
        If the extra ``local`` is not installed.
    """
    try:
        import xllamacpp
    except ImportError:
        raise MissingDependencyError(
            "a local model needs the package xllamacpp; pip install xllamacpp"
        ) from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {alias}
    if template is not None:
        params.use_jinja = True
        params.chat_template = template
    params.port = 0
    params.verbosity = -1
    params.endpoint_slots = True
    params.n_parallel = parallel
    params.n_ctx = 2048 * parallel
    # Threads that wait for each other: as many as cores, and one busy core holds up all.
    threads = max((os.cpu_count() or 2) // 2, 1)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.sampling.temp = sampling["temperature"]
    params.sampling.top_k = int(sampling["top_k"])
    params.sampling.top_p = sampling["top_p"]
    params.sampling.min_p = sampling["min_p"]
    return xllamacpp.Server(params)
