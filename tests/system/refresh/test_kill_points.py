# SPDX-License-Identifier: Apache-2.0
"""kill -9 before and after each system call of together-refresh: afterwards the old or the new
roster is there with its age, and the next round succeeds."""

import itertools
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.refresher import KILL_AT, PROGRAM, Refresher, processes_of

OLD, NEW = {"alice", "bob"}, {"alice", "carol"}
Content = dict[str, bytes]
# Of points that leave the same files of the same sizes only so many are looked at closely.
ENOUGH = 3


class KillPoints:
    """Kills a round at each of its points, each time from the same beginning."""

    def __init__(self, refresher: Refresher, which: str) -> None:
        self.refresher, self.which = refresher, which
        self.before = self._content()

    def __iter__(self) -> Iterator[Content]:
        """Stops at each point that changed something, and often enough at each kind of change."""
        seen: Counter[object] = Counter()
        for point in itertools.count(1):
            points, end = self._kill_at(point)
            if end == "ended":  # how many there are differs a little with how reads fall out
                break
            content = self._content()
            kind = sorted((name, len(data)) for name, data in content.items())
            seen[str(kind)] += content != self.before
            if content != self.before and seen[str(kind)] <= ENOUGH:
                yield content
            assert not processes_of(PROGRAM)
            self._restore()
        self._restore()
        print(f"\n{points} points in the {self.which}", end=" ")
        assert points > 50

    def _kill_at(self, point: int) -> tuple[int, str]:
        done = subprocess.run(
            [KILL_AT, self.which, str(point), PROGRAM, "--config", self.refresher.config],
            capture_output=True, text=True, timeout=60)
        number, _, end = done.stdout.splitlines()[-1].partition(" ")
        return int(number), end

    def _files(self) -> list[Path]:
        folder = self.refresher.folder
        return sorted(folder.iterdir()) if folder.exists() else []

    def _content(self) -> Content:
        return {path.name: path.read_bytes() for path in self._files()}

    def _restore(self) -> None:
        for path in self._files():
            if path.name not in self.before:
                path.unlink()
        for name, data in self.before.items():
            (self.refresher.folder / name).write_bytes(data)


def new_roster(refresher: Refresher, logins: set[str]) -> None:
    for login in OLD | NEW:
        refresher.roster.add(login)
        if login not in logins:
            refresher.roster.remove(login)
    refresher.roster.write()


@pytest.mark.parametrize("which", ["parent", "child"])
def test_killed_while_a_new_roster_comes(refresher: Refresher, which: str) -> None:
    new_roster(refresher, OLD)
    refresher.refresh()
    new_roster(refresher, NEW)
    found = []
    for _ in KillPoints(refresher, which):
        stored = refresher.stored()
        assert stored["age_ms"] < 120_000
        found.append(set(stored["entries"]))
        refresher.refresh()
        assert refresher.logins() == NEW
        assert not refresher.temporary.exists()
    assert all(logins in (OLD, NEW) for logins in found)
    if which == "parent":
        assert OLD in found and NEW in found
    assert refresher.logins() == OLD


def test_killed_while_the_disk_is_full(refresher: Refresher) -> None:
    """The spare changes places with the snapshot."""
    refresher.folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", refresher.folder],
                   check=True)
    try:
        new_roster(refresher, OLD)
        refresher.refresh()
        with pytest.raises(OSError), open(refresher.folder / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        new_roster(refresher, NEW)
        found = []
        for _ in KillPoints(refresher, "parent"):
            found.append(set(refresher.stored()["entries"]))
            refresher.refresh()
            assert refresher.logins() == NEW
        assert OLD in found and NEW in found
        assert all(logins in (OLD, NEW) for logins in found)
    finally:
        subprocess.run(["umount", "--lazy", refresher.folder], check=True)


def test_killed_in_a_first_round(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    new_roster(refresher, NEW)
    usable = []
    for _ in KillPoints(refresher, "parent"):
        roster = refresher.probe("show")
        usable.append(roster["usable"])
        if roster["usable"]:
            assert roster["intact"] and set(roster["entries"]) == NEW
        refresher.refresh()
        assert refresher.logins() == NEW and not refresher.temporary.exists()
    assert True in usable and False in usable


def test_killed_while_nothing_is_new(refresher: Refresher) -> None:
    """The stamp is overwritten in place: it may be lost, the roster's own age is not."""
    refresher.refresh()
    snapshot = refresher.snapshot.read_bytes()
    for content in KillPoints(refresher, "parent"):
        assert content[refresher.snapshot.name] == snapshot
        assert refresher.logins() == OLD
        refresher.refresh()
        assert refresher.stored()["age_ms"] < 10_000
