# SPDX-License-Identifier: Apache-2.0
"""sudo with `require=admin`: who may become root on the node."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.accounts import Account
from support.node import ROSTER, Node
from support.pam_service import ROOT_CALLS_SUDO, PamService
from support.ssh_client import Result, SshClient
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until


@pytest.fixture
def sudo(gated: Node) -> Iterator[PamService]:
    """Everybody may by sudoers, without a password; the gate is what is left to refuse."""
    service = PamService("sudo")
    before = service.path.read_text()
    service.write((ROOT_CALLS_SUDO, *gated.gate("require=admin")[1:]))
    sudoers = Path("/etc/sudoers.d/everybody")
    sudoers.write_text("ALL ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)
    yield service
    sudoers.unlink()
    service.path.write_text(before)


def test_an_admin_becomes_root(
    sudo: PamService, ssh: SshClient, alice: Account, syslog: SyslogCollector
) -> None:
    result = ssh.run(alice, 'x=$(sudo id -u); echo "[$x]"')
    assert (result.status, result.stdout, result.stderr) == (0, "[0]\n", "")
    decision = syslog.wait_for_decision(service="sudo")
    assert (decision["login"], decision["verdict"], decision["role"]) == ("alice", "allow", "admin")


def test_a_member_does_not(
    sudo: PamService, ssh: SshClient, bob: Account, syslog: SyslogCollector
) -> None:
    result = ssh.run(bob, 'x=$(sudo id -u); echo "[$x]"')
    assert (result.status, result.stdout) == (0, "[]\n")
    assert "sudo: PAM account management error: Permission denied\n" in result.stderr
    decision = syslog.wait_for_decision(service="sudo")
    assert (decision["verdict"], decision["reason"]) == ("deny", "admin_required")


@pytest.mark.parametrize("whose_password", ["targetpw", "rootpw", "runaspw"])
def test_whose_password_is_asked_for_changes_nothing(
    sudo: PamService, ssh: SshClient, bob: Account, syslog: SyslogCollector, whose_password: str
) -> None:
    """PAM's user is the target then: decided is about who calls sudo."""
    with Path("/etc/sudoers.d/everybody").open("a") as sudoers:
        sudoers.write(f"Defaults {whose_password}\n")
    assert ssh.run(bob, "sudo -n id -u").stdout == ""
    decision = syslog.wait_for_decision(service="sudo")
    assert (decision["login"], decision["reason"]) == ("bob", "admin_required")


def test_root_needs_no_gate_for_sudo(sudo: PamService, gated: Node) -> None:
    gated.config.unlink()
    done = subprocess.run(["sudo", "-n", "id", "-u"], capture_output=True, text=True, timeout=20)
    assert done.stdout == "0\n"


# sudo 1.9.13 always passes PAM_SILENT to the account phase, and shows an error message all the same.
def test_a_member_reads_why(sudo: PamService, ssh: SshClient, bob: Account) -> None:
    result = ssh.run(bob, "sudo id -u")
    assert result.stderr.startswith(
        "Access denied: bob has the role member in project "
        "proj_123; this needs the role admin. An Admin of the project can change your role.\n")


def test_an_exempt_user_passes(
    sudo: PamService, gated: Node, ssh: SshClient, mallory: Account
) -> None:
    gated.configure(gate={"exempt_users": "mallory"})
    assert ssh.run(mallory, "sudo id -u").stdout == "0\n"


def test_sudo_decides_from_what_is_there(
    sudo: PamService, gated: Node, ssh: SshClient, alice: Account, syslog: SyslogCollector
) -> None:
    """Its caller controls too much of what a helper would inherit: sudo never refreshes."""
    gated.configure(roster={"fresh_for": "1s"})
    with ssh.connect(alice) as connection:  # one login: only sudo asks from here on
        assert connection.admitted()
        gated.roster.remove("alice")
        gated.roster.add("bob", "admin")
        gated.roster.write()
        before = snapshot_state(gated)

        def decided_from_the_old_roster() -> bool:
            assert connection.run("sudo id -u").stdout == "0\n"
            return bool(syslog.decisions(service="sudo", evidence="old"))

        wait_until(decided_from_the_old_roster, "a decision by the old roster", timeout=30)
    assert snapshot_state(gated) == before
    assert not [m for m in syslog.messages if m.tag == "pam_together"
                and m.fields.get("event") == "refresh" and m.fields["service"] == "sudo"]


def sudo_without_a_roster(node: Node, ssh: SshClient, account: Account) -> Result:
    with ssh.connect(account) as connection:
        assert connection.admitted()
        ROSTER.unlink()
        node.snapshot.unlink()
        return connection.run("sudo id -u")


def test_sudo_without_any_roster_cannot_tell(
    sudo: PamService, gated: Node, ssh: SshClient, alice: Account, syslog: SyslogCollector
) -> None:
    result = sudo_without_a_roster(gated, ssh, alice)
    assert (result.status, result.stdout) == (1, "")
    decision = syslog.wait_for_decision(service="sudo")
    assert (decision["verdict"], decision["reason"]) == ("unavailable", "no_roster")


def test_sudo_without_any_roster_says_so(
    sudo: PamService, gated: Node, ssh: SshClient, alice: Account
) -> None:
    result = sudo_without_a_roster(gated, ssh, alice)
    assert result.stderr.startswith(
        "Access cannot be decided now: this node has no usable roster of project proj_123, and "
        "only root's services, such as sshd, may ask for a newer one.")


def snapshot_state(node: Node) -> list[tuple[str, int, int]]:
    """Name, inode and time of change of all that a refresh would touch."""
    return sorted(
        (entry.name, entry.stat().st_ino, entry.stat().st_mtime_ns)
        for entry in os.scandir(node.snapshot.parent)
    )
