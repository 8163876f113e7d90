# SPDX-License-Identifier: Apache-2.0
"""That the checks of this suite see what they are there to see."""

import pytest

from support.faulty_authority import answers
from support.faulty_node import COLD, OLD, FaultyNode, Late
from support.growth import nothing_grew
from support.pam_client import AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS, Login


def login(answer: int = SUCCESS, message: str = "", seconds: float = 0.1,
          children: tuple[str, ...] = (), descriptors: tuple[str, ...] = ()) -> Login:
    return Login("alice", answer, [message] if message else [], seconds, list(children),
                 list(descriptors))


def test_what_is_left_is_seen(node: FaultyNode) -> None:
    node.put(OLD)
    node.nothing_is_left([login()])
    with pytest.raises(AssertionError, match="fd"):
        node.nothing_is_left([login(descriptors=("fd",))])
    node.temporary.write_bytes(b"")
    with pytest.raises(AssertionError, match=r"\.new"):
        node.nothing_is_left([])


def test_a_helper_that_stays_is_seen(node: FaultyNode) -> None:
    node.put(OLD)
    node.authority.behave(lambda visit: visit.hang())
    node.start()  # and the fixture ends it
    with pytest.raises(AssertionError, match="the end of every helper"):
        node.nothing_is_left([])


@pytest.mark.parametrize("part", ["refresh", "write"])
def test_a_lock_that_is_held_is_seen(node: FaultyNode, part: str) -> None:
    node.put(OLD)
    node.lock.touch(0o600)
    node.nobody_holds_the_lock()
    node.hold_lock(part)  # and the fixture ends its holder
    with pytest.raises(AssertionError, match="the release of the lock"):
        node.nobody_holds_the_lock()


def test_what_grows_is_seen() -> None:
    grown = {"allocated": 0, "mappings": 0, "address space": 0, "descriptors": 0, "children": 0}
    nothing_grew(grown)
    for what, much in (("allocated", 900 * 32), ("mappings", 900), ("descriptors", 1),
                       ("address space", 900 * 4096), ("children", 1)):
        with pytest.raises(AssertionError):
            nothing_grew(grown | {what: much})


def test_a_late_login_is_seen(node: FaultyNode) -> None:
    node.in_time([login(seconds=node.deadline + 0.1)])
    for late in (login(seconds=node.deadline + 0.3), login(children=("7",))):
        with pytest.raises(Late):
            node.in_time([late])


def test_being_late_counts_three_times_in_a_row(node: FaultyNode) -> None:
    attempts: list[int] = []

    def late(times: int) -> None:
        attempts.append(1)
        if len(attempts) <= times:
            raise Late

    node.until_in_time(lambda: late(2))
    attempts.clear()
    with pytest.raises(Late):
        node.until_in_time(lambda: late(3))


@pytest.mark.parametrize("wrong", [
    (login(SUCCESS), PERM_DENIED), (login(PERM_DENIED), SUCCESS), (login(SUCCESS, "hello"), SUCCESS),
    (login(AUTHINFO_UNAVAIL), AUTHINFO_UNAVAIL), (login(PERM_DENIED), PERM_DENIED),
    (login(AUTHINFO_UNAVAIL, "alice was not refused: no collaborator"), AUTHINFO_UNAVAIL)])
def test_a_wrong_answer_or_message_is_seen(node: FaultyNode, wrong: tuple[Login, int]) -> None:
    with pytest.raises(AssertionError):
        node.is_answered(*wrong)


def test_a_changed_roster_and_missing_words_are_seen(node: FaultyNode) -> None:
    node.authority.behave(answers(404))
    with pytest.raises(AssertionError, match="no 'other words' in"):
        node.bears("other words", COLD)
    with pytest.raises(AssertionError, match="in vain"):
        node.bears("knows no such project", COLD, like=OLD)
