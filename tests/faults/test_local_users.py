# SPDX-License-Identifier: Apache-2.0
"""Local users, and stuck processes of root, who hold what they can: locks, open files."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Self

import pytest

from support.faulty_authority import ALICE, JSON, answers, document, gives, good
from support.faulty_node import SHORT, FaultyNode, State
from support.pam_client import PERM_DENIED, SUCCESS
from support.refresher import stop

NOBODY = 65534
BUSY = answers(429, headers=JSON | {"Retry-After": "60"})
# Both kinds of locks, the second one shared, as a reader may; a mapping; an open file.
HOLDER = """
import fcntl, mmap, os, stat, sys
held = []
for path in sys.argv[1:]:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        print("cannot", path, flush=True)
        continue
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        held.append(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
    print("holds", path, flush=True)
print("done", flush=True)
sys.stdin.read()
"""


class LocalUser:
    """Use as a context manager: lets go at its end."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.communicate(timeout=10)

    def hold(self, node: FaultyNode) -> str:
        """All that a plain user can open; says what that is."""
        node.lock.touch(0o600)
        paths = [node.folder, *node.folder.iterdir(), node.config, node.config.parent]
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", HOLDER, *map(str, paths)], user=NOBODY, group=NOBODY,
            extra_groups=[], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._processes.append(process)
        assert process.stdout
        held = "".join(iter(process.stdout.readline, "done\n"))
        assert f"cannot {node.lock}\n" in held and f"holds {node.folder}\n" in held, held
        assert not node.snapshot.exists() or f"holds {node.snapshot}\n" in held, held
        return held


@pytest.fixture
def local_user() -> Iterator[LocalUser]:
    with LocalUser() as user:
        yield user


def test_a_local_user_who_holds_what_can_be_opened(
    node: FaultyNode, state: State, local_user: LocalUser
) -> None:
    """Its locks are nobody's, its open files old news: the refresh goes on as ever, and bob, who is
    on the roster that is held, is not on the new one."""
    node.put(state)
    local_user.hold(node)
    node.authority.behave(gives(document(ALICE, revision=8)))
    mallory = node.log_in_one("mallory")
    assert node.syslog.wait_for_decision(login="mallory")["evidence"] == "refreshed"
    alice, bob, root = node.log_in("alice", "bob", "root")
    for login, answer in ((mallory, PERM_DENIED), (alice, SUCCESS), (bob, PERM_DENIED),
                          (root, SUCCESS)):
        node.is_answered(login, answer)
    node.nothing_is_left([mallory, alice, bob, root])


def test_a_local_user_while_nothing_new_can_be_learned(
    node: FaultyNode, state: State, local_user: LocalUser
) -> None:
    """What is held open is read and judged as ever."""
    node.authority.behave(BUSY)
    node.bears("the authority answered 429", state, lambda: local_user.hold(node))


@pytest.mark.parametrize("part, words", [
    ("refresh", "another login's refresh did not end within 600ms"),
    ("write", "another together-refresh holds|did not end within 600ms")])
def test_a_stuck_process_of_root_that_holds_a_lock(
    node: FaultyNode, state: State, part: str, words: str
) -> None:
    node.put(state)
    node.set_up(deadline=SHORT)
    stop(node.hold_lock(part).pid)
    node.authority.behave(good)
    node.bears(words, state)
