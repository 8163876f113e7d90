# SPDX-License-Identifier: Apache-2.0
"""The audit trail: each change in its own transaction, each refusal, no secret."""

import json

import pytest


def test_a_change_is_recorded_with_before_and_after(roled, project):
    alice = roled.add_user("alice")
    answer = roled.post(roled.collaborators(project), {"user_id": alice.id})
    roled.change_collaborator(project, alice, role="admin")
    roled.remove_collaborator(project, alice)
    added, = roled.trail(action="collaborators.add")
    changed, = roled.trail(action="collaborators.manage_roles")
    removed, = roled.trail(action="collaborators.remove")
    assert added["seq"] < changed["seq"] < removed["seq"]
    assert added["request_id"] == answer.headers["x-request-id"]
    for record in (added, changed, removed):
        assert record["actor"] == roled.owner.id and record["key_id"] == "key_" + roled.owner.token[4:16]
        assert record["organization_id"] == roled.organization and record["outcome"] == "allowed"
        assert record["origin"] == "api" and record["address"] == "127.0.0.1"
        assert record["target"] == f"{project}/{alice.id}" and record["time_ms"] > 1_700_000_000_000
    assert added["value_before"] is None and json.loads(added["value_after"])["role"] == "member"
    assert json.loads(changed["value_before"])["role"] == "member"
    assert json.loads(changed["value_after"])["role"] == "admin"
    assert removed["value_after"] is None


def test_a_login_is_recorded_in_each_organization_of_whose_it_is_whoever_sets_it(roled):
    alice = roled.add_user("alice")
    with roled.elsewhere() as other:
        roled.add_user("alice")
        bob, carol = (roled.add_user(None, email=f"{name}@example.com") for name in ("bob", "carol"))
    # Within one second nobody could tell where she was first.
    roled.execute(f"UPDATE members SET created_at = created_at - 1 WHERE organization_id = '{roled.organization}'")
    roled.change_member(alice, login="alicia")
    invitation = roled.invite("bob@example.com")
    roled.make("POST", "/v1/invitations/accept", {"token": invitation, "login": "bob", "name": "Bob"}, token=bob)
    roled.add_user("carol")
    for user, action, before, after in ((alice, "members.manage_roles", {"login": "alice"}, {"login": "alicia"}),
                                        (bob, "invitation.accept", {"login": None, "name": None},
                                         {"login": "bob", "name": "Bob"}),
                                        (carol, "user add", {"login": None}, {"login": "carol"})):
        record, = roled.trail(target=user.id)
        assert (record["organization_id"], record["action"]) == (other, action)
        for value, expected in ((record["value_before"], before), (record["value_after"], after)):
            value = json.loads(value)
            assert {name: value[name] for name in expected} == expected and "email" not in value


@pytest.mark.parametrize("attempt, code, action", [
    (lambda roled, project, alice: roled.post(roled.collaborators(project), {}, token=alice), "forbidden",
     "collaborators.add"),
    (lambda roled, project, alice: roled.delete(f"{roled.collaborators(project)}/{roled.owner.id}"),
     "last_project_admin", "collaborators.remove"),
    (lambda roled, project, alice: roled.get("/v1/projects/proj_none", token=alice), "not_found", "project.read"),
    (lambda roled, project, alice: roled.patch("/v1/users/me", {"login": "alicia"}, token=alice), "login_is_set",
     "profile"),
    (lambda roled, project, alice: roled.patch("/v1/users/me", {"login": "ann"},
                                               token=roled.add_user(None, email="new@example.com")),
     "login_taken", "profile"),
])
def test_a_refusal_is_recorded(roled, project, attempt, code, action):
    alice = roled.add_user("alice")
    answer = attempt(roled, project, alice)
    assert answer.code == code
    record = roled.recorded(outcome="refused")
    assert record["action"] == action and record["reason"].startswith(code + ": ") and record["count"] == 1
    assert record["request_id"] == answer.headers["x-request-id"]


