"""Figures: the potential with its intervals, the evidence, and a calibration."""

from equipoise.plots.calibration import plot_ranks, plot_reliability
from equipoise.plots.evidence import plot_evidence
from equipoise.plots.potential import plot_potential
from equipoise.plots.save import save_figures

__all__ = ["plot_evidence", "plot_potential", "plot_ranks", "plot_reliability", "save_figures"]
