# SPDX-License-Identifier: Apache-2.0
"""Users and groups that the roster alone knows, `files together` in nsswitch.conf."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.accounts_node import ACCOUNTS, KEYS, install_module, switch
from support.node import configuration
from support.slurm.slurm_user import User
from support.slurm.world import World

NSSWITCH = Path("/etc/nsswitch.conf")
NOT_PERMITTED = "User's group not permitted to use this partition"


def refresh(world: World) -> None:
    """One host after the other: accounts.v1 is the same file for all of them here."""
    for host in world.hosts:
        host.roster.write()
        host.refresh()


@pytest.fixture
def lab(world: World) -> Iterator[World]:
    """dora and erin, an Admin, have no account but the roster's. Two partitions: the project's, and its Admins'."""
    before = NSSWITCH.read_text()
    install_module()
    switch()
    for host in world.hosts:
        host.roster.group = {"name": "p-lab", "gid": 30000, "admin_gid": 30001}
        host.roster.add("dora", uid=21001)
        host.roster.add("erin", "admin", uid=21002)
    with world.read_by_slurmctld():
        for host in world.hosts:
            host.write_config(configuration(host.roster.path, host.refresh_program, {}, {}, {"exempt_users": "oscar"})
                              + "[accounts]\nenabled = yes\n")
    refresh(world)
    for name in ("p-lab", "p-lab-admin"):
        world.cluster.must("scontrol", "create", f"PartitionName={name}", "Nodes=n1,n2", f"AllowGroups={name}",
                           "State=UP")
    yield world
    world.cluster.cancel_all()
    for name in ("p-lab", "p-lab-admin"):
        world.cluster.must("scontrol", "delete", f"PartitionName={name}")
    NSSWITCH.write_text(before)
    for path in (ACCOUNTS, KEYS):
        path.unlink()


def user(world: World, login: str, uid: int) -> User:
    person = User(login, uid, world.cluster)
    person.home.mkdir(exist_ok=True)
    os.chown(person.home, uid, uid)
    return person


def test_accounts_of_the_roster_alone(lab: World, users: dict[str, User]) -> None:
    dora, erin = user(lab, "dora", 21001), user(lab, "erin", 21002)
    job = dora.sbatch("id -un; id -Gn; echo $HOME", "--partition=p-lab", "--export=NONE").job
    lab.cluster.wait_for(job, "COMPLETED")
    assert dora.output_of(job) == "dora\ndora p-lab\n/home/dora\n"
    assert dora.srun("--partition=p-lab", "-N2", "id", "-un").stdout == "dora\n" * 2
    assert erin.srun("--partition=p-lab-admin", "id", "-Gn").stdout == "erin p-lab p-lab-admin\n"
    # alice has an account of the nodes' own, oscar is exempt from the gate and no collaborator.
    assert users["alice"].srun("--partition=p-lab", "id", "-Gn").stdout == "alice p-lab\n"
    for person, partition in ((dora, "p-lab-admin"), (users["alice"], "p-lab-admin"), (users["oscar"], "p-lab")):
        result = person.srun(f"--partition={partition}", "true")
        assert result.status == 1 and NOT_PERMITTED in result.stderr, result
    assert users["oscar"].srun("true").status == 0

    for host in lab.hosts:
        host.roster.remove("dora")
    refresh(lab)
    for partition in ("p-lab", "main"):
        result = dora.srun(f"--partition={partition}", "true")
        assert result.status == 1 and "uid 21001 is not a collaborator" in result.stderr, result
    assert erin.srun("--partition=p-lab", "id", "-un").stdout == "erin\n"
