"""Optional parameters of the Messages API: what is sent, and what is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from equipoise.errors import UsageError
from equipoise.text import listed, quoted

#: Written down for every agent, None where not set: what shapes an answer, or may.
KNOWN = (
    *("temperature", "top_p", "top_k", "min_p", "thinking", "output_config", "service_tier"),
    *("stop_sequences", "tools", "tool_choice", "speed", "inference_geo", "cache_control"),
)
_SECRET = ("authorization", "api-key", "apikey", "cookie", "token", "secret", "credential")
_OURS = ("model", "messages", "system", "max_tokens", "stream")


@dataclass(frozen=True)
class Parameters:
    """Optional parameters of an agent; nothing assumes that any of them exists.

    Attributes
    ----------
    body : mapping
        Sent in the body of each request, as they are: ``{"temperature": 1.0}``.
    headers : mapping
        Sent as headers: ``{"anthropic-version": "2023-06-01"}``.

    Raises
    ------
    UsageError
        If one is the collector's own, or a header may hold a key: what is set here is stored.
    """

    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        taken = sorted(set(self.body) & set(_OURS))
        if taken:
            raise UsageError(f"{listed(taken)} cannot be set as parameters; task and options do")
        for name in self.headers:
            if any(part in name.lower() for part in _SECRET):
                raise UsageError(
                    f"the header {quoted(name)} may hold a key, and headers are stored; keys come "
                    "from the environment only"
                )

    def recorded(self, max_tokens: int, effective_headers: Mapping[str, str]) -> dict[str, Any]:
        """Return what is stored: all known parameters, None where not set, and headers.

        Parameters
        ----------
        max_tokens : int
            Longest reply asked for.
        effective_headers : mapping
            Headers that the client sends beside them, without keys.
        """
        values = {name: self.body.get(name) for name in KNOWN}
        return {
            **values,
            **self.body,
            "max_tokens": max_tokens,
            "headers": {**without_keys(effective_headers), **self.headers},
        }


def without_keys(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers without those that may hold a key, names in small letters."""
    return {
        name.lower(): value
        for name, value in headers.items()
        if not any(part in name.lower() for part in _SECRET)
    }
