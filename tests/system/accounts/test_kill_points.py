# SPDX-License-Identifier: Apache-2.0
"""kill -9 before and after each system call of a round that changes the accounts: names are those of before
or of after, keys are nobody's who has no account and open no account of another person, and the next round makes
both files right."""

import itertools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.accounts_node import ABSENT, ACCOUNTS, KEY, KEYS, OTHER_KEY, SPARES, AccountsNode, output, served
from support.refresher import KILL_AT, PROGRAM, TOP

FOLDER = ACCOUNTS.parent
BEFORE, AFTER = {"alice", "bob"}, {"alice", "carol"}


def people() -> set[str]:
    return {name for name in ("alice", "bob", "carol")
            if subprocess.run(["getent", "passwd", name], stdout=subprocess.DEVNULL).returncode == 0}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def restore(folder: Path, saved: Path) -> None:
    shutil.rmtree(folder)
    subprocess.run(["cp", "-a", saved, folder], check=True)


def each_kill(node: AccountsNode) -> Iterator[int]:
    """The files as a round that was killed at this point leaves them; later they are as they were."""
    saved = {node.folder: TOP / "saved-roster", FOLDER: TOP / "saved-accounts"}
    for folder, copy in saved.items():
        subprocess.run(["cp", "-a", folder, copy], check=True)
    node.roster.write()
    last = content(FOLDER)
    for point in itertools.count(1):
        if not killed_at(node, point):
            break
        now = content(FOLDER)
        if now != last:
            last = now
            yield point
        for folder, copy in saved.items():
            restore(folder, copy)
    assert point > 50


def killed_at(node: AccountsNode, point: int) -> bool:
    done = subprocess.run([KILL_AT, "parent", str(point), PROGRAM, "--config", node.config],
                          capture_output=True, text=True, timeout=60)
    return done.stdout.splitlines()[-1].endswith("killed")


def test_killed_while_the_accounts_change(node: AccountsNode) -> None:
    node.roster.remove("bob")
    node.roster.add("carol", uid=10003, ssh_keys=[KEY])
    seen = []
    for point in each_kill(node):
        seen.append(people())
        assert seen[-1] in (BEFORE, AFTER)
        assert (b"carol" in KEYS.read_bytes()) or seen[-1] == BEFORE  # keys come first
        told = node.refresh()
        assert people() == AFTER, (point, told)
        assert set(content(FOLDER)) == {path.name for path in (ACCOUNTS, KEYS, *SPARES)}, (point, told)
        assert all(spare.read_bytes().startswith(path.read_bytes()) for path, spare in zip((ACCOUNTS, KEYS), SPARES))
        assert output("id", "-un", "10002") == "bob"
    assert BEFORE in seen and AFTER in seen


@pytest.mark.parametrize("damaged", ["file", "spare"])
def test_killed_while_a_damaged_file_is_made_good(node: AccountsNode, damaged: str) -> None:
    """And the roster gives a removed person's uid to another."""
    node.roster.remove("bob")
    node.change()
    for path in (SPARES if damaged == "spare" else (ACCOUNTS, KEYS)):
        path.write_bytes(bytes(path.stat().st_size))
    node.roster.add("mallory", uid=10002, ssh_keys=[OTHER_KEY])
    for point in each_kill(node):
        assert "ALERT" not in node.refresh().stderr, point
        assert output("id", "-un", "10002") == "bob"
        output("getent", "passwd", "mallory", status=ABSENT)
        assert served("mallory") == "" and served("alice") == f"{KEY}\n"


# Another person with the same uid stands for an authority that gives it on; uids of the removed are kept for nobody else.
@pytest.mark.parametrize("uid", [10003, 10002])
def test_killed_while_a_login_passes_to_another_person(node: AccountsNode, uid: int) -> None:
    node.roster.add("bob", uid=10002, ssh_keys=[KEY])
    node.change()
    node.roster.add("bob", uid=uid, user_id="user_another", ssh_keys=[OTHER_KEY])
    before, after = ("10002", "user_bob"), (str(uid), "user_another")
    keys_of = {before: f"{KEY}\n", after: f"{OTHER_KEY}\n"}
    seen = []
    for point in each_kill(node):
        account = output("getent", "passwd", "bob").split(":")
        keys = served("bob")
        seen.append((account[2], account[4]))
        assert keys in ("", keys_of[seen[-1]]), (point, seen[-1])
        node.refresh()
        assert output("id", "-u", "bob") == str(uid)
        assert served("bob") == keys_of[after]
    assert before in seen and after in seen
