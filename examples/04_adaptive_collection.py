# %% [markdown]
# # Collecting until it is decided: adaptive against uniform, at equal cost
#
# Draws from a language model cost money. Two things save some: to stop when the data decide, which
# Bayes factors and posteriors allow (p-values do not), and to ask where the answer tells most about
# the cycles (policy `informative`). Here is an agent whose kernel is known: twelve states, of which
# only a ring of five can break balance; it does, by 1.5 nats in all. Six times over, one run asks
# adaptively and stops once the log Bayes factor is −5 or less; a second asks every state equally
# often, as many draws; a third does so until it is decided too.
#
# **Finding.** Adaptive runs were decided after 600 draws in the median; at equal cost uniform ones
# were in 1 of 6 cases, and needed 1,300 in the median.

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
SEEDS, DECISIVE = range(6), -5.0
ring = [(k, k + 1) for k in range(4)] + [(0, 4)]
edges = np.array(ring + [(k, k + 1) for k in range(4, 11)])
drive = eq.simulate.cycle_circulation(edges, range(5), affinity=1.5)
potential = np.array([0.0, 0.8, -0.4, 0.6, -0.2, 0.3, -0.5, 0.1, 0.9, -0.7, 0.4, 0.0])
kernel = eq.simulate.driven_kernel(potential, -1.0, drive, edges=edges, states=STATES)

task = Task(
    name="twelve",
    states=STATES,
    prompt=Template((Message("user", "{state}: go on."),)),
    parse=OneOf(STATES),
)


# %% [markdown]
# A store goes on where it stopped, so a loop can ask for a third more draws until the data decide.
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


budgets = [int(400 * 1.3**k) for k in range(11)]
adaptive = [run(Informative(allocate_draws), seed, budgets) for seed in SEEDS]
uniform = [run(FixedPool(), seed, budgets) for seed in SEEDS]
