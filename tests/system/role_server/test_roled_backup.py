# SPDX-License-Identifier: Apache-2.0
"""backup, restore, and what a restore must not bring back to life."""

import json
import os
import sqlite3
import stat
import time

import pytest

from support.roled import ON_POSTGRESQL, Roled

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="a file of SQLite; test_roled_postgresql.py has its tools")

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def rows(roled, query):
    with sqlite3.connect(roled.db) as db:
        return db.execute(query).fetchall()


def backup(roled):
    file = roled.directory / "backup.db"
    done = roled.run("backup", str(file))
    assert done.returncode == 0, done.stderr
    return file


def lose(roled):
    """As the operator does: stopped, moved away with what stands beside it. Returns where the old database is."""
    if roled.process:
        roled.stop()
    lost = roled.directory / "lost"
    lost.mkdir()
    for file in roled.directory.glob("roles.db*"):
        file.rename(lost / file.name)
    return lost / "roles.db"


def restore(roled, file, *options, status):
    done = roled.run("restore", str(file), "--json", *options)
    assert done.returncode == status, done.stderr + done.stdout
    return json.loads(done.stdout)


def logins(roled, project):
    return {one["login"]: one["role"] for one in roled.get(roled.collaborators(project)).json["data"]}


# --- backup ----------------------------------------------------------------------------------


def test_a_backup_is_made_while_the_server_runs_and_for_its_owner_alone(roled):
    roled.add_user("alice")
    file = backup(roled)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in roled.directory.iterdir() if one.name.startswith("backup")] == ["backup.db"]
    with sqlite3.connect(file) as copy:
        assert copy.execute("SELECT login FROM users ORDER BY login").fetchall() == [("alice",), ("ann",)]
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert rows(roled, "SELECT action, target, value_after FROM trail ORDER BY seq DESC LIMIT 1") == [
        ("backup", "database", json.dumps({"file": str(file)}, separators=(",", ":")))]


def test_a_backup_overwrites_nothing(roled):
    file = backup(roled)
    before = file.read_bytes()
    done = roled.run("backup", str(file))
    assert done.returncode == 1 and "exists already" in done.stderr and file.read_bytes() == before


def test_a_backup_that_cannot_be_written_leaves_nothing(roled):
    done = roled.run("backup", str(roled.directory / "nowhere" / "backup.db"))
    assert done.returncode == 1 and done.stdout == ""
    assert rows(roled, "SELECT COUNT(*) FROM trail WHERE action = 'backup'") == [(0,)]
    assert roled.run("backup").returncode == 1


