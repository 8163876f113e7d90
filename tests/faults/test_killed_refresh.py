# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the together-refresh that a login started, before and after each of its system calls.
What the files look like in between, tests/refresh looks at more closely."""

import itertools
import os
import re
import signal

import pytest

from support.faulty_authority import ALICE, Visit, document, entry, gives
from support.faulty_node import OLD, STATES, FaultyNode, State
from support.pam_client import PERM_DENIED, SUCCESS
from support.refresher import KILL_AT, PROGRAM, TOP, child_of

MALLORY = entry("mallory", "member", 10003)  # on the new roster only, on which bob is no more


class Killer:
    """Stands in together-refresh's place and ends the next one at a point; those after it run."""

    def __init__(self, which: str) -> None:
        self.program = TOP / "killer"
        self._point, self._report = TOP / "point", TOP / "report"
        self.program.write_text(
            f"#!/bin/sh\nmv {self._point} {self._point}.$$ || exec {PROGRAM} \"$@\"\n"
            f"read point <{self._point}.$$ && rm {self._point}.$$\n"
            f"exec {KILL_AT} {which} $point {PROGRAM} \"$@\" >{self._report}\n")
        self.program.chmod(0o755)

    def kill_at(self, point: int) -> None:
        self._report.unlink(missing_ok=True)
        self._point.write_text(f"{point}\n")

    def number_of_points(self) -> int | None:
        """Where it came to its end before the point; none where it was killed."""
        report = self._report.read_text()
        found = re.fullmatch(r"(\d+) (ended|killed)\n", report)
        assert found, report
        return int(found[1]) if found[2] == "ended" else None


@pytest.mark.parametrize("which", ["parent", "child"])
def test_killed_at_each_of_its_system_calls(node: FaultyNode, which: str) -> None:
    """In turn cold, with a fresh roster and with an old one, until a round in each of these comes
    to its end: system calls that follow each other leave much the same behind."""
    killer = Killer(which)
    for state in STATES:
        node.put(state)  # while the real program does it
    # Long, because a traced program is slow on a busy machine: here it is killed, it does not hang.
    node.set_up(deadline=20, refresh_program=str(killer.program))
    node.authority.behave(gives(document(ALICE, MALLORY, revision=8)))
    points: dict[str, int] = {}
    for point in itertools.count(1):
        state = STATES[point % len(STATES)]
        if state.name not in points:
            ended = is_borne(node, killer, state, point)
            if ended is not None:
                points[state.name] = ended
        if len(points) == len(STATES):
            break
    print(f"\n{points} points in the {which}", end=" ")
    assert min(points.values()) > 50


def is_borne(node: FaultyNode, killer: Killer, state: State, point: int) -> int | None:
    """The first to ask has its helper killed; who waited for it asks anew, or is held back."""
    node.put(state)
    killer.kill_at(point)
    alice, mallory, root = logins = node.log_in("alice", "mallory", "root")
    node.is_answered(root, SUCCESS)
    for login in (alice, mallory):
        assert login.answer in (SUCCESS, state.answer_to(login.login)), (point, login)
        node.is_answered(login, login.answer)
    if mallory.answer == SUCCESS:
        assert "mallory" in node.logins(), f"let in from an old roster at {point}"
    node.in_time(logins)
    # What is there now is the old roster or the new one. Then all is well again, at the latest when
    # the back-off is over.
    node.attempt_file.unlink(missing_ok=True)
    again = node.log_in_a_row("mallory", "bob")
    assert [login.answer for login in again] == [SUCCESS, PERM_DENIED], (point, again)
    node.nothing_is_left([*logins, *again])
    return killer.number_of_points()


def test_a_child_that_is_killed_before_its_answer_is_the_nodes_fault(node: FaultyNode) -> None:
    """As the kernel kills it for want of memory, which any user may use up."""
    node.put(OLD)
    node.authority.behave(Visit.hang)
    process = node.start()
    os.kill(child_of(process), signal.SIGKILL)
    process.wait(10)
    assert node.last_attempt()["message"].startswith("this node cannot take a new roster: ")
