# SPDX-License-Identifier: Apache-2.0
"""su, login and sshd as hosts of the module: who gets in, what they read, what a session knows."""

import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ctl_node import (CHECKOUT, LOG, PLAIN_ENVIRONMENT, ROSTER, SNAPSHOT, ctl, entry, refresh,
                      write_roster)

from support.accounts import Account, Accounts
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.waiting import INTERVAL, wait_until

SESSION = "session optional pam_together.so\n"
WHO = 'echo "[$(id -un) $TOGETHER_PROJECT_ID $TOGETHER_ROLE]"'
REFUSED = "Access denied: erin is not a collaborator of project proj_123."


@pytest.fixture
def gated(etc_pam: Path, roster: None) -> Path:
    """su and login with the gate, as an operator puts it there, and with a session line of it."""
    for service in ("su", "su-l", "login"):
        run = ctl("enable", "ssh", "--file", str(etc_pam / service))
        assert run.returncode == 0, run.stderr
        with (etc_pam / service).open("a") as file:
            file.write(SESSION)
    return etc_pam


def su(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["su", *arguments], env=PLAIN_ENVIRONMENT, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, cwd="/")


def decisions() -> list[str]:
    return (LOG / "decisions.log").read_text().splitlines()


@pytest.mark.parametrize("options", [[], ["-"]])
def test_su_to_a_collaborator(options: list[str], gated: Path) -> None:
    run = su(*options, "alice", "-c", WHO)
    assert run.stdout == "[alice proj_123 admin]\n", run.stderr
    assert run.returncode == 0 and "Access denied" not in run.stderr


def test_su_to_a_stranger(gated: Path) -> None:
    run = su("erin", "-c", WHO)
    assert (run.returncode, run.stdout) == (1, "")
    assert REFUSED in run.stderr
    line = decisions()[-1]
    assert "login=erin" in line and "service=su " in line and "verdict=deny" in line


def test_su_asks_about_the_target_and_root_stays_root(gated: Path) -> None:
    assert su("root", "-c", "id -un").stdout == "root\n"
    ROSTER.unlink()
    SNAPSHOT.unlink()
    assert su("root", "-c", "id -un").stdout == "root\n"
    run = su("bob", "-c", WHO)
    assert run.returncode == 1 and "Access cannot be decided now" in run.stderr


def log_in(login: str) -> tuple[str, int]:
    """login -f on a terminal of its own, as getty has it: what is shown, and its exit status.

    util-linux's login hangs the terminal up and opens it anew, so that reading fails meanwhile, and
    throws away what was typed before there is a shell."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve("/bin/login", ["login", "-f", login], PLAIN_ENVIRONMENT)
    shown, typed, ended, status = b"", False, 0, 0

    def has_ended() -> bool:
        nonlocal shown, typed, ended, status
        ended, status = os.waitpid(pid, os.WNOHANG)
        shown += read_from(terminal)
        if not typed and shown.endswith(b"$ "):
            typed = os.write(terminal, f"{WHO}; exit\n".encode()) > 0
        return ended != 0

    try:
        wait_until(has_ended, "the end of login", 30)
    except AssertionError:
        os.kill(pid, signal.SIGKILL)
        raise
    os.close(terminal)
    return shown.decode(), os.waitstatus_to_exitcode(status)


def read_from(terminal: int) -> bytes:
    """What is there within a moment."""
    shown = b""
    try:
        while select.select([terminal], [], [], INTERVAL)[0]:
            chunk = os.read(terminal, 4096)
            if not chunk:
                break
            shown += chunk
    except OSError:  # its other end is closed
        pass
    return shown


def test_login_of_a_collaborator(gated: Path) -> None:
    shown, status = log_in("bob")
    assert "[bob proj_123 member]" in shown
    assert status == 0 and "Access denied" not in shown


def test_login_of_a_stranger(gated: Path) -> None:
    shown, status = log_in("erin")
    assert REFUSED in shown and "[erin" not in shown
    assert status != 0
    assert "service=login " in decisions()[-1] and "reason=not_a_collaborator" in decisions()[-1]


@pytest.fixture
def sshd(tmp_path: Path, etc_pam: Path, roster: None) -> Iterator[Sshd]:
    with Sshd(tmp_path) as daemon:
        daemon.account_stack(["account required pam_permit.so"], session=[SESSION.strip()])
        run = ctl("enable", "ssh", "--file", str(daemon.service.path))
        assert run.returncode == 0, run.stderr
        yield daemon


def test_a_session_of_sshd_knows_project_and_role(
    sshd: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> None:
    accounts = Accounts(tmp_path_factory.mktemp("keys"))
    ssh = SshClient(sshd, Path("/tmp"))
    users: dict[str, Account] = {name: accounts.add(name, uid)
                                 for name, uid in (("vera", 12001), ("vito", 12002))}
    write_roster(entry("vera", "developer", 12001), entry("alice", "admin", 10001))
    refresh()
    assert ssh.run(users["vera"], WHO).stdout == "[vera proj_123 member]\n"
    refused = ssh.run(users["vito"], WHO)
    assert refused.status == 255 and "vito is not a collaborator" in refused.stderr
