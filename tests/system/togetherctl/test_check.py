# SPDX-License-Identifier: Apache-2.0
"""check: the answer as an exit status."""


import pytest

from support.ctl_node import (CONFIG, ETC, PLAIN_USER, ROSTER, SNAPSHOT, admit, ctl, ctl_json, entry,
                      flip_a_byte, refresh, wait_until_old, write_config, write_roster)

FAR = "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(("login", "arguments", "status", "reason"), [
    ("root", [], 0, "root"),
    ("alice", [], 0, "role_permits"),
    ("bob", [], 0, "role_permits"),
    ("bob", ["--action", "slurm.submit"], 0, "role_permits"),
    ("alice", ["--action", "clusters.delete"], 0, "role_permits"),
    ("bob", ["--action", "clusters.delete"], 1, "role_forbids"),
    ("alice", ["--require-admin"], 0, "role_permits"),
    ("bob", ["--require-admin"], 1, "admin_required"),
    ("carol", [], 1, "no_such_account"),
    # As together-authorizer asks, to which a name is no account of the node.
    ("carol", ["--action", "kubernetes.run"], 0, "role_permits"),
    ("root", ["--action", "kubernetes.run"], 1, "not_a_collaborator"),
    ("mallory", [], 1, "not_a_collaborator"),
])
def test_from_a_fresh_roster(
    login: str, arguments: list[str], status: int, reason: str, roster: None
) -> None:
    run = ctl("check", login, *arguments)
    assert run.returncode == status, run.stdout
    assert run.stdout.startswith("allow: " if status == 0 else "deny: ")
    assert run.stderr == ""
    document = ctl_json("check", login, *arguments)
    assert document["reason"] == reason
    assert document["verdict"] == ("allow" if status == 0 else "deny")
    assert document["would"] is None


def test_what_a_refused_user_reads_stands_below(roster: None) -> None:
    write_config(gate__contact="Ask ops@example.com.")
    lines = ctl("check", "mallory").stdout.splitlines()
    assert lines[0].startswith("deny: mallory, ssh.login: absent from a fresh roster")
    assert lines[1] == (
        "Access denied: mallory is not a collaborator of "
        "project proj_123. An Admin of the project can add you. Ask ops@example.com.")
    assert ctl_json("check", "mallory")["message"] == lines[1]


def test_an_allowed_user_reads_nothing(roster: None) -> None:
    assert ctl("check", "bob").stdout == "allow: bob, ssh.login: on a fresh roster\n"
    document = ctl_json("check", "bob")
    assert document["message"] is None
    assert (document["role"], document["uid"], document["revision"]) == ("member", 10002, 7)
    assert document["evidence"] == "fresh" and 0 <= document["age_seconds"] < 30


@pytest.mark.parametrize(("entries", "login", "reason"), [
    ([entry("alice", "admin", 10001), entry("erin", "owner", 10005)], "erin", "unknown_role"),
    ([entry("alice", "admin", 10001), entry("dave", "member", 4711)], "dave", "uid_differs"),
    ([entry("alice", "admin", 10001), entry("sysacct", "member", 500)], "sysacct", "uid_below_minimum"),
    ([entry("bob", "member", 10002), entry("bob", "admin", 10009)], "bob", "login_shared"),
    ([entry("bob", "member", 10002), entry("dave", "admin", 10002)], "bob", "uid_shared"),
])
def test_other_refusals(entries: list[dict[str, object]], login: str, reason: str) -> None:
    write_roster(*entries)
    refresh()
    assert ctl("check", login).returncode == 1
    assert ctl_json("check", login)["reason"] == reason


def test_lockdown_admission_and_exemption(roster: None) -> None:
    write_config(gate__exempt_users="mallory")
    assert ctl_json("check", "mallory")["reason"] == "exempt"
    admit("dave", FAR, "incident 4")
    run = ctl("check", "dave")
    assert run.returncode == 0 and "Detail: incident 4" in run.stdout
    assert ctl_json("check", "dave")["admitted_until"] == FAR
    (ETC / "lockdown").write_text("break-in\n")
    assert ctl("check", "alice").returncode == ctl("check", "dave").returncode == 1
    assert "(break-in)" in ctl("check", "alice").stdout
    assert ctl("check", "mallory").returncode == ctl("check", "root").returncode == 0


