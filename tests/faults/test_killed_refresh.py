"""kill -9 of the together-refresh that a login started, before and after its system calls. All
points are in tests/refresh; here a sample of them goes through PAM."""

import re
from collections.abc import Iterator

import pytest

from faulty_authority import ALICE, document, entry, gives
from faulty_node import COLD, OLD, FaultyNode, State
from pam_client import AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS
from refresher import KILL_AT, PROGRAM, TOP

MALLORY = entry("mallory", "member", 10003)  # on the new roster only
SAMPLE = 12


class Killer:
    """Stands in together-refresh's place and ends it at a point."""

    def __init__(self, which: str) -> None:
        self.program = TOP / "killer"
        self.point, self.report = TOP / "point", TOP / "report"
        self.program.write_text(f"#!/bin/sh\nread point <{self.point}\n"
                                f"exec {KILL_AT} {which} $point {PROGRAM} \"$@\" >{self.report}\n")
        self.program.chmod(0o755)

    def kill_at(self, point: int) -> None:
        self.point.write_text(f"{point}\n")

    def number_of_points(self) -> int:
        found = re.fullmatch(r"(\d+) ended\n", self.report.read_text())
        assert found, self.report.read_text()
        return int(found[1])

    def killed(self) -> bool:
        return self.report.read_text().endswith("killed\n")


@pytest.fixture(params=["parent", "child"])
def killer(request: pytest.FixtureRequest, node: FaultyNode) -> Iterator[Killer]:
    killer = Killer(request.param)
    node.authority.behave(gives(document(ALICE, MALLORY, revision=8)))
    yield killer


@pytest.mark.parametrize("state", [COLD, OLD], ids=["cold", "old"])
def test_killed_at_its_system_calls(node: FaultyNode, killer: Killer, state: State) -> None:
    """Afterwards the old or the new roster is there; the next login, or the one after the mark,
    brings the new one, and nothing is left."""
    node.put(state)  # while the real program does it
    node.set_up(refresh_program=str(killer.program))
    killer.kill_at(1_000_000)
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    points = killer.number_of_points()
    assert points > 50
    tried = sorted({1 + i * (points - 1) // SAMPLE for i in range(SAMPLE + 1)})
    killed = sum(is_borne(node, killer, state, point) for point in tried)
    print(f"\n{points} points, killed at {killed}", end=" ")
    assert killed > SAMPLE // 2


def is_borne(node: FaultyNode, killer: Killer, state: State, point: int) -> bool:
    node.put(state)
    killer.kill_at(point)
    alice, mallory, root = node.log_in("alice", "mallory", "root")
    node.is_answered(root, SUCCESS)
    old = AUTHINFO_UNAVAIL if state.age is None else SUCCESS
    assert alice.answer in (old, SUCCESS), (point, alice)
    node.is_answered(alice, alice.answer)
    assert mallory.answer in (SUCCESS, state.answer_to("mallory")), (point, mallory)
    killed = killer.killed()
    killer.kill_at(1_000_000)
    node.mark_file.unlink(missing_ok=True)
    if state.age is None or mallory.answer == PERM_DENIED:
        node.is_answered(node.log_in_one("mallory"), SUCCESS)
    node.nothing_is_left([alice, mallory])
    return killed
