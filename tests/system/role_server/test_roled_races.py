# SPDX-License-Identifier: Apache-2.0
"""Two who change what belongs together at one moment: whatever comes first, what must hold holds."""

import time

import pytest

from support.roled import at_once
from support.waiting import wait_until

ROUNDS = range(5)


def sql(tenant, statement, *values):
    """A query's rows; '?' stands for the values, ids of ours."""
    for value in values:
        statement = statement.replace("?", f"'{value}'", 1)
    return [tuple(row.values()) for row in tenant.rows(statement)]


@pytest.fixture(autouse=True)
def each_project_keeps_an_admin(tenant):
    yield
    assert sql(tenant, "SELECT p.id FROM projects p WHERE p.organization_id = ? AND p.deleted_at IS NULL AND NOT EXISTS"
               " (SELECT 1 FROM effective_roles r WHERE r.project_id = p.id AND r.role = 'admin')",
               tenant.organization) == []


@pytest.mark.parametrize("number", ROUNDS)
def test_two_admins_demote_each_other(tenant, number):
    pair = [tenant.add_user(f"a{i}", role="admin") for i in range(2)]
    project = tenant.create_project("theirs", token=pair[0])
    tenant.make("POST", f"/v1/projects/{project}/join", {}, token=pair[1])
    answers = at_once(*(lambda by=by, whom=whom: tenant.patch(tenant.member(whom), {"role": "member"}, token=by)
                        for by, whom in (pair, pair[::-1])))
    assert sorted(answer.status for answer in answers) == [200, 403], "who is demoted first demotes nobody"
    roles = sorted(tenant.get(tenant.member(user)).json["role"] for user in pair)
    assert roles == ["admin", "member"]


@pytest.mark.parametrize("number", ROUNDS)
def test_somebody_is_added_while_they_are_removed(tenant, cluster, number):
    alice = tenant.add_user("alice")
    root = tenant.add_user("roota", role="admin")
    added, removed = at_once(
        lambda: tenant.post(tenant.collaborators(cluster), {"user_id": alice.id}),
        lambda: tenant.delete(tenant.member(alice), token=root))
    assert removed.status == 200 and added.status in (201, 404)
    assert alice.login not in tenant.entries(cluster)
    assert sql(tenant, "SELECT 1 FROM collaborators WHERE user_id = ?", alice.id) == []
    assert tenant.get("/v1/whoami", token=alice).status == 401


@pytest.mark.parametrize("number", ROUNDS)
def test_somebody_is_suspended_while_they_are_promoted(tenant, cluster, number):
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice)
    root = tenant.add_user("roota", role="admin")
    before = tenant.revision(cluster)
    promoted, suspended = at_once(
        lambda: tenant.patch(f"{tenant.collaborators(cluster)}/{alice.id}", {"role": "admin"}),
        lambda: tenant.patch(tenant.member(alice), {"suspended": True}, token=root))
    assert suspended.status == 200 and promoted.status in (200, 404)
    assert alice.login not in tenant.entries(cluster)
    assert tenant.revision(cluster) == before + [promoted.status, suspended.status].count(200)
    tenant.change_member(alice, suspended=False)
    assert tenant.entries(cluster)[alice.login]["role"] == ("admin" if promoted.status == 200 else "member")


@pytest.mark.parametrize("number", ROUNDS)
def test_the_owner_leaves_while_the_other_admin_is_demoted(tenant, cluster, number):
    root = tenant.add_user("roota", role="admin")
    tenant.make("POST", f"/v1/projects/{cluster}/join", {}, token=root)
    left, demoted = at_once(lambda: tenant.post(f"/v1/projects/{cluster}/leave", {}),
                            lambda: tenant.patch(tenant.member(root), {"role": "member"}, token=tenant.owner))
    assert demoted.status == 200 and left.status in (204, 409)
    stepped_in = demoted.json["consequences"]["owner_became_admin_of"]
    assert stepped_in == ([cluster] if left.status == 204 else [])
    assert tenant.entries(cluster)[tenant.owner.login]["role"] == "admin"


def test_a_membership_is_renewed_while_it_ends(tenant):
    """Renewed, they stay; too late, they are gone for good."""
    ends = int(time.time()) + 2
    users = [tenant.add_user(f"u{i}") for i in range(3)]
    for user in users:
        tenant.change_member(user, until=ends)
    renewed = {}
    for number, user in enumerate(users):
        wait_until(lambda moment=ends + (number - 1) * 0.4: time.time() >= moment, "about the last moment")
        renewed[user.id] = tenant.patch(tenant.member(user), {"until": 4_000_000_000}).status
    assert set(renewed.values()) <= {200, 404}
    wait_until(lambda: time.time() > ends + 2, "the end to be past")
    for user in users:
        assert tenant.get(tenant.member(user)).status == renewed[user.id]
        assert tenant.get("/v1/whoami", token=user).status == (200 if renewed[user.id] == 200 else 401)


@pytest.mark.parametrize("number", ROUNDS)
def test_who_is_suspended_while_being_promoted_everywhere_may_nothing(tenant, cluster, number):
    user = tenant.add_user("alice")
    tenant.add_collaborator(cluster, user)
    member = f"/v1/organizations/{tenant.organization}/members/{user.id}"
    suspended, promoted, there = at_once(lambda: tenant.patch(member, {"suspended": True}),
                                         lambda: tenant.patch(member, {"role": "admin"}),
                                         lambda: tenant.patch(f"{tenant.collaborators(cluster)}/{user.id}", {"role": "admin"}))
    assert (suspended.status, promoted.status) == (200, 200) and there.status in (200, 404)
    assert user.id not in {one["user_id"] for one in tenant.get(tenant.collaborators(cluster)).json["data"]}
    assert tenant.get(f"/v1/organizations/{tenant.organization}/members", token=user).status == 403
    now = tenant.get(member).json
    assert now["suspended"] and now["role"] == "admin"


@pytest.mark.parametrize("number", range(3))
def test_an_end_that_is_moved_as_it_comes_has_come_or_not(tenant, cluster, number):
    user = tenant.add_user("alice")
    place = f"{tenant.collaborators(cluster)}/{user.id}"
    end = int(time.time()) + 1
    tenant.make("POST", tenant.collaborators(cluster), {"user_id": user.id, "until": end})
    # Asked again and again around the end: the last that was done counts, unless one came too late.
    statuses = []

    def move():
        answer = tenant.patch(place, {"until": int(time.time()) + 1})
        statuses.append(answer.status)
        return answer.status == 404 or len(statuses) > 40

    wait_until(move, "an end")
    assert set(statuses) <= {200, 404, 429}
    wait_until(lambda: tenant.get(place).status == 404, "the end")
    wait_until(lambda: not tenant.rows(f"SELECT role FROM collaborators WHERE user_id = '{user.id}'"
                                      f" AND project_id = '{cluster}'"), "the row to go")
