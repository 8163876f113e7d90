# SPDX-License-Identifier: Apache-2.0
"""Projects, and which one is meant."""

import json

from support.people import Person
from support.roled import Roled, User


def names(person: Person) -> set[str]:
    return set(person.does("projects", "--quiet").splitlines())


def test_mine_and_all_of_the_organization(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    ann.does("projects", "add", "other")
    assert names(ann) == {"cluster", "other", "Default Project"}
    assert names(bob) == {"cluster", "Default Project"}
    assert set(bob.does("projects", "--organization", "Acme", "--quiet").splitlines()) == names(ann)
    assert {one["id"]: one["role"] for one in bob.reads("projects")["data"]}[cluster] == "member"
    assert bob.does("projects").splitlines()[0].split() == ["NAME", "ROLE", "ID"]


def test_use_is_kept_and_a_name_goes_before_it(ann: Person, cluster: str) -> None:
    ann.does("projects", "add", "other")
    assert ann.does("projects", "use", "other").startswith("other (proj_")
    assert ann.does("collaborators", "--quiet") == "ann\n"
    assert json.loads(ann.credentials.read_text())["project"] != cluster
    assert ann.reads("projects", "use", cluster)["project_id"] == cluster
    assert json.loads(ann.credentials.read_text())["project"] == cluster
    assert "called" in ann.fails(4, "projects", "use", "nowhere")


def test_an_admin_of_the_organization_names_one_that_they_are_not_in(ann: Person, roled: Roled) -> None:
    carol = roled.add_user("carol", role="admin")
    theirs = roled.create_project("carols", token=carol)
    assert "carols" not in names(ann)
    ann.does("projects", "join", "carols")
    assert "ann" in roled.entries(theirs)
    assert ann.does("projects", "leave", "carols").startswith("you are no longer in carols")
    assert [one["login"] for one in roled.get(roled.collaborators(theirs), token=carol).json["data"]] == ["carol"]


def test_made_renamed_and_deleted(ann: Person, roled: Roled) -> None:
    assert ann.does("projects", "add", "gpu", "--group", "p-gpus") == \
        "project gpu is made in Acme; you are its Admin\n"
    assert "of this name" in ann.fails(5, "projects", "add", "gpu")
    assert "called gpu2 now" in ann.does("projects", "rename", "gpu", "--name", "gpu2")
    assert "--name is missing" in ann.fails(2, "projects", "rename", "gpu2")
    assert "Nothing was changed" in ann.does("projects", "remove", "gpu2", "--dry-run")
    assert "gpu2" in ann.does("projects", "remove", "gpu2")
    assert names(ann) == {"cluster", "Default Project"}
    assert "Default Project" in ann.fails(5, "projects", "remove", "Default Project")


def test_a_member_is_told_who_could(bob: Person) -> None:
    assert bob.fails(3, "projects", "remove", "cluster").endswith("Ask: ann.")


def test_a_name_that_is_anothers_id_is_not_taken_for_it(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    """Any Admin of a project names it, and adds whom they like."""
    carol = roled.add_user("carol", role="admin")
    theirs = roled.create_project("carols", token=carol)
    ann.does("projects", "add", "trap")
    ann.does("collaborators", "add", "bob", "--admin", "--project", "trap")
    bob.does("projects", "rename", "trap", "--name", theirs)
    assert theirs in names(ann)
    assert ann.fails(3, "collaborators", "add", "bob", "--project", theirs).endswith("Ask: carol.")
    ann.does("node-keys", "add", "key_gone")
    assert ann.fails(4, "node-keys", "remove", "key_gone") == 'no node key has the id "key_gone"'


def test_a_namesake_that_one_is_not_in_is_ambiguous(ann: Person, roled: Roled) -> None:
    theirs = roled.create_project("secret", token=roled.add_user("carol", role="admin"))
    made = roled.command("organization add", "--organization", "Elsewhere", "--owner", "eve@example.com")
    eve, elsewhere = User(made["user_id"], made["token"]), f"/v1/organizations/{made['organization_id']}"
    other = roled.make("POST", f"{elsewhere}/projects", {"name": "secret"}, token=eve)["id"]
    roled.make("PATCH", elsewhere, {"external_collaborators": True}, token=eve)
    roled.make("POST", roled.collaborators(other), {"user_id": roled.owner.id}, token=eve)
    told = ann.fails(4, "projects", "remove", "secret")
    assert told.startswith('more than one project that you may see is called "secret": name its id, one of ')
    assert theirs in told and other in told
