# SPDX-License-Identifier: Apache-2.0
"""Invitations: into the organization, and of external collaborators, who have to consent."""

import json
import re
import threading

import pytest

from support.roled import ON_POSTGRESQL
from support.waiting import wait_until

ACCEPT = "/v1/invitations/accept"


@pytest.fixture
def address(tenant):
    return f"{tenant.prefix}new@example.com"


def invite(tenant, email, token="owner", **fields):
    return tenant.make("POST", f"{tenant.settings}/invitations", {"email": email, **fields}, token=token)


def accept(tenant, invitation, user=None, **fields):
    return tenant.post(ACCEPT, {"token": invitation["token"], **fields}, token=user)


def is_invalid(answer):
    return (answer.status, answer.code, answer.json["error"]["param"]) == (400, "invalid_invitation", "token")


def test_somebody_new_comes_in_with_a_name_a_login_and_a_first_token(tenant, address):
    made = invite(tenant, address, role="admin")
    assert (made["object"], made["email"], made["role"]) == ("organization.invitation", address, "admin")
    assert re.fullmatch(r"tgi_[0-9A-Za-z]{48}", made["token"])
    assert made["expires_at"] == made["created_at"] + 7 * 24 * 3600
    login = f"{tenant.prefix}newt"
    answer = accept(tenant, made, name="New T.", login=login)
    assert answer.status == 201 and re.fullmatch(r"tgu_[0-9A-Za-z]{48}", answer.json["token"])
    assert answer.json["user"]["login"] == login and answer.json["organization_id"] == tenant.organization
    member = tenant.get(f"{tenant.settings}/members/{answer.json['user']['id']}", token=answer.json["token"]).json
    assert (member["email"], member["role"], member["name"]) == (address, "admin", "New T.")
    assert member["granted_by"] == tenant.owner.id
    assert tenant.entries(tenant.default_project)[login]["role"] == "admin"


def test_the_secret_is_shown_once_and_stored_as_a_hash(tenant, address):
    made = invite(tenant, address)
    path = f"{tenant.settings}/invitations"
    listed = tenant.get(path).json["data"]
    assert [one["id"] for one in listed] == [made["id"]] and "token" not in listed[0]
    assert tenant.get(f"{path}/{made['id']}").json == listed[0]
    dump = str([tenant.rows(f"SELECT * FROM {table}") for table in ("invitations", "trail", "api_keys", "answered")])
    assert made["token"][16:46] not in dump and made["id"] in dump


def test_it_is_used_once(tenant, address):
    made = invite(tenant, address)
    assert accept(tenant, made).status == 201
    assert is_invalid(accept(tenant, made))
    assert tenant.get(f"{tenant.settings}/invitations").json["data"] == []


def test_two_who_accept_it_at_once_are_one(tenant, address):
    made, statuses = invite(tenant, address), []

    def take():
        statuses.append(accept(tenant, made).status)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [400] * 5


def test_who_has_an_account_accepts_with_it_and_gets_no_token(tenant):
    with tenant.elsewhere():
        guest = tenant.add_user("guest")
    made = invite(tenant, f"{guest.login.upper()}@Example.com")
    without = accept(tenant, made)
    assert (without.status, without.code) == (401, "account_exists"), "the invitation alone does not prove who it is"
    answer = accept(tenant, made, guest)
    assert answer.status == 200 and "token" not in answer.json and answer.json["user"]["id"] == guest.id
    assert tenant.get(tenant.settings, token=guest).status == 200


@pytest.mark.parametrize("dry_run, fields, status, code", [
    (True, {}, 401, "missing_token"), (False, {"login": "root"}, 400, "reserved_login"),
    (False, {"login": "boss"}, 400, "reserved_login"), (False, {"login": "{owner}"}, 409, "login_taken")])
def test_who_holds_one_cannot_try_out_whether_an_address_has_an_account(tenant, address, dry_run, fields, status, code):
    """What changes nothing is answered alike; who has no account has one once it was accepted."""
    tenant.make("PATCH", tenant.settings, {"reserved_logins": ["boss"]})
    with tenant.elsewhere():
        guest = tenant.add_user("guest")
    fields = {name: value.format(owner=tenant.owner.login) for name, value in fields.items()}
    answers = [tenant.post(ACCEPT + ("?dry_run=true" if dry_run else ""), {"token": made["token"], **fields}, token=None)
               for made in (invite(tenant, f"{guest.login}@example.com"), invite(tenant, address))]
    assert [(one.status, one.code) for one in answers] == [(status, code)] * 2
    assert answers[0].json == answers[1].json


