# SPDX-License-Identifier: Apache-2.0
"""JSON that is no roster: a field that is missing, one of another type, another project's."""

import copy
from typing import Any

import pytest

from support.faulty_authority import ALICE, document, entry, gives
from support.faulty_node import FRESH, FaultyNode, State
from support.pam_client import SUCCESS
from support.refresher import NO_ANSWER

LIST_FIELDS = ("object", "project_id", "next_cursor", "revision", "data")
ENTRY_FIELDS = ("object", "user_id", "login", "uid", "role", "external")
OTHERS: tuple[Any, ...] = ("", "x", 1, -1, 1.5, True, None, [], {})
GOOD = {"next_cursor": (None, "", "x"), "revision": (1,), "data": ([],), "user_id": ("x",),
        "login": (None, "x", ""), "uid": (None, 1), "role": ("x",), "external": (True,)}


def wrong_for(field: str) -> list[Any]:
    """One value of each type that the field cannot have."""
    good = [(type(value), value) for value in GOOD.get(field, ())]
    return [value for value in OTHERS if (type(value), value) not in good]


def with_field(field: str, value: Any, where: str) -> dict[str, Any]:
    roster = copy.deepcopy(document())
    (roster if where == "list" else roster["data"][1])[field] = value
    return roster


FIELDS = [*(("list", field) for field in LIST_FIELDS),
          *(("entry", field) for field in ENTRY_FIELDS)]
OPTIONAL = (("list", "revision"), ("entry", "uid"), ("entry", "external"))


@pytest.mark.parametrize("where, field", FIELDS)
def test_a_wrong_type(node: FaultyNode, state: State, where: str, field: str) -> None:
    node.authority.behave(gives(with_field(field, wrong_for(field)[0], where)))
    node.bears(rf"the roster is refused: .*{field}", state)


@pytest.mark.parametrize("where, field", FIELDS)
def test_every_other_type(node: FaultyNode, where: str, field: str) -> None:
    """Through together-refresh alone: what a login sees of it is the same for all."""
    node.put(FRESH)
    before = node.snapshot.read_bytes(), node.stamp.read_bytes()
    for value in wrong_for(field)[1:]:
        node.authority.behave(gives(with_field(field, value, where)))
        done = node.run()
        assert done.returncode == NO_ANSWER and field in done.stderr, (value, done.stderr)
    assert (node.snapshot.read_bytes(), node.stamp.read_bytes()) == before


@pytest.mark.parametrize("where, field", [field for field in FIELDS if field not in OPTIONAL])
def test_a_field_that_is_missing(node: FaultyNode, state: State, where: str, field: str) -> None:
    roster = with_field(field, None, where)
    del (roster if where == "list" else roster["data"][1])[field]
    node.authority.behave(gives(roster))
    node.bears(f"{field} is missing", state)


@pytest.mark.parametrize("where, field", OPTIONAL)
def test_a_field_that_may_be_missing(node: FaultyNode, state: State, where: str, field: str) -> None:
    """As companies' own APIs have no uid and no external: null and false."""
    node.put(state)
    roster = with_field(field, None, where)
    del (roster if where == "list" else roster["data"][1])[field]
    node.authority.behave(gives(roster))
    assert node.run().returncode == 0
    assert node.logins() == {"alice", "bob"}
    assert node.log_in_one("bob").answer == SUCCESS


@pytest.mark.parametrize("content", [[], "list", None, 7, {}, [document()]],
                         ids=["array", "string", "null", "number", "empty", "wrapped"])
def test_another_shape(node: FaultyNode, state: State, content: Any) -> None:
    node.authority.behave(gives(content))
    node.bears("the roster is (refused|not JSON)", state)


@pytest.mark.parametrize("entries", [[None], ["alice"], [[ALICE]]],
                         ids=["null", "string", "array"])
def test_an_entry_of_another_shape(node: FaultyNode, state: State, entries: list[Any]) -> None:
    node.authority.behave(gives(document(*entries)))
    node.bears(r"data\[0\] is not an object", state)


def test_another_project_s_roster(node: FaultyNode, state: State) -> None:
    """In which mallory is an admin."""
    other = document(entry("mallory", "admin", 10003), project_id="proj_124", revision=8)
    node.authority.behave(gives(other))
    node.bears("project_id is not", state)


def test_an_error_document_with_status_200(node: FaultyNode, state: State) -> None:
    error = {"message": "no", "type": "internal", "param": None, "code": "x"}
    node.authority.behave(gives({"error": error}))
    node.bears("the roster is refused", state)
