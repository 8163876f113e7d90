# SPDX-License-Identifier: Apache-2.0
"""Snapshot and stamp: cut at each length, each bit flipped, somebody else's, from the future, of
another project or format, no regular files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.faulty_authority import JSON, answers, good
from support.faulty_node import COLD, FRESH, OLD, FaultyNode, State
from support.pam_client import AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS, Login, Outcome

NOBODY = 65534
BUSY = answers(429, headers=JSON | {"Retry-After": "86400"})
WITH_A_ROSTER = pytest.mark.parametrize("state", [FRESH, OLD], ids=["fresh", "old"])


@pytest.fixture
def held_back(node: FaultyNode) -> FaultyNode:
    """Its last attempt was in vain a moment ago: for a minute each login decides by what is there,
    so that many damages can be looked at in little time."""
    node.put(OLD)
    node.authority.behave(BUSY)
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    assert node.last_attempt()["left_ms"] > 30_000
    return node


KINDS = pytest.mark.parametrize("kind", ["cut", "flipped"])


def outcomes_of(node: FaultyNode, path: Path, kind: str) -> list[Outcome]:
    """Of alice and mallory at each length, of one of them at each bit. Our module alone: what else
    is in sshd's stack decides nothing here, and would cost as much again."""
    outcomes = node.application.sweep(node.pam, "module", ["alice", "mallory"], path, kind)
    size = path.stat().st_size
    for login in ("alice", "mallory"):
        times = sum(outcome.times for outcome in outcomes if outcome.login == login)
        assert times == (size if kind == "cut" else 8 * size / 2)
    for outcome in outcomes:
        messages = [outcome.message] if outcome.message else []
        node.is_answered(Login(outcome.login, outcome.answer, messages, 0, [], []), outcome.answer)
    print(f"\n{size} bytes", end=" ")
    return outcomes


@KINDS
def test_a_damaged_snapshot(held_back: FaultyNode, kind: str) -> None:
    """Whose own record holds may get in, and nobody on it is told that they are no collaborator. Who is
    not may be told so where the hash table that would list him holds: at some bits, and never where
    the file was cut."""
    answers = {"alice": set(), "mallory": set()}
    for outcome in outcomes_of(held_back, held_back.snapshot, kind):
        answers[outcome.login].add(outcome.answer)
    assert answers["alice"] <= {SUCCESS, AUTHINFO_UNAVAIL}
    assert answers["mallory"] <= {PERM_DENIED, AUTHINFO_UNAVAIL} and AUTHINFO_UNAVAIL in answers["mallory"]
    assert kind == "flipped" or answers["mallory"] == answers["alice"] == {AUTHINFO_UNAVAIL}
    held_back.nothing_is_left([])
    held_back.snapshot.write_bytes(held_back.snapshot.read_bytes()[:-1])
    is_mended(held_back)


def is_mended(node: FaultyNode) -> None:
    """By the first login after the authority is back."""
    node.attempt_file.unlink()
    node.authority.behave(good)
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    assert node.log_in_one("mallory").answer == PERM_DENIED
    assert node.stored()["age_ms"] < 30_000


@KINDS
@pytest.mark.parametrize("age, like", [("1h", OLD), ("25h", COLD)], ids=["1h", "25h"])
def test_a_damaged_stamp_changes_nothing(
    held_back: FaultyNode, age: str, like: State, kind: str
) -> None:
    """The snapshot's header carries the age of its own writing: nothing of a stamp that is not
    whole makes it younger."""
    held_back.set_age(age)
    for outcome in outcomes_of(held_back, held_back.stamp, kind):
        assert outcome.answer == like.answer_to(outcome.login), outcome
    is_mended(held_back)


@KINDS
def test_a_damaged_stamp_of_a_snapshot_that_is_too_old(held_back: FaultyNode, kind: str) -> None:
    """Two days old, and validated an hour ago: without its stamp nobody can tell."""
    held_back.set_age("48h", "--header")
    held_back.set_age("1h", "--stamp")
    held_back.is_answered(held_back.log_in_one("alice"), SUCCESS)
    for outcome in outcomes_of(held_back, held_back.stamp, kind):
        assert outcome.answer == AUTHINFO_UNAVAIL, outcome
    is_mended(held_back)


def somebody_else_s(path: Path) -> None:
    os.chown(path, NOBODY, NOBODY)


def writable_by_others(path: Path) -> None:
    path.chmod(0o666)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o644)


def link(path: Path) -> None:
    """To a file that is as good as can be."""
    real = path.rename(path.parent.parent / f"{path.name}.real")
    path.symlink_to(real)


def missing(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def of_another_format(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"together/roster1", b"together/roster2"))


def of_another_project(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"proj_123", b"proj_124"))


def zeros(path: Path) -> None:
    """As a crash of the node leaves it on some file systems."""
    path.write_bytes(bytes(path.stat().st_size))


DAMAGES = [
    (somebody_else_s, "belongs neither to root"), (writable_by_others, "can be written by others"),
    (fifo, "is not a regular file"), (link, "symbolic link"), (missing, "No such file"),
    (empty, "short|damaged|not a snapshot|format"), (of_another_format, "format|damaged|checksum"),
    (of_another_project, "project|damaged|checksum"), (zeros, "damaged|format|not a"),
]


@WITH_A_ROSTER
@pytest.mark.parametrize("damage, words", DAMAGES)
def test_a_snapshot_that_is_none(
    node: FaultyNode, state: State, damage: Callable[[Path], None], words: str
) -> None:
    node.authority.behave(BUSY)
    node.bears("the authority answered 429", state, lambda: damage(node.snapshot), like=COLD)
    node.syslog.wait_for(lambda line: "detail" in line.fields and
                         any(word in line.fields["detail"] for word in words.split("|")))
    is_mended(node)


@WITH_A_ROSTER
@pytest.mark.parametrize("damage", [case[0] for case in DAMAGES if case[0] != of_another_project])
def test_a_stamp_that_is_none(
    node: FaultyNode, state: State, damage: Callable[[Path], None]
) -> None:
    node.authority.behave(BUSY)
    node.bears("the authority answered 429", state, lambda: damage(node.stamp))


@WITH_A_ROSTER
def test_the_snapshot_of_another_project(node: FaultyNode, state: State) -> None:
    """A good one, of a node whose configuration now names another project; it has its own name."""
    node.authority.behave(BUSY)
    project = {"project": "proj_124"}

    def another_project() -> None:
        node.set_up(api=project)
        node.snapshot.rename(node.folder / "proj_124.roster.v1")

    def put_back() -> None:
        node.set_up(api={"project": "proj_123"})
        for path in node.folder.glob("proj_124*"):
            path.unlink()

    try:
        node.put(state)
        another_project()
        for login in node.log_in("alice", "mallory"):
            node.is_answered(login, AUTHINFO_UNAVAIL)
        line = node.syslog.wait_for_decision(login="alice", verdict="unavailable")
        assert "project" in line["detail"], line
    finally:
        put_back()


@WITH_A_ROSTER
def test_a_roster_of_another_authority(node: FaultyNode, state: State) -> None:
    """base_url was changed: what the last one said does not count."""
    node.put(state)
    node.set_up(api={"base_url": f"{node.authority.base_url}/other"})
    node.authority.behave(BUSY)
    for login in node.log_in("alice", "mallory"):
        node.is_answered(login, AUTHINFO_UNAVAIL)
    line = node.syslog.wait_for_decision(login="alice", verdict="unavailable")
    assert "base_url" in line["detail"] or "authority" in line["detail"], line
