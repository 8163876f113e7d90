# SPDX-License-Identifier: Apache-2.0
"""What was planned for later runs as whom it was planned by, and not at all after the removal."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.accounts_node import AccountsNode, as_user, output
from support.refresher import ENVIRONMENT
from support.waiting import wait_until

JOB = 'echo "$(id -un): $(id -Gn)" >>/tmp/planned/{}'


@pytest.fixture
def planned(node: AccountsNode) -> Path:
    """Where jobs write."""
    folder = Path("/tmp/planned")
    folder.mkdir(exist_ok=True)
    folder.chmod(0o1777)
    for file in folder.iterdir():
        file.unlink()
    return folder


@contextmanager
def daemon(*command: str) -> Iterator[int]:
    process = subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def runs(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_cron_runs_nothing_from_the_minute_of_the_removal_on(node: AccountsNode, planned: Path) -> None:
    for login in ("alice", "bob"):
        crontab = planned / f"{login}.crontab"
        crontab.write_text(f"* * * * * {JOB.format(login)}\n")
        output(*as_user(login, "crontab", str(crontab)))
    alice, bob = planned / "alice", planned / "bob"

    def bob_runs_again(times: int) -> None:
        enough = runs(bob) + times
        wait_until(lambda: runs(bob) >= enough, "bob's next job")

    with daemon("faketime", "-f", "+0 x60", "cron", "-f"):  # a minute is a second
        wait_until(lambda: runs(alice) > 0 and runs(bob) > 0, "both jobs")
        assert alice.read_text().splitlines()[0] == "alice: alice p-lab p-lab-admin"
        node.roster.remove("alice")
        node.change()
        bob_runs_again(2)
        before = runs(alice)
        bob_runs_again(2)
        assert runs(alice) == before


def test_at_runs_no_job_of_who_was_removed(node: AccountsNode, planned: Path) -> None:
    Path("/etc/at.deny").write_text("")
    output("install", "-o", "daemon", "-g", "daemon", "-m", "600", "/dev/null", "/var/spool/cron/atjobs/.SEQ")
    for login in ("alice", "bob", "alice", "bob"):
        script = planned / "script"
        script.write_text(JOB.format(login) + "\n")
        output(*as_user(login, "at", "-f", str(script), "now"))
    node.roster.remove("alice")
    node.change()
    with daemon("atd", "-f") as atd:
        children = Path(f"/proc/{atd}/task/{atd}/children")
        wait_until(lambda: runs(planned / "bob") == 2, "bob's jobs")
        # Of those that atd could not run there remains a line.
        wait_until(lambda: all(" = " in line for line in output("atq").splitlines()) and not children.read_text(),
                   "alice's jobs to be tried")
    assert (planned / "bob").read_text() == "bob: bob p-lab\n" * 2
    assert not (planned / "alice").exists()
