# SPDX-License-Identifier: Apache-2.0
"""The roster request: envelope, pages, ETag."""

import re
import time

import pytest


@pytest.fixture
def key(roled, project):
    return roled.node_key(project)


def fill(roled, project, count):
    for i in range(count):
        roled.add_collaborator(project, roled.add_user(f"u{i}", uid=30000 + i))


def test_the_envelope_is_the_one_that_nodes_expect(roled, project, key):
    alice = roled.add_user("alice", uid=20001)
    roled.add_collaborator(project, alice)
    answer = roled.roster(project, key)
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json) == {"object", "project_id", "revision", "next_cursor", "data"}
    assert (answer.json["object"], answer.json["project_id"], answer.json["next_cursor"]) == ("list", project, None)
    assert {"object": "project.collaborator", "user_id": alice.id, "login": "alice", "uid": 20001,
            "role": "member", "external": False} in answer.json["data"]


def test_nothing_may_keep_a_copy(roled, project, key):
    answer = roled.roster(project, key)
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["vary"] == "Authorization, Prefer, Accept-Encoding"
    assert abs(int(answer.headers["together-as-of"]) - time.time()) < 5
    assert re.fullmatch(r"req_\w{16}", answer.headers["x-request-id"])
    assert answer.headers["date"].endswith(" GMT")


def test_a_user_without_login_is_told_as_such(roled, project, key):
    made = roled.command("user add", "--organization", roled.organization, "--email", "x@example.com")
    roled.post(roled.collaborators(project), {"user_id": made["user_id"]})
    entry = next(one for one in roled.roster(project, key).json["data"] if one["user_id"] == made["user_id"])
    assert entry["login"] is None and entry["uid"] is None


def test_pages_hold_everybody_once_in_order(roled, project, key):
    fill(roled, project, 5)
    whole = roled.roster(project, key).json
    for limit in (1, 2, 3, 6, 7):
        seen, after = [], ""
        while after is not None:
            query = f"?limit={limit}" + (f"&after={after}" if after else "")
            answer = roled.roster(project, key, query=query)
            assert answer.json["revision"] == whole["revision"]
            assert len(answer.json["data"]) <= limit
            seen += answer.json["data"]
            after = answer.json["next_cursor"]
        assert seen == whole["data"], limit
    ids = [one["user_id"] for one in whole["data"]]
    assert ids == sorted(ids) and len(ids) == 6


def test_a_cursor_ends_with_its_revision(roled, project, key):
    fill(roled, project, 2)
    cursor = roled.roster(project, key, query="?limit=1").json["next_cursor"]
    assert roled.roster(project, key, query=f"?limit=1&after={cursor}").status == 200
    roled.add_collaborator(project, roled.add_user("late"))
    answer = roled.roster(project, key, query=f"?limit=1&after={cursor}")
    assert (answer.status, answer.code) == (409, "roster_changed")


@pytest.mark.parametrize("query, code", [
    ("?limit=0", "invalid_limit"), ("?limit=1001", "invalid_limit"), ("?limit=-1", "invalid_limit"),
    ("?limit=1e3", "invalid_limit"), ("?limit=", "invalid_limit"), ("?after=x", "invalid_cursor"),
    ("?after=a-b-c", "invalid_cursor"), ("?after=a-1-", "invalid_cursor"), ("?limit=1&limit=2", "duplicate_parameter"),
    ("?page=2", "unknown_parameter"), ("?limit=%zz", "invalid_query"),
])
def test_wrong_parameters_are_refused(roled, project, key, query, code):
    answer = roled.roster(project, key, query=query)
    assert (answer.status, answer.code) == (400, code)


def test_the_etag_names_epoch_revision_and_content(roled, project, key):
    answer = roled.roster(project, key)
    etag = answer.headers["etag"]
    epoch, revision, digest = etag.strip('"').split("-")
    assert int(revision) == answer.json["revision"] and re.fullmatch("[0-9a-f]{32}", digest) and epoch
    assert roled.roster(project, key, query="?limit=1").headers["etag"] == etag, "every page is of the same roster"


