# SPDX-License-Identifier: Apache-2.0
"""The harness itself, with no binary of ours: proves that a refused login is seen as refused and
an admitted one as admitted, so that the other tests can fail."""

import socket
import subprocess
from pathlib import Path

import pytest

from support.accounts import Account
from support.decision_fields import parse_fields
from support.pam_service import DENY
from support.ssh_client import Method, SshClient
from support.sshd import Sshd
from support.syslog_collector import AUTHPRIV, SyslogCollector


@pytest.mark.parametrize("method", ["key", "keyboard"])
def test_a_permitting_stack_lets_in(ssh: SshClient, alice: Account, method: Method) -> None:
    result = ssh.run(alice, "id -u", method=method)
    assert (result.status, result.stdout, result.stderr) == (0, "20001\n", "")


def test_a_denying_stack_refuses_a_key(sshd: Sshd, ssh: SshClient, alice: Account) -> None:
    sshd.account_stack(DENY)
    result = ssh.run(alice, "id -u")
    assert (result.status, result.stdout) == (255, "")
    assert result.stderr.startswith("Connection closed by 127.0.0.1")
    assert "Access denied for user alice by PAM account configuration" in sshd.log()


def test_a_denying_stack_refuses_a_password(sshd: Sshd, ssh: SshClient, alice: Account) -> None:
    sshd.account_stack(DENY)
    result = ssh.run(alice, "id -u", method="keyboard")
    assert (result.status, result.stdout) == (255, "")
    assert "Permission denied" in result.stderr


def test_a_wrong_password_is_refused(ssh: SshClient, alice: Account) -> None:
    impostor = Account("alice", alice.uid, "guess", alice.key, alice.home)
    assert ssh.run(impostor, "id -u", method="keyboard").status == 255


def test_root_gets_in_with_a_key(ssh: SshClient, root: Account) -> None:
    assert ssh.run(root, "id -u").stdout == "0\n"


def test_the_stack_is_swapped_while_sshd_runs(sshd: Sshd, ssh: SshClient, alice: Account) -> None:
    assert ssh.run(alice, "true").status == 0
    sshd.account_stack(DENY)
    assert ssh.run(alice, "true").status == 255


def test_scp_and_sftp(ssh: SshClient, alice: Account, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("payload\n")
    assert ssh.scp(alice, str(tmp_path / "data"), "node:copied").status == 0
    assert (alice.home / "copied").read_text() == "payload\n"
    listing = ssh.sftp(alice, "ls copied")
    assert listing.status == 0 and "copied" in listing.stdout


def test_a_connection_without_a_command(sshd: Sshd, ssh: SshClient, alice: Account) -> None:
    with ssh.connect(alice) as connection:
        assert connection.admitted()
        sshd.account_stack(DENY)
        assert connection.run("id -u").stdout == "20001\n"  # no account phase for a second session


def test_a_refused_connection_without_a_command(sshd: Sshd, ssh: SshClient, alice: Account) -> None:
    sshd.account_stack(DENY)
    with ssh.connect(alice) as connection:
        assert not connection.admitted()
        result = connection.close()
    assert result.status == 255 and "Connection closed" in result.stderr


def test_syslog_messages_are_collected(syslog: SyslogCollector) -> None:
    text = "login=alice verdict=deny"
    subprocess.run(["logger", "-p", "authpriv.notice", "-t", "gate", "--", text], check=True)
    message = syslog.wait_for(lambda message: message.tag == "gate")
    assert (message.facility, message.severity, message.text) == (AUTHPRIV, 5, text)
    assert syslog.wait_for_decision(login="alice")["verdict"] == "deny"
    assert syslog.decisions(login="bob") == []


def test_a_message_that_does_not_come_fails(syslog: SyslogCollector) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"<86>gate: something else", "/dev/log")
    with pytest.raises(AssertionError, match="something else"):
        syslog.wait_for(lambda message: "verdict" in message.fields, timeout=0.2)


@pytest.mark.parametrize("text, fields", [
    ("login=alice uid=10001", {"login": "alice", "uid": "10001"}),
    ('reason="not a collaborator" role=', {"reason": "not a collaborator", "role": ""}),
    (r'login="a\"b\\c\x0ad" x=""', {"login": 'a"b\\c\nd', "x": ""}),
    (r'login="j\xc3\xb6rg"', {"login": "jörg"}),
    ('reason="x=1 y=2"', {"reason": "x=1 y=2"}),
])
def test_fields_are_parsed(text: str, fields: dict[str, str]) -> None:
    assert parse_fields(text) == fields
