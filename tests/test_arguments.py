"""Numbers given as arguments."""

import numpy as np
import pytest

from equipoise.arguments import is_finite, whole_number
from equipoise.errors import UsageError


@pytest.mark.parametrize("value", [3, 3.0, np.int8(3), np.float64(3), np.array(3)])
def test_whole_numbers(value):
    found = whole_number(value, "n", 1, 3)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize(
    "value", [0, 4, -1, 3.5, True, None, "3", "\x1b[2J", [3], np.nan, np.inf, 2j, np.array([3, 3])]
)
def test_what_is_none_is_refused_in_one_line(value):
    with pytest.raises(UsageError, match="n must be from 1 to 3, and a whole number, not") as error:
        whole_number(value, "n", 1, 3)
    assert str(error.value).isprintable()


def test_finite_numbers():
    assert all(map(is_finite, (0, -1.5, np.float32(2), np.int64(3))))
    assert not any(map(is_finite, (np.nan, -np.inf, "1", None, [1.0], 1j)))
