# SPDX-License-Identifier: Apache-2.0
"""accounts: who has one, who has none and why; and what doctor says of accounts, keys and homes."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import keys_command
from support.ctl_node import (BUILD, CONFIG, ROSTER, TOGETHER_REFRESH, ctl, ctl_json, entry, field, flip_a_byte,
                      refresh, write_config, write_roster)

ACCOUNTS = Path("/var/lib/together/accounts.v1")
KEYS = Path("/var/lib/together/authorized_keys.v1")
NSSWITCH = Path("/etc/nsswitch.conf")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
GROUP = {"name": "p-lab", "gid": 30001, "admin_gid": 30002}
FRIEDA = entry("frieda", "admin", 20001, keys=[KEY, KEY + " home"])
GUS = entry("gus", "member", 20002)
ALICE = entry("alice", "member", 10001)  # an account of the node's with that uid
NORA = entry("nora")


@pytest.fixture(autouse=True)
def enabled() -> None:
    write_config(accounts__enabled="yes", accounts__shell="/bin/sh")
    write_roster(FRIEDA, GUS, ALICE, NORA, group=GROUP)
    refresh()


def rows() -> dict[str, dict[str, Any]]:
    return {row["login"]: row for row in ctl_json("accounts")["accounts"]}


def test_each_is_listed_with_its_groups_or_the_reason() -> None:
    run = ctl("accounts")
    assert run.returncode == 0, run.stderr
    assert "Groups: p-lab (30001), p-lab-admin (30002)" in run.stdout
    found = rows()
    assert (found["frieda"]["uid"], found["frieda"]["state"]) == (20001, "account")
    assert set(found["frieda"]["groups"]) == {"p-lab", "p-lab-admin"}
    assert (found["frieda"]["keys"], found["gus"]["keys"]) == (2, 0)
    assert found["gus"]["groups"] == ["p-lab"]
    assert found["alice"]["state"] == "groups_only"
    assert (found["nora"]["state"], found["nora"]["reason"]) == ("none", "no_uid")
    assert "the authority gives no uid: set one" in run.stdout


def test_of_one_login() -> None:
    assert ctl("accounts", "frieda").returncode == ctl("accounts", "alice").returncode == 0
    run = ctl("accounts", "nora")
    assert run.returncode == 1
    assert "Account: none: the authority gives no uid" in run.stdout and "What to do: " in run.stdout
    run = ctl("accounts", "mallory")
    assert run.returncode == 1 and "not on the roster" in run.stdout
    assert ctl_json("accounts", "frieda")["uid"] == 20001


def test_who_was_removed_answers_by_uid() -> None:
    write_roster(FRIEDA, revision=8, group=GROUP)
    refresh()
    run = ctl("accounts", "gus")
    assert run.returncode == 1 and "removed" in run.stdout and "by its uid only" in run.stdout
    assert rows()["gus"]["uid"] == 20002


def test_a_user_sees_all_but_the_keys() -> None:
    document = ctl_json("accounts", user=10002)
    assert {row["login"]: row["keys"] for row in document["accounts"]}["frieda"] is None


@pytest.mark.parametrize("damage", ["missing", "damaged", "another"])
def test_without_a_good_file_it_cannot_tell(damage: str) -> None:
    if damage == "missing":
        ACCOUNTS.unlink()
    elif damage == "damaged":
        ACCOUNTS.write_bytes(ACCOUNTS.read_bytes()[:-1])
    else:
        write_config(accounts__enabled="yes", accounts__shell="/bin/sh", api__project="proj_other")
    run = ctl("accounts")
    assert (run.returncode, run.stdout) == (2, "") and str(ACCOUNTS) in run.stderr
    assert "error" in ctl_json("accounts")


def test_switched_off_it_says_so() -> None:
    write_config()
    run = ctl("accounts")
    assert run.returncode == 0 and "[accounts] enabled is no" in run.stdout
    assert ctl("accounts", "frieda").returncode == 1


def test_volumes_take_the_authoritys_group() -> None:
    write_config('[volume "data"]\npath = /srv/data\n', accounts__enabled="yes")
    assert "there is no group p-lab on this node" in ctl("volumes").stdout
    ACCOUNTS.unlink()
    assert "there is no group p-" in ctl("volumes").stdout


def test_volumes_take_no_group_of_the_nodes_own(tmp_path: Path) -> None:
    write_config(f'[volume "data"]\npath = {tmp_path}\n', accounts__enabled="yes")
    path = Path("/etc/group")
    before = path.read_text()
    path.write_text(before + "p-lab:x:31000:\n")
    try:
        for arguments in (["volumes"], ["volumes", "--apply"]):
            run = ctl(*arguments)
            assert run.returncode == 2 and "the group p-lab (31000) is this node's own" in run.stdout
        assert tmp_path.stat().st_gid == 0
    finally:
        path.write_text(before)


# ---- explain, status ----------------------------------------------------------------------------

JENKINS = entry("jenkins", "member", 20003)  # a service's login


@pytest.mark.parametrize(("person", "reason", "what", "remedy"), [
    (JENKINS, "login_reserved", "the login is a service's", "another login at the authority"),
    (NORA, "no_uid", "the authority gives no uid", "set one at the authority, or have it allocate uids"),
    (GUS, "name_service", "this node's name service does not find it", "togetherctl enable accounts"),
])
def test_explain_says_why_somebody_has_no_account(person: dict[str, Any], reason: str, what: str,
                                                  remedy: str) -> None:
    write_roster(FRIEDA, person, revision=8, group=GROUP)
    refresh()
    text = ctl("explain", person["login"]).stdout
    assert what in field(text, "Account") and remedy in field(text, "What to do")
    found = ctl_json("explain", person["login"])["no_account"]
    assert found["reason"] == reason and what in found["what"] and remedy in found["remedy"]


def test_explain_where_the_accounts_are_not_to_be_used_or_off() -> None:
    ACCOUNTS.write_bytes(bytes(5000))
    assert str(ACCOUNTS) in ctl_json("explain", "gus")["no_account"]["what"]
    assert ctl_json("explain", "alice")["no_account"] is None  # the node's own
    assert ctl_json("explain", "mallory")["no_account"] is None  # not on the roster
    write_config()
    assert "[accounts] enabled is no" in field(ctl("explain", "gus").stdout, "Account")
    assert ctl_json("explain", "alice")["no_account"] is None


def test_status_counts_accounts_and_names_who_has_none() -> None:
    write_roster(FRIEDA, GUS, ALICE, NORA, JENKINS, revision=8, group=GROUP)
    refresh()
    run = ctl("status")
    assert run.returncode == 0
    assert re.search(r"Accounts: 3 and 2 groups, revision 8, changed \d+\.\ds ago\n", run.stdout)
    assert ("2 without, or groups that are missing: nora: the authority gives no uid; jenkins: the login is a "
            "service's, of a package or of [accounts] reserved_logins; togetherctl accounts says what to do"
            in run.stdout)
    found = ctl_json("status")["accounts"]
    assert (found["enabled"], found["problem"], found["current"]) == (True, None, True)
    assert (found["accounts"], found["groups"], found["removed"], found["without"]) == (3, 2, 0, 2)
    assert found["revision"] == 8 and found["changed"].endswith("Z")
    assert [(one["name"], one["reason"]) for one in found["first_without"]] == [
        ("nora", "no_uid"), ("jenkins", "login_reserved")]
    assert found["first_without"][0]["remedy"].startswith("set one at the authority")


@pytest.mark.parametrize("damage", ["zeros", "cut", "one bit", "missing", "another's", "another project's"])
def test_status_says_that_the_accounts_cannot_be_used(damage: str) -> None:
    if damage == "zeros":
        ACCOUNTS.write_bytes(bytes(ACCOUNTS.stat().st_size))
    elif damage == "cut":
        ACCOUNTS.write_bytes(ACCOUNTS.read_bytes()[:-1])
    elif damage == "one bit":
        flip_a_byte(ACCOUNTS, 3000)
    elif damage == "missing":
        ACCOUNTS.unlink()
    elif damage == "another's":
        os.chown(ACCOUNTS, 65534, 65534)
    else:
        ACCOUNTS.write_bytes(another_projects())
    run = ctl("status")
    assert run.returncode == 0  # the roster decides
    text = field(run.stdout, "Accounts")
    assert text.startswith("NONE THAT CAN BE USED: ") and str(ACCOUNTS) in text, text
    found = ctl_json("status")["accounts"]
    assert found["enabled"] and str(ACCOUNTS) in found["problem"] and "accounts" not in found


def another_projects() -> bytes:
    """accounts.v1 of another project; the roster of this one stands as it did."""
    write_config(accounts__enabled="yes", accounts__shell="/bin/sh", api__project="proj_other")
    ROSTER.write_text(ROSTER.read_text().replace("proj_123", "proj_other"))
    refresh()
    write_config(accounts__enabled="yes", accounts__shell="/bin/sh")
    return ACCOUNTS.read_bytes()


def test_status_where_they_are_off_or_of_an_older_roster() -> None:
    before = ACCOUNTS.read_bytes()
    write_roster(FRIEDA, revision=8, group=GROUP)
    refresh()
    ACCOUNTS.write_bytes(before)
    assert "NOT THOSE OF THE ROSTER THAT STANDS HERE" in field(ctl("status").stdout, "Accounts")
    found = ctl_json("status")["accounts"]
    assert (found["current"], found["revision"]) == (False, None)
    write_config()
    assert field(ctl("status").stdout, "Accounts") == "off: the roster gives this node none"
    assert ctl_json("status")["accounts"] == {"enabled": False}


# ---- doctor -------------------------------------------------------------------------------------

CHECKS = ("name_service", "accounts", "keys", "homes", "sudoers", "watcher")


def doctor() -> dict[str, dict[str, Any]]:
    run = ctl("doctor", "--json", environment={"LD_LIBRARY_PATH": str(BUILD / "nss_together")})
    return {one["check"]: one for one in json.loads(run.stdout) if one["check"] in CHECKS}


def test_who_may_not_read_sudoers_is_told_that_nobody_can_tell() -> None:
    Path("/etc/sudoers").chmod(0o440)
    accounts = ctl_json("status", user=10002)["accounts"]
    assert accounts["unknown"] == "cannot read /etc/sudoers: Permission denied"
    assert (accounts["accounts"], accounts["groups"], accounts["without"]) == (3, None, 1)
    assert "1 without, or groups that are missing, who cannot be told: cannot read /etc/sudoers" in ctl("status", user=10002).stdout
    assert "Who has none, and the groups, cannot be told: cannot read" in ctl("accounts", user=10002).stdout
    assert ctl_json("explain", "nora", user=10002)["no_account"]["reason"] == "unknown"


SUDOERS = Path("/etc/sudoers.d/site")


@pytest.fixture
def sudoers() -> Iterator[Path]:
    yield SUDOERS
    SUDOERS.unlink(missing_ok=True)


def test_doctor_on_a_rule_of_sudoers_for_nobody(sudoers: Path) -> None:
    sudoers.write_text("User_Alias NIGHT = deploy, frieda, alice, %staff, !eve\n"
                       "NIGHT ALL=(ALL) NOPASSWD: ALL\nmysql,ALL ALL=(root) /bin/true\n"
                       "#10001,#20001,#25000,#3 ALL=ALL\nDeploy ALL=ALL\n")
    found = doctor()["sudoers"]
    assert found["result"] == "warning" and "a rule for deploy #25000, and nobody is" in found["what"]
    assert found["fix"].endswith("[accounts] reserved_logins = deploy")
    sudoers.write_text("Deploy ALL=ALL\n")
    assert doctor()["sudoers"]["result"] == "warning"
    write_config(accounts__enabled="yes", accounts__shell="/bin/sh", accounts__reserved_logins="deploy")
    assert doctor()["sudoers"]["result"] == "ok"


def test_doctor_says_that_sudoers_cannot_be_read(sudoers: Path) -> None:
    sudoers.write_text("this is none\n")
    found = doctor()["sudoers"]
    assert found["result"] == "information" and "could not be looked at: /usr/bin/cvtsudoers" in found["what"]


@pytest.fixture
def nsswitch() -> Iterator[Path]:
    before = NSSWITCH.read_bytes()
    NSSWITCH.write_text("passwd: files together\ngroup: files together\n")
    yield NSSWITCH
    NSSWITCH.write_bytes(before)


@pytest.fixture
def asked() -> Iterator[Path]:
    """sshd asks for the roster's keys."""
    keys_command.install()
    config = Path("/etc/ssh/sshd_config")
    before = config.read_bytes()
    assert ctl("enable", "keys", "--force").returncode == 0
    yield config
    config.write_bytes(before)