def test_consent_of_no_account_comes_too_late_alike_for_all(tenant, cluster, address):
    with tenant.elsewhere():
        guest = tenant.add_user("guest")
    tenant.allow_externals()
    made = [tenant.make("POST", tenant.collaborators(cluster), {"email": email})
            for email in (address, f"{guest.login}@example.com")]
    tenant.make("PATCH", tenant.settings, {"external_collaborators": False})
    assert [accept(tenant, one).code for one in made] == ["no_external_collaborators"] * 2


def test_it_is_for_one_address(tenant, address):
    with tenant.elsewhere():
        guest = tenant.add_user("guest")
    made = invite(tenant, address)
    assert is_invalid(accept(tenant, made, guest))
    assert accept(tenant, made).status == 201


def revoked(tenant, root, made):
    assert tenant.delete(f"{tenant.settings}/invitations/{made['id']}").status == 204


def expired(tenant, root, made):
    tenant.execute(f"UPDATE invitations SET expires_at = 1 WHERE id = '{made['id']}'")


def inviter_demoted(tenant, root, made):
    tenant.change_member(root, role="member")


def inviter_suspended(tenant, root, made):
    tenant.change_member(root, suspended=True)


def inviter_removed(tenant, root, made):
    assert made["id"] in tenant.make("DELETE", tenant.member(root))["consequences"]["revoked_keys"]


@pytest.mark.parametrize("end", [revoked, expired, inviter_demoted, inviter_suspended, inviter_removed])
def test_it_ends(tenant, address, end):
    root = tenant.add_user("roota", role="admin")
    made = invite(tenant, address, token=root)
    end(tenant, root, made)
    assert is_invalid(accept(tenant, made))
    assert address not in tenant.get(f"{tenant.settings}/members").text


@pytest.mark.parametrize("lost, given_back", [({"role": "member"}, {"role": "admin"}),
                                              ({"suspended": True}, {"suspended": False})])
def test_it_does_not_live_again_with_the_role_of_its_inviter(tenant, address, lost, given_back):
    root = tenant.add_user("roota", role="admin")
    made = invite(tenant, address, token=root)
    assert tenant.change_member(root, **lost)["consequences"]["revoked_keys"] == [made["id"]]
    record, = tenant.trail(target=made["id"], action="members.manage_roles")
    assert json.loads(record["value_before"])["email"] == address and record["value_after"] is None
    tenant.change_member(root, **given_back)
    assert is_invalid(accept(tenant, made))
    assert tenant.get(f"{tenant.settings}/invitations").json["data"] == []


@pytest.mark.parametrize("token", ["", "x", "tgi_" + "0" * 48, "owner"])
def test_what_is_no_invitation_is_refused(tenant, token):
    token = tenant.owner.token if token == "owner" else token
    assert is_invalid(tenant.post(ACCEPT, {"token": token}, token=None))


def test_what_is_chosen_wrongly_leaves_the_invitation_open(tenant, address):
    made = invite(tenant, address)
    for fields, code in (({"login": "root"}, "reserved_login"), ({"login": tenant.owner.login}, "login_taken"),
                         ({"name": ""}, "invalid_name"), ({"role": "admin"}, "unknown_field")):
        assert accept(tenant, made, **fields).code == code
    assert accept(tenant, made).status == 201


def test_who_is_a_member_is_not_invited_again(tenant):
    alice = tenant.add_user("alice")
    answer = tenant.post(f"{tenant.settings}/invitations", {"email": f"{alice.login}@example.com"})
    assert (answer.status, answer.code) == (409, "already_member")


@pytest.mark.parametrize("body, code", [
    ({}, "missing_field"), ({"email": "x"}, "invalid_email"), ({"email": "a@b@c"}, "invalid_email"),
    ({"email": "a@b", "role": "owner"}, "invalid_role"), ({"email": "a@b", "until": 5}, "invalid_time"),
])
def test_what_is_wrong_is_named(tenant, body, code):
    answer = tenant.post(f"{tenant.settings}/invitations", body)
    assert (answer.status, answer.code) == (400, code)


def test_a_membership_can_have_an_end_from_the_beginning(tenant, address):
    made = invite(tenant, address, until=4_000_000_000)
    user = accept(tenant, made).json["user"]["id"]
    assert tenant.get(f"{tenant.settings}/members/{user}").json["until"] == 4_000_000_000


