# %% [markdown]
# # Features on the potential: what explains it, and what it says of states never asked
#
# A potential is a number for each state. What makes it high or low: the length of a word, its
# place in a list? First an agent whose potential is known to follow one of two features, 15
# states of which three are never sampled; then the weekdays of SmolLM2.
#
# **Finding.** Where the potential follows a feature it is found, log BF +6.2 for features, the
# idle one has an interval that holds 0, and 3 of 3 unseen states lie in their intervals; seven
# weekdays are too few to tell, log BF +0.9.

# %%
import matplotlib.pyplot as plt
import numpy as np

import equipoise as eq

plt.style.use(eq.plots.STYLE)
rng = np.random.default_rng(4)
N, UNSEEN = 15, 3
states = [f"word {k:02d}" for k in range(N)]
length = rng.integers(3, 12, N)
idle = rng.normal(size=N)
truth = 0.4 * length + rng.normal(0, 0.3, N)

# %% [markdown]
# A reversible kernel with exactly this potential, by the rule of Metropolis; 400 draws from each
# of the first twelve states, none of them among the last three.

# %%
seen = range(N - UNSEEN)
steps = np.minimum(1, np.exp(truth[:, None] - truth)) / (N - UNSEEN)
steps = steps[: N - UNSEEN, : N - UNSEEN]
np.fill_diagonal(steps, 0)
np.fill_diagonal(steps, 1 - steps.sum(axis=1))
kernel = eq.simulate.Kernel(tuple(states[k] for k in seen), steps, np.zeros(len(seen)))
counts = eq.simulate.sample_draws(kernel, 400, random_seed=1)
features = {
    state: {"length": int(a), "idle": float(b)}
    for state, a, b in zip(states, length, idle, strict=True)
}
known = eq.explain(counts, features, random_seed=1)
print(known.verdict.text)
for row in known.coefficients:
    print(f"  {row.name:8} {row.mean:+.2f} [{row.lower:+.2f}, {row.upper:+.2f}] nats a sd")

# %% [markdown]
# The weekdays: does the place in the week matter, or the weekend?

# %%
draws = eq.datasets.smollm2_weekday()
days = {day: {"place": k, "weekend": day[0] == "S"} for k, day in enumerate(draws.states)}
found = eq.explain(draws, days, random_seed=1)
print(found.verdict.text)
for row in found.coefficients:
    print(f"  {row.name:8} {row.mean:+.2f} [{row.lower:+.2f}, {row.upper:+.2f}] nats a sd")

# %%
zero = truth[states.index(known.reference)]
rows = [*known.potential, *known.predictions]
real = np.array([truth[states.index(row.state)] - zero for row in rows])
mean, lower, upper = np.array([(row.mean, row.lower, row.upper) for row in rows]).T
figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.8), layout="constrained")
left.plot([real.min(), real.max()], [real.min(), real.max()], color="0.7", zorder=0)
for part, name in ((slice(N - UNSEEN), "sampled"), (slice(N - UNSEEN, None), "never sampled")):
    left.errorbar(
        real[part],
        mean[part],
        yerr=[(mean - lower)[part], (upper - mean)[part]],
        fmt="o",
        markersize=3,
        label=name,
    )
left.set_xlabel("true potential (nats)")
left.set_ylabel("inferred, or predicted (nats)")
left.set_title("a known potential")
left.legend(loc="upper left")
eq.plots.plot_coefficients(found, right)
right.set_title("weekdays, SmolLM2")
figure.savefig("features.png")

inside = (lower <= real) & (real <= upper)
(beta,) = (row for row in known.coefficients if row.name == "idle")
assert known.verdict.favours == "features"
assert beta.lower < 0 < beta.upper
assert found.verdict.favours == "undecided"
print(
    "Finding: Where the potential follows a feature it is found, log BF "
    f"{known.verdict.log_bayes_factor:+.1f} for features, the idle one has an interval that holds "
    f"0, and {inside[N - UNSEEN :].sum()} of {UNSEEN} unseen states lie in their intervals; seven "
    f"weekdays are too few to tell, log BF {found.verdict.log_bayes_factor:+.1f}."
)
