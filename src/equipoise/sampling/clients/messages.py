"""The Messages API on the wire: answers, errors and limits, read without trusting any of them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from equipoise.sampling.clients.reply import Fault, FaultKind, Pace, Reply
from equipoise.text import printable

_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")
_LONGEST_MESSAGE = 300


def read_reply(
    body: str,
    *,
    http_status: int | None = None,
    request_id: str | None = None,
    pace: Pace | None = None,
) -> Reply:
    """Read the body of a response with status 200.

    Raises
    ------
    Fault
        "malformed" if it is no message: cut, no JSON, another shape. The body is kept.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    return reply_of(message, body, http_status=http_status, request_id=request_id, pace=pace)


def reply_of(
    message: object,
    body: str,
    *,
    http_status: int | None = None,
    request_id: str | None = None,
    pace: Pace | None = None,
) -> Reply:
    """Read a decoded message; see `read_reply`."""
    blocks = message.get("content") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(blocks, list):
        raise Fault(
            "malformed",
            "the server answered with something else than a message",
            again=True,
            http_status=http_status,
            request_id=request_id,
            body=body,
        )
    usage = message.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Reply(
        text="".join(filter(None, map(_block_text, blocks))),
        stop_reason=_text(message.get("stop_reason")),
        model=_text(message.get("model")),
        input_tokens=sum(
            _count(usage.get(key))
            for key in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        ),
        output_tokens=_count(usage.get("output_tokens")),
        usage=json.dumps(usage),
        body=body,
        http_status=http_status,
        request_id=request_id,
        pace=pace or Pace(),
    )


def status_fault(
    status: int, headers: Mapping[str, str], body: object, request_id: str | None
) -> Fault:
    """Return what a response with an error status means for the run.

    Parameters
    ----------
    status : int
        HTTP status, 400 or more.
    headers : mapping
        Of the response.
    body : object
        Decoded, or the text.
    request_id : str or None
    """
    kind, again, stop = _meaning(status, _error_code(body))
    told = headers.get("x-should-retry")
    if told == "false":
        again = False
    elif told == "true" and not stop:
        again = True
    text = body if isinstance(body, str) else json.dumps(body)
    return Fault(
        kind,
        f"status {status}: {_error_message(body)}",
        again=again,
        stop=stop,
        wait=retry_after(headers),
        http_status=status,
        request_id=request_id,
        body=text[:10_000],
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, None where it does not say."""
    in_ms = _float(headers.get("retry-after-ms"))
    if in_ms is not None:
        return max(in_ms / 1000, 0.0)
    value = headers.get("retry-after")
    seconds = _float(value)
    if seconds is not None or value is None:
        return None if seconds is None else max(seconds, 0.0)
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def pace_of(headers: Mapping[str, str]) -> Pace:
    """Return how long to wait, from the limits that a server states with every answer."""
    wait = 0.0
    for name in _LIMITS:
        if _float(headers.get(f"anthropic-ratelimit-{name}-remaining")) == 0:
            reset = headers.get(f"anthropic-ratelimit-{name}-reset", "")
            try:
                then = datetime.fromisoformat(reset)
                seconds = (then - datetime.now(UTC)).total_seconds()
            except (ValueError, TypeError):
                continue
            wait = max(wait, seconds)
    return Pace(wait)


def _meaning(status: int, code: str) -> tuple[FaultKind, bool, bool]:
    """Return the kind of an error, whether to try again, and whether to stop the run."""
    if status == 402 or "spend_limit" in code or "billing" in code:
        return "spend limit", False, True
    if status in (401, 403, 404, 407):
        return "not allowed", False, True
    if status == 429:
        return "rate limit", True, False
    if status == 529 or code == "overloaded_error":
        return "overloaded", True, False
    if status in (408, 504):
        return "timeout", True, False
    if status == 409 or status >= 500:
        return "server error", True, False
    return "refused request", False, False


def _error_code(body: object) -> str:
    """Return all that the body says of the kind of error, in one text."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ""
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    return " ".join(filter(None, [_text(error.get("type")), _text(code)]))


def _error_message(body: object) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    found = message if isinstance(message, str) else body if isinstance(body, str) else "no message"
    return printable(found, _LONGEST_MESSAGE)


def _block_text(block: object) -> str | None:
    return _text(block.get("text")) if isinstance(block, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return int(value) if whole else 0  # type: ignore[call-overload]


def _float(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if number == number else None


def error_of(item: Mapping[str, Any]) -> str:
    """Return the message of an errored line of a batch, printable."""
    return _error_message(item.get("error", item))
