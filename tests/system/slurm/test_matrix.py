# SPDX-License-Identifier: Apache-2.0
"""Who × by which way × how the roster stands. Pairs: every person in every state of the roster, by
some of the ways, so that every person takes every way and every way meets every state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pytest

from support.slurm.allocation import admit, allocation_of
from support.slurm.slurm_user import Result, User
from support.slurm.world import World

RUNS = "runs"
ABSENT = "is not a collaborator of project proj_123"
NO_ROSTER = "Access cannot be decided now: this node has no usable roster of project proj_123"

RosterState = Literal["fresh", "old, API up", "old, API away", "none, API away"]
STATES: tuple[RosterState, ...] = ("fresh", "old, API up", "old, API away", "none, API away")


@dataclass(frozen=True)
class Person:
    """What docs/decision-table.md says of somebody: from the roster as it was, and as it is."""

    name: str
    login: str
    was: str  # the answer of the roster that the hosts have
    now: str  # the answer of the authority's
    always: str | None = None  # decided before any roster is opened


TWICE = "two collaborators of project proj_123 have the uid 20002"
SYSTEM = "has the uid 500 on the roster of project proj_123, and uids below 1000"
PEOPLE = (
    Person("collaborator", "alice", RUNS, RUNS),
    Person("stranger", "mallory", ABSENT, ABSENT),
    Person("removed", "removed", RUNS, ABSENT),
    Person("added", "added", ABSENT, RUNS),
    Person("exempt", "oscar", ABSENT, ABSENT, always=RUNS),
    Person("uid twice", "bob", TWICE, TWICE),
    Person("system account", "daisy", SYSTEM, SYSTEM),
    Person("admitted", "guest", ABSENT, ABSENT, always=RUNS),
    Person("lockdown", "alice", RUNS, RUNS, always="the cluster is locked down (a test)"),
    Person("observe", "mallory", ABSENT, ABSENT, always=RUNS),
)


def expected(person: Person, state: RosterState, asks: bool) -> str:
    """`asks`: on a node, which refreshes; the submit check and the clients never do."""
    if person.always:
        return person.always
    if state == "none, API away":
        return NO_ROSTER
    if state == "fresh" or (state == "old, API up" and asks):
        return person.now
    return person.was


# ---- ways: what a user does, what he gets -------------------------------------------------------------

@dataclass(frozen=True)
class Outcome:
    ran: bool
    text: str  # all that the user reads, there and then or in his output file


def interactive(result: Result) -> Outcome:
    ran = "ran\n" in result.stdout
    assert (result.status == 0) == ran, result
    return Outcome(ran, result.stderr)


def batch(user: User, result: Result, tasks: tuple[int, ...] = (0xFFFFFFFE,)) -> Outcome:
    if result.status != 0:
        return Outcome(False, result.stderr)
    output = ""
    for task in tasks:
        job = result.job if task == 0xFFFFFFFE else f"{result.job}_{task}"
        shown = user.cluster.wait_for(job, "COMPLETED", "FAILED")
        output = user.output_of(result.job, task)
        ran = shown["JobState"] == "COMPLETED"
        assert shown["ExitCode"] == ("0:0" if ran else "1:0"), shown
        assert shown["Restarts"] == "0" and ran == ("ran\n" in output), output
    return Outcome(ran, output)


def in_allocation(*options: str) -> Callable[[User, World], Outcome]:
    def way(user: User, world: World) -> Outcome:
        return interactive(user.srun(f"--jobid={user.allocation}", *options, "echo", "ran"))
    return way


def requeued(user: User, world: World) -> Outcome:
    """root requeues the running job; it starts again, or does not."""
    job, cluster = user.allocation, user.cluster
    (user.home / "again").touch()  # see SCRIPT
    cluster.requeue(job)
    state = cluster.wait_for(job, "COMPLETED", "FAILED")["JobState"]
    (user.home / "again").unlink()
    output = user.output_of(job)
    assert (state == "COMPLETED") == ("ran\n" in output)
    return Outcome(state == "COMPLETED", output)


SCRIPT = "if [ -e again ]; then echo ran; exit; fi; exec sleep 300"
ECHO = "echo ran"

# Through the submit check and the node:
SUBMISSIONS: dict[str, Callable[[User, World], Outcome]] = {
    "srun": lambda user, world: interactive(user.srun("echo", "ran")),
    "salloc": lambda user, world: interactive(user.run("salloc", "srun", "echo", "ran")),
    "sbatch": lambda user, world: batch(user, user.sbatch(ECHO)),
    "array": lambda user, world: batch(user, user.sbatch(ECHO, "--array=0-1"), (0, 1)),
    "heterogeneous": lambda user, world: interactive(
        user.run("srun", "-n1", "echo", "ran", ":", "-n1", "echo", "ran")),
    "own SLURM_CONF": lambda user, world: interactive(
        user.without_plugstack().srun("echo", "ran")),
}
# Past the submit check, because the job is there already:
STEPS: dict[str, Callable[[User, World], Outcome]] = {
    "step": in_allocation("--exact"),
    "overlap": in_allocation("--overlap"),
    "own SLURM_CONF, step": lambda user, world: in_allocation("--overlap")(
        user.without_plugstack(), world),
    "requeue": requeued,
}
WAYS = [*SUBMISSIONS, *STEPS]


def ways_of(person: int, state: int) -> list[str]:
    """Three of the ten ways, beginning somewhere else for each person and state: in four states
    a person takes twelve, so all of them."""
    first = person + 3 * state
    return [WAYS[(first + i) % len(WAYS)] for i in range(3)]


def test_pairs_are_covered() -> None:
    rows = [(person, state, way) for person in range(len(PEOPLE)) for state in range(len(STATES))
            for way in ways_of(person, state)]
    assert len({(person, way) for person, _, way in rows}) == len(PEOPLE) * len(WAYS)
    assert len({(state, way) for _, state, way in rows}) == len(STATES) * len(WAYS)


# ---- setting a row up ------------------------------------------------------------------------------------

def set_up(world: World, person: Person, user: User, state: RosterState) -> None:
    old = {"fresh_for": "0s", "recheck_after": "0s"}
    new = {"fresh_for": "1h", "recheck_after": "1h"}
    gate = {"exempt_users": "oscar"} if person.name == "exempt" else {}
    if person.name == "observe":
        gate["mode"] = "observe"
    world.configure(roster=new if state == "fresh" else old, gate=gate)
    for host in world.hosts:
        host.roster.add("daisy", uid=500)
        host.roster.add("bob", uid=20002)
        host.roster.add("bobby", uid=20002)
        host.roster.add("removed", uid=20007)
    if state != "fresh":
        world.refresh()  # the roster as it was
    for host in world.hosts:
        host.roster.remove("removed")
        host.roster.add("added", uid=20008)
    if state == "fresh":
        world.refresh()
    for host in world.hosts:
        if state == "old, API up":
            host.roster.write()
        else:
            host.roster.path.unlink(missing_ok=True)


def finish(world: World, person: Person, user: User, state: RosterState) -> None:
    """What comes after the allocation of a row has begun."""
    if person.name == "admitted":
        admit(world.hosts, user.login, user.uid)
    for host in world.hosts:
        if person.name == "lockdown":
            (host.config_folder / "lockdown").write_text("a test\n")
        if state == "none, API away":
            host.snapshot.unlink()


@pytest.mark.parametrize("state", range(len(STATES)), ids=STATES)
@pytest.mark.parametrize("number", range(len(PEOPLE)), ids=[person.name for person in PEOPLE])
def test_row(unconfigured: World, users: dict[str, User], number: int, state: int) -> None:
    world, person, roster = unconfigured, PEOPLE[number], STATES[state]
    user = users[person.login]
    ways = ways_of(number, state)
    set_up(world, person, user, roster)
    if any(way in STEPS for way in ways):
        user.allocation = allocation_of(user, world.hosts, SCRIPT)
    finish(world, person, user, roster)
    for way in sorted(ways, key=lambda way: way == "requeue"):  # it ends the allocation
        at_the_door = expected(person, roster, asks=False) if way in SUBMISSIONS else RUNS
        on_the_node = expected(person, roster, asks=True)
        outcome = (SUBMISSIONS.get(way) or STEPS[way])(user, world)
        wanted = at_the_door if at_the_door != RUNS else on_the_node
        assert outcome.ran == (wanted == RUNS), (way, wanted, outcome)
        if wanted != RUNS:
            assert wanted in outcome.text, (way, outcome)
        assert world.cluster.drain_reasons() == "", way
