"""Every source of a fixed pool equally often, in random order."""

from dataclasses import dataclass

from equipoise.sampling.policies.policy import View, shuffled_evenly


@dataclass(frozen=True)
class FixedPool:
    """The whole design at once, so that it can be resumed, audited and sent in batches.

    Random order over states and time turns a kernel that drifts (the batching of a server, say)
    into noise instead of bias.
    """

    name = "fixed"
    grows = False
    protocol = "draws"
    batches = True

    def plan(self, view: View) -> list[str]:
        """Return all remaining draws."""
        return shuffled_evenly(view.pool, view.remaining, view.random())
