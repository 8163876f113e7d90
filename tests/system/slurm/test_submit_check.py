# SPDX-License-Identifier: Apache-2.0
"""job_submit_together: what slurmctld answers. Users have no plugstack here, so only it speaks."""

import pwd
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from support.slurm.cluster import NODES
from support.slurm.slurm_user import Result, User
from support.slurm.world import World
from support.waiting import wait_until

LATER = "--begin=now+1hour"


@pytest.fixture
def people(users: dict[str, User]) -> dict[str, User]:
    return {login: user.without_plugstack() for login, user in users.items()}


def refused(result: Result, text: str) -> None:
    assert result.status == 1, result
    assert text in result.stderr, result
    assert "Access/permission denied" in result.stderr, result


@pytest.mark.parametrize("user, text", [
    ("mallory", "uid 20004 is not a collaborator of project proj_123"),
    ("daisy", "daisy has the uid 500 on the roster of project proj_123, and uids below 1000 are"),
    ("bob", "two collaborators of project proj_123 have the uid 20002"),
])
def test_a_refusal_names_its_reason(
    world: World, people: dict[str, User], user: str, text: str
) -> None:
    for host in world.hosts:
        host.roster.add("daisy", "member", uid=500)
        host.roster.add("bob", "member", uid=20002)
        host.roster.add("bobby", "member", uid=20002)
    world.refresh()
    refused(people[user].srun("true"), text)


def test_the_contact_is_named(world: World, people: dict[str, User]) -> None:
    world.configure(gate={"contact": "Ask ops@example.org."})
    result = people["mallory"].srun("true")
    refused(result, "An Admin of the project can add you.")
    assert "Ask ops@example.org." in result.stderr


def test_each_component_of_a_heterogeneous_job_is_asked_for(
    world: World, people: dict[str, User]
) -> None:
    refused(people["mallory"].run("srun", "true", ":", "true"), "not a collaborator")
    assert people["alice"].run("srun", "-n1", "true", ":", "-n1", "true").status == 0


@pytest.mark.parametrize("change", [
    ("update", "jobid={}", "priority=1"), ("release", "{}"), ("hold", "{}"),
])
def test_a_removed_user_changes_no_job(
    world: World, people: dict[str, User], change: tuple[str, ...]
) -> None:
    alice = people["alice"]
    job = alice.sbatch("true", LATER, *(("--hold",) if change[0] == "release" else ())).job
    world.remove("alice", [world.controller])
    result = alice.run("scontrol", *(word.format(job) for word in change))
    assert result.status == 1 and "Access/permission denied" in result.stderr
    if world.cluster.slurm.update_has_text and change[0] == "update":
        assert "uid 20001 is not a collaborator" in result.stderr
    world.cluster.must("scontrol", *(word.format(job) for word in change))


def test_slurm_user_passes(world: World) -> None:
    slurm = User("slurm", pwd.getpwnam("slurm").pw_uid, world.cluster, has_plugstack=False)
    result = slurm.run("sbatch", LATER, "--output=/dev/null", "--chdir=/", "--wrap=true",
                       cwd=Path("/"))
    assert result.status == 0, result


def test_an_added_user_passes_at_once(world: World, people: dict[str, User]) -> None:
    refused(people["bob"].srun("true"), "uid 20002 is not a collaborator")
    world.add("bob", uid=20002)
    assert people["bob"].srun("true").status == 0


# ---- what root writes in an emergency ----------------------------------------------------------

def admit(world: World, login: str, uid: int, ends_in: timedelta) -> None:
    until = (datetime.now(timezone.utc) + ends_in).strftime("%Y-%m-%dT%H:%M:%SZ")
    for host in world.hosts:
        folder = host.config_folder / "admit.d"
        folder.mkdir(exist_ok=True)
        (folder / login).write_text(
            f"login = {login}\nuid = {uid}\nuntil = {until}\nreason = a test\n")


