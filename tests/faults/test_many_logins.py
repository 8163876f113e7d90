# SPDX-License-Identifier: Apache-2.0
"""Many logins: at once on a cold node, at once and in a row while the authority hangs."""

import re
import select
import socket
import threading

from support.faulty_authority import Visit, good
from support.faulty_node import COLD, EVERYBODY, SHORT, TIMED_OUT, FaultyNode, Late, State
from support.growth import nothing_grew
from support.pam_client import PERM_DENIED, SUCCESS

AT_ONCE = 200
IN_A_ROW = 1000
HELD_BACK = "not asked again for another"


class Hangs:
    """Takes each request and answers none; counts them, and how many waited at one time."""

    def __init__(self) -> None:
        self.requests = self.most_at_once = 0
        self._waiting: list[socket.socket] = []
        self._lock = threading.Lock()

    def __call__(self, visit: Visit) -> None:
        visit.read_request()
        with self._lock:
            self._waiting = [one for one in self._waiting if not has_gone(one)]
            self._waiting.append(visit.connection)
            self.requests += 1
            self.most_at_once = max(self.most_at_once, len(self._waiting))
        visit.hang()


def has_gone(client: socket.socket) -> bool:
    if client.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    return bool(poll.poll(0))


def test_200_logins_at_once_are_one_request(node: FaultyNode) -> None:
    """Counted where it counts: at the authority."""
    all_began = threading.Event()

    def answers_when_all_have_begun(visit: Visit) -> None:
        all_began.wait(10)
        good(visit)

    node.set_up(deadline=20)
    node.put(COLD)
    node.authority.behave(answers_when_all_have_begun)
    users = ["alice", "bob", "mallory", "root"] * (AT_ONCE // 4)
    node.application.begin(node.pam, "sshd", users)
    for _ in range(AT_ONCE * 3 // 4):
        node.syslog.wait_for(lambda line: True)
    all_began.set()
    logins = [login for login in node.application.finish() if login]
    assert len(logins) == AT_ONCE
    for login in logins:
        node.is_answered(login, PERM_DENIED if login.login == "mallory" else SUCCESS)
    assert len(node.authority.requests) == 1
    node.nothing_is_left(logins)


def test_200_logins_at_once_while_the_authority_hangs(node: FaultyNode, state: State) -> None:
    """They wait for one helper together, not each for its own."""
    # It takes seconds until the helper among two hundred logins has had a processor.
    node.set_up(deadline=12)
    node.until_in_time(lambda: two_hundred_at_once(node, state))


def two_hundred_at_once(node: FaultyNode, state: State) -> None:
    hangs = Hangs()
    node.put(state)
    node.authority.behave(hangs)
    logins = node.log_in(*EVERYBODY * (AT_ONCE // len(EVERYBODY)))
    assert len(logins) == AT_ONCE
    node.are_answered(logins, state)
    node.nothing_is_left(logins)
    node.nobody_holds_the_lock()
    print(f"\n{hangs.requests} requests, {hangs.most_at_once} at once", end=" ")
    # Who begins when the first one's back-off is over, seconds later, may ask again.
    assert hangs.most_at_once <= 1 and hangs.requests <= 4
    if not hangs.requests:
        raise Late("the helper did not get as far as a request")
    # A login's promise is the deadline and 0.2 s, which it keeps where it gets a processor; here
    # two hundred processes share two, with whatever else runs on the machine. One helper after the
    # other, or a login that waits twice, would be longer than that.
    node.in_time(logins, limit=node.deadline + 10)


def test_1000_logins_in_a_row_while_the_authority_hangs(node: FaultyNode, state: State) -> None:
    """In one process, as a screen locker's. One in so many waits for its deadline, ever fewer; the
    others are answered at once from what is there, because the back-off says so."""
    node.set_up(deadline=SHORT)
    node.until_in_time(lambda: thousand_in_a_row(node, state))


def thousand_in_a_row(node: FaultyNode, state: State) -> None:
    hangs = Hangs()
    node.put(state)
    node.authority.behave(hangs)
    node.syslog.forget()
    logins = node.log_in_a_row(*EVERYBODY * (IN_A_ROW // len(EVERYBODY)))
    assert len(logins) == IN_A_ROW
    node.are_answered(logins, state)
    node.nothing_is_left(logins)
    node.nobody_holds_the_lock()
    nothing_grew(logins[-1].growth)
    waited = [login for login in logins if login.seconds > SHORT / 2]
    print(f"\n{len(waited)} waited for {hangs.requests} requests", end=" ")
    assert hangs.most_at_once == 1 and hangs.requests <= 12
    assert 1 <= len(waited) <= hangs.requests + 5  # a busy machine may keep some others
    words = node.refresh_words()
    assert len([text for text in words if HELD_BACK in text]) > len(words) / 2
    others = [text for text in words if not re.search(f"{HELD_BACK}|{TIMED_OUT}", text)]
    # A busy machine may let one's own alarm come before it has said so.
    assert len(others) <= 1 and all("could not say why" in text for text in others), others
    node.in_time(logins)
