# SPDX-License-Identifier: Apache-2.0
"""The fixtures of together-refresh's tests. Start them with `tests/system/refresh/run`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.refresher import Refresher
from support.sandboxed import in_sandbox
from support.stuck_name_service import StuckNameService


def pytest_configure() -> None:
    if not in_sandbox():
        pytest.exit("these tests change the system: run tests/system/refresh/run", returncode=2)
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
