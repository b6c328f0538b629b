# %% [markdown]
# # Two published tables: what they can say, and what they cannot
#
# Song et al. (arXiv:2512.10047) asked two large language models thousands of times for another
# word whose letters sum to 100, and found that the answers look like detailed balance: a
# potential drives them. Their two tables come with Equipoise.
#
# **Finding.** Neither table can test detailed balance, for not one of the 1 + 11 cycles of
# Claude-4 and Gemini-2.5-flash was seen to close both ways, but both order the words: given
# balance, PERSONAL lies 4.1 nats above ATTITUDE for Claude-4, and DISCIPLINE 0.5 for
# Gemini-2.5-flash.

# %%
import matplotlib.pyplot as plt

import equipoise as eq

plt.style.use(eq.plots.STYLE)
tables = {"Claude-4": eq.datasets.claude_4(), "Gemini-2.5-flash": eq.datasets.gemini_2_5_flash()}
found = {name: eq.test(counts, fast=True, random_seed=1) for name, counts in tables.items()}
for name, result in found.items():
    print(f"{name}: {result.graph!r}")
    print(f"  {result.verdict.text}\n")

# %% [markdown]
# Balance is a statement about cycles: going round one way must be as likely as going round the
# other. A cycle with an edge that was seen in one direction only tells nothing about that, for
# some potential fits such an edge exactly. Here every cycle has one. A number does come out, the
# log Bayes factor below, but it tells how the priors fit these counts, and Equipoise says so.

# %%
for name, result in found.items():
    factor = result.log_bayes_factor
    print(f"{name}: log BF {factor.log_value:.1f} ± {factor.mcse:.1f} nats, prior only")

# %% [markdown]
# The potential is another matter. Given balance, words that lead to each other and back have an
# interval; a word that leads to the others and was never reached has a lower bound, which is the
# likelihood's alone.


# %%
def height(result: eq.BalanceTest, state: str) -> float:
    """Posterior mean of Φ of a state, nats above the reference."""
    (row,) = (row for row in result.potential if row.state == state)
    return row.mean


figure, axes = plt.subplots(1, 2, figsize=(7.0, 2.6), layout="constrained")
for ax, (name, result) in zip(axes, found.items(), strict=True):
    eq.plots.plot_potential(result, ax)
    ax.set_title(f"{name}, given balance")
figure.savefig("published-tables.png")

cycles = " + ".join(str(result.graph.n_cycles) for result in found.values())
testable = sum(result.graph.n_testable_cycles for result in found.values())
assert testable == 0
print(
    f"Finding: Neither table can test detailed balance, for not one of the {cycles} cycles of "
    "Claude-4 and Gemini-2.5-flash was seen to close both ways, but both order the words: given "
    f"balance, PERSONAL lies {height(found['Claude-4'], 'PERSONAL'):.1f} nats above ATTITUDE for "
    f"Claude-4, and DISCIPLINE {height(found['Gemini-2.5-flash'], 'DISCIPLINE'):.1f} for "
    "Gemini-2.5-flash."
)
