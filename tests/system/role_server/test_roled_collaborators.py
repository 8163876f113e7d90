# SPDX-License-Identifier: Apache-2.0
"""Adding, changing, removing collaborators; logins and uids; the invariants."""

import pytest


@pytest.fixture
def alice(roled):
    return roled.add_user("alice")


@pytest.fixture
def newcomer(roled):
    """A member who has no login yet."""
    return roled.add_user(None, email="new@example.com")


def entries(roled, project):
    return {one["login"]: one for one in roled.get(roled.collaborators(project)).json["data"]}


def revision(roled, project):
    return roled.get(roled.collaborators(project)).json["revision"]


@pytest.mark.parametrize("by", ["user_id", "email", "login"])
def test_a_member_is_added_by_id_address_or_login(roled, project, alice, by):
    value = {"user_id": alice.id, "email": "Alice@Example.com", "login": "ALICE"}[by]
    answer = roled.post(roled.collaborators(project), {by: value})
    assert answer.status == 201 and answer.json["user_id"] == alice.id
    assert answer.json["role"] == "member" and answer.json["external"] is False
    assert set(entries(roled, project)) == {"ann", "alice"}


@pytest.mark.parametrize("body, code, param", [
    ({}, "missing_field", "user_id"),
    ({"user_id": "x", "login": "alice"}, "ambiguous_user", "login"),
    ({"login": "alice", "role": "owner"}, "invalid_role", "role"),
    ({"login": "alice", "role": "Admin"}, "invalid_role", "role"),
    ({"login": "alice", "role": None}, "invalid_type", "role"),
    ({"login": "alice", "rolle": "admin"}, "unknown_field", "rolle"),
    ({"login": "alice", "uid": "20001"}, "invalid_type", "uid"),
    ({"login": "alice", "uid": 20001.0}, "invalid_type", "uid"),
    ({"login": "alice", "uid": 1e30}, "invalid_type", "uid"),
    ({"login": "alice", "uid": -1}, "invalid_uid", "uid"),
    ({"login": "alice", "uid": 0}, "invalid_uid", "uid"),
    ({"login": "alice", "uid": 65534}, "invalid_uid", "uid"),
    ({"login": "alice", "uid": 4294967295}, "invalid_uid", "uid"),
    ({"login": 7}, "invalid_type", "login"),
])
def test_what_is_wrong_is_named_and_nothing_happens(roled, project, alice, body, code, param):
    before = revision(roled, project)
    answer = roled.post(roled.collaborators(project), body)
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, code, param)
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert revision(roled, project) == before and set(entries(roled, project)) == {"ann"}


def test_an_unknown_user_and_one_of_another_organization_look_alike(roled, project):
    answer = roled.post(roled.collaborators(project), {"email": "nobody@example.com"})
    assert answer.status == 404 and answer.code == "not_found"


def test_nobody_is_added_twice(roled, project, alice):
    roled.add_collaborator(project, alice)
    answer = roled.post(roled.collaborators(project), {"login": "alice"})
    assert (answer.status, answer.code) == (409, "already_collaborator")


def test_each_change_of_a_role_raises_the_revision_by_one(roled, project, alice):
    start = revision(roled, project)
    roled.add_collaborator(project, alice)
    assert revision(roled, project) == start + 1
    roled.change_collaborator(project, alice, role="admin")
    assert revision(roled, project) == start + 2
    roled.change_collaborator(project, alice, role="admin")
    assert revision(roled, project) == start + 2
    roled.remove_collaborator(project, alice)
    assert revision(roled, project) == start + 3


def test_only_the_projects_own_roster_changes(roled, project, alice):
    other = roled.create_project("other")
    before = revision(roled, other)
    roled.add_collaborator(project, alice)
    assert revision(roled, other) == before


def test_other_spellings_of_member_are_understood(roled, project, alice):
    assert roled.add_collaborator(project, alice, role="editor")["role"] == "member"


