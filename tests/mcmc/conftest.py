"""Compiled once a shape: everything here runs in one process (``--dist loadgroup``)."""

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if "/mcmc/" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group("mcmc"))
