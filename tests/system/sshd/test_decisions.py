# SPDX-License-Identifier: Apache-2.0
"""Decisions are counted by together-refresh --watch: what togetherctl decisions and the textfile tell of
real logins. Where nobody counts, or not fast enough, a login costs the same and comes out the same."""

import json
import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.accounts import Account
from support.node import Node
from support.ssh_client import SshClient
from support.waiting import wait_until

FOLDER = Path("/run/together")
SOCKET = FOLDER / "decisions.sock"
JOURNAL = FOLDER / "decisions"
TEXTFILE = Path("/run/metrics/together.prom")


class Watcher:
    def __init__(self, node: Node) -> None:
        TEXTFILE.parent.mkdir(exist_ok=True)
        TEXTFILE.unlink(missing_ok=True)
        for path in FOLDER.glob("decisions*"):
            path.unlink()
        node.configure(roster={"fresh_for": "2s"})  # who looks after the process looks that often
        node.write_config(node.config.read_text() + f"[metrics]\ntextfile = {TEXTFILE}\nsenders = bob nobodys\n")
        self.process = subprocess.Popen([node.refresh_program, "--watch"], stderr=subprocess.PIPE, text=True)
        wait_until(SOCKET.exists, "the socket for decisions")

    def counter(self) -> int:
        """The process that counts: the watcher's child that stays."""
        return int(subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()[0])

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def watcher(gated: Node) -> Iterator[Watcher]:
    watcher = Watcher(gated)
    yield watcher
    watcher.end()


def decisions(node: Node, *arguments: str) -> list[dict[str, str]]:
    done = node.ctl("decisions", "--json", *arguments)
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stdout.splitlines()]


def wait_for_decision_of(node: Node, login: str) -> dict[str, str]:
    found: list[dict[str, str]] = []

    def there() -> bool:
        if JOURNAL.exists():
            found[:] = [one for one in decisions(node) if one.get("login") == login]
        return bool(found)

    wait_until(there, f"a decision about {login}")
    return found[-1]


def test_logins_are_recorded_and_counted(
    watcher: Watcher, gated: Node, ssh: SshClient, alice: Account, mallory: Account,
) -> None:
    assert ssh.run(alice, "true").status == 0
    assert ssh.run(mallory, "true").status == 255
    assert wait_for_decision_of(gated, "alice")["verdict"] == "allow"
    refused = wait_for_decision_of(gated, "mallory")
    assert (refused["reason"], refused["sender"], refused["rhost"]) == ("not_a_collaborator", "0", "127.0.0.1")
    done = gated.ctl("decisions", "--last", "1")
    assert done.returncode == 0 and " login=mallory" in done.stdout and "verdict=deny" in done.stdout
    assert len(done.stdout.splitlines()) == 1

    def counted() -> bool:
        text = TEXTFILE.read_text() if TEXTFILE.exists() else ""
        return ('together_decisions_total{action="ssh.login",verdict="deny",reason="not_a_collaborator"} 1\n' in text
                and 'verdict="allow",reason="role_permits"} 1\n' in text)

    wait_until(counted, "the counts in the textfile")
    text = TEXTFILE.read_text()
    assert "mallory" not in text and "\ntogether_roster_entries 2\n" in text and "\ntogether_lockdown 0\n" in text
    assert stat.S_IMODE(TEXTFILE.stat().st_mode) == 0o644


def test_those_that_come_are_shown_at_once(watcher: Watcher, gated: Node, ssh: SshClient, mallory: Account) -> None:
    follower = subprocess.Popen([gated.togetherctl, "decisions", "--follow"], stdout=subprocess.PIPE, text=True)
    assert follower.stdout
    try:
        assert ssh.run(mallory, "true").status == 255
        assert " login=mallory" in follower.stdout.readline()
    finally:
        follower.terminate()
        follower.wait(10)


