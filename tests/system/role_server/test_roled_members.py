# SPDX-License-Identifier: Apache-2.0
"""Members of an organization: roles, suspension, ends, the Owner, the Default Project, who steps in."""

import json
import time

import pytest

from support.long_poll import Waiting
from support.waiting import wait_until


@pytest.fixture
def alice(tenant, cluster):
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice)
    return alice


@pytest.fixture
def root(tenant):
    """An Admin of the organization."""
    return tenant.add_user("roota", role="admin")


@pytest.fixture
def led_by_root(tenant, cluster, root):
    """A project whose only Admin is root, who is no more than Member there by what is stored."""
    tenant.make("POST", f"/v1/projects/{cluster}/join", {}, token=root)
    tenant.make("POST", f"/v1/projects/{cluster}/leave", {})
    return cluster


def soon(seconds=1):
    return int(time.time()) + seconds


# --- roles ---------------------------------------------------------------------------------------


def test_members_come_in_pages(tenant):
    users = {tenant.owner.id} | {tenant.add_user(f"u{i}").id for i in range(4)}
    seen, after = [], ""
    while after is not None:
        page = tenant.get(f"{tenant.settings}/members?limit=2" + (f"&after={after}" if after else "")).json
        assert page["object"] == "list" and len(page["data"]) <= 2
        seen += page["data"]
        after = page["next_cursor"]
    assert len(seen) == 5 and {one["user_id"] for one in seen} == users
    owner = next(one for one in seen if one["owner"])
    assert (owner["user_id"], owner["role"], owner["login"]) == (tenant.owner.id, "admin", tenant.owner.login)
    assert tenant.get(tenant.member(tenant.owner)).json == owner


def test_who_becomes_admin_of_the_organization_is_admin_where_they_are_and_nowhere_else(tenant, cluster, alice):
    other = tenant.create_project("other")
    before = tenant.revision(cluster), tenant.revision(other)
    promoted = tenant.change_member(alice, role="admin")
    assert promoted["role"] == "admin" and promoted["granted_by"] == tenant.owner.id
    assert set(promoted["consequences"]["rosters"]) == {cluster, tenant.default_project}
    entry = tenant.entries(cluster)[alice.login]
    assert entry["role"] == "admin" and alice.login not in tenant.entries(other)
    one = tenant.get(f"{tenant.collaborators(cluster)}/{alice.id}").json
    assert (one["role"], one["source"]) == ("admin", "organization_admin")
    assert (tenant.revision(cluster), tenant.revision(other)) == (before[0] + 1, before[1])
    tenant.change_member(alice, role="member")
    assert tenant.entries(cluster)[alice.login]["role"] == "member"
    assert tenant.revision(cluster) == before[0] + 2


def test_who_was_promoted_in_a_project_stays_its_admin_whatever_they_are_in_the_organization(tenant, cluster, alice):
    tenant.change_collaborator(cluster, alice, role="admin")
    before = tenant.revision(cluster)
    for role in ("admin", "member"):
        assert cluster not in tenant.change_member(alice, role=role)["consequences"]["rosters"]
        assert tenant.entries(cluster)[alice.login]["role"] == "admin"
    assert tenant.revision(cluster) == before, "nobody's effective role changed"


def test_several_fields_change_together_or_not_at_all(tenant, alice):
    tenant.add_user("bob", uid=20001)
    answer = tenant.patch(tenant.member(alice), {"role": "admin", "login": f"{tenant.prefix}al", "uid": 20001})
    assert (answer.status, answer.code) == (409, "uid_taken")
    one = tenant.get(tenant.member(alice)).json
    assert (one["role"], one["login"], one["uid"]) == ("member", alice.login, None)


