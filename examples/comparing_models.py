# %% [markdown]
# # One potential, or many? Two small models, two prompts, two temperatures
#
# Sixteen kernels were collected on one machine: SmolLM2-135M and Gemma 3 270M, asked for another
# day of the week or another month, by two prompts, at temperatures 1 and 0.7, 2,100 draws each
# (`examples/small-models` holds the prompts and the commands). Does one potential drive them all?

# %%
import equipoise as eq

days = eq.datasets.small_models("weekday")
for name, counts in days.items():
    print(f"{name:28} {counts.n_transitions:,} of {counts.n_trials:,} draws reached a day")

# %% [markdown]
# All eight at once, then pairs that differ in one thing only.

# %%
everything = eq.compare(days, fast=True, random_seed=1)
print(eq.summary(everything))


# %%
def pair(first: str, second: str) -> eq.Comparison:
    """Compare two of the kernels."""
    return eq.compare({name: days[name] for name in (first, second)}, fast=True, random_seed=1)


PAIRS = {
    "model": ("SmolLM2, list, T = 1", "Gemma, list, T = 1"),
    "prompt": ("SmolLM2, list, T = 1", "SmolLM2, pattern, T = 1"),
    "temperature": ("SmolLM2, list, T = 1", "SmolLM2, list, T = 0.7"),
}
for what, names in PAIRS.items():
    found = pair(*names)
    (distance,) = found.distances
    print(
        f"another {what:12} log BF for one potential {found.verdict.log_bayes_factor:8.1f}, "
        f"potentials {distance.rms:.2f} nats apart "
        f"({distance.rms_lower:.2f} to {distance.rms_upper:.2f})"
    )

# %%
eq.plots.plot_distances(everything)
