"""Planning: what counts can tell, what further trials would, and which sources to sample next.

One question, one file: :mod:`.testability` asks what the counts can tell at all, :mod:`.outlook`
what more of them would (:mod:`.assumptions`, :mod:`.truths` to draw from, :mod:`.simulation`, each
table weighed by :mod:`.quick`), :mod:`.allocation` and :mod:`.next_draws` where to make them.
"""

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
