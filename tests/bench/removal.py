# SPDX-License-Identifier: Apache-2.0
"""From a removal at the role authority to the first login over SSH, and the first sbatch, that is refused
on a node that watches. Both are tried without a pause."""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support.accounts import Accounts
from support.node import Node, build_folder
from support.pam_service import gate_lines
from support.roled import Roled, User as Collaborator
from support.slurm.cluster import Cluster
from support.slurm.host import Host
from support.slurm.slurm_user import User
from support.slurm.slurm_version import installed_slurm
from support.slurm.world import PLUGSTACK, SETTINGS, World, modules
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until

ROUNDS = 40


@contextmanager
def watching(node: Node | Host, roled: Roled, project: str) -> Iterator[None]:
    token = Path("/etc/together/token")
    token.touch(mode=0o600)
    token.write_text(roled.node_key(project) + "\n")
    node.configure(api={"base_url": roled.base_url, "project": project, "token_file": str(token)})
    with subprocess.Popen([node.refresh_program, "--watch"], stderr=subprocess.DEVNULL) as watcher:
        try:
            yield
        finally:
            watcher.kill()


def measure(roled: Roled, project: str, user: Collaborator, is_let_in: Callable[[], bool]) -> list[float]:
    """Milliseconds from the answer to the removal until the first that is refused has begun."""
    times = []
    for _ in range(ROUNDS):
        roled.add_collaborator(project, user)
        wait_until(is_let_in, "the first that is let in")
        roled.remove_collaborator(project, user)
        removed = began = time.monotonic()
        while is_let_in():
            began = time.monotonic()
        times.append(1000 * (began - removed))
    return sorted(times)


def show(name: str, times: list[float]) -> None:
    print(f"{name:44} {statistics.median(times):10.1f} {times[int(0.9 * len(times))]:10.1f} {times[-1]:10.1f}", flush=True)


def over_ssh(roled: Roled, project: str) -> None:
    folder = Path(tempfile.mkdtemp())
    account = Accounts(folder).add("user51", 20051)
    node = Node(build_folder())
    node.reset()
    with watching(node, roled, project), SyslogCollector(), Sshd(folder) as sshd:
        sshd.account_stack(gate_lines(node.module)[:2])
        client = SshClient(sshd, folder)
        user = roled.add_user(account.login, uid=account.uid)
        show("first refused login over SSH", measure(roled, project, user, lambda: client.run(account, "true").status == 0))


def in_slurm(roled: Roled, project: str) -> None:
    subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)
    subprocess.run(["useradd", "--create-home", "--uid", "20001", "alice"], check=True)
    directory = Path("/run/together-cluster")
    directory.mkdir(mode=0o755)
    cluster = Cluster(directory, installed_slurm())
    cluster.install(*modules())
    world = World(cluster)
    world.reset()
    cluster.settings = SETTINGS
    cluster.write_plugstack(PLUGSTACK)
    alice = User("alice", 20001, cluster)
    with watching(world.controller, roled, project):
        cluster.start()
        try:
            user = roled.add_user("alice", uid=20001)
            show("first refused sbatch", measure(roled, project, user, lambda: alice.run(
                "sbatch", "--begin=now+1hour", "--output=/dev/null", "--wrap=true").status == 0))
        finally:
            cluster.stop()


def removal() -> None:
    with Roled(tempfile.mkdtemp()) as roled:
        project = roled.create_project("cluster")
        over_ssh(roled, project)
        in_slurm(roled, project)
