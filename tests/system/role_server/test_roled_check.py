# SPDX-License-Identifier: Apache-2.0
"""check: what it says of a database that somebody has damaged; audit export, verify and prune."""

import datetime
import hashlib
import json
import subprocess

import pytest

from support.roled import ON_POSTGRESQL, Roled, binary


def check(roled):
    done = roled.run("check", "--json")
    assert done.stdout, done.stderr
    found = {(one["what"], one["id"]) for one in json.loads(done.stdout)["data"]}
    assert done.returncode == (2 if found else 0)
    return found


@pytest.fixture
def lived(roled, project):
    """A database in which everything has happened once, its server still running."""
    alice, bob = roled.add_user("alice", uid=20001), roled.add_user("bob", role="admin")
    roled.add_collaborator(project, alice, "admin")
    roled.add_collaborator(project, bob)
    roled.command("user suspend", "--organization", "Acme", "--user", "bob")
    roled.command("user remove", "--organization", "Acme", "--user", "alice")
    roled.command("organization add", "--organization", "Beta", "--owner", "ann@example.com")
    return roled


def test_what_the_program_does_keeps_all_that_it_looks_at(lived):
    assert check(lived) == set()
    assert lived.run("check").stdout == "database, schema and invariants hold\n"


# What only a hand in the database can do: {owner}, {org}, {default} and {project} are ids.
DAMAGES = [
    ("UPDATE members SET role = 'member' WHERE user_id = '{owner}' AND organization_id = '{org}'", "owner", "{org}"),
    ("UPDATE members SET suspended_at = 1 WHERE user_id = '{owner}' AND organization_id = '{org}'", "owner", "{org}"),
    ("UPDATE members SET until = 4000000000 WHERE user_id = '{owner}' AND organization_id = '{org}'", "owner", "{org}"),
    ("DELETE FROM members WHERE user_id = '{owner}' AND organization_id = '{org}'", "owner", "{org}"),
    ("DELETE FROM collaborators WHERE project_id = '{project}'", "project admin", "{project}"),
    ("UPDATE projects SET revision = 0 WHERE id = '{project}'", "revision", "{project}"),
    ("DELETE FROM collaborators WHERE project_id = '{default}' AND user_id = '{owner}'", "default project", "{owner}"),
    ("UPDATE projects SET deleted_at = 1 WHERE id = '{default}'", "default project", "{org}"),
    ("DELETE FROM posix_ids WHERE holder_id = '{project}' AND kind = 'group'", "ids", "{project}"),
    ("DELETE FROM logins WHERE user_id = '{owner}'", "login", "{owner}"),
    ("UPDATE users SET login = '../x' WHERE id = '{owner}'", "login", "{owner}"),
    ("UPDATE api_keys SET revoked_at = NULL WHERE id = '{dead_key}'", "token", "{dead_key}"),
]


@pytest.mark.parametrize("statement, what, where", DAMAGES)
def test_what_a_hand_has_broken_is_found(lived, project, statement, what, where):
    dead_key = lived.rows("SELECT id FROM api_keys WHERE revoked_at IS NOT NULL")[0]["id"]
    names = {"owner": lived.owner.id, "org": lived.organization, "default": lived.default_project, "project": project,
             "dead_key": dead_key}
    lived.execute(statement.format(**names))
    assert (what, where.format(**names)) in check(lived)


