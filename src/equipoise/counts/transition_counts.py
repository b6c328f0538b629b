"""Counted transitions: the data of every test of detailed balance.

`TransitionCounts` is a frozen value. It is built from tables, matrices, mappings, labelled arrays
or sequences by its class methods, and written back by its `to_` methods. Axis 0 of every matrix is
*from*, axis 1 is *to*.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from equipoise.counts import check
from equipoise.counts import full_readers as _full_readers
from equipoise.counts import readers as _readers
from equipoise.counts import writers as _writers
from equipoise.counts.check import Protocol
from equipoise.counts.description import summarize
from equipoise.counts.windows import refuse_overlap
from equipoise.errors import DataError
from equipoise.io.blocks import Blocks
from equipoise.io.labels import clean_label, declared_states
from equipoise.io.metadata import freeze_metadata, thaw_metadata
from equipoise.io.records import IntArray
from equipoise.text import listed, quoted

__all__ = ["Blocks", "TransitionCounts"]


@dataclass(frozen=True, eq=False, repr=False)
class TransitionCounts:
    """How often each state led to each other state, and how that was counted.

    Attributes
    ----------
    states : tuple of str
        Labels of the S states: sorted unless another order was declared.
    counts : (S, S) csr_array of int64
        Transitions, axis 0 from, axis 1 to; canonical: sorted indices, no stored zeros, read-only.
    other : (S,) int64 array
        Trials from each state that ended in no state: rejected, escaped, refused, unparsable.
    protocol : {"draws", "trajectory"}
        "draws": sources were chosen; "trajectory": each trial starts where the last one ended.
    starts : tuple of str
        Start state of each trajectory.
    stay : bool
        Whether a trial may end where it began; set by the protocol, never inferred from counts.
    blocks : Blocks or None
        The same trials, batch by batch.
    sequences : tuple of int64 arrays, or None
        State indices of each trajectory in order; -1 is a failed trial (the agent stays).
    support : tuple of pairs of str, or None
        Undirected edges declared beyond the observed ones, each pair in the order of `states`;
        None: nothing was declared, and results are conditional on the observed support.
    metadata : mapping
        What is known about the data (model, prompt, date, ...), as JSON can hold it, read-only.
        "trials": "observed" or "imputed" says how the number of trials was known. "counting":
        "sliding" and "lag" say that transitions at a lag were counted in overlapping windows, which
        is refused unless "overlap" is "accepted".

    Raises
    ------
    DataError
        If the parts do not fit together, hold no transition at all, hold self-transitions although
        ``stay=False``, or come from overlapping windows.

    Notes
    -----
    Two values are equal if all of this is equal, the order of the states included.
    """

    states: tuple[str, ...]
    counts: "csr_array[np.int64]"
    other: IntArray
    protocol: Protocol = "draws"
    starts: tuple[str, ...] = ()
    stay: bool = True
    blocks: Blocks | None = None
    sequences: tuple[IntArray, ...] | None = None
    support: tuple[tuple[str, str], ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        states = declared_states(self.states)
        counts = check.count_matrix(self.counts, len(states))
        checked: dict[str, object] = {
            "states": states,
            "counts": counts,
            "other": check.other_vector(self.other, len(states)),
            "protocol": check.protocol(self.protocol),
            "stay": bool(self.stay),
            "support": check.support(self.support, states, counts),
            "metadata": freeze_metadata(self.metadata),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        refuse_overlap(self.metadata)
        check.totals(counts, self.other, self.stay)
        check.blocks(self.blocks, counts, self.other)
        starts, paths = check.paths(
            self.starts, self.sequences, states, counts, self.other, self.protocol
        )
        object.__setattr__(self, "starts", starts)
        object.__setattr__(self, "sequences", paths)

    # What the counts say

    @property
    def n_states(self) -> int:
        """Number of states S."""
        return len(self.states)

    @property
    def n_transitions(self) -> int:
        """Number of transitions, self-transitions included, `other` left out."""
        return int(self.counts.sum())

    @property
    def n_trials(self) -> int:
        """Number of trials: transitions and `other`."""
        return self.n_transitions + int(self.other.sum())

    @property
    def trials(self) -> IntArray:
        """Trials N_i made from each state, (S,) int64: row sum of `counts` plus `other`."""
        return np.asarray(self.counts.sum(axis=1), dtype=np.int64) + self.other

    @property
    def self_transitions(self) -> IntArray:
        """Transitions n_ii of each state to itself, (S,) int64."""
        return np.asarray(self.counts.diagonal(), dtype=np.int64)

    @property
    def never_sources(self) -> tuple[str, ...]:
        """States from which no trial was made; they are kept, and can only be reached."""
        return tuple(self.states[k] for k in np.flatnonzero(self.trials == 0))

    def index(self, label: object) -> int:
        """Return the position of a state on both axes.

        Parameters
        ----------
        label : str or int
            The label of the state.

        Returns
        -------
        int
            Its index.

        Raises
        ------
        DataError
            If there is no such state.
        """
        text = clean_label(label)
        if text not in self.states:
            raise DataError(
                f"there is no state {quoted(text)}; the states are {listed(self.states)}"
            )
        return self.states.index(text)

    def summary(self) -> str:
        """Return a few aligned lines of plain text about the data, safe for any terminal."""
        return summarize(self)

    # Equality, copies

    def equals(self, other_counts: object) -> bool:
        """Say whether another value holds the same data, order of states and metadata included.

        Parameters
        ----------
        other_counts : object
            Anything.

        Returns
        -------
        bool
            True if it is a TransitionCounts equal in every attribute.
        """
        return isinstance(other_counts, TransitionCounts) and check.same(self, other_counts)

    def __eq__(self, other: object) -> bool:
        return self.equals(other) if isinstance(other, TransitionCounts) else NotImplemented

    def __hash__(self) -> int:
        arrays = (self.counts.indptr, self.counts.indices, self.counts.data, self.other)
        return hash((self.states, self.starts, *(array.tobytes() for array in arrays)))

    def __repr__(self) -> str:
        return (
            f"TransitionCounts({self.n_states} states, {self.n_transitions} transitions, "
            f"{int(self.other.sum())} other, protocol={self.protocol!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through the constructor: read-only mappings cannot be pickled."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["metadata"] = thaw_metadata(self.metadata)
        return _restore, (type(self), values)

    def relabel(self, mapping: Mapping[str, object]) -> Self:
        """Return the same data under other labels; the order of the states stays.

        Parameters
        ----------
        mapping : mapping of str to label
            New labels; states that are not named keep theirs.

        Returns
        -------
        TransitionCounts
            A new value; starts and support are renamed with it.

        Raises
        ------
        DataError
            If a label is unknown, or two states would become one (that is merging, not renaming).
        """
        known = set(self.states)
        unknown = [label for label in mapping if label not in known]
        if unknown:
            raise DataError(f"relabel names {listed(unknown)}, which are no states; check them")
        new = {label: clean_label(mapping.get(label, label)) for label in self.states}
        if len(set(new.values())) < len(new):
            raise DataError("relabel would give two states one label; give every state its own")
        support = self.support and tuple((new[a], new[b]) for a, b in self.support)
        return replace(
            self,
            states=tuple(new.values()),
            starts=tuple(new[label] for label in self.starts),
            support=support,
        )

    def without_blocks(self) -> Self:
        """Return the same counts with the blocks forgotten."""
        return replace(self, blocks=None)

    # In

    from_csv = classmethod(_readers.from_csv)
    from_matrix_csv = classmethod(_readers.from_matrix_csv)
    from_dataframe = classmethod(_readers.from_dataframe)
    from_matrix = classmethod(_readers.from_matrix)
    from_sequences = classmethod(_readers.from_sequences)
    from_path_file = classmethod(_readers.from_path_file)
    from_parquet = classmethod(_full_readers.from_parquet)
    from_dict = classmethod(_full_readers.from_dict)
    from_xarray = classmethod(_full_readers.from_xarray)
    from_file = classmethod(_full_readers.from_file)

    # Out

    to_csv = _writers.to_csv
    to_dataframe = _writers.to_dataframe
    to_matrix = _writers.to_matrix
    to_sequences = _writers.to_sequences
    to_parquet = _writers.to_parquet
    to_dict = _writers.to_dict
    to_xarray = _writers.to_xarray


def _restore(cls: type[TransitionCounts], values: dict[str, Any]) -> TransitionCounts:
    return cls(**values)
