# SPDX-License-Identifier: Apache-2.0
"""init, user add, serve: what an operator types."""

import json
import os
import re
import stat
import subprocess

import pytest

from support.roled import ON_POSTGRESQL, Roled, binary


@pytest.fixture
def fresh(tmp_path):
    return Roled(tmp_path, init=False)


def init(roled, **kwargs):
    return roled.run("init", "--organization", "Acme", "--owner", "ann@example.com", **kwargs)


def test_init_prints_ids_and_a_token_and_stores_only_its_hash(fresh):
    done = init(fresh)
    assert done.returncode == 0
    lines = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert set(lines) == {"organization_id", "default_project_id", "user_id", "token"}
    assert re.fullmatch(r"tgu_[0-9A-Za-z]{48}", lines["token"])
    secret = lines["token"][16:46].encode()
    assert all(secret not in file.read_bytes() for file in fresh.directory.iterdir())


@pytest.mark.skipif(ON_POSTGRESQL, reason="a file of SQLite")
def test_the_database_is_its_owners_alone(fresh):
    init(fresh)
    assert stat.S_IMODE(fresh.db.stat().st_mode) == 0o600


def test_init_leaves_an_existing_database_alone(fresh):
    init(fresh)
    before = fresh.rows("SELECT * FROM trail")
    done = init(fresh)
    assert done.returncode == 1 and "exists already" in done.stderr
    assert fresh.rows("SELECT * FROM trail") == before != []


@pytest.mark.parametrize("arguments", [
    ("--organization", "Acme", "--owner", "no address"),
    ("--organization", " ", "--owner", "ann@example.com"),
    ("--organization", "Acme", "--owner", "ann@example.com", "--login", "root"),
])
def test_a_failed_init_leaves_nothing_in_the_way_of_the_next(fresh, arguments):
    done = fresh.run("init", *arguments)
    assert done.returncode == 1 and done.stdout == ""
    assert list(fresh.directory.iterdir()) == []
    assert init(fresh).returncode == 0


@pytest.mark.parametrize("arguments, complaint", [
    (["serve", "--db", "x", "--bogus", "1"], "unknown argument '--bogus'"),
    (["serve", "--db", "x", "--db", "y"], "given twice"),
    (["serve", "--db=x", "--db=y"], "--db is given twice"),
    (["serve", "--db"], "needs a value"),
    (["serve", "--db=", "--listen", "here"], "not of the form"),
    (["serve", "--db", "x", "y"], "unknown argument 'y'"),
    (["serve", "--db", "x", "--", "--listen"], "unknown argument '--'"),
    (["serve", "--d", "x"], "unknown argument '--d'"),
    (["serve", "--db", "x", "--listen", "0.0.0.0:0", "--allow-plain-http=no"], "--allow-plain-http takes no value"),
    (["init", "--db", "x", "--listen", "127.0.0.1:0"], "unknown argument '--listen'"),
    (["user", "--db", "x"], "unknown command 'user'"),
    (["user", "add", "--db", "x", "--organization", "Acme"], "--email is required"),
    (["--db", "x", "init"], "which command"),
    (["serve"], "--db is required"),
    (["serve", "--db", "/nonexistent/x.db"], "does not exist"),
    (["serve", "--db", "x", "--listen", "here"], "not of the form"),
    (["serve", "--db", "x", "--listen", "127.0.0.1:99999"], "not of the form"),
    (["serve", "--db", "x", "--tls-key", "y"], "belong together"),
    (["serve", "--db", "x", "--max-waiters", "many"], "is no number"),
    (["serve", "--db", "x", "--listen", "0.0.0.0:0"], "would show every token"),
    (["dance"], "unknown command"),
    ([], "which command"),
])
def test_what_is_wrong_is_said(arguments, complaint):
    done = subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and complaint in done.stderr and done.stdout == ""


