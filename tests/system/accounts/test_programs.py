# SPDX-License-Identifier: Apache-2.0
"""What programs make of the accounts."""

import os
import subprocess
from pathlib import Path

from support.accounts_node import ABSENT, AccountsNode, as_user, output, switch


def test_getent(node: AccountsNode) -> None:
    alice = "alice:*:10001:10001:user_alice:/home/alice:/bin/bash"
    assert output("getent", "passwd", "alice") == output("getent", "passwd", "10001") == alice
    assert output("getent", "group", "p-lab") == output("getent", "group", "20000") == "p-lab:*:20000:alice,bob"
    assert output("getent", "group", "p-lab-admin") == "p-lab-admin:*:20001:alice"
    assert output("getent", "group", "bob") == "bob:*:10002:"
    for question in (("passwd", "mallory"), ("passwd", "10009"), ("group", "p-lab2"), ("shadow", "alice")):
        output("getent", *question, status=ABSENT)
    assert "alice" not in output("getent", "passwd")  # nobody is listed


def test_id(node: AccountsNode) -> None:
    assert output("id", "alice") == "uid=10001(alice) gid=10001(alice) groups=10001(alice),20000(p-lab),20001(p-lab-admin)"
    assert output("id", "-Gn", "bob") == "bob p-lab"
    assert output("getent", "initgroups", "bob").split() == ["bob", "20000"]


def test_ls(node: AccountsNode) -> None:
    file = Path("/tmp/alices")
    file.touch()
    os.chown(file, 10001, 20000)
    assert output("ls", "-l", file).split()[2:4] == ["alice", "p-lab"]
    node.roster.remove("alice")
    node.change()
    assert output("ls", "-l", file).split()[2] == "alice"
    output("getent", "passwd", "alice", status=ABSENT)


def test_chown_and_find_by_name(node: AccountsNode) -> None:
    file = Path("/tmp/bobs")
    file.touch()
    output("chown", "bob:p-lab", file)
    assert (file.stat().st_uid, file.stat().st_gid) == (10002, 20000)
    assert output("find", "/tmp", "-maxdepth", "1", "-user", "bob", "-group", "p-lab") == str(file)


def test_su(node: AccountsNode) -> None:
    assert output("su", "alice", "-c", "id -un; id -Gn") == "alice\nalice p-lab p-lab-admin"
    node.roster.remove("alice")
    node.change()
    output("su", "alice", "-c", "true", status=1)


def test_sudo_by_group_until_the_removal(node: AccountsNode) -> None:
    sudoers = Path("/etc/sudoers")
    sudoers.chmod(0o640)
    sudoers.write_text(sudoers.read_text() + "%p-lab-admin ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)
    sudo = ["sudo", "-n", "id", "-u"]
    assert output(*as_user("alice", *sudo)) == "0"
    output(*as_user("bob", *sudo), status=1)
    # Of an open session the process has the group still.
    session = subprocess.Popen(as_user("alice", "sh", "-c", "read line; sudo -n id -u"), text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    node.roster.remove("alice")
    node.change()
    out, _ = session.communicate("go\n", timeout=30)
    assert (session.returncode, out) == (1, "")


def test_newgrp_and_a_job_of_a_member(node: AccountsNode) -> None:
    assert output(*as_user("bob", "sg", "p-lab", "id -gn")) == "p-lab"
    node.set(group_members="no")
    node.refresh()
    assert output("getent", "group", "p-lab") == "p-lab:*:20000:"
    assert output("id", "-Gn", "bob") == "bob p-lab"


def test_newgrp(node: AccountsNode) -> None:
    """For a member's session that began before he was in it, and for nobody else."""
    node.roster.group = None
    node.change()
    session = subprocess.Popen(as_user("bob", "sh", "-c", "read line; newgrp p-lab"), text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert session.stdin
    node.roster.group = {"name": "p-lab", "gid": 20000, "admin_gid": 20001}
    node.change()
    out, _ = session.communicate("go\nid -gn\nid -Gn\n", timeout=30)
    assert out.split("\n")[:2] == ["p-lab", "p-lab bob"]


def test_tar_keeps_owners_by_name(node: AccountsNode) -> None:
    folder = Path("/tmp/tar")
    folder.mkdir()
    (folder / "file").touch()
    # From a host where both have other ids.
    output("tar", "-C", folder, "-cf", "/tmp/archive", "--owner=bob:5555", "--group=p-lab:5556", "file")
    output("tar", "-C", folder, "-xf", "/tmp/archive", "--same-owner")
    status = (folder / "file").stat()
    assert (status.st_uid, status.st_gid) == (10002, 20000)
    output("tar", "-C", folder, "-cf", "/tmp/archive", "file")
    assert output("tar", "-tvf", "/tmp/archive").split()[1] == "bob/p-lab"


def test_useradd_takes_neither_login_nor_uid(node: AccountsNode) -> None:
    output("useradd", "--no-create-home", "alice", status=9)
    output("useradd", "--no-create-home", "--uid", "10001", "other", status=4)


def test_after_other_services(node: AccountsNode) -> None:
    for services in ("together files", "files together systemd", "files [SUCCESS=return] together"):
        switch(services)
        assert output("id", "-un", "alice") == "alice"
        assert output("id", "-un", "root") == "root"
