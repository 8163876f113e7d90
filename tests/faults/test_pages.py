# SPDX-License-Identifier: Apache-2.0
"""Rosters of several pages that go in circles, change underway, or never end."""

from support.faulty_authority import BOB, Visit, document, entry
from support.faulty_node import SHORT, TIMED_OUT, FaultyNode, State

MALLORY = entry("mallory", "admin", 10003)


def pages_that_loop(visit: Visit) -> None:
    visit.read_request()
    visit.answer_json(document(MALLORY, next_cursor="b" if visit.cursor == "a" else "a"))


def pages_that_never_end(visit: Visit) -> None:
    visit.read_request()
    cursor = int(visit.cursor or 0)
    visit.answer_json(document(entry(f"user{cursor}"), MALLORY, next_cursor=str(cursor + 1)))


def one_page_that_does_not_come(visit: Visit) -> None:
    visit.read_request()
    if visit.cursor:
        visit.answer(404)
    visit.answer_json(document(MALLORY, next_cursor="a"))


def pages_that_change(visit: Visit) -> None:
    """Each page has a revision of its own: no two of them make a roster."""
    visit.read_request()
    cursor = None if visit.cursor else "a"
    visit.answer_json(document(MALLORY, next_cursor=cursor,
                               revision=100 + len(visit.authority.requests)))


def cursors_that_are_gone(visit: Visit) -> None:
    visit.read_request()
    if visit.cursor:
        visit.answer(409)
    visit.answer_json(document(MALLORY, next_cursor="a", revision=100))


def a_last_page_of_another_project(visit: Visit) -> None:
    visit.read_request()
    if visit.cursor:
        visit.answer_json(document(BOB, project_id="proj_124"))
    visit.answer_json(document(MALLORY, next_cursor="a"))


def test_pages_that_loop(node: FaultyNode, state: State) -> None:
    node.authority.behave(pages_that_loop)
    node.bears("the roster's pages come twice", state)


def test_pages_that_never_end(node: FaultyNode, state: State) -> None:
    node.set_up(deadline=SHORT)
    node.authority.behave(pages_that_never_end)
    node.bears(f"more than 1,000 pages|{TIMED_OUT}", state)


def test_a_page_that_does_not_come(node: FaultyNode, state: State) -> None:
    """What came before it, mallory among it, counts for nothing."""
    node.authority.behave(one_page_that_does_not_come)
    node.bears("the authority answered 404", state)


def test_a_page_of_another_project(node: FaultyNode, state: State) -> None:
    node.authority.behave(a_last_page_of_another_project)
    node.bears("project_id is not", state)


def test_pages_that_change_underway(node: FaultyNode, state: State) -> None:
    node.authority.behave(pages_that_change)
    node.bears("changed again and again while its pages were read", state)
    assert len(node.authority.requests) == 6  # begun three times, two pages each


def test_a_cursor_that_is_gone(node: FaultyNode, state: State) -> None:
    node.authority.behave(cursors_that_are_gone)
    node.bears("changed again and again while its pages were read", state)
