"""Formats that hold everything: what comes back equals what went out, in every attribute."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.counts import Blocks, TransitionCounts

FAST = settings(deadline=None, max_examples=40)

LABELS = (
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=6)
    .map(str.strip)
    .filter(bool)
) | st.sampled_from(["other", "nan", "None", "1", "-1", "NA", "source", "schema", "counts", "=1+1"])

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    # metadata may hold any text, even a lone surrogate and control characters
    | st.sampled_from(["\ud800", "\x00\x1b", "é"])
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
METADATA = st.dictionaries(
    st.text(max_size=4).filter(lambda key: key != "trials"), JSON, max_size=3
)


@st.composite
def values(draw):
    """Any value: states in any order, some without a trial; blocks, sequences, support, ..."""
    states = draw(st.lists(LABELS, min_size=1, max_size=5, unique=True))
    pair = st.tuples(st.sampled_from(states), st.sampled_from(states)).filter(
        lambda p: p[0] != p[1]
    )
    common = {
        "support": draw(st.none() | st.lists(pair, max_size=3)) if len(states) > 1 else None,
        "metadata": draw(METADATA),
    }
    if draw(st.booleans()):
        label = st.sampled_from(states)
        path = st.tuples(label, label, st.lists(label | st.none(), max_size=9))
        paths = draw(st.lists(path.map(lambda p: [p[0], p[1], *p[2]]), min_size=1, max_size=3))
        return TransitionCounts.from_sequences(paths, states=states, **common)
    size = len(states)
    cell = st.tuples(
        st.integers(0, 2), st.integers(0, size - 1), st.integers(-1, size - 1),
        st.integers(1, 9) | st.integers(1, 2**50),
    )  # fmt: skip
    rows = draw(st.lists(cell, max_size=12))
    rows.append((0, draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1)), 7))
    counts, other = np.zeros((size, size), dtype=np.int64), np.zeros(size, dtype=np.int64)
    for _, source, target, count in rows:
        if target < 0:
            other[source] += count
        else:
            counts[source, target] += count
    blocks = None
    if draw(st.booleans()):
        names = draw(st.lists(LABELS, min_size=3, max_size=4, unique=True))  # some without a trial
        blocks = Blocks(tuple(names), *np.transpose(rows))
    protocol = draw(st.sampled_from(["draws", "trajectory"]))
    starts = st.lists(st.sampled_from(states), max_size=3)
    return TransitionCounts(
        tuple(states),
        counts,
        other,
        protocol=protocol,
        starts=tuple(draw(starts)) if protocol == "trajectory" else (),
        stay=bool(counts.diagonal().any()) or draw(st.booleans()),
        blocks=blocks,
        **common,
    )


def by_dict(counts, folder):
    return TransitionCounts.from_dict(counts.to_dict())


def by_json(counts, folder):
    return TransitionCounts.from_dict(json.loads(json.dumps(counts.to_dict(), sort_keys=True)))


def by_parquet(counts, folder):
    counts.to_parquet(folder / "counts.parquet")
    return TransitionCounts.from_parquet(folder / "counts.parquet")


def by_xarray(counts, folder):
    return TransitionCounts.from_xarray(counts.to_xarray())


def by_netcdf(counts, folder):
    import xarray as xr

    path = folder / "counts.nc"
    counts.to_xarray().to_netcdf(path, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        return TransitionCounts.from_xarray(dataset)


WAYS = [by_dict, by_json, by_parquet, by_xarray]


@pytest.mark.parametrize("way", WAYS)
@given(counts=values())
@FAST
def test_everything_comes_back(tmp_path_factory, way, counts):
    again = way(counts, tmp_path_factory.getbasetemp())
    assert again == counts
    assert again.summary() == counts.summary()
    assert not again.other.flags.writeable


@given(counts=values())
@settings(FAST, max_examples=10)  # a file takes 50 ms; the Dataset is tried above
def test_everything_survives_netcdf(tmp_path_factory, counts):
    assert by_netcdf(counts, tmp_path_factory.getbasetemp()) == counts


@pytest.mark.parametrize("way", WAYS)
@given(counts=values(), random=st.randoms())
@FAST
def test_relabelling_and_the_way_out_commute(tmp_path_factory, way, counts, random):
    names = [f"new {k}" for k in range(counts.n_states)]
    random.shuffle(names)
    mapping = dict(zip(counts.states, names, strict=True))
    folder = tmp_path_factory.getbasetemp()
    assert way(counts.relabel(mapping), folder) == way(counts, folder).relabel(mapping)


@pytest.mark.parametrize("way", [*WAYS, by_netcdf])
def test_the_data_sets_come_back(tmp_path, way, alofi, weekday, claude, gemini):
    for counts in (alofi, weekday, claude, gemini):
        assert way(counts, tmp_path) == counts


@pytest.mark.parametrize("way", [by_parquet, by_netcdf, by_json])
def test_large_attributes_come_back(tmp_path, way):
    rng = np.random.default_rng(5)
    walk = [f"state {k}" for k in rng.integers(0, 50, size=40_000)]
    counts = TransitionCounts.from_sequences(walk, metadata={"prompt": "é" * 300_000})
    assert way(counts, tmp_path) == counts


READ = {
    "from_dict": lambda counts, folder: counts.to_dict(),
    "from_xarray": lambda counts, folder: counts.to_xarray(),
    "from_parquet": lambda counts, folder: written(counts, folder / "counts.parquet"),
    "from_file": lambda counts, folder: written(counts, folder / "counts.parquet"),
}


def written(counts, path):
    counts.to_parquet(path)
    return path


@pytest.mark.parametrize("read", READ)
def test_arguments_override_what_the_data_say(tmp_path, read):
    counts = TransitionCounts(
        ("B", "A"),
        np.array([[0, 3], [2, 0]]),
        np.array([0, 5]),
        protocol="trajectory",
        starts=("A",),
        stay=False,
        metadata={"model": "m", "trials": "imputed"},
    )
    data = READ[read](counts, tmp_path)
    call = getattr(TransitionCounts, read)
    assert call(data) == counts
    changed = call(
        data,
        states=["A", "C", "B"],
        support=[("C", "A")],
        protocol="draws",
        starts=(),
        stay=True,
        metadata={"model": "n"},
    )
    assert changed == TransitionCounts(
        ("A", "C", "B"),
        np.array([[0, 0, 2], [0, 0, 0], [3, 0, 0]]),
        np.array([5, 0, 0]),
        support=(("A", "C"),),
        metadata={"model": "n"},
    )
    with pytest.raises(ValueError, match="declared states leave out B"):
        call(data, states=["A"])
    with pytest.raises(ValueError, match="protocol is 'walk'"):
        call(data, protocol="walk")
    with pytest.raises(ValueError, match="starts belong to trajectories"):
        call(data, protocol="draws")
