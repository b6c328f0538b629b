"""What must hold for `TransitionCounts`: one function a part, each returning the clean value."""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array, csr_array, issparse

from equipoise.errors import DataError, UsageError
from equipoise.io.blocks import Blocks
from equipoise.io.integers import check_counts, check_total
from equipoise.io.labels import clean_label
from equipoise.io.records import OTHER, IntArray, frozen
from equipoise.text import listed, quoted

if TYPE_CHECKING:
    from equipoise.counts.transition_counts import TransitionCounts

Protocol = Literal["draws", "trajectory"]
Path = str | os.PathLike[str]
PROTOCOLS = ("draws", "trajectory")


def count_matrix(counts: Any, n_states: int) -> "csr_array[np.int64]":
    """Return an (S, S) canonical, read-only sparse matrix of int64 counts."""
    sparse = issparse(counts)
    dense = None if sparse else check_counts(counts, _cells(counts))
    shape = counts.shape if dense is None else dense.shape
    if shape != (n_states, n_states):
        raise DataError(
            f"counts have shape {shape} for {n_states} states; "
            "give a square matrix with one row and one column a state"
        )
    coo = coo_array(counts if dense is None else dense)
    data = check_counts(
        coo.data, lambda k: f"counts, row {coo.row[k] + 1}, column {coo.col[k] + 1}: "
    )
    check_total(data)  # before csr adds up repeated entries
    csr = csr_array(coo_array((data, (coo.row, coo.col)), shape=shape, dtype=np.int64))
    csr.sum_duplicates()
    csr.eliminate_zeros()
    csr.sort_indices()
    for array in (csr.data, csr.indices, csr.indptr):
        array.flags.writeable = False
    return csr


def _cells(counts: ArrayLike) -> Callable[[int], str]:
    """Return what says where an entry of a dense array, in C order, stands."""
    shape = np.shape(counts)
    if len(shape) != 2:
        return lambda _: "counts: "
    return lambda k: f"counts, row {k // shape[1] + 1}, column {k % shape[1] + 1}: "


def other_vector(other: ArrayLike, n_states: int) -> IntArray:
    """Return the (S,) read-only vector of trials that ended in no state."""
    array = check_counts(other, lambda k: f"other, entry {k + 1}: ")
    if array.shape != (n_states,):
        raise DataError(
            f"other has shape {array.shape} for {n_states} states; give one count a state"
        )
    return frozen(array)


def protocol(value: object) -> Protocol:
    """Return the protocol, one of `PROTOCOLS`."""
    if value not in PROTOCOLS:
        raise UsageError(f"protocol is {quoted(value)}; write {' or '.join(map(repr, PROTOCOLS))}")
    return cast(Protocol, value)


def totals(counts: "csr_array[np.int64]", other: IntArray, stay: bool) -> None:
    """Refuse counts without a transition, with too many, or with impossible ones."""
    check_total(np.concatenate([counts.data, other]))
    if counts.nnz == 0:
        raise no_transition(int(other.sum()))
    own = counts.diagonal()
    if not stay and own.any():
        raise DataError(
            f"stay=False, but {int(own.sum()):,} self-transitions were counted in "
            f"{int(np.count_nonzero(own)):,} of the states; leave them out, or write stay=True"
        )


def no_transition(lost: int, name: str = "") -> DataError:
    """Return the error for data in which no trial reached a state."""
    seen = f"all {lost:,} trials ended in no state" if lost else "every count is 0"
    return DataError(f"{name}there is no transition at all ({seen}); count some that reach a state")


def support(
    pairs: Iterable[Iterable[object]] | None,
    states: tuple[str, ...],
    counts: "csr_array[np.int64]",
) -> tuple[tuple[str, str], ...] | None:
    """Return the declared edges that were not observed, sorted; None where none were declared."""
    if pairs is None:
        return None
    if isinstance(pairs, str):
        raise DataError(f"support must be a list of pairs, received {quoted(pairs)}")
    position = {label: k for k, label in enumerate(states)}
    edges: set[tuple[int, int]] = set()
    for pair in pairs:
        ends = () if isinstance(pair, str) else tuple(pair)
        if len(ends) != 2:
            raise DataError(
                f"support holds {quoted(pair)}, which is no pair; write [('A', 'B'), ...]"
            )
        labels = [clean_label(end, "support: ") for end in ends]
        unknown = [label for label in labels if label not in position]
        if unknown:
            raise DataError(
                f"support names {listed(unknown)}, no state of the data; declare it by states= too"
            )
        i, j = sorted(position[label] for label in labels)
        if i == j:
            raise DataError(
                f"support joins {quoted(labels[0])} to itself; an edge has two different ends"
            )
        edges.add((i, j))
    observed = coo_array(counts)
    seen = set(zip(observed.row.tolist(), observed.col.tolist(), strict=True))
    kept = sorted(e for e in edges if e not in seen and e[::-1] not in seen)
    return tuple((states[i], states[j]) for i, j in kept)


