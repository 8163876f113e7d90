# SPDX-License-Identifier: Apache-2.0
"""spank_together on the node: asks again when a step starts. Most users here have no plugstack, so
that only the node speaks."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.slurm.allocation import allocation_of, file_of_its_start, held_job, running_job
from support.slurm.few_accounts import without_users
from support.slurm.role_api import RoleApi
from support.slurm.slurm_user import Result, User
from support.slurm.world import PLUGSTACK, World
from support.waiting import wait_until

ASKS_ALWAYS = {"fresh_for": "0s", "recheck_after": "0s"}


def node_that_ran(world: World, **fields: str) -> dict[str, str]:
    """The one decision that the nodes logged with these fields."""
    [line] = [line for host in world.nodes for line in world.answers_of(host, **fields)]
    return line


# ---- the roster's age --------------------------------------------------------------------------------

def test_an_old_roster_is_refreshed(world: World, alice: User) -> None:
    world.configure(world.nodes, roster=ASKS_ALWAYS)
    assert alice.srun("true").status == 0
    assert node_that_ran(world)["evidence"] == "refreshed"


def test_one_removed_meanwhile_is_refused_after_a_refresh(world: World, alice: User) -> None:
    world.configure(world.nodes, roster=ASKS_ALWAYS)
    for node in world.nodes:
        node.roster.remove("alice")
        node.roster.write()
    result = alice.srun("echo", "ran")
    assert (result.status, result.stdout) == (1, "")
    assert "uid 20001 is not a collaborator" in result.stderr
    assert node_that_ran(world)["evidence"] == "refreshed"


def test_an_absent_one_is_asked_for(world: World, users: dict[str, User]) -> None:
    """The submit check knows the new collaborator already, the node asks."""
    world.configure(world.nodes, roster={"recheck_after": "0s"})
    world.add("bob", uid=20002, hosts=[world.controller])
    for node in world.nodes:
        node.roster.add("bob", uid=20002)
        node.roster.write()
    assert users["bob"].srun("echo", "ran").stdout == "ran\n"


def test_while_the_authority_is_away_an_old_roster_decides(world: World, alice: User) -> None:
    world.configure(world.nodes, roster=ASKS_ALWAYS)
    for node in world.nodes:
        node.roster.path.unlink()
    assert alice.srun("echo", "ran").stdout == "ran\n"
    line = node_that_ran(world)
    assert line["evidence"] == "old" and line["refresh"]


@pytest.mark.parametrize("state", ["missing", "damaged"])
def test_without_a_usable_roster_the_node_asks(world: World, alice: User, state: str) -> None:
    for node in world.nodes:
        if state == "missing":
            node.snapshot.unlink()
        else:
            node.snapshot.write_bytes(node.snapshot.read_bytes()[:-1])
    assert alice.srun("echo", "ran").stdout == "ran\n"


def test_without_a_roster_and_authority_nobody_is_let_in(world: World, alice: User) -> None:
    """On one node only: the job fails there, and the node stays in service."""
    node = world.nodes[0]
    node.snapshot.unlink()
    node.roster.path.unlink()
    job = alice.sbatch("echo ran", "--nodelist=n1").job
    assert world.cluster.wait_for(job, "FAILED")["ExitCode"] == "1:0"
    output = alice.output_of(job)
    assert "Access cannot be decided now: this node has no usable roster" in output
    assert "the role authority does not answer" in output and "ran\n" not in output
    assert alice.srun("--nodelist=n2", "echo", "ran").stdout == "ran\n"


def test_a_hanging_authority_holds_a_step_no_longer_than_the_deadline(
    world: World, alice: User
) -> None:
    token = Path("/etc/token-of-the-test")
    token.write_text("secret")
    token.chmod(0o600)
    with RoleApi(world.controller.roster) as api:
        world.configure(
            world.nodes, api={"base_url": api.base_url, "token_file": str(token)},
            roster={"fresh_for": "0s", "recheck_after": "0s", "deadline": "1s"})
        for node in world.nodes:
            node.refresh()
        assert alice.srun("true").status == 0
        api.hang()
        started = time.monotonic()
        result = alice.srun("-N1", "--ntasks=8", "echo", "ran")
        assert time.monotonic() - started < 6
    assert result.stdout == "ran\n" * 8
    old = [line for host in world.nodes for line in world.answers_of(host, evidence="old")]
    assert len(old) == 1 and int(old[0]["took_us"]) < 2_000_000


# ---- a node that knows the user's uid and no name -----------------------------------------------

@pytest.fixture
def userless_node(world: World) -> Iterator[World]:
    """n1 has no accounts but the system's."""
    with world.cluster.slurmd_within("n1", without_users(world.cluster.directory)):
        yield world


