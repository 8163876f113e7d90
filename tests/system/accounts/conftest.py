# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the accounts' tests. Start them with `tests/system/accounts/run`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.accounts_node import AccountsNode
from support.sandboxed import in_sandbox

CHANGED = [Path("/etc/passwd"), Path("/etc/group"), Path("/etc/nsswitch.conf"), Path("/etc/sudoers")]


def pytest_configure() -> None:
    if not in_sandbox():
        pytest.exit("these tests change the system: run tests/system/accounts/run", returncode=2)
    os.umask(0o022)


@pytest.fixture
def empty_node() -> Iterator[AccountsNode]:
    """Configured, with a roster file of alice and bob that was never refreshed."""
    before = {path: path.read_text() for path in CHANGED}
    node = AccountsNode()
    yield node
    node.end()
    for path, text in before.items():
        path.write_text(text)


@pytest.fixture
def node(empty_node: AccountsNode) -> AccountsNode:
    """alice, an Admin, and bob have accounts."""
    empty_node.change()
    return empty_node
