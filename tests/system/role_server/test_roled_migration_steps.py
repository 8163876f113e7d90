# SPDX-License-Identifier: Apache-2.0
"""A database of each schema since the second becomes today's, in SQLite and in PostgreSQL, and nothing of it is lost.

database_version_N.sql was made by make_old_database, with the program as it was. Of the schemas between 2 and 6 the
program was not built again: each of those steps only adds, and is taken away again from what the one of 6 made.
database_version_1.sql has a test of its own, which is older than PostgreSQL here."""

import pathlib
import re
import sqlite3

import pytest

from support import postgresql
from support.roled import ON_POSTGRESQL, Roled, User

HERE = pathlib.Path(__file__).parent
FIRST, STEPS = 2, HERE.parents[2] / "role_server" / "store" / "schema_steps.cpp"
TODAY = max(int(version) for version in re.findall(r"^    \{(\d+), \d+, version_", STEPS.read_text(encoding="utf-8"), re.M))
STEP = {6: ("DROP TABLE last_seen",),
        5: ("DROP TABLE access_periods", "DELETE FROM meta WHERE name = 'access_known_since'",
            "UPDATE meta SET value = '2' WHERE name = 'works_for'"),
        4: ("DROP TABLE nodes",)}
MADE_BY = {3: 6, 4: 6, 5: 6}


def file_of(version):
    return HERE / f"database_version_{MADE_BY.get(version, version)}.sql"


TABLES = ("users logins organizations members projects collaborators api_keys posix_ids reserved_logins ssh_keys"
          " invitations answered trail trail_end kept_ends nodes access_periods last_seen").split()


class Old(Roled):
    def __init__(self, directory, version):
        sql = file_of(version).read_text(encoding="utf-8")
        super().__init__(directory, init=False)
        if ON_POSTGRESQL:  # where ids are ordered by their bytes, whatever the language
            sql = sql.replace("VARCHAR(64)", 'VARCHAR(254) COLLATE "C"')
            postgresql.shared().execute(self.db, sql)
        else:
            with sqlite3.connect(self.db) as db:
                db.executescript("BEGIN;" + sql + "COMMIT;")
        taken_away = [statement for step in range(MADE_BY.get(version, version), version, -1) for statement in STEP[step]]
        if taken_away:
            self.execute(*taken_away, f"UPDATE meta SET value = '{version}' WHERE name = 'schema_version'")
        tokens = dict(re.findall(r"^-- (\w+): (\w+)$", sql, re.M))
        self.people = {row["login"]: User(row["id"], tokens[row["login"]], row["login"])
                       for row in self.rows("SELECT id, login FROM users") if row["login"] in tokens}
        self.owner, self.tokens = self.people["ann"], tokens
        acme, = self.rows("SELECT id, default_project_id FROM organizations WHERE name = 'Acme'")
        self.organization, self.default_project = acme["id"], acme["default_project_id"]
        cluster, = self.rows("SELECT id FROM projects WHERE name = 'cluster'")
        self.cluster = cluster["id"]

    def version(self):
        return int(self.rows("SELECT value FROM meta WHERE name = 'schema_version'")[0]["value"])

    def content(self):
        """All rows of all tables that it has, sorted."""
        found = {}
        for table in TABLES:
            try:
                found[table] = self.rows(f"SELECT * FROM {table}")
            except (sqlite3.OperationalError, RuntimeError):
                continue  # not yet
        return found


@pytest.fixture(params=range(FIRST, TODAY), ids=lambda version: f"version_{version}")
def old(request, tmp_path):
    old = Old(tmp_path, request.param)
    assert old.version() == request.param
    return old


def kept_of(row, rows):
    """Whether one of `rows` has all that this one has."""
    return any(row.items() <= other.items() for other in rows)


def test_there_is_a_database_of_each_step():
    """make_old_database makes the one that is missing, with the program that has not the new step yet."""
    assert [version for version in range(FIRST, TODAY) if not file_of(version).exists()] == []


def test_nothing_is_lost_and_the_trail_is_whole(old):
    before = old.content()
    records = len(before["trail"])
    assert old.command("audit verify") == {"records": str(records), "newest_record": str(records)}
    assert old.version() == TODAY
    after = old.content()
    assert set(after) == set(TABLES) and {table for table in before if not before[table]} <= {"reserved_logins", "kept_ends"}
    for table, rows in before.items():
        assert len(rows) == len(after[table]), table
        assert [row for row in rows if not kept_of(row, after[table])] == [], table
    done = old.run("check")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_it_has_the_tables_of_a_new_one(old, tmp_path):
    old.command("audit verify")
    (tmp_path / "new").mkdir()
    new = Roled(tmp_path / "new")
    if ON_POSTGRESQL:
        queries = ["SELECT table_name, column_name, is_nullable FROM information_schema.columns"
                   " WHERE table_schema = current_schema() ORDER BY 1, 2",
                   "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1"]
    else:
        queries = ["SELECT m.type, m.name, c.name AS of, c.\"notnull\", c.pk FROM sqlite_master m"
                   " JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') ORDER BY 2, 3",
                   "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1"]
    for query in queries:
        assert old.rows(query) == new.rows(query)


def test_people_keys_and_nodes_go_on(old):
    people = old.people
    with old:
        roster = {one["login"]: one for one in old.roster(old.cluster, old.tokens["node"]).json["data"]}
        assert {login: one["role"] for login, one in roster.items()} == {
            "ann": "admin", "alice": "admin", "erin": "member", "guest": "member"}
        assert roster["alice"]["uid"] == 20001 and roster["guest"]["external"]
        for login in ("ann", "alice", "bob", "erin", "guest"):
            assert old.get("/v1/users/me", token=people[login]).json["login"] == login
        for login in ("carol", "frank"):  # removed, and an account that was deleted
            assert old.get("/v1/whoami", token=old.tokens[login]).status == 401
        assert old.get(old.member(people["dave"])).json["suspended"] is True
        question = {"project_id": old.cluster, "login": "alice", "action": "clusters.scale"}
        assert old.post("/v1/authorize", question, token=old.tokens["gateway"]).json["allowed"] is True
        assert [one["name"] for one in old.get("/v1/users/me/ssh_keys", token=people["alice"]).json["data"]] == ["laptop"]
        before = len(old.trail(outcome="allowed"))
        old.change_collaborator(old.cluster, people["erin"], role="admin")
        assert len(old.trail(outcome="allowed")) == before + 1
    old.command("audit verify")
