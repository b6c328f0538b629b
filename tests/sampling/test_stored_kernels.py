"""Kernels of a store by readable names, from runs of the simulated agent."""

import asyncio

import numpy as np
import pytest

from equipoise.errors import UsageError
from equipoise.sampling.clients.simulated import SimulatedClient, default_kernel
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.store import Store, grouped_counts, stored_kernels
from equipoise.sampling.store.kernels import _readable
from equipoise.sampling.tasks import load_task

TASK = load_task("weekday")


class Warm(SimulatedClient):
    """A simulated agent that says at which temperature it answers."""

    temperature = 1.0

    @property
    def parameters(self):
        return {**super().parameters, "temperature": self.temperature}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two models at two temperatures, 21 draws or more each."""
    path = tmp_path_factory.mktemp("stores") / "run.db"

    async def main():
        with Store(path) as kept:
            for k, model in enumerate(("small", "large")):
                for temperature in (0.2, 1.0):
                    client = Warm(default_kernel(TASK.states), random_seed=k, model=model)
                    client.temperature = temperature
                    options = Options(draws=21 + 7 * k, seed=k)
                    await collect(kept, TASK, client, options)

    asyncio.run(main())
    return path


def test_names_say_what_differs_and_nothing_else(store):
    found = stored_kernels(store)
    assert {name: counts.n_trials for name, counts in found.items()} == {
        "small, temperature 0.2": 21,
        "small, temperature 1.0": 21,
        "large, temperature 0.2": 28,
        "large, temperature 1.0": 28,
    }
    by_model = stored_kernels(store, ["model"])
    assert {name: counts.n_trials for name, counts in by_model.items()} == {
        "large": 56,
        "small": 42,
    }
    by_temperature = stored_kernels(store, ["temperature"])
    assert list(by_temperature) == ["temperature 0.2", "temperature 1.0"]
    assert [counts.n_trials for counts in by_temperature.values()] == [49, 49]
    groups = grouped_counts(store, ["temperature", "model"])
    assert groups[0].key == ("0.2", "large")
    whole = sum(counts.counts.toarray().sum() for counts in found.values())
    parts = [counts.counts.toarray().sum() for counts in by_temperature.values()]
    assert np.sum(parts) == whole


def test_what_tells_nothing_apart_is_refused(store):
    with pytest.raises(UsageError, match="one kernel by task"):
        stored_kernels(store, ["task"])
    with pytest.raises(UsageError, match=r"cannot group by colour.*temperature"):
        stored_kernels(store, ["colour"])


def test_hashes_and_parameters_are_cut_to_what_differs():
    assert _readable("template", ["abcdefghij1", "abcdefghij2"]) == [
        "template abcdefghij1",
        "template abcdefghij2",
    ]
    assert _readable("template", ["a" * 64, "b" * 64]) == ["template aaaaaaaa", "template bbbbbbbb"]
    assert _readable("parameters", ['{"a": 1, "b": 2}', '{"a": 1}']) == ["b 2", "no b"]
    assert _readable("run", ["1", "2"]) == ["run 1", "run 2"]