def test_help_has_examples():
    done = subprocess.run([binary(), "--help"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0 and "Examples:" in done.stdout and "init --db" in done.stdout


@pytest.mark.parametrize("arguments", [["serve", "--help"], ["-h"], ["user", "add", "--db", "x", "-h"]])
def test_help_may_stand_anywhere(arguments):
    done = subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0 and "Examples:" in done.stdout and done.stderr == ""


def environment(**more):
    return {**os.environ, **{f"TOGETHER_ROLED_{name}": value for name, value in more.items()}}


def test_flags_over_environment_over_file(fresh, tmp_path):
    init(fresh)
    config = tmp_path / "roled.conf"
    config.write_text("[roled]\nlisten = not-an-address-in-the-file\n")
    serve = [binary(), "serve", "--db", str(fresh.db), "--config", str(config)]
    in_file = subprocess.run(serve, capture_output=True, text=True, timeout=10)
    assert "not-an-address-in-the-file" in in_file.stderr
    in_environment = subprocess.run(serve, capture_output=True, text=True, timeout=10,
                                    env=environment(LISTEN="not-an-address-in-the-environment"))
    assert "not-an-address-in-the-environment" in in_environment.stderr
    on_line = subprocess.run([*serve, "--listen", "not-an-address-on-the-line"], capture_output=True, text=True,
                             timeout=10, env=environment(LISTEN="not-an-address-in-the-environment"))
    assert "not-an-address-on-the-line" in on_line.stderr


@pytest.mark.parametrize("text, complaint", [
    ("[roled]\nlissten = x\n", "unknown key 'lissten'"),
    ("[other]\nlisten = x\n", "unknown section [other]"),
    ("[roled]\ndb = a\ndb = b\n", "set twice"),
    ("[roled]\nallow_plain_http = yes\n", "unknown key"),
])
def test_the_file_is_read_strictly(tmp_path, text, complaint):
    config = tmp_path / "roled.conf"
    config.write_text(text)
    done = subprocess.run([binary(), "serve", "--db", "x", "--config", str(config)],
                          capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and complaint in done.stderr and "roled.conf:" in done.stderr


def test_a_user_is_added_while_the_server_runs(roled):
    alice = roled.add_user("alice", uid=20001)
    me = roled.get("/v1/users/me", token=alice).json
    assert (me["id"], me["login"]) == (alice.id, "alice")
    member = roled.get(f"/v1/organizations/{roled.organization}/members/{alice.id}").json
    assert (member["role"], member["uid"]) == ("member", 20001)


def test_a_new_member_joins_the_default_project(roled):
    alice = roled.add_user("alice")
    entries = roled.get(roled.collaborators(roled.default_project)).json["data"]
    assert {"alice": "member", "ann": "admin"} == {one["login"]: one["role"] for one in entries}
    assert alice.id in [one["user_id"] for one in entries]


def test_user_add_twice_is_refused_and_changes_nothing(roled):
    roled.add_user("alice")
    done = roled.run("user add", "--organization", "Acme", "--email", "ALICE@example.com")
    assert done.returncode == 1 and "already" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("login, uid, complaint", [
    ("ALICE", None, "somebody else's login"),
    ("bob", 20001, "somebody else's"),
    ("bob", 999, "A uid of this organization is"),
    ("12345", None, "A login is"),
    ("Ubuntu", None, "system account"),
    ("systemd-network", None, "system account"),
])
def test_logins_and_uids_are_given_once(roled, login, uid, complaint):
    roled.add_user("alice", uid=20001)
    with pytest.raises(RuntimeError, match=complaint):
        roled.add_user(login, uid, email="another@example.com")
    assert len(roled.rows("SELECT id FROM users")) == 2


def test_what_the_command_line_does_is_audited(roled):
    alice = roled.add_user("alice")
    rows = [tuple(row.values()) for row in roled.rows("SELECT actor, action, target, outcome FROM trail ORDER BY seq")]
    for action, user in (("init", roled.owner), ("user add", alice)):
        assert ("operator", action, f"{roled.organization}/{user.id}", "allowed") in rows


def newest_record(roled):
    """Of the command line."""
    action, target, before, after = roled.rows(
        "SELECT action, target, value_before, value_after FROM trail WHERE origin = 'cli' ORDER BY seq DESC"
        " LIMIT 1")[0].values()
    return action, target, json.loads(before or "null"), json.loads(after or "null")


def test_the_trail_has_all_that_the_command_line_set(roled):
    alice = roled.add_user("alice", uid=20001, role="admin")
    action, target, before, after = newest_record(roled)
    assert (action, target, before) == ("user add", f"{roled.organization}/{alice.id}", None)
    assert (after["login"], after["uid"], after["role"]) == ("alice", 20001, "admin")


# --- organizations ---------------------------------------------------------------------------


def test_another_organization_has_the_same_lines_as_the_first(roled):
    made = roled.command("organization add", "--organization", "Beta", "--owner", "bea@example.com", "--login", "bea")
    assert set(made) == {"organization_id", "default_project_id", "user_id", "token"}
    me = roled.get("/v1/users/me", token=made["token"]).json
    assert (me["id"], me["login"]) == (made["user_id"], "bea")
    mine = roled.get("/v1/users/me/organizations", token=made["token"]).json["data"]
    assert [one["id"] for one in mine] == [made["organization_id"]]
    listed = roled.get(f"/v1/organizations/{made['organization_id']}/audit", token=made["token"]).json["data"]
    assert {one["action"] for one in listed} == {"organization add"}


def test_who_has_a_token_gets_no_other_with_another_organization(roled):
    made = roled.command("organization add", "--organization", "Beta", "--owner", "ANN@example.com")
    assert "token" not in made and made["user_id"] == roled.owner.id
    assert roled.get(f"/v1/organizations/{made['organization_id']}").json["name"] == "Beta"


def test_who_has_no_token_left_gets_one_with_another_organization(roled):
    for key in roled.get("/v1/users/me/tokens").json["data"]:
        assert roled.delete(f"/v1/users/me/tokens/{key['id']}").status == 204
    made = roled.command("organization add", "--organization", "Beta", "--owner", "ann@example.com")
    assert roled.get("/v1/whoami", token=made["token"]).status == 200


@pytest.mark.parametrize("command", [
    ["organization add", "--organization", "Beta", "--owner", "ann@example.com"],
    ["user add", "--organization", "Beta", "--email", "ann@example.com"],
])
def test_a_login_is_not_changed_on_the_way(roled, command):
    roled.command("organization add", "--organization", "Beta", "--owner", "bea@example.com")
    done = roled.run(*command, "--login", "anna")
    assert done.returncode == 1 and "has the login 'ann' already" in done.stderr
    assert roled.get("/v1/users/me").json["login"] == "ann"


def test_organizations_are_listed(roled):
    roled.command("organization add", "--organization", "Zeta Ltd", "--owner", "bea@example.com")
    lines = roled.run("organization list").stdout.splitlines()
    assert lines[0].split() == ["id", "owner", "default_project_id", "name"] and len(lines) == 3
    assert any("ann@example.com" in line and line.endswith("  Acme") for line in lines)
    listed = json.loads(roled.run("organization list", "--json").stdout)
    assert listed["object"] == "list"
    assert {one["name"]: one["owner"] for one in listed["data"]} == {"Acme": "ann@example.com",
                                                                    "Zeta Ltd": "bea@example.com"}


def test_a_name_that_two_organizations_bear_is_refused_with_their_ids(roled):
    other = roled.command("organization add", "--organization", "Acme", "--owner", "bea@example.com")
    done = roled.run("user add", "--organization", "Acme", "--email", "cy@example.com")
    assert done.returncode == 1 and done.stdout == ""
    assert roled.organization in done.stderr and other["organization_id"] in done.stderr
    by_id = roled.command("user add", "--organization", other["organization_id"], "--email", "cy@example.com")
    assert by_id["token"]


def test_json_has_what_the_lines_have(roled):
    made = json.loads(roled.run("user add", "--organization", "Acme", "--email", "cy@example.com", "--json").stdout)
    assert set(made) == {"user_id", "token"}


def test_a_database_of_a_newer_version_is_refused(fresh):
    init(fresh)
    fresh.execute("UPDATE meta SET value = '99' WHERE name IN ('schema_version', 'works_for')")
    with pytest.raises(RuntimeError, match="newer together-roled"):
        fresh.start()


def test_a_port_in_use_is_an_error(roled):
    done = roled.run("serve", "--listen", f"127.0.0.1:{roled.port}")
    assert done.returncode == 1 and "cannot listen" in done.stderr


# --- people ----------------------------------------------------------------------------------


def member_of(roled, user):
    return roled.get(f"/v1/organizations/{roled.organization}/members/{user.id}")


def entries(roled, project):
    return {one["login"]: one["role"] for one in roled.get(roled.collaborators(project)).json["data"]}


@pytest.mark.parametrize("name", ["id", "login", "email"])
def test_a_member_is_suspended_and_comes_back_as_they_were(roled, project, name):
    alice = roled.add_user("alice", uid=20001)
    roled.add_collaborator(project, alice, "admin")
    named = {"id": alice.id, "login": "ALICE", "email": "Alice@example.com"}[name]
    who = ["--organization", "Acme", "--user", named]
    done = json.loads(roled.run("user suspend", *who, "--json").stdout)
    assert done["user_id"] == alice.id and sorted(done["rosters"]) == sorted([project, roled.default_project])
    assert entries(roled, project) == {"ann": "admin"}
    assert newest_record(roled) == ("user suspend", f"{roled.organization}/{alice.id}",
                                    *({"email": "alice@example.com", "login": "alice", "role": "member", "owner": False,
                                       "uid": 20001, "suspended": suspended, "until": None}
                                      for suspended in (False, True)))
    roled.command("user resume", *who)
    assert entries(roled, project) == {"ann": "admin", "alice": "admin"}


def test_a_member_is_removed_and_what_follows_is_printed(roled):
    alice = roled.add_user("alice")
    project = roled.create_project("hers")
    roled.add_collaborator(project, alice, "admin")
    roled.remove_collaborator(project, roled.owner)
    done = roled.command("user remove", "--organization", "Acme", "--user", "alice")
    assert done["owner_became_admin_of"] == project
    assert set(done["left_projects"].split(",")) == {project, roled.default_project}
    assert len(done["revoked_keys"].split(",")) == 1
    assert roled.get("/v1/whoami", token=alice).status == 401
    assert entries(roled, project) == {"ann": "admin"}


@pytest.mark.parametrize("command", ["user suspend", "user remove"])
def test_the_owner_is_out_of_the_operators_reach_too(roled, command):
    done = roled.run(command, "--organization", "Acme", "--user", "ann")
    assert done.returncode == 1 and "owner --set" in done.stderr
    assert member_of(roled, roled.owner).json["suspended"] is False


@pytest.mark.parametrize("user, complaint", [
    ("nobody", "nobody has the id, login or address 'nobody'"),
    ("bea@example.com", "bea@example.com is no member of Acme"),
])
def test_who_is_not_there_is_said(roled, user, complaint):
    roled.command("organization add", "--organization", "Beta", "--owner", "bea@example.com")
    done = roled.run("user suspend", "--organization", "Acme", "--user", user)
    assert done.returncode == 1 and complaint in done.stderr


def test_an_id_that_is_somebody_elses_login_is_refused_with_both_ids(roled):
    alice = roled.add_user("alice")
    bob = roled.add_user(alice.id, email="bob@example.com")
    done = roled.run("user remove", "--organization", "Acme", "--user", alice.id)
    assert done.returncode == 1 and alice.id in done.stderr and bob.id in done.stderr
    assert member_of(roled, alice).status == member_of(roled, bob).status == 200


def test_people_are_listed(roled):
    alice = roled.add_user("alice", uid=20001)
    roled.command("organization add", "--organization", "Beta", "--owner", "bea@example.com")
    members = json.loads(roled.run("user list", "--organization", "Acme", "--json").stdout)["data"]
    assert {(one["id"], one["login"], one["uid"], one["owner"]) for one in members} == {
        (roled.owner.id, "ann", None, True), (alice.id, "alice", 20001, False)}
    everybody = json.loads(roled.run("user list", "--json").stdout)["data"]
    assert {one["email"]: len(one["organizations"]) for one in everybody} == {
        "ann@example.com": 1, "alice@example.com": 1, "bea@example.com": 1}
    assert roled.run("user list").stdout.splitlines()[0].split() == ["id", "login", "email", "organizations"]


# --- ownership -------------------------------------------------------------------------------


def test_ownership_moves_and_is_recorded(roled):
    alice = roled.add_user("alice")
    assert roled.command("owner", "--organization", "Acme")["email"] == "ann@example.com"
    moved = roled.command("owner", "--set", "--organization", "Acme", "--user", "alice")
    assert (moved["owner_id"], moved["previous_owner_id"]) == (alice.id, roled.owner.id)
    places = {user: member_of(roled, user).json for user in (alice, roled.owner)}
    assert (places[alice]["owner"], places[alice]["role"]) == (True, "admin")
    assert (places[roled.owner]["owner"], places[roled.owner]["role"]) == (False, "admin")
    rows = [tuple(row.values()) for row in roled.rows(
        "SELECT target, value_before, value_after FROM trail WHERE action = 'owner --set' ORDER BY seq")]
    assert rows[0][0] == roled.organization
    assert [json.loads(text) for text in rows[0][1:]] == [{"owner_id": roled.owner.id}, {"owner_id": alice.id}]
    assert rows[1][0] == f"{roled.organization}/{alice.id}"
    # Who was the Owner can go now.
    assert roled.delete(f"/v1/organizations/{roled.organization}/members/{roled.owner.id}", token=alice).status == 200


def test_who_is_suspended_cannot_become_the_owner(roled):
    roled.add_user("alice")
    roled.command("user suspend", "--organization", "Acme", "--user", "alice")
    done = roled.run("owner", "--set", "--organization", "Acme", "--user", "alice")
    assert done.returncode == 1 and "cannot be the Owner" in done.stderr
    assert roled.command("owner", "--organization", "Acme")["owner_id"] == roled.owner.id


def test_an_owner_is_not_set_in_passing(roled):
    roled.add_user("alice")
    done = roled.run("owner", "--organization", "Acme", "--user", "alice")
    assert done.returncode == 1 and "--set" in done.stderr
    assert roled.command("owner", "--organization", "Acme")["owner_id"] == roled.owner.id


# --- keys ------------------------------------------------------------------------------------


def test_keys_of_all_kinds_are_listed_and_revoked(roled, project):
    node_key = roled.node_key(project)
    listed = {one["kind"]: one for one in json.loads(roled.run("key list", "--json").stdout)["data"]}
    assert listed["user"]["owner"] == "ann@example.com" and listed["node"]["owner_id"] == project
    assert node_key[4:16] in listed["node"]["id"]
    roled.command("token revoke", "--key", listed["node"]["id"])
    assert roled.roster(project, node_key).status == 401
    assert {one["kind"] for one in json.loads(roled.run("key list", "--json").stdout)["data"]} == {"user"}
    action, target, before, after = newest_record(roled)
    assert (action, target, before["kind"], after) == ("token revoke", listed["node"]["id"], "node", None)


def test_a_leaked_token_is_revoked_by_itself_and_not_repeated(roled):
    done = roled.run("token revoke", "--key", roled.owner.token)
    assert done.returncode == 0 and roled.owner.token not in done.stdout
    assert roled.get("/v1/whoami").status == 401
    again = roled.run("token revoke", "--key", roled.owner.token)
    assert again.returncode == 1 and roled.owner.token not in again.stderr


def test_who_has_lost_their_token_gets_another(roled):
    made = roled.command("token add", "--user", "ann")
    assert roled.get("/v1/whoami", token=made["token"]).status == 200
    assert made["token"] not in roled.run("audit export").stdout
    roled.add_user("alice")
    roled.command("user remove", "--organization", "Acme", "--user", "alice")
    done = roled.run("token add", "--user", "alice")
    assert done.returncode == 1 and "in no organization" in done.stderr


@pytest.mark.parametrize("command", ["token add", "owner"])
def test_an_address_that_came_by_an_invitation_says_not_whose_an_account_is(roled, command):
    """Mallory invited somebody else's address and accepted it herself: a token for its owner would be one
    to an account of hers, with which they would then join elsewhere."""
    squatter = roled.accept(roled.invite("Boss@example.com"), "boss")
    more = ["--set", "--organization", "Acme"] if command == "owner" else []
    done = roled.run(command, *more, "--user", "boss@example.com")
    assert done.returncode == 1 and squatter.id in done.stderr and "name them by that id" in done.stderr
    assert roled.command(command, *more, "--user", squatter.id)


# --- a database elsewhere --------------------------------------------------------------------


@pytest.mark.parametrize("db", [
    "postgresql://ann:pearl@127.0.0.1:1/roles",
    "postgres://127.0.0.1:1/roles?user=ann&password=pearl",
    "postgresql://ann:pe@pearl@127.0.0.1:1/roles",
])
def test_a_password_on_the_command_line_is_refused(db):
    for arguments in (["serve", "--db", db], ["user", "list", f"--db={db}"],
                      ["restore", "--db", "x", "--replay", db]):
        done = subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=10)
        assert done.returncode == 1 and "TOGETHER_ROLED_" in done.stderr and "pearl" not in done.stderr


@pytest.mark.parametrize("db", [
    "postgresql://ann:pearl@127.0.0.1:1/roles",
    "postgresql://ann:pearl@127.0.0.1:pearl/roles",
    "postgresql://ann:pearl@[127.0.0.1/roles",
    "postgresql://127.0.0.1:1/roles?user=ann&password=pearl&nonsense=1",
    "postgresql://ann:pe@pearl@127.0.0.1:1/roles",
    "postgresql://ann:pe/pearl@127.0.0.1:1/roles",
])
def test_no_message_shows_a_password(db, tmp_path):
    config = tmp_path / "roled.conf"
    config.write_text(f"[roled]\ndb = {db}\n")
    in_file = subprocess.run([binary(), "user", "list", "--config", str(config)],
                             capture_output=True, text=True, timeout=10)
    in_environment = subprocess.run([binary(), "serve"], capture_output=True, text=True, timeout=10,
                                    env=environment(DB=db))
    for done in (in_file, in_environment):
        assert done.returncode == 1 and done.stderr and "pearl" not in done.stdout + done.stderr
