# SPDX-License-Identifier: Apache-2.0
"""Accounts that the roster alone gives, while network, authority, disk, watcher or nsswitch.conf fail, or the roster
has a number that is no person's: what getent and id say, and what the account phase."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import full_disk
from support.accounts_node import ABSENT, ACCOUNTS, KEY, has_account, install_module, output, switch
from support.faulty_authority import Behaviour, Visit, document, entry, gives
from support.faulty_node import COLD, FRESH, OLD, SHORT, FaultyNode, State
from support.pam_client import AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS
from support.refresher import child_of
from support.waiting import wait_until

DORA = entry("dora", "admin", 20501, ssh_keys=[KEY])
ERIN = entry("erin", "member", 20502, ssh_keys=[])
FRANK = entry("frank", "member", 20503, ssh_keys=[])
LAB = {"name": "p-lab", "gid": 20000, "admin_gid": 20001}
NSSWITCH = Path("/etc/nsswitch.conf")
DISK = ACCOUNTS.parent


def roster(*people: dict[str, object], revision: int = 8) -> Behaviour:
    return gives(document(*people, group=LAB, revision=revision), {"ETag": f'"r{revision}"'})


def hangs(visit: Visit) -> None:
    visit.read_request()
    visit.hang()


class AccountsNode(FaultyNode):
    """Its files know mallory, who is not on the roster, and neither dora nor erin, who are."""

    def write_config(self, text: str) -> None:
        super().write_config(text + "[accounts]\nenabled = yes\n")

    def put(self, state: State) -> None:
        """The roster, and what comes of it."""
        for path in [*self.folder.glob("*"), *DISK.glob("*.v1*")]:
            if path != self.lock:
                path.unlink()
        if state.age is not None:
            behaviour = self.authority.behaviour
            self.authority.behave(roster(DORA, ERIN, revision=7))
            self.refresh()
            self.authority.behave(behaviour)
            self.set_age(state.age)

    def is_as(self, state: State) -> None:
        """While nothing new can be learned. What a login asks for changes nothing."""
        names_are_as(state)
        logins = self.log_in("dora", "erin", "mallory", "root")
        for login in logins:
            self.is_answered(login, answer_to(login.login, state))
        self.nothing_is_left(logins)
        names_are_as(state)

    def learns(self) -> None:
        """mallory's login asks."""
        self.attempt_file.unlink(missing_ok=True)
        self.is_answered(self.log_in_one("mallory"), PERM_DENIED)


def answer_to(login: str, state: State) -> int:
    if login == "root":
        return SUCCESS
    if state == COLD:
        return AUTHINFO_UNAVAIL
    return SUCCESS if login in ("dora", "erin") else PERM_DENIED


def names_are_as(state: State) -> None:
    if state == COLD:
        nobody_is_known()
        return
    assert output("getent", "passwd", "dora", "20502").splitlines() == [
        "dora:*:20501:20501:user_dora:/home/dora:/bin/bash", "erin:*:20502:20502:user_erin:/home/erin:/bin/bash"]
    assert output("id", "-Gn", "dora") == "dora p-lab p-lab-admin"
    assert output("getent", "group", "p-lab") == "p-lab:*:20000:dora,erin"
    the_nodes_own_are_known()


def nobody_is_known() -> None:
    for database, name in (("passwd", "dora"), ("passwd", "20502"), ("group", "p-lab"), ("group", "20001")):
        assert output("getent", database, name, status=ABSENT) == ""
    output("id", "dora", status=1)
    the_nodes_own_are_known()


def the_nodes_own_are_known() -> None:
    assert output("getent", "passwd", "0", "mallory", "65534").splitlines() == [
        "root:x:0:0::/root:/bin/bash", "mallory:x:10003:10003::/nonexistent:/bin/sh",
        "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin"]


def erin_has_gone_and_frank_come() -> None:
    assert [has_account(login) for login in ("dora", "erin", "frank")] == [True, False, True]
    assert output("getent", "group", "p-lab") == "p-lab:*:20000:dora,frank"


@pytest.fixture
def people(node: FaultyNode) -> Iterator[AccountsNode]:
    before = NSSWITCH.read_text()
    install_module()
    switch()
    people = AccountsNode(node.application, node.authority, node.syslog)
    yield people
    people.end()
    NSSWITCH.write_text(before)
    people.put(COLD)


def test_authority_away(people: AccountsNode, state: State) -> None:
    people.put(state)
    people.authority.stop()
    try:
        people.is_as(state)
    finally:
        people.authority.start()


