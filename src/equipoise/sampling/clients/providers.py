"""Other providers, through pydantic-ai's one function that asks a model (extra ``providers``)."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from equipoise.errors import MissingDependencyError
from equipoise.sampling.clients.messages import retry_after, status_fault
from equipoise.sampling.clients.parameters import Parameters
from equipoise.sampling.clients.reply import Fault, Reply
from equipoise.sampling.prompt import Prompt
from equipoise.text import printable

if TYPE_CHECKING:
    from pydantic_ai.models import Model

# The words of the Messages API for why a reply ended.
_STOPS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


class ProviderClient:
    """Ask any model that pydantic-ai knows.

    Parameters
    ----------
    model : pydantic_ai.models.Model
        Yours, with a client whose own retries are switched off (``max_retries=0``): the collector
        retries, so that every attempt is a row. Its key comes from wherever you took it; it is not
        looked at.
    name : str
        The model asked for.
    parameters : Parameters, optional
        Settings of pydantic-ai: ``temperature``, ``top_p``, ``seed``, ...
    max_tokens : int
        Longest reply; written down with the parameters.
    provider : str
        What the store calls it.
    """

    free = False

    def __init__(
        self,
        model: "Model",
        name: str,
        *,
        parameters: Parameters | None = None,
        max_tokens: int = 16,
        provider: str = "pydantic-ai",
    ) -> None:
        self._model = model
        self._parameters = parameters or Parameters()
        self.provider, self.model = provider, name
        self.base_url = str(getattr(model, "base_url", "") or "")
        self.parameters: Mapping[str, Any] = self._parameters.recorded(max_tokens, {})

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of the library."""
        from importlib.metadata import version

        return {"pydantic-ai-slim": version("pydantic-ai-slim")}

    async def ask(self, prompt: Prompt, max_tokens: int) -> Reply:
        """Return one answer, from one request.

        Raises
        ------
        Fault
            If none came.
        MissingDependencyError
            If the extra ``providers`` is not installed.
        """
        try:
            from pydantic_ai import direct, exceptions, messages
        except ImportError:
            raise MissingDependencyError(
                "other providers need pydantic-ai; pip install 'pydantic-ai-slim[openai]'"
            ) from None
        turns: list[Any] = []
        if prompt.system is not None:
            turns.append(messages.ModelRequest([messages.SystemPromptPart(prompt.system)]))
        for turn in prompt.messages:
            if turn.role == "user":
                turns.append(messages.ModelRequest([messages.UserPromptPart(turn.text)]))
            else:
                turns.append(messages.ModelResponse([messages.TextPart(turn.text)]))
        settings: Any = {**self._parameters.body, "max_tokens": max_tokens}
        if self._parameters.headers:
            settings["extra_headers"] = dict(self._parameters.headers)
        try:
            answer = await direct.model_request(self._model, turns, model_settings=settings)
        except exceptions.ModelHTTPError as error:
            response = getattr(error.__cause__, "response", None)
            headers = getattr(response, "headers", {})
            fault = status_fault(error.status_code, headers, error.body, None)
            fault.wait = retry_after(headers)
            raise fault from None
        except (exceptions.ModelTimeoutError, TimeoutError):
            raise Fault("timeout", "no answer in time", again=True) from None
        except (exceptions.AgentRunError, OSError, ValueError, TypeError, KeyError) as error:
            said = printable(error, 200)
            unread = isinstance(error, exceptions.UnexpectedModelBehavior)
            # It wraps a body that is no JSON in the error of a lost connection.
            if unread or isinstance(error.__cause__ or error, ValueError | TypeError | KeyError):
                raise Fault("malformed", f"unusable answer: {said}", again=True) from None
            raise Fault("connection", f"no answer: {said}", again=True) from None
        reason = answer.finish_reason
        return Reply(
            text="".join(p.content for p in answer.parts if isinstance(p, messages.TextPart)),
            stop_reason=_STOPS.get(reason or "", reason),
            model=answer.model_name,
            input_tokens=answer.usage.input_tokens or 0,
            output_tokens=answer.usage.output_tokens or 0,
            usage=json.dumps(getattr(answer.usage, "details", None) or {}, default=str),
            body=messages.ModelMessagesTypeAdapter.dump_json([answer]).decode(),
            request_id=answer.provider_response_id,
        )

    async def observed(self) -> Mapping[str, Any]:
        """Nothing: providers do not tell which parameters they apply."""
        return {}

    async def close(self) -> None:
        """Nothing is held: the client is yours."""