def test_another_organizations_invitations_are_not_found_here(tenant, server, address):
    made = invite(tenant, address)
    other = server.tenant(next(server.tenants))
    for method in ("GET", "DELETE"):
        assert other.request(method, f"{other.settings}/invitations/{made['id']}").status == 404
    assert accept(tenant, made).status == 201


# --- external collaborators ---------------------------------------------------------------------


@pytest.fixture
def carol(tenant):
    """A member of another organization."""
    with tenant.elsewhere():
        return tenant.add_user("carol")


def test_nobody_is_told_who_exists(tenant, cluster, carol):
    """By address or login, somebody and nobody are answered alike; without externals alike too."""
    def ask(**named):
        return tenant.post(tenant.collaborators(cluster), named)
    pairs = [({"email": f"{carol.login}@example.com"}, {"email": f"{tenant.prefix}nobody@example.com"}),
             ({"login": carol.login}, {"login": f"{tenant.prefix}nobody"})]
    for somebody, nobody in pairs:
        assert ask(**somebody).json == ask(**nobody).json and ask(**nobody).status == 404
    tenant.allow_externals()
    for somebody, nobody in pairs:
        known, unknown = ask(**somebody), ask(**nobody)
        assert known.status == unknown.status == 202
        assert known.json["object"] == "project.invitation" and set(known.json) == set(unknown.json)
        same = {"object", "organization_id", "project_id", "role", "until", "created_by"}
        assert all(known.json[field] == unknown.json[field] for field in same)
    assert set(tenant.entries(cluster)) == {tenant.owner.login}


@pytest.mark.parametrize("by", ["email", "login"])
def test_who_is_no_member_takes_part_once_they_have_consented(tenant, cluster, carol, by):
    tenant.allow_externals()
    named = {"email": f"{carol.login}@example.com", "login": carol.login}[by]
    before = tenant.revision(cluster)
    made = tenant.make("POST", tenant.collaborators(cluster), {by: named, "role": "admin"})
    assert tenant.revision(cluster) == before
    assert tenant.get(f"/v1/projects/{cluster}", token=carol).status == 404
    answer = accept(tenant, made, carol)
    assert answer.status == 200 and answer.json["project_id"] == cluster
    entry = tenant.entries(cluster)[carol.login]
    assert (entry["role"], entry["external"]) == ("admin", True)
    assert tenant.get(f"{tenant.settings}/members/{carol.id}").status == 404
    assert is_invalid(accept(tenant, made, carol))


def test_somebody_new_can_be_an_external_collaborator(tenant, cluster, address):
    tenant.allow_externals()
    made = tenant.make("POST", tenant.collaborators(cluster), {"email": address})
    answer = accept(tenant, made, login=f"{tenant.prefix}newt")
    assert answer.status == 201
    assert tenant.get(f"/v1/projects/{cluster}", token=answer.json["token"]).status == 200
    assert tenant.get(f"{tenant.settings}/members", token=answer.json["token"]).status == 403


def test_consent_comes_too_late_where_the_organization_takes_no_externals_any_more(tenant, cluster, carol):
    tenant.allow_externals()
    made = tenant.make("POST", tenant.collaborators(cluster), {"login": carol.login})
    tenant.make("PATCH", tenant.settings, {"external_collaborators": False})
    answer = accept(tenant, made, carol)
    assert (answer.status, answer.code) == (409, "no_external_collaborators")
    assert carol.login not in tenant.entries(cluster)


def test_who_demoted_in_the_project_invites_nobody_any_more(tenant, cluster, carol):
    tenant.allow_externals()
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice, role="admin")
    made = tenant.make("POST", tenant.collaborators(cluster), {"login": carol.login}, token=alice)
    tenant.change_collaborator(cluster, alice, role="member")
    assert is_invalid(accept(tenant, made, carol))
    tenant.change_collaborator(cluster, alice, role="admin")
    assert is_invalid(accept(tenant, made, carol)), "it does not live again"


@pytest.mark.parametrize("by_themselves", [False, True])
def test_who_left_a_project_has_invited_nobody_into_it(tenant, cluster, carol, by_themselves):
    tenant.allow_externals()
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice, role="admin")
    made = tenant.make("POST", tenant.collaborators(cluster), {"login": carol.login}, token=alice)
    if by_themselves:
        tenant.make("POST", f"/v1/projects/{cluster}/leave", {}, token=alice)
    else:
        tenant.remove_collaborator(cluster, alice)
    tenant.add_collaborator(cluster, alice, role="admin")
    assert is_invalid(accept(tenant, made, carol))