@pytest.mark.parametrize("body, code, param", [
    ({}, "missing_field", "role"), ({"role": "owner"}, "invalid_role", "role"), ({"role": 1}, "invalid_type", "role"),
    ({"suspended": "yes"}, "invalid_type", "suspended"), ({"until": 1}, "invalid_time", "until"),
    ({"until": 99_999_999_999_999}, "invalid_time", "until"), ({"until": "soon"}, "invalid_type", "until"),
    ({"uid": 999}, "invalid_uid", "uid"), ({"login": "root"}, "reserved_login", "login"),
    ({"owner": True}, "unknown_field", "owner"),
])
def test_what_is_wrong_is_named(tenant, alice, body, code, param):
    answer = tenant.patch(tenant.member(alice), body)
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, code, param)


def test_an_admin_changes_a_login_once_in_30_days_and_each_stays_reserved(tenant, server, cluster, alice):
    first = tenant.change_member(alice, login=f"{tenant.prefix}alicia")
    assert first["login"] == f"{tenant.prefix}alicia" and f"{tenant.prefix}alicia" in tenant.entries(cluster)
    again = tenant.patch(tenant.member(alice), {"login": alice.login})
    assert (again.status, again.code) == (409, "login_changed_lately")
    with pytest.raises(RuntimeError, match="somebody else's login"):
        tenant.add_user("alice", email=f"{tenant.prefix}b@example.com")


def test_a_thousand_logins_of_its_own_fit(tenant):
    logins = [f"service-{number:024}" for number in range(1000)]
    assert {len(login) for login in logins} == {32}
    kept = tenant.make("PATCH", tenant.settings, {"reserved_logins": logins, "external_collaborators": True})
    assert kept["reserved_logins"] == logins
    answer = tenant.patch(tenant.settings, {"reserved_logins": [*logins, "one-more"]})
    assert (answer.status, answer.code) == (400, "too_many_logins")


def test_an_organization_keeps_logins_of_its_own(tenant):
    tenant.make("PATCH", tenant.settings, {"reserved_logins": ["HAL9000", "hal9000", "c3po"]})
    assert tenant.get(tenant.settings).json["reserved_logins"] == ["c3po", "hal9000"]
    newcomer = tenant.add_user(None, email=f"{tenant.prefix}new@example.com")
    answer = tenant.patch("/v1/users/me", {"login": "Hal9000"}, token=newcomer)
    assert (answer.status, answer.code) == (400, "reserved_login")
    tenant.make("PATCH", tenant.settings, {"reserved_logins": []})
    assert tenant.patch("/v1/users/me", {"login": f"{tenant.prefix}hal"}, token=newcomer).status == 200


# --- ends of one's own -----------------------------------------------------------------------------


LATER = 4_000_000_000


@pytest.mark.parametrize("end, status", [(None, 403), (LATER + 1, 403), (LATER, 200), (LATER - 1, 200)])
def test_nobody_lengthens_their_own_end(tenant, cluster, root, end, status):
    tenant.change_member(root, until=LATER)
    other = tenant.add_user("other", role="admin")
    answer = tenant.patch(tenant.member(root), {"until": end}, token=root)
    assert answer.status == status
    if status == 403:
        assert "another Admin" in answer.json["error"]["message"]
        assert answer.json["error"]["allowed_roles"] == ["admin"]
        assert tenant.get(tenant.member(root)).json["until"] == LATER
    assert tenant.patch(tenant.member(root), {"until": None}, token=other).status == 200


@pytest.mark.parametrize("end, status", [(None, 403), (LATER + 1, 403), (LATER, 200), (LATER - 1, 200)])
def test_an_external_admin_does_not_lengthen_their_own_end(tenant, server, cluster, end, status):
    tenant.allow_externals()
    guest = server.tenant(next(server.tenants)).add_user("guest")
    tenant.add_collaborator(cluster, guest, role="admin", until=LATER)
    path = f"{tenant.collaborators(cluster)}/{guest.id}"
    assert tenant.patch(path, {"until": end}, token=guest).status == status
    assert tenant.get(path).json["until"] == (LATER if status == 403 else end)
    assert tenant.patch(path, {"until": None}).status == 200


