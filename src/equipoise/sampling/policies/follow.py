"""A trajectory: each draw shows the state that the last one reached."""

from dataclasses import dataclass

from equipoise.sampling.policies.policy import View


@dataclass(frozen=True)
class Follow:
    """One draw at a time. A reply that is no state leaves the agent where it is."""

    name = "follow"
    grows = False
    protocol = "trajectory"
    batches = False

    def plan(self, view: View) -> list[str]:
        """Return the state reached last, once its answer is there; the first seed at the start."""
        if view.outstanding:
            return []
        return [view.pool[0] if view.last is None else view.last]
