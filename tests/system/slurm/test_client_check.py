# SPDX-License-Identifier: Apache-2.0
"""The clients' early refusal, on a cluster whose slurmctld has no plug-in of ours."""

from collections.abc import Iterator

import pytest

from support.slurm.cluster import Cluster
from support.slurm.slurm_user import User
from support.slurm.world import PLUGSTACK, World, modules


@pytest.fixture
def world(cluster: Cluster, made_accounts: None) -> Iterator[World]:
    cluster.install(*modules())
    world = World(cluster)
    world.reset()
    cluster.write_plugstack(PLUGSTACK)
    cluster.apply({})
    world.configure(roster={"recheck_after": "1h", "fresh_for": "1h"})
    world.refresh()
    yield world


@pytest.mark.parametrize("command", [("srun", "true"), ("salloc", "true"), ("sbatch", "--wrap=true")])
def test_a_stranger_is_refused_before_anything_is_queued(
    world: World, mallory: User, command: tuple[str, ...]
) -> None:
    result = mallory.run(*command)
    assert result.status == 1 and "uid 20004 is not a collaborator" in result.stderr, result
    assert world.cluster.jobs() == []


def test_a_collaborator_hears_nothing(world: World, alice: User) -> None:
    result = alice.srun("echo", "ran")
    assert (result.stdout, result.stderr) == ("ran\n", "")


def test_a_lockdown_is_told(world: World, alice: User) -> None:
    (world.controller.config_folder / "lockdown").write_text("intruder\n")
    result = alice.srun("true")
    assert result.status == 1 and "locked down (intruder)" in result.stderr


@pytest.mark.parametrize("doubt", ["old", "missing", "unreadable", "broken", "wrong argument"])
def test_in_doubt_the_client_is_silent_and_the_node_decides(
    world: World, users: dict[str, User], doubt: str
) -> None:
    """mallory was added just now: the nodes know, the client's evidence is old, or none."""
    world.add("mallory", uid=20004, hosts=world.nodes)
    if doubt == "old":
        world.configure([world.controller], roster={"recheck_after": "0s"})
    elif doubt == "missing":
        world.controller.snapshot.unlink()
    elif doubt == "unreadable":
        world.controller.config.chmod(0o600)
    elif doubt == "broken":
        world.controller.write_config("[api]\n")
    else:
        world.cluster.write_plugstack(f"{PLUGSTACK} verbose")
    result = users["mallory"].run("sbatch", "--output=/dev/null", "--wrap=true")
    assert (result.status, result.stderr) == (0, "")
    wanted = "FAILED" if doubt == "wrong argument" else "COMPLETED"
    world.cluster.wait_for(result.job, wanted)
    world.controller.config.chmod(0o644)


def test_an_exempt_login_passes(world: World, users: dict[str, User]) -> None:
    world.configure(gate={"exempt_users": "oscar"}, roster={"recheck_after": "1h"})
    assert users["oscar"].srun("echo", "ran").stdout == "ran\n"
