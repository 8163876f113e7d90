# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the tests with a Kubernetes API server. Start them with `tests/system/kubernetes/run`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.kubernetes import rbac
from support.kubernetes.api_server import ApiServer, Person
from support.kubernetes.objects import SHIPPED
from support.kubernetes.world import World
from support.sandboxed import in_sandbox


def pytest_configure() -> None:
    if not in_sandbox():
        pytest.exit("these tests change the system: run tests/system/kubernetes/run", returncode=2)
    os.umask(0o022)


@pytest.fixture(scope="session")
def one_world() -> Iterator[World]:
    folder = Path("/run/kubernetes")  # the unprivileged child of together-refresh reads here
    folder.mkdir()
    with World(folder) as world:
        yield world


@pytest.fixture(scope="session")
def one_server(one_world: World) -> ApiServer:
    """It keeps no answer and no token."""
    server = one_world.api_server("cluster")
    server.masters.must("create", "-f", str(Path(__file__).parent / "nodesets.json"))
    server.masters.must("wait", "--for=condition=Established", "crd/nodesets.slinky.slurm.net")
    return server


@pytest.fixture(scope="session")
def policed(one_server: ApiServer) -> None:
    """The namespace and the admission policy that we ship are there."""
    for name in ("namespace.yaml", "admission-policy.yaml"):
        one_server.masters.must("create", "--validate=false", "-f", str(SHIPPED / name))


@pytest.fixture(scope="session")
def with_rbac(one_server: ApiServer) -> None:
    """RBAC's objects can be stored."""
    one_server.masters.must("create", "--validate=false", "-f", "-", text=rbac.definitions())
    for kind in rbac.KINDS:
        one_server.masters.must("wait", "--for=condition=Established", f"crd/{kind.lower()}s.{rbac.GROUP}")


@pytest.fixture
def world(one_world: World, one_server: ApiServer) -> Iterator[World]:
    """The node is a new one for each test."""
    try:
        one_world.set_up_node()
        yield one_world
    finally:
        one_world.clean_up_node()


@pytest.fixture
def server(world: World, one_server: ApiServer) -> ApiServer:
    return one_server


@pytest.fixture
def alice(world: World, server: ApiServer) -> Person:
    """A Member."""
    return world.person(server, "alice")


@pytest.fixture
def bob(world: World, server: ApiServer) -> Person:
    """An Admin."""
    return world.person(server, "bob")


@pytest.fixture
def mallory(server: ApiServer) -> Person:
    """Not in the project; the cluster knows her all the same."""
    return server.with_certificate("mallory", "/CN=together:mallory")
