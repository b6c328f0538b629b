"""Tasks that name another item of a list, with three turns that show what an answer looks like.

Small models answer in whole sentences without these turns. They name things of other kinds, so
that no state of the task is suggested.
"""

from equipoise.sampling.prompt import Message, Template
from equipoise.sampling.tasks.parsers import OneOf
from equipoise.sampling.tasks.task import Task

_ASK = "Name a different {what}. The {what} now is {{state}}. Choose from: {{states}}."
_SHOWN = (
    ("fruit", "apple", "pear, apple, plum, cherry", "plum"),
    ("metal", "copper", "iron, silver, copper, tin", "iron"),
    ("animal", "horse", "goat, cow, sheep, horse", "sheep"),
)


def list_task(name: str, what: str, states: tuple[str, ...]) -> Task:
    """Return the task to name another item of a list.

    Parameters
    ----------
    name : str
        Name of the task.
    what : str
        What an item is called in the prompt.
    states : tuple of str
        The items.

    Returns
    -------
    Task
        Closed; a reply must be one of the states, capitals do not matter.
    """
    turns = []
    for kind, shown, choice, answer in _SHOWN:
        filled = Template((Message("user", _ASK.format(what=kind)),), states=(choice,))(shown)
        turns += [*filled.messages, Message("assistant", answer)]
    template = Template(
        (*turns, Message("user", _ASK.format(what=what))),
        system="Answer with one word from the list.",
        states=states,
    )
    return Task(name=name, states=states, prompt=template, parse=OneOf(states), parser=f"{name} 1")
