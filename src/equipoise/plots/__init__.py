"""Figures: the potential, the evidence, what it hangs on, where balance breaks, features."""

from equipoise.plots.calibration import plot_ranks, plot_reliability
from equipoise.plots.comparison import (
    COMPARISON_FIGURES,
    plot_clustering,
    plot_distances,
    plot_potentials,
)
from equipoise.plots.cycles import plot_cycles
from equipoise.plots.entropy_production import plot_entropy_production
from equipoise.plots.evidence import plot_evidence
from equipoise.plots.features import FEATURE_FIGURES, plot_coefficients, plot_explained
from equipoise.plots.log_ratio import plot_log_ratio
from equipoise.plots.network import plot_network
from equipoise.plots.plan import plot_plan
from equipoise.plots.potential import plot_potential
from equipoise.plots.save import FIGURES, save_figures
from equipoise.plots.sensitivity import plot_sensitivity
from equipoise.plots.style import STYLE

__all__ = [
    "COMPARISON_FIGURES",
    "FEATURE_FIGURES",
    "FIGURES",
    "STYLE",
    "plot_clustering",
    "plot_coefficients",
    "plot_cycles",
    "plot_distances",
    "plot_entropy_production",
    "plot_evidence",
    "plot_explained",
    "plot_log_ratio",
    "plot_network",
    "plot_plan",
    "plot_potential",
    "plot_potentials",
    "plot_ranks",
    "plot_reliability",
    "plot_sensitivity",
    "save_figures",
]
