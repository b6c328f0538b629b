# %% [markdown]
# # Collecting until it is decided: adaptive against uniform, at equal cost
#
# Draws from a language model cost money. Two things save some: to stop when the data decide,
# which Bayes factors and posteriors allow (p-values do not), and to ask where the answer tells
# most about the cycles (policy `informative`). Here is an agent whose kernel is known: twelve
# states, of which only a ring of five can break balance; it does, by 2 nats in all. Five times
# over, one run asks adaptively and stops once the log Bayes factor is −5 or less; another asks
# every state equally often until it is decided too, or has spent 1,631 draws.
#
# **Finding.** All 5 adaptive runs were decided, after 1,254 draws in the median; with as many
# draws the uniform run was decided in 1 of 5 cases, and within 1,631 draws in no more.

# %%
import asyncio
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np

import equipoise as eq
from equipoise.inference.planning import allocate_draws
from equipoise.sampling import (
    FixedPool,
    Informative,
    Message,
    Options,
    Store,
    Task,
    Template,
    collect,
    stored_counts,
)
from equipoise.sampling.clients.simulated import SimulatedClient
from equipoise.sampling.tasks import OneOf

plt.style.use(eq.plots.STYLE)
STATES = tuple("ABCDEFGHIJKL")
SEEDS, DECISIVE = range(5), -5.0
ring = [(k, k + 1) for k in range(4)] + [(0, 4)]
edges = np.array(ring + [(k, k + 1) for k in range(4, 11)])
drive = eq.simulate.cycle_circulation(edges, range(5), affinity=2.0)
potential = np.array([0.0, 0.8, -0.4, 0.6, -0.2, 0.3, -0.5, 0.1, 0.9, -0.7, 0.4, 0.0])
kernel = eq.simulate.driven_kernel(potential, -1.0, drive, edges=edges, states=STATES)

task = Task(
    name="twelve",
    states=STATES,
    prompt=Template((Message("user", "{state}: go on."),)),
    parse=OneOf(STATES),
)


# %% [markdown]
# A store goes on where it stopped, so a loop can ask for a third more draws until the data
# decide. That is a rule which looks at the data alone, so Bayes factors mean what they always do.
# (`collect` takes such a rule as `until=`, and looks at the data beside the requests; the command
# is `equipoise collect --policy informative --until decisive`.)


# %%
async def collected(policy, seed: int, budgets: list[int], stop: bool) -> list[tuple[int, float]]:
    """Collect up to each budget in turn; return draws and log BF at every look at the data."""
    looks = []
    with TemporaryDirectory() as folder, Store(f"{folder}/run.db") as store:
        client = SimulatedClient(kernel, random_seed=seed)
        for draws in budgets:
            options = Options(draws=draws, policy=policy, seed=seed, concurrency=1)
            await collect(store, task, client, options)
            counts = stored_counts(f"{folder}/run.db")
            fit = eq.laplace(counts, likelihood="pairwise", draws=500, random_seed=seed)
            looks.append((draws, fit.log_bayes_factor().log_value))
            if stop and looks[-1][1] <= DECISIVE:
                break
    return looks


def run(policy, seed: int, budgets: list[int], stop: bool = True) -> list[tuple[int, float]]:
    """The same, also where an event loop runs already, as in a notebook: in a thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, collected(policy, seed, budgets, stop)).result()


budgets = [int(200 * 1.3**k) for k in range(9)]
adaptive = [run(Informative(allocate_draws), seed, budgets) for seed in SEEDS]
uniform = [run(FixedPool(), seed, budgets) for seed in SEEDS]
for seed, (one, other) in enumerate(zip(adaptive, uniform, strict=True)):
    print(f"seed {seed}: adaptive to {one[-1][0]:,} draws, uniform to {other[-1][0]:,}")

# %%
figure, ax = plt.subplots(figsize=(4.2, 2.8), layout="constrained")
ax.axhline(DECISIVE, color="0.6", linewidth=0.8, linestyle="--")
ax.axhline(0, color="0.85", linewidth=0.8, zorder=0)
for name, runs, colour in (("adaptive", adaptive, "C0"), ("uniform", uniform, "C1")):
    for seed, looks in enumerate(runs):
        draws, values = zip(*looks, strict=True)
        ax.plot(draws, values, color=colour, label=None if seed else name, alpha=0.8)
        ax.plot(draws[-1], values[-1], "o", color=colour, markersize=4)
ax.set_xscale("log")
ax.set_xticks(budgets[::2], [f"{draws:,}" for draws in budgets[::2]])
ax.minorticks_off()
ax.set_xlabel("draws, in all")
ax.set_ylabel("log BF for balance (nats)")
ax.legend(loc="lower left")
figure.savefig("adaptive-collection.png")


def decided(looks: list[tuple[int, float]], within: int) -> bool:
    """Whether a run was decided within so many draws."""
    return any(draws <= within and value <= DECISIVE for draws, value in looks)


cost = [looks[-1][0] for looks in adaptive]
assert all(decided(looks, budgets[-1]) for looks in adaptive)
equal = sum(decided(looks, draws) for looks, draws in zip(uniform, cost, strict=True))
late = sum(decided(looks, budgets[-1]) for looks in uniform)
print(
    f"Finding: All {len(cost)} adaptive runs were decided, after {np.median(cost):,.0f} draws in "
    f"the median; with as many draws the uniform run was decided in {equal} of {len(cost)} cases, "
    f"and within {budgets[-1]:,} draws in {f'{late}' if late > equal else 'no more'}."
)