def test_the_last_admin_cannot_be_removed_or_demoted(roled, project, alice):
    roled.add_collaborator(project, alice, role="admin")
    roled.remove_collaborator(project, roled.owner)
    path = f"{roled.collaborators(project)}/{alice.id}"
    for answer in (roled.delete(path, token=alice), roled.patch(path, {"role": "member"}, token=alice)):
        assert (answer.status, answer.code) == (409, "last_project_admin")
    one = roled.get(path, token=alice).json
    assert one["role"] == "admin"


def test_an_admin_of_the_organization_is_admin_here_and_cannot_be_demoted(roled, project):
    root = roled.add_user("roota", role="admin")
    assert roled.add_collaborator(project, root)["role"] == "admin"
    answer = roled.patch(f"{roled.collaborators(project)}/{root.id}", {"role": "member"})
    assert (answer.status, answer.code) == (409, "organization_admin")
    before = revision(roled, project)
    assert roled.change_collaborator(project, root, role="admin")["role"] == "admin"
    assert revision(roled, project) == before, "the effective role did not change"


def test_who_is_no_collaborator_is_not_found(roled, project, alice):
    path = f"{roled.collaborators(project)}/{alice.id}"
    assert roled.get(path).status == 404
    assert roled.patch(path, {"role": "admin"}).status == 404
    assert roled.delete(path).status == 404


def test_a_uid_is_set_once_and_raises_every_roster_of_the_user(roled, project, alice):
    other = roled.create_project("other")
    for one in (project, other):
        roled.add_collaborator(one, alice)
    before = revision(roled, other)
    roled.make("PATCH", roled.settings, {"last_id": 4_294_967_293})
    assert roled.change_collaborator(project, alice, uid=3_000_000_000)["uid"] == 3_000_000_000
    assert entries(roled, other)["alice"]["uid"] == 3_000_000_000
    assert revision(roled, other) == before + 1
    answer = roled.patch(f"{roled.collaborators(project)}/{alice.id}", {"uid": 20002})
    assert (answer.status, answer.code) == (409, "uid_already_set")
    assert revision(roled, other) == before + 1
    assert roled.change_collaborator(project, alice, uid=3_000_000_000)["uid"] == 3_000_000_000


def test_a_uid_is_never_given_again(roled, project, alice):
    bob = roled.add_user("bob")
    roled.add_collaborator(project, alice)
    roled.change_collaborator(project, alice, uid=20001)
    roled.remove_collaborator(project, alice)
    answer = roled.post(roled.collaborators(project), {"login": "bob", "uid": 20001})
    assert (answer.status, answer.code) == (409, "uid_taken")
    assert bob.id not in [one["user_id"] for one in entries(roled, project).values()]


def test_role_and_uid_change_together_or_not_at_all(roled, project, alice):
    roled.add_collaborator(project, alice)
    roled.add_user("bob", uid=20001)
    answer = roled.patch(f"{roled.collaborators(project)}/{alice.id}", {"role": "admin", "uid": 20001})
    assert answer.status == 409
    assert entries(roled, project)["alice"]["role"] == "member"


def test_a_user_chooses_a_login_once_and_every_roster_shows_it(roled, project, newcomer):
    roled.add_collaborator(project, newcomer)
    before = revision(roled, project)
    answer = roled.patch("/v1/users/me", {"login": "Alicia", "name": "Alice Ä."}, token=newcomer)
    assert answer.status == 200 and answer.json["name"] == "Alice Ä."
    assert set(entries(roled, project)) == {"ann", "Alicia"}
    assert revision(roled, project) == before + 1
    again = roled.patch("/v1/users/me", {"login": "alice"}, token=newcomer)
    assert (again.status, again.code, again.json["error"]["param"]) == (409, "login_is_set", "login")
    assert set(entries(roled, project)) == {"ann", "Alicia"}


