# SPDX-License-Identifier: Apache-2.0
"""The main story on a real Slurm: who gets in, who does not, and what they read."""

import shutil

import pytest

from support.node import build_folder
from support.slurm.cluster import Cluster
from support.slurm.slurm_user import User
from support.slurm.world import World

DENIED = "Access denied: uid 20004 is not a " \
         "collaborator of project proj_123. An Admin of the project can add you."


def test_a_collaborator_runs_steps_and_jobs(world: World, alice: User) -> None:
    result = alice.srun("-N2", "id", "-u")
    assert (result.status, result.stdout, result.stderr) == (0, "20001\n20001\n", "")
    job = alice.sbatch("id -u").job
    assert world.cluster.wait_for(job, "COMPLETED")["ExitCode"] == "0:0"
    assert alice.output_of(job) == "20001\n"


def test_a_job_knows_its_project_and_role(world: World, users: dict[str, User]) -> None:
    script = "echo $TOGETHER_PROJECT_ID $TOGETHER_ROLE"
    assert users["alice"].srun("sh", "-c", script).stdout == "proj_123 member\n"
    assert users["carol"].srun("sh", "-c", script).stdout == "proj_123 admin\n"
    job = users["carol"].sbatch(script).job
    world.cluster.wait_for(job, "COMPLETED")
    assert users["carol"].output_of(job) == "proj_123 admin\n"


def test_a_user_cannot_give_himself_a_role(world: World, alice: User) -> None:
    world.configure(gate={"exempt_users": "alice"})
    forged = {"TOGETHER_ROLE": "admin", "TOGETHER_PROJECT_ID": "proj_other"}
    result = alice.run("srun", "sh", "-c", "echo $TOGETHER_PROJECT_ID ${TOGETHER_ROLE-none}",
                       environment=forged)
    assert result.stdout == "proj_123 none\n"


@pytest.mark.parametrize("command", [
    ("srun", "true"), ("salloc", "true"), ("sbatch", "--wrap=true"),
    ("sbatch", "--array=0-3", "--wrap=true"), ("sbatch", "--wrap=true", ":", "--ntasks=2"),
])
def test_a_stranger_is_refused_at_the_door(
    world: World, mallory: User, command: tuple[str, ...]
) -> None:
    result = mallory.without_plugstack().run(*command)
    assert result.status == 1 and DENIED in result.stderr, result
    assert world.cluster.jobs() == []


def test_one_removed_after_submitting_starts_nothing(world: World, alice: User) -> None:
    job = alice.sbatch("echo ran", "--begin=now+1hour").job
    world.remove("alice")
    world.cluster.must("scontrol", "update", f"jobid={job}", "starttime=now")
    shown = world.cluster.wait_for(job, "FAILED")
    assert shown["ExitCode"] == "1:0" and shown["Restarts"] == "0"
    output = alice.output_of(job)
    assert "ran\n" not in output and "uid 20001 is not a collaborator" in output
    assert output.count("Access denied") == 1
    assert world.cluster.node_states() == {"n1": "idle", "n2": "idle"}


def test_a_denied_step_tells_once_per_node(world: World, alice: User) -> None:
    world.remove("alice", world.nodes)
    result = alice.srun("-N2", "--ntasks-per-node=4", "echo", "ran")
    assert result.status == 1 and result.stdout == ""
    assert result.stderr.count("Access denied: uid 20001 is not a collaborator") == 2
    for node in world.nodes:
        assert len(world.answers_of(node, uid="20001", verdict="deny")) == 1


def test_an_exempt_user_and_root_run(world: World, users: dict[str, User]) -> None:
    world.configure(gate={"exempt_users": "oscar"})
    assert users["oscar"].srun("id", "-u").stdout == "20005\n"
    assert world.cluster.run("srun", "id", "-u").stdout == "0\n"
    [answer] = world.answers_of(world.controller, uid="20005")
    assert (answer["verdict"], answer["reason"]) == ("allow", "exempt")


def test_root_submits_for_others_as_those_others(world: World, mallory: User) -> None:
    result = world.cluster.run("sbatch", "--uid=mallory", "--wrap=true")
    assert result.returncode == 1 and DENIED in result.stderr


def test_the_log_carries_every_decision(world: World, alice: User, mallory: User) -> None:
    alice.srun("true")
    mallory.without_plugstack().srun("true")
    submit = world.answers_of(world.controller)
    assert [(line["uid"], line["verdict"], line["reason"]) for line in submit] == [
        ("20001", "allow", "role_permits"), ("20004", "deny", "not_a_collaborator")]
    assert submit[0]["login"] == "alice" and submit[0]["service"] == "slurmctld"
    node = [line for host in world.nodes for line in world.answers_of(host)]
    [line] = node
    assert (line["service"], line["login"], line["action"]) == (
        "slurmstepd", "alice", "slurm.submit")


def test_togetherctl_says_the_same_words(world: World, mallory: User) -> None:
    told = mallory.without_plugstack().srun("true").stderr
    togetherctl = build_folder() / "togetherctl" / "togetherctl"
    explained = world.cluster.run(togetherctl, "explain", "mallory", "--action", "slurm.submit")
    words = "is not a collaborator of project proj_123. An Admin of the project can add you."
    assert words in told and words in " ".join(explained.stdout.split()), explained


@pytest.mark.skipif(not shutil.which("scrontab"), reason="this Debian's Slurm has no scrontab")
def test_scrontab_is_a_submission(world: World, alice: User, mallory: User) -> None:
    world.cluster.apply({**world.cluster.settings, "ScronParameters": "enable"})
    entry = "@hourly true\n"
    result = mallory.without_plugstack().run("scrontab", "-", stdin=entry)
    told = result.stdout + result.stderr  # scrontab shows no plug-in's text, and where depends on its version
    assert result.status != 0 and "Access/permission denied" in told, result
    assert world.answers_of(world.controller, uid="20004", verdict="deny")
    result = alice.run("scrontab", "-", stdin=entry)
    assert result.status == 0, result
    assert world.answers_of(world.controller, uid="20001", verdict="allow")
    assert alice.run("scrontab", "-r").status == 0


def test_without_a_gate_everybody_runs(cluster: Cluster, mallory: User) -> None:
    """The other tests can fail: the same submissions pass where our plug-ins are not in force."""
    cluster.write_plugstack()
    cluster.apply({})
    assert mallory.srun("echo", "ran").stdout == "ran\n"
