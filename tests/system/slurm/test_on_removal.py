# SPDX-License-Identifier: Apache-2.0
"""[gate] on_removal where slurmctld runs: the jobs of who left the roster."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.slurm.host import SNAPSHOT_FOLDER
from support.slurm.slurm_user import User
from support.slurm.world import World
from support.waiting import wait_until

LOG = Path("/run/watcher.log")


@pytest.fixture(autouse=True)
def slurm_conf(world: World) -> Iterator[None]:
    """Where Slurm's commands look by themselves."""
    usual = Path("/etc/slurm/slurm.conf")
    usual.parent.mkdir(exist_ok=True)
    usual.symlink_to(world.cluster.conf)
    yield
    usual.unlink()


@contextmanager
def watching(world: World, on_removal: str, grace: str = "0s") -> Iterator[None]:
    world.configure([world.controller], roster={"fresh_for": "1s", "recheck_after": "1s"},
                    gate={"on_removal": on_removal, "on_removal_grace": grace})
    with LOG.open("wb") as log:
        watcher = subprocess.Popen([world.controller.refresh_program, "--watch"], env={"PATH": "/usr/bin"},
                                   stdin=subprocess.DEVNULL, stderr=log)
    try:
        wait_until((SNAPSHOT_FOLDER / "before.roster.v1").exists, "a roster to compare with")
        yield
    finally:
        watcher.terminate()
        watcher.wait(20)
        print(LOG.read_text())


def wait_for_log(text: str) -> None:
    wait_until(lambda: text in LOG.read_text(), f"{text!r} in the watcher's log", 60)


def remove(world: World, login: str) -> None:
    """On the controller; its watcher finds it."""
    world.controller.roster.remove(login)
    world.controller.roster.write()


def queued(world: World, user: User) -> tuple[int, int, int]:
    """A running job, a pending one and a pending array."""
    running = user.sbatch("tail -f /dev/null").job
    world.cluster.wait_for(running, "RUNNING")
    pending = user.sbatch("true", "--begin=now+1hour").job
    return running, pending, user.sbatch("true", "--begin=now+1hour", "--array=0-3").job


def test_pending_and_running_jobs_are_cancelled(world: World, users: dict[str, User]) -> None:
    alice, carol = users["alice"], users["carol"]
    his, hers = queued(world, alice), queued(world, carol)
    with watching(world, "end_sessions_and_jobs"):
        remove(world, "alice")
        for job in his[:2]:
            world.cluster.wait_for(job, "CANCELLED")
        wait_until(lambda: not world.cluster.run("squeue", "--noheader", "--user=alice").stdout, "the end of all")
        wait_for_log(f"ended: job {his[0]} (RUNNING) of alice (uid 20001), who left the roster")
        wait_for_log(f"ended: job {his[1]} (PENDING) of alice (uid 20001), who left the roster")
    assert world.cluster.job(hers[0])["JobState"] == "RUNNING"
    assert world.cluster.job(hers[1])["JobState"] == "PENDING"
    assert world.cluster.job(hers[2])["JobState"] == "PENDING"


def test_where_sessions_alone_end_jobs_go_on(world: World, alice: User) -> None:
    """The job's processes run on this very host, and have alice's uid."""
    running, pending, _ = queued(world, alice)
    process = alice.start("tail", "-f", "/dev/null")
    with watching(world, "end_sessions"):
        remove(world, "alice")
        assert process.wait(60) == -signal.SIGTERM
        wait_for_log(f"ended: process {process.pid} of alice")
    assert world.cluster.job(running)["JobState"] == "RUNNING"
    assert world.cluster.job(pending)["JobState"] == "PENDING"
    assert LOG.read_text().count("ended: ") == 1


def test_of_a_running_jobs_processes_none_is_ended_but_by_slurm(world: World, alice: User) -> None:
    job = alice.sbatch("trap 'echo told; exit 3' TERM; tail -f /dev/null & while :; do wait; done").job
    world.cluster.wait_for(job, "RUNNING")
    with watching(world, "end_sessions_and_jobs"):
        remove(world, "alice")
        world.cluster.wait_for(job, "CANCELLED")
    assert "ended: process" not in LOG.read_text()


def test_in_an_outage_jobs_go_on(world: World, alice: User) -> None:
    running, pending, _ = queued(world, alice)
    with watching(world, "end_sessions_and_jobs", "2s"):
        remove(world, "alice")
        wait_for_log("it is ended in 2s")
        away = world.controller.roster.path.rename("/var/lib/together/away.json")
        wait_for_log("what alice (uid 20001) has here is not ended now: the authority does not confirm it")
        assert world.cluster.job(running)["JobState"] == "RUNNING"
        assert world.cluster.job(pending)["JobState"] == "PENDING"
        away.rename(world.controller.roster.path)
        world.cluster.wait_for(running, "CANCELLED")
        world.cluster.wait_for(pending, "CANCELLED")


def test_a_slurmctld_that_hangs_holds_no_session_up(world: World, users: dict[str, User]) -> None:
    alice = users["alice"]
    pending = alice.sbatch("true", "--begin=now+1hour").job
    process = alice.start("tail", "-f", "/dev/null")
    with watching(world, "end_sessions_and_jobs"):
        os.kill(world.cluster.ctld.pid, signal.SIGSTOP)
        try:
            remove(world, "alice")
            assert process.wait(100) == -signal.SIGTERM
        finally:
            os.kill(world.cluster.ctld.pid, signal.SIGCONT)
        world.cluster.wait_for(pending, "CANCELLED")
