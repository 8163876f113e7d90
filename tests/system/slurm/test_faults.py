# SPDX-License-Identifier: Apache-2.0
"""Faults: nothing hangs, nothing drains a node, nobody is let in by them."""

import os
import signal
import statistics
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.slurm.allocation import held_job
from support.slurm.role_api import RoleApi
from support.slurm.slurm_user import User
from support.slurm.world import STEP_CHECK, PLUGSTACK, World
from support.waiting import wait_until

LATER = "--begin=now+1hour"
ASKS_ALWAYS = {"fresh_for": "0s", "recheck_after": "0s"}

BURST = """
i=0
while [ $i -lt 125 ]; do
    sbatch --parsable --begin=now+1hour --output=/dev/null --wrap=true || exit 1
    i=$((i + 1))
done
"""


def submit_500(world: World, alice: User) -> float:
    """Four at a time, as fast as they go; how long slurmctld took for one, 99 of 100."""
    users = [alice.start("sh", "-c", BURST) for _ in range(4)]
    for user in users:
        out, err = user.communicate(timeout=200)
        assert user.returncode == 0 and len(out.split()) == 125, err
    took = [int(line["took_us"]) for line in world.answers_of(world.controller, verdict="allow")]
    assert len(took) >= 500
    return statistics.quantiles(took, n=100)[98]


def test_500_submissions_while_the_authority_hangs(world: World, alice: User) -> None:
    """The submit check asks nobody: neither do its answers take longer nor does it make a request."""
    token = Path("/etc/token-of-the-test")
    token.write_text("secret")
    token.chmod(0o600)
    with RoleApi(world.controller.roster) as api:
        world.configure([world.controller],
                        api={"base_url": api.base_url, "token_file": str(token)},
                        roster=ASKS_ALWAYS)
        world.controller.refresh()
        api.hang()
        asked = api.requests
        slowest = submit_500(world, alice)
        assert api.requests == asked
        assert slowest < 500_000, f"{slowest} us"
        watched = time.monotonic()
        world.cluster.must("scontrol", "ping")
        assert time.monotonic() - watched < 10


def test_the_plug_in_is_replaced_while_jobs_run(world: World, alice: User) -> None:
    job = held_job(alice, "srun echo ran")
    for _ in range(5):
        world.cluster.install(STEP_CHECK)
        assert alice.srun("echo", "ran").stdout == "ran\n"
    job.go()
    assert world.cluster.wait_for(job.number, "COMPLETED")["ExitCode"] == "0:0"
    assert "ran\n" in alice.output_of(job.number)


def test_a_roster_replaced_all_the_time_never_confuses_a_step(world: World, alice: User) -> None:
    stop = Path("/tmp/stop-replacing")
    script = f"while [ ! -e {stop} ]; do {world.nodes[0].refresh_program}; done"
    # The node's own folders, in a namespace like its slurmd's.
    replacing = subprocess.Popen(
        [*world.nodes[0].namespace_of_its_own(), "sh", "-c", script],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdin=subprocess.DEVNULL)
    try:
        for number in range(10):
            world.nodes[0].roster.write()  # another revision, so another file
            assert alice.srun("--nodelist=n1", "echo", "ran").stdout == "ran\n", number
    finally:
        stop.touch()
        replacing.wait(20)
        stop.unlink()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_slurmctld_and_slurmd_come_back_with_the_gate(
    world: World, alice: User, mallory: User, number: int
) -> None:
    job = held_job(alice)
    began = time.time()
    saved = world.cluster.directory / "state" / "job_state"
    world.cluster.must("scontrol", "update", f"jobid={job.number}", "comment=something to save")
    wait_until(lambda: saved.exists() and saved.stat().st_mtime > began, "slurmctld's saved state",
               20)
    for daemon in world.cluster.daemons():
        os.kill(daemon.pid, number)
        wait_until(lambda: not daemon.is_running(), "the daemon's end")  # noqa: B023
    world.cluster.start_slurmctld()
    for name in world.cluster.slurmd:
        world.cluster.start_slurmd(name)
    wait_until(lambda: set(world.cluster.node_states().values()) <= {"idle", "mixed"}, "the nodes",
               30)
    assert world.cluster.job(job.number)["JobState"] == "RUNNING"
    assert alice.srun("echo", "ran").stdout == "ran\n"
    assert mallory.without_plugstack().srun("true").status == 1
    job.go()
    world.cluster.wait_for(job.number, "COMPLETED")


