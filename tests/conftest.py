"""Shared fixtures."""

import pytest

from equipoise import datasets
from equipoise.counts import TransitionCounts


@pytest.fixture(scope="session")
def alofi() -> TransitionCounts:
    return datasets.alofi_rain()


@pytest.fixture(scope="session")
def weekday() -> TransitionCounts:
    return datasets.smollm2_weekday()


@pytest.fixture(scope="session")
def claude() -> TransitionCounts:
    return datasets.claude_4()


@pytest.fixture(scope="session")
def gemini() -> TransitionCounts:
    return datasets.gemini_2_5_flash()