def test_a_patch_that_changes_nothing_raises_nothing(roled, project, alice):
    roled.add_collaborator(project, alice)
    roled.patch("/v1/users/me", {"login": "alice", "name": "Alice"}, token=alice)
    before, records = revision(roled, project), len(roled.trail())
    for _ in range(3):
        assert roled.patch("/v1/users/me", {"login": "alice", "name": "Alice"}, token=alice).status == 200
        assert roled.patch(f"{roled.collaborators(project)}/{alice.id}", {"role": "member"}).status == 200
        assert roled.patch(roled.member(alice), {"role": "member", "suspended": False}).status == 200
        assert roled.patch(roled.settings, {"name": "Acme"}).status == 200
        assert roled.patch(f"/v1/projects/{project}", {"name": "cluster"}).status == 200
    assert revision(roled, project) == before and len(roled.trail()) == records


@pytest.mark.parametrize("login, status, code", [
    ("ann", 409, "login_taken"), ("ANN", 409, "login_taken"), ("root", 400, "reserved_login"),
    ("Ubuntu", 400, "reserved_login"), ("123", 400, "invalid_login"), ("-a", 400, "invalid_login"),
    ("a b", 400, "invalid_login"), ("a\0b", 400, "invalid_text"), ("é", 400, "invalid_login"),
    ("", 400, "invalid_login"), ("a" * 33, 400, "invalid_login"), ("a" * 32, 200, None),
    ("alice", 200, None), ("Alice", 200, None), ("0x1", 200, None), ("_a.b-c", 200, None),
])
def test_logins_are_unique_and_well_formed(roled, newcomer, login, status, code):
    answer = roled.patch("/v1/users/me", {"login": login}, token=newcomer)
    assert answer.status == status, answer
    assert roled.get("/v1/users/me", token=newcomer).json["login"] == (login if status == 200 else None)
    assert code is None or answer.code == code


def test_a_login_that_somebody_had_is_not_given_to_another(roled, alice, newcomer):
    assert roled.change_member(alice, login="alicia")["login"] == "alicia"
    assert roled.patch("/v1/users/me", {"login": "Alice"}, token=newcomer).code == "login_taken"
    assert roled.patch("/v1/users/me", {"login": "ALICIA"}, token=newcomer).code == "login_taken"
    assert roled.patch("/v1/users/me", {"login": "alice2"}, token=newcomer).status == 200


def test_projects_have_a_name_of_their_own(roled, project):
    path = f"/v1/organizations/{roled.organization}/projects"
    assert roled.post(path, {"name": "cluster"}).code == "project_name_taken"
    for name in ("", " a", "a ", "x" * 129):
        assert roled.post(path, {"name": name}).code == "invalid_name", name
    for name in ("a\n", "a\u0000", "a\u0085", "\u202eevil", "a\u200bb", "a\u2028b", "\u2066a", "a\u00adb", "\ufeffa",
                 "a\U000e0041"):
        assert roled.post(path, {"name": name}).code == "invalid_text", name
    listed = roled.get(path).json["data"]
    assert {one["name"] for one in listed} == {"Default Project", "cluster"}
    assert roled.get(f"/v1/projects/{project}").json == next(one for one in listed if one["id"] == project)


def test_uids_are_allocated_where_the_organization_wants_it(roled):
    assert roled.patch(f"/v1/organizations/{roled.organization}", {"allocate_uids": True}).status == 200
    users = [roled.owner] + [roled.add_user(name) for name in ("bob", "eve")]
    uids = [roled.get(roled.member(user)).json["uid"] for user in users]
    # The Default Project has two gids out of the same numbers.
    assert uids == [10002, 10003, 10004]


def test_externals_need_the_organizations_consent_and_stay_without_it(roled, project):
    with roled.elsewhere():
        external = roled.add_user("ext")
    assert roled.post(roled.collaborators(project), {"user_id": external.id}).status == 404
    roled.allow_externals()
    added = roled.post(roled.collaborators(project), {"user_id": external.id})
    assert added.status == 201 and added.json["external"] is True and added.json["source"] == "external"
    roled.patch(roled.settings, {"external_collaborators": False})
    assert entries(roled, project)["ext"]["external"] is True