def test_a_slurmctld_in_the_background_notices_changes(
    world: World, alice: User, mallory: User
) -> None:
    """As an init script starts it: what a plug-in's init() started would not survive its fork."""
    cluster = world.cluster
    cluster.ctld.stop()
    cluster.must("slurmctld", "-f", cluster.conf)
    try:
        wait_until(cluster.answers, "slurmctld in the background")
        assert mallory.run("sbatch", LATER, "--wrap=true").status != 0
        world.configure([world.controller], gate={"exempt_users": "mallory"})
        assert mallory.run("sbatch", LATER, "--wrap=true").status == 0
    finally:
        pid = int((cluster.directory / "slurmctld.pid").read_text())
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: ended(pid), "the end of slurmctld")
        cluster.start_slurmctld()


def ended(pid: int) -> bool:
    """Also where nobody reaps it."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_reconfiguring_keeps_the_gate(world: World, alice: User, mallory: User) -> None:
    for _ in range(3):
        world.cluster.must("scontrol", "reconfigure")
        assert mallory.without_plugstack().srun("true").status == 1
        wait_until(lambda: alice.srun("echo", "ran").stdout == "ran\n", "a step", 20)
    wait_until(world.cluster.answers, "slurmctld")


def test_the_helper_is_killed_under_a_starting_step(world: World, alice: User) -> None:
    token = Path("/etc/token-of-the-test")
    token.write_text("secret")
    token.chmod(0o600)
    with RoleApi(world.controller.roster) as api:
        world.configure(
            world.nodes, api={"base_url": api.base_url, "token_file": str(token)},
            roster={**ASKS_ALWAYS, "deadline": "60s"})
        for node in world.nodes:
            node.refresh()
        api.hang()
        asked = api.requests
        step = alice.start("srun", "echo", "ran")
        wait_until(lambda: api.requests > asked, "the helper's question")
        for pid in helpers():
            with suppress(ProcessLookupError):  # a child ends with its parent
                os.kill(pid, signal.SIGKILL)
        out, err = step.communicate(timeout=30)  # less than the deadline
    assert (step.returncode, out) == (0, "ran\n"), err  # the roster of before decides


def helpers() -> list[int]:
    """Those that steps have started, by their arguments, in this sandbox's own process table."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"/together-refresh") and b"--on-demand" in words:
            found.append(int(folder.name))
    return found


def test_who_stops_his_own_step_stops_no_refresh(world: World, alice: User) -> None:
    """Whoever waits for the roster holds a lock: nobody but root may be able to stop it."""
    world.cluster.apply({"JobSubmitPlugins": "together", "ProctrackType": "proctrack/pgid"})
    token = Path("/etc/token-of-the-test")
    token.write_text("secret")
    token.chmod(0o600)
    node = world.nodes[0]
    with RoleApi(world.controller.roster) as api:
        world.configure([node], api={"base_url": api.base_url, "token_file": str(token)},
                        roster=ASKS_ALWAYS | {"deadline": "3s"})
        node.refresh()
        api.hang()
        step = alice.start("srun", "-n1", "-w", node.name, "sleep", "100")  # sleeps: a long step
        wait_until(helpers, "a helper of the step")
        [job] = world.cluster.jobs()
        stopped = []
        while helpers() and not stopped:
            alice.run("scancel", "--signal=STOP", job)
            stopped = [pid for pid in roots_slurm_processes() if state_of(pid) == "T"]
            if not helpers():  # the signal came when nobody waited any more
                stopped = []
        alice.run("scancel", "--signal=CONT", job)
        alice.run("scancel", job)
        step.communicate(timeout=30)
    assert stopped == []


def roots_slurm_processes() -> list[int]:
    """slurmstepd, the tasks that it has not given away yet, and what they execute."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            program = (folder / "comm").read_text()
            if program.startswith(("slurmstepd", "together-refres")) and folder.stat().st_uid == 0:
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "gone"


def test_a_plug_in_missing_on_a_node_is_loud(world: World, alice: User) -> None:
    """Slurm's own policy, pinned: `required` and no file refuses everybody, and drains with
    sbatch. So it is srun here, and an installer must replace by rename."""
    (world.cluster.plugins / "spank_together.so").unlink()
    result = alice.srun("echo", "ran")
    assert result.status != 0 and "ran\n" not in result.stdout
    world.cluster.install(STEP_CHECK)
    world.cluster.write_plugstack(PLUGSTACK)
    assert alice.srun("echo", "ran").stdout == "ran\n"
