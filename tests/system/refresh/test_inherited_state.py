# SPDX-License-Identifier: Apache-2.0
"""Whatever its caller left it with: together-refresh works, and its files are as they should be."""

import os
import resource
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.refresher import NO_ANSWER, VALID, Refresher, child_of, status_of
from support.stuck_name_service import StuckNameService

PLAIN_USER = 12345
BLOCKED = {signal.SIGALRM, signal.SIGTERM, signal.SIGCHLD, signal.SIGINT}


def block_signals() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)


def ignore_signals() -> None:
    for number in BLOCKED:
        signal.signal(number, signal.SIG_IGN)


def may_raise_limits() -> bool:
    """CAP_SYS_RESOURCE, which the root of many a container has not."""
    effective = int(status_of(os.getpid())["CapEff"], 16)
    return bool(effective & 1 << 24)


def limit(what: int, low: int) -> None:
    hard = low if may_raise_limits() else resource.getrlimit(what)[1]
    resource.setrlimit(what, (low, hard))


def tiny_files() -> None:
    limit(resource.RLIMIT_FSIZE, 64)


def few_descriptors() -> None:
    limit(resource.RLIMIT_NOFILE, 8)


def few_processes() -> None:
    limit(resource.RLIMIT_NPROC, 1)


def little_time() -> None:
    limit(resource.RLIMIT_CPU, 1)


def be_nice() -> None:
    os.nice(19)


def in_a_deleted_folder() -> None:
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)


def no_standard_streams() -> None:
    for descriptor in range(3):
        os.close(descriptor)


def many_descriptors() -> None:
    for _ in range(200):
        os.set_inheritable(os.open("/dev/null", os.O_RDONLY), True)


EACH = [block_signals, ignore_signals, tiny_files, few_descriptors, few_processes, little_time,
        be_nice, in_a_deleted_folder, no_standard_streams, many_descriptors]


def everything() -> None:
    os.umask(0o777)
    for change in (block_signals, ignore_signals, tiny_files, few_processes, be_nice,
                   in_a_deleted_folder, no_standard_streams, few_descriptors):
        change()


@pytest.mark.parametrize("mode", ["", "--on-demand"])
@pytest.mark.parametrize("change", [*EACH, everything], ids=lambda change: change.__name__)
def test_it_works_with_any_inherited_state(
    refresher: Refresher, change: Callable[[], None], mode: str
) -> None:
    refresher.refresh(*mode.split(), preexec_fn=change, close_fds=False)
    assert refresher.logins() == {"alice", "bob"}
    assert refresher.files() == [
        path.name for path in (refresher.snapshot, refresher.attempt_file, refresher.lock,
                               refresher.spare, refresher.stamp)]


def soft_limits(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:47].strip() for line in lines}


def test_its_state_is_its_own(refresher: Refresher, stuck_names: StuckNameService) -> None:
    refresher.roster.add("carol")
    refresher.roster.write()
    process = refresher.start("--on-demand", preexec_fn=everything, stderr=None)
    stuck_names.wait_for_a_question()  # a fork blocks all signals for a moment
    for pid in (process.pid, child_of(process)):
        status = status_of(pid)
        assert int(status["SigBlk"], 16) == 0
        assert int(status["SigIgn"], 16) & ~(1 << (signal.SIGPIPE - 1)
                                             | 1 << (signal.SIGXFSZ - 1)) == 0
        assert status["Umask"] == "0022"
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert os.getpriority(os.PRIO_PROCESS, pid) == 0
        limits = soft_limits(pid)
        assert limits["Max file size"] == limits["Max cpu time"] == "unlimited"
        assert limits["Max core file size"] == "1"  # Linux: neither a file nor a pipe gets one
        assert int(limits["Max open files"]) >= 64
        assert limits["Max processes"] != "1"
    stuck_names.answer_nothing_more()
    assert process.wait(10) == VALID


def test_where_root_may_not_raise_limits_it_uses_what_it_has(refresher: Refresher) -> None:
    """A container's root often lacks CAP_SYS_RESOURCE: the soft limit can still be raised."""
    def low_soft_limits() -> None:
        for what, low in ((resource.RLIMIT_FSIZE, 64), (resource.RLIMIT_NOFILE, 8)):
            resource.setrlimit(what, (low, resource.getrlimit(what)[1]))

    done = refresher.run(before=("setpriv", "--bounding-set=-sys_resource,-sys_nice"),
                         preexec_fn=low_soft_limits)
    # setpriv itself needs a few descriptors: 8 are enough for it.
    assert done.returncode == VALID, done.stderr
    assert refresher.logins() == {"alice", "bob"}


def test_a_limit_that_nobody_can_raise_is_a_failure_like_a_full_disk(refresher: Refresher) -> None:
    def hard_limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    refresher.folder.mkdir()
    os.chown(refresher.folder, PLAIN_USER, PLAIN_USER)
    done = refresher.run(before=("setpriv", f"--reuid={PLAIN_USER}", f"--regid={PLAIN_USER}",
                                 "--clear-groups"), preexec_fn=hard_limit)
    assert done.returncode == NO_ANSWER
    assert "File too large" in done.stderr and str(refresher.temporary) in done.stderr
    assert not refresher.temporary.exists()
