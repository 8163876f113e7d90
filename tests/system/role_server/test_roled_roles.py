# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every role against every operation, from the tables of the platform.

The expectations are written out here and not taken from /v1/permissions: a wrong table must show.
"""

import http.client

import pytest

from support.roled import Roled

OWNER, ADMIN, OUTSIDE_ADMIN = "owner", "admin", "admin outside the project"
MEMBER, PROJECT_ADMIN, OUTSIDE = "member", "member promoted in the project", "member outside the project"
EXTERNAL, EXTERNAL_ADMIN, STRANGER = "external", "external admin", "stranger"
EVERYBODY = [OWNER, ADMIN, OUTSIDE_ADMIN, MEMBER, PROJECT_ADMIN, OUTSIDE, EXTERNAL, EXTERNAL_ADMIN, STRANGER]


class World:
    """One organization with somebody in each position. Changes made by a test are its own."""

    def __init__(self, directory):
        self.roled = Roled(directory).start()
        roled = self.roled
        self.project = roled.create_project("cluster")
        self.people = {
            OWNER: roled.owner,
            ADMIN: roled.add_user("admin-1", role="admin"),
            OUTSIDE_ADMIN: roled.add_user("admin-2", role="admin"),
            MEMBER: roled.add_user("member-1"),
            PROJECT_ADMIN: roled.add_user("member-2"),
            OUTSIDE: roled.add_user("member-3"),
        }
        roled.add_collaborator(self.project, self.people[ADMIN])
        roled.add_collaborator(self.project, self.people[MEMBER])
        roled.add_collaborator(self.project, self.people[PROJECT_ADMIN], role="admin")
        self.add_people_of_elsewhere()

    def add_people_of_elsewhere(self):
        """Members of another organization in the same database; two of them are invited here."""
        roled = self.roled
        home = roled.organization
        roled.patch(f"/v1/organizations/{home}", {"external_collaborators": True})
        roled.organization = roled.command("organization add", "--organization", "Elsewhere", "--owner",
                                           "eve@example.com")["organization_id"]
        for name, login in ((EXTERNAL, "ext-1"), (EXTERNAL_ADMIN, "ext-2"), (STRANGER, "stranger")):
            self.people[name] = roled.add_user(login)
        roled.organization = home
        roled.add_collaborator(self.project, self.people[EXTERNAL])
        roled.add_collaborator(self.project, self.people[EXTERNAL_ADMIN], role="admin")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.roled.stop()


# Operation: method, path, body; what each position gets. A body of {} is refused with 400 once
# one is allowed, and changes nothing.
OK, NO, HIDDEN, BAD = 200, 403, 404, 400


def everybody(default, **exceptions):
    names = {"owner": OWNER, "admin": ADMIN, "outside_admin": OUTSIDE_ADMIN, "member": MEMBER,
             "project_admin": PROJECT_ADMIN, "outside": OUTSIDE, "external": EXTERNAL,
             "external_admin": EXTERNAL_ADMIN, "stranger": STRANGER}
    return {**dict.fromkeys(EVERYBODY, default), **{names[key]: value for key, value in exceptions.items()}}


def in_organization(admin, member, external=NO):
    return everybody(member, owner=admin, admin=admin, outside_admin=admin, external=external,
                     external_admin=external, stranger=HIDDEN)


def in_project(admin, member):
    return everybody(admin, member=member, external=member, outside=NO, outside_admin=NO, stranger=HIDDEN)


ORGANIZATION, PROJECT = "/v1/organizations/{organization}", "/v1/projects/{project}"
COLLABORATORS, KEYS = PROJECT + "/collaborators", PROJECT + "/node_keys"
OPERATIONS = [
    ("GET", ORGANIZATION, None, in_organization(OK, OK, external=OK)),
    ("PATCH", ORGANIZATION, {"bogus": 1}, in_organization(BAD, NO)),
    ("GET", ORGANIZATION + "/projects", None, in_organization(OK, OK)),
    ("POST", ORGANIZATION + "/projects", {}, in_organization(BAD, NO)),
    ("GET", PROJECT, None, in_project(OK, OK)),
    ("GET", COLLABORATORS, None, in_project(OK, OK)),
    ("GET", COLLABORATORS + "/{owner}", None, in_project(OK, OK)),
    ("POST", COLLABORATORS, {}, in_project(BAD, NO)),
    ("PATCH", COLLABORATORS + "/{owner}", {}, in_project(BAD, NO)),
    ("DELETE", COLLABORATORS + "/{owner}?bogus=1", None, in_project(BAD, NO)),
    ("GET", KEYS, None, in_project(OK, NO)),
    ("POST", KEYS, {}, in_project(BAD, NO)),
    ("GET", KEYS + "/key_none", None, in_project(HIDDEN, NO)),
    ("DELETE", KEYS + "/key_none", None, in_project(HIDDEN, NO)),
]
CASES = [(method, path, body, who, status) for method, path, body, expected in OPERATIONS
         for who, status in expected.items()]


@pytest.mark.parametrize("method, path, body, who, status", CASES,
                         ids=[f"{case[0]} {case[1]} by {case[3]}" for case in CASES])
def test_each_operation_by_each_position(world, method, path, body, who, status):
    roled = world.roled
    target = path.format(organization=roled.organization, project=world.project, owner=roled.owner.id)
    answer = roled.request(method, target, body, token=world.people[who])
    assert answer.status == status, answer


def test_nothing_was_changed_by_all_that(world):
    entries = world.roled.get(world.roled.collaborators(world.project)).json["data"]
    assert len(entries) == 6


def test_a_denial_says_which_role_would_do(world):
    answer = world.roled.post(world.roled.collaborators(world.project), {}, token=world.people[MEMBER])
    assert answer.json["error"]["type"] == "permission_error"
    assert "collaborators.add" in answer.json["error"]["message"]
    assert "needs an Admin of the project; you are Member" in answer.json["error"]["message"]


def test_a_hidden_project_and_one_that_is_not_there_look_alike(world):
    hidden = world.roled.get(f"/v1/projects/{world.project}", token=world.people[STRANGER])
    absent = world.roled.get("/v1/projects/proj_none", token=world.people[STRANGER])
    assert hidden.json == absent.json and hidden.status == absent.status == 404


def test_external_collaborators_see_the_organizations_name_and_no_more(world):
    path = f"/v1/organizations/{world.roled.organization}"
    assert set(world.roled.get(path, token=world.people[EXTERNAL]).json) == {"object", "id", "name"}
    assert "owner_id" in world.roled.get(path, token=world.people[MEMBER]).json


def test_the_roster_shows_effective_roles_and_who_is_external(world):
    entries = {one["login"]: one for one in world.roled.get(world.roled.collaborators(world.project)).json["data"]}
    assert {login: one["role"] for login, one in entries.items()} == {
        "ann": "admin", "admin-1": "admin", "member-1": "member", "member-2": "admin", "ext-1": "member",
        "ext-2": "admin"}
    assert {login for login, one in entries.items() if one["external"]} == {"ext-1", "ext-2"}


def test_the_tables_are_served_as_data(world):
    rows = world.roled.get("/v1/permissions").json["data"]
    assert {(row["action"], row["admin"], row["member"]) for row in rows} >= {
        ("ssh.login", True, True), ("slurm.submit", True, True), ("clusters.create", True, False),
        ("collaborators.add", True, False), ("billing.write", True, False), ("members.read", True, True)}
    assert all(row["admin"] for row in rows)


def test_a_member_of_another_organization_sees_only_their_own_places(world):
    me = world.roled.get("/v1/users/me", token=world.people[EXTERNAL]).json
    assert [place["id"] for place in me["organizations"]] == ["org_elsewhere"]
    assert {place["id"] for place in me["projects"]} == {"proj_elsewhere", world.project}


def test_connections_do_not_mix_callers_up(world):
    connection = world.roled.connect()
    for who, status in ((OWNER, 200), (STRANGER, 404), (OUTSIDE, 403), (OWNER, 200)):
        path = f"/v1/projects/{world.project}"
        assert world.roled.get(path, token=world.people[who], connection=connection).status == status
    connection.close()
    assert isinstance(connection, http.client.HTTPConnection)
