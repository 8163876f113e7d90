# SPDX-License-Identifier: Apache-2.0
"""Who has access to a project, for whoever has to look through it."""

import csv
import io
import time

import pytest

from support.waiting import wait_until

COLUMNS = ["user_id", "email", "name", "login", "uid", "role", "source", "since", "granted_by", "until", "tokens",
           "last_used_at", "last_seen_at", "last_seen_door", "last_seen_node"]


@pytest.fixture
def people(tenant, cluster):
    """By login, everybody of the project."""
    tenant.allow_externals()
    root, alice = tenant.add_user("roota", role="admin"), tenant.add_user("alice", uid=20001)
    with tenant.elsewhere():
        guest = tenant.add_user("guest")
    tenant.make("POST", f"/v1/projects/{cluster}/join", {}, token=root)
    tenant.add_collaborator(cluster, alice, until=4_000_000_000)
    tenant.add_collaborator(cluster, guest, role="admin")
    return {user.login: user for user in (tenant.owner, root, alice, guest)}


def review(tenant, project, query=""):
    return tenant.get(f"/v1/projects/{project}/access_review{query}")


def test_it_has_everybody_and_where_their_role_comes_from(tenant, cluster, people):
    rows = {row["login"]: row for row in review(tenant, cluster).json["data"]}
    assert set(rows) == set(people)
    sources = {login.removeprefix(tenant.prefix): (row["role"], row["source"]) for login, row in rows.items()}
    assert sources == {"ann": ("admin", "organization_admin"), "roota": ("admin", "organization_admin"),
                       "alice": ("member", "project"), "guest": ("admin", "external")}
    alice = rows[f"{tenant.prefix}alice"]
    assert (alice["email"], alice["uid"], alice["until"]) == (f"{tenant.prefix}alice@example.com", 20001, 4_000_000_000)
    assert alice["granted_by"] == tenant.owner.id and alice["tokens"] == 1 and set(COLUMNS) <= set(alice)


def test_it_has_when_somebody_was_here_last_and_with_how_many_tokens(tenant, cluster, people):
    alice = people[f"{tenant.prefix}alice"]
    tenant.token_for(cluster, alice)

    def of_alice():
        return next(row for row in review(tenant, cluster).json["data"] if row["user_id"] == alice.id)
    assert wait_until(lambda: of_alice()["last_used_at"], "the use of the token")
    assert of_alice()["tokens"] == 2


def test_it_comes_in_pages(tenant, cluster, people):
    seen, after = [], ""
    while after is not None:
        page = review(tenant, cluster, "?limit=3" + (f"&after={after}" if after else "")).json
        seen += [row["user_id"] for row in page["data"]]
        after = page["next_cursor"]
    assert seen == sorted(user.id for user in people.values())


def test_csv_is_for_a_spreadsheet_and_starts_no_formula(tenant, cluster, people):
    alice = people[f"{tenant.prefix}alice"]
    tenant.patch("/v1/users/me", {"name": '=HYPERLINK("http://x","y")'}, token=alice)
    answer = review(tenant, cluster, "?format=csv")
    assert answer.status == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert answer.text.count("\r\n") == len(rows) + 1 == 5 and list(rows[0]) == COLUMNS
    by_json = {row["user_id"]: row for row in review(tenant, cluster).json["data"]}
    for row in rows:
        same = by_json[row["user_id"]]
        assert {name: row[name] for name in ("login", "role", "source")} == {
            name: same[name] for name in ("login", "role", "source")}
    named, = [row["name"] for row in rows if row["user_id"] == alice.id]
    assert named == "'" + '=HYPERLINK("http://x","y")'


def test_other_formats_are_refused(tenant, cluster):
    answer = review(tenant, cluster, "?format=pdf")
    assert (answer.status, answer.code) == (400, "invalid_format")


def next_second():
    """Access is noted in seconds: what is over within one is forgotten."""
    now = int(time.time())
    assert wait_until(lambda: int(time.time()) > now, "the next second")
    return now + 1


def periods(tenant, project, since, query=""):
    answer = review(tenant, project, f"?since={since}{query}")
    assert answer.status == 200, answer.text
    return [(row["login"].removeprefix(tenant.prefix), row["role"], row["source"], row["granted_by"], row["ended_by"])
            for row in answer.json["data"]]


def test_since_when_who_had_access(tenant, cluster):
    me = tenant.owner.id
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice)
    path = f"/v1/projects/{cluster}/collaborators/{alice.id}"
    began = next_second()
    next_second()
    assert tenant.patch(path, {"role": "admin"}).status == 200
    next_second()
    assert tenant.delete(path).status == 204
    mine = ("ann", "admin", "organization_admin", me, None)
    first, second = ("alice", "member", "project", me, me), ("alice", "admin", "project", me, me)
    assert sorted(periods(tenant, cluster, began), key=str) == sorted([mine, first, second], key=str)
    last = next_second()
    assert periods(tenant, cluster, last) == [mine]
    rows = list(csv.DictReader(io.StringIO(review(tenant, cluster, f"?since={began}&format=csv").text, newline="")))
    assert [row["role"] for row in rows if row["user_id"] == alice.id] == ["member", "admin"]


def test_what_a_membership_brings_and_takes(tenant, cluster):
    """Nobody asks for these changes of a project one by one, and no record of the trail names it."""
    began = next_second()
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice)
    member = f"/v1/organizations/{tenant.organization}/members/{alice.id}"
    steps = [lambda: tenant.patch(member, {"role": "admin"}), lambda: tenant.patch(member, {"suspended": True}),
             lambda: tenant.patch(member, {"suspended": False}), lambda: tenant.delete(member)]
    for step in steps:
        next_second()
        assert step().status in (200, 204)
    of_alice = [row[1:3] + (row[4] is not None,) for row in periods(tenant, cluster, began) if row[0] == "alice"]
    assert of_alice == [("member", "project", True), ("admin", "organization_admin", True),
                        ("admin", "organization_admin", True)]


def test_what_was_over_by_itself(tenant, cluster):
    began = next_second()
    alice = tenant.add_user("alice")
    over = int(time.time()) + 2
    tenant.add_collaborator(cluster, alice, until=over)
    assert wait_until(lambda: int(time.time()) > over, "the end")
    [row] = [row for row in review(tenant, cluster, f"?since={began}").json["data"] if row["user_id"] == alice.id]
    assert (row["ended_at"], row["ended_by"]) == (over, "system")
    assert alice.id not in [row["user_id"] for row in review(tenant, cluster, f"?since={over}").json["data"]]


def test_periods_come_in_pages(tenant, cluster, people):
    since = next_second()
    whole = [row["user_id"] for row in review(tenant, cluster, f"?since={since}").json["data"]]
    seen, after = [], ""
    while after is not None:
        page = review(tenant, cluster, f"?since={since}&limit=1" + (f"&after={after}" if after else "")).json
        seen += [row["user_id"] for row in page["data"]]
        after = page["next_cursor"]
    assert seen == whole == sorted(user.id for user in people.values())


@pytest.mark.parametrize("query, param", [("since=yesterday", "since"), ("since=-1", "since"), ("since=9999999999", "since"),
                                          ("since={now}&after=user_1", "after")])
def test_what_is_no_time(tenant, cluster, query, param):
    answer = review(tenant, cluster, "?" + query.format(now=int(time.time())))
    assert answer.status == 400 and answer.json["error"]["param"] == param
