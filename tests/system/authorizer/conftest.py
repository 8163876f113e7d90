# SPDX-License-Identifier: Apache-2.0
"""The fixtures of together-authorizer's tests. Start them with `tests/system/authorizer/run`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.authorizer_node import AuthorizerNode
from support.sandboxed import in_sandbox


def pytest_configure() -> None:
    if not in_sandbox():
        pytest.exit("these tests change the system: run tests/system/authorizer/run", returncode=2)
    os.umask(0o022)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[AuthorizerNode]:
    """With a roster; together-authorizer does not run yet."""
    for folder in (tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)  # another user serves from there, too
    with AuthorizerNode(tmp_path) as made:
        yield made


@pytest.fixture
def authorizer(node: AuthorizerNode) -> AuthorizerNode:
    node.start()
    return node
