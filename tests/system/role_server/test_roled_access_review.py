# SPDX-License-Identifier: Apache-2.0
"""Who has access to a project, for whoever has to look through it."""

import csv
import io

import pytest

from support.waiting import wait_until

COLUMNS = ["user_id", "email", "name", "login", "uid", "role", "source", "since", "granted_by", "until", "tokens",
           "last_used_at"]


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
