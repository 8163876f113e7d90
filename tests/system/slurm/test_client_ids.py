# SPDX-License-Identifier: Apache-2.0
"""A slurmctld whose container has none of the cluster's users. With auth/slurm and use_client_ids the
client's host vouches for who they are; the submit check looks them up by uid."""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.slurm.few_accounts import without_users
from support.slurm.slurm_user import User
from support.slurm.slurm_version import installed_slurm
from support.slurm.world import SETTINGS, World

CLIENT_IDS = {**SETTINGS, "AuthType": "auth/slurm", "CredType": "cred/slurm",
              "AuthInfo": "use_client_ids"}

pytestmark = pytest.mark.skipif(
    not installed_slurm().has_client_ids, reason="this Slurm has no use_client_ids")


@pytest.fixture
def userless(world: World) -> Iterator[World]:
    cluster = world.cluster
    for folder in (cluster.directory, cluster.bare_conf.parent):
        key = folder / "slurm.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o600)
        shutil.chown(key, "slurm", "slurm")
    # Each daemon wants the folder of its socket to be its own user's; root's make theirs.
    socket_folder = Path("/run/slurmctld")
    socket_folder.mkdir(mode=0o755, exist_ok=True)
    shutil.chown(socket_folder, "slurm", "slurm")
    with_users = cluster.ctld.command
    cluster.ctld.command = [*without_users(cluster.directory), *with_users]
    cluster.apply(CLIENT_IDS)
    yield world
    cluster.ctld.command = with_users
    cluster.apply(SETTINGS)


def test_the_door_knows_users_that_its_host_does_not(
    userless: World, alice: User, mallory: User
) -> None:
    assert alice.srun("id", "-u").stdout == "20001\n"
    [line] = userless.answers_of(userless.controller, uid="20001")
    assert (line["login"], line["verdict"]) == ("alice", "allow")
    result = mallory.without_plugstack().srun("true")
    assert result.status == 1 and "uid 20004 is not a collaborator" in result.stderr