def test_an_admitted_user_passes_until_then(world: World, people: dict[str, User]) -> None:
    admit(world, "mallory", 20004, timedelta(hours=1))
    assert people["mallory"].srun("echo", "ran").stdout == "ran\n"
    [line] = world.answers_of(world.controller, uid="20004")
    assert (line["reason"], line["detail"]) == ("admitted", "a test") and line["admitted_until"]
    admit(world, "mallory", 20004, timedelta(hours=-1))
    refused(people["mallory"].srun("true"), "not a collaborator")


def test_a_lockdown_refuses_everybody_but_operators(
    world: World, people: dict[str, User]
) -> None:
    world.configure(gate={"exempt_users": "oscar"})
    for host in world.hosts:
        (host.config_folder / "lockdown").write_text("intruder\n")
    refused(people["alice"].srun("true"), "the cluster is locked down (intruder)")
    assert people["oscar"].srun("echo", "ran").stdout == "ran\n"


def test_observing_refuses_nobody(world: World, people: dict[str, User]) -> None:
    world.configure(gate={"mode": "observe"})
    result = people["mallory"].srun("sh", "-c", "echo ran ${TOGETHER_ROLE-none}")
    assert (result.status, result.stdout, result.stderr) == (0, "ran none\n", "")
    [submit] = world.answers_of(world.controller, uid="20004")
    [node] = [line for host in world.nodes for line in world.answers_of(host, uid="20004")]
    for line in (submit, node):
        assert (line["verdict"], line["would"]) == ("allow", "deny")


# ---- the configuration ---------------------------------------------------------------------------

@pytest.fixture
def restored(world: World) -> Iterator[World]:
    """Afterwards the submit check has a good configuration again."""
    good = world.controller.config.read_text()
    yield world
    times = world.readings()
    world.controller.config.unlink(missing_ok=True)
    world.controller.write_config(good)
    wait_until(lambda: world.readings() > times, "the submit check's configuration")


def test_a_configuration_that_is_broken_later_leaves_the_last_one_in_force(
    restored: World, people: dict[str, User]
) -> None:
    restored.controller.write_config("[api]\nnonsense = 1\n")
    wait_until(lambda: "the last valid configuration stays in force" in restored.cluster.ctld.log(),
               "the submit check's complaint")
    assert "together.conf:2: unknown key nonsense" in restored.cluster.ctld.log()
    assert people["alice"].srun("true").status == 0
    refused(people["mallory"].srun("true"), "not a collaborator")


def test_an_unreadable_configuration_leaves_the_last_one_in_force(
    restored: World, people: dict[str, User]
) -> None:
    restored.controller.config.chmod(0o600)  # slurmctld is no root
    wait_until(lambda: "the last valid configuration stays in force" in restored.cluster.ctld.log(),
               "the submit check's complaint")
    assert people["alice"].srun("true").status == 0
    refused(people["mallory"].srun("true"), "not a collaborator")


def test_a_drop_in_is_noticed(world: World, people: dict[str, User]) -> None:
    folder = Path(f"{world.controller.config}.d")
    folder.mkdir()
    with world.read_by_slurmctld():
        (folder / "50-exempt.conf").write_text("[gate]\nexempt_users = mallory\n")
    assert people["mallory"].sbatch("true", LATER).status == 0
    with world.read_by_slurmctld():
        (folder / "50-exempt.conf").unlink()
    refused(people["mallory"].srun("true"), "not a collaborator")


def test_an_exempt_login_without_an_account_is_told(world: World, people: dict[str, User]) -> None:
    world.configure(gate={"exempt_users": "nobody-knows oscar"})
    assert "exempt_users: there is no account nobody-knows" in world.cluster.ctld.log()
    assert people["oscar"].srun("true").status == 0


def test_without_any_configuration_nobody_but_root_submits(
    restored: World, people: dict[str, User]
) -> None:
    good = restored.controller.config.read_text()
    restored.controller.config.unlink()
    restored.cluster.ctld.stop()
    restored.cluster.start_slurmctld()
    refused(people["alice"].srun("true"), "this node's access gate is not configured correctly")
    assert restored.cluster.run("sbatch", LATER, "--output=/dev/null", "--wrap=true").returncode == 0
    with restored.read_by_slurmctld():
        restored.controller.write_config(good)
    restored.cluster.wait_until_idle()
    assert people["alice"].srun("true").status == 0


