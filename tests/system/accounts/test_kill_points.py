# SPDX-License-Identifier: Apache-2.0
"""kill -9 before and after each system call of a round that changes the accounts: names are those of before
or of after, keys are nobody's who has no account, and the next round makes both files right."""

import itertools
import shutil
import subprocess
from pathlib import Path

from support.accounts_node import ACCOUNTS, KEY, KEYS, AccountsNode, output
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


def killed_at(node: AccountsNode, point: int) -> bool:
    done = subprocess.run([KILL_AT, "parent", str(point), PROGRAM, "--config", node.config],
                          capture_output=True, text=True, timeout=60)
    return done.stdout.splitlines()[-1].endswith("killed")


def test_killed_while_the_accounts_change(node: AccountsNode) -> None:
    saved = {node.folder: TOP / "saved-roster", FOLDER: TOP / "saved-accounts"}
    for folder, copy in saved.items():
        subprocess.run(["cp", "-a", folder, copy], check=True)
    node.roster.remove("bob")
    node.roster.add("carol", uid=10003, ssh_keys=[KEY])
    node.roster.write()
    seen, last = [], content(FOLDER)
    for point in itertools.count(1):
        if not killed_at(node, point):
            break
        now = content(FOLDER)
        if now != last:
            last = now
            seen.append(people())
            assert seen[-1] in (BEFORE, AFTER)
            assert (b"carol" in KEYS.read_bytes()) or seen[-1] == BEFORE  # keys come first
            told = node.refresh()
            assert people() == AFTER, (point, told)
            assert set(content(FOLDER)) == {ACCOUNTS.name, KEYS.name}, (point, told)
            assert output("id", "-un", "10002") == "bob"
        for folder, copy in saved.items():
            restore(folder, copy)
    assert point > 50 and BEFORE in seen and AFTER in seen
