# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL database is saved and put back by its own tools, and then made fit to be used."""

import json
import subprocess

import pytest

from support import postgresql
from support.roled import ON_POSTGRESQL, Roled

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="TOGETHER_ROLED_STORE=postgresql")


def tool(name, *arguments):
    subprocess.run([postgresql.programs() / name, *arguments], check=True, capture_output=True, timeout=60)


@pytest.fixture
def saved(tmp_path):
    """A server with a project that alice is in, saved, and then without her."""
    with Roled(tmp_path) as roled:
        roled.project = roled.create_project("cluster")
        roled.alice = roled.add_user("alice", uid=20001)
        roled.add_collaborator(roled.project, roled.alice)
        roled.key = roled.node_key(roled.project)
        tool("pg_dump", "-Fc", "-f", tmp_path / "dump", roled.db)
        roled.command("user remove", "--organization", "Acme", "--user", "alice")
        roled.add_user("bob", uid=20002)
        yield roled


def put_back(roled):
    """Into another database; returns the connection string of the old one."""
    roled.stop()
    old, roled.db = roled.db, postgresql.shared().new_database()
    tool("pg_restore", "-d", roled.db, roled.directory / "dump")
    return old


def test_with_the_old_trail_nobody_comes_back(saved):
    before = saved.roster(saved.project, saved.key)
    old = put_back(saved)
    done = saved.run("restore", "--json", "--replay", old)
    assert done.returncode == 0, done.stderr + done.stdout
    saved.start()
    after = saved.roster(saved.project, saved.key)
    assert [one["login"] for one in after.json["data"]] == ["ann"]
    assert after.json["revision"] > before.json["revision"] + 10**9
    assert after.headers["etag"].split("-")[0] != before.headers["etag"].split("-")[0]
    assert saved.get("/v1/whoami", token=saved.alice).status == 401
    for login, uid in (("bob", None), ("dave", 20002)):
        with pytest.raises(RuntimeError, match="somebody else's"):
            saved.add_user(login, uid, email="dave@example.com")
    assert saved.run("check").returncode == 0 and saved.run("audit verify").returncode == 0


def test_without_it_she_is_listed(saved):
    put_back(saved)
    done = saved.run("restore", "--json")
    assert done.returncode == 3
    assert ("project member", "cluster", "alice@example.com") in [
        (one["what"], one["where"], one["who"]) for one in json.loads(done.stdout)["look_at"]]