def test_boot_without_network(people: AccountsNode, state: State) -> None:
    """The watcher runs; the roster, where there is one, is of the boot before."""
    people.put(state)
    if state.age is not None:
        people.set_age(state.age, "--other-boot")
    people.set_up(deadline=SHORT)
    people.authority.behave(roster(DORA, FRANK))
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    try:
        child_of(people.start("--watch"))
        names_are_as(state)
        for login in people.log_in("dora", "erin", "mallory", "root"):
            people.is_answered(login, answer_to(login.login, state))
        names_are_as(state)
    finally:
        people.set_up()
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    wait_until(lambda: has_account("frank"), "the network")
    erin_has_gone_and_frank_come()


@pytest.fixture
def small(people: AccountsNode) -> Iterator[AccountsNode]:
    """Roster and accounts are on a disk of a few pages."""
    output("mount", "-t", "tmpfs", "-o", "size=160k,mode=755", "tmpfs", DISK)
    people.folder = DISK / "cache"
    for name in ("snapshot", "stamp", "attempt_file", "lock", "temporary", "spare", "addresses"):
        setattr(people, name, people.folder / Path(getattr(people, name)).name)
    people.set_up(directory=str(people.folder))
    yield people
    output("umount", "--lazy", DISK)


def test_disk_full(small: AccountsNode, state: State) -> None:
    """A roster that is too large for what was kept free changes nobody's account."""
    small.put(state)
    full_disk.fill(DISK)
    many = (entry(f"user{i}", uid=30000 + i, ssh_keys=[]) for i in range(2000))
    small.authority.behave(roster(DORA, FRANK, *many))
    small.is_as(state)


@pytest.mark.parametrize("state", [FRESH, OLD], ids=["fresh", "old"])
def test_disk_full_keeps_nobody_who_was_removed(small: AccountsNode, state: State) -> None:
    small.put(state)
    full_disk.fill(DISK)
    small.authority.behave(roster(DORA, FRANK))
    small.learns()
    erin_has_gone_and_frank_come()
    assert [login.answer for login in small.log_in("dora", "erin", "frank", "root")] == [
        SUCCESS, PERM_DENIED, SUCCESS, SUCCESS]


def test_watcher_dead(people: AccountsNode, state: State) -> None:
    """In the middle of a round. Names stay as they are; the next login that asks brings the new ones."""
    people.put(state)
    people.authority.behave(hangs)
    watcher = people.start("--watch")
    wait_until(lambda: people.authority.requests, "the watcher's question")
    watcher.kill()
    watcher.wait()
    people.nothing_is_left([])
    names_are_as(state)
    people.authority.behave(roster(DORA, FRANK))
    people.learns()
    erin_has_gone_and_frank_come()
    assert [login.answer for login in people.log_in("dora", "erin", "frank", "root")] == [
        SUCCESS, PERM_DENIED, SUCCESS, SUCCESS]


def test_nsswitch_without_us(people: AccountsNode, state: State) -> None:
    """dora is listed, and has no account here."""
    people.put(state)
    switch("files")
    people.authority.stop()
    try:
        nobody_is_known()
        for login in people.log_in("dora", "mallory", "root"):
            people.is_answered(login, PERM_DENIED if login.login == "dora" and state != COLD
                               else answer_to(login.login, state))
        nobody_is_known()
        switch()
        names_are_as(state)
    finally:
        people.authority.start()


@pytest.mark.parametrize("uid", [0, 65534])
def test_a_roster_with_a_uid_of_the_systems(people: AccountsNode, state: State, uid: int) -> None:
    """Whose it is has no account, and everybody else has theirs."""
    people.put(state)
    people.authority.behave(roster(DORA, ERIN, entry("zoe", "admin", uid, ssh_keys=[KEY])))
    zoe, root = people.log_in("zoe", "root")
    people.is_answered(zoe, PERM_DENIED)
    people.is_answered(root, SUCCESS)
    output("getent", "passwd", "zoe", status=ABSENT)
    output("id", "zoe", status=1)
    people.is_as(FRESH)


def test_a_roster_with_the_uid_that_is_none(people: AccountsNode, state: State) -> None:
    """No roster: the one before it counts."""
    people.put(state)
    people.authority.behave(roster(DORA, FRANK, entry("zoe", "admin", 2**32 - 1, ssh_keys=[KEY])))
    people.is_as(state)
    zoe = people.log_in_one("zoe")
    people.is_answered(zoe, answer_to("zoe", state))
    output("getent", "passwd", "zoe", str(2**32 - 1), status=ABSENT)
