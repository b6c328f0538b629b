"""Which source comes next: one policy, one file."""

from equipoise.sampling.policies.fixed import FixedPool
from equipoise.sampling.policies.follow import Follow
from equipoise.sampling.policies.growing import GrowingPool
from equipoise.sampling.policies.informative import Allocate, Informative
from equipoise.sampling.policies.policy import Policy, View

__all__ = ["Allocate", "FixedPool", "Follow", "GrowingPool", "Informative", "Policy", "View"]
