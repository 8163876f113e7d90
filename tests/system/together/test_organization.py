# SPDX-License-Identifier: Apache-2.0
"""The organization: who is in it, who comes in, who may what, who did what."""

import csv
import io
import re
import time
from pathlib import Path

import pytest

from support.people import Person, person, watching_nodes
from support.roled import Roled, User
from support.waiting import wait_until


def invited(ann: Person, email: str, *more: str) -> str:
    return ann.does("invite", email, *more, "--quiet").strip()


def test_from_the_invitation_to_the_first_command(ann: Person, roled: Roled, folder: Path) -> None:
    told, token = ann.does("invite", "carol@example.com").splitlines()
    assert f"together accept {roled.base_url}" in told and token.startswith("tgi_")
    carol = Person(folder / "carol", roled.address, "")
    assert carol.does("accept", roled.address, "--login", "carol", stdin=token + "\n") == \
        "The invitation is accepted: you are carol\n"
    assert carol.credentials.stat().st_mode & 0o777 == 0o600
    assert carol.does("whoami", "--quiet") == "carol\n"
    assert "logged in already" in carol.fails(2, "accept", roled.address, stdin=token)
    carol.credentials.chmod(0o644)
    assert "logged in already" in carol.fails(2, "accept", roled.address, stdin=token)
    carol.credentials.chmod(0o600)
    assert carol.does("whoami", "--quiet") == "carol\n"


def test_an_invitation_that_is_none_leaves_nobody_logged_in(roled: Roled, folder: Path) -> None:
    carol = Person(folder / "carol", roled.address, "")
    carol.fails(5, "accept", roled.address, stdin="tgi_nonsense\n")
    assert not carol.credentials.exists()


def test_accepting_as_who_has_an_account(ann: Person, folder: Path, roled: Roled, cluster: str) -> None:
    roled.allow_externals()
    made = roled.command("organization add", "--organization", "Elsewhere", "--owner", "eve@example.com", "--login",
                         "eve")
    eve = Person(folder / "eve", roled.address, made["token"]).login()
    token = ann.does("collaborators", "add", "eve@example.com", "--quiet").strip()
    newcomer = Person(folder / "newcomer", roled.address, "")
    assert "accept it with a token of theirs" in newcomer.fails(6, "accept", roled.address, stdin=token)
    assert eve.does("accept", stdin=token) == "The invitation is accepted: you are eve\n"
    assert "eve" in roled.entries(cluster)


def test_open_invitations(ann: Person, roled: Roled) -> None:
    roled.allow_externals()
    invited(ann, "carol@example.com", "--admin", "--until", "30d")
    ann.does("collaborators", "add", "dora@example.com")
    head, row = ann.does("invitations").splitlines()
    assert head.split() == ["EMAIL", "LOGIN", "ROLE", "EXPIRES", "ID"] and row.split()[:3] == \
        ["carol@example.com", "-", "admin"]
    assert ann.does("invitations", "--project", "cluster", "--quiet") == "dora@example.com\n"
    assert "is revoked" in ann.does("invitations", "remove", "carol@example.com")
    assert "is revoked" in ann.does("invitations", "remove", "dora@example.com", "--project", "cluster")
    assert ann.does("invitations") == ann.does("invitations", "--project", "cluster") == "no invitation is open\n"


def test_members(ann: Person, bob: Person, roled: Roled) -> None:
    assert ann.does("members").splitlines()[0].split() == ["LOGIN", "ROLE", "OWNER", "SUSPENDED", "UNTIL", "EMAIL", "ID"]
    assert ann.does("members", "promote", "bob").startswith("bob is an Admin of Acme")
    assert ann.does("members", "demote", "bob@example.com").startswith("bob is a Member of Acme")
    assert "bob is suspended in Acme" in ann.does("members", "suspend", "bob")
    assert ann.reads("members")["data"][0]["suspended"] or ann.reads("members")["data"][1]["suspended"]
    assert "suspended no longer" in ann.does("members", "resume", "bob")
    assert bob.run("members", "remove", "ann").returncode == 3
    assert "Owner" in ann.fails(5, "members", "remove", "ann")


def test_a_display_name_is_nobody(ann: Person, bob: Person, roled: Roled) -> None:
    """Each chooses their own: bob calls himself as the one who is meant."""
    bob_himself = User("", bob.token)
    roled.make("PATCH", "/v1/users/me", {"name": "carol"}, token=bob_himself)
    assert 'is called "carol"' in ann.fails(4, "members", "promote", "carol")
    assert {one["login"]: one["role"] for one in ann.reads("members")["data"]}["bob"] == "member"


