"""Counted transitions: the data of every test of detailed balance."""

from equipoise.counts.transition_counts import Blocks, TransitionCounts

__all__ = ["Blocks", "TransitionCounts"]
