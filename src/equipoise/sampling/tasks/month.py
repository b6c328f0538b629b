"""Name another month: a closed task of twelve states."""

from equipoise.sampling.tasks.lists import list_task

STATES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

MONTH = list_task("month", STATES)
