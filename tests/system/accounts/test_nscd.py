# SPDX-License-Identifier: Apache-2.0
"""A real nscd in front, which would keep what it was once told for ten minutes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.accounts_node import ABSENT, AccountsNode, output
from support.refresher import ENVIRONMENT
from support.waiting import wait_until

CONFIG = """
server-user root
enable-cache passwd yes
positive-time-to-live passwd 600
negative-time-to-live passwd 600
check-files passwd no
persistent passwd no
shared passwd no
enable-cache group yes
positive-time-to-live group 600
negative-time-to-live group 600
check-files group no
persistent group no
shared group no
"""


@pytest.fixture
def nscd(node: AccountsNode, tmp_path: Path) -> Iterator[None]:
    config = tmp_path / "nscd.conf"
    config.write_text(CONFIG)
    folder = Path("/run/nscd")
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(["/usr/sbin/nscd", "-F", "-f", str(config)], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until((folder / "socket").is_socket, "nscd's socket")
        yield
    finally:
        process.terminate()
        process.wait()


def is_found(database: str, name: str) -> bool:
    return subprocess.run(["getent", database, name], env=ENVIRONMENT, capture_output=True, check=False).returncode == 0


def test_it_is_in_front(node: AccountsNode, nscd: None) -> None:
    output("getent", "passwd", "later", status=ABSENT)
    passwd = Path("/etc/passwd")
    passwd.write_text(passwd.read_text() + "later:x:1777:1777::/home/later:/bin/sh\n")
    output("getent", "passwd", "later", status=ABSENT)


def test_it_keeps_neither_a_newcomer_out_nor_a_removed_one_in(node: AccountsNode, nscd: None) -> None:
    output("getent", "passwd", "carol", status=ABSENT)
    output("getent", "passwd", "10007", status=ABSENT)
    output("getent", "group", "carol", status=ABSENT)
    node.roster.add("carol", uid=10007)
    node.change()
    wait_until(lambda: is_found("passwd", "carol") and is_found("passwd", "10007") and is_found("group", "carol"),
               "the newcomer", 5)
    assert "carol" in output("getent", "group", "p-lab")
    node.roster.remove("carol")
    node.change()
    wait_until(lambda: not is_found("passwd", "carol") and not is_found("group", "carol"), "the removed one to be nobody", 5)
    assert output("getent", "passwd", "10007").endswith(":/usr/sbin/nologin")
    wait_until(lambda: "carol" not in output("getent", "group", "p-lab"), "the group without them", 5)