def test_doctor_where_all_is_well(nsswitch: Path, asked: Path) -> None:
    write_roster(FRIEDA, GUS, ALICE, revision=8, group=GROUP)
    refresh()
    watcher = subprocess.Popen([TOGETHER_REFRESH, "--watch", "--config", str(CONFIG)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        found = doctor()
    finally:
        watcher.terminate()
        watcher.wait(20)
    assert {name: one["result"] for name, one in found.items()} == dict.fromkeys(CHECKS, "ok"), found
    assert found["accounts"]["what"] == "3 accounts, 2 groups"


@pytest.mark.parametrize(("lines", "what", "why"), [
    ("passwd: files together\ngroup: files\n", 'group: line 2: "together" is missing', "not found"),
    ("passwd: together files\ngroup: files together\n", 'stands before "files"', "of this node's own"),
    ("passwd: files sss together\ngroup: files together\n", 'stands behind "sss"', "late"),
    ("passwd: files [NOTFOUND=return] together\ngroup: files together\n", "[NOTFOUND=return]", "not found"),
    ("passwd: files together\ngroup: files together\ninitgroups: files together\n",
     "without [SUCCESS=continue]", "not found"),
])
def test_doctor_on_nsswitch(lines: str, what: str, why: str, nsswitch: Path) -> None:
    nsswitch.write_text(lines)
    found = doctor()["name_service"]
    assert found["result"] == "failure" and found["fix"] == "togetherctl enable accounts"
    assert what in found["what"] and why in found["why"]
    write_config()  # what is dangerous is so without accounts as well
    assert doctor()["name_service"]["result"] == "failure"


def test_doctor_without_accounts_says_what_is_left_of_them_else_nothing() -> None:
    write_config(api__project="proj_other")
    assert "3 accounts, of the project" in doctor()["accounts"]["what"]
    write_config()
    found = doctor()["accounts"]
    assert found["result"] == "warning" and found["fix"] == "togetherctl refresh --verbose"
    assert "enabled is no" in found["what"] and "still has 3 accounts" in found["what"]
    refresh()
    assert set(doctor()) == {"watcher"}


def test_doctor_on_the_files(nsswitch: Path, asked: Path) -> None:
    found = doctor()
    assert found["accounts"]["result"] == "warning" and "nora: the authority gives no uid" in found["accounts"]["what"]
    assert "no_uid: set one at the authority, or have it allocate uids; " in found["accounts"]["fix"]
    assert found["watcher"]["result"] == "failure" and "[accounts] is enabled" in found["watcher"]["what"]
    KEYS.unlink()
    ACCOUNTS.unlink()
    found = doctor()
    assert found["accounts"]["result"] == found["keys"]["result"] == "failure"


def test_doctor_and_status_where_whom_the_node_had_is_lost(nsswitch: Path) -> None:
    assert not ctl_json("status")["lost_accounts"] and "IS LOST" not in ctl("status").stdout
    for path in (ACCOUNTS, ACCOUNTS.with_name("accounts.v1.spare")):
        path.write_bytes(bytes(5000))
    refresh()
    found = doctor()["accounts"]
    assert found["result"] == "warning" and "whom this node had is not known" in found["what"]
    assert "rm /var/lib/together/accounts.v1*" in found["fix"]
    assert ctl_json("status")["lost_accounts"] and "IS LOST" in ctl("status").stdout
    for path in ACCOUNTS.parent.glob("accounts.v1*"):
        path.unlink()
    refresh()
    assert not ctl_json("status")["lost_accounts"]


def test_status_says_where_no_room_is_reserved() -> None:
    spare = KEYS.with_name("authorized_keys.v1.spare")
    assert str(spare) not in ctl("status").stdout
    spare.unlink()
    assert f"no room is reserved for the next accounts: {spare} is missing or too small" in ctl("status").stdout
    refresh()
    assert str(spare) not in ctl("status").stdout


def test_doctor_on_a_roster_that_they_are_not_of(nsswitch: Path) -> None:
    before = ACCOUNTS.read_bytes()
    write_roster(FRIEDA, revision=8, group=GROUP)
    refresh()
    ACCOUNTS.write_bytes(before)
    assert "not of the roster that stands here" in doctor()["accounts"]["what"]
    assert not ctl_json("accounts")["current"]


def test_doctor_on_files_of_keys_beside_the_rosters(asked: Path) -> None:
    assert doctor()["keys"]["result"] == "ok"
    assert ctl("enable", "keys", "--keep-files").returncode == 0
    found = doctor()["keys"]
    assert found["result"] == "warning" and found["fix"] == "togetherctl enable keys"
    assert found["what"].startswith(".ssh/authorized_keys in a home counts")
    assert ctl("disable", "keys").returncode == 0
    assert "togetherctl enable keys" in doctor()["keys"]["what"]


def test_doctor_on_homes_that_are_anothers() -> None:
    frieda, gus = Path("/home/frieda"), Path("/home/gus")
    assert doctor()["homes"]["result"] == "ok"
    frieda.symlink_to("/etc")
    gus.mkdir()
    found = doctor()["homes"]
    assert found["result"] == "warning" and "/home/frieda is a link, and 1 more" in found["what"]
    frieda.unlink()
    assert "/home/gus belongs to uid 0" in doctor()["homes"]["what"]
    os.chown(gus, 20002, 20002)
    assert doctor()["homes"]["result"] == "ok"
    gus.rmdir()
