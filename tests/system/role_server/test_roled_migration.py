# SPDX-License-Identifier: Apache-2.0
"""A database of an older together-roled becomes today's; one of a newer is left alone."""

import json
import pathlib
import shutil
import sqlite3
import time

import pytest

from support.roled import ON_POSTGRESQL, Roled, User

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="the first schema was never in PostgreSQL")

VERSION_1 = pathlib.Path(__file__).with_name("database_version_1.sql")
ORGANIZATION = "org_AcmeAcmeAcmeAcmeAcme"
DEFAULT_PROJECT, CLUSTER = "proj_DefaultDefaultDefaul", "proj_ClusterClusterCluste"
ANN = User("user_AnnAnnAnnAnnAnnAnnAn", "tgu_6qq0ohqc8QzN8pGZJNPBY0lDkgliOzOOhCsMQwu3FB0SC4ZM", "ann")
ALICE = User("user_AliceAliceAliceAlice", "tgu_qdA2L2p1wz7S7QPfSSOoyt7kPYaaDvo63pTgnp4Qrm2aq38z", "alice")
CAROL = User("user_CarolCarolCarolCarol", "tgu_9j8hUUao5k4WukYGcTUPBxtJjanv0sIEBK5hTmKYsc1mwx9d", "carol")
NODE_KEY = "tgn_PSrtD9xk6rNKc24mXgtm15OHcmbpMgvXhtU31L68sD1BUbBj"


def database_of_version_1(directory, *changes):
    roled = Roled(directory, init=False)
    roled.organization, roled.default_project, roled.owner = ORGANIZATION, DEFAULT_PROJECT, ANN
    with sqlite3.connect(roled.db) as db:
        db.executescript(VERSION_1.read_text(encoding="utf-8"))
        for change in changes:
            db.execute(change)
    return roled


@pytest.fixture
def old(tmp_path):
    return database_of_version_1(tmp_path)


def rows(roled, query):
    with sqlite3.connect(roled.db) as db:
        return db.execute(query).fetchall()


KEPT = ["SELECT id, email, email_key, name, login, created_at, deleted_at FROM users ORDER BY id",
        "SELECT login_key, user_id FROM logins ORDER BY 1",
        "SELECT id, name, owner_id, default_project_id, external_collaborators, allocate_uids FROM organizations",
        "SELECT organization_id, user_id, role, created_at FROM members ORDER BY 1, 2",
        "SELECT id, kind, secret_hash, user_id, project_id, name, created_by, expires_at, revoked_at"
        " FROM api_keys ORDER BY id",
        "SELECT project_id, user_id, role, created_at FROM collaborators WHERE user_id <> 'user_CarolCarolCarolCarol'"
        " ORDER BY 1, 2",
        "SELECT value FROM meta WHERE name = 'epoch'"]


def test_nothing_is_lost(old):
    before = [rows(old, query) for query in KEPT]
    old.command("audit verify")
    assert [rows(old, query) for query in KEPT] == before


def test_the_trail_goes_on_where_the_old_one_ended(old):
    columns = ("time_ms, request_id, organization_id, actor, key_id, action, target, outcome, reason, value_before,"
               " value_after")
    before = rows(old, f"SELECT {columns} FROM audit ORDER BY time_ms, id")
    assert old.command("audit verify") == {"records": str(len(before)), "newest_record": str(len(before))}
    assert rows(old, f"SELECT {columns} FROM trail ORDER BY seq") == before
    assert {row[0] for row in rows(old, "SELECT origin FROM trail WHERE actor = 'operator'")} == {"cli"}
    old.command("user suspend", "--organization", "Acme", "--user", "alice")
    assert old.command("audit verify")["records"] == str(len(before) + 1)


def test_it_has_the_tables_of_a_new_one_and_holds_what_a_new_one_holds(old, tmp_path):
    old.command("audit verify")
    (tmp_path / "new").mkdir()
    new = Roled(tmp_path / "new")
    columns = ("SELECT m.type, m.name, c.name, c.\"notnull\", c.pk FROM sqlite_master m"
               " JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') ORDER BY 2, 3")
    assert rows(old, columns) == rows(new, columns)
    indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1"
    assert rows(old, indexes) == rows(new, indexes)
    done = old.run("check")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_people_and_nodes_go_on_with_their_keys(old):
    with old:
        roster = old.roster(CLUSTER, NODE_KEY)
        assert {(one["login"], one["uid"], one["role"]) for one in roster.json["data"]} == {
            ("ann", None, "admin"), ("alice", 20001, "admin"), ("bob", 20002, "admin")}
        assert roster.json["revision"] == 3 and '"uMPdihTT-3-' in roster.headers["etag"]
        assert old.get("/v1/users/me", token=ALICE).json["login"] == "alice"
        dave = old.add_user("dave", uid=20009)
        old.add_collaborator(CLUSTER, dave)
        assert old.roster(CLUSTER, NODE_KEY).json["revision"] == 4


def test_a_member_who_was_put_out_of_the_default_project_is_back_in_it(old):
    revision = rows(old, f"SELECT revision FROM projects WHERE id = '{DEFAULT_PROJECT}'")[0][0]
    with old:
        entries = old.get(old.collaborators(DEFAULT_PROJECT)).json
    assert "carol" in [one["login"] for one in entries["data"]] and entries["revision"] == revision + 1


