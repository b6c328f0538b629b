"""Planning: what counts can tell, what further trials would, and which sources to sample next."""

from equipoise.inference.planning.allocation import Allocation, allocate
from equipoise.inference.planning.next_draws import allocate_draws
from equipoise.inference.planning.outlook import Outlook
from equipoise.inference.planning.plan import Plan, plan
from equipoise.inference.planning.testability import CycleInformation, Unseen

__all__ = [
    "Allocation",
    "CycleInformation",
    "Outlook",
    "Plan",
    "Unseen",
    "allocate",
    "allocate_draws",
    "plan",
]
