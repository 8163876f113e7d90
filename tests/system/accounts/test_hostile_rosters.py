# SPDX-License-Identifier: Apache-2.0
"""What an authority that was taken over cannot do to a node."""

import subprocess
from pathlib import Path

import pytest

from support.accounts_node import ABSENT, KEY, KEYS, AccountsNode, output, switch


@pytest.mark.parametrize("uid", [0, 27, 65534, 65535, 101, 999, 4294967294])
def test_no_account_has_a_uid_of_the_systems(node: AccountsNode, uid: int) -> None:
    before = output("getent", "passwd", str(uid), status=0 if uid in (0, 101, 65534) else ABSENT)
    node.roster.add("mallory", uid=uid)
    node.change()
    output("getent", "passwd", "mallory", status=ABSENT)
    assert output("getent", "passwd", str(uid), status=0 if before else ABSENT) == before
    output("id", "mallory", status=1)


@pytest.mark.parametrize("gid", [0, 27, 42, 65534, 999, 10001])
def test_no_group_has_a_gid_of_somebody_elses(node: AccountsNode, gid: int) -> None:
    node.roster.group = {"name": "p-lab", "gid": gid, "admin_gid": 20001}
    node.change()
    assert str(gid) not in output("id", "-G", "bob").split()
    output("getent", "group", "p-lab", status=ABSENT)


@pytest.mark.parametrize("name", ["docker", "sudo", "wheel", "root", "alice", "p", "p-a:b", "p-a\tb"])
def test_no_group_has_a_name_of_somebody_elses(node: AccountsNode, name: str) -> None:
    before = output("getent", "group", "sudo")
    node.roster.group = {"name": name, "gid": 20000, "admin_gid": 20001}
    node.roster.write()
    node.run()
    assert output("getent", "group", "sudo") == before
    assert name not in output("id", "-Gn", "bob").split()


# sudo asks for a group's name by gid, and the account's own would have it.
@pytest.mark.parametrize("login", ["sudo", "adm", "shadow", "staff", "docker", "nginx", "root", "slurm", "p-lab"])
def test_nobody_is_called_like_a_group_or_a_service(node: AccountsNode, login: str) -> None:
    node.roster.add(login, "admin", uid=10007)
    node.change()
    output("getent", "passwd", "10007", status=ABSENT)
    output("getent", "group", "10007", status=ABSENT)


# As scripts wrote it before chown(1) knew the colon.
@pytest.mark.parametrize(("login", "mine"), [("root.root", False), ("0.0", False), ("alice.jones", True)])
def test_nobody_is_called_like_an_owner_and_a_group(node: AccountsNode, login: str, mine: bool, tmp_path: Path) -> None:
    node.roster.add(login, "admin", uid=10007)
    node.change()
    file = tmp_path / "roots"
    file.touch()
    subprocess.run(["chown", login, file], check=mine, capture_output=True)
    assert file.stat().st_uid == (10007 if mine else 0)


# The user ldapadmin and the group hpcadmins; of the user slow it never answers.
OTHER_SERVICE = """
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
enum nss_status _nss_slow_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, int *error) {
    if (strcmp(name, "slow") == 0)
        pause();
    *error = ENOENT;
    if (strcmp(name, "ldapadmin") != 0)
        return NSS_STATUS_NOTFOUND;
    char *text = strcpy(buffer, "ldapadmin");
    *entry = (struct passwd){text, text + 9, 4242, 4242, text + 9, text + 9, text + 9};
    return NSS_STATUS_SUCCESS;
}
enum nss_status _nss_slow_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, int *error) {
    *error = ENOENT;
    return NSS_STATUS_NOTFOUND;
}
static enum nss_status hpcadmins(int found, struct group *entry, char *buffer, int *error) {
    static char *none[1];
    *error = ENOENT;
    if (!found)
        return NSS_STATUS_NOTFOUND;
    char *text = strcpy(buffer, "hpcadmins");
    *entry = (struct group){text, text + 9, 10500, none};
    return NSS_STATUS_SUCCESS;
}
enum nss_status _nss_slow_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, int *error) {
    return hpcadmins(strcmp(name, "hpcadmins") == 0, entry, buffer, error);
}
enum nss_status _nss_slow_getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, int *error) {
    return hpcadmins(gid == 10500, entry, buffer, error);
}
"""


@pytest.fixture
def other_service(node: AccountsNode) -> None:
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", "/run/nss/libnss_slow.so.2"], check=True,
                   input=OTHER_SERVICE, text=True)
    subprocess.run(["ldconfig"], check=True)
    switch("files together slow")


# sudo's %hpcadmins, by an account's own group or the project's, and the group's files.
@pytest.mark.parametrize(("login", "uid", "gid"), [("hpcadmins", 10007, 20000), ("eve", 10500, 20000), ("eve", 10007, 10500)])
def test_nobody_is_in_a_group_of_another_name_service(node: AccountsNode, other_service: None, login: str, uid: int,
                                                      gid: int) -> None:
    node.roster.add(login, "admin", uid=uid)
    node.roster.group = {"name": "p-lab", "gid": gid, "admin_gid": 20001}
    node.change()
    assert output("getent", "group", "hpcadmins").split(":")[2] == "10500"
    assert output("getent", "group", "10500").split(":")[0] == "hpcadmins"
    output("getent", "-s", "together", "group", "10500", status=ABSENT)
    output("getent", "-s", "together", "group", "hpcadmins", status=ABSENT)
    assert "10500" not in output("id", "-G", "bob").split()
    node.run()
    output("getent", "-s", "together", "group", "10500", status=ABSENT)