def test_who_leaves_the_organization_leaves_each_project_and_each_has_a_receipt(
        ann: Person, bob: Person, roled: Roled, cluster: str, folder: Path) -> None:
    other = roled.create_project("other")
    roled.make("POST", f"/v1/projects/{other}/collaborators", {"login": "bob", "role": "admin"})
    bob.does("api-keys", "add", "bobs", "--scopes", "project.read", "--project", "other")
    would = ann.does("members", "remove", "bob", "--dry-run")
    assert would.startswith("Nothing was changed (--dry-run)") and "changes the rosters of: " in would
    with watching_nodes(folder, roled, cluster, "gpu1"):
        lines = ann.does("members", "remove", "bob", "--wait", "20s").splitlines()
    assert lines[0] == "bob is removed from Acme"
    left, = (line for line in lines if line.startswith("  no longer in: "))
    assert set(left.removeprefix("  no longer in: ").split(", ")) == {"cluster", "other", "Default Project"}
    assert any(line.startswith("  project keys that they made and that stay: key_") for line in lines)
    assert any(re.fullmatch(r"  cluster: 1 of 1 node after \d\.\d s", line) for line in lines)
    assert "  other: no node has reported itself yet" in lines
    assert "does not accept your token" in bob.fails(6, "whoami")


def test_waiting_for_no_roster_is_not_success(ann: Person, bob: Person) -> None:
    done = ann.run("members", "resume", "bob", "--wait", "1s")
    assert done.returncode == 1 and "which nodes have it is not known: the authority named no roster" in done.stdout


def test_a_project_that_one_is_not_in_has_a_receipt_for_others(
        ann: Person, bob: Person, roled: Roled, cluster: str, folder: Path) -> None:
    """The change is made and stands; that each node has it is not known to who made it."""
    admin = person(folder, roled, roled.add_user("carol", role="admin"))
    with watching_nodes(folder, roled, cluster, "gpu1"):
        done = admin.run("members", "suspend", "bob", "--wait", "20s")
        assert (done.returncode, done.stderr) == (1, "")
        told, = [line for line in done.stdout.splitlines() if line.startswith("  cluster: ")]
        assert told.startswith("  cluster: the change stands; which nodes have it is not yours to see: ")
        assert told.endswith("you are no collaborator of it. Ask: ann.")
        document = admin.reads("members", "resume", "bob", "--wait", "20s", status=1)
        receipt, = [one for one in document["receipts"] if one["project_id"] == cluster]
        assert receipt["error"]["code"] == "forbidden"
        assert admin.run("members", "suspend", "bob").returncode == 0
        # Who may not see it joins, as an Admin of the organization may.
        admin.does("projects", "join", "cluster")
        assert "1 of 1 node" in admin.does("members", "resume", "bob", "--wait", "20s")


def test_settings(ann: Person, bob: Person) -> None:
    assert "External collaborators: no" in ann.does("org")
    assert ann.does("org", "set", "--external-collaborators", "yes", "--name", "Acme Inc") == "Acme is changed\n"
    about = ann.reads("org")
    assert about["external_collaborators"] and about["name"] == "Acme Inc"
    assert ann.does("org", "--quiet").strip() == about["id"]
    ann.does("org", "set", "--allocate-uids", "yes", "--first-id", "20000", "--last-id", "30000")
    for wrong in (["--external-collaborators", "maybe"], ["--first-id", "x"], []):
        ann.fails(2, "org", "set", *wrong)
    assert bob.run("org", "set", "--name", "Bobs").returncode == 3


@pytest.fixture
def eve(folder: Path, roled: Roled, cluster: str) -> Person:
    """The Owner of Elsewhere, and an external collaborator of cluster."""
    roled.allow_externals()
    made = roled.command("organization add", "--organization", "Elsewhere", "--owner", "eve@example.com", "--login",
                         "eve")
    user = User(made["user_id"], made["token"], "eve")
    roled.add_collaborator(cluster, user)
    return person(folder, roled, user)


def test_an_external_collaborator_sees_the_name_alone(ann: Person, eve: Person, roled: Roled, folder: Path) -> None:
    for named in ("Acme", roled.organization):
        assert eve.does("org", "--organization", named) == f"  Id: {roled.organization}\nName: Acme\n"
    assert eve.does("org", "--organization", roled.organization, "--quiet") == f"{roled.organization}\n"
    assert eve.reads("org")["name"] == "Elsewhere"
    assert eve.run("org", "set", "--organization", "Acme", "--name", "Eves").returncode == 3
    assert eve.run("members", "--organization", "Acme").returncode == 3
    token = ann.does("collaborators", "add", "dora@example.com", "--quiet")
    dora = Person(folder / "dora", roled.address, "")
    dora.does("accept", roled.address, "--login", "dora", stdin=token)
    assert dora.does("org").endswith("Name: Acme\n")
    done = dora.run("can", "billing.read")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("no: ") and "you are an external collaborator" in done.stdout
    assert eve.run("can", "billing.read", "--organization", "Acme").returncode == 1
    assert eve.does("can", "billing.read") == "yes, as admin\n"
    dora.does("projects", "leave", "cluster")
    assert dora.run("org").returncode in (4, 6)


def test_an_organization_of_the_same_name(eve: Person, roled: Roled) -> None:
    eve.does("org", "set", "--name", "Acme")
    told = eve.fails(4, "org", "--organization", "Acme")
    assert told.startswith('more than one organization of yours is called "Acme": name its id, one of ')
    assert roled.organization in told