@pytest.mark.skipif(ON_POSTGRESQL, reason="PostgreSQL looks after that")
def test_a_row_that_refers_to_nothing_is_found(lived):
    lived.execute(
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO collaborators (project_id, user_id, role, created_at) VALUES ('proj_x', 'user_x', 'member', 1)")
    assert {what for what, _ in check(lived)} == {"database"}


@pytest.mark.parametrize("statement", ["ALTER TABLE members DROP COLUMN granted_by", "DROP TABLE ssh_keys"])
def test_tables_of_another_shape_are_found(lived, statement):
    lived.execute(statement)
    assert {what for what, _ in check(lived)} == {"schema"}


def test_a_table_of_somebody_elses_is_nobodys_business(lived):
    lived.execute("CREATE TABLE notes (text TEXT)")
    assert check(lived) == set()


@pytest.mark.skipif(ON_POSTGRESQL, reason="a file of SQLite")
def test_a_damaged_page_is_found(lived):
    lived.stop()
    content = bytearray(lived.db.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page:page + 64] = b"\xff" * 64
    lived.db.write_bytes(content)
    assert lived.run("check").returncode in (1, 2)


@pytest.mark.skipif(ON_POSTGRESQL, reason="a file of SQLite")
def test_check_changes_nothing(tmp_path):
    roled = Roled(tmp_path)
    before = roled.db.read_bytes()
    assert check(roled) == set()
    assert roled.db.read_bytes() == before


# --- the trail -------------------------------------------------------------------------------


def exported(roled, *options):
    done = roled.run("audit export", *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_trail_is_exported_whole_in_its_order(lived):
    records = exported(lived)
    assert [one["seq"] for one in records] == list(range(1, len(records) + 1))
    assert {"init", "user add", "user suspend", "user remove", "organization add",
            "projects.create"} <= {one["action"] for one in records}
    assert exported(lived, "--after", str(len(records) - 2)) == records[-2:]
    beta = exported(lived, "--organization", "Beta")
    assert beta == [one for one in records if one["organization_id"] == beta[0]["organization_id"]] and len(beta) == 2


def test_an_export_of_more_than_is_read_at_once_has_every_record_once(lived):
    lived.execute("INSERT INTO trail (seq, time_ms, request_id, origin, actor, action, target, outcome, count, hash)"
                  " WITH RECURSIVE n (i) AS (SELECT (SELECT MAX(seq) + 1 FROM trail) UNION ALL SELECT i + 1 FROM n"
                  " WHERE i < 2500) SELECT i, 1, 'r', 'api', 'a', 'b', 't', 'allowed', 1, '' FROM n")
    assert [one["seq"] for one in exported(lived)] == list(range(1, 2501))


@pytest.mark.parametrize("command", [["audit", "export"], ["organization", "list"]])
def test_what_does_not_fit_where_it_is_written_to_is_an_error(lived, command):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([binary(), *command, "--db", str(lived.db)], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1 and "cannot write" in done.stderr


@pytest.mark.parametrize("statement, complaint", [
    ("UPDATE trail SET actor = 'somebody else' WHERE seq = 3", "record 3 is not as it was written"),
    ("DELETE FROM trail WHERE seq = 3", "record 3 is missing"),
    ("DELETE FROM trail WHERE seq = (SELECT MAX(seq) FROM trail)", "the newest records"),
    ("DELETE FROM trail WHERE seq = 1", "record 1 is missing"),
])
def test_a_changed_trail_is_found(lived, statement, complaint):
    records = exported(lived)
    assert lived.command("audit verify")["records"] == str(len(records))
    lived.execute(statement)
    done = lived.run("audit verify")
    assert done.returncode == 1 and complaint in done.stderr
    # What does not hold could not be told apart afterwards.
    assert lived.run("audit prune", "--before", "2020-01-01").returncode == 1


def make_older(roled, newest, time_ms):
    """Records up to `newest` are as of then; the chain of hashes holds again."""
    chained = ("seq", "time_ms", "count", "request_id", "origin", "actor", "action", "target", "outcome",
               "organization_id", "address", "key_id", "reason", "value_before", "value_after")
    changes = [f"UPDATE trail SET time_ms = {time_ms} WHERE seq <= {newest}"]
    roled.execute(*changes)
    hash_before = ""
    for row in roled.rows(f"SELECT {', '.join(chained)} FROM trail ORDER BY seq"):
        fields = ["-" if value is None else f"{len(str(value).encode())}:{value}" for value in row.values()]
        hash_before = hashlib.sha256((hash_before + "".join(field + "," for field in fields)).encode()).hexdigest()
        changes.append(f"UPDATE trail SET hash = '{hash_before}' WHERE seq = {row['seq']}")
    roled.execute(*changes, f"UPDATE trail_end SET hash = '{hash_before}'")


def test_old_records_are_forgotten_and_that_is_recorded(lived):
    make_older(lived, 4, int(datetime.datetime(2020, 5, 1, tzinfo=datetime.timezone.utc).timestamp() * 1000) - 1)
    records = exported(lived)
    assert lived.command("audit prune", "--before", "2020-04-30")["pruned"] == "0"
    assert lived.command("audit prune", "--before", "2020-05-01")["pruned"] == "4"
    kept = exported(lived)
    assert kept[:-2] == records[4:]
    assert (kept[-1]["action"], kept[-1]["target"], kept[-1]["origin"]) == ("audit prune", "trail", "cli")
    assert json.loads(kept[-1]["after"]) == {"before": "2020-05-01", "pruned": 4}
    assert lived.command("audit verify")["records"] == str(len(kept))
    # Less than was forgotten is seen.
    lived.execute("DELETE FROM trail WHERE seq = 5")
    assert "record 5 is missing" in lived.run("audit verify").stderr


@pytest.mark.parametrize("date", ["2026-02-30", "yesterday", "2026-01-01T00:00", "2999-01-01", "26-1-1", ""])
def test_what_is_no_date_of_the_past_is_refused(lived, date):
    before = exported(lived)
    done = lived.run("audit prune", "--before", date)
    assert done.returncode == 1 and "--before" in done.stderr
    assert exported(lived) == before
