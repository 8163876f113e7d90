# SPDX-License-Identifier: Apache-2.0
"""What callers see where accounts.v1 is missing, unreadable, somebody's, or damaged: no account of ours, the
node's own as ever; and the next round makes it anew."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.accounts_node import ABSENT, ACCOUNTS, KEY, KEYS, SPARES, AccountsNode, output, served
from support.ctl_node import TOGETHERCTL

# getpwnam_r itself: 0 and an account, 0 and none, or an errno.
ASK = """
import ctypes, sys
libc = ctypes.CDLL(None)
found = ctypes.c_void_p()
code = libc.getpwnam_r(sys.argv[1].encode(), ctypes.create_string_buffer(256), ctypes.create_string_buffer(4096),
                       ctypes.c_size_t(4096), ctypes.byref(found))
print(code if code else "found" if found else "none")
"""


def ask(login: str) -> str:
    return output("setpriv", "--reuid", "65534", "--clear-groups", "/usr/bin/python3", "-c", ASK, login)


def fifo() -> None:
    ACCOUNTS.unlink()
    os.mkfifo(ACCOUNTS)


def link() -> None:
    ACCOUNTS.rename("/var/lib/elsewhere")
    ACCOUNTS.symlink_to("/var/lib/elsewhere")


def damaged() -> None:
    content = bytearray(ACCOUNTS.read_bytes())
    content[:2048] = bytes(2048)
    ACCOUNTS.write_bytes(content)


WRONG: list[tuple[Callable[[], object], int]] = [
    (ACCOUNTS.unlink, errno.ENOENT),
    (lambda: ACCOUNTS.chmod(0o600), errno.EACCES),
    (lambda: ACCOUNTS.chmod(0o664), errno.EINVAL),
    (lambda: ACCOUNTS.chmod(0o646), errno.EINVAL),
    (fifo, errno.EINVAL),
    (link, errno.ELOOP),
    (damaged, errno.EIO),
    (lambda: os.truncate(ACCOUNTS, 2100), errno.EIO),
    (lambda: os.truncate(ACCOUNTS, 0), errno.EIO),
    (lambda: ACCOUNTS.write_bytes(bytes(5000)), errno.EIO),
]


@pytest.mark.parametrize(("make", "error"), WRONG)
def test_nobody_is_wrong(node: AccountsNode, make: Callable[[], object], error: int) -> None:
    assert (ask("alice"), ask("mallory"), ask("root")) == ("found", "none", "found")
    make()
    assert (ask("alice"), ask("mallory"), ask("root")) == (str(error), str(error), "found")
    output("getent", "passwd", "alice", status=ABSENT if error != errno.EACCES else 0)
    node.refresh()
    if error != errno.EACCES:
        assert ask("alice") == "found"


@pytest.mark.parametrize("path", [ACCOUNTS, KEYS])
def test_a_damaged_file_is_made_good_while_the_authority_is_away(node: AccountsNode, path: Path) -> None:
    """With all that is kept from others, and said once."""
    node.roster.remove("bob")
    node.change()
    intact, mode = path.read_bytes(), path.stat().st_mode
    node.roster.path.rename(node.roster.path.with_suffix(".away"))
    for damage in (path.unlink, lambda: path.write_bytes(bytes(len(intact))), lambda: os.truncate(path, 2100)):
        damage()
        done = node.run()
        assert done.returncode != 0 and f"{path} was damaged or lost, and is made good from its spare" in done.stderr
        assert (path.read_bytes(), path.stat().st_mode) == (intact, mode)
        assert output("id", "-un", "10002") == "bob" and served("alice") == f"{KEY}\n"
        assert "damaged" not in node.run().stderr


def test_where_file_and_spare_are_damaged_nobody_gets_anothers_uid(node: AccountsNode) -> None:
    node.roster.remove("bob")
    node.roster.add("carol", uid=10003)
    node.change()
    for path in (ACCOUNTS, SPARES[0]):
        path.write_bytes(bytes(path.stat().st_size))
    node.roster.remove("carol")
    for login, uid in (("mallory", 10002), ("mike", 10003), ("erin", 10004)):
        node.roster.add(login, uid=uid)
    node.roster.write()
    said = node.refresh().stderr
    assert said.count("ALERT") == 1 and f"{ACCOUNTS} and its spare are damaged" in said and "for 90d nobody new" in said
    for _ in range(2):
        assert output("id", "-Gn", "alice") == "alice p-lab p-lab-admin"
        assert output("id", "-un", "10002") == "bob"  # the keys' file knows it, too
        assert output("id", "-un", "10003") == "carol"  # and the roster before said whose keys they were
        for login in ("mallory", "mike", "erin"):
            output("getent", "passwd", login, status=ABSENT)
        assert "ALERT" not in node.refresh().stderr
    listed = json.loads(output(TOGETHERCTL, "--config", node.config, "accounts", "--json"))["accounts"]
    assert {row["login"]: row["reason"] for row in listed if row["state"] == "none"} == {
        "mallory": "uid_of_a_removed_account", "mike": "uid_of_a_removed_account", "erin": "id_may_be_anothers"}
    for path in (ACCOUNTS, SPARES[0]):
        path.unlink()
    node.refresh()
    assert output("id", "-u", "erin") == "10004"


@pytest.mark.parametrize("path", [ACCOUNTS, KEYS])
def test_a_damaged_file_is_made_anew(node: AccountsNode, path: Path) -> None:
    intact = path.read_bytes()
    for at in (5, len(intact) // 2, len(intact) - 3):
        content = bytearray(intact)
        content[at] ^= 8
        path.write_bytes(content)
        node.refresh()
        assert path.read_bytes() == intact
    path.unlink()
    node.refresh()
    assert path.read_bytes() == intact


def test_owner_and_mode(node: AccountsNode) -> None:
    accounts, keys = ACCOUNTS.stat(), KEYS.stat()
    assert (accounts.st_uid, accounts.st_mode & 0o7777) == (0, 0o644)
    assert (keys.st_uid, keys.st_gid, keys.st_mode & 0o7777) == (0, 0, 0o640)
    group = Path("/etc/group")
    group.write_text(group.read_text() + "together:x:990:\n")
    node.refresh()
    assert (KEYS.stat().st_gid, KEYS.stat().st_mode & 0o7777) == (990, 0o640)
