"""Counts of overlapping windows are refused, with the opt-out named."""

import pytest

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError
from equipoise.inference.sampling_checks import check_windows

TABLE = [[5, 2], [3, 4]]


def counted(**metadata):
    return TransitionCounts.from_matrix(TABLE, states=["A", "B"], metadata=metadata)


@pytest.mark.parametrize(
    ("metadata", "at"),
    [({"lag": 10}, "lag '10'"), ({}, "a lag that is not given")],
)
def test_sliding_windows_are_refused_and_the_opt_out_works(metadata, at):
    with pytest.raises(DataError) as caught:
        counted(counting="sliding", **metadata)
    assert at in str(caught.value)
    assert "metadata['overlap'] = 'accepted'" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    accepted = counted(counting="sliding", overlap="accepted", **metadata)
    assert check_windows(accepted).status == "suspect"


def test_what_does_not_overlap_is_taken():
    for metadata in ({"counting": "sliding", "lag": 1}, {"counting": "sample", "lag": 10}):
        assert check_windows(counted(**metadata)).status == "not checkable"  # independent draws


@pytest.mark.parametrize("metadata", [{"counting": "slide"}, {"overlap": True}])
def test_unknown_words_are_refused(metadata):
    with pytest.raises(DataError, match=rf"metadata\['{next(iter(metadata))}'\] is"):
        counted(**metadata)
