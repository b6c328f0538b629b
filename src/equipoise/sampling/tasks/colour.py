"""Name another colour: a closed task of twelve states."""

from equipoise.sampling.tasks.lists import list_task

STATES = (
    *("black", "white", "grey", "red", "orange", "yellow"),
    *("green", "blue", "purple", "pink", "brown", "gold"),
)

COLOUR = list_task("colour", STATES)
