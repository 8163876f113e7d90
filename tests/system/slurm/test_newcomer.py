# SPDX-License-Identifier: Apache-2.0
"""From one end to the other: somebody who was invited works on a cluster on which nobody has made an account,
and is nobody there once they were removed. The authority is together-roled, and each host watches it."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import keys_command
from support.accounts import Account
from support.accounts_node import ABSENT, ACCOUNTS, KEYS, as_user, has_account, install_module, output, served
from support.node import build_folder, configuration
from support.pam_service import gate_lines
from support.refresher import ENVIRONMENT
from support.roled import Roled
from support.slurm.host import Host
from support.slurm.slurm_user import User
from support.slurm.world import World
from support.ssh_client import Result, SshClient
from support.sshd import Sshd
from support.waiting import wait_until

NSSWITCH = Path("/etc/nsswitch.conf")
VOLUME = Path("/run/data")
CTL = build_folder() / "togetherctl" / "togetherctl"
PAM = build_folder() / "pam_together" / "pam_together.so"
WITH_ACCOUNTS = f'[accounts]\nenabled = yes\nshell = /bin/sh\n[volume "data"]\npath = {VOLUME}\n'


@dataclass
class Lab:
    roled: Roled
    project: str
    world: World
    sshd: Sshd
    keys: Path

    def enter(self, account: Account, *command: str) -> Result:
        return SshClient(self.sshd, self.keys).run(account, *command)

    def new_key(self, login: str) -> Path:
        key = self.keys / login
        output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        return key


def configure(host: Host, roled: Roled, project: str) -> None:
    """Once, as an operator does: with the key that the project's nodes have."""
    token = host.config_folder / "token"
    token.write_text(roled.node_key(project, host.name) + "\n")
    token.chmod(0o600)
    host.write_config(configuration(
        Path("/nowhere"), host.refresh_program,
        {"base_url": roled.base_url, "project": project, "node_name": host.name}, {}, {}) + WITH_ACCOUNTS)


def watcher(world: World, host: Host, log: Path) -> "subprocess.Popen[bytes]":
    # The hosts have one /var/lib/together here, which is the controller's.
    own = "mount -t tmpfs -o mode=755 own /var/lib/together && exec \"$@\""
    alone = [] if host is world.controller else ["unshare", "--mount", "--propagation=unchanged", "sh", "-c", own, "sh"]
    with log.open("wb") as file:
        return subprocess.Popen([*host.namespace_of_its_own(), *alone, host.refresh_program, "--watch"],
                                env=ENVIRONMENT, stdin=subprocess.DEVNULL, stderr=file)


@pytest.fixture
def watched(unconfigured: World, tmp_path: Path) -> Iterator[tuple[Roled, str]]:
    """Each host asks together-roled, which gives the uids."""
    world, watchers = unconfigured, []
    with Roled(tmp_path) as roled:
        project = roled.create_project("cluster")
        roled.make("PATCH", roled.settings, {"allocate_uids": True})
        with world.read_by_slurmctld():
            for host in world.hosts:
                configure(host, roled, project)
        try:
            watchers += [watcher(world, host, tmp_path / f"watch-{host.name}.log") for host in world.hosts]
            for host in world.hosts:
                wait_until((host.snapshot_folder / f"{project}.roster.v1").exists, f"the roster on {host.name}")
            yield roled, project
        finally:
            for process in watchers:
                process.kill()
                process.wait()


@pytest.fixture
def lab(watched: tuple[Roled, str], unconfigured: World, tmp_path: Path) -> Iterator[Lab]:
    """What an operator switches on once for each node."""
    before = NSSWITCH.read_text()
    install_module()
    keys_command.install()
    VOLUME.mkdir(exist_ok=True)
    output("mount", "-t", "tmpfs", "-o", "nosuid,nodev,mode=700", "data", VOLUME)
    settings = [f"SetEnv SLURM_CONF={unconfigured.cluster.conf}", *keys_command.SSHD_SETTINGS, "AuthorizedKeysFile none"]
    try:
        with Sshd(tmp_path, settings) as sshd:
            sshd.account_stack(gate_lines(PAM))
            output(CTL, "enable", "accounts")
            output(CTL, "enable", "homes", "--file", sshd.service.path)
            output(CTL, "volumes", "--apply")
            yield Lab(*watched, unconfigured, sshd, tmp_path)
            print(sshd.log())
    finally:
        output("umount", "--lazy", VOLUME)
        NSSWITCH.write_text(before)
        for path in (ACCOUNTS, KEYS):
            path.unlink(missing_ok=True)


def test_somebody_comes_works_and_goes(lab: Lab) -> None:
    roled, started = lab.roled, time.monotonic()
    invitation = roled.invite("nina@example.com")
    output("getent", "passwd", "nina", status=ABSENT)
    wait_until(lambda: has_account("ann"), "the Owner's account, who reads what nina writes")

    # She picks a login, Ann adds her: an account, without a key.
    member = roled.accept(invitation, "nina")
    roled.add_collaborator(lab.project, member)
    wait_until(lambda: has_account("nina"), "nina's account", timeout=60)
    known = time.monotonic() - started
    nina = Account("nina", int(output("id", "-u", "nina")), "", lab.new_key("nina"), Path("/home/nina"))
    assert nina.uid == roled.get(roled.member(member)).json["uid"]
    assert lab.enter(nina, "true").status == 255 and not nina.home.exists()

    # She puts a key.
    public = keys_command.public_key(nina.key)
    roled.make("POST", "/v1/users/me/ssh_keys", {"public_key": public, "name": "laptop"}, token=member)
    wait_until(lambda: served("nina") == f"{public}\n", "nina's key", timeout=60)
    print(f"\nan account after {known:.2f} s, a key after {time.monotonic() - started:.2f} s", end=" ")

    # She works.
    group = output("id", "-Gn", "nina").split()[1]
    assert lab.enter(nina, "pwd; id -un; stat -c %U .").stdout == "/home/nina\nnina\nnina\n"
    assert lab.enter(nina, "srun", "id", "-Gn").stdout == f"nina {group}\n"
    assert lab.enter(nina, f"umask 077; echo results >{VOLUME}/run-1").status == 0
    assert output(*as_user("ann", "cat", str(VOLUME / "run-1"))) == "results"

    # She is removed.
    started = time.monotonic()
    roled.make("DELETE", roled.member(member))
    wait_until(lambda: not has_account("nina") and not served("nina"), "nina to be gone", timeout=60)
    print(f"gone after {time.monotonic() - started:.2f} s", end=" ")
    assert lab.enter(nina, "true").status == 255
    assert f" nina {group} " in output("ls", "-l", VOLUME / "run-1")
    job = User("nina", nina.uid, lab.world.cluster).without_plugstack().srun("true")
    assert job.status == 1 and "is not a collaborator" in job.stderr, job

    # Nobody else gets her uid: neither who is given one, nor who asks for it.
    erik = roled.accept(roled.invite("erik@example.com"), "erik")
    roled.add_collaborator(lab.project, erik)
    wait_until(lambda: has_account("erik"), "erik's account", timeout=60)
    assert int(output("id", "-u", "erik")) != nina.uid
    assert roled.patch(roled.member(erik), {"uid": nina.uid}).status == 409
    assert output("id", "-un", str(nina.uid)) == "nina"