def flood(uid: int, login: str, times: int) -> None:
    """As a sender whose queue may be full: each arrives."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for number in range(times):
            sender.sendto(f"login={login}{number} action=ssh.login verdict=deny reason=uid_differs".encode(), str(FOLDER / f"decisions.{uid}.sock"))


def test_a_sender_pushes_out_its_own_alone(watcher: Watcher, gated: Node, ssh: SshClient, bob: Account, mallory: Account) -> None:
    wait_until((FOLDER / f"decisions.{bob.uid}.sock").exists, "the socket of another sender")
    assert ssh.run(mallory, "true").status == 255
    wait_for_decision_of(gated, "mallory")
    follower = subprocess.Popen([gated.togetherctl, "decisions", "--follow", "--last", "100000", "--json"], stdout=subprocess.PIPE, text=True)
    assert follower.stdout
    shown: list[str] = []
    try:
        flood(bob.uid, "x", 2500)
        while "x2499" not in shown:
            shown.append(json.loads(follower.stdout.readline())["login"])
    finally:
        follower.terminate()
        follower.wait(10)
    assert shown.count("mallory") == 1 and len(shown) == len(set(shown))
    assert [one["login"] for one in decisions(gated, "--last", "100000")].count("mallory") == 1
    assert "x2499" in gated.ctl("decisions", "--last", "1").stdout


def test_a_local_user_can_neither_forge_nor_read_them(watcher: Watcher, gated: Node, bob: Account, mallory: Account) -> None:
    bobs = FOLDER / f"decisions.{bob.uid}.sock"
    wait_until(bobs.exists, "the socket of another sender")
    script = ("import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);"
              "s.sendto(b'login=x action=ssh.login verdict=allow reason=root', sys.argv[1])")

    def send(uid: int, path: Path) -> bool:
        done = subprocess.run(["/usr/bin/python3", "-c", script, path], user=uid, group=uid, capture_output=True, text=True)
        assert done.returncode == 0 or "PermissionError" in done.stderr, done
        return done.returncode == 0

    assert not send(mallory.uid, SOCKET) and not send(mallory.uid, bobs) and not send(bob.uid, SOCKET)
    assert send(bob.uid, bobs)
    assert wait_for_decision_of(gated, "x")["sender"] == str(bob.uid)
    assert stat.S_IMODE(JOURNAL.stat().st_mode) == 0o600
    done = subprocess.run([gated.togetherctl, "decisions"], user=bob.uid, group=bob.uid, capture_output=True, text=True)
    assert done.returncode == 2 and "needs root" in done.stderr
    assert not os.listdir(FOLDER) == []  # it may list the folder, and write nothing there
    assert stat.S_IMODE(FOLDER.stat().st_mode) == 0o755 and FOLDER.stat().st_uid == 0


def test_a_full_dead_or_missing_socket_costs_no_login(
    watcher: Watcher, gated: Node, ssh: SshClient, alice: Account, mallory: Account,
) -> None:
    def all_is_as_ever(what: str) -> None:
        assert ssh.run(alice, "true").status == 0, what
        assert ssh.run(mallory, "true").status == 255, what

    counter = watcher.counter()
    os.kill(counter, 19)  # SIGSTOP
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            sender.sendto(b"login=flood action=ssh.login verdict=deny reason=flood", str(SOCKET))
    all_is_as_ever("its queue is full, and nobody reads")
    os.kill(counter, 9)
    watcher.end()
    all_is_as_ever("nobody listens")
    SOCKET.unlink()
    all_is_as_ever("it is gone")
    SOCKET.mkdir()
    all_is_as_ever("something else is there")
    SOCKET.rmdir()


def test_a_sender_cannot_pass_for_another(watcher: Watcher, gated: Node, bob: Account) -> None:
    bobs = FOLDER / f"decisions.{bob.uid}.sock"
    wait_until(bobs.exists, "the socket of another sender")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"login=ceo action=ssh.login verdict=allow reason=role_permits sender=0 time=2020-01-01T00:00:00Z", str(bobs))
    forged = wait_for_decision_of(gated, "ceo")
    assert forged["sender"] == str(bob.uid) and not forged["time"].startswith("2020")
    assert f" sender={bob.uid} login=ceo " in gated.ctl("decisions").stdout


def test_a_slip_in_another_section_turns_no_sender_away(watcher: Watcher, gated: Node, bob: Account) -> None:
    gated.write_config(gated.config.read_text() + '[volume "data"]\npath = relative\n')
    TEXTFILE.unlink(missing_ok=True)
    for _ in range(2):  # the second is of the configuration with the slip
        wait_until(TEXTFILE.exists, "the textfile", 60)
        TEXTFILE.unlink()
    flood(bob.uid, "bob", 1)
    assert wait_for_decision_of(gated, "bob0")["sender"] == str(bob.uid)


def test_a_second_watcher_waits_and_takes_over(watcher: Watcher, gated: Node, ssh: SshClient, mallory: Account) -> None:
    first = SOCKET.stat().st_ino
    second = subprocess.Popen([gated.refresh_program, "--watch"], stderr=subprocess.PIPE, text=True)
    try:
        assert ssh.run(mallory, "true").status == 255
        wait_for_decision_of(gated, "mallory")
        assert SOCKET.stat().st_ino == first
        watcher.end()
        wait_until(lambda: SOCKET.stat().st_ino != first, "the other one's socket")
    finally:
        second.terminate()
        second.communicate(timeout=20)


def test_one_that_was_killed_is_started_again(watcher: Watcher, gated: Node, ssh: SshClient, mallory: Account) -> None:
    os.kill(watcher.counter(), 9)

    def recorded() -> bool:
        gated.roster.write()
        assert ssh.run(mallory, "true").status == 255
        return JOURNAL.exists() and any(one.get("login") == "mallory" for one in decisions(gated))

    wait_until(recorded, "another process that counts", timeout=60)


def test_a_folder_that_became_a_link_leads_nowhere(watcher: Watcher, gated: Node, ssh: SshClient, mallory: Account, tmp_path: Path) -> None:
    """Its owner may be another user. What was counted meanwhile is written later."""
    wait_until(TEXTFILE.exists, "the textfile")
    folder = TEXTFILE.parent
    away = folder.rename(folder.with_suffix(".away"))
    folder.symlink_to(tmp_path)
    try:
        assert ssh.run(mallory, "true").status == 255
        wait_for_decision_of(gated, "mallory")
        assert watcher.process.stderr
        said = next(line for line in watcher.process.stderr if " is a link" in line)
        assert said == ("together-refresh: what was counted is not written to the textfile: "
                        f"{folder} is a link; write the path that it leads to\n")
        assert not list(tmp_path.glob("together.prom*"))
    finally:
        folder.unlink()
        away.rename(folder)
    wait_until(lambda: 'verdict="deny",reason="not_a_collaborator"} 1\n' in TEXTFILE.read_text(), "what was counted", 60)


def test_without_any_it_says_why(gated: Node) -> None:
    JOURNAL.unlink(missing_ok=True)
    done = gated.ctl("decisions")
    assert done.returncode == 2 and "together-refresh --watch does not run" in done.stderr
    done = gated.ctl("decisions", "--last", "many")
    assert done.returncode == 2 and "--last many is no number" in done.stderr