def test_every_change_changes_the_etag_and_a_restart_does_not(roled, project, key):
    seen = [roled.roster(project, key).headers["etag"]]
    alice = roled.add_user("alice")
    for change in (lambda: roled.add_collaborator(project, alice),
                   lambda: roled.change_collaborator(project, alice, uid=20001),
                   lambda: roled.change_collaborator(project, alice, role="admin"),
                   lambda: roled.change_member(alice, login="alicia"),
                   lambda: roled.remove_collaborator(project, alice)):
        change()
        seen.append(roled.roster(project, key).headers["etag"])
    assert len(set(seen)) == len(seen)
    assert seen[0].split("-")[2] == seen[-1].split("-")[2], "the same content, at another revision"
    roled.stop()
    roled.start()
    assert roled.roster(project, key).headers["etag"] == seen[-1]


@pytest.mark.parametrize("form, status", [
    ("{etag}", 304), ("W/{etag}", 304), ('"other", {etag}', 304), ('"a",W/"b" ,  {etag}', 304), ("*", 304),
    ('"other"', 200), ("{bare}", 200), ('W/"other"', 200), ("", 200), (",", 200),
])
def test_if_none_match_is_compared_weakly(roled, project, key, form, status):
    etag = roled.roster(project, key).headers["etag"]
    answer = roled.roster(project, key, etag=form.format(etag=etag, bare=etag.strip('"')) or " ")
    assert answer.status == status
    assert answer.headers["etag"] == etag
    if status == 304:
        assert answer.text == "" and "content-length" not in answer.headers
        assert "together-as-of" in answer.headers and "preference-applied" not in answer.headers


def test_a_thousand_collaborators_are_one_page(roled, project, key):
    numbers = range(2500)
    roled.execute(
        "INSERT INTO users (id, email, email_key, login, created_at) VALUES "
        + ", ".join(f"('user_{i:06}', '{i}@x', '{i}@x', 'n{i}', 0)" for i in numbers),
        "INSERT INTO posix_ids (organization_id, number, kind, holder_id) VALUES "
        + ", ".join(f"('{roled.organization}', {20000 + i}, 'user', 'user_{i:06}')" for i in numbers),
        "INSERT INTO collaborators (project_id, user_id, role, created_at) VALUES "
        + ", ".join(f"('{project}', 'user_{i:06}', 'member', 0)" for i in numbers),
        f"UPDATE projects SET revision = revision + 1 WHERE id = '{project}'")
    sizes, after = [], ""
    while after is not None:
        answer = roled.roster(project, key, query="?limit=1000" + (f"&after={after}" if after else "")).json
        sizes.append(len(answer["data"]))
        after = answer["next_cursor"]
    assert sizes == [1000, 1000, 501]
    assert len(roled.roster(project, key, query="").json["data"]) == 100


def test_who_takes_gzip_gets_a_large_page_packed(roled, project, key):
    small = roled.roster(project, key, coding="gzip")
    assert "content-encoding" not in small.headers
    fill(roled, project, 40)
    plain, packed = roled.roster(project, key), roled.roster(project, key, coding="gzip, deflate")
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text and len(packed.body) < len(plain.body) / 2
    assert packed.headers["etag"] == "W/" + plain.headers["etag"], "other bytes, the same roster"
    assert packed.headers["vary"] == plain.headers["vary"]
    for etag in (plain.headers["etag"], packed.headers["etag"]):
        assert roled.roster(project, key, coding="gzip", etag=etag).status == 304
    for other in ({"coding": "gzip;q=0"}, {"coding": "deflate"}, {"coding": "gzip", "query": "?limit=999"}):
        answer = roled.roster(project, key, **other)
        assert "content-encoding" not in answer.headers and answer.headers["etag"] == plain.headers["etag"]
