# SPDX-License-Identifier: Apache-2.0
"""Nobody answers the connection, or it ends at once: refused, reset, closed, no network at all."""

import subprocess

import pytest

from support.faulty_authority import Behaviour, Visit
from support.faulty_node import SHORT, TIMED_OUT, FaultyNode, State

NOT_CONNECTED = "[Cc]ouldn't connect|[Ff]ailed to connect|refused|unreachable"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


def test_connection_refused(node: FaultyNode, state: State) -> None:
    node.put(state)  # a good roster is fetched while somebody is there
    node.authority.stop()
    try:
        node.bears(NOT_CONNECTED, state)
    finally:
        node.authority.start()


def test_no_network(node: FaultyNode, state: State) -> None:
    node.put(state)
    node.set_up(deadline=SHORT)
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    try:
        node.bears(f"{NOT_CONNECTED}|{TIMED_OUT}", state)
    finally:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def closed(visit: Visit) -> None:
    visit.read_request()


def reset_at_once(visit: Visit) -> None:
    visit.reset()


def reset_after_the_request(visit: Visit) -> None:
    visit.read_request()
    visit.reset()


def reset_in_the_body(visit: Visit) -> None:
    visit.read_request()
    visit.send(HEAD + b"{")
    visit.reset()


@pytest.mark.parametrize("behaviour, words", [
    (closed, "Empty reply"),
    (reset_at_once, "[Rr]eset|Empty reply|[Ff]ail|not connected"),
    (reset_after_the_request, "[Rr]eset|Recv failure"),
    (reset_in_the_body, "[Rr]eset|Recv failure|remaining to read|bytes missing"),
])
def test_reset(node: FaultyNode, state: State, behaviour: Behaviour, words: str) -> None:
    node.authority.behave(behaviour)
    node.bears(words, state)
