"""A login that ends in the middle: sshd's LoginGraceTime kills the process that waits."""

import os
import signal

import pytest

from faulty_authority import good
from faulty_node import FaultyNode, State
from pam_client import PERM_DENIED, SUCCESS
from refresher import PROGRAM, processes_of
from waiting import wait_until


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGALRM, signal.SIGTERM],
                         ids=lambda number: number.name)
def test_a_login_that_is_killed_while_it_waits(
    node: FaultyNode, state: State, number: signal.Signals
) -> None:
    """No helper stays behind, no lock is held; it was logged before it waited."""
    node.set_up(deadline=30)
    node.put(state)
    node.authority.behave(lambda visit: visit.hang())
    (pid,) = node.host.begin(node.pam, "sshd", ["mallory"])
    wait_until(lambda: len(processes_of(PROGRAM)) == 2, "together-refresh and its child")
    os.kill(pid, number)
    assert node.host.finish() == [None]
    node.nothing_is_left([])
    node.syslog.wait_for(lambda line: line.fields.get("event") == "refresh")
    node.authority.behave(good)
    login = node.log_in_one("mallory")
    assert login.answer == PERM_DENIED and login.seconds < 10
    node.is_answered(node.log_in_one("alice"), SUCCESS)