def test_nobody_lengthens_an_end_of_their_own_that_their_membership_hides(tenant, cluster):
    """It counts when the membership is prolonged. Whoever may change it leaves a record all the same."""
    member = tenant.add_user("member")
    tenant.add_collaborator(cluster, member, role="admin", until=LATER)
    tenant.change_member(member, until=LATER - 100)
    path = f"{tenant.collaborators(cluster)}/{member.id}"
    for end in (None, LATER + 1):
        assert tenant.patch(path, {"until": end}, token=member).status == 403
    tenant.make("PATCH", path, {"until": LATER + 2})
    # The refused ones are written when there is time.
    record = [one for one in tenant.trail(action="collaborators.manage_roles", organization_id=tenant.organization)
              if one["outcome"] != "refused"][-1]
    assert (json.loads(record["value_before"])["stored_until"], json.loads(record["value_after"])["stored_until"]) == (
        LATER, LATER + 2)
    tenant.change_member(member, until=None)
    assert tenant.get(path).json["until"] == LATER + 2


@pytest.mark.parametrize("goes", ["leave", "DELETE", "removed"])
def test_an_admin_who_leaves_a_project_and_joins_again_has_the_end_of_before(tenant, cluster, root, goes):
    tenant.add_collaborator(cluster, root, until=LATER)
    path = f"{tenant.collaborators(cluster)}/{root.id}"

    def leave_and_join():
        if goes == "leave":
            tenant.make("POST", f"/v1/projects/{cluster}/leave", {}, token=root)
        else:
            tenant.make("DELETE", path, token=root if goes == "DELETE" else tenant.owner)
        return tenant.make("POST", f"/v1/projects/{cluster}/join", {}, token=root)["until"]
    assert [leave_and_join() for _ in range(2)] == [LATER] * 2
    tenant.make("PATCH", path, {"until": None})
    assert leave_and_join() is None, "whoever may put it off has done so"


def test_who_is_added_by_another_again_has_the_end_that_is_given_then(tenant, cluster, root):
    tenant.add_collaborator(cluster, root, until=LATER)
    for end in (None, LATER + 5):
        tenant.make("POST", f"/v1/projects/{cluster}/leave", {}, token=root)
        tenant.add_collaborator(cluster, root, until=end)
        assert tenant.get(f"{tenant.collaborators(cluster)}/{root.id}").json["until"] == end


def test_an_end_that_is_past_ends_nothing_more(tenant, cluster, root):
    tenant.add_collaborator(cluster, root, until=LATER)
    tenant.make("POST", f"/v1/projects/{cluster}/leave", {}, token=root)
    tenant.execute(f"UPDATE kept_ends SET until = 1 WHERE user_id = '{root.id}'")
    assert tenant.make("POST", f"/v1/projects/{cluster}/join", {}, token=root)["until"] is None


def test_the_owner_lengthens_their_own_end_in_a_project(tenant, cluster):
    path = f"{tenant.collaborators(cluster)}/{tenant.owner.id}"
    for end in (LATER, None):
        assert tenant.patch(path, {"until": end}).json["until"] == end


# --- the Owner ----------------------------------------------------------------------------------


OWNER_GOES = [
    ("PATCH", "{member}", {"role": "member"}), ("PATCH", "{member}", {"suspended": True}),
    ("PATCH", "{member}", {"until": 4_000_000_000}), ("DELETE", "{member}", None),
    ("POST", "{settings}/leave", {}), ("DELETE", "/v1/users/me", None),
]


@pytest.mark.parametrize("method, path, body", OWNER_GOES, ids=lambda value: str(value))
def test_the_owner_cannot_go_by_any_route(tenant, root, method, path, body):
    path = path.format(member=tenant.member(tenant.owner), settings=tenant.settings)
    askers = [tenant.owner] + ([root] if "members" in path else [])
    for asker in askers:
        answer = tenant.request(method, path, body, token=asker)
        assert (answer.status, answer.code) == (409, "owner")
        assert "owner --set" in answer.json["error"]["message"]
    one = tenant.get(tenant.member(tenant.owner), token=root).json
    assert (one["owner"], one["role"], one["suspended"], one["until"]) == (True, "admin", False, None)


