# SPDX-License-Identifier: Apache-2.0
"""What a change of the roster, or its absence, means for the next login."""

import re

from support.accounts import Account
from support.node import ROSTER, Node
from support.ssh_client import Result, SshClient
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until


def refused_in_time(ssh: SshClient, account: Account) -> Result:
    """Logs in again and again until it fails. Time passes by itself, at the pace of logins."""
    def attempt() -> Result | None:
        result = ssh.run(account, "true")
        return result if result.status == 255 else None

    return wait_until(attempt, f"a refusal of {account.login}", timeout=30)


def test_an_added_collaborator_gets_in_at_once(
    gated: Node, ssh: SshClient, mallory: Account, syslog: SyslogCollector
) -> None:
    gated.configure(roster={"fresh_for": "1h", "recheck_after": "1s"})
    assert ssh.run(mallory, "true").status == 255
    syslog.wait_for_decision(login="mallory", verdict="deny")
    gated.roster.add("mallory")
    gated.roster.write()
    # Within recheck_after the roster just read still counts.
    wait_until(lambda: ssh.run(mallory, "true").status == 0, "the added mallory")
    decision = syslog.wait_for_decision(login="mallory", verdict="allow")
    assert (decision["role"], decision["revision"]) == ("member", "2")
    assert decision["evidence"] == "refreshed"
    denials = syslog.decisions(login="mallory", verdict="deny")[1:]
    assert all(float(message.fields["age"].rstrip("s")) <= 1.1 for message in denials)


def test_a_removed_collaborator_is_refused_after_fresh_for(
    gated: Node, ssh: SshClient, bob: Account, syslog: SyslogCollector
) -> None:
    gated.configure(roster={"fresh_for": "2s"})
    assert ssh.run(bob, "true").status == 0
    syslog.wait_for_decision(login="bob", evidence="refreshed")
    gated.roster.remove("bob")
    gated.roster.write()
    result = refused_in_time(ssh, bob)
    assert "bob is not a collaborator of project proj_123" in result.stderr
    *allowed, last = [
        (message.fields["verdict"], message.fields["revision"], message.fields["evidence"])
        for message in syslog.decisions(login="bob")[1:]
    ]
    assert set(allowed) <= {("allow", "1", "fresh")}
    assert last == ("deny", "2", "refreshed")


def test_a_refresh_by_hand_ends_it_at_once(gated: Node, ssh: SshClient, bob: Account) -> None:
    gated.configure(roster={"fresh_for": "1h"})
    assert ssh.run(bob, "true").status == 0
    gated.roster.remove("bob")
    gated.roster.write()
    assert ssh.run(bob, "true").status == 0
    assert gated.ctl("refresh").returncode == 0
    assert ssh.run(bob, "true").status == 255


def test_an_open_connection_outlives_the_removal(
    gated: Node, ssh: SshClient, bob: Account
) -> None:
    """The gate does not end it (docs/pam-notes.md, "Who calls the account phase"): `togetherctl
    sessions` does."""
    with ssh.connect(bob) as connection:
        assert connection.admitted()
        gated.roster.remove("bob")
        gated.roster.write()
        assert gated.ctl("refresh").returncode == 0
        assert ssh.run(bob, "true").status == 255
        assert connection.run("id -u").stdout == "20002\n"


def test_an_answer_that_took_long_is_an_answer(
    gated: Node, ssh: SshClient, mallory: Account, syslog: SyslogCollector
) -> None:
    """Age runs from when the request was sent: a roster can be older than recheck_after when it
    comes. The authority did answer, and the user must not read that it did not."""
    gated.configure(roster={"recheck_after": "1ms"})
    result = ssh.run(mallory, "true")
    assert syslog.wait_for_decision(login="mallory")["evidence"] == "refreshed"
    assert "does not answer" not in result.stderr


def test_an_outage_changes_nothing_for_who_is_listed(
    gated: Node, ssh: SshClient, alice: Account, mallory: Account, syslog: SyslogCollector
) -> None:
    gated.configure(roster={"fresh_for": "1s", "recheck_after": "1s"})
    assert ssh.run(alice, "true").status == 0
    ROSTER.unlink()

    def decided_from_the_old_roster() -> bool:
        result = ssh.run(alice, "true")
        assert (result.status, result.stderr) == (0, "")
        return bool(syslog.decisions(login="alice", evidence="old"))

    wait_until(decided_from_the_old_roster, "a login by the old roster", timeout=30)
    assert "refresh" in syslog.decisions(login="alice", evidence="old")[0].fields
    result = ssh.run(mallory, "true")
    assert result.status == 255
    assert re.search(
        r"mallory is not a collaborator of project proj_123\..* \(The roster is \S+ old: the role "
        r"authority does not answer\. If you were added since, try again later\.\)", result.stderr)


def test_beyond_stale_for_nobody_is_decided_about(
    gated: Node, ssh: SshClient, alice: Account, root: Account, syslog: SyslogCollector
) -> None:
    gated.configure(roster={"fresh_for": "1s", "recheck_after": "1s", "stale_for": "2s"})
    assert ssh.run(alice, "true").status == 0
    ROSTER.unlink()
    result = refused_in_time(ssh, alice)
    assert re.match(
        r"Access cannot be decided now: the roster of project proj_123 on this node is \d+\.?\d*s "
        r"old, and the role authority does not answer\. alice was not refused, and nobody can be "
        r"let in\. This is a fault on our side: try again in a minute, and tell the operators if "
        r"it lasts\.\n", result.stderr)
    decision = syslog.wait_for_decision(login="alice", verdict="unavailable")
    assert decision["reason"] == "roster_too_old"
    assert ssh.run(root, "id -u").stdout == "0\n"


def test_a_node_that_never_had_a_roster(
    gated: Node, ssh: SshClient, alice: Account, root: Account, syslog: SyslogCollector
) -> None:
    ROSTER.unlink()
    result = ssh.run(alice, "true")
    assert result.status == 255
    assert result.stderr.startswith(
        "Access cannot be decided now: this node has no usable roster of project proj_123, and the "
        "role authority does not answer. alice was not refused, and nobody can be let in. This is "
        "a fault on our side: try again in a minute, and tell the operators if it lasts.\n")
    decision = syslog.wait_for_decision(login="alice")
    assert (decision["verdict"], decision["reason"]) == ("unavailable", "no_roster")
    assert ssh.run(root, "id -u").stdout == "0\n"


def test_many_first_logins_at_once(
    gated: Node, ssh: SshClient, alice: Account, syslog: SyslogCollector
) -> None:
    """A cold start: one of them refreshes, the others wait for it and are let in."""
    connections = [ssh.connect(alice) for _ in range(20)]
    try:
        assert all(connection.admitted() for connection in connections)
    finally:
        for connection in connections:
            connection.close()
    assert {message.fields["revision"] for message in syslog.decisions()} == {"1"}
