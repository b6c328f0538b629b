"""What agents are asked: built-in tasks, and those of users."""

import os
from importlib import import_module

from equipoise.errors import UsageError
from equipoise.sampling.tasks.check import CheckedReply, check_replies
from equipoise.sampling.tasks.files import task_from_object, task_from_toml
from equipoise.sampling.tasks.parsers import Line, OneOf, Pattern
from equipoise.sampling.tasks.task import Outcome, Parsed, Task, rejected
from equipoise.text import listed, quoted

__all__ = [
    "BUILT_IN",
    "CheckedReply",
    "Line",
    "OneOf",
    "Outcome",
    "Parsed",
    "Pattern",
    "Task",
    "check_replies",
    "load_task",
    "rejected",
    "task_from_object",
    "task_from_toml",
]

#: Names of the built-in tasks.
BUILT_IN = ("letters", "weekday", "month", "colour")


def load_task(name: str) -> Task:
    """Return a task by name.

    Parameters
    ----------
    name : str
        A built-in task (`BUILT_IN`), the path of a TOML file, or ``module:name``.

    Returns
    -------
    Task

    Raises
    ------
    UsageError, DataError
        If there is no such task, or the file or object is none.
    """
    if name in BUILT_IN:
        module = import_module(f"equipoise.sampling.tasks.{name}")
        task: Task = getattr(module, name.upper())
        return task
    if name.endswith(".toml"):
        return task_from_toml(os.fspath(name))
    if ":" in name:
        return task_from_object(name)
    raise UsageError(
        f"there is no task {quoted(name)}; give {listed(BUILT_IN)}, a file that ends in .toml, "
        "or module:name"
    )
