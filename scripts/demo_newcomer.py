# SPDX-License-Identifier: Apache-2.0
"""The scene of scripts/demo in which somebody works whom nobody has made an account: what an operator
switches on once, and what the authority brings from then on."""

import subprocess
import time
from pathlib import Path

from support import keys_command
from support.accounts import Account
from support.accounts_node import install_module
from support.node import build_folder
from support.roled import Roled, User
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.waiting import wait_until

CTL = build_folder() / "togetherctl" / "togetherctl"
VOLUME = Path("/run/data")
SETTINGS = {"accounts": {"enabled": "yes", "shell": "/bin/sh"}, 'volume "data"': {"path": str(VOLUME)}}


def known(login: str) -> bool:
    return subprocess.run(["getent", "passwd", login], stdout=subprocess.DEVNULL).returncode == 0


def prepare_node() -> None:
    """Before sshd starts. The packages bring module and command; the volume is a mount of its own."""
    install_module()
    keys_command.install()
    VOLUME.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid,nodev,mode=700", "data", VOLUME], check=True)


def switch_on(sshd: Sshd) -> list[str]:
    """As an operator does, once for each node. The commands that failed."""
    commands = [["enable", "accounts"], ["enable", "homes", "--file", str(sshd.service.path)],
                ["volumes", "--apply"]]
    failed = []
    for arguments in commands:
        done = subprocess.run([CTL, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            failed.append(f"togetherctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return failed


class Newcomer:
    """dora, whom the node's files do not know, with the private key that only she has."""

    def __init__(self, roled: Roled, project: str, keys: Path) -> None:
        self.roled, self.project, self.key = roled, project, keys / "dora"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "dora", "-f", self.key], check=True)
        self.member: User | None = None
        self.account: Account | None = None

    def join(self) -> tuple[int, float]:
        """Her uid, and how many seconds later the node knows her."""
        roled = self.roled
        roled.make("PATCH", roled.settings, {"allocate_uids": True})
        self.member = roled.accept(roled.invite("dora@example.com"), "dora")
        roled.make("POST", "/v1/users/me/ssh_keys", {"public_key": keys_command.public_key(self.key), "name": "laptop"},
                   token=self.member)
        began = time.monotonic()
        roled.add_collaborator(self.project, self.member)
        wait_until(lambda: known("dora"), "dora on the node")
        uid = roled.get(roled.member(self.member)).json["uid"]
        self.account = Account("dora", uid, "", self.key, Path("/home/dora"))
        return uid, time.monotonic() - began

    def work(self, ssh: SshClient, colleague: Account) -> tuple[str, str, str]:
        """Where she lands, as whom her job runs, and what a colleague reads of what she wrote."""
        home = ssh.run(self.account, "pwd").stdout.strip()
        job = ssh.run(self.account, "srun", "id", "-un").stdout.strip()
        ssh.run(self.account, f"umask 077; echo results >{VOLUME}/run-1")
        return home, job, ssh.run(colleague, "cat", f"{VOLUME}/run-1").stdout.strip()

    def leave(self, ssh: SshClient) -> tuple[bool, str, int]:
        """Whether she still gets in, whose her file is said to be, and what the authority answers to whoever
        would give her uid to somebody else."""
        self.roled.make("DELETE", self.roled.member(self.member))
        wait_until(lambda: not known("dora"), "dora to be gone")
        let_in = ssh.run(self.account, "true").status == 0
        owner = subprocess.run(["stat", "-c", "%U", VOLUME / "run-1"], capture_output=True, text=True).stdout.strip()
        other = self.roled.add_user("erik")
        taken = self.roled.patch(self.roled.member(other), {"uid": self.account.uid})
        return let_in, owner, taken.status
