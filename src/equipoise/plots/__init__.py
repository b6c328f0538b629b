"""Figures: potential with intervals, evidence, sensitivity, entropy production, a calibration."""

from equipoise.plots.calibration import plot_ranks, plot_reliability
from equipoise.plots.entropy_production import plot_entropy_production
from equipoise.plots.evidence import plot_evidence
from equipoise.plots.plan import plot_plan
from equipoise.plots.potential import plot_potential
from equipoise.plots.save import save_figures
from equipoise.plots.sensitivity import plot_sensitivity

__all__ = [
    "plot_entropy_production",
    "plot_evidence",
    "plot_plan",
    "plot_potential",
    "plot_ranks",
    "plot_reliability",
    "plot_sensitivity",
    "save_figures",
]