def test_a_projects_admin_sets_no_uid_and_is_told_who_does(tenant, cluster):
    bob = tenant.add_user("bob")
    tenant.add_collaborator(cluster, bob, role="admin")
    answer = tenant.patch(f"{tenant.collaborators(cluster)}/{bob.id}", {"uid": 20001}, token=bob)
    assert (answer.status, answer.code) == (403, "forbidden")
    assert answer.json["error"]["allowed_roles"] == ["admin"] and answer.json["error"]["ask"] == [tenant.owner.login]


def test_what_the_owner_is_called_is_changed_by_the_owner_alone(tenant, root, cluster):
    login = f"{tenant.prefix}anna"
    tenant.make("POST", f"/v1/projects/{cluster}/join", {}, token=root)
    for path, body in ((tenant.member(tenant.owner), {"login": login}), (tenant.member(tenant.owner), {"uid": 20001}),
                       (f"{tenant.collaborators(cluster)}/{tenant.owner.id}", {"uid": 20001})):
        answer = tenant.patch(path, body, token=root)
        assert (answer.status, answer.code) == (403, "forbidden"), body
        assert "by the Owner alone" in answer.json["error"]["message"]
    changed = tenant.patch(tenant.member(tenant.owner), {"login": login, "uid": 20001})
    assert (changed.json["login"], changed.json["uid"]) == (login, 20001)
    assert tenant.patch(tenant.member(tenant.owner), {"uid": 20001}, token=root).status == 200, "nothing changes"


# --- suspension ---------------------------------------------------------------------------------


def test_who_is_suspended_has_no_role_anywhere_and_gets_all_of_them_back(tenant, cluster, alice):
    tenant.change_collaborator(cluster, alice, role="admin")
    before = tenant.revision(cluster)
    suspended = tenant.change_member(alice, suspended=True)
    assert suspended["suspended"] is True
    assert set(suspended["consequences"]["rosters"]) == {cluster, tenant.default_project}
    assert alice.login not in tenant.entries(cluster) and tenant.revision(cluster) == before + 1
    for path in (f"/v1/projects/{cluster}", tenant.settings, tenant.collaborators(cluster)):
        answer = tenant.get(path, token=alice)
        assert answer.status == 403 and "suspended" in answer.json["error"]["message"]
    assert tenant.get("/v1/users/me/organizations", token=alice).json["data"] == []
    assert tenant.get("/v1/users/me/projects", token=alice).json["data"] == []
    assert tenant.get(f"{tenant.collaborators(cluster)}/{alice.id}").status == 404
    tenant.change_member(alice, suspended=False)
    assert tenant.entries(cluster)[alice.login]["role"] == "admin" and tenant.revision(cluster) == before + 2
    assert tenant.get(f"/v1/projects/{cluster}", token=alice).status == 200


def test_a_suspension_is_told_to_nodes_that_wait(tenant, cluster, alice):
    key = tenant.node_key(cluster)
    etag = tenant.roster(cluster, key).headers["etag"]
    waiting = Waiting(tenant, cluster, key, etag, 30).held()
    tenant.change_member(alice, suspended=True)
    answer = waiting.result()
    assert answer.status == 200 and alice.login not in answer.text


def test_who_is_suspended_is_added_to_no_project_but_can_be_taken_out_of_one(tenant, cluster, alice):
    other = tenant.create_project("other")
    tenant.change_member(alice, suspended=True)
    for named in ({"user_id": alice.id}, {"login": alice.login}):
        answer = tenant.post(tenant.collaborators(other), named)
        assert (answer.status, answer.code) == (409, "suspended")
    assert tenant.delete(f"{tenant.collaborators(cluster)}/{alice.id}").status == 204
    tenant.change_member(alice, suspended=False)
    assert alice.login not in tenant.entries(cluster)


SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43