def start_labels(starts: object) -> tuple[str, ...]:
    """Return start states as clean labels."""
    if isinstance(starts, str) or not isinstance(starts, Iterable):
        raise DataError(f"starts must be a list of labels, received {quoted(starts)}")
    return tuple(clean_label(label, "starts: ") for label in starts)


def paths(
    starts: object,
    sequences: Iterable[ArrayLike] | None,
    states: tuple[str, ...],
    counts: "csr_array[np.int64]",
    other: IntArray,
    how: Protocol,
) -> tuple[tuple[str, ...], tuple[IntArray, ...] | None]:
    """Return starts and sequences, refusing those that contradict states, counts or protocol."""
    labels = start_labels(starts)
    unknown = sorted(set(labels) - set(states))
    if unknown:
        raise DataError(f"starts name {listed(unknown)}, which are no states; check them")
    if sequences is None:
        if labels and how != "trajectory":
            raise DataError("starts belong to trajectories; write protocol='trajectory' too")
        return labels, None
    checked = tuple(_sequence(path, len(states)) for path in sequences)
    if how != "trajectory":
        raise DataError("sequences belong to trajectories; write protocol='trajectory' too")
    if labels != tuple(states[path[0]] for path in checked):
        raise DataError("starts are not the first states of the sequences; make them agree")
    size = len(states)
    cells = [step_cells(path, size) for path in checked]
    used, times = np.unique(np.concatenate([*cells, frozen([])]), return_counts=True)
    row, column = np.divmod(used, size + 1)
    lost = column == size
    coo = coo_array(counts)
    same = np.array_equal(row[~lost] * size + column[~lost], coo.row * size + coo.col)
    gone = np.zeros(size, dtype=np.int64)
    gone[row[lost]] = times[lost]
    if not (same and np.array_equal(times[~lost], coo.data) and np.array_equal(gone, other)):
        raise DataError("the sequences do not add up to counts and other; use from_sequences")
    return labels, checked


def _sequence(path: ArrayLike, size: int) -> IntArray:
    array = np.asarray(path)
    if array.ndim != 1 or array.size < 2 or array.dtype.kind not in "iu":
        raise DataError(
            f"a sequence of state indices has shape {array.shape} and type {array.dtype}; "
            "give at least two integers in one dimension"
        )
    if array.min() < OTHER or array.max() >= size or array[0] == OTHER:
        raise DataError(
            f"a sequence holds indices from {array.min()} to {array.max()} and begins with "
            f"{array[0]}; indices run from 0 to {size - 1}, -1 is a failed trial but no start"
        )
    return frozen(array)


def step_cells(path: IntArray, size: int) -> IntArray:
    """Return ``from * (S + 1) + to`` of each step; a failed trial goes to S and moves nothing."""
    last = np.where(path == OTHER, 0, np.arange(path.size))
    here = path[np.maximum.accumulate(last)][:-1]
    return here * (size + 1) + np.where(path[1:] == OTHER, size, path[1:])


def blocks(value: object, counts: "csr_array[np.int64]", other: IntArray) -> None:
    """Refuse blocks that do not add up to the counts."""
    if value is None:
        return
    if not isinstance(value, Blocks):
        raise DataError(f"blocks are of type {quoted(type(value).__name__)}; give a Blocks value")
    size = other.size
    if value.source.size and max(value.source.max(), value.target.max()) >= size:
        raise DataError(
            f"blocks hold a state index beyond {size - 1}; make blocks and states agree"
        )
    check_total(value.count, "blocks: ")
    lost = value.target == OTHER
    gone = np.zeros(size, dtype=np.int64)
    np.add.at(gone, value.source[lost], value.count[lost])
    cells = (value.source[~lost], value.target[~lost])
    moved = csr_array(coo_array((value.count[~lost], cells), shape=counts.shape, dtype=np.int64))
    moved.sum_duplicates()
    moved.sort_indices()
    if not (np.array_equal(gone, other) and same_matrix(moved, counts)):
        raise DataError("the blocks do not add up to counts and other; make them agree")


def same_matrix(a: "csr_array[np.int64]", b: "csr_array[np.int64]") -> bool:
    """Say whether two canonical sparse matrices are equal."""
    return a.shape == b.shape and all(
        np.array_equal(getattr(a, part), getattr(b, part)) for part in ("indptr", "indices", "data")
    )


def same(a: "TransitionCounts", b: "TransitionCounts") -> bool:
    """Say whether two counts are equal in every attribute."""
    plain = ("states", "protocol", "starts", "stay", "support", "blocks", "metadata")
    if any(getattr(a, name) != getattr(b, name) for name in plain):
        return False
    if (a.sequences is None) != (b.sequences is None):
        return False
    pairs = zip(a.sequences or (), b.sequences or (), strict=False)
    return (
        len(a.sequences or ()) == len(b.sequences or ())
        and all(np.array_equal(x, y) for x, y in pairs)
        and np.array_equal(a.other, b.other)
        and same_matrix(a.counts, b.counts)
    )
