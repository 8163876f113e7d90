# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the system tests. Start them with `tests/system/sshd/run`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.accounts import Account, Accounts
from support.node import Node, build_folder
from support.pam_service import PERMIT
from support.sandboxed import in_sandbox
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.syslog_collector import SyslogCollector


def pytest_configure() -> None:
    if not in_sandbox():
        pytest.exit("these tests change the system: run tests/system/sshd/run", returncode=2)
    os.umask(0o022)


@pytest.fixture(scope="session")
def running_sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd")) as sshd:
        yield sshd


@pytest.fixture
def sshd(running_sshd: Sshd) -> Iterator[Sshd]:
    """The one sshd of all tests, at first with a stack that lets everybody in."""
    running_sshd.account_stack(PERMIT)
    running_sshd.forget_log()
    yield running_sshd
    print(running_sshd.log())  # pytest shows it where the test failed


@pytest.fixture(scope="session")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    return Accounts(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def alice(accounts: Accounts) -> Account:
    """On the roster as admin, where the node is `gated`."""
    return accounts.add("alice", 20001)


@pytest.fixture(scope="session")
def bob(accounts: Accounts) -> Account:
    """On the roster as member."""
    return accounts.add("bob", 20002)


@pytest.fixture(scope="session")
def mallory(accounts: Accounts) -> Account:
    """Not on the roster: an account on the node is no right to log in."""
    return accounts.add("mallory", 20003)


@pytest.fixture(scope="session")
def root(accounts: Accounts) -> Account:
    return accounts.root()


@pytest.fixture
def ssh(sshd: Sshd, tmp_path: Path) -> SshClient:
    return SshClient(sshd, tmp_path)


@pytest.fixture
def syslog() -> Iterator[SyslogCollector]:
    with SyslogCollector() as collector:
        yield collector
        print(collector)


@pytest.fixture
def node() -> Iterator[Node]:
    """Fails, and is not skipped, where something was not built."""
    node = Node(build_folder())
    node.reset()
    node.configure()
    yield node
    node.reset()


@pytest.fixture
def gated(node: Node, sshd: Sshd) -> Node:
    """A node that asks the gate before it lets anybody in."""
    node.roster.add("alice", "admin", uid=20001)
    node.roster.add("bob", "member")
    node.roster.write()
    sshd.account_stack(node.gate())
    return node
