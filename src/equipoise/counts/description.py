"""What the counts say, in a few aligned lines of plain text."""

from typing import TYPE_CHECKING

import numpy as np

from equipoise.text import listed

if TYPE_CHECKING:
    from equipoise.counts.transition_counts import TransitionCounts


def summarize(counts: "TransitionCounts") -> str:
    """Describe counts.

    Parameters
    ----------
    counts : TransitionCounts
        The data.

    Returns
    -------
    str
        Lines "name  text", the texts aligned; labels are printable.
    """
    lines = [
        ("states", f"{counts.n_states:,}: {listed(counts.states)}"),
        ("trials", _trials(counts)),
        ("transitions", _transitions(counts)),
        ("other", _other(counts)),
        ("never sources", _few(counts.never_sources)),
        ("blocks", _blocks(counts)),
    ]
    if not counts.stay:
        lines.append(("staying", "impossible by protocol: a trial never ends where it began"))
    if counts.support is not None:
        edges = [f"{a} - {b}" for a, b in counts.support]
        lines.append(("declared edges", f"{_few(edges)}, beyond the observed ones"))
    if counts.metadata.get("trials") == "imputed":
        lines.append(("note", "trials of this table were imputed, not observed"))
    width = max(len(name) for name, _ in lines) + 2
    return "\n".join(f"{name:<{width}}{text}" for name, text in lines)


def _few(labels: "tuple[str, ...] | list[str]") -> str:
    return f"{len(labels):,}: {listed(labels, width=40)}" if labels else "none"


def _trials(counts: "TransitionCounts") -> str:
    made = counts.trials[counts.trials > 0]
    low, high = int(made.min()), int(made.max())
    each = f"{low:,} a source" if low == high else f"{low:,} to {high:,} a source"
    if counts.protocol == "draws":
        return f"{counts.n_trials:,} ({each}), drawn from chosen sources"
    starts = sorted(set(counts.starts))
    begin = f" from {listed(starts)}" if starts else ""
    paths = len(counts.starts)
    number = f"{paths:,} trajector{'y' if paths == 1 else 'ies'}" if paths else "trajectories"
    return f"{counts.n_trials:,} ({each}), along {number}{begin}"


def _transitions(counts: "TransitionCounts") -> str:
    own = int(counts.self_transitions.sum())
    pairs = counts.counts.nnz - int(np.count_nonzero(counts.self_transitions))
    return (
        f"{counts.n_transitions:,}, of them {own:,} to the same state; "
        f"{pairs:,} of {counts.n_states * (counts.n_states - 1):,} ordered pairs seen"
    )


def _other(counts: "TransitionCounts") -> str:
    lost = int(counts.other.sum())
    if not lost:
        return "none: every trial ended in a state"
    return f"{lost:,} trials ended in no state ({lost / counts.n_trials:.1%})"


def _blocks(counts: "TransitionCounts") -> str:
    return "none" if counts.blocks is None else _few(counts.blocks.labels)
