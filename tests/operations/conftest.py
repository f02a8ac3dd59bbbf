"""The programs that check the files which ship and watch the server."""

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus's checker, its path."""
    return _program("promtool")


@pytest.fixture(scope="session")
def prometheus() -> str:
    """Prometheus, its path."""
    return _program("prometheus")


@pytest.fixture(scope="session")
def nginx() -> str:
    """nginx, its path."""
    return _program("nginx")


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        missing = f"{name} is not installed: run `make system` as root"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found
