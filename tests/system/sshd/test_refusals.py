# SPDX-License-Identifier: Apache-2.0
"""Each reason for a refusal: what the user reads, what is logged; root is never locked out."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.accounts import Account
from support.node import Node
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.syslog_collector import SyslogCollector

CONTACT = "Ask the help desk: desk@example.org."


@dataclass(frozen=True)
class Case:
    reason: str
    entries: tuple[dict, ...]  # what the roster says about bob
    text: str  # what bob reads after "Access denied: "


CASES = [
    Case(
        "not_a_collaborator", (),
        "bob is not a collaborator of project proj_123. An Admin of the project can add you.",
    ),
    Case(
        "unknown_role", ({"role": "auditor"},),
        "bob has a role in project proj_123 that this node does not know (auditor). Tell the "
        "operators: this node's software may be too old.",
    ),
    Case(
        "uid_differs", ({"uid": 30002},),
        "bob has the uid 30002 on the roster of project proj_123 but 20002 on this node. The "
        "operators must make them agree.",
    ),
    Case(
        "uid_below_minimum", ({"uid": 20002},),
        "bob has the uid 20002 on the roster of project proj_123, and uids below 20003 are system "
        "accounts here, which a roster cannot admit.",
    ),
    Case(
        "login_shared", ({"user_id": "user_1"}, {"user_id": "user_2"}),
        "two collaborators of project proj_123 have the login bob. An Admin of the project must "
        "give one of them another.",
    ),
    Case(
        "uid_shared", ({"uid": 20002}, {"login": "bobby", "uid": 20002}),
        "two collaborators of project proj_123 have the uid 20002 of bob. An Admin of the project "
        "must give one of them another.",
    ),
]


def entry(number: int, changes: dict) -> dict:
    return {
        "object": "project.collaborator", "user_id": f"user_bob_{number}", "login": "bob",
        "uid": None, "role": "member", "external": False,
    } | changes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_a_deny_says_why(
    gated: Node, sshd: Sshd, ssh: SshClient, bob: Account, syslog: SyslogCollector, case: Case
) -> None:
    gate = {"contact": CONTACT}
    if case.reason == "uid_below_minimum":
        gate["min_uid"] = "20003"
    gated.configure(gate=gate)
    gated.roster.remove("bob")
    document = gated.roster.document() | {"revision": 5}
    document["data"] += [entry(number, changes) for number, changes in enumerate(case.entries)]
    gated.roster.write_text(json.dumps(document))

    result = ssh.run(bob, "true")
    message = f"Access denied: {case.text} {CONTACT}"
    assert result.status == 255
    assert result.stderr == f"{message}\nConnection closed by 127.0.0.1 port {sshd.port}\n"
    decision = syslog.wait_for_decision(login="bob")
    assert (decision["verdict"], decision["reason"]) == ("deny", case.reason)
    # The operator sees the same answer, and the very words that bob read.
    assert message in gated.ctl("explain", "bob").stdout
    assert gated.ctl("check", "bob").returncode == 1


def test_a_wrong_configuration_is_named_in_the_log_and_not_to_the_user(
    gated: Node, ssh: SshClient, alice: Account, root: Account, syslog: SyslogCollector
) -> None:
    gated.write_config("[api]\nbase_url = file:///etc/together/roster.json\nprojekt = proj_123\n")
    result = ssh.run(alice, "true")
    assert result.status == 255
    assert result.stderr.startswith(
        "Access cannot be decided now: this node's access gate is not configured correctly. alice "
        "was not refused, and nobody can be let in. This is a fault on our side: try again in a "
        "minute, and tell the operators if it lasts.\n")
    decision = syslog.wait_for_decision(login="alice")
    assert (decision["verdict"], decision["reason"]) == ("unavailable", "configuration")
    assert "/etc/together/together.conf:3" in decision["detail"] and "projekt" in decision["detail"]
    assert ssh.run(root, "id -u").stdout == "0\n"


def test_a_configuration_that_others_may_write_is_not_believed(
    gated: Node, ssh: SshClient, alice: Account, syslog: SyslogCollector
) -> None:
    gated.config.chmod(0o666)
    assert ssh.run(alice, "true").status == 255
    assert syslog.wait_for_decision(login="alice")["reason"] == "configuration"


@pytest.mark.parametrize("argument", ["requier=admin", "require=member", "config=together.conf"])
def test_a_wrong_argument_lets_nobody_in(
    gated: Node, sshd: Sshd, ssh: SshClient, alice: Account, root: Account,
    syslog: SyslogCollector, argument: str,
) -> None:
    sshd.account_stack(gated.gate(argument))
    assert ssh.run(alice, "true").status == 255
    decision = syslog.wait_for_decision(login="alice")
    assert (decision["verdict"], decision["reason"]) == ("unavailable", "module_argument")
    assert argument in decision["detail"]
    assert ssh.run(root, "id -u").stdout == "0\n"


def test_quiet_says_nothing_to_the_user(
    gated: Node, sshd: Sshd, ssh: SshClient, mallory: Account, syslog: SyslogCollector
) -> None:
    sshd.account_stack(gated.gate("quiet"))
    result = ssh.run(mallory, "true")
    assert result.stderr == f"Connection closed by 127.0.0.1 port {sshd.port}\n"
    assert syslog.wait_for_decision(login="mallory")["verdict"] == "deny"


def test_an_exempt_user_needs_no_roster(
    gated: Node, ssh: SshClient, mallory: Account, syslog: SyslogCollector
) -> None:
    gated.configure(api={"base_url": "file:///nonexistent/roster.json"},
                    gate={"exempt_users": "mallory"})
    assert ssh.run(mallory, "id -u").stdout == "20003\n"
    decision = syslog.wait_for_decision(login="mallory")
    assert (decision["verdict"], decision["reason"]) == ("allow", "exempt")
    assert decision["evidence"] == "none"


def test_another_configuration_can_be_named(
    gated: Node, sshd: Sshd, ssh: SshClient, alice: Account
) -> None:
    other = Path("/etc/together-other.conf")
    gated.config.rename(other)
    assert ssh.run(alice, "true").status == 255
    sshd.account_stack(gated.gate(f"config={other}"))
    assert ssh.run(alice, "true").status == 0
    other.unlink()