# ---- who is who ------------------------------------------------------------------------------------

@pytest.fixture
def no_uids(world: World) -> World:
    """The authority sends no uids, and the name service had none when the roster was written."""
    for host in world.hosts:
        host.roster.remove("carol")
        host.roster.add("alice", "member", uid=None)
        host.roster.add("ghost", "member", uid=None)
    world.refresh()
    return world


def decided(submit: Callable[[], Result]) -> Result:
    """As a user does who reads that the submit check is still asking for his name."""
    def answer() -> Result | None:
        result = submit()
        return None if "try again in a second" in result.stderr else result

    found = wait_until(answer, "a decision")
    assert found
    return found


def test_a_roster_without_uids_still_decides(no_uids: World, people: dict[str, User]) -> None:
    assert people["alice"].srun("id", "-u").stdout == "20001\n"
    refused(decided(lambda: people["mallory"].srun("true")), "is not a collaborator")


def test_a_login_whose_account_came_later(no_uids: World, people: dict[str, User]) -> None:
    """The uid's name is asked for, because the roster has entries without a uid."""
    passwd = Path("/etc/passwd")
    before = passwd.read_text()
    try:
        passwd.write_text(before + "ghost:x:20050:20001::/tmp:/bin/sh\n")
        ghost = User("ghost", 20050, no_uids.cluster, has_plugstack=False)
        result = decided(lambda: ghost.run(
            "sbatch", LATER, "--output=/dev/null", "--chdir=/tmp", "--wrap=true",
            cwd=Path("/tmp")))
        assert result.status == 0, result
    finally:
        passwd.write_text(before)


def test_the_door_needs_no_accounts(world: World, people: dict[str, User]) -> None:
    """slurmctld's container often has no users: the submit check finds them by uid."""
    world.add("nameless", uid=20060)
    nameless = User("nameless", 20060, world.cluster, has_plugstack=False)
    other = User("other", 20061, world.cluster, has_plugstack=False)
    arguments = ("sbatch", LATER, "--output=/dev/null", "--chdir=/tmp", "--wrap=true")
    refused(other.run(*arguments, cwd=Path("/tmp")), "uid 20061 is not a collaborator")
    [line] = world.answers_of(world.controller, uid="20061")
    assert line["verdict"] == "deny"
    nameless.run(*arguments, cwd=Path("/tmp"))  # Slurm itself may refuse one without an account
    [line] = world.answers_of(world.controller, uid="20060")
    assert (line["login"], line["verdict"]) == ("nameless", "allow")


# ---- the roster at slurmctld ------------------------------------------------------------------------

@pytest.mark.parametrize("roster, text", [
    ("missing", "no usable roster of project proj_123"),
    ("damaged", "no usable roster of project proj_123"),
])
def test_without_a_usable_roster_nobody_submits(
    world: World, people: dict[str, User], roster: str, text: str
) -> None:
    snapshot = world.controller.snapshot
    if roster == "missing":
        snapshot.unlink()
    else:
        snapshot.write_bytes(snapshot.read_bytes()[:-1])
    refused(people["alice"].srun("true"), text)
    assert world.cluster.node_states() == dict.fromkeys(NODES, "idle")


def test_an_old_roster_decides_within_stale_for(world: World, people: dict[str, User]) -> None:
    world.configure(roster={"fresh_for": "0s", "recheck_after": "0s"})
    world.controller.roster.path.unlink()
    assert people["alice"].sbatch("true", LATER).status == 0
    result = people["mallory"].srun("true")
    refused(result, "not a collaborator")
    assert "If you were added since" in result.stderr


def test_a_roster_beyond_stale_for_decides_nothing(world: World, people: dict[str, User]) -> None:
    ages = {"fresh_for": "0s", "recheck_after": "0s", "stale_for": "1s"}
    world.configure(roster=ages)
    wait_until(lambda: people["alice"].sbatch("true", LATER).status == 1, "the roster's end", 15)
    refused(people["alice"].srun("true"), "the roster of project proj_123 on this node is")