def test_a_refused_change_leaves_no_record_of_a_change(roled, project):
    roled.delete(f"{roled.collaborators(project)}/{roled.owner.id}")
    roled.recorded(action="collaborators.remove", outcome="refused")
    assert roled.trail(action="collaborators.remove", outcome="allowed") == []


def test_a_revoked_key_is_recorded_once_a_minute_and_unknown_ones_never(roled, project):
    """Each attempt is counted; what is not written yet is when the server stops."""
    made = roled.post(f"/v1/projects/{project}/node_keys", {"name": "nodes"}).json
    roled.delete(f"/v1/projects/{project}/node_keys/{made['id']}")
    before = len(roled.trail())
    for _ in range(5):
        assert roled.roster(project, made["token"]).status == 401
        assert roled.roster(project, made["token"][:-1] + "!").status == 401
        assert roled.roster(project, None).status == 401
    roled.stop()
    new = roled.trail()[before:]
    assert {record["key_id"] for record in new} == {made["id"]} and len(new) <= 2
    assert sum(record["count"] for record in new) == 5
    assert all(record["reason"].startswith("revoked_token") for record in new)


def test_no_secret_is_recorded(roled, project):
    made = roled.post(f"/v1/projects/{project}/node_keys", {"name": "nodes"}).json
    record, = roled.trail(target=made["id"])
    assert "token" not in json.loads(record["value_after"])
    assert made["token"][16:46] not in json.dumps(roled.trail())


def test_looking_is_not_recorded(roled, project):
    before = len(roled.trail())
    roled.get(f"/v1/projects/{project}")
    roled.get(f"{roled.collaborators(project)}/user_none")
    roled.stop()
    assert len(roled.trail()) == before


# --- reading it --------------------------------------------------------------------------------------


def read(roled, after=0, limit=1000):
    return roled.get(f"{roled.settings}/audit?limit={limit}&after={after}").json


def test_it_comes_in_pages_in_the_order_of_commits(tenant):
    for i in range(5):
        tenant.create_project(f"p{i}")
    seen, after = [], 0
    while after is not None:
        page = read(tenant, after, 2)
        assert len(page["data"]) <= 2
        seen += page["data"]
        after = page["next_cursor"]
    numbers = [record["seq"] for record in seen]
    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
    actions = [record["action"] for record in seen]
    assert actions[-5:] == ["projects.create"] * 5 and set(actions[:-5]) == {"organization add"}
    assert seen == read(tenant)["data"]


def test_it_goes_on_after_any_number(tenant):
    first = read(tenant)["data"][-1]["seq"]
    assert read(tenant, first)["data"] == []
    project = tenant.create_project("later")
    record, = read(tenant, first)["data"]
    assert (record["object"], record["target"], record["organization_id"]) == ("audit.record", project,
                                                                              tenant.organization)
    assert json.loads(record["after"])["name"] == "later" and record["before"] is None and record["count"] == 1


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "1x", "99999999999999999999"])
def test_a_cursor_is_a_number(tenant, after):
    answer = tenant.get(f"{tenant.settings}/audit?after={after}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


def test_each_organization_sees_its_own(tenant, server):
    other = server.tenant(next(server.tenants))
    other.create_project("theirs")
    tenant.create_project("mine")
    for one in (tenant, other):
        assert {record["organization_id"] for record in read(one)["data"]} == {one.organization}


def test_a_change_of_a_person_is_recorded_in_each_organization_that_they_are_in(tenant):
    alice = tenant.add_user("alice")
    with tenant.elsewhere() as elsewhere:
        tenant.command("user add", "--organization", elsewhere, "--email", f"{alice.login}@example.com")
    tenant.patch("/v1/users/me", {"name": "Alice"}, token=alice)
    records = tenant.trail(actor=alice.id, action="profile")
    assert {record["organization_id"] for record in records} == {tenant.organization, elsewhere}
    assert json.loads(records[0]["value_before"])["name"] is None
    assert json.loads(records[0]["value_after"])["name"] == "Alice"
