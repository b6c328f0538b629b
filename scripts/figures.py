"""Draw the README's picture, docs/figures/weekday.png: ``make figures``."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import equipoise as eq

mpl.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False})
result = eq.test(eq.datasets.smollm2_weekday(), fast=True, random_seed=0)
figure = Figure(figsize=(7.2, 2.9), layout="constrained", dpi=200)
FigureCanvasAgg(figure)
left, right = figure.subplots(1, 2)
eq.plots.plot_potential(result, left)
eq.plots.plot_evidence(result, right)
left.set_title("seven weekdays, SmolLM2: given balance, which is rejected", fontsize=8)
right.get_legend().set_loc("lower left")
left.get_legend().set_loc("upper left")
right.set_title("the evidence against balance", fontsize=8)
target = Path(__file__).parents[1] / "docs" / "figures" / "weekday.png"
target.parent.mkdir(parents=True, exist_ok=True)
figure.savefig(target)
