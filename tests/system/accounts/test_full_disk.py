# SPDX-License-Identifier: Apache-2.0
"""The disk of the accounts: full, or without inodes, as a user of the node can make it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import full_disk
from support.accounts_node import (ACCOUNTS, KEY, KEYS, OTHER_KEY, SPARES, AccountsNode, has_account, output,
                                   served)

DISK = ACCOUNTS.parent
USE_UP = [full_disk.fill, full_disk.use_up_the_inodes]
NO_SPACE = "No space left on device"


@pytest.fixture
def small(node: AccountsNode) -> Iterator[AccountsNode]:
    """Its accounts are on a disk of a few pages."""
    output("mount", "-t", "tmpfs", "-o", "size=160k,nr_inodes=100,mode=755", "tmpfs", DISK)
    node.roster.add("bob", uid=10002, ssh_keys=[KEY])
    node.change()
    yield node
    output("umount", "--lazy", DISK)


@pytest.fixture(params=full_disk.MAKE)
def real(node: AccountsNode, request: pytest.FixtureRequest) -> Iterator[AccountsNode]:
    with full_disk.real_disk(request.param, DISK):
        node.roster.add("bob", uid=10002, ssh_keys=[KEY])
        node.change()
        yield node


def without_spares() -> None:
    for spare in SPARES:
        spare.unlink()


def free() -> None:
    for filler in DISK.glob("filler*"):
        filler.unlink()


def bob_is_gone() -> None:
    assert not has_account("bob") and has_account("alice")
    assert served("bob") == "" and served("alice") == f"{KEY}\n"
    assert output("getent", "passwd", "10002").endswith(":/usr/sbin/nologin")
    assert output("getent", "group", "p-lab") == "p-lab:*:20000:alice"


def remove_bob(node: AccountsNode) -> str:
    node.roster.remove("bob")
    node.roster.write()
    done = node.run()
    assert done.returncode == 0
    return str(done.stderr)


@pytest.mark.parametrize("use_up", USE_UP, ids=["blocks", "inodes"])
def test_who_uses_up_the_disk_has_no_account_and_no_keys_all_the_same(small: AccountsNode,
                                                                      use_up: Callable[[Path], None]) -> None:
    use_up(DISK)
    keys = KEYS.read_bytes()
    assert remove_bob(small) == ""
    bob_is_gone()
    assert KEYS.read_bytes() != keys


@pytest.mark.parametrize("use_up", USE_UP, ids=["blocks", "inodes"])
def test_who_uses_up_a_real_disk_has_no_account_and_no_keys_all_the_same(real: AccountsNode,
                                                                         use_up: Callable[[Path], None]) -> None:
    use_up(DISK)
    remove_bob(real)
    bob_is_gone()


@pytest.mark.parametrize("use_up", USE_UP, ids=["blocks", "inodes"])
def test_removals_one_after_the_other(small: AccountsNode, use_up: Callable[[Path], None]) -> None:
    """The spare that was used makes place for another."""
    small.roster.add("carol", uid=10003, ssh_keys=[])
    small.change()
    use_up(DISK)
    small.refresh()  # unchanged
    people = {"alice": KEY, "bob": OTHER_KEY, "carol": KEY}
    for left in ({"alice", "carol"}, {"alice"}, {"alice", "bob"}, {"bob"}):
        for number, (login, key) in enumerate(people.items(), start=10001):
            small.roster.add(login, uid=number, ssh_keys=[key])
            if login not in left:
                small.roster.remove(login)
        small.change()
        assert {login for login in people if has_account(login)} == left
        assert {login: served(login) for login in people} == {
            login: f"{key}\n" if login in left else "" for login, key in people.items()}
        assert [output("id", "-un", str(uid)) for uid in (10001, 10002, 10003)] == list(people)


def test_without_a_spare_the_old_files_stay(small: AccountsNode) -> None:
    without_spares()
    full_disk.use_up_the_inodes(DISK)
    said = remove_bob(small)
    assert "the accounts stay as they are" in said and NO_SPACE in said
    assert has_account("alice") and has_account("bob")
    free()
    small.refresh()
    bob_is_gone()


def test_a_round_says_that_there_is_no_room_for_a_spare(small: AccountsNode) -> None:
    without_spares()
    full_disk.use_up_the_inodes(DISK)
    said = small.refresh().stderr
    for spare in SPARES:
        assert f"no room could be reserved for the next accounts: {spare}: {NO_SPACE}" in said


def test_keys_that_find_no_room_are_of_no_use_to_who_was_removed(small: AccountsNode) -> None:
    SPARES[1].unlink()
    full_disk.use_up_the_inodes(DISK)
    keys = KEYS.read_bytes()
    said = remove_bob(small)
    assert "the keys stay as they are" in said and NO_SPACE in said
    assert KEYS.read_bytes() == keys
    bob_is_gone()
    free()
    assert small.refresh().stderr == ""
    assert KEYS.read_bytes() != keys
    bob_is_gone()


def test_keys_of_a_round_without_its_accounts_are_nobody_elses(small: AccountsNode) -> None:
    SPARES[0].unlink()
    full_disk.use_up_the_inodes(DISK)
    small.roster.add("bob", uid=10003, user_id="user_another", ssh_keys=[OTHER_KEY])
    small.roster.write()
    keys = KEYS.stat().st_ino
    done = small.run()
    assert "the accounts stay as they are" in done.stderr and KEYS.stat().st_ino != keys
    assert output("id", "-u", "bob") == "10002"
    assert served("bob") == "" and served("alice") == f"{KEY}\n"
    free()
    small.refresh()
    assert output("id", "-u", "bob") == "10003"
    assert served("bob") == f"{OTHER_KEY}\n"
