# SPDX-License-Identifier: Apache-2.0
"""Name resolution that hangs: libcurl by itself came back after ten seconds."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.certificates import HOST
from support.faulty_node import FRESH, SHORT, TIMED_OUT, FaultyNode, State

HOSTS, RESOLV_CONF = Path("/etc/hosts"), Path("/etc/resolv.conf")


@pytest.fixture
def named(tls_node: FaultyNode) -> Iterator[FaultyNode]:
    """A node that knows its authority by name; the name is in /etc/hosts for now."""
    before = HOSTS.read_text(), RESOLV_CONF.read_text()
    HOSTS.write_text(before[0] + f"127.0.0.1 {HOST}\n")
    tls_node.set_up(api={"base_url": f"https://{HOST}:{tls_node.authority.port}/v1"})
    tls_node.put(FRESH)
    HOSTS.write_text(before[0])
    yield tls_node
    HOSTS.write_text(before[0])
    RESOLV_CONF.write_text(before[1])


@pytest.fixture
def silent_name_server() -> Iterator[None]:
    """Takes questions and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        yield


def test_a_name_server_that_does_not_answer(
    named: FaultyNode, silent_name_server: None, state: State
) -> None:
    RESOLV_CONF.write_text("nameserver 127.0.0.1\n")
    named.set_up(deadline=SHORT)
    named.bears(TIMED_OUT, state)


def test_a_name_server_that_is_not_there(named: FaultyNode, state: State) -> None:
    RESOLV_CONF.write_text("nameserver 127.0.0.1\n")
    named.bears(f"Could not resolve host: {HOST}", state)
