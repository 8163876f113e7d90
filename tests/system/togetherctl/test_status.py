# SPDX-License-Identifier: Apache-2.0
"""status: the gate at a glance."""

import re
import shutil

import pytest

from support.ctl_node import (CONFIG, ETC, LOG, PLAIN_USER, PROJECT, ROSTER, SNAPSHOT, admit, ctl, ctl_json,
                      entry, field, flip_a_byte, refresh, wait_until_old, write_config, write_roster)


def test_a_healthy_node(roster: None) -> None:
    run = ctl("status")
    assert (run.returncode, run.stderr) == (0, "")
    text = run.stdout
    assert field(text, "Project") == PROJECT
    assert field(text, "Mode") == "enforce"
    assert field(text, "Authority") == ROSTER.as_uri()
    assert field(text, "Configuration") == str(CONFIG)
    assert re.fullmatch(r"fresh, \d+\.\ds old", field(text, "Roster"))
    assert field(text, "Snapshot") == str(SNAPSHOT)
    assert field(text, "Revision") == "7"
    assert field(text, "Collaborators") == "3 (1 admin, 0 left out, 0 without a uid)"
    assert field(text, "Lockdown") == field(text, "Admissions") == "none"
    assert field(text, "Last attempt").startswith("valid, ")
    assert field(text, "Next on demand") == "at once"
    assert field(text, "Dropped log lines") == "0"


def test_the_json(roster: None) -> None:
    document = ctl_json("status")
    assert document["project"] == PROJECT and document["mode"] == "enforce"
    assert document["base_url"] == ROSTER.as_uri()
    state = document["roster"]
    assert (state["state"], state["problem"], state["revision"]) == ("fresh", None, 7)
    assert (state["entries"], state["admins"], state["left_out"], state["without_uid"]) == (3, 1, 0, 0)
    assert 0 <= state["age_seconds"] < 30 and state["age_uncertain"] is False
    assert document["lockdown"] == {"in_force": False, "reason": None}
    assert document["admissions"] == document["problems"] == []
    assert document["last_attempt"]["outcome"] == "valid"
    assert document["last_attempt"]["next_in_seconds"] == 0
    assert document["dropped_log_lines"] == 0


def test_counts_and_no_revision() -> None:
    write_roster(entry("alice", "admin", 10001), entry("nobody_here"), entry(None),
                 revision=None)
    refresh()
    text = ctl("status").stdout
    assert field(text, "Collaborators") == "2 (1 admin, 1 left out, 1 without a uid)"
    assert field(text, "Revision") == "none"
    assert ctl_json("status")["roster"]["revision"] is None


def test_nowhere_to_log(roster: None) -> None:
    assert "Log: " not in ctl("status").stdout and ctl_json("status")["log_problem"] is None
    shutil.rmtree(LOG)
    problem = ("there is neither /dev/log nor /var/log/together: decisions are logged only where sshd's "
               "stderr is a log")
    for user in (0, PLAIN_USER):
        run = ctl("status", user=user)
        assert run.returncode == 0 and field(run.stdout, "Log") == problem
        assert ctl_json("status", user=user)["log_problem"] == problem


def test_no_roster() -> None:
    run = ctl("status")
    assert run.returncode == 1
    assert "No such file" in field(run.stdout, "Roster")
    assert field(run.stdout, "Last attempt") == "none recorded"
    document = ctl_json("status")
    assert document["roster"]["state"] == "unusable" and document["last_attempt"] is None


@pytest.mark.parametrize("offset", [100, -10])
def test_a_damaged_roster(offset: int, roster: None) -> None:
    flip_a_byte(SNAPSHOT, offset)
    run = ctl("status")
    assert run.returncode == 1 and "damaged" in field(run.stdout, "Roster")


def test_a_roster_of_another_authority(roster: None) -> None:
    write_config(api__base_url="file:///elsewhere.json")
    run = ctl("status")
    assert run.returncode == 1 and "another base_url" in run.stdout


