"""Tests by MCMC run in two processes (``--dist loadgroup``), so that each shape compiles once."""

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "mcmc":
            shared = item.path.stem in ("test_path", "test_posterior")
            item.add_marker(pytest.mark.xdist_group("bundled" if shared else "own tables"))
