"""Claude, and every server that speaks the Messages API, through the official client."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from equipoise.sampling.clients.messages import (
    error_of,
    pace_of,
    read_reply,
    reply_of,
    status_fault,
)
from equipoise.sampling.clients.parameters import Parameters, without_keys
from equipoise.sampling.clients.reply import BatchState, Fault, FaultKind, Reply
from equipoise.sampling.prompt import Prompt
from equipoise.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anthropic import AsyncAnthropic

_SHORTEST_KEY = 16  # shorter ones are no keys: local servers take any word
# Headers of the client that shape an answer.
_TELLING = ("anthropic-version", "anthropic-beta")


class AnthropicClient:
    """Ask by `messages.create`.

    Parameters
    ----------
    client : anthropic.AsyncAnthropic
        Yours, or `build_client`'s. Its own retries are switched off: the collector retries, so that
        every attempt is a row.
    model : str
        The model asked for.
    parameters : Parameters, optional
        Optional parameters of the provider.
    max_tokens : int
        Longest reply asked for; written down with the parameters.
    provider : str
        What the store calls it.
    free : bool
        Whether answers cost nothing.
    """

    def __init__(
        self,
        client: "AsyncAnthropic",
        model: str,
        *,
        parameters: Parameters | None = None,
        max_tokens: int = 16,
        provider: str = "anthropic",
        free: bool = False,
    ) -> None:
        self._client = client.with_options(max_retries=0)
        self._parameters = parameters or Parameters()
        self.provider, self.model, self.free = provider, model, free
        self.base_url = without_login(str(client.base_url))
        self._secrets = tuple(
            key
            for key in (client.api_key, client.auth_token)
            if key is not None and len(key) >= _SHORTEST_KEY
        )
        telling = {
            name: value
            for name, value in without_keys(_texts(client.default_headers)).items()
            if name in _TELLING
        }
        custom = without_keys(_texts(getattr(client, "_custom_headers", {})))
        self.parameters: Mapping[str, Any] = self._parameters.recorded(
            max_tokens, {**telling, **custom}
        )

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of the client."""
        import anthropic

        return {"anthropic": anthropic.__version__}

    async def ask(self, prompt: Prompt, max_tokens: int) -> Reply:
        """Return one answer, from one request.

        Raises
        ------
        Fault
            If none came.
        """
        with faults(self._secrets):
            raw = await self._client.messages.with_raw_response.create(
                model=self.model, **self._arguments(prompt, max_tokens)
            )
            data = await raw.read()
        return read_reply(
            scrubbed(data.decode("utf-8", "replace"), self._secrets),
            http_status=raw.status_code,
            request_id=raw.request_id,
            pace=pace_of(raw.headers),
        )

    async def observed(self) -> Mapping[str, Any]:
        """Nothing: this API does not tell which parameters it applies."""
        return {}

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    # Batches

    async def submit(self, requests: Sequence[tuple[str, Prompt]], max_tokens: int) -> str:
        """Send a batch once, without retrying; return the server's name of it.

        Raises
        ------
        Fault
            If it was not taken, or it is not known whether it was.
        """
        extra = dict(self._parameters.body)
        items = [
            {
                "custom_id": custom_id,
                "params": {
                    **extra,
                    "model": self.model,
                    "max_tokens": max_tokens,
                    "messages": turns(prompt),
                    **({} if prompt.system is None else {"system": prompt.system}),
                },
            }
            for custom_id, prompt in requests
        ]
        with faults(self._secrets):
            batch = await self._client.messages.batches.create(
                requests=items,  # type: ignore[arg-type]
                extra_headers=dict(self._parameters.headers) or None,
            )
        if not isinstance(getattr(batch, "id", None), str) or not batch.id:
            raise Fault("malformed", "the server answered with no batch", again=True)
        return batch.id

    async def state(self, server_id: str) -> BatchState:
        """Return how far a batch is.

        Raises
        ------
        Fault
            If the server does not say.
        """
        with faults(self._secrets):
            return _batch_state(await self._client.messages.batches.retrieve(server_id))

    async def recent(self, since: str) -> list[BatchState]:
        """Return the batches made since a time, the latest first.

        Raises
        ------
        Fault
            If the server does not say.
        """
        found = []
        with faults(self._secrets):
            async for batch in self._client.messages.batches.list(limit=100):
                state = _batch_state(batch)
                if state.created_at < since:
                    break
                found.append(state)
        return found

    async def results(self, server_id: str) -> AsyncIterator[tuple[str, Reply | Fault]]:
        """Yield (custom id, outcome) line by line.

        The lines are read here, not by the client, which gives up at the first broken one and would
        send the key to whatever host the server names.

        Raises
        ------
        Fault
            If the stream breaks: what was yielded is good, and it can be read again.
        """
        with faults(self._secrets):
            batch = await self._client.messages.batches.retrieve(server_id)
            place = urlsplit(batch.results_url or "")
            if place.netloc and place.netloc != urlsplit(self.base_url).netloc:
                raise Fault(
                    "not allowed",
                    f"the results lie at {printable(place.netloc)}, where the key is not sent",
                    again=False,
                    stop=True,
                )
            stream = self._client.messages.batches.with_streaming_response.results(server_id)
            rest = b""
            async with stream as response:
                async for chunk in response.iter_bytes():
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        if line.strip():
                            yield _result(line)
            if rest.strip():
                yield _result(rest)

    def _arguments(self, prompt: Prompt, max_tokens: int) -> dict[str, Any]:
        arguments: dict[str, Any] = {"max_tokens": max_tokens, "messages": turns(prompt)}
        if prompt.system is not None:
            arguments["system"] = prompt.system
        if self._parameters.body:
            arguments["extra_body"] = dict(self._parameters.body)
        if self._parameters.headers:
            arguments["extra_headers"] = dict(self._parameters.headers)
        return arguments


