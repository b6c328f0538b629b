"""Draw the figures of the documentation anew: ``make figures``.

docs/figures/weekday.png is the README's picture; docs/figures/NAME/ holds every figure of a bundled
table, one that breaks balance and one that cannot test it: what the figures should look like.
"""

from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import equipoise as eq

TARGET = Path(__file__).parents[1] / "docs" / "figures"
TABLES = ("smollm2-weekday", "gemini-2.5-flash")

results = {name: eq.test(eq.datasets.load(name), fast=True, random_seed=0) for name in TABLES}
for name, result in results.items():
    eq.plots.save_figures(result, TARGET / name)

mpl.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False})
figure = Figure(figsize=(7.2, 3.3), layout="constrained", dpi=200)
FigureCanvasAgg(figure)
left, right = figure.subplots(1, 2)
eq.plots.plot_potential(results["smollm2-weekday"], left)
eq.plots.plot_evidence(results["smollm2-weekday"], right)
left.set_title("seven weekdays, SmolLM2: given balance, which is rejected", fontsize=8)
for axes in (left, right):  # below: inside, a legend would hide what is drawn
    legend = axes.get_legend()
    legend.set_loc("upper center")
    legend.set_bbox_to_anchor((0.5, -0.2), axes.transAxes)
    legend.set_ncols(2)
    legend.set_frame_on(False)
right.set_title("the evidence against balance", fontsize=8)
figure.savefig(TARGET / "weekday.png")
