# SPDX-License-Identifier: Apache-2.0
"""Two that edit a file at once, and edits that fail half-way: the file is the old one or a new one,
whole, at every instant. Runs are stopped between two system calls by strace."""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ctl_node import PLAIN_ENVIRONMENT, TOGETHERCTL, ctl
from support.pam_stacks import write_stack
from support.waiting import wait_until


@pytest.fixture
def sshd(tmp_path: Path, roster: None) -> Path:
    return write_stack("debian", tmp_path / "pam.d")


def enable(sshd: Path) -> list[str]:
    return [str(TOGETHERCTL), "enable", "ssh", "--file", str(sshd)]


class Traced:
    """A run of togetherctl with a fault injected into it, as strace(1) words it."""

    def __init__(self, command: list[str], injected: str, log: Path) -> None:
        self._log = log
        self._strace = subprocess.Popen(
            ["strace", "-o", log, "-e", "trace=" + injected.split(":")[0],
             "-e", "inject=" + injected, *command],
            env=PLAIN_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def stopped(self) -> bool:
        """Waits until it is, or has ended."""
        wait_until(lambda: self._is_stopped() or self._strace.poll() is not None, "its stop", 60)
        return self._strace.poll() is None

    def _is_stopped(self) -> bool:
        return self._log.exists() and "stopped by SIGSTOP" in self._log.read_text()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._strace.communicate(timeout=60)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> subprocess.CompletedProcess[str]:
        out, err = self._strace.communicate(timeout=60)
        return subprocess.CompletedProcess([], self._strace.returncode, out, err)

    def _signal(self, number: int) -> None:
        pid = self._strace.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), number)


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[object]:
    runs: list[Traced] = []

    def start(command: list[str], injected: str) -> Traced:
        runs.append(Traced(command, injected, tmp_path / f"strace.{len(runs)}"))
        return runs[-1]

    yield start
    for run in runs:
        if run._strace.poll() is None:
            run.kill()


def wanted(sshd: Path) -> str:
    assert ctl("enable", "ssh", "--file", str(sshd)).returncode == 0
    text = sshd.read_text()
    assert ctl("disable", "ssh", "--file", str(sshd)).returncode == 0
    return text


def names(sshd: Path) -> list[str]:
    return sorted(path.name for path in sshd.parent.iterdir() if path.name.find("sshd") >= 0)


# fchown: the backup's, then the new file's, whose text is written by then.
@pytest.mark.parametrize("second_one", ["fchown:signal=STOP:when=2", "write:signal=STOP:when=2"])
def test_a_second_run_leaves_the_first_one_alone(
    second_one: str, sshd: Path, traced: object
) -> None:
    before, after = sshd.read_text(), wanted(sshd)
    first = traced(enable(sshd), "fchown:signal=STOP:when=2")  # type: ignore[operator]
    assert first.stopped()
    second = traced(enable(sshd), second_one)  # type: ignore[operator]
    stopped = second.stopped()
    assert sshd.read_text() == before
    first.go_on()
    run = first.end()
    assert (sshd.read_text(), sshd.stat().st_mode & 0o7777) == (after, 0o644)
    if stopped:
        second.go_on()
    other = second.end()
    assert (sshd.read_text(), sshd.stat().st_mode & 0o7777) == (after, 0o644)
    assert Path(f"{sshd}.before-together").read_text() == before
    assert run.returncode == 0, run.stderr
    assert other.returncode == 2 and "is being edited by another togetherctl" in other.stderr
    assert names(sshd) == ["sshd", "sshd.before-together"]


def test_what_a_killed_run_left_is_in_nobodys_way(sshd: Path, traced: object) -> None:
    before, after = sshd.read_text(), wanted(sshd)
    first = traced(enable(sshd), "fchown:signal=STOP:when=2")  # type: ignore[operator]
    assert first.stopped()
    first.kill()
    assert sshd.read_text() == before
    assert ctl("enable", "ssh", "--file", str(sshd)).returncode == 0
    assert sshd.read_text() == after
    assert ctl("disable", "ssh", "--file", str(sshd)).returncode == 0
    assert sshd.read_text() == before