def test_can(ann: Person, bob: Person) -> None:
    assert ann.does("can").splitlines()[0].split() == ["ACTION", "LEVEL", "ADMIN", "MEMBER", "TITLE"]
    assert ann.does("can", "clusters.scale") == "yes, as admin\n"
    done = bob.run("can", "clusters.scale")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("no: 'Scale clusters'") and done.stdout.endswith(" Ask: ann.\n")
    assert ann.run("can", "clusters.scale", "--as", "bob").returncode == 1
    assert bob.does("can", "ssh.login") == "yes, as member\n"
    assert ann.does("can", "members.invite") == "yes, as admin\n"
    assert ann.reads("can", "ssh.login")["allowed"]
    assert "no action" in ann.fails(4, "can", "fly")


def test_audit(ann: Person, bob: Person) -> None:
    ann.does("collaborators", "promote", "bob")
    head, *_, last = ann.does("audit").splitlines()
    assert head.split() == ["SEQ", "TIME", "ACTOR", "ACTION", "TARGET", "OUTCOME"]
    assert last.split()[2:4] == ["ann", "collaborators.manage_roles"]
    assert len(ann.does("audit", "--last", "2").splitlines()) == 3
    assert ann.reads("audit", "--last", "1")["data"][0]["action"] == "collaborators.manage_roles"
    ann.fails(2, "audit", "--last", "0")
    assert bob.run("audit").returncode == 3


def test_review(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    head, *rows = ann.does("review").splitlines()
    assert head.split()[:5] == ["LOGIN", "ROLE", "SOURCE", "SINCE", "GRANTED"]
    granted = {row.split()[0]: row.split()[4] for row in rows}
    assert granted["bob"] == "ann"
    assert {one["login"] for one in csv.DictReader(io.StringIO(ann.does("review", "--csv")))} == {"ann", "bob"}
    roled.add_collaborator(cluster, roled.add_user("carol"))
    assert "carol" in ann.does("review", "--unused-for", "90d", "--quiet").split()
    roled.request("POST", f"/v1/projects/{cluster}/last_seen", {"data": [
        {"user_id": one["user_id"], "door": "ssh", "seen_at": int(time.time())}
        for one in ann.reads("review")["data"] if one["login"] == "carol"]}, token=roled.node_key(cluster))
    wait_until(lambda: "carol" not in ann.does("review", "--unused-for", "90d", "--quiet").split(), "carol to be seen")
    carol, = [row for row in ann.does("review").splitlines() if row.startswith("carol ")]
    assert re.search(r"  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ssh  ", carol)
    ann.fails(2, "review", "--unused-for", "long")


def test_who_is_not_told_of_tokens_takes_nobody_for_unused(folder: Path, roled: Roled, cluster: str, bob: Person) -> None:
    roled.allow_externals()
    with roled.elsewhere():
        user = roled.add_user("guest")
    roled.add_collaborator(cluster, user, role="admin")
    guest = person(folder, roled, user)
    assert {row["tokens"] for row in guest.reads("review", "--project", cluster)["data"]} == {None}
    assert "members of the organization alone" in guest.fails(2, "review", "--project", cluster, "--unused-for", "90d")


def test_what_has_changed_since(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    then = int(time.time())
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(then))
    wait_until(lambda: int(time.time()) > then, "the next second")
    roled.add_collaborator(cluster, roled.add_user("carol"))
    ann.does("collaborators", "promote", "bob")
    head, *rows = ann.does("review", "--diff", now).splitlines()
    assert head.split() == ["LOGIN", "CHANGE", "THEN", "NOW", "TIME", "BY"]
    assert {tuple(row.split()[:4]) for row in rows} == {("bob", "changed", "member", "admin"), ("carol", "added", "-", "member")}
    assert {row.split()[0]: row.split()[-1] for row in rows}["bob"] == "ann"
    assert {one["login"] for one in ann.reads("review", "--diff", now)["data"]} == {"bob", "carol"}
    assert csv.DictReader(io.StringIO(ann.does("review", "--csv", "--diff", now))).fieldnames[:3] == ["user_id", "login", "role"]
    assert "no day such as" in ann.fails(2, "review", "--diff", "yesterday")
    assert "has not come yet" in ann.fails(2, "review", "--diff", "2200-01-01")


def test_review_is_for_admins(bob: Person) -> None:
    assert bob.run("review").returncode == 3


@pytest.mark.parametrize("words", [["members"], ["org"], ["invite", "x@example.com"], ["audit"]])
def test_which_organization_where_there_are_several(ann: Person, roled: Roled, words: list[str]) -> None:
    roled.command("organization add", "--organization", "Second", "--owner", "ann@example.com")
    told = ann.fails(4, *words)
    assert told.startswith("which organization? You are in ") and told.endswith("name one with --organization")
    ann.does(*words, "--organization", "Second")
