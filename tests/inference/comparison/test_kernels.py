"""Kernels put together: states, what can be compared, what is refused."""

import numpy as np
import pytest

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.inference.comparison import kernels_of


def table(labels, matrix=None):
    n = len(labels)
    values = np.full((n, n), 5) if matrix is None else matrix
    return TransitionCounts.from_matrix(values, states=list(labels))


def test_the_union_of_states_and_what_is_shared():
    found = kernels_of({"one": table("abc"), "two": table("cbde")})
    assert found.states == ("a", "b", "c", "d", "e")
    assert found.shared == ("b", "c")
    assert [place.tolist() for place in found.places] == [[0, 1, 2], [2, 1, 3, 4]]
    # 2 + 3 differences known, 4 of one potential on five states: one comparison.
    assert found.n_comparisons == 1
    assert found.component.tolist() == [0] * 5
    assert "one, two; 5 states, 2 of them in two or more" in repr(found)


def test_three_kernels_can_be_compared_round_a_ring():
    """Each pair shares one state only; all three together know one difference twice."""
    found = kernels_of({"1": table("ab"), "2": table("bc"), "3": table("ca")})
    assert found.n_comparisons == 1


def test_components_do_not_join():
    apart = [[5, 5, 0, 0], [5, 5, 0, 0], [0, 0, 5, 5], [0, 0, 5, 5]]
    found = kernels_of({"1": table("abcd", apart), "2": table("ab")})
    assert found.n_comparisons == 1
    with pytest.raises(DataError, match="cannot be compared"):
        kernels_of({"1": table("abcd", apart), "2": table("ac")})


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"one": table("ab")}, UsageError, "two kernels or more"),
        ({}, UsageError, "two kernels or more"),
        ([table("ab"), table("ab")], UsageError, "mapping of names"),
        ({"one": table("ab"), "two": [[1]]}, UsageError, "'two' must be an equipoise"),
        ({"one": table("ab"), " ": table("ab")}, UsageError, "must not be empty"),
        ({"one": table("ab"), "two": table("cd")}, DataError, "0 states in common"),
        ({"one": table("ab"), "two": table("bc")}, DataError, "1 states in common"),
        ({"one": table("a"), "two": table("a")}, DataError, "cannot be compared"),
    ],
)
def test_what_cannot_be_compared_is_refused(given, error, words):
    with pytest.raises(error, match=words):
        kernels_of(given)
