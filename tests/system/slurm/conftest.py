# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the tests on a real Slurm. Start them with `tests/system/slurm/run`."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.slurm.cluster import PROCTRACK, Cluster, remove_control_groups
from support.slurm.slurm_user import User
from support.slurm.slurm_version import installed_slurm
from support.slurm.world import PLUGSTACK, SETTINGS, World, modules

# carol is an Admin, mallory nobody's collaborator, oscar an operator, daisy a system account.
UIDS = {"alice": 20001, "bob": 20002, "carol": 20003, "mallory": 20004, "oscar": 20005,
        "guest": 20006, "removed": 20007, "added": 20008, "daisy": 500}



@pytest.fixture(scope="session")
def network() -> None:
    """Slurm resolves with AI_ADDRCONFIG, which fails on a machine that has loopback addresses only.
    This one is for documents (RFC 5737) and leads nowhere."""
    subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)


@pytest.fixture(scope="session")
def running_cluster(network: None) -> Iterator[Cluster]:
    directory = Path("/run/together-cluster")
    directory.mkdir(mode=0o755)
    cluster = Cluster(directory, installed_slurm())
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        if PROCTRACK == "proctrack/cgroup":
            remove_control_groups()


@pytest.fixture(scope="session")
def made_accounts() -> None:
    for login, uid in UIDS.items():
        subprocess.run(["useradd", "--create-home", "--uid", str(uid), "--shell", "/bin/sh", login],
                       check=True, capture_output=True)


@pytest.fixture
def cluster(running_cluster: Cluster) -> Iterator[Cluster]:
    running_cluster.forget_logs()
    yield running_cluster
    print(running_cluster.logs())  # pytest shows it where the test failed
    running_cluster.cancel_all()
    assert running_cluster.drain_reasons() == ""
    running_cluster.wait_until_idle()


@pytest.fixture
def users(cluster: Cluster, made_accounts: None) -> dict[str, User]:
    return {login: User(login, uid, cluster) for login, uid in UIDS.items()}


@pytest.fixture
def alice(users: dict[str, User]) -> User:
    return users["alice"]


@pytest.fixture
def mallory(users: dict[str, User]) -> User:
    return users["mallory"]


@pytest.fixture
def unconfigured(cluster: Cluster, made_accounts: None) -> World:
    """Both adapters in force; configuration and snapshots are the test's to make."""
    cluster.install(*modules())
    world = World(cluster)
    world.reset()
    cluster.write_plugstack(PLUGSTACK)
    cluster.apply(SETTINGS)
    return world


@pytest.fixture
def world(unconfigured: World) -> World:
    """alice and carol on the fresh roster of every host."""
    unconfigured.configure()
    unconfigured.refresh()
    return unconfigured
