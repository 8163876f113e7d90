"""Local users, and stuck processes of root, who hold what they can: locks, open files."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from faulty_authority import good
from faulty_node import OLD, SHORT, FaultyNode, State
from pam_client import PERM_DENIED, SUCCESS
from refresher import stop

NOBODY = 65534
HOLDER = """
import fcntl, os, sys
held = []
for path in sys.argv[1:]:
    try:
        held.append(os.open(path, os.O_RDONLY))
        fcntl.flock(held[-1], fcntl.LOCK_EX)
        print("holds", path, flush=True)
    except PermissionError:
        print("cannot", path, flush=True)
print("done", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def local_user(node: FaultyNode) -> Iterator[str]:
    """Holds all that a plain user can open; says what that is."""
    node.put(OLD)
    node.log_in_one("mallory")  # makes the lock
    node.put(OLD)
    paths = [node.folder, *node.folder.iterdir(), node.config, node.config.parent]
    process = subprocess.Popen([sys.executable, "-I", "-c", HOLDER, *map(str, paths)], user=NOBODY,
                               group=NOBODY, extra_groups=[], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    lines = list(iter(process.stdout.readline, "done\n"))
    yield "".join(lines)
    process.communicate(timeout=10)


def test_a_local_user_who_holds_what_can_be_opened(node: FaultyNode, local_user: str) -> None:
    """Its locks are nobody's, its open files old news: the refresh goes on as ever."""
    assert f"holds {node.snapshot}\n" in local_user and f"cannot {node.lock}\n" in local_user
    node.authority.behave(good)
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    assert node.log_in_one("mallory").answer == PERM_DENIED
    line = node.syslog.wait_for_decision(login="alice", evidence="refreshed")
    assert line["verdict"] == "allow"


@pytest.mark.parametrize("part, words", [
    ("flight", "another login's refresh did not end within 600ms"),
    ("write", "another together-refresh holds|did not end within 600ms")])
def test_a_stuck_process_of_root_that_holds_a_lock(
    node: FaultyNode, state: State, part: str, words: str
) -> None:
    node.put(state)
    node.set_up(deadline=SHORT)
    stop(node.hold_lock(part).pid)
    node.authority.behave(good)
    node.bears(words, state)