def test_old_and_too_old(roster: None) -> None:
    write_config(roster__fresh_for="0s", roster__stale_for="5m")
    run = ctl("status")
    assert run.returncode == 0 and field(run.stdout, "Roster").startswith("old, ")
    write_config(roster__fresh_for="1s", roster__recheck_after="0s", roster__stale_for="1s")
    wait_until_old(1)
    run = ctl("status")
    assert run.returncode == 1 and field(run.stdout, "Roster").startswith("TOO OLD, ")
    assert ctl_json("status")["roster"]["state"] == "too_old"
    write_config(roster__fresh_for="1s", roster__recheck_after="0s", roster__stale_for="forever")
    assert ctl("status").returncode == 0


def test_lockdown_and_admissions(roster: None) -> None:
    (ETC / "lockdown").write_text("break-in\nmore\n")
    admit("dave", "2099-01-01T00:00:00Z", "incident 4", uid="10004")
    admit("erin", "2001-01-01T00:00:00Z", "long past")
    admit("bob", "tomorrow")
    text = ctl("status").stdout
    assert field(text, "Lockdown") == "IN FORCE: break-in"
    assert field(text, "Admissions") == "dave until 2099-01-01T00:00:00Z: incident 4"
    assert "erin" not in text
    assert "ignored: /etc/together/admit.d/bob:2: until" in text
    document = ctl_json("status")
    assert document["lockdown"] == {"in_force": True, "reason": "break-in"}
    assert document["admissions"] == [{"login": "dave", "uid": 10004, "reason": "incident 4",
                                       "until": "2099-01-01T00:00:00Z"}]
    assert len(document["problems"]) == 1


def test_a_failed_attempt(roster: None) -> None:
    ROSTER.write_text("{\x1b}")
    for _ in range(6):  # after the first one the last attempt would pass within a second
        assert ctl("refresh").returncode == 75
    run = ctl("status")
    assert run.returncode == 0
    assert re.match(r"no_answer, \d+\.\ds ago, 6 failed in a row", field(run.stdout, "Last attempt"))
    assert field(run.stdout, "Next on demand").startswith("not for another ")
    assert "\x1b" not in run.stdout
    last = ctl_json("status")["last_attempt"]
    assert last["outcome"] == "no_answer" and last["failures"] == 6
    assert str(ROSTER) in last["message"] and 0 < last["next_in_seconds"] <= 60


def test_a_damaged_last_attempt_is_none(roster: None) -> None:
    flip_a_byte(SNAPSHOT.with_name(SNAPSHOT.name + ".attempt"), 40)
    assert field(ctl("status").stdout, "Last attempt") == "none recorded"


def test_observe_mode_is_said_loudly(roster: None) -> None:
    write_config(gate__mode="observe")
    text = ctl("status").stdout
    assert text.startswith("OBSERVE MODE: NOBODY IS REFUSED.")
    assert field(text, "Mode") == "OBSERVE"
    assert ctl_json("status")["mode"] == "observe"


def test_dropped_log_lines(roster: None) -> None:
    (LOG / "dropped").write_text("." * 12)
    assert field(ctl("status").stdout, "Dropped log lines") == "12"
    LOG.chmod(0o700)
    assert "unknown" in field(ctl("status", user=PLAIN_USER).stdout, "Dropped log lines")
    assert ctl_json("status", user=PLAIN_USER)["dropped_log_lines"] is None


def test_a_plain_user(roster: None) -> None:
    run = ctl("status", user=PLAIN_USER)
    assert run.returncode == 0 and "valid" in field(run.stdout, "Last attempt")


def test_a_wrong_configuration() -> None:
    write_config(roster__fresh_for="soon")
    run = ctl("status")
    assert (run.returncode, run.stdout) == (2, "")
    assert f"{CONFIG}:6: fresh_for: not a duration" in run.stderr
