"""Tasks that name another item of a list, with three turns that show what an answer looks like.

Small models answer in whole sentences without these turns, and name things that are in no list
unless the turns are of the same kind. So the turns show states of the task; the steps that they
show (four on, two back, three back) have no direction in common. The list stands in front and the
state at the end, so that a server that caches prompts reads only the end anew.
"""

from equipoise.sampling.prompt import Message, Template
from equipoise.sampling.tasks.parsers import OneOf
from equipoise.sampling.tasks.task import Task

_SYSTEM = "Answer with one word from this list: {states}."
_ASK = "Name one other than {state}."
_SHOWN = ((0, 4), (3, 1), (5, 2))


def list_task(name: str, states: tuple[str, ...]) -> Task:
    """Return the task to name another item of a list.

    Parameters
    ----------
    name : str
        Name of the task.
    states : tuple of str
        The items, six or more.

    Returns
    -------
    Task
        Closed; a reply must be one of the states, capitals do not matter.
    """
    ask = Template((Message("user", _ASK),))
    turns: list[Message] = []
    for shown, answer in _SHOWN:
        turns += [*ask(states[shown]).messages, Message("assistant", states[answer])]
    template = Template((*turns, Message("user", _ASK)), system=_SYSTEM, states=states)
    return Task(name=name, states=states, prompt=template, parse=OneOf(states), parser=f"{name} 1")
