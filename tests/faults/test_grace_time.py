# SPDX-License-Identifier: Apache-2.0
"""A login that ends in the middle: sshd's LoginGraceTime kills the process that waits."""

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.accounts import Account
from support.faulty_authority import good
from support.faulty_node import FRESH, MODULE, OLD, STATES, FaultyNode, Late, State
from support.pam_client import PERM_DENIED, SUCCESS
from support.pam_service import PERMIT, gate_lines
from support.refresher import PROGRAM, children_of, processes_of
from support.ssh_client import Method, Result, SshClient
from support.sshd import Sshd
from support.waiting import wait_until

GRACE, DEADLINE = 8, 60  # seconds; the deadline is the longest that can be configured
KEYS = Path("/run/ssh-keys")
UIDS = {"alice": 10001, "bob": 10002, "mallory": 10003, "root": 0}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGALRM, signal.SIGTERM],
                         ids=lambda number: number.name)
def test_a_login_that_is_killed_while_it_waits(
    node: FaultyNode, state: State, number: signal.Signals
) -> None:
    """No helper stays behind, no lock is held; it was logged before it waited."""
    node.set_up(deadline=30)
    node.put(state)
    node.authority.behave(lambda visit: visit.hang())
    (pid,) = node.application.begin(node.pam, "sshd", ["mallory"])
    wait_until(lambda: len(processes_of(PROGRAM)) == 2, "together-refresh and its child")
    os.kill(pid, number)
    assert node.application.finish() == [None]
    node.nothing_is_left([])
    node.syslog.wait_for(lambda line: line.fields.get("event") == "refresh")
    node.authority.behave(good)
    login = node.log_in_one("mallory")
    assert login.answer == PERM_DENIED and login.seconds < 10
    node.is_answered(node.log_in_one("alice"), SUCCESS)


@pytest.fixture(scope="module")
def accounts_with_a_key() -> dict[str, Account]:
    """One key for all of them, where sshd looks for it: none has a home."""
    KEYS.mkdir(mode=0o755)
    key = KEYS / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return {login: Account(login, uid, "", key, Path("/nonexistent"))
            for login, uid in UIDS.items()}


@pytest.fixture(scope="module")
def running_sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    settings = [f"LoginGraceTime {GRACE}", f"AuthorizedKeysFile {KEYS / 'key.pub'}"]
    with Sshd(tmp_path_factory.mktemp("sshd"), settings) as sshd:
        yield sshd


class RealLogins:
    """By ssh, on a node whose authority hangs at first."""

    def __init__(self, node: FaultyNode, sshd: Sshd, client: SshClient,
                 accounts: dict[str, Account], method: Method) -> None:
        self.node, self._sshd, self._client = node, sshd, client
        self._accounts, self._method = accounts, method
        gate = gate_lines(MODULE, f"config={node.config}")[:2]
        # Whoever comes by keyboard-interactive is asked for nothing; the account part decides.
        sshd.service.write([*gate, *PERMIT], auth=["auth required pam_permit.so"])

    def log_in(self, login: str) -> Result:
        return self._client.run(self._accounts[login], "id -u", method=self._method,
                                timeout=DEADLINE + 30)

    def is_let_in(self, login: str) -> None:
        result = self.log_in(login)
        assert (result.status, result.stdout) == (0, f"{UIDS[login]}\n"), result

    def is_refused(self, login: str) -> Result:
        result = self.log_in(login)
        assert (result.status, result.stdout) == (255, ""), result
        return result

    def nobody_is_left(self) -> None:
        """Of sshd's own processes: one of them would still be in our module."""
        listener = int((self._sshd.directory / "sshd.pid").read_text())
        wait_until(lambda: not children_of(listener), "the end of sshd's children")


@pytest.fixture
def real(node: FaultyNode, running_sshd: Sshd, accounts_with_a_key: dict[str, Account],
         method: Method, tmp_path: Path) -> RealLogins:
    client = SshClient(running_sshd, tmp_path)
    return RealLogins(node, running_sshd, client, accounts_with_a_key, method)


# With a key the module runs in sshd's monitor, which its own alarm ends; by keyboard-interactive in
# a child of it, which is ended with it.
@pytest.mark.parametrize("state, method", [
    *((state, "key") for state in STATES), (OLD, "keyboard"),
], ids=lambda value: value.name if isinstance(value, State) else value)
def test_a_real_sshd_ends_the_login(real: RealLogins, state: State) -> None:
    """Nobody is let in by that, nothing of ours is left, and the next login is the first one of a
    node that was never disturbed."""
    node = real.node
    node.set_up(deadline=DEADLINE)
    node.until_in_time(lambda: end_in_the_middle(real, state))
    real.nobody_is_left()
    node.nothing_is_left([])
    node.nobody_holds_the_lock()
    attempt = node.last_attempt()
    assert attempt is None or attempt["left_ms"] == 0, attempt
    node.authority.behave(good)
    node.syslog.forget()
    assert "mallory is not a collaborator" in real.is_refused("mallory").stderr
    assert node.syslog.wait_for_decision(login="mallory")["evidence"] == "refreshed"
    for login in ("alice", "bob", "root"):
        real.is_let_in(login)
    real.nobody_is_left()
    node.nothing_is_left([])


def end_in_the_middle(real: RealLogins, state: State) -> None:
    node = real.node
    waiting = ["mallory"] if state == FRESH else ["alice", "bob", "mallory"]
    node.put(state)
    node.authority.behave(lambda visit: visit.hang())
    node.syslog.forget()
    with ThreadPoolExecutor(len(waiting)) as pool:
        logins = {login: pool.submit(real.is_refused, login) for login in waiting}
        real.is_let_in("root")
        if state == FRESH:
            real.is_let_in("alice")
        seconds = [login.result().seconds for login in logins.values()]
    assert max(seconds) < DEADLINE / 2, "it was not sshd that ended it"
    assert not node.syslog.decisions(login="mallory"), "it was decided"
    began = {line.fields["login"] for line in node.syslog.messages
             if line.fields.get("event") == "refresh"}
    if began != set(waiting):  # the grace time was over before the account part
        raise Late(f"only {began} got as far as a refresh")