def test_observe_mode_lets_in_and_says_so(roster: None) -> None:
    write_config(gate__mode="observe")
    run = ctl("check", "mallory")
    assert run.returncode == 0
    assert "OBSERVE MODE: nobody is refused. In enforce mode: deny" in run.stdout
    assert "mallory is not a collaborator" in run.stdout
    document = ctl_json("check", "mallory")
    assert (document["verdict"], document["would"], document["mode"]) == ("allow", "deny", "observe")
    assert "OBSERVE" not in ctl("check", "bob").stdout


def test_cannot_tell_without_a_roster() -> None:
    run = ctl("check", "alice")
    assert run.returncode == 2
    assert run.stdout.startswith("unavailable: alice, ssh.login: no usable roster")
    assert "was not refused" in run.stdout
    assert str(ROSTER) in run.stdout  # why the refresh failed
    assert ctl("check", "root").returncode == 0


@pytest.mark.parametrize("text", ["", "nonsense\n", "[api]\nproject = proj_123\n",
                                  "[api]\nbase_url = file:///r\nproject = proj_123\ntokn = x\n"])
def test_cannot_tell_with_a_wrong_configuration(text: str, roster: None) -> None:
    CONFIG.write_text(text)
    run = ctl("check", "alice")
    assert run.returncode == 2 and f"Detail: {CONFIG}" in run.stdout
    assert ctl("check", "root").returncode == 0


def test_cannot_tell_when_the_configuration_is_missing() -> None:
    run = ctl("check", "alice", "--config", "/nowhere/together.conf")
    assert run.returncode == 2 and "/nowhere/together.conf" in run.stdout


def test_a_damaged_snapshot_denies_nobody(roster: None) -> None:
    write_config(roster__refresh_program="/bin/false")
    for offset in range(0, 2048, 8):  # the places of all hash tables
        flip_a_byte(SNAPSHOT, offset)
    assert ctl("check", "mallory").returncode == ctl("check", "alice").returncode == 2


def test_root_asks_for_a_newer_roster() -> None:
    write_roster(entry("alice", "admin", 10001))
    assert ctl("check", "alice").returncode == 0
    assert ctl_json("check", "alice")["evidence"] in ("refreshed", "fresh")


def test_a_plain_user_is_told_that_the_roster_could_not_be_asked_for(roster: None) -> None:
    write_config(roster__fresh_for="0s", roster__recheck_after="0s")
    run = ctl("check", "alice", user=PLAIN_USER)
    assert run.returncode == 0
    assert "Note: only root may ask for a newer roster" in run.stdout
    assert ctl_json("check", "alice", user=PLAIN_USER)["could_not_ask"] is True
    denied = ctl("check", "mallory", user=PLAIN_USER)
    assert denied.returncode == 1 and "Note: only root" in denied.stdout
    assert "Note:" not in ctl("check", "alice").stdout
    assert ctl_json("check", "alice")["could_not_ask"] is False


def test_a_plain_user_without_a_roster() -> None:
    run = ctl("check", "alice", user=PLAIN_USER)
    assert run.returncode == 2 and "Note: only root" in run.stdout


def test_a_plain_user_with_a_fresh_roster(roster: None) -> None:
    run = ctl("check", "bob", user=PLAIN_USER)
    assert run.returncode == 0 and "Note:" not in run.stdout


def test_a_roster_beyond_stale_for(roster: None) -> None:
    write_config(roster__fresh_for="1s", roster__recheck_after="0s", roster__stale_for="1s",
                 roster__refresh_program="/bin/false")
    wait_until_old(1)
    run = ctl("check", "bob")
    assert run.returncode == 2 and "older than stale_for" in run.stdout


def test_a_uid_as_slurm_asks(roster: None) -> None:
    run = ctl("check", "--uid", "10002")
    assert run.returncode == 0 and "bob" in run.stdout
    document = ctl_json("check", "--uid", "10002", "--action", "slurm.submit")
    assert (document["login"], document["uid"], document["role"]) == ("bob", 10002, "member")
    assert ctl("check", "--uid", "10002", "--require-admin").returncode == 1
    run = ctl("check", "--uid", "20000")
    assert run.returncode == 1 and "20000" in run.stdout
    assert ctl("check", "--uid", "0").returncode == 0
    text = ctl("explain", "--uid", "20000").stdout
    assert "not_a_collaborator" in text and "Login: unknown" in text
