# SPDX-License-Identifier: Apache-2.0
"""Answers that say what was true once: a 304 nobody asked for, a cache's, an older revision."""

import time

import pytest

from support.faulty_authority import Behaviour, answers, document, entry, gives
from support.faulty_node import COLD, FRESH, OLD, FaultyNode, State
from support.pam_client import PERM_DENIED, SUCCESS

MALLORY = entry("mallory", "admin", 10003)
NOT_MODIFIED = answers(304, b"", {})


def an_hour_ago() -> dict[str, str]:
    return {"Together-As-Of": str(int(time.time()) - 3600)}


def without_etag(node: FaultyNode, state: State, fault: Behaviour) -> None:
    """A roster that came without an ETag: the node has nothing to ask a condition with."""
    if state.age is not None:
        node.snapshot.unlink()
        node.stamp.unlink()
        node.authority.behave(gives(document()))
        node.refresh()
        node.attempt_file.unlink()
        node.set_age(state.age)
    node.authority.behave(fault)


def test_304_without_a_condition(node: FaultyNode, state: State) -> None:
    node.bears("to a request that had no condition", state,
               lambda: without_etag(node, state, NOT_MODIFIED))


@pytest.mark.parametrize("state", [FRESH, OLD], ids=["fresh", "old"])
def test_304_for_another_etag(node: FaultyNode, state: State) -> None:
    node.authority.behave(answers(304, b"", {"ETag": '"r6"'}))
    node.bears("for another ETag than was asked with", state)


def test_304_must_not_keep_a_damaged_roster_alive(node: FaultyNode) -> None:
    """Its etag is in the header, which holds: only the whole checksum tells."""
    node.put(OLD)
    content = bytearray(node.snapshot.read_bytes())
    content[content.index(b"alice") + 1] ^= 1
    node.snapshot.write_bytes(content)
    node.authority.behave(NOT_MODIFIED)
    node.is_answered(node.log_in_one("alice"), COLD.answer_to("alice"))
    assert "if-none-match" not in node.authority.requests[0].headers
    node.log_says("to a request that had no condition")


def test_a_roster_from_a_cache(node: FaultyNode, state: State) -> None:
    node.authority.behave(gives(document(MALLORY, revision=8), an_hour_ago()))
    node.bears("(60m|1h) old .Together-As-Of.: a cache stands before", state)


def test_304_from_a_cache(node: FaultyNode, state: State) -> None:
    node.authority.behave(answers(304, b"", an_hour_ago()))
    words = "no condition" if state == COLD else "Together-As-Of.: a cache stands before"
    node.bears(words, state)


def test_an_as_of_that_is_no_time(node: FaultyNode, state: State) -> None:
    node.authority.behave(gives(document(MALLORY), {"Together-As-Of": "yesterday"}))
    node.bears("Together-As-Of is no number of seconds", state)


@pytest.mark.parametrize("state", [FRESH, OLD], ids=["fresh", "old"])
def test_an_older_revision(node: FaultyNode, state: State) -> None:
    """A replica that lags, or a backup: mallory, removed since, is still in it."""
    node.authority.behave(gives(document(MALLORY, revision=6)))
    node.bears(r"revision 6 is older than 7.*accept-older", state)


def test_an_older_revision_is_accepted_by_hand(node: FaultyNode) -> None:
    node.put(OLD)
    node.authority.behave(gives(document(MALLORY, revision=6)))
    node.refresh("--accept-older")
    node.is_answered(node.log_in_one("mallory"), SUCCESS)
    assert node.log_in_one("alice").answer == PERM_DENIED
