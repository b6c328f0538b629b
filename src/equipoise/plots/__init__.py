"""Figures: the potential with its intervals, and the evidence against the size of the cycles."""

from equipoise.plots.evidence import plot_evidence
from equipoise.plots.potential import plot_potential
from equipoise.plots.save import save_figures

__all__ = ["plot_evidence", "plot_potential", "save_figures"]
