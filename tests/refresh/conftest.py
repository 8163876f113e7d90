"""The fixtures of together-refresh's tests. Start them with `tests/refresh/run`."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The roster file, waiting: shared with the tests of the gate in front of sshd.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

from refresher import Refresher  # noqa: E402
from sandboxed import in_sandbox  # noqa: E402
from stuck_name_service import StuckNameService  # noqa: E402


def pytest_configure() -> None:
    if not in_sandbox():
        pytest.exit("these tests change the system: run tests/refresh/run", returncode=2)
    os.umask(0o022)


@pytest.fixture
def refresher() -> Iterator[Refresher]:
    """A node with a roster file of alice and bob that was never refreshed."""
    refresher = Refresher()
    refresher.configure()
    refresher.roster.add("alice", "admin", uid=10001)
    refresher.roster.add("bob", uid=10002)
    refresher.roster.write()
    yield refresher
    refresher.end()


@pytest.fixture
def stuck_names() -> Iterator[StuckNameService]:
    """A name service that takes questions and never answers."""
    with StuckNameService() as service:
        yield service
