"""Inference: evidence, posteriors and verdicts from transition counts."""