def test_a_uid_without_a_name_is_on_the_roster(userless_node: World, alice: User) -> None:
    world = userless_node
    assert alice.srun("--nodelist=n1", "id", "-u").stdout == "20001\n"
    assert node_that_ran(world, uid="20001")["login"] == "alice"
    world.remove("alice", world.nodes)
    result = alice.srun("--nodelist=n1", "echo", "ran")
    assert result.status == 1 and "uid 20001 is not a collaborator" in result.stderr


def test_where_nobody_knows_the_uid_of_a_name_it_is_denied(userless_node: World, alice: User) -> None:
    """The authority sends no uid for alice, and this node has none: nothing leads from one to the other."""
    world, node = userless_node, userless_node.nodes[0]
    world.configure([node], roster=ASKS_ALWAYS)
    node.roster.remove("alice")
    node.roster.add("alice", uid=None)
    node.roster.write()
    result = alice.srun("--nodelist=n1", "echo", "ran")
    assert (result.status, result.stdout) == (1, "")
    assert "uid 20001 is not a collaborator" in result.stderr
    line = node_that_ran(world, uid="20001")
    assert (line["reason"], line["detail"]) == (
        "not_a_collaborator", "uid 20001 has no name on this node")


# ---- arguments and configuration ------------------------------------------------------------------

@pytest.mark.parametrize("argument, problem", [
    ("verbose", "wrong argument: verbose"),
    ("config=relative", "not an absolute path: config=relative"),
    ("config=/a config=/b", "the argument is given twice: config=/b"),
])
def test_a_wrong_argument_refuses_and_drains_nothing(
    world: World, alice: User, argument: str, problem: str
) -> None:
    world.cluster.write_plugstack(f"{PLUGSTACK} {argument}")
    result = alice.srun("echo", "ran")
    assert (result.status, result.stdout) == (1, "")
    assert "Access cannot be decided now: this node's access gate is called with wrong " \
           "arguments." in result.stderr
    assert node_that_ran(world)["detail"] == problem
    job = alice.sbatch("echo ran").job
    world.cluster.wait_for(job, "FAILED")
    assert world.cluster.run("srun", "echo", "ran").stdout == "ran\n"  # root's way stays


def test_slurmd_starts_with_a_wrong_argument_and_says_so(world: World, alice: User) -> None:
    world.cluster.write_plugstack(f"{PLUGSTACK} verbose")
    world.cluster.slurmd["n1"].stop()
    world.cluster.start_slurmd("n1")
    assert "spank_together: plugstack.conf: wrong argument: verbose: every task is refused" in (
        world.cluster.slurmd["n1"].log())
    world.cluster.write_plugstack(PLUGSTACK)
    world.cluster.wait_until_idle()
    assert alice.srun("--nodelist=n1", "echo", "ran").stdout == "ran\n"


def test_another_configuration_by_argument(world: World, alice: User) -> None:
    for node in world.nodes:
        text = node.config.read_text()
        (node.config_folder / "other.conf").write_text(text + "exempt_users = alice\n")
    world.cluster.write_plugstack(f"{PLUGSTACK} config=/etc/together/other.conf")
    world.remove("alice", world.nodes)
    assert alice.without_plugstack().srun("echo", "ran").stdout == "ran\n"
    assert node_that_ran(world)["reason"] == "exempt"


@pytest.mark.parametrize("text, detail", [
    (None, "cannot open /etc/together/together.conf: No such file or directory"),
    ("[gate]\nmin_uid = x\n", "/etc/together/together.conf:2: min_uid: not a uid above 0"),
])
def test_a_broken_configuration_refuses_on_its_node_only(
    world: World, alice: User, text: str | None, detail: str
) -> None:
    node = world.nodes[0]
    node.config.unlink()
    if text:
        node.write_config(text)
    result = alice.srun("--nodelist=n1", "echo", "ran")
    assert result.status == 1
    assert "this node's access gate is not configured correctly" in result.stderr
    assert node_that_ran(world)["detail"] == detail
    assert alice.srun("--nodelist=n2", "echo", "ran").stdout == "ran\n"
    assert world.cluster.run("srun", "--nodelist=n1", "echo", "ran").stdout == "ran\n"


# ---- steps of a job whose user was removed ------------------------------------------------------------

def test_running_work_of_a_removed_user_is_left_alone(world: World, alice: User) -> None:
    job = held_job(alice, "echo still here")
    world.remove("alice")
    for number in range(3):
        result = alice.srun("--overlap", f"--jobid={job.number}", "echo", "ran")
        assert result.status != 0 and "ran\n" not in result.stdout, number
    assert world.cluster.job(job.number)["JobState"] == "RUNNING"
    job.go()
    assert world.cluster.wait_for(job.number, "COMPLETED")["ExitCode"] == "0:0"
    assert "still here" in alice.output_of(job.number)


