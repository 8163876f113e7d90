# SPDX-License-Identifier: Apache-2.0
"""The fixtures of together's tests. Start them with tests/system/together/run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.people import TOGETHER, Person, person
from support.roled import Roled
from support.sandboxed import in_sandbox

TOP = Path("/run/people")


def pytest_configure() -> None:
    if not in_sandbox():
        pytest.exit("these tests start nodes: run tests/system/together/run", returncode=2)
    if not TOGETHER.exists():
        pytest.exit(f"build first (TOGETHER_BUILD names the folder): no {TOGETHER}", returncode=2)
    os.umask(0o022)


@pytest.fixture
def folder() -> Path:
    shutil.rmtree(TOP, ignore_errors=True)
    TOP.mkdir(mode=0o755)
    return TOP


@pytest.fixture
def roled(folder: Path) -> Iterator[Roled]:
    (folder / "roled").mkdir()
    with Roled(folder / "roled") as roled:
        yield roled


@pytest.fixture
def cluster(roled: Roled) -> str:
    """The id of a project with ann, the Owner, in it."""
    return str(roled.create_project("cluster"))


@pytest.fixture
def ann(folder: Path, roled: Roled, cluster: str) -> Person:
    """The Owner, who has said which project is meant."""
    ann = person(folder, roled, roled.owner)
    ann.does("projects", "use", "cluster")
    return ann


@pytest.fixture
def bob(folder: Path, roled: Roled, cluster: str) -> Person:
    """A Member of organization and project."""
    user = roled.add_user("bob")
    roled.add_collaborator(cluster, user)
    bob = person(folder, roled, user)
    bob.does("projects", "use", "cluster")
    return bob