@pytest.mark.parametrize("method, path, body", [
    ("POST", "{settings}/leave", {}), ("DELETE", "/v1/users/me", None),
    ("POST", "/v1/users/me/tokens", {"name": "t"}), ("POST", "/v1/users/me/ssh_keys", {"public_key": SSH_KEY}),
])
def test_who_is_suspended_changes_nothing_about_their_access(tenant, alice, method, path, body):
    """Who left would come back as an external collaborator, and what they made would open something later."""
    path = path.format(settings=tenant.settings)
    tenant.change_member(alice, suspended=True)
    answer = tenant.request(method, path, body, token=alice)
    assert (answer.status, answer.code) == (409, "suspended"), answer
    assert "Admin" in answer.json["error"]["message"]
    assert tenant.get("/v1/users/me", token=alice).json["login"] == alice.login
    tenant.change_member(alice, suspended=False)
    assert tenant.request(method, path, body, token=alice).status < 300


def test_who_is_suspended_can_take_back_what_they_have(tenant, alice):
    token = tenant.make("POST", "/v1/users/me/tokens", {"name": "leaked"}, token=alice)["id"]
    tenant.change_member(alice, suspended=True)
    assert tenant.delete(f"/v1/users/me/tokens/{token}", token=alice).status == 204


def test_who_is_suspended_in_one_organization_goes_on_in_another(tenant, server, alice):
    other = server.tenant(next(server.tenants))
    other.allow_externals()
    theirs = other.create_project("theirs")
    other.add_collaborator(theirs, alice)
    tenant.change_member(alice, suspended=True)
    assert tenant.post("/v1/users/me/tokens", {"name": "t"}, token=alice).status == 201
    assert tenant.token_for(theirs, alice)
    assert tenant.post(f"{tenant.settings}/leave", {}, token=alice).code == "suspended"
    assert tenant.delete("/v1/users/me", token=alice).code == "suspended"
    assert tenant.post(f"/v1/projects/{theirs}/leave", {}, token=alice).status == 204


def test_an_admin_who_is_suspended_is_no_admin(tenant, root):
    tenant.change_member(root, suspended=True)
    assert tenant.post(f"{tenant.settings}/projects", {"name": "x"}, token=root).status == 403


# --- ends ---------------------------------------------------------------------------------------


def test_a_membership_ends_by_itself_and_nodes_are_told(tenant, cluster, alice):
    key = tenant.node_key(cluster)
    assert tenant.change_member(alice, until=soon(2))["until"] > time.time()
    etag = tenant.roster(cluster, key).headers["etag"]
    waiting = Waiting(tenant, cluster, key, etag, 30).held()
    answer = waiting.result()
    assert answer.status == 200 and alice.login not in answer.text and waiting.took < 20
    wait_until(lambda: tenant.get(tenant.member(alice)).status == 404, "the end of the membership")
    assert tenant.get("/v1/whoami", token=alice).code == "revoked_token"
    record = tenant.recorded(action="until", target=f"{tenant.organization}/{alice.id}")
    assert (record["actor"], record["origin"], record["value_after"]) == ("system", "system", None)


def test_a_collaboration_ends_by_itself_and_the_membership_stays(tenant, cluster, alice):
    key = tenant.node_key(cluster)
    tenant.change_collaborator(cluster, alice, until=soon(2))
    etag = tenant.roster(cluster, key).headers["etag"]
    waiting = Waiting(tenant, cluster, key, etag, 30).held()
    assert alice.login not in waiting.result().text and waiting.took < 20
    assert tenant.get(tenant.member(alice)).status == 200
    assert tenant.get("/v1/whoami", token=alice).status == 200
    record = tenant.recorded(action="until", target=f"{cluster}/{alice.id}")
    assert (record["actor"], record["organization_id"]) == ("system", tenant.organization)


def test_an_end_can_be_taken_back(tenant, cluster, alice):
    """Each end is a revision: what a server or a replica has in its cache of that number is one roster."""
    before = tenant.revision(cluster)
    for end in (4_000_000_000, 4_000_000_000, None):
        assert tenant.change_member(alice, until=end)["until"] == end
    assert tenant.revision(cluster) == before + 2
    for end in (4_000_000_000, 4_000_000_000, None):
        assert tenant.change_collaborator(cluster, alice, until=end)["until"] == end
    assert tenant.revision(cluster) == before + 4


