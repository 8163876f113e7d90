# SPDX-License-Identifier: Apache-2.0
"""together-refresh --watch: rounds for ever."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from support.refresher import Refresher, children_of
from support.stuck_name_service import StuckNameService
from support.waiting import wait_until


class Watcher:
    def __init__(self, refresher: Refresher, **popen: Any) -> None:
        self._log = open("/run/refresh/log", "w+", encoding="utf-8")
        self.process = refresher.start("--watch", stderr=self._log, **popen)

    def log(self) -> list[str]:
        with open("/run/refresh/log", encoding="utf-8") as log:
            return [line.removeprefix("together-refresh: ") for line in log.read().splitlines()]

    def has_said(self, text: str) -> bool:
        return any(text in line for line in self.log())


@pytest.fixture
def watched(refresher: Refresher) -> Refresher:
    refresher.configure(fresh_for="200ms", recheck_after="100ms")
    return refresher


def has(refresher: Refresher, logins: set[str]) -> Callable[[], bool]:
    def check() -> bool:
        roster = refresher.probe("show")
        return bool(roster["usable"]) and set(roster["entries"]) == logins
    return check


def test_it_picks_a_change_up(watched: Refresher) -> None:
    watcher = Watcher(watched)
    wait_until(has(watched, {"alice", "bob"}), "the first roster")
    watched.roster.remove("bob")
    watched.roster.write()
    wait_until(has(watched, {"alice"}), "the change")
    wait_until(lambda: len(watcher.log()) > 1, "the last word")  # it follows the roster
    assert watcher.log() == ["a new roster", "a new roster"]


def test_it_keeps_the_roster_fresh(watched: Refresher) -> None:
    watched.configure(fresh_for="1s", recheck_after="1s")
    Watcher(watched)
    wait_until(has(watched, {"alice", "bob"}), "the first roster")
    ages = [0]

    def refreshed() -> bool:
        ages.append(watched.probe("show")["age_ms"])
        return ages[-1] < ages[-2]

    for _ in range(3):
        wait_until(refreshed, "another refresh")
    assert max(ages) < 1100 + 2000  # on a busy machine


def test_it_survives_a_broken_configuration_and_a_missing_roster(watched: Refresher) -> None:
    watcher = Watcher(watched)
    wait_until(has(watched, {"alice", "bob"}), "the first roster")
    good = watched.config.read_text()
    watched.write_config("[api]\nnonsense = 1\n")
    wait_until(lambda: watcher.has_said(f"no valid answer: {watched.config}:2"), "the complaint")
    watched.roster.path.unlink()
    watched.write_config(good)
    wait_until(lambda: watcher.has_said(f"no valid answer: cannot open {watched.roster.path}: "
                                        "No such file"), "the second complaint", timeout=20)
    watched.roster.remove("bob")
    watched.roster.write()
    wait_until(has(watched, {"alice"}), "the new roster", timeout=20)
    wait_until(lambda: len(watcher.log()) > 3, "the last word")
    assert len(watcher.log()) == 4, f"each thing is said once: {watcher.log()}"


def test_a_slip_in_a_section_that_no_login_reads_leaves_the_roster_to_grow_old_no_more(watched: Refresher) -> None:
    watched.write_config(watched.config.read_text() + "\n[accounts]\nuid_range = 500-9\n")
    watcher = Watcher(watched)
    wait_until(has(watched, {"alice", "bob"}), "the first roster")
    watched.roster.remove("bob")
    watched.roster.write()
    wait_until(has(watched, {"alice"}), "the change")
    wait_until(lambda: len(watcher.log()) > 2, "the last word")
    said = [line for line in watcher.log() if "uid_range" in line]
    assert len(said) == 1 and said[0].endswith("; the roster is refreshed, the accounts stay as they are")


def test_it_starts_without_a_configuration(watched: Refresher) -> None:
    good = watched.config.read_text()
    watched.config.unlink()
    watcher = Watcher(watched)
    wait_until(lambda: watcher.has_said(f"cannot open {watched.config}"), "the complaint")
    watched.write_config(good)
    wait_until(has(watched, {"alice", "bob"}), "the roster", timeout=20)


def test_it_follows_a_new_configuration(watched: Refresher) -> None:
    Watcher(watched)
    wait_until(has(watched, {"alice", "bob"}), "the first roster")
    watched.roster.path = watched.roster.path.with_name("other.json")
    watched.roster.remove("alice")
    watched.roster.write()
    watched.configure(fresh_for="200ms", recheck_after="100ms")
    wait_until(has(watched, {"bob"}), "the other roster")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(watched: Refresher, number: int) -> None:
    watched.configure(fresh_for="1h", stale_for="2h")
    watcher = Watcher(watched)
    wait_until(has(watched, {"alice", "bob"}), "the first roster")
    started = time.monotonic()
    watcher.process.send_signal(number)
    assert watcher.process.wait(30) == 0
    assert time.monotonic() - started < 5


def test_a_signal_ends_it_while_a_name_is_looked_up(
    watched: Refresher, stuck_names: StuckNameService
) -> None:
    watched.roster.add("carol")
    watched.roster.write()
    watched.configure(deadline="30s")
    watcher = Watcher(watched)
    child = wait_until(lambda: children_of(watcher.process.pid), "the child")[0]
    stuck_names.wait_for_a_question()
    started = time.monotonic()
    watcher.process.send_signal(signal.SIGTERM)
    assert watcher.process.wait(40) == 0
    assert time.monotonic() - started < 5  # of the 30 s
    assert not os.path.exists(f"/proc/{child}")


def test_it_ends_where_signals_were_blocked_before(watched: Refresher) -> None:
    def block() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    watcher = Watcher(watched, preexec_fn=block)
    wait_until(has(watched, {"alice", "bob"}), "the first roster")
    watcher.process.terminate()
    assert watcher.process.wait(5) == 0


def test_two_watchers_do_no_harm(watched: Refresher) -> None:
    watchers = [Watcher(watched), Watcher(watched)]
    wait_until(has(watched, {"alice", "bob"}), "the first roster")
    watched.roster.remove("bob")
    watched.roster.write()
    wait_until(has(watched, {"alice"}), "the change")
    for watcher in watchers:
        watcher.process.terminate()
        assert watcher.process.wait(5) == 0


def test_it_leaks_no_descriptor_and_no_child(watched: Refresher) -> None:
    watched.configure(fresh_for="100ms", recheck_after="50ms")
    watcher = Watcher(watched)
    wait_until(has(watched, {"alice", "bob"}), "the first roster")

    def descriptors() -> int:
        return len(os.listdir(f"/proc/{watcher.process.pid}/fd"))

    def rounds(count: int) -> None:
        for _ in range(count):
            before = watched.stamp.read_bytes()
            wait_until(lambda: watched.stamp.read_bytes() != before, "a round")

    def between_rounds() -> int:
        """The fewest during a whole round: while one runs, its files are open."""
        stamp, fewest = watched.stamp.read_bytes(), descriptors()
        while watched.stamp.read_bytes() == stamp:
            fewest = min(fewest, descriptors())
        return fewest

    rounds(3)
    before = between_rounds()
    rounds(12)
    assert between_rounds() == before

    def zombies() -> bool:
        return "Z" in subprocess.run(["ps", "--ppid", str(watcher.process.pid), "-o", "stat="],
                                     capture_output=True, text=True).stdout

    # A round's child is one for a moment.
    wait_until(lambda: not zombies(), "the end of all children")
