"""Many logins: at once on a cold node, and in a row while the authority hangs."""

import threading

from faulty_authority import Visit, good
from faulty_node import COLD, OLD, SHORT, TOLERANCE, FaultyNode, State
from pam_client import PERM_DENIED, SUCCESS

AT_ONCE = 200
IN_A_ROW = 1000


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
    node.host.begin(node.pam, "sshd", users)
    for _ in range(AT_ONCE * 3 // 4):
        node.syslog.wait_for(lambda line: True)
    all_began.set()
    logins = [login for login in node.host.finish() if login]
    assert len(logins) == AT_ONCE
    for login in logins:
        node.is_answered(login, PERM_DENIED if login.login == "mallory" else SUCCESS)
    assert len(node.authority.requests) == 1
    node.nothing_is_left(logins)


def test_200_logins_at_once_while_the_authority_hangs(node: FaultyNode, state: State) -> None:
    """They wait for one helper together, not each for its own."""
    node.set_up(deadline=SHORT)
    node.authority.behave(lambda visit: visit.hang())

    node.put(state)
    logins = node.log_in(*["alice", "mallory"] * (AT_ONCE // 2))
    node.are_answered(logins, state)
    node.nothing_is_left(logins)
    # Not the deadline's tolerance: two hundred processes on two processors. One helper after the
    # other would be two minutes.
    assert max(login.seconds for login in logins) < SHORT + 10


def test_1000_logins_in_a_row_while_the_authority_hangs(node: FaultyNode) -> None:
    """One in so many waits for its deadline, ever fewer; the others do not notice."""
    node.set_up(deadline=SHORT)
    requests: list[Visit] = []

    def hangs(visit: Visit) -> None:
        visit.read_request()
        requests.append(visit)
        visit.hang()

    node.put(OLD)
    node.authority.behave(hangs)
    # Not a process for each of them, which would cost more than the logins.
    node.host.begin(node.pam, "sshd", ["alice"], times=IN_A_ROW)
    (login,) = node.host.finish()
    assert login
    answers = [*login.earlier, [login.answer, login.seconds, login.messages]]
    assert len(answers) == IN_A_ROW
    assert all(answer == SUCCESS and not messages for answer, _, messages in answers)
    waited = [seconds for _, seconds, _ in answers if seconds > SHORT / 2]
    print(f"\n{len(waited)} of {len(answers)} waited", end=" ")
    assert 1 <= len(requests) <= 12 and len(waited) <= len(requests) + 5
    # A busy machine is late once, and once more.
    assert sorted(seconds for _, seconds, _ in answers)[-4] <= SHORT + TOLERANCE
    node.nothing_is_left([login])