# --- who steps in ---------------------------------------------------------------------------------


def demoted(tenant, root):
    return tenant.change_member(root, role="member")


def suspended(tenant, root):
    return tenant.change_member(root, suspended=True)


def removed(tenant, root):
    return tenant.make("DELETE", tenant.member(root))


def left(tenant, root):
    return tenant.make("POST", f"{tenant.settings}/leave", {}, token=root)


def deleted(tenant, root):
    return tenant.make("DELETE", "/v1/users/me", token=root)


def over(tenant, root):
    tenant.change_member(root, until=soon())


@pytest.mark.parametrize("go", [demoted, suspended, removed, left, deleted, over])
def test_the_owner_becomes_admin_of_a_project_that_loses_its_last(tenant, led_by_root, root, go):
    assert tenant.owner.login not in tenant.get(tenant.collaborators(led_by_root), token=root).text
    answer = go(tenant, root)
    wait_until(lambda: tenant.get(f"/v1/projects/{led_by_root}").status == 200, "the Owner's succession")
    assert tenant.entries(led_by_root)[tenant.owner.login]["role"] == "admin"
    if go is not over:
        assert answer["consequences"]["owner_became_admin_of"] == [led_by_root]
    record = tenant.recorded(target=f"{led_by_root}/{tenant.owner.id}", value_before=None,
                             outcome="allowed", action={"over": "until", "demoted": "members.manage_roles",
                                                        "suspended": "members.manage_roles",
                                                        "removed": "members.remove"}.get(go.__name__, "profile"))
    assert "no Admin left" in record["value_after"]


def test_the_end_of_a_collaboration_makes_the_owner_admin_too(tenant, cluster, alice):
    tenant.change_collaborator(cluster, alice, role="admin")
    tenant.make("POST", f"/v1/projects/{cluster}/leave", {})
    tenant.make("PATCH", f"{tenant.collaborators(cluster)}/{alice.id}", {"until": soon()}, token=alice)
    wait_until(lambda: tenant.get(f"/v1/projects/{cluster}").status == 200, "the Owner's succession")
    assert set(tenant.entries(cluster)) == {tenant.owner.login}


def test_a_direct_change_that_would_leave_no_admin_is_refused(tenant, led_by_root, root):
    before = tenant.get(tenant.collaborators(led_by_root), token=root).text
    for answer in (tenant.post(f"/v1/projects/{led_by_root}/leave", {}, token=root),
                   tenant.delete(f"{tenant.collaborators(led_by_root)}/{root.id}", token=root)):
        assert (answer.status, answer.code) == (409, "last_project_admin")
    assert tenant.get(tenant.collaborators(led_by_root), token=root).text == before


# --- leaving ------------------------------------------------------------------------------------


def test_who_is_removed_is_out_of_everything_and_the_answer_says_of_what(tenant, cluster, alice):
    tenant.change_collaborator(cluster, alice, role="admin")
    api_key = tenant.make("POST", f"/v1/projects/{cluster}/api_keys", {"name": "app", "scopes": ["project.read"]},
                          token=alice)
    audience = tenant.token_for(cluster, alice)
    answer = tenant.make("DELETE", tenant.member(alice))
    consequences = answer["consequences"]
    assert answer["removed"] is True
    assert set(consequences["left_projects"]) == {cluster, tenant.default_project}
    assert set(consequences["rosters"]) == {cluster, tenant.default_project}
    assert set(consequences["revoked_keys"]) == {"key_" + token[4:16] for token in (alice.token, audience)}
    assert consequences["remaining_project_keys"] == [api_key["id"]]
    assert tenant.get("/v1/whoami", token=alice).code == "revoked_token"
    assert tenant.get(f"/v1/projects/{cluster}", token=api_key["token"]).status == 200, "it outlives them"
    assert alice.login not in tenant.entries(cluster) and alice.login not in tenant.entries(tenant.default_project)


