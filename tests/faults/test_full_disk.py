# SPDX-License-Identifier: Apache-2.0
"""The disk of the snapshots: full, without inodes, read-only."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import full_disk
from support.faulty_authority import ALICE, BOB, Visit, document, entry, gives, good
from support.faulty_node import COLD, OLD, FaultyNode, State
from support.pam_client import AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS
from support.waiting import wait_until

DISK = Path("/run/small")
NO_SPACE = "No space left on device"


class SmallDiskNode(FaultyNode):
    """Its folder is on a disk of a few pages, beside something that can fill it."""

    def set_up(self, deadline: float = 4.0, **more: object) -> None:
        super().set_up(deadline, directory=str(DISK / "cache"))
        self.folder = DISK / "cache"
        for name in ("snapshot", "stamp", "attempt_file", "lock", "temporary", "spare"):
            setattr(self, name, self.folder / Path(getattr(self, name)).name)

    def put(self, state: State) -> None:
        self.remount("rw,nr_inodes=1000")
        (DISK / "filler").unlink(missing_ok=True)
        super().put(state)

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", DISK], check=True)

    def fill(self) -> None:
        with pytest.raises(OSError), open(DISK / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)

    def use_up_the_inodes(self) -> None:
        status = os.statvfs(DISK)
        self.remount(f"nr_inodes={status.f_files - status.f_ffree}")


@pytest.fixture
def small(node: FaultyNode) -> Iterator[SmallDiskNode]:
    DISK.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k,mode=755", "tmpfs", DISK], check=True)
    yield SmallDiskNode(node.application, node.authority, node.syslog)
    subprocess.run(["umount", "--lazy", DISK], check=True)


def a_larger_roster() -> dict[str, object]:
    """In which mallory is new: she gets in when it can be written, and not before."""
    return document(ALICE, BOB, *(entry(f"user{i}", uid=20000 + i) for i in range(2000)),
                    entry("mallory", uid=10003), revision=8)


def test_full(small: SmallDiskNode, state: State) -> None:
    small.authority.behave(gives(a_larger_roster()))
    # Cold, not even the last attempt that says so finds a place.
    words = "could not say why in .*.is the disk full" if state == COLD else NO_SPACE
    small.bears(words, state, small.fill)


def test_full_before_it_is_written_to_its_end(small: SmallDiskNode, state: State) -> None:
    """There is room for a part of the new roster, which must not stay."""
    small.authority.behave(gives(a_larger_roster()))
    small.bears(f"{small.temporary}: {NO_SPACE}", state)


def test_no_inodes(small: SmallDiskNode, state: State) -> None:
    """Nor a spare: each state is put there without one."""
    small.authority.behave(gives(document(ALICE, BOB, entry("mallory", uid=10003), revision=8)))
    small.bears(NO_SPACE, state, small.use_up_the_inodes)


@pytest.mark.parametrize("use_up", [SmallDiskNode.fill, SmallDiskNode.use_up_the_inodes],
                         ids=["blocks", "inodes"])
def test_who_uses_up_the_disk_is_removed_all_the_same(
    small: SmallDiskNode, use_up: Callable[[SmallDiskNode], None]
) -> None:
    small.authority.behave(good)
    small.refresh()
    small.set_age(OLD.age or "")
    use_up(small)
    small.authority.behave(gives(document(ALICE, revision=8)))
    assert small.log_in_one("bob").answer == PERM_DENIED
    assert small.log_in_one("alice").answer == SUCCESS


class RealDiskNode(SmallDiskNode):
    """On a file system that keeps its inodes and blocks on a disk, with none reserved for root."""

    def remount(self, options: str) -> None:
        pass

    def fill(self) -> None:
        full_disk.fill(DISK)

    def use_up_the_inodes(self) -> None:
        full_disk.use_up_the_inodes(DISK)


@pytest.fixture(params=full_disk.MAKE)
def real_disk(node: FaultyNode, request: pytest.FixtureRequest) -> Iterator[RealDiskNode]:
    with full_disk.real_disk(request.param, DISK):
        yield RealDiskNode(node.application, node.authority, node.syslog)


@pytest.mark.parametrize("use_up", [RealDiskNode.fill, RealDiskNode.use_up_the_inodes],
                         ids=["blocks", "inodes"])
def test_who_uses_up_a_real_disk_is_removed_all_the_same(
    real_disk: RealDiskNode, use_up: Callable[[RealDiskNode], None]
) -> None:
    real_disk.authority.behave(good)
    real_disk.refresh()
    real_disk.set_age(OLD.age or "")
    use_up(real_disk)
    real_disk.authority.behave(gives(document(ALICE, revision=8)))
    assert real_disk.log_in_one("bob").answer == PERM_DENIED
    assert real_disk.log_in_one("alice").answer == SUCCESS


@pytest.mark.parametrize("use_up", [SmallDiskNode.fill, SmallDiskNode.use_up_the_inodes],
                         ids=["blocks", "inodes"])
def test_beyond_local_fault_for_nobody_can_tell(
    small: SmallDiskNode, use_up: Callable[[SmallDiskNode], None]
) -> None:
    """A roster that is too large for the spare, on a disk that is used up."""
    small.configure(small.api, directory=str(DISK / "cache"), fresh_for="5m", stale_for="24h",
                    local_fault_for="50m")
    small.put(OLD)
    use_up(small)
    small.authority.behave(gives(a_larger_roster()))
    login = small.log_in_one("alice")
    assert login.answer == AUTHINFO_UNAVAIL
    assert "this node cannot take a new roster of project proj_123, and the one that it has is 1h old" \
        in " ".join(login.messages).replace("60m", "1h")
    line = small.syslog.wait_for_decision(login="alice", verdict="unavailable")
    assert line["reason"] == "node_fault" and "No space left" in line["refresh"]
    assert small.log_in_one("root").answer == SUCCESS


def test_many_at_once_are_not_let_in_by_who_waits_too_long(small: SmallDiskNode) -> None:
    """Each with a helper of its own, one after the other, the last would wait beyond its deadline:
    and no answer in time is another thing than a node that cannot take one."""
    small.configure(small.api, directory=str(DISK / "cache"), fresh_for="5m", stale_for="24h",
                    local_fault_for="50m", deadline="3s")
    small.put(OLD)
    answer = gives(a_larger_roster())

    def slow(visit: Visit) -> None:
        visit.pause(0.3)
        answer(visit)

    small.authority.behave(slow)
    small.fill()
    assert small.log_in_one("bob").answer == AUTHINFO_UNAVAIL
    for _ in range(2):
        logins = small.log_in(*["bob"] * 20)
        assert {login.answer for login in logins} == {AUTHINFO_UNAVAIL}, small.last_attempt()
    assert len(small.authority.requests) <= 5
    assert "No space left" in small.last_attempt()["message"]


def test_a_node_that_has_room_again_learns_within_a_second(small: SmallDiskNode) -> None:
    small.put(OLD)
    small.fill()
    small.authority.behave(gives(a_larger_roster()))
    small.log_in_one("mallory")
    assert small.last_attempt()["left_ms"] <= 1000
    (DISK / "filler").unlink()
    small.remount("size=8m")
    wait_until(lambda: small.last_attempt()["left_ms"] == 0, "the end of the back-off", timeout=1)
    assert small.log_in_one("mallory").answer == SUCCESS


def test_a_node_fault_outlasts_silence(small: SmallDiskNode) -> None:
    """A helper that is too late has not made room."""
    small.configure(small.api, directory=str(DISK / "cache"), fresh_for="5m", stale_for="24h",
                    local_fault_for="50m", deadline="1s")
    small.put(OLD)
    small.fill()
    small.authority.behave(gives(a_larger_roster()))
    assert small.log_in_one("bob").answer == AUTHINFO_UNAVAIL
    small.authority.behave(Visit.hang)
    for _ in range(3):
        wait_until(lambda: small.last_attempt()["left_ms"] <= 0, "the end of the back-off")
        assert small.log_in_one("bob").answer == AUTHINFO_UNAVAIL, small.last_attempt()


def test_read_only(small: SmallDiskNode, state: State) -> None:
    small.authority.behave(good)
    small.bears("Read-only file system", state, lambda: small.remount("ro"))


def test_on_a_full_disk_an_unchanged_roster_is_still_validated(small: SmallDiskNode) -> None:
    small.put(OLD)
    small.fill()
    small.authority.behave(good)
    small.is_answered(small.log_in_one("alice"), SUCCESS)
    assert small.log_in_one("mallory").answer == PERM_DENIED
    line = small.syslog.wait_for_decision(login="alice", verdict="allow")
    assert line["evidence"] == "refreshed", line


def test_what_a_killed_round_left_is_removed(node: FaultyNode, state: State) -> None:
    """By the next one, whether it was a file or somebody's link."""
    node.put(state)
    victim = node.folder.parent / "victim"
    victim.write_text("precious")
    node.authority.behave(gives(document(ALICE, revision=8)))
    for leave in (lambda: node.temporary.write_bytes(b"half a roster"),
                  lambda: node.temporary.symlink_to(victim)):
        node.put(state)
        leave()
        assert node.log_in_one("mallory").answer == PERM_DENIED
        node.nothing_is_left([])
        assert node.logins() == {"alice"} and victim.read_text() == "precious"
