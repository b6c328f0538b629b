"""Sources drawn from a pool that grows: every state reached joins it (Song et al. 2025)."""

from dataclasses import dataclass

from equipoise.sampling.policies.policy import View


@dataclass(frozen=True)
class GrowingPool:
    """Uniform over the states known when the draw is laid down; the store keeps which they were.

    Only states join: an invalid reply is an outcome, never a source.
    """

    name = "growing"
    grows = True
    protocol = "draws"
    batches = True

    def plan(self, view: View) -> list[str]:
        """Return as many as can be under way."""
        chance = view.random()
        return [chance.choice(view.pool) for _ in range(min(view.room, view.remaining))]