def test_who_leaves_no_time_to_ask_another_name_service_shadows_none_of_its_logins(node: AccountsNode,
                                                                                   other_service: None) -> None:
    node.roster.add("slow", uid=10006)
    node.roster.add("ldapadmin", "admin", uid=10007, ssh_keys=[KEY])
    node.change()
    assert output("id", "-u", "ldapadmin") == "4242"
    output("getent", "-s", "together", "passwd", "10007", status=ABSENT)
    assert output("id", "-u", "bob") == "10002"
    switch("files together")
    node.roster.remove("ldapadmin")
    node.change()
    assert output("id", "-u", "slow") == "10006"


def test_a_package_that_comes_later_is_not_run_as_a_person(node: AccountsNode) -> None:
    node.roster.add("newdaemon", uid=10007)
    node.change()
    assert output("id", "-un", "10007") == "newdaemon"
    folder = Path("/etc/sysusers.d")
    folder.mkdir(exist_ok=True)
    (folder / "newdaemon.conf").write_text("u newdaemon - \"a daemon\"\n")
    node.refresh()
    output("getent", "passwd", "newdaemon", status=ABSENT)
    (folder / "newdaemon.conf").unlink()


def test_nobodys_own_group_is_one_that_sudoers_names(node: AccountsNode) -> None:
    node.roster.add("nightops", uid=10007)
    node.change()
    assert output("id", "-gn", "nightops") == "nightops"
    sudoers = Path("/etc/sudoers.d/site")
    sudoers.write_text("%nightops ALL=(ALL) NOPASSWD: ALL\n")
    try:
        node.refresh()
        output("getent", "passwd", "nightops", status=ABSENT)
        output("getent", "group", "nightops", status=ABSENT)
    finally:
        sudoers.unlink()


def test_no_group_gets_a_gid_that_stands_in_passwd_alone(node: AccountsNode) -> None:
    passwd = Path("/etc/passwd")
    before = passwd.read_text()
    passwd.write_text(before + "carol:x:1999:20010::/home/carol:/bin/sh\n")
    try:
        node.roster.group["gid"] = 20010
        node.change()
        output("getent", "group", "p-lab", status=ABSENT)
        output("getent", "group", "20010", status=ABSENT)
    finally:
        passwd.write_text(before)


def test_two_with_one_login_or_one_uid_have_no_account(node: AccountsNode) -> None:
    node.roster.add("carol", uid=10007)
    node.roster.add("dave", uid=10007)
    node.change()
    for name in ("carol", "dave", "10007"):
        output("getent", "passwd", name, status=ABSENT)


def test_a_removed_persons_uid_is_nobody_elses(node: AccountsNode) -> None:
    node.roster.remove("bob")
    node.roster.add("mallory", uid=10002)
    node.change()
    output("getent", "passwd", "mallory", status=ABSENT)
    assert output("id", "-un", "10002") == "bob"
    node.roster.remove("mallory")
    node.roster.add("bob", uid=10002)
    node.change()
    assert output("id", "-u", "bob") == "10002"


@pytest.mark.parametrize("user_id", ["x\ntoor::0:0::/root:/bin/sh", "x:0:0::/:/bin/sh", "x,y", "x\0y", "x\u2028y", "x" * 129])
@pytest.mark.parametrize("login", ["carol", "..", "../../root", "a/../b", "carol\n", "10002", "-carol", "carol:0"])
def test_nothing_of_an_entry_is_another_line_or_field(node: AccountsNode, login: str, user_id: str) -> None:
    node.roster.add(login, uid=10007, user_id=user_id)
    node.roster.write()
    node.run()
    said = subprocess.run(["getent", "passwd", "alice", "bob", "10002", "10007"], capture_output=True, text=True).stdout
    assert said.count("\n") >= 3
    for line in said.splitlines():
        fields = line.split(":")
        assert len(fields) == 7 and fields[0] in ("alice", "bob", "carol") and fields[2] in ("10001", "10002", "10007")
        assert fields[5] == f"/home/{fields[0]}"


@pytest.mark.parametrize("key", [f'command="/bin/sh" {KEY}', f"{KEY}\n{KEY}", "ssh-dss AAAA", "cert-authority " + KEY,
                                 "ssh-ed25519-cert-v01@openssh.com AAAA", "x" * 20_000])
def test_nothing_but_a_key_is_a_key(node: AccountsNode, key: str) -> None:
    node.roster.add("bob", uid=10002, ssh_keys=[key])
    node.change()
    content = KEYS.read_bytes()
    assert content.count(b"ssh-ed25519 ") == 1  # alice's
    assert b"command" not in content and b"cert" not in content