def test_srun_inside_a_job_of_a_removed_user_fails(world: World, alice: User) -> None:
    job = held_job(alice, "srun echo ran; echo status $?")
    world.remove("alice")
    job.go()
    world.cluster.wait_for(job.number, "COMPLETED")
    output = alice.output_of(job.number)
    assert "uid 20001 is not a collaborator" in output and "status 1" in output
    assert "ran\n" not in output


def test_a_requeued_job_of_a_removed_user_fails(world: World, alice: User) -> None:
    job = running_job(alice, "exec sleep 300", "--requeue")
    world.remove("alice")
    world.cluster.requeue(job)
    assert world.cluster.wait_for(job, "FAILED")["ExitCode"] == "1:0"
    assert "uid 20001 is not a collaborator" in alice.output_of(job)
    assert not file_of_its_start(alice, job).exists()


def test_a_stranger_with_an_allocation_starts_nothing_in_it(
    world: World, mallory: User
) -> None:
    job = allocation_of(mallory, world.hosts)
    for user in (mallory, mallory.without_plugstack()):
        for extra in ((), ("--overlap",)):
            result = user.srun(f"--jobid={job}", "--immediate=3", *extra, "echo", "ran")
            assert result.status != 0 and result.stdout == "", result
    assert "uid 20004 is not a collaborator" in result.stderr


def test_an_interactive_step_of_a_removed_user_fails(world: World, alice: User) -> None:
    """salloc with LaunchParameters=use_interactive_step starts the shell as a step on the node."""
    def shell() -> str:
        command = alice.command("script", "-qec", "salloc", "/dev/null")
        return subprocess.run(command, env=alice.environment(), cwd=alice.home, text=True,
                              input="echo my uid is $(id -u)\nexit\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=30).stdout

    assert "my uid is 20001" in shell()
    world.remove("alice", world.nodes)
    output = shell()
    assert "my uid is 20001" not in output and "uid 20001 is not a collaborator" in output


def test_the_extern_step_starts_without_asking(world: World, alice: User) -> None:
    """PrologFlags=Contain starts it before the user's task; the task is what is refused."""
    world.cluster.apply({**world.cluster.settings, "PrologFlags": "Alloc,Contain"})
    assert alice.srun("echo", "ran").stdout == "ran\n"
    world.remove("alice", world.nodes)
    result = alice.srun("echo", "ran")
    assert result.status == 1 and "uid 20001 is not a collaborator" in result.stderr


# ---- a job's own mount namespace ----------------------------------------------------------------------

def srun_in_namespace(world: World, user: User, *command: str) -> Result:
    """Slurm fails at times to make the namespace, before it asks us: that is no answer of ours. What
    srun says then differs: 22.05 "still not ready", 26.05 nothing."""
    def answered() -> Result | None:
        world.cluster.forget_logs()
        result = user.srun(*command)
        has_none = "still not ready" in result.stderr or "_create_ns: ns base mount failed" in world.cluster.logs()
        return None if has_none else result

    return wait_until(answered, "a namespace that Slurm could make", 60)


def test_a_job_with_a_mount_namespace_of_its_own(world: World, alice: User) -> None:
    """In the sandbox, which is a chroot, such a job sees another tree altogether, the
    machine's: nothing of ours, no snapshot. The node decides before the task is in there."""
    world.cluster.apply({**world.cluster.settings, "JobContainerType": "job_container/tmpfs",
                         "PrologFlags": "Contain"})
    result = srun_in_namespace(world, alice, "sh", "-c", "test -e /run/together-cluster/slurm.conf; echo $?")
    assert result.stdout == "1\n", result
    assert node_that_ran(world)["evidence"] == "fresh"
    world.remove("alice", world.nodes)
    result = srun_in_namespace(world, alice, "echo", "ran")
    assert result.status == 1 and "uid 20001 is not a collaborator" in result.stderr
    assert node_that_ran(world, verdict="deny")["revision"] == "2"


# ---- what the gate does not reach -----------------------------------------------------------------------

def test_an_allocation_that_exists_keeps_its_nodes(world: World, mallory: User) -> None:
    """Pinned, and told in docs/slurm.md: no hook of ours sees these."""
    job = allocation_of(mallory, world.hosts)
    assert mallory.run("sbcast", f"--jobid={job}", "/etc/hostname", "/tmp/broadcast").status == 0
    assert Path("/tmp/broadcast").exists()
    assert world.cluster.job(job)["JobState"] == "RUNNING"
    assert mallory.run("scancel", str(job)).status == 0
