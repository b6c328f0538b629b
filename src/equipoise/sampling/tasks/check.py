"""What a task makes of a handful of replies, before anything is paid for."""

from collections.abc import Iterable
from dataclasses import dataclass

from equipoise.errors import UsageError
from equipoise.sampling.tasks.task import Outcome, Task


@dataclass(frozen=True)
class CheckedReply:
    """A pasted reply and what it counts as.

    Attributes
    ----------
    reply : str
        The text, not trusted.
    outcome : Outcome
        What it counts as.
    """

    reply: str
    outcome: Outcome


def check_replies(task: Task, replies: Iterable[str]) -> tuple[CheckedReply, ...]:
    """Return what each reply counts as.

    Parameters
    ----------
    task : Task
    replies : iterable of str
        Replies of an agent, pasted.

    Returns
    -------
    tuple of CheckedReply
        In the order given.

    Raises
    ------
    UsageError
        If no reply was given.
    """
    checked = tuple(CheckedReply(reply, task.outcome(reply)) for reply in replies)
    if not checked:
        raise UsageError("there is no reply to check; paste one a line")
    return checked
