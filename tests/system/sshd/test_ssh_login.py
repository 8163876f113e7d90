# SPDX-License-Identifier: Apache-2.0
"""Who gets in over ssh, and who does not, by every way in; what both see and what is logged."""

import re
from pathlib import Path

import pytest

from support.accounts import Account
from support.node import Node
from support.pam_service import gate_lines
from support.ssh_client import Method, SshClient
from support.sshd import SERVICE, Sshd
from support.syslog_collector import AUTHPRIV, SyslogCollector

INFO, NOTICE = 6, 5

REFUSAL = (
    "Access denied: mallory is not a collaborator of "
    "project proj_123. An Admin of the project can add you.\n"
)


def closed(sshd: Sshd) -> str:
    return f"Connection closed by 127.0.0.1 port {sshd.port}\n"


@pytest.mark.parametrize("method", ["key", "keyboard"])
def test_an_admin_gets_in(gated: Node, ssh: SshClient, alice: Account, method: Method) -> None:
    result = ssh.run(alice, "id -u", method=method)
    assert (result.status, result.stdout, result.stderr) == (0, "20001\n", "")


@pytest.mark.parametrize("method", ["key", "keyboard"])
def test_a_member_gets_in(gated: Node, ssh: SshClient, bob: Account, method: Method) -> None:
    result = ssh.run(bob, "id -u", method=method)
    assert (result.status, result.stdout, result.stderr) == (0, "20002\n", "")


def test_a_collaborator_copies_files(
    gated: Node, ssh: SshClient, alice: Account, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("payload\n")
    there = ssh.scp(alice, str(tmp_path / "data"), "node:from-alice")
    back = ssh.scp(alice, "node:from-alice", str(tmp_path / "back"))
    assert [(done.status, done.stdout, done.stderr) for done in (there, back)] == [(0, "", "")] * 2
    assert (tmp_path / "back").read_text() == "payload\n"


def test_a_collaborator_uses_sftp(gated: Node, ssh: SshClient, bob: Account) -> None:
    result = ssh.sftp(bob, "pwd")
    assert (result.status, result.stderr) == (0, "")
    assert "Remote working directory: /home/bob" in result.stdout


def test_a_collaborator_connects_without_a_command(
    gated: Node, ssh: SshClient, alice: Account
) -> None:
    with ssh.connect(alice) as connection:
        assert connection.admitted()


def test_a_second_session_is_no_second_login(
    gated: Node, ssh: SshClient, alice: Account, syslog: SyslogCollector
) -> None:
    with ssh.connect(alice) as connection:
        assert connection.admitted()
        syslog.wait_for_decision(login="alice", verdict="allow")
        assert connection.run("id -u").stdout == "20001\n"
        assert connection.run("id -u").stdout == "20001\n"
    assert len(syslog.decisions()) == 1


def test_a_stranger_with_a_key_reads_why(
    gated: Node, sshd: Sshd, ssh: SshClient, mallory: Account
) -> None:
    result = ssh.run(mallory, "id -u")
    assert (result.status, result.stdout) == (255, "")
    assert result.stderr == REFUSAL + closed(sshd)


def test_a_stranger_with_a_password_reads_why(
    gated: Node, ssh: SshClient, mallory: Account
) -> None:
    result = ssh.run(mallory, "id -u", method="keyboard")
    assert (result.status, result.stdout) == (255, "")
    # ssh 9.2 adds an empty line, where the round of questions ends; 10.6 does not.
    assert result.stderr.replace("\n\n", "\n") == (
        REFUSAL + "mallory@127.0.0.1: Permission denied (publickey,keyboard-interactive).\n"
    )


def test_a_stranger_copies_nothing(
    gated: Node, sshd: Sshd, ssh: SshClient, mallory: Account, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("payload\n")
    result = ssh.scp(mallory, str(tmp_path / "data"), "node:from-mallory")
    assert (result.status, result.stdout) == (255, "")
    assert result.stderr == REFUSAL + closed(sshd) + "scp: Connection closed\n"
    assert not (mallory.home / "from-mallory").exists()


def test_a_stranger_has_no_sftp(gated: Node, sshd: Sshd, ssh: SshClient, mallory: Account) -> None:
    result = ssh.sftp(mallory, "mkdir made-by-mallory")
    assert (result.status, result.stdout) == (255, "")
    assert result.stderr == REFUSAL + closed(sshd) + "Connection closed\n"
    assert not (mallory.home / "made-by-mallory").exists()


def test_a_stranger_does_not_connect_without_a_command(
    gated: Node, sshd: Sshd, ssh: SshClient, mallory: Account
) -> None:
    with ssh.connect(mallory) as connection:
        assert not connection.admitted()
        result = connection.close()
    assert (result.status, result.stdout, result.stderr) == (255, "", REFUSAL + closed(sshd))


@pytest.mark.parametrize("method", ["key", "keyboard"])
def test_the_log_of_an_allow_word_for_word(
    gated: Node, ssh: SshClient, alice: Account, syslog: SyslogCollector, method: Method
) -> None:
    ssh.run(alice, "true", method=method)
    syslog.wait_for_decision(login="alice")
    [message] = syslog.decisions()
    assert (message.facility, message.severity, message.tag) == (AUTHPRIV, INFO, "pam_together")
    assert re.fullmatch(
        rf"login=alice uid=20001 service={SERVICE} rhost=127\.0\.0\.1 pid=\d+ action=ssh\.login "
        r"verdict=allow reason=role_permits role=admin project=proj_123 revision=1 age=\d+\.\ds "
        r"took_us=\d+ evidence=refreshed", message.text)


@pytest.mark.parametrize("method", ["key", "keyboard"])
def test_the_log_of_a_refusal_word_for_word(
    gated: Node, ssh: SshClient, mallory: Account, syslog: SyslogCollector, method: Method
) -> None:
    ssh.run(mallory, "true", method=method)
    syslog.wait_for_decision(login="mallory")
    [message] = syslog.decisions()
    assert (message.facility, message.severity, message.tag) == (AUTHPRIV, NOTICE, "pam_together")
    assert re.fullmatch(
        rf"login=mallory uid=- service={SERVICE} rhost=127\.0\.0\.1 pid=\d+ action=ssh\.login "
        r"verdict=deny reason=not_a_collaborator role=- project=proj_123 revision=1 age=\d+\.\ds "
        r"took_us=\d+ evidence=refreshed", message.text)


def test_root_gets_in_without_a_word(
    gated: Node, ssh: SshClient, root: Account, syslog: SyslogCollector
) -> None:
    result = ssh.run(root, "id -u")
    assert (result.status, result.stdout, result.stderr) == (0, "0\n", "")
    assert syslog.decisions() == []


def test_without_the_module_root_gets_in_and_nobody_else(
    gated: Node, sshd: Sshd, ssh: SshClient, alice: Account, root: Account
) -> None:
    sshd.account_stack(gate_lines(Path("/nonexistent/pam_together.so")))
    assert ssh.run(root, "id -u").stdout == "0\n"
    result = ssh.run(alice, "id -u")
    assert (result.status, result.stdout) == (255, "")


def test_the_session_knows_project_and_role(
    gated: Node, sshd: Sshd, ssh: SshClient, bob: Account
) -> None:
    sshd.account_stack(gated.gate(), session=[f"session optional {gated.module}"])
    result = ssh.run(bob, 'echo "$TOGETHER_PROJECT_ID $TOGETHER_ROLE"')
    assert (result.stdout, result.stderr) == ("proj_123 member\n", "")