def test_nothing_is_done_while_another_holds_the_lock(sshd: Path) -> None:
    before = sshd.read_text()
    lock = sshd.with_name(".sshd.together-lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        run = ctl("enable", "ssh", "--file", str(sshd))
        assert run.returncode == 2 and "is being edited by another togetherctl" in run.stderr
        assert lock.exists()
    assert sshd.read_text() == before and not Path(f"{sshd}.before-together").exists()
    assert ctl("enable", "ssh", "--file", str(sshd)).returncode == 0
    assert names(sshd) == ["sshd", "sshd.before-together"]


def test_a_file_that_was_changed_since_it_was_read_stays(sshd: Path, traced: object) -> None:
    run = traced(enable(sshd), "flock:signal=STOP:when=1")  # type: ignore[operator]
    assert run.stopped()
    sshd.write_text("auth required pam_deny.so\n")
    run.go_on()
    ended = run.end()
    assert ended.returncode == 2 and "was changed by somebody else just now" in ended.stderr
    assert sshd.read_text() == "auth required pam_deny.so\n"
    assert names(sshd) == ["sshd"]


def test_only_a_backup_of_its_own_is_dropped(sshd: Path, traced: object) -> None:
    before = sshd.read_text()
    Path(f"{sshd}.before-together").write_text(before)
    # The first one is the backup's.
    run = traced(enable(sshd), "rename:error=EIO:when=2")  # type: ignore[operator]
    assert run.end().returncode == 2
    assert sshd.read_text() == before
    assert Path(f"{sshd}.before-together").read_text() == before


def test_a_folder_that_cannot_be_synced_is_said_and_no_failure(
    sshd: Path, traced: object
) -> None:
    before, after = sshd.read_text(), wanted(sshd)
    # The backup, its folder, the file, its folder: by then it is there for everybody.
    run = traced(enable(sshd), "fsync:error=EINVAL:when=4")  # type: ignore[operator]
    ended = run.end()
    assert ended.returncode == 0, ended.stderr
    assert f"cannot sync {sshd.parent}: Invalid argument" in ended.stdout
    assert sshd.read_text() == after
    assert Path(f"{sshd}.before-together").read_text() == before


def test_a_lockdown_whose_folder_cannot_be_synced_is_in_force(roster: None, traced: object) -> None:
    run = traced([str(TOGETHERCTL), "lockdown", "--reason", "x"],  # type: ignore[operator]
                 "fsync:error=EINVAL:when=2").end()
    assert run.returncode == 0 and "LOCKDOWN IN FORCE" in run.stdout
    assert "cannot sync /etc/together: Invalid argument" in run.stdout


def test_the_backup_is_the_file_without_our_lines(sshd: Path) -> None:
    before = sshd.read_text()
    backup = Path(f"{sshd}.before-together")
    assert ctl("enable", "ssh", "--file", str(sshd)).returncode == 0
    assert ctl("enable", "ssh", "--file", str(sshd), "--require", "admin").returncode == 0
    assert "require=admin" in sshd.read_text() and backup.read_text() == before
    run = ctl("disable", "ssh", "--file", str(sshd))
    assert "as it was before" in run.stdout and sshd.read_text() == before
    assert not backup.exists()


def test_of_several_files_those_that_were_changed_are_named(etc_pam: Path, roster: None) -> None:
    before = (etc_pam / "sudo-i").read_text()
    with (etc_pam / ".sudo-i.together-lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        run = ctl("enable", "sudo")
    assert run.returncode == 2
    assert f"{etc_pam}/sudo-i is being edited by another togetherctl" in run.stderr
    assert f"done before that: {etc_pam}/sudo: changed; as it was: " in run.stderr
    assert (etc_pam / "sudo-i").read_text() == before
    assert "nothing was changed" not in ctl("enable", "--help").stdout
