"""Name another weekday: a closed task of seven states."""

from equipoise.sampling.tasks.lists import list_task

STATES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

WEEKDAY = list_task("weekday", STATES)
