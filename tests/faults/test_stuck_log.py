# SPDX-License-Identifier: Apache-2.0
"""A system log that nobody reads, or that is not there: a login waits for neither."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.faulty_authority import answers
from support.faulty_node import EVERYBODY, FaultyNode, State

DEV_LOG = Path("/dev/log")
FALLBACK = Path("/var/log/together")


@pytest.fixture
def stuck_log(node: FaultyNode) -> Iterator[Path]:
    """Bound, and full: another datagram would wait without end."""
    shutil.rmtree(FALLBACK, ignore_errors=True)
    FALLBACK.mkdir()
    aside = DEV_LOG.with_name("log.aside")
    DEV_LOG.rename(aside)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as writer:
        reader.bind(str(DEV_LOG))
        writer.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                writer.sendto(b"x", str(DEV_LOG))
        yield FALLBACK
    DEV_LOG.unlink(missing_ok=True)
    aside.rename(DEV_LOG)
    shutil.rmtree(FALLBACK)


def log_in(node: FaultyNode, state: State) -> None:
    def once() -> None:
        node.put(state)
        node.authority.behave(answers(404))
        logins = node.log_in(*EVERYBODY)
        node.are_answered(logins, state)
        node.nothing_is_left(logins)
        node.in_time(logins)
    node.until_in_time(once)


def test_a_log_that_nobody_reads(node: FaultyNode, state: State, stuck_log: Path) -> None:
    """The lines are lost, their number is not."""
    log_in(node, state)
    assert os.path.getsize(stuck_log / "dropped") >= 3


def test_no_log_at_all(node: FaultyNode, state: State, stuck_log: Path) -> None:
    DEV_LOG.unlink()
    log_in(node, state)
    lines = (stuck_log / "decisions.log").read_text()
    assert "login=mallory" in lines and "the authority answered 404" in lines
