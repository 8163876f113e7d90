# SPDX-License-Identifier: Apache-2.0
"""POST /v1/projects/{proj}/last_seen: whom nodes let in, for the review of who has access."""

import csv
import io
import time

import pytest

from support.waiting import wait_until

NODE = {"Together-Node": "name=gpu1; version=0.1.0; mode=enforce"}
FIELDS = ("last_seen_at", "last_seen_door", "last_seen_node")
NOBODY = (None, None, None)


@pytest.fixture
def key(roled, project):
    return roled.node_key(project)


@pytest.fixture
def alice(roled, project):
    user = roled.add_user("alice")
    roled.add_collaborator(project, user)
    return user


def seen(user, seen_at, door="ssh"):
    return {"user_id": getattr(user, "id", user), "door": door, "seen_at": seen_at}


def tell(roled, project, key, *people, headers=None):
    return roled.request("POST", f"/v1/projects/{project}/last_seen", {"data": list(people)}, token=key,
                         headers=NODE if headers is None else headers)


def told(roled, project, user):
    rows = roled.get(f"/v1/projects/{project}/access_review?limit=1000").json["data"]
    return next(tuple(row[field] for field in FIELDS) for row in rows if row["user_id"] == user.id)


def kept(roled):
    """Of whom the database has something, in whichever project."""
    return sorted(row["user_id"] for row in roled.rows("SELECT user_id FROM last_seen"))


def wait_for(roled, project, user, expected):
    wait_until(lambda: told(roled, project, user) == expected, f"{expected} in the review")


def test_the_review_says_when_where_and_at_which_node(roled, project, key, alice):
    now = int(time.time())
    assert told(roled, project, alice) == NOBODY
    answer = tell(roled, project, key, seen(alice, now - 60))
    assert (answer.status, answer.text) == (204, "")
    wait_for(roled, project, alice, (now - 60, "ssh", "gpu1"))
    assert told(roled, project, roled.owner) == NOBODY
    table = roled.get(f"/v1/projects/{project}/access_review?format=csv").text
    row, = [row for row in csv.DictReader(io.StringIO(table, newline="")) if row["user_id"] == alice.id]
    assert [row[field] for field in FIELDS] == [str(now - 60), "ssh", "gpu1"]


def test_only_a_newer_time_counts_and_one_to_come_is_now(roled, project, key, alice):
    before = int(time.time())
    tell(roled, project, key, seen(alice, before + 1_000_000, "sudo"), headers={})
    wait_until(lambda: told(roled, project, alice) != NOBODY, "what was told")
    first = told(roled, project, alice)
    assert before <= first[0] <= time.time() and first[1:] == ("sudo", None)
    tell(roled, project, key, seen(alice, 1), seen(roled.owner, 5), seen(roled.owner, 4, "slurm"))
    wait_for(roled, project, roled.owner, (5, "ssh", "gpu1"))
    assert told(roled, project, alice) == first


def test_who_does_not_take_part_is_left_out_without_a_word(roled, project, key, alice):
    outside = roled.add_user("outside")
    answer = tell(roled, project, key, seen(outside, 5), seen("user_none", 5), seen("", 5), seen(alice, 5))
    assert (answer.status, answer.text) == (204, "")
    wait_for(roled, project, alice, (5, "ssh", "gpu1"))
    assert kept(roled) == [alice.id]


def test_a_key_of_another_project_is_refused_and_people_are_too(roled, project, key, alice):
    other = roled.create_project("other")
    api_key = roled.make("POST", f"/v1/projects/{project}/api_keys", {"name": "x", "scopes": ["project.read"]})["token"]
    assert tell(roled, other, key, seen(alice, 5)).status == 404
    for token in (api_key, roled.owner.token):
        answer = tell(roled, project, token, seen(alice, 5))
        assert (answer.status, answer.code) == (403, "forbidden")
    tell(roled, project, key, seen(roled.owner, 5))
    wait_for(roled, project, roled.owner, (5, "ssh", "gpu1"))
    assert told(roled, project, alice) == NOBODY


@pytest.mark.parametrize("person, code", [
    ({"door": "ssh", "seen_at": 5}, "missing_field"), ({"user_id": "u", "seen_at": 5}, "missing_field"),
    ({"user_id": "u", "door": "ssh"}, "missing_field"), (seen("u", 0), "invalid_time"), (seen("u", -1), "invalid_time"),
    (seen("u", 1_700_000_000_000), "invalid_time"), (seen("u", "5"), "invalid_type"), (seen("u", 5.0), "invalid_type"),
    (seen("u", 5, ""), "invalid_door"), (seen("u", 5, "a" * 33), "invalid_door"), (seen("u", 5, "a b"), "invalid_door"),
    (seen("u", 5, "<b>"), "invalid_door"), ({**seen("u", 5), "login": "alice"}, "unknown_field"), ("alice", "invalid_json")])
def test_what_is_no_report_is_refused_whole(roled, project, key, alice, person, code):
    answer = tell(roled, project, key, seen(alice, 5), person)
    assert (answer.status, answer.code) == (400, code)
    assert kept(roled) == []


@pytest.mark.parametrize("count, status", [(0, 400), (200, 204), (201, 400)])
def test_a_report_has_up_to_two_hundred_people(roled, project, key, alice, count, status):
    assert tell(roled, project, key, *[seen(alice, 5)] * count).status == status


def test_it_is_no_change_of_the_model(roled, project, key, alice):
    records, revision = len(roled.trail()), roled.revision(project)
    tell(roled, project, key, seen(alice, 5))
    wait_for(roled, project, alice, (5, "ssh", "gpu1"))
    assert (len(roled.trail()), roled.revision(project)) == (records, revision)


def test_what_was_told_outlives_a_restart(roled, project, key, alice):
    tell(roled, project, key, seen(alice, 5))
    roled.stop()
    roled.start()
    assert told(roled, project, alice) == (5, "ssh", "gpu1")


def test_it_is_gone_with_the_project_and_with_the_account(roled, project, key, alice):
    other = roled.create_project("other")
    roled.add_collaborator(other, alice)
    for place, token in ((project, key), (other, roled.node_key(other))):
        tell(roled, place, token, seen(alice, 5), seen(roled.owner, 5))
        wait_for(roled, place, alice, (5, "ssh", "gpu1"))
    assert roled.delete(f"/v1/projects/{other}").status == 204
    assert kept(roled) == sorted([alice.id, roled.owner.id])
    assert roled.delete("/v1/users/me", token=alice).status == 200
    assert kept(roled) == [roled.owner.id]


def test_who_comes_back_has_what_was_told_before_and_who_is_away_is_not_shown(roled, project, key, alice):
    tell(roled, project, key, seen(alice, 5))
    wait_for(roled, project, alice, (5, "ssh", "gpu1"))
    roled.remove_collaborator(project, alice)
    assert "last_seen" not in str(roled.get(f"/v1/projects/{project}/collaborators").json)
    tell(roled, project, key, seen(alice, 9))
    roled.add_collaborator(project, alice)
    assert told(roled, project, alice) == (5, "ssh", "gpu1")
