# SPDX-License-Identifier: Apache-2.0
"""In a refused step nobody becomes the user: none of the programs that a step takes from him runs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.node import build_folder
from support.slurm.no_filter import without_filters
from support.slurm.slurm_user import Result, User
from support.slurm.world import World
from support.waiting import wait_until

LOUD = "can still run: cannot set a system call filter: Function not implemented"


@pytest.fixture
def trace(alice: User) -> Iterator[Path]:
    """What alice's program leaves where it ran."""
    made = alice.home / "ran-as"
    program(alice, "id -u >> ~/ran-as")
    yield made
    for path in (made, alice.home / "program"):
        path.unlink(missing_ok=True)


def program(user: User, *lines: str) -> None:
    path = user.home / "program"
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def allocation(world: World, user: User) -> int:
    """Held by nobody's command: salloc without a shell, so that no batch step is asked for."""
    result = user.without_plugstack().run("salloc", "--no-shell", "-N1", "--ntasks=2")
    found = re.search(r"Granted job allocation (\d+)", result.stderr)
    assert found, result
    world.cluster.wait_for(int(found[1]), "RUNNING")
    return int(found[1])


def srun_with(user: User, job: int, way: str) -> Result:
    """A step with the user's program, named by an option or a variable. srun's own --prolog and
    --epilog run where srun does, and are nothing of the node's. The client's early refusal is
    passed by: the node is what is tested."""
    named = f"{user.home}/program"
    by_option = way.startswith("--")
    return user.without_plugstack().run(
        "srun", f"--jobid={job}", "--overlap", "-n2", *([f"{way}={named}"] if by_option else []),
        "true", environment={} if by_option else {way: named})


def assert_refused(user: User, result: Result) -> None:
    assert result.status == 1, result
    assert f"uid {user.uid} is not a collaborator" in result.stderr


@pytest.mark.parametrize("way", ["--task-epilog", "--task-prolog", "SLURM_TASK_EPILOG",
                                 "SLURM_TASK_PROLOG"])
def test_no_program_of_a_removed_user_runs_in_his_allocation(
    world: World, alice: User, trace: Path, way: str
) -> None:
    job = allocation(world, alice)
    # A rightful user's program does run: the test would see a refused one's.
    assert srun_with(alice, job, way).status == 0
    wait_until(lambda: trace.exists() and trace.read_text() == "20001\n" * 2, "the program's trace")
    trace.unlink()
    world.remove("alice")
    assert_refused(alice, srun_with(alice, job, way))
    world.cluster.run("scancel", str(job))
    world.cluster.wait_until_idle()
    assert not trace.exists(), trace.read_text()
    assert "can still run" not in world.cluster.logs()
    assert world.cluster.drain_reasons() == ""


def test_no_program_of_a_stranger_runs_where_the_node_alone_asks(
    world: World, mallory: User
) -> None:
    """As on a cluster whose slurmctld has no job_submit_together."""
    world.cluster.apply({})
    program(mallory, "id -u >> ~/ran-as")
    job = allocation(world, mallory)
    assert_refused(mallory, srun_with(mallory, job, "--task-epilog"))
    world.cluster.run("scancel", str(job))
    world.cluster.wait_until_idle()
    assert not (mallory.home / "ran-as").exists()
    (mallory.home / "program").unlink()


def test_nor_in_a_lockdown(world: World, alice: User, trace: Path) -> None:
    job = allocation(world, alice)
    for node in world.nodes:
        (node.config_folder / "lockdown").write_text("somebody is in here\n")
    assert "locked down" in srun_with(alice, job, "--task-epilog").stderr
    world.cluster.run("scancel", str(job))
    world.cluster.wait_until_idle()
    assert not trace.exists()


def test_roots_own_epilog_runs_after_a_refused_step(world: World, alice: User) -> None:
    """Epilog= of slurm.conf is slurmd's; what it does as another user it can still do."""
    epilog = world.cluster.directory / "epilog"
    done = world.cluster.directory / "epilog-ran"
    epilog.write_text(f"#!/bin/sh\nsetpriv --reuid={alice.uid} --clear-groups id -u > {done}\n")
    epilog.chmod(0o755)
    world.cluster.apply({**world.cluster.settings, "Epilog": str(epilog)})
    job = allocation(world, alice)
    world.remove("alice")
    assert_refused(alice, srun_with(alice, job, "--task-epilog"))
    world.cluster.run("scancel", str(job))
    wait_until(lambda: done.exists() and done.read_text() != "", "the epilog")
    assert done.read_text() == f"{alice.uid}\n"
    world.cluster.wait_until_idle()
    assert world.cluster.drain_reasons() == ""


def test_the_extern_step_of_a_refused_user_drains_nothing(world: World, alice: User) -> None:
    """PrologFlags=X11 has it run programs for him; it is barred as any step of his is. Slurm takes
    that flag with another proctrack alone, which newer ones may not have."""
    another = "proctrack/pgid"
    has_it = (world.cluster.slurm.plugins / "proctrack_pgid.so").exists()
    world.cluster.apply({
        **world.cluster.settings, "PrologFlags": "Alloc,Contain" + (",X11" if has_it else ""),
        **({"ProctrackType": another} if has_it else {})})
    job = alice.sbatch("true", "--hold").job
    world.remove("alice")
    world.cluster.must("scontrol", "release", str(job))
    assert world.cluster.wait_for(job, "FAILED")["ExitCode"] == "1:0"
    world.cluster.wait_until_idle()


# ---- a system that allows no filter ---------------------------------------------------------------

@pytest.fixture
def filterless_node(world: World) -> Iterator[World]:
    """n1's slurmd and steps cannot set one."""
    with world.cluster.slurmd_within("n1", without_filters(world.cluster.directory)):
        yield world


def test_without_a_filter_tasks_are_refused_and_the_log_is_loud(
    filterless_node: World, alice: User
) -> None:
    world = filterless_node
    world.remove("alice", world.nodes)
    result = alice.without_plugstack().srun("--nodelist=n1", "echo", "ran")
    assert (result.status, result.stdout) == (1, "")
    assert LOUD in world.cluster.slurmd["n1"].log()


def test_doctor_fails_where_no_filter_can_be_set(world: World) -> None:
    def found(*before: str) -> dict[str, str]:
        done = world.cluster.run(*before, build_folder() / "togetherctl" / "togetherctl", "doctor",
                                 "--json", "--slurm-conf", world.cluster.conf, timeout=90)
        [one] = [one for one in json.loads(done.stdout) if one["check"] == "step_filter"]
        return one

    assert found()["result"] == "ok"
    bad = found(*without_filters(world.cluster.directory))
    assert bad["result"] == "failure" and "task epilog" in bad["why"], bad
