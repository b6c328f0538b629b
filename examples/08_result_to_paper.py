# %% [markdown]
# # From result to paper: a table, a figure, a methods paragraph, and what to cite
#
# What a paper needs of a result, made from the result itself, so that no number is typed by hand:
# LaTeX tables, a figure one column wide, a methods paragraph that says what this run did and with
# which settings, and the BibTeX of exactly the methods it used.
#
# **Finding.** One run gives a table of 7 potentials, a methods paragraph of 17 sentences and 12
# BibTeX entries, among them nested Laplace and not path sampling, which this run did not use.

# %%
from pathlib import Path

import matplotlib.pyplot as plt

import equipoise as eq
from equipoise.report import latex_text, methods_text, printed_tables

plt.style.use(eq.plots.STYLE)
counts = eq.datasets.smollm2_weekday()
result = eq.test(counts, fast=True, random_seed=1)
beside = eq.diagnose(result)
paper = Path("paper")
paper.mkdir(exist_ok=True)

# %% [markdown]
# The tables, booktabs, nothing in a name that LaTeX would act on.

# %%
tables = {table.name: table for table in printed_tables(beside)}
print(", ".join(tables))
for name, table in tables.items():
    (paper / f"{name}.tex").write_text(latex_text(table), encoding="utf-8")
print(latex_text(tables["potential"]))

# %% [markdown]
# The methods paragraph, with its citations.

# %%
methods = methods_text(beside)
(paper / "methods.txt").write_text(methods, encoding="utf-8")
print(methods)

# %% [markdown]
# And the references: `eq.cite` of a test, a diagnosis, a comparison or an explanation.

# %%
references = eq.cite(beside)
(paper / "references.bib").write_text(references, encoding="utf-8")
print(references[:600], "…")

# %% [markdown]
# The whole report for a referee, one HTML page: `equipoise report counts.csv`, or
# `equipoise.report.html(result)`. The figure: what no potential explains, edge by edge.

# %%
figure, ax = plt.subplots(figsize=(3.4, 3.3), layout="constrained")
eq.plots.plot_log_ratio(result, ax)
ax.set_ylim(top=5.2)  # room for the legend
figure.savefig("result-to-paper.png")
figure.savefig(paper / "log-ratio.pdf")

entries = references.count("\n@") + references.startswith("@")
assert "rue2009" in references
assert "gelman1998" not in references
print(
    f"Finding: One run gives a table of {len(tables['potential'].rows)} potentials, a methods "
    f"paragraph of {methods.count('. ') + 1} sentences and {entries} BibTeX entries, among them "
    "nested Laplace and not path sampling, which this run did not use."
)
