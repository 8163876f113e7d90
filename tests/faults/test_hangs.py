# SPDX-License-Identifier: Apache-2.0
"""An authority that takes its time for ever, at each stage of an exchange."""

import pytest

from support.faulty_authority import Behaviour, Visit, document
from support.faulty_node import SHORT, TIMED_OUT, FaultyNode, State

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


def accepts_and_is_silent(visit: Visit) -> None:
    visit.hang()


def is_silent_after_the_request(visit: Visit) -> None:
    visit.read_request()
    visit.hang()


def is_silent_in_the_headers(visit: Visit) -> None:
    visit.read_request()
    visit.send(HEAD[:30])
    visit.hang()


def is_silent_after_the_headers(visit: Visit) -> None:
    visit.read_request()
    visit.send(HEAD)
    visit.hang()


def sends_a_byte_a_second(visit: Visit) -> None:
    visit.read_request()
    for byte in HEAD + str(document()).encode():
        visit.send(bytes([byte]))
        visit.pause(1)


def sends_interim_answers_for_ever(visit: Visit) -> None:
    """100 Continue, again and again: each is an answer, none is the answer."""
    visit.read_request()
    while not visit.authority.ended.is_set():
        visit.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        visit.pause(0.02)


@pytest.mark.parametrize("behaviour", [
    accepts_and_is_silent, is_silent_after_the_request, is_silent_in_the_headers,
    is_silent_after_the_headers, sends_a_byte_a_second, sends_interim_answers_for_ever])
def test_hangs(node: FaultyNode, state: State, behaviour: Behaviour) -> None:
    node.set_up(deadline=SHORT)
    node.authority.behave(behaviour)
    node.bears(TIMED_OUT, state)


def test_a_tls_handshake_that_hangs(tls_node: FaultyNode, state: State) -> None:
    tls_node.set_up(deadline=SHORT)
    tls_node.authority.behave(accepts_and_is_silent)
    tls_node.bears(TIMED_OUT, state)