def build_client(
    base_url: str | None = None, *, timeout: float = 120.0, api_key: str | None = None
) -> "AsyncAnthropic":
    """Return the official client; its key comes from the environment.

    Parameters
    ----------
    base_url : str, optional
        Another server; default: the one that the environment names, else Anthropic's.
    timeout : float
        Seconds that a request may take.
    api_key : str, optional
        For servers that take any word; keys of value come from the environment only.
    """
    import anthropic

    return anthropic.AsyncAnthropic(
        base_url=base_url, timeout=timeout, max_retries=0, api_key=api_key
    )


def _texts(headers: Mapping[str, object]) -> dict[str, str]:
    """Return the headers that are set."""
    return {name: value for name, value in headers.items() if isinstance(value, str)}


def turns(prompt: Prompt) -> list[dict[str, str]]:
    """Return the messages of a prompt as the API takes them."""
    return [{"role": turn.role, "content": turn.text} for turn in prompt.messages]


def without_login(url: str) -> str:
    """Return an address without the user and password that it may hold."""
    place = urlsplit(url)
    return urlunsplit(place._replace(netloc=place.netloc.rpartition("@")[2]))


def scrubbed(text: str, secrets: Sequence[str]) -> str:
    """Return a text without keys, should a server have sent them back."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    return text


@contextmanager
def faults(secrets: Sequence[str]) -> "Iterator[None]":
    """Turn every way in which the client fails into a `Fault`, without keys in it."""
    import anthropic
    import httpx2

    try:
        yield
    except anthropic.APIStatusError as error:
        body = error.body
        if isinstance(body, str):
            body = scrubbed(body, secrets)
        elif body is not None:
            body = json.loads(scrubbed(json.dumps(body), secrets))
        raise status_fault(
            error.status_code, error.response.headers, body, error.request_id
        ) from None
    except (TimeoutError, anthropic.APITimeoutError, httpx2.TimeoutException):
        raise Fault("timeout", "no answer in time", again=True) from None
    except (anthropic.APIConnectionError, httpx2.HTTPError, OSError) as error:
        cause = error.__cause__ or error
        raise Fault(
            "connection", f"the connection failed: {printable(cause, 200)}", again=True
        ) from None
    except (anthropic.AnthropicError, ValueError, TypeError, AttributeError, KeyError) as error:
        if "authentication method" in str(error):
            raise Fault(
                "not allowed",
                "there is no key; set ANTHROPIC_API_KEY in the environment",
                again=False,
                stop=True,
            ) from None
        raise Fault("malformed", f"unusable answer: {printable(error, 200)}", again=True) from None


def _batch_state(batch: Any) -> BatchState:
    counts = batch.request_counts
    numbers = [
        getattr(counts, name, 0) or 0
        for name in ("processing", "succeeded", "errored", "canceled", "expired")
    ]
    return BatchState(
        server_id=str(batch.id),
        ended=batch.processing_status == "ended",
        size=sum(number for number in numbers if isinstance(number, int)),
        created_at=batch.created_at.isoformat(),
    )


_TYPES: dict[str, FaultKind] = {
    "errored": "errored",
    "expired": "expired",
    "canceled": "cancelled",
    "cancelled": "cancelled",
}


def _result(line: bytes) -> tuple[str, Reply | Fault]:
    """Read a line of results. The type is a word, whatever class the client would make of it."""
    text = line.decode("utf-8", "replace")
    try:
        item = json.loads(text)
    except (ValueError, RecursionError):
        item = None
    result = item.get("result") if isinstance(item, dict) else None
    custom_id = item.get("custom_id") if isinstance(item, dict) else None
    if not isinstance(result, dict) or not isinstance(custom_id, str):
        return "", Fault("malformed", "a line of the results is broken", again=True, body=text)
    kind = result.get("type")
    if kind == "succeeded":
        try:
            return custom_id, reply_of(result.get("message"), text)
        except Fault as fault:
            return custom_id, fault
    known = _TYPES.get(kind) if isinstance(kind, str) else None
    error = result.get("error")
    said = error_of(error) if isinstance(error, dict) else printable(kind)
    return custom_id, Fault(known or "unknown result", said, again=True, body=text)
