# SPDX-License-Identifier: Apache-2.0
"""explain: everything that the gate knew."""

import re

import pytest

from support.ctl_node import (CONFIG, ETC, PLAIN_USER, ROSTER, SNAPSHOT, admit, ctl, ctl_json, entry, field,
                      refresh, write_config, write_roster)


def test_one_who_gets_in(roster: None) -> None:
    run = ctl("explain", "alice")
    assert (run.returncode, run.stderr) == (0, "")
    text = run.stdout
    assert field(text, "Login") == "alice"
    assert field(text, "Action") == "ssh.login (Log in to cluster nodes over SSH)"
    assert field(text, "Verdict") == "allow"
    assert field(text, "Reason") == "role_permits"
    assert field(text, "Row") == "on a fresh roster"
    assert field(text, "Role") == "admin"
    assert field(text, "Uid") == "10001"
    assert field(text, "Project") == "proj_123"
    assert field(text, "Roster") == str(SNAPSHOT)
    assert f"from {ROSTER.as_uri()}\n" in text
    assert re.search(r"revision 7, \d+\.\ds old, fresh\n", text)
    assert field(text, "PAM answer") == "PAM_SUCCESS"
    assert field(text, "User reads") == "nothing"
    assert field(text, "Log line").startswith("login=alice uid=10001 service=togetherctl rhost=- ")


def test_one_who_does_not(roster: None) -> None:
    run = ctl("explain", "mallory", "--action", "slurm.submit")
    assert run.returncode == 0
    assert field(run.stdout, "PAM answer") == "PAM_PERM_DENIED"
    assert field(run.stdout, "User reads").startswith(
        "Access denied: mallory is not a collaborator")
    assert "action=slurm.submit verdict=deny reason=not_a_collaborator" in run.stdout
    assert "Role" not in run.stdout


def test_the_json(roster: None) -> None:
    document = ctl_json("explain", "carol")
    assert document["reason"] == "no_such_account"
    assert (document["role"], document["role_text"]) == ("member", "developer")
    assert document["pam_answer"] == "PAM_PERM_DENIED"
    assert document["roster"] == {"path": str(SNAPSHOT), "base_url": ROSTER.as_uri()}
    assert "reason=no_such_account" in document["log_line"]
    assert document["took_us"] > 0
    assert document["message"].startswith("Access denied: carol")


def test_other_spellings_of_a_role(roster: None) -> None:
    assert field(ctl("explain", "carol").stdout, "Role") == "member (written developer)"
    write_roster(entry("erin", "owner", 10005))
    refresh()
    assert field(ctl("explain", "erin").stdout, "Role").endswith("(unknown)")


def test_a_uid_that_differs() -> None:
    write_roster(entry("dave", "member", 4711))
    refresh()
    assert field(ctl("explain", "dave").stdout, "Uid") == "4711 (this node: 10004)"


def test_without_a_roster() -> None:
    text = ctl("explain", "alice").stdout
    assert field(text, "Verdict") == "unavailable"
    assert field(text, "PAM answer") == "PAM_AUTHINFO_UNAVAIL"
    assert "No such file" in field(text, "Detail")
    assert field(text, "Roster") == str(SNAPSHOT)


def test_root_never_reaches_the_roster(roster: None) -> None:
    text = ctl("explain", "root").stdout
    assert field(text, "Row") == "root is always let in"
    assert "Roster" not in text


def test_a_wrong_configuration(roster: None) -> None:
    CONFIG.write_text("[gate]\nmode = perhaps\n")
    run = ctl("explain", "alice")
    assert run.returncode == 0
    assert field(run.stdout, "Detail") == f"{CONFIG}:2: mode: must be enforce or observe"
    assert field(run.stdout, "PAM answer") == "PAM_AUTHINFO_UNAVAIL"
    document = ctl_json("explain", "alice")
    assert document["roster"] is None and document["mode"] is None


def test_observe_mode(roster: None) -> None:
    write_config(gate__mode="observe")
    text = ctl("explain", "mallory").stdout
    assert field(text, "Verdict") == "allow (OBSERVE MODE: would be deny)"
    assert field(text, "PAM answer") == "PAM_IGNORE"
    assert field(text, "User would read").startswith("Access denied: mallory")
    assert "would=deny" in field(text, "Log line")
    text = ctl("explain", "alice").stdout
    assert field(text, "PAM answer") == "PAM_IGNORE" and "OBSERVE" not in text


def test_an_admission(roster: None) -> None:
    admit("dave", "2099-01-01T00:00:00Z", "incident 4")
    text = ctl("explain", "dave").stdout
    assert field(text, "Admitted until") == "2099-01-01T00:00:00Z"
    assert field(text, "Detail") == "incident 4"
    assert field(text, "Row") == "admitted until a time not yet past"


def test_a_malformed_admission_is_told(roster: None) -> None:
    admit("dave", "tomorrow")
    text = ctl("explain", "dave").stdout
    assert field(text, "Verdict") == "deny"
    assert "admit.d/dave:2: until: not a time" in field(text, "Detail")


def test_a_lockdown(roster: None) -> None:
    (ETC / "lockdown").write_text("")
    assert field(ctl("explain", "alice").stdout, "Reason") == "lockdown"


@pytest.mark.parametrize("user", [0, PLAIN_USER])
def test_an_old_roster(user: int, roster: None) -> None:
    write_config(roster__fresh_for="0s", roster__recheck_after="0s",
                 roster__refresh_program="/bin/false")
    text = ctl("explain", "alice", user=user).stdout
    assert re.search(r"revision 7, .* old, old\n", text)
    assert ("Note" in text) == (user != 0)


def test_why_a_refresh_failed(roster: None) -> None:
    write_config(roster__fresh_for="0s", roster__recheck_after="0s")
    ROSTER.write_text("{}")
    text = ctl("explain", "alice").stdout
    assert str(ROSTER) in field(text, "Refresh")
    assert field(text, "Verdict") == "allow"