def test_who_may_still_invite_as_what_else_they_are_has_still_invited(tenant, cluster, carol):
    tenant.allow_externals()
    root = tenant.add_user("roota", role="admin")
    tenant.add_collaborator(cluster, root, role="admin")
    made = tenant.make("POST", tenant.collaborators(cluster), {"login": carol.login}, token=root)
    assert tenant.change_member(root, role="member")["consequences"]["revoked_keys"] == []
    assert accept(tenant, made, carol).status == 200


def test_an_external_admin_is_not_told_who_the_members_are(tenant, cluster, carol):
    tenant.allow_externals()
    tenant.add_collaborator(cluster, carol, role="admin")
    alice = tenant.add_user("alice")
    for named in ({"login": alice.login}, {"email": f"{alice.login}@example.com"}):
        assert tenant.post(tenant.collaborators(cluster), named, token=carol).status == 202
    assert tenant.post(tenant.collaborators(cluster), {"login": alice.login}).status == 201, "a Member's colleague"


def test_open_project_invitations_are_listed_and_revoked_there(tenant, cluster, carol):
    tenant.allow_externals()
    made = tenant.make("POST", tenant.collaborators(cluster), {"login": carol.login})
    path = f"/v1/projects/{cluster}/invitations"
    assert [one["id"] for one in tenant.get(path).json["data"]] == [made["id"]]
    assert tenant.get(f"{tenant.settings}/invitations").json["data"] == [], "it is none into the organization"
    assert tenant.get(f"/v1/projects/{tenant.default_project}/invitations/{made['id']}").status == 404
    assert tenant.delete(f"{path}/{made['id']}").status == 204
    assert is_invalid(accept(tenant, made, carol))


def test_a_projects_admin_does_not_use_up_the_invitations_of_all(tenant, cluster, carol):
    tenant.allow_externals()
    tenant.add_collaborator(cluster, carol, role="admin")
    tenant.execute("INSERT INTO invitations (id, organization_id, project_id, email, role, secret_hash, created_by,"
                   " created_at, expires_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
                   f" SELECT '{tenant.prefix}' || i, '{tenant.organization}', '{cluster}', 'a@b', 'member', '',"
                   f" '{carol.id}', 0, 4000000000 FROM n")
    path = tenant.collaborators(cluster)
    assert tenant.post(path, {"email": "last@example.com"}, token=carol).status == 202
    answer = tenant.post(path, {"email": "more@example.com"}, token=carol)
    assert (answer.status, answer.code) == (409, "too_many_invitations")
    assert tenant.post(path, {"email": "more@example.com"}).status == 202, "an Admin of the organization has their own"


@pytest.mark.parametrize("body, code", [
    ({"login": "a b"}, "invalid_login"), ({"login": "x" * 33}, "invalid_login"), ({"email": "x"}, "invalid_email"),
    ({"email": "a@b", "uid": 20001}, "uid_of_invited"),
])
def test_what_is_wrong_with_the_invited_is_named(tenant, cluster, body, code):
    tenant.allow_externals()
    answer = tenant.post(tenant.collaborators(cluster), body)
    assert (answer.status, answer.code) == (400, code)


def test_an_external_collaborators_tokens_end_with_their_last_project(tenant, cluster, address):
    tenant.allow_externals()
    made = tenant.make("POST", tenant.collaborators(cluster), {"email": address})
    newt = accept(tenant, made).json["token"]
    other = tenant.create_project("other")
    tenant.make("POST", tenant.collaborators(other), {"user_id": tenant.get("/v1/whoami", token=newt).json["user_id"]})
    tenant.make("DELETE", f"/v1/projects/{cluster}")
    assert tenant.get("/v1/whoami", token=newt).status == 200
    tenant.make("DELETE", f"/v1/projects/{other}")
    assert tenant.get("/v1/whoami", token=newt).code == "revoked_token"


