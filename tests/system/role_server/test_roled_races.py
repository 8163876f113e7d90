# SPDX-License-Identifier: Apache-2.0
"""Two who change what belongs together at one moment: whatever comes first, what must hold holds."""

import threading
import time

import pytest

from support.waiting import wait_until

ROUNDS = range(5)


def at_once(*requests):
    """Their answers, in the order of `requests`."""
    answers, start = [None] * len(requests), threading.Barrier(len(requests))

    def send(number, request):
        start.wait()
        answers[number] = request()

    threads = [threading.Thread(target=send, args=pair) for pair in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answer.status < 500 for answer in answers), answers
    return answers


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
