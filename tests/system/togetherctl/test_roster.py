# SPDX-License-Identifier: Apache-2.0
"""roster: who is on it."""

import os

import pytest

from support.ctl_node import (PLAIN_USER, SNAPSHOT, ctl, ctl_json, entry, flip_a_byte, refresh,
                      wait_until_old, write_config, write_roster)


def test_the_list(roster: None) -> None:
    run = ctl("roster")
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[:4] == [
        "LOGIN  UID    ROLE       USER ID     NOTES",
        "alice  10001  admin      user_alice",
        "bob    10002  member     user_bob",
        "carol  10003  developer  user_carol  external",
    ]
    assert lines[4] == ""
    assert lines[5].startswith("Collaborators: 3 (1 admin, 0 left out, 0 without a uid), ")
    assert lines[5].endswith(" old, revision 7") and len(lines) == 6


def test_the_json(roster: None) -> None:
    document = ctl_json("roster")
    assert document["project"] == "proj_123" and document["roster"]["entries"] == 3
    assert document["collaborators"][2] == {
        "login": "carol", "uid": 10003, "role": "developer", "user_id": "user_carol",
        "external": True, "notes": ["external"]}
    assert [entry["login"] for entry in document["collaborators"]] == ["alice", "bob", "carol"]


def test_notes() -> None:
    write_roster(entry("alice", "admin", 10001), entry("bob"), entry("ghost"),
                 entry("dup", uid=10020), entry("dup", uid=10021), entry("one", uid=10030),
                 entry("two", uid=10030), entry("sysacct", uid=500), entry("erin", "owner", 10005))
    refresh()
    notes = {e["login"]: e["notes"] for e in ctl_json("roster")["collaborators"]}
    assert notes == {
        "alice": [], "bob": ["uid_from_this_node"], "ghost": ["without_uid"],
        "dup": ["login_shared"], "one": ["uid_shared"], "two": ["uid_shared"],
        "sysacct": ["uid_below_minimum"], "erin": ["unknown_role"]}
    text = ctl("roster").stdout
    assert "login shared" in text and "uid from this node" in text
    ghost = next(line for line in text.splitlines() if line.startswith("ghost"))
    assert ghost.split()[1] == "-"


def test_a_role_cannot_write_to_the_terminal() -> None:
    write_roster(entry("alice", "admin", 10001), entry("bob", "me\u0085mber", 10002))
    run = ctl("refresh")
    assert run.returncode == 75 and "role" in run.stderr and "\u0085" not in run.stderr


@pytest.mark.parametrize("offset", [100, 2050, -10, -500])
def test_a_damaged_snapshot_is_refused(offset: int, roster: None) -> None:
    flip_a_byte(SNAPSHOT, offset)
    run = ctl("roster")
    assert (run.returncode, run.stdout) == (2, "") and "is damaged" in run.stderr
    assert "is damaged" in ctl_json("roster")["error"]["message"]


def test_one_of_another_owner_or_missing(roster: None) -> None:
    os.chown(SNAPSHOT, PLAIN_USER, PLAIN_USER)
    assert ctl("roster").returncode == 2
    SNAPSHOT.unlink()
    run = ctl("roster")
    assert run.returncode == 2 and "No such file" in run.stderr


def test_one_that_is_too_old_says_so(roster: None) -> None:
    write_config(roster__fresh_for="1s", roster__recheck_after="0s", roster__stale_for="1s")
    wait_until_old(1)
    run = ctl("roster")
    assert run.returncode == 0 and run.stdout.endswith("TOO OLD: it decides nothing\n")


def test_a_plain_user(roster: None) -> None:
    assert ctl("roster", user=PLAIN_USER).stdout.startswith("LOGIN")