@pytest.mark.parametrize("command, tool", [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_postgresql_has_its_own_tools(tmp_path, command, tool):
    done = Roled(tmp_path, init=False, db="postgresql:///roles").run(command, "file")
    assert done.returncode == 1 and tool in done.stderr


# --- restore ---------------------------------------------------------------------------------


def test_a_restored_database_is_another_epoch_with_higher_revisions(roled, project):
    key = roled.node_key(project)
    file = backup(roled)
    roled.add_collaborator(project, roled.add_user("alice"))
    before = roled.roster(project, key)
    old = lose(roled)
    now = int(time.time() * 1000)
    restore(roled, file, "--replay", str(old), status=0)
    roled.start()
    after = roled.roster(project, key)
    assert after.json["revision"] > now > before.json["revision"]
    assert after.headers["etag"].split("-")[0] != before.headers["etag"].split("-")[0]
    assert after.json["data"] != before.json["data"]
    roled.add_user("bob")
    assert roled.run("check").returncode == 0 and roled.run("audit verify").returncode == 0


def test_revisions_stay_above_those_of_a_clock_that_was_ahead(roled, project):
    key = roled.node_key(project)
    file = backup(roled)
    ahead = int(time.time() * 1000) + 10**9
    with sqlite3.connect(roled.db) as db:
        db.execute("UPDATE projects SET revision = ?", (ahead,))
    old = lose(roled)
    restore(roled, file, "--replay", str(old), status=0)
    roled.start()
    assert roled.roster(project, key).json["revision"] > ahead


def test_without_the_old_trail_all_that_opens_something_is_listed(roled, project):
    alice = roled.add_user("alice")
    roled.add_collaborator(project, alice)
    key = roled.node_key(project)
    file = backup(roled)
    roled.command("user remove", "--organization", "Acme", "--user", "alice")
    lose(roled)
    told = restore(roled, file, status=3)
    listed = {(one["what"], one["where"], one["who"]) for one in told["look_at"]}
    assert {("owner", "Acme", "ann@example.com"), ("member", "Acme", "alice@example.com"),
            ("project member", "cluster", "alice@example.com"), ("user key", "-", "alice@example.com"),
            ("node key", "cluster", "nodes")} <= listed
    assert key[4:16] in json.dumps(told)
    roled.start()
    assert roled.get("/v1/whoami", token=alice).status == 200  # that is what is to be looked at


def test_the_list_is_for_people_too(roled):
    file = backup(roled)
    lose(roled)
    done = roled.run("restore", str(file))
    assert done.returncode == 3 and "is back" in done.stdout and "--replay" in done.stdout
    assert any(line.split() == ["owner", roled.owner.id, "Acme", "ann@example.com"]
               for line in done.stdout.splitlines())


def test_what_was_taken_since_is_taken_again(roled, project):
    people = {name: roled.add_user(name, uid=20001 + number, role="admin" if name == "demoted" else "member")
              for number, name in enumerate(["removed", "suspended", "demoted", "kicked", "lowered", "gone", "keyless",
                                             "ending"])}
    for name, user in people.items():
        roled.add_collaborator(project, user, "admin" if name == "lowered" else "member")
    doomed = roled.create_project("doomed")
    kept_key, node_key = roled.node_key(project, "kept"), roled.node_key(project, "revoked")
    ssh_key = roled.post("/v1/users/me/ssh_keys", {"public_key": ED25519}, token=people["keyless"]).json["id"]
    members = f"/v1/organizations/{roled.organization}/members"
    open_invitation, used = [
        roled.post(f"/v1/organizations/{roled.organization}/invitations", {"email": f"{name}@example.com",
                                                                           "role": "member"}).json
        for name in ("withdrawn", "used")]
    file = backup(roled)

    assert roled.delete(f"{members}/{people['removed'].id}").status == 200
    for field, name in (({"suspended": True}, "suspended"), ({"role": "member"}, "demoted"),
                        ({"until": int(time.time()) + 86400}, "ending")):
        assert roled.patch(f"{members}/{people[name].id}", field).status == 200
    roled.remove_collaborator(project, people["kicked"])
    roled.change_collaborator(project, people["lowered"], role="member")
    assert roled.delete("/v1/users/me", token=people["gone"]).status == 200
    assert roled.delete(f"/v1/projects/{doomed}").status == 204
    keys = {one["name"]: one["id"] for one in roled.get(f"/v1/projects/{project}/node_keys").json["data"]}
    assert roled.delete(f"/v1/projects/{project}/node_keys/{keys['revoked']}").status == 204
    token = roled.get("/v1/users/me/tokens", token=people["keyless"]).json["data"][0]["id"]
    assert roled.delete(f"/v1/users/me/ssh_keys/{ssh_key}", token=people["keyless"]).status == 204
    roled.command("token revoke", "--key", token)
    assert roled.delete(f"/v1/organizations/{roled.organization}/invitations/{open_invitation['id']}").status == 204
    guest = roled.post("/v1/invitations/accept", {"token": used["token"], "login": "guest"}, token=None)
    assert guest.status == 201
    assert roled.delete(f"{members}/{guest.json['user']['id']}").status == 200

    old = lose(roled)
    told = restore(roled, file, "--replay", str(old), status=0)
    assert told["look_at"] == [] and told["replayed"] >= 12
    roled.start()
    assert logins(roled, project) == {"ann": "admin", "demoted": "member", "lowered": "member", "keyless": "member",
                                      "ending": "member"}
    for name in ("removed", "gone", "keyless"):
        assert roled.get("/v1/whoami", token=people[name]).status == 401, name
    assert roled.get(f"{members}/{people['suspended'].id}").json["suspended"] is True
    assert roled.get(f"{members}/{people['ending'].id}").json["until"] is not None
    assert roled.get(f"/v1/projects/{doomed}").status == 404
    assert roled.roster(project, node_key).status == 401 and roled.roster(project, kept_key).status == 200
    for invitation in (open_invitation, used):
        again = roled.post("/v1/invitations/accept", {"token": invitation["token"], "login": "again"}, token=None)
        assert again.status >= 400, again
    assert rows(roled, "SELECT COUNT(*) FROM ssh_keys") == [(0,)]
    assert rows(roled, "SELECT id FROM invitations WHERE used_at IS NULL AND revoked_at IS NULL") == []
    assert roled.run("check").stdout.endswith("hold\n") and roled.run("audit verify").returncode == 0
    told_again = rows(roled, f"SELECT action, value_before, value_after FROM trail WHERE action = 'restore'"
                             f" AND target = '{roled.organization}/{people['removed'].id}'")
    assert told_again == [("restore", '{"replayed":true}', None)]


def test_the_old_database_may_be_of_a_server_that_was_killed(roled, project):
    alice = roled.add_user("alice")
    roled.add_collaborator(project, alice)
    file = backup(roled)
    roled.remove_collaborator(project, alice)
    roled.kill()
    assert (roled.directory / "roles.db-wal").exists()
    old = lose(roled)
    restore(roled, file, "--replay", str(old), status=0)
    roled.start()
    assert logins(roled, project) == {"ann": "admin"}


def test_what_was_taken_and_given_again_since_stays_taken(roled, project):
    alice = roled.add_user("alice")
    roled.add_collaborator(project, alice, "admin")
    file = backup(roled)
    roled.remove_collaborator(project, alice)
    roled.add_collaborator(project, alice)
    old = lose(roled)
    restore(roled, file, "--replay", str(old), status=0)
    roled.start()
    assert logins(roled, project) == {"ann": "admin"}


def test_an_end_that_the_memberships_end_hid_is_taken_again(roled, project):
    """The membership was prolonged since, too: who does that once more does not prolong the other."""
    alice, end = roled.add_user("alice"), int(time.time()) + 86400
    roled.add_collaborator(project, alice)
    roled.change_member(alice, until=end)
    file = backup(roled)
    roled.change_collaborator(project, alice, until=end + 100)
    old = lose(roled)
    assert restore(roled, file, "--replay", str(old), status=0)["replayed"] == 1
    roled.start()
    roled.change_member(alice, until=None)
    assert roled.get(f"{roled.collaborators(project)}/{alice.id}").json["until"] == end + 100


def test_who_was_the_owner_does_not_become_it_again(roled):
    alice = roled.add_user("alice")
    file = backup(roled)
    roled.command("owner", "--set", "--organization", "Acme", "--user", "alice")
    roled.command("user remove", "--organization", "Acme", "--user", "ann")
    old = lose(roled)
    restore(roled, file, "--replay", str(old), status=0)
    assert roled.command("owner", "--organization", "Acme")["owner_id"] == alice.id
    roled.start()
    assert roled.get("/v1/whoami").status == 401


def test_what_cannot_be_taken_again_is_listed(roled):
    """The Owner of today came after the backup: nobody in it can be the Owner in their place."""
    file = backup(roled)
    alice = roled.add_user("alice")
    roled.command("owner", "--set", "--organization", "Acme", "--user", "alice")
    old = lose(roled)
    told = restore(roled, file, "--replay", str(old), status=3)
    assert [one["what"] for one in told["look_at"]] == ["not replayed"] and alice.id not in told["epoch"]
    assert roled.organization in told["look_at"][0]["id"]
    assert roled.command("owner", "--organization", "Acme")["owner_id"] == roled.owner.id


def test_logins_and_uids_given_since_go_to_nobody_else(roled):
    file = backup(roled)
    alice = roled.add_user("alice", uid=20001)
    old = lose(roled)
    restore(roled, file, "--replay", str(old), status=0)
    for login, uid, complaint in (("alice", None, "somebody else's login"), ("bob", 20001, "somebody else's")):
        with pytest.raises(RuntimeError, match=complaint):
            roled.add_user(login, uid, email="bob@example.com")
    # They themselves come back as who they were.
    again = roled.add_user("alice", uid=20001)
    assert again.id == alice.id


def test_a_backup_of_another_database_is_not_replayed(roled, tmp_path):
    (tmp_path / "other").mkdir()
    other = Roled(tmp_path / "other")
    file = backup(roled)
    lose(roled)
    done = roled.run("restore", str(file), "--replay", str(other.db))
    assert done.returncode == 1 and "another one" in done.stderr
    assert not roled.db.exists() and not list(roled.directory.glob("*.restoring*"))


def test_a_trail_that_was_pruned_since_is_not_replayed(roled):
    file = backup(roled)
    roled.add_user("alice")
    with sqlite3.connect(roled.db) as db:
        last = db.execute("SELECT MAX(seq) FROM trail").fetchone()[0]
        db.execute("DELETE FROM trail WHERE seq < ?", (last,))
    old = lose(roled)
    done = roled.run("restore", str(file), "--replay", str(old))
    assert done.returncode == 1 and "pruned" in done.stderr and not roled.db.exists()


def test_personal_tokens_are_revoked_if_that_is_asked(roled, project):
    alice, node_key = roled.add_user("alice"), roled.node_key(project)
    file = backup(roled)
    old = lose(roled)
    restore(roled, file, "--replay", str(old), "--revoke-personal-tokens", status=0)
    roled.start()
    assert [roled.get("/v1/whoami", token=token).status for token in (alice, roled.owner)] == [401, 401]
    assert roled.roster(project, node_key).status == 200
    assert roled.get("/v1/whoami", token=roled.command("token add", "--user", "ann")["token"]).status == 200


@pytest.mark.parametrize("left", ["roles.db", "roles.db-wal", "roles.db-shm", "roles.db-journal"])
def test_a_restore_puts_itself_over_nothing(roled, left):
    file = backup(roled)
    lose(roled)
    (roled.directory / left).write_bytes(b"somebody's")
    done = roled.run("restore", str(file))
    assert done.returncode == 1 and f"{left} exists already" in done.stderr
    assert (roled.directory / left).read_bytes() == b"somebody's"


@pytest.mark.parametrize("content", [None, b"", b"this is no database" * 1000])
def test_what_is_no_backup_is_refused_and_leaves_nothing(roled, content):
    lose(roled)
    file = roled.directory / "bad.db"
    if content is not None:
        file.write_bytes(content)
    done = roled.run("restore", str(file))
    assert done.returncode == 1 and done.stderr and not roled.db.exists(), done.stdout
    assert not list(roled.directory.glob("*.restoring*"))


def test_a_backup_is_left_as_it_was(roled):
    file = backup(roled)
    before = file.read_bytes()
    lose(roled)
    os.chmod(file, 0o400)
    restore(roled, file, status=3)
    assert file.read_bytes() == before and stat.S_IMODE(roled.db.stat().st_mode) == 0o600


def test_a_database_that_a_snapshot_brought_back_is_made_fit(roled, project):
    key = roled.node_key(project)
    before = roled.roster(project, key)
    roled.stop()
    assert roled.run("restore").returncode == 3
    roled.start()
    after = roled.roster(project, key)
    assert after.headers["etag"].split("-")[0] != before.headers["etag"].split("-")[0]
    assert after.json["revision"] > time.time() * 1000 - 60_000


def test_a_restore_is_recorded(roled):
    file = backup(roled)
    end = rows(roled, "SELECT MAX(seq) FROM trail")[0][0] - 1  # without the record of the backup itself
    old = lose(roled)
    told = restore(roled, file, "--replay", str(old), status=0)
    assert told["newest_record"] == end
    action, target, before, after = rows(
        roled, "SELECT action, target, value_before, value_after FROM trail ORDER BY seq DESC LIMIT 1")[0]
    assert (action, target) == ("restore", "database")
    assert json.loads(before)["epoch"] != json.loads(after)["epoch"] == told["epoch"]
