# SPDX-License-Identifier: Apache-2.0
"""An authority with a valid certificate that wants the node's future or its memory: staging, one
restored, one taken over for a second."""

import sys

import pytest

from support.faulty_authority import ALICE, BOB, JSON, answers, document, entry, gives
from support.faulty_node import FRESH, OLD, FaultyNode
from support.pam_client import PERM_DENIED, SUCCESS
from support.refresher import NO_ANSWER, VALID

HUGE = 2**63 - 1


def test_a_huge_revision_does_not_freeze_the_roster(node: FaultyNode) -> None:
    node.put(FRESH)
    node.authority.behave(gives(document(revision=HUGE)))
    assert node.run().returncode == NO_ANSWER
    assert f"revision {HUGE} cannot follow" in node.last_attempt()["message"]
    node.attempt_file.unlink()
    node.authority.behave(gives(document(ALICE, revision=8)))
    assert node.run().returncode == VALID
    assert node.log_in_one("bob").answer == PERM_DENIED
    assert node.log_in_one("alice").answer == SUCCESS


def test_a_removal_counts_in_an_answer_that_is_refused(node: FaultyNode) -> None:
    """The node's first roster had the huge revision. bob is removed; carol's time comes later."""
    node.put(OLD)
    node.snapshot.unlink()
    node.stamp.unlink()
    node.authority.behave(gives(document(ALICE, BOB, revision=HUGE)))
    assert node.run().returncode == VALID
    node.set_age(OLD.age)
    node.authority.behave(gives(document(ALICE, entry("carol", "member", 10003), revision=8)))
    assert node.run().returncode == NO_ANSWER
    assert "does not have (1) get in no longer" in node.last_attempt()["message"]
    assert node.log_in_one("bob").answer == PERM_DENIED
    assert node.log_in_one("carol").answer == PERM_DENIED
    assert node.log_in_one("alice").answer == SUCCESS


def page_of(item: str) -> bytes:
    filler = (item + ",") * ((8 * 1024 * 1024 - 4096) // (len(item) + 1))
    return ('{"object":"list","project_id":"proj_123","revision":8,"next_cursor":null,"data":[],'
            f'"note":[{filler}{item}]}}').encode()


def most_memory_of_a_round(node: FaultyNode) -> int:
    """Of the parent or the child, whichever has more, in KiB."""
    program = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:]);"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    return int(node.run(before=(sys.executable, "-c", program)).stdout.splitlines()[-1])


@pytest.mark.parametrize("item", ["0", "{}", "[0]", "[[0]]", '""'])
def test_a_page_of_tiny_values_costs_little(node: FaultyNode, item: str) -> None:
    node.put(FRESH)
    node.authority.behave(answers(200, page_of(item), JSON))
    assert most_memory_of_a_round(node) < 256 * 1024
    assert "more than 250000 values" in node.last_attempt()["message"]
    assert node.log_in_one("alice").answer == SUCCESS


def test_a_page_of_64000_entries_costs_little(node: FaultyNode) -> None:
    node.put(FRESH)
    many = [{"object": "project.collaborator", "user_id": f"u{i}", "login": f"l{i}", "uid": None,
             "role": "member", "external": False} for i in range(64_000)]
    node.authority.behave(gives(document(*many, revision=8)))
    assert most_memory_of_a_round(node) < 256 * 1024
    assert node.log_in_one("bob").answer == SUCCESS