def test_what_was_invited_by_who_has_lost_the_role_since_ends_with_an_older_database(roled):
    """Up to the second schema, it came back with the role."""
    project = roled.create_project("cluster")
    roled.allow_externals()
    makers = {name: roled.add_user(name, role="admin") for name in ("demoted", "removed", "suspended", "fine")}
    local = {name: roled.add_user(name) for name in ("localdemoted", "localfine")}
    for maker in local.values():
        roled.add_collaborator(project, maker, role="admin")
    made = {name: invite(roled, f"by-{name}@example.com", token=maker) for name, maker in makers.items()}
    for name, maker in local.items():
        made[name] = roled.make("POST", roled.collaborators(project), {"email": f"by-{name}@example.com"}, token=maker)
    roled.stop()
    was = {name: f"user_id = '{user.id}'" for name, user in {**makers, **local}.items()}
    lost = ("UPDATE members SET role = 'member' WHERE " + was["demoted"],
            "DELETE FROM members WHERE " + was["removed"],
            "UPDATE members SET suspended_at = 1 WHERE " + was["suspended"],
            "UPDATE collaborators SET role = 'member' WHERE " + was["localdemoted"])
    roled.execute("DROP TABLE kept_ends", "DROP TABLE nodes", "DROP TABLE access_periods", "DROP TABLE last_seen",
                  "DELETE FROM meta WHERE name = 'access_known_since'", *(f"ALTER TABLE answered DROP COLUMN {column}" for column in ("revision", "location", "etag")),
                  "DROP INDEX invitations_with_address",
                  "UPDATE meta SET value = '2' WHERE name = 'schema_version'", *lost)
    roled.command("audit verify")
    roled.execute("UPDATE members SET role = 'admin' WHERE " + was["demoted"],
                  "UPDATE members SET suspended_at = NULL WHERE " + was["suspended"],
                  "UPDATE collaborators SET role = 'admin' WHERE " + was["localdemoted"])
    roled.start()
    accepted = {name for name, invitation in made.items() if accept(roled, invitation).status == 201}
    assert accepted == {"fine", "localfine"}


# --- what is forgotten ----------------------------------------------------------------------------------


def tables_with(roled, text):
    """In whichever column."""
    tables = ("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()"
              if ON_POSTGRESQL else "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row["name"] for row in roled.rows(tables) if text in json.dumps(roled.rows(f"SELECT * FROM {row['name']}"))}


def test_of_who_deletes_their_account_the_trail_alone_has_the_address(tenant, address):
    """Also of invitations that were revoked or over."""
    revoked, expired = invite(tenant, address), invite(tenant, address.upper())
    tenant.make("DELETE", f"{tenant.settings}/invitations/{revoked['id']}")
    tenant.execute(f"UPDATE invitations SET expires_at = created_at WHERE id = '{expired['id']}'")
    key = {"Idempotency-Key": "k"}
    made = tenant.post(ACCEPT, {"token": invite(tenant, address)["token"], "name": "Ned New"}, token=None, headers=key)
    token, name = made.json["token"], f"{tenant.prefix}Ned"
    assert tenant.patch("/v1/users/me", {"name": name}, token=token, headers=key).status == 200
    tenant.make("DELETE", "/v1/users/me", token=token)
    wait_until(lambda: not {"invitations"} & tables_with(tenant, address), "the addresses to be forgotten")
    assert tables_with(tenant, address) == {"trail"} == tables_with(tenant, address.upper()) | {"trail"}
    assert tables_with(tenant, name) <= {"trail"}
    assert [row["id"] for row in tenant.rows(f"SELECT id FROM invitations WHERE id = '{revoked['id']}'")]


def test_what_is_forgotten_is_over_for_good(tenant, address):
    """By a clock that goes back, or another server's, too."""
    invitation = invite(tenant, address)
    row = f"invitations WHERE id = '{invitation['id']}'"
    tenant.execute(f"UPDATE invitations SET expires_at = created_at WHERE id = '{invitation['id']}'")
    wait_until(lambda: tenant.rows(f"SELECT email FROM {row}") == [{"email": ""}], "its address to be forgotten")
    tenant.execute(f"UPDATE invitations SET expires_at = {invitation['expires_at']} WHERE id = '{invitation['id']}'")
    assert invitation["id"] not in {one["id"] for one in tenant.get(f"{tenant.settings}/invitations").json["data"]}
    assert accept(tenant, invitation).code == "invalid_invitation"


def test_an_invitation_that_is_open_is_still_for_its_address(tenant, cluster, address):
    """Else whoever has an account in somebody's name would end the invitations of other organizations."""
    tenant.allow_externals()
    first, second = (tenant.make("POST", tenant.collaborators(project), {"email": address})
                     for project in (cluster, tenant.create_project("other")))
    tenant.make("DELETE", "/v1/users/me", token=accept(tenant, first).json["token"])
    wait_until(lambda: tenant.rows(f"SELECT email FROM invitations WHERE id = '{first['id']}'") == [{"email": ""}],
               "the one that was accepted to be forgotten")
    assert tables_with(tenant, address) == {"trail", "invitations"}
    answer = accept(tenant, second)
    assert answer.status == 201 and answer.json["user"]["email"] == address
