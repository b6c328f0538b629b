"""Labels: one kind only, clean text."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from equipoise.errors import DataError
from equipoise.io.faults import Fault, Place, refuse
from equipoise.io.records import OTHER, IntArray
from equipoise.text import listed, quoted

# C0 and C1 controls break lines and terminals; lone surrogates cannot be written as UTF-8.
_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_label(value: object, place: str = "") -> str:
    """Return a label as clean text.

    Surrounding blanks are removed and whole numbers become text (``3``, ``3.0`` and
    ``np.int64(3)`` all become ``"3"``); nothing else is changed, so ``"é"`` in one and in two
    code points are two labels.

    Parameters
    ----------
    value : object
        Text or a whole number.
    place : str, optional
        Where it stood, for the message: "counts.csv, line 3: ".

    Returns
    -------
    str
        The label, possibly empty.

    Raises
    ------
    DataError
        If it is neither text nor a whole number, or holds a control character.
    """
    text, fault = _cleaned(value)
    if fault is not None:
        refuse([Fault(0, *fault)], lambda _: place)
    return text


def _cleaned(value: object) -> tuple[str, tuple[str, str] | None]:
    """Return a label as text, and what is wrong with it and what to do, if anything."""
    if isinstance(value, str):
        text = str.strip(value)
    elif isinstance(value, int | np.integer) and not isinstance(value, bool):
        text = str(int(value))
    elif isinstance(value, float | np.floating) and float(value).is_integer():
        text = str(int(value))  # pandas turns whole-number labels beside a gap into floats
    else:
        return "", (
            f"the label {quoted(value)} is {_kind(value)}",
            "a label is text or a whole number, so write it as text",
        )
    if _REFUSED.search(text):
        return text, (
            f"the label {quoted(text)} holds a control character",
            "remove it, since labels must fit on one line",
        )
    return text, None


def _kind(value: object) -> str:
    return f"of type {quoted(type(value).__name__)}"


def is_missing(value: object) -> bool:
    """Say whether a value stands for "no state": None, NaN, pandas' NA or NaT, or blank text."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value))
    return type(value).__name__ in {"NAType", "NaTType"}  # pandas is not imported for this


def encode_labels(values: Sequence[object], place: Place) -> tuple[tuple[str, ...], IntArray]:
    """Code labels as integers.

    Parameters
    ----------
    values : sequence
        Labels as found: text, whole numbers, or missing (see `is_missing`).
    place : callable
        ``place(k)`` says where value ``k`` stood, for messages: "counts.csv, line 3: ".

    Returns
    -------
    labels : tuple of str
        Distinct clean labels, sorted.
    codes : (R,) int64 array
        Index into `labels`; -1 where missing.

    Raises
    ------
    DataError
        If labels cannot be used, or a number and a text become the same label.
    """
    labels, codes, faults = label_codes(values)
    refuse(faults, place)
    return labels, codes


def label_codes(values: Sequence[object]) -> tuple[tuple[str, ...], IntArray, list[Fault]]:
    """Code labels as integers, and say which of them cannot be used.

    Parameters
    ----------
    values : sequence
        As for `encode_labels`.

    Returns
    -------
    labels, codes
        As from `encode_labels`; of no use where there are faults.
    faults : list of Fault
        Of each label that cannot be used, where it is first found.
    """
    seen: defaultdict[object, int] = defaultdict()
    seen.default_factory = seen.__len__
    # True, 1 and 1.0 are one key to a dict: keep their types apart, where there are several.
    keys: Iterable[object] = values
    if len(set(map(type, values))) > 1:
        keys = [(type(value), value) for value in values]
    try:
        raw = np.fromiter(map(seen.__getitem__, keys), np.int64, len(values))
    except TypeError:
        return (), np.full(len(values), OTHER - 1), _unhashable(values)
    first = np.unique(raw, return_index=True)[1].tolist()  # where each code was seen first
    texts: dict[str, bool] = {}
    clean: list[str | None] = []  # "": missing; None: not to be used
    faults: list[Fault] = []
    for code in range(len(seen)):
        value = values[first[code]]
        if is_missing(value):
            clean.append("")
            continue
        text, fault = _cleaned(value)
        if fault is not None:
            faults.append(Fault(first[code], *fault))
        elif texts.setdefault(text, isinstance(value, str)) != isinstance(value, str):
            what = f"the text {quoted(text)} and the number {text} become the same label"
            faults.append(Fault(first[code], what, "write all labels as text"))
        clean.append(text if fault is None else None)
    labels = tuple(sorted(texts))
    index: dict[str | None, int] = {label: code for code, label in enumerate(labels)}
    index |= {"": OTHER, None: OTHER - 1}
    table = np.array([index[text] for text in clean], dtype=np.int64)
    return labels, table[raw], faults


def _unhashable(values: Sequence[object]) -> list[Fault]:
    faults = []
    for position, value in enumerate(values):
        try:
            hash(value)
        except TypeError:
            what = f"the label {quoted(value)} is {_kind(value)}"
            faults.append(Fault(position, what, "a label is text or a whole number"))
    unknown = Fault(0, "a label cannot be used as one", "labels are text or whole numbers")
    return faults or [unknown]


def declared_states(states: Iterable[object], what: str = "state") -> tuple[str, ...]:
    """Return declared states as clean labels.

    Parameters
    ----------
    states : iterable
        Text or whole numbers.
    what : str, default "state"
        What is declared, for messages: a state or a block.

    Returns
    -------
    tuple of str
        The labels, in the order given.

    Raises
    ------
    DataError
        If it is a single text, or a label is empty, repeated or unusable.
    """
    if isinstance(states, str | bytes) or not isinstance(states, Iterable):
        raise DataError(
            f"{what}s must be a list of labels, received {quoted(states)}; write ['A', 'B', ...]"
        )
    items = list(states)
    labels = tuple(
        "" if is_missing(item) else clean_label(item, f"declared {what} {position + 1}: ")
        for position, item in enumerate(items)
    )
    if "" in labels:
        raise DataError(
            f"declared {what} {labels.index('') + 1} is empty; every {what} needs a label"
        )
    if len(set(labels)) < len(labels):
        twice = sorted(label for label, times in Counter(labels).items() if times > 1)
        raise DataError(f"{what}s are declared twice: {listed(twice)}; name each {what} once")
    return labels
