"""Tasks of users: from a TOML file, or a Python object in a module."""

import importlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from equipoise.errors import DataError, UsageError
from equipoise.io.files import read_bytes
from equipoise.sampling.prompt import STATE, Message, Template
from equipoise.sampling.tasks.parsers import Line, OneOf, Pattern
from equipoise.sampling.tasks.task import Parsed, Task
from equipoise.text import listed, quoted

KEYS = (
    *("name", "states", "seeds", "prompt", "messages", "system", "max_tokens"),
    *("parser", "pattern", "longest"),
)
_PARSERS = ("one_of", "line", "pattern")


def task_from_toml(path: str | Path) -> Task:
    """Read a task from a TOML file.

    Keys: ``name``; ``states`` (closed) or ``seeds`` (open); ``prompt`` (one message of the user) or
    ``messages`` (a list of tables with ``role`` and ``text``), in which ``{state}`` is the state
    shown and ``{states}`` the list; optionally ``system``, ``max_tokens`` and ``parser``:
    "one_of" (closed tasks; the default there), "line" (open tasks; the default there; with
    ``longest``) or "pattern" (with the regular expression ``pattern``).

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    Task

    Raises
    ------
    DataError
        If the file cannot be read, or is no TOML.
    UsageError
        If a key is missing, unknown or out of its range.
    """
    name, data = read_bytes(path)
    try:
        content = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{name}: this is no TOML ({error}); correct it") from None
    try:
        return _task(content)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def task_from_object(place: str) -> Task:
    """Import a task, or a function that returns one, from ``module:name``.

    Raises
    ------
    UsageError
        If there is no such module or name, or it is no task.
    """
    module, _, name = place.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f"{quoted(place)} cannot be imported ({error}); give module:name of a Task"
        ) from None
    if callable(found) and not isinstance(found, Task):
        found = found()
    if not isinstance(found, Task):
        raise UsageError(f"{quoted(place)} is no Task; give module:name of one")
    return found


def _task(content: Mapping[str, Any]) -> Task:
    unknown = sorted(set(content) - set(KEYS))
    if unknown:
        raise UsageError(f"unknown keys {listed(unknown)}; a task has {listed(KEYS, 20)}")
    closed = "states" in content
    if closed == ("seeds" in content):
        raise UsageError("give either states (a closed task) or seeds (an open one)")
    states = tuple(_texts(content, "states" if closed else "seeds"))
    template = Template(_messages(content), _text(content, "system"), states)
    if not any(STATE in turn.text for turn in template.messages):
        raise UsageError("no message holds {state}; the agent would not see where it is")
    parse, parser = _parser(content, states, closed)
    limit = content.get("max_tokens", 16)
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise UsageError(f"max_tokens is {quoted(limit)}; give a whole number")
    return Task(
        name=_text(content, "name") or "",
        states=states,
        prompt=template,
        parse=parse,
        closed=closed,
        max_tokens=limit,
        parser=parser,
    )


def _parser(
    content: Mapping[str, Any], states: tuple[str, ...], closed: bool
) -> tuple[Callable[[str], Parsed], str]:
    kind = content.get("parser", "one_of" if closed else "line")
    if kind == "one_of":
        if not closed:
            raise UsageError("parser one_of needs states; an open task takes line or pattern")
        parse: Callable[[str], Parsed] = OneOf(states)
    elif kind == "line":
        longest = content.get("longest", Line.longest)
        if not isinstance(longest, int):
            raise UsageError(f"longest is {quoted(longest)}; give a whole number")
        parse = Line(longest)
    elif kind == "pattern":
        pattern = _text(content, "pattern")
        if pattern is None:
            raise UsageError("parser pattern needs the key pattern, a regular expression")
        parse = Pattern(pattern)
    else:
        raise UsageError(f"parser is {quoted(kind)}; give {listed(_PARSERS)}")
    return parse, f"{kind} 1: {parse!r}"


def _messages(content: Mapping[str, Any]) -> tuple[Message, ...]:
    if ("prompt" in content) == ("messages" in content):
        raise UsageError("give either prompt or messages")
    if "prompt" in content:
        return (Message("user", _text(content, "prompt") or ""),)
    turns = content["messages"]
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise UsageError("messages must be a list of tables with role and text")
    texts = [(turn.get("role", ""), turn.get("text", "")) for turn in turns]
    if not all(isinstance(text, str) for _, text in texts):
        raise UsageError("the text of a message must be text")
    return tuple(Message(role, text) for role, text in texts)


def _text(content: Mapping[str, Any], key: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{key} is {quoted(value)}; give text")
    return value


def _texts(content: Mapping[str, Any], key: str) -> list[str]:
    value = content[key]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{key} is {quoted(value)}; give a list of texts")
    return value