def test_who_leaves_is_told_which_keys_of_theirs_remain(tenant, cluster, alice):
    tenant.change_collaborator(cluster, alice, role="admin")
    key = tenant.make("POST", f"/v1/projects/{cluster}/api_keys", {"name": "app", "scopes": ["project.read"]}, token=alice)
    answer = tenant.make("POST", f"{tenant.settings}/leave", {}, token=alice)
    assert (answer["user_id"], answer["removed"]) == (alice.id, True)
    assert answer["consequences"]["remaining_project_keys"] == [key["id"]]
    assert answer["consequences"]["revoked_keys"] == ["key_" + alice.token[4:16]]


def test_who_is_somewhere_else_too_keeps_their_tokens(tenant, server, alice):
    with tenant.elsewhere() as elsewhere:
        tenant.command("user add", "--organization", elsewhere, "--email", f"{alice.login}@example.com")
    assert tenant.make("DELETE", tenant.member(alice))["consequences"]["revoked_keys"] == []
    places = tenant.get("/v1/users/me/organizations", token=alice).json["data"]
    assert [place["id"] for place in places] == [elsewhere]


def test_an_account_is_forgotten_but_for_its_login_uid_and_trail(tenant, cluster, alice):
    tenant.change_member(alice, uid=20001)
    answer = tenant.make("DELETE", "/v1/users/me", token=alice)
    assert answer["deleted"] is True and cluster in answer["consequences"]["left_projects"]
    assert tenant.get("/v1/users/me", token=alice).code == "revoked_token"
    assert alice.login not in tenant.entries(cluster)
    again = tenant.add_user(None, email=f"{alice.login}@example.com")
    assert again.id != alice.id, "the address is free again"
    assert tenant.patch("/v1/users/me", {"login": alice.login}, token=again).code == "login_taken"
    assert tenant.patch(tenant.member(again), {"uid": 20001}).code == "uid_taken"
    record = tenant.recorded(actor=alice.id, action="profile", outcome="allowed", target=alice.id)
    assert f"{alice.login}@" not in (record["value_before"] or "")


# --- the Default Project --------------------------------------------------------------------------


def test_every_member_is_in_the_default_project_as_long_as_they_are_members(tenant, alice):
    default = tenant.default_project
    for answer in (tenant.delete(f"{tenant.collaborators(default)}/{alice.id}"),
                   tenant.post(f"/v1/projects/{default}/leave", {}, token=alice),
                   tenant.patch(f"{tenant.collaborators(default)}/{alice.id}", {"until": soon()}),
                   tenant.delete(f"/v1/projects/{default}")):
        assert (answer.status, answer.code) == (409, "default_project")
    assert alice.login in tenant.entries(default)
    tenant.make("DELETE", tenant.member(alice))
    assert alice.login not in tenant.entries(default)


def test_an_external_collaborator_of_the_default_project_who_becomes_a_member_stays_for_good(tenant):
    tenant.allow_externals()
    with tenant.elsewhere():
        guest = tenant.add_user("guest")
    tenant.add_collaborator(tenant.default_project, guest, until=soon(3600))
    tenant.command("user add", "--organization", tenant.organization, "--email", f"{guest.login}@example.com")
    one = tenant.get(f"{tenant.collaborators(tenant.default_project)}/{guest.id}").json
    assert (one["external"], one["until"]) == (False, None)


def test_admins_join_and_are_admins(tenant, cluster, root):
    joined = tenant.make("POST", f"/v1/projects/{cluster}/join", {}, token=root)
    assert (joined["role"], joined["source"]) == ("admin", "organization_admin")
    assert tenant.post(f"/v1/projects/{cluster}/join", {}, token=root).code == "already_collaborator"
    assert tenant.post(f"/v1/projects/{cluster}/leave", {}, token=root).status == 204
    assert root.login not in tenant.entries(cluster)
