# SPDX-License-Identifier: Apache-2.0
"""Rosters of the right shape that nobody should have sent: no entries, no admin, one login or uid
twice, system accounts, roles and logins that cannot be."""

from collections.abc import Sequence
from typing import Any

import pytest

from support.faulty_authority import ALICE, BOB, document, entry, gives
from support.faulty_node import COLD, FaultyNode, State
from support.pam_client import PERM_DENIED, SUCCESS


@pytest.mark.parametrize("entries, words", [
    ([], "it has no entries"),
    ([entry(None), entry("no spaces please")], "none of its 2 entries has a usable login")])
def test_no_entries(
    node: FaultyNode, state: State, entries: list[dict[str, Any]], words: str
) -> None:
    """An outage behind a proxy looks like that: nobody loses access."""
    node.authority.behave(gives(document() | {"data": entries, "revision": 8}))
    node.bears(words, state)


def is_believed(
    node: FaultyNode, state: State, entries: Sequence[dict[str, Any]], answers: dict[str, int],
    words: str,
) -> None:
    """The odd entries alone are refused, each with its own reason; the others hold."""
    def once() -> None:
        node.put(state)
        node.authority.behave(gives(document(*entries, revision=8)))
        node.syslog.forget()
        # First an absent name, which makes the node ask also where its roster is fresh.
        node.log_in("nobody")
        logins = node.log_in(*answers)
        for login in logins:
            node.is_answered(login, answers[login.login])
            if login.answer == PERM_DENIED:
                text = " ".join(login.messages)
                assert words in text and "is not a collaborator" not in text, login
                line = node.syslog.wait_for_decision(login=login.login, verdict="deny")
                assert line["reason"] != "not_a_collaborator" and line["revision"] == "8", line
        node.nothing_is_left(logins)
        node.in_time(logins)
    node.until_in_time(once)


def test_no_admin(node: FaultyNode, state: State) -> None:
    """Believed: the last one may just have been removed. A person who looks is told."""
    is_believed(node, state, [entry("alice", "member", 10001), BOB],
                {"alice": SUCCESS, "bob": SUCCESS, "root": SUCCESS}, "")
    assert "the roster has no admin" in node.last_attempt()["message"]


def test_one_login_twice(node: FaultyNode, state: State) -> None:
    """Which of the two is meant, nobody can tell."""
    is_believed(node, state, [ALICE, BOB, entry("bob", "admin", 10004, user_id="user_other")],
                {"alice": SUCCESS, "bob": PERM_DENIED, "root": SUCCESS},
                "two collaborators of project proj_123 have the login")


def test_one_uid_twice(node: FaultyNode, state: State) -> None:
    is_believed(node, state, [ALICE, BOB, entry("mallory", "admin", 10002)],
                {"alice": SUCCESS, "bob": PERM_DENIED, "mallory": PERM_DENIED, "root": SUCCESS},
                "two collaborators of project proj_123 have the uid 10002")


@pytest.mark.parametrize("uid", [500, 0])
def test_a_uid_of_a_system_account(node: FaultyNode, state: State, uid: int) -> None:
    """root's too: an authority that says alice is uid 0 makes nobody root, and root gets in."""
    login, words = ("sysacct", "below 1000") if uid == 500 else ("mallory", "uid 0")
    is_believed(node, state, [ALICE, BOB, entry(login, "admin", uid)],
                {"alice": SUCCESS, login: PERM_DENIED, "root": SUCCESS}, words)


def test_root_on_the_roster_changes_nothing(node: FaultyNode, state: State) -> None:
    is_believed(node, state, [ALICE, entry("root", "member", 0), entry("daemon", "admin")],
                {"alice": SUCCESS, "root": SUCCESS, "daemon": PERM_DENIED}, "below 1000")


@pytest.mark.parametrize("role", ["owner", "Admin", "ADMIN", "root", "admin ", "*"])
def test_an_unknown_role(node: FaultyNode, role: str) -> None:
    is_believed(node, COLD, [ALICE, BOB, entry("mallory", role, 10003)],
                {"alice": SUCCESS, "mallory": PERM_DENIED, "root": SUCCESS}, "does not know")


def test_an_unknown_role_in_place_of_a_known_one(node: FaultyNode, state: State) -> None:
    is_believed(node, state, [ALICE, entry("bob", "overlord", 10002)],
                {"alice": SUCCESS, "bob": PERM_DENIED, "root": SUCCESS}, "does not know")


@pytest.mark.parametrize("login", ["mallory\0", "mal\0lory", "\0mallory", "mallory\n", "10003",
                                   "mallory,alice", "../mallory", "mallory" * 5, "-mallory"])
def test_a_login_that_cannot_be_one(node: FaultyNode, state: State, login: str) -> None:
    """A NUL would end the name early in C: `mallory\\0x` must let no mallory in."""
    node.put(state)
    odd = entry(login, "admin", 10003, user_id="user_odd")
    node.authority.behave(gives(document(ALICE, odd, revision=8)))
    # First mallory: a name that is not on the roster makes the node ask in each state.
    logins = node.log_in_a_row("mallory", "alice", "root", "mallory")
    for one in logins:
        node.is_answered(one, PERM_DENIED if one.login == "mallory" else SUCCESS)
    node.nothing_is_left(logins)
    assert "1 entries without a usable login are left out" in node.last_attempt()["message"]


def test_a_uid_that_is_not_the_node_s(node: FaultyNode, state: State) -> None:
    is_believed(node, state, [ALICE, BOB, entry("mallory", "admin", 10009)],
                {"alice": SUCCESS, "mallory": PERM_DENIED}, "10009")