def test_who_was_nowhere_has_no_token_any_more(tmp_path):
    old = database_of_version_1(tmp_path, f"DELETE FROM members WHERE user_id = '{CAROL.id}'")
    with old:
        assert old.get("/v1/whoami", token=CAROL).status == 401
        assert old.get("/v1/whoami", token=ALICE).status == 200
    assert old.run("check").returncode == 0


def test_each_project_has_two_gids_that_are_nobodys(old):
    old.command("audit verify")
    ids = rows(old, "SELECT number, kind, holder_id FROM posix_ids ORDER BY 1")
    assert ids[:2] == [(20001, "user", ALICE.id), (20002, "user", "user_BobBobBobBobBobBobBo")]
    assert sorted((holder, kind) for _, kind, holder in ids[2:]) == [
        (project, kind) for project in (CLUSTER, DEFAULT_PROJECT) for kind in ("admin_group", "group")]
    assert min(number for number, _, _ in ids[2:]) == 20003


@pytest.mark.parametrize("uids", [(59999, 60001), (59996, 10001), (59998, 60000)])
def test_gids_fit_where_somebody_has_a_high_uid(tmp_path, uids):
    old = database_of_version_1(tmp_path, *(f"UPDATE users SET uid = {uid} WHERE id = '{user.id}'"
                                            for uid, user in zip(uids, (ALICE, CAROL))))
    old.command("audit verify")
    given = rows(old, "SELECT number FROM posix_ids WHERE kind <> 'user'")
    assert len(given) == 4 and all(10000 <= number <= 59999 for number, in given)
    assert old.run("check").returncode == 0


def test_it_is_migrated_once(old):
    old.command("audit verify")
    before = old.db.read_bytes()
    old.command("audit verify")
    assert old.db.read_bytes() == before


def test_a_backup_of_the_first_schema_is_restored_with_todays_trail(old):
    file, lost = old.directory / "backup.db", old.directory / "lost.db"
    shutil.copy(old.db, file)
    old.command("user suspend", "--organization", "Acme", "--user", "alice")
    old.db.rename(lost)
    done = old.run("restore", str(file), "--replay", str(lost))
    assert done.returncode == 0, done.stderr + done.stdout
    assert rows(old, "SELECT user_id FROM members WHERE suspended_at IS NOT NULL") == [(ALICE.id,)]
    assert old.run("check").returncode == 0


def test_another_database_of_the_first_schema_is_not_taken_for_it(old, tmp_path):
    (tmp_path / "other").mkdir()
    other = database_of_version_1(tmp_path / "other", "UPDATE audit SET request_id = 'other_' || request_id")
    other.command("audit verify")
    file = old.directory / "backup.db"
    old.db.rename(file)
    done = old.run("restore", str(file), "--replay", str(other.db))
    assert done.returncode == 1 and "another one" in done.stderr


def test_check_leaves_an_old_schema_as_it_is(old):
    done = old.run("check", "--json")
    found = json.loads(done.stdout)["data"]
    assert done.returncode == 2 and [one["what"] for one in found] == ["schema"]
    assert rows(old, "SELECT value FROM meta WHERE name = 'schema_version'") == [("1",)]


def set_meta(roled, **values):
    with sqlite3.connect(roled.db) as db:
        for name, value in values.items():
            db.execute("UPDATE meta SET value = ? WHERE name = ?", (value, name))


@pytest.mark.parametrize("command", [["user list"], ["check"], ["audit verify"],
                                     ["user add", "--organization", "Acme", "--email", "x@example.com"]])
def test_a_database_that_is_too_new_is_left_alone(tmp_path, command):
    roled = Roled(tmp_path)
    set_meta(roled, schema_version="99", works_for="98")
    done = roled.run(*command)
    assert done.returncode == 1 and "newer together-roled" in done.stderr and done.stdout == ""
    with pytest.raises(RuntimeError, match="install the newer one again"):
        roled.start()
    assert rows(roled, "SELECT COUNT(*) FROM users") == [(1,)]


def test_one_that_says_it_works_for_this_version_is_used(tmp_path):
    """Replicas are replaced one after the other: the last old one goes on meanwhile."""
    roled = Roled(tmp_path)
    set_meta(roled, schema_version="99", works_for="2")
    with roled:
        alice = roled.add_user("alice")
        assert roled.get("/v1/whoami", token=alice).status == 200
    assert rows(roled, "SELECT value FROM meta WHERE name = 'schema_version'") == [("99",)]
    assert roled.run("check").returncode == 0


def test_who_had_access_before_is_not_made_up(old):
    [(newest,)] = rows(old, "SELECT MAX(time_ms) / 1000 FROM audit")
    with old:
        path = f"/v1/projects/{CLUSTER}/access_review?since="
        refused = old.get(f"{path}{newest}", token=ANN)
        assert (refused.status, refused.code) == (400, "invalid_since") 
        assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest + 1)) in refused.text
        known = old.get(f"{path}{newest + 1}", token=ANN).json["data"]
    assert ALICE.id in [row["user_id"] for row in known]
    assert old.run("check").returncode == 0
