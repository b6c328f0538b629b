# %% [markdown]
# # Collecting from Claude, tried out on a model of your own machine
#
# The collector asks a language model for the next state, again and again, and keeps every reply.
# What follows is written for Claude. As it stands it needs neither key nor money: it asks
# SmolLM2-135M on this machine, if that is there (`pip install 'equipoise[local]'`, then
# `equipoise fetch`), which takes some minutes, else an agent that is a known kernel.
#
# **Finding.** All 1,400 draws are on disk with their raw replies, the same call once more asks
# nothing, and they show very strong evidence that this agent breaks detailed balance.

# %%
import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt

import equipoise as eq
from equipoise.sampling import Collected, Options, Store, collect, load_task, stored_counts
from equipoise.sampling.clients.models import is_fetched, local_model

plt.style.use(eq.plots.STYLE)
AGENT = "local"  # "claude": needs ANTHROPIC_API_KEY, and costs a few cents
DRAWS = 1400
task = load_task("weekday")
print(task.prompt("Monday").messages[-1].text)


# %%
def agent():
    """Return the client: Claude, the local model, or a known kernel where there is none."""
    if AGENT == "claude":
        import anthropic

        from equipoise.sampling.clients.anthropic import AnthropicClient

        return AnthropicClient(anthropic.AsyncAnthropic(), "claude-haiku-4-5")
    if find_spec("xllamacpp") and is_fetched(local_model("smollm2-135m")):
        from equipoise.sampling.clients.local import LocalClient

        return LocalClient(local_model("smollm2-135m"), max_tokens=task.max_tokens)
    from equipoise.sampling.clients.simulated import SimulatedClient, default_kernel

    print("no local model here: asking a known kernel instead")
    return SimulatedClient(default_kernel(task.states), random_seed=1, model="driven ring")


async def ask() -> Collected:
    """Make the draws; what the store holds already is not asked again."""
    client = agent()
    try:
        with Store("days.db") as store:
            return await collect(store, task, client, Options(draws=DRAWS))
    finally:
        await client.close()


def in_a_thread() -> Collected:
    """Run it where an event loop may be running already; in a notebook `await ask()` will do."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask()).result()


Path("days.db").unlink(missing_ok=True)  # begin anew; leave this out to go on
first = in_a_thread()
print(f"{first.text}; {first.seconds:.0f} s")
again = in_a_thread()
print(f"once more: {again.totals.done - first.totals.done} new draws")

# %% [markdown]
# Replies that are no day are outcomes too: they count as trials that ended in no state. Before
# money is spent, `equipoise collect` says what it will cost at most, and asks; `confirm=` does
# the same.

# %%
counts = stored_counts("days.db")
print(f"{counts.n_transitions} of {counts.n_trials} replies are a day")
result = eq.test(counts, fast=True, random_seed=1)
print(result.verdict.text)

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.8), layout="constrained")
table = counts.counts.toarray()
picture = left.imshow(table / counts.trials[:, None], cmap="Blues", vmin=0)
left.set_xticks(range(7), [day[:3] for day in counts.states])
left.set_yticks(range(7), [day[:3] for day in counts.states])
left.set_xlabel("answered")
left.set_ylabel("shown")
figure.colorbar(picture, ax=left, label="share of the replies")
eq.plots.plot_potential(result, right)
figure.savefig("collecting.png")

assert first.ending == again.ending == "complete"
assert again.totals.done == DRAWS
assert result.verdict.favours == "non-reversible"
print(
    f"Finding: All {first.totals.done:,} draws are on disk with their raw replies, the same call "
    f"once more asks nothing, and they show {result.verdict.strength} evidence that this agent "
    "breaks detailed balance."
)
