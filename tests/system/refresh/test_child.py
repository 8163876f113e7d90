# SPDX-License-Identifier: Apache-2.0
"""The unprivileged child: what it is, what it has, and that it never outlives its parent."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support.refresher import (NO_ANSWER, PROGRAM, VALID, Refresher, child_of, is_running, status_of,
                       stop)
from support.stuck_name_service import StuckNameService
from support.waiting import wait_until

NO_CAPABILITIES = "0000000000000000"


@pytest.fixture
def held(refresher: Refresher, stuck_names: StuckNameService) -> Refresher:
    """The child of each round hangs, because carol's uid is asked for."""
    refresher.configure(deadline="4s")
    refresher.roster.add("carol")
    refresher.roster.write()
    return refresher


def hold(
    refresher: Refresher, *arguments: str, **popen: Any
) -> tuple[subprocess.Popen[str], int]:
    process = refresher.start(*arguments, **popen)
    child = child_of(process)
    wait_until(lambda: status_of(child)["NoNewPrivs"] == "1" and sockets_of(child) == 2,
               "the child to ask for a name")
    return process, child


def descriptors(pid: int) -> dict[int, str]:
    folder = Path(f"/proc/{pid}/fd")
    found = {}
    for name in folder.iterdir():
        with suppress(FileNotFoundError):  # it has just been closed
            found[int(name.name)] = os.readlink(name)
    return found


def sockets_of(pid: int) -> int:
    """Its parent's and, while it asks for a name, the name service's."""
    return sum(link.startswith("socket:") for link in descriptors(pid).values())


def add_account(line: str) -> None:
    with open("/etc/passwd", "a", encoding="ascii") as passwd:
        passwd.write(line + "\n")


@pytest.mark.parametrize("account, uid", [
    (None, "65534"), ("together:x:977:978::/nonexistent:/usr/sbin/nologin", "977"),
    ("together:x:0:0::/:/bin/sh", "65534"),  # no uid for a child
])
def test_it_is_nobody(held: Refresher, account: str | None, uid: str) -> None:
    passwd = Path("/etc/passwd").read_text()
    try:
        if account:
            add_account(account)
        _, child = hold(held, extra_groups=[4, 24])
        wait_until(lambda: status_of(child)["Uid"].split() == [uid] * 4, f"{uid}")
        status = status_of(child)
        gid = account.split(":")[3] if account and uid != "65534" else "65534"
        assert status["Gid"].split() == [gid] * 4
        assert status["Groups"] == ""
        assert status["NoNewPrivs"] == "1"
        for kind in ("CapEff", "CapPrm", "CapAmb"):
            assert status[kind] == NO_CAPABILITIES
    finally:
        Path("/etc/passwd").write_text(passwd)


def test_it_has_its_pipe_and_the_roster_file_alone(held: Refresher) -> None:
    extra = os.open("/etc/shadow", os.O_RDONLY)
    os.set_inheritable(extra, True)
    process, child = hold(held)
    os.close(extra)
    links = sorted(link.partition(":")[0] for number, link in descriptors(child).items() if number > 2)
    assert links == [str(held.roster.path), "socket", "socket"]
    assert not [link for link in descriptors(process.pid).values() if "shadow" in link]


def test_nobody_else_can_look_into_it(held: Refresher) -> None:
    """It was root and has root's memory, the token as well."""
    _, child = hold(held)
    done = subprocess.run(["cat", f"/proc/{child}/environ"], capture_output=True, text=True,
                          user=65534, group=65534, extra_groups=[])
    assert done.returncode != 0 and "Permission denied" in done.stderr


def test_a_plain_user_s_child_is_that_user(held: Refresher) -> None:
    held.folder.mkdir()
    os.chown(held.folder, 12345, 12345)
    process = held.start(user=12345, group=12345, extra_groups=[])
    child = child_of(process)
    wait_until(lambda: status_of(child)["NoNewPrivs"] == "1", "no_new_privs")
    assert status_of(child)["Uid"].split() == ["12345"] * 4


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_parent(held: Refresher, number: int) -> None:
    process, child = hold(held)
    process.send_signal(number)
    process.wait(30)
    wait_until(lambda: not is_running(child), "the child's end")


def test_everything_ends_with_the_caller(held: Refresher) -> None:
    """sshd is killed while it waits: neither the helper nor its child stays."""
    held.folder.mkdir()
    caller = held.started(subprocess.Popen(
        [PROGRAM.parents[1] / "tests/system/refresh/refresh_probe", "ask", held.config, "1"],
        stdout=subprocess.DEVNULL, text=True))
    asking = wait_until(lambda: children(caller.pid), "the adapter")[0]
    helper = wait_until(lambda: children(asking), "the helper")[0]
    child = wait_until(lambda: children(helper), "the child")[0]
    os.kill(asking, signal.SIGKILL)
    wait_until(lambda: not is_running(helper) and not is_running(child), "both ends")


def children(pid: int) -> list[int]:
    return [int(child) for child in
            Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_stopped_child_holds_nobody_past_the_deadline(refresher: Refresher) -> None:
    refresher.refresh()
    refresher.configure(deadline="1s", fresh_for="0s", recheck_after="0s")
    os.mkfifo("/run/refresh/passwd")
    with private_passwd("/run/refresh/passwd"):  # it hangs before it has answered
        started = time.monotonic()
        process = refresher.start("--on-demand")
        stop(child_of(process))
        assert process.wait(30) == NO_ANSWER
        assert time.monotonic() - started < 1.2 + 2
        assert process.stderr and "no answer within the deadline" in process.stderr.read()
    assert refresher.logins() == {"alice", "bob"}


class private_passwd:
    """Another /etc/passwd, as long as it lasts."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        subprocess.run(["mount", "--bind", self._path, "/etc/passwd"], check=True)

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "/etc/passwd"], check=True)


def test_a_helper_that_hangs_is_ended_by_its_own_alarm(refresher: Refresher) -> None:
    """Its caller is gone, and it writes to somebody who does not read."""
    refresher.configure(deadline="500ms")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    started = time.monotonic()
    process = refresher.start("--on-demand", "--verbose", stderr=writing)
    os.close(writing)
    assert process.wait(30) == -signal.SIGALRM
    assert 0.4 < time.monotonic() - started < 5
    os.close(reading)


def test_a_child_that_is_killed_over_a_name_loses_no_roster(held: Refresher) -> None:
    process, child = hold(held, "--on-demand")
    os.kill(child, signal.SIGKILL)
    assert process.wait(5) == VALID  # the roster had come, a uid had not
    assert held.stored()["entries"]["carol"]["source"] == "none"
