# SPDX-License-Identifier: Apache-2.0
"""The lock that somebody else holds, and the record of failed attempts."""

import os
import signal
import time
from pathlib import Path

import pytest

from support.refresher import NO_ANSWER, VALID, Refresher, status_of, stop
from support.waiting import wait_until

BROKEN = "not a roster"


def has_open(pid: int, file: Path) -> bool:
    """Of a process that may be gone."""
    return any(os.path.realpath(one) == str(file) for one in Path(f"/proc/{pid}/fd").glob("*"))


def pauses_of(pid: int) -> int:
    """How often it has waited for something."""
    return int(status_of(pid)["voluntary_ctxt_switches"])


def test_a_lock_that_is_held_is_waited_for(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    holder = refresher.hold_lock("write")
    process = refresher.start()
    wait_until(lambda: has_open(process.pid, refresher.lock), "the lock to be opened")
    tried = pauses_of(process.pid)
    wait_until(lambda: pauses_of(process.pid) >= tried + 10, "ten more attempts")
    assert process.poll() is None and has_open(process.pid, refresher.lock)
    holder.kill()
    assert process.wait(10) == VALID
    assert refresher.logins() == {"alice", "bob"}


def test_a_holder_that_is_stopped_holds_nobody_for_long(refresher: Refresher) -> None:
    refresher.refresh()
    refresher.configure(deadline="500ms", fresh_for="0s", recheck_after="0s")
    stop(refresher.hold_lock("write").pid)
    started = time.monotonic()
    done = refresher.run("--on-demand")
    assert time.monotonic() - started < 4
    assert done.returncode == NO_ANSWER
    assert f"another together-refresh holds {refresher.lock}" in done.stderr
    assert refresher.last_attempt()["left_ms"] <= 1000
    assert refresher.logins() == {"alice", "bob"}


def test_an_adapter_waits_no_longer_for_another_that_is_stopped(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    refresher.configure(deadline="500ms")
    stop(refresher.hold_lock("refresh").pid)
    ((took, problem),) = refresher.ask()
    assert 400 < took < 4000
    assert problem == "another login's refresh did not end within 500ms"


def test_failures_are_asked_again_ever_later(refresher: Refresher) -> None:
    """Half to all of 1 s, 2 s, 4 s, … 60 s, as a roster is there."""
    refresher.refresh()
    refresher.roster.write_text(BROKEN)
    for number in range(1, 10):
        assert refresher.run().returncode == NO_ANSWER
        attempt = refresher.last_attempt()
        assert (attempt["outcome"], attempt["failures"]) == (NO_ANSWER, number)
        most = min(1000 * 2 ** (number - 1), 60_000)
        assert most / 2 - 20 <= attempt["not_before_ms"] <= most + 2000
    refresher.roster.write()
    refresher.refresh()
    assert (refresher.last_attempt()["failures"], refresher.last_attempt()["left_ms"]) == (0, 0)


def test_without_a_roster_nobody_waits_for_long(refresher: Refresher) -> None:
    refresher.roster.write_text(BROKEN)
    for _ in range(8):
        refresher.run()
    assert 2000 <= refresher.last_attempt()["not_before_ms"] <= 7000


def test_a_roster_that_is_too_old_counts_as_none(refresher: Refresher) -> None:
    refresher.configure(stale_for="2s", fresh_for="1s", recheck_after="1s")
    refresher.refresh()
    refresher.roster.write_text(BROKEN)
    for _ in range(6):
        refresher.run()
    wait_until(lambda: refresher.probe("show")["age_ms"] > 2000, "a roster older than stale_for")
    refresher.run()
    assert refresher.last_attempt()["failures"] == 7
    assert refresher.last_attempt()["not_before_ms"] <= 7000


def test_our_own_errors_leave_nobody_waiting(refresher: Refresher) -> None:
    refresher.refresh()
    refresher.roster.path.unlink()
    for _ in range(3):
        done = refresher.run()
        assert done.returncode == NO_ANSWER
        assert done.stderr == (f"together-refresh: cannot open {refresher.roster.path}: "
                               "No such file or directory\n")
        assert refresher.last_attempt()["left_ms"] == 0
    refresher.roster.write()
    refresher.refresh("--on-demand")


def test_on_demand_honours_the_last_attempt(refresher: Refresher) -> None:
    refresher.refresh()
    refresher.configure(fresh_for="0s", recheck_after="0s")
    refresher.roster.write_text(BROKEN)
    for _ in range(5):
        refresher.run()
    refresher.roster.remove("bob")
    refresher.roster.write()
    before = refresher.last_attempt()
    done = refresher.run("--on-demand")
    assert done.returncode == NO_ANSWER
    assert done.stderr == f"together-refresh: {before['message']}\n"
    assert refresher.last_attempt()["failures"] == before["failures"]
    assert refresher.logins() == {"alice", "bob"}
    ((took, problem),) = refresher.ask()  # an adapter does not even execute it
    assert took < 2000 and "not asked again for another" in problem
    refresher.refresh()  # a person does not wait
    refresher.refresh("--on-demand")
    assert refresher.logins() == {"alice"}


def test_on_demand_honours_the_age(refresher: Refresher) -> None:
    refresher.configure(recheck_after="1h", fresh_for="1h", stale_for="2h")
    refresher.refresh()
    stamp = refresher.stamp.read_bytes()
    refresher.roster.remove("bob")
    refresher.roster.write()
    refresher.refresh("--on-demand")
    assert refresher.stamp.read_bytes() == stamp
    assert refresher.logins() == {"alice", "bob"}
    refresher.configure(recheck_after="0s", fresh_for="1h", stale_for="2h")
    refresher.refresh("--on-demand")
    assert refresher.logins() == {"alice"}


@pytest.mark.parametrize("age", ["recheck_after", "fresh_for"])
def test_on_demand_asks_where_either_bound_is_passed(refresher: Refresher, age: str) -> None:
    bounds = {"recheck_after": "1h", "fresh_for": "1h", "stale_for": "2h"}
    refresher.refresh()
    refresher.configure(**bounds | {age: "0s"})
    refresher.roster.remove("bob")
    refresher.roster.write()
    refresher.refresh("--on-demand")
    assert refresher.logins() == {"alice"}


def test_a_damaged_last_attempt_holds_nobody_back(refresher: Refresher) -> None:
    refresher.roster.write_text(BROKEN)
    refresher.run()
    attempt = bytearray(refresher.attempt_file.read_bytes())
    attempt[100] ^= 1
    refresher.attempt_file.write_bytes(attempt)
    assert refresher.last_attempt() is None
    refresher.roster.write()
    refresher.refresh("--on-demand")


def test_a_signal_leaves_nothing_half_done(refresher: Refresher) -> None:
    refresher.folder.mkdir()
    refresher.hold_lock("write")
    process = refresher.start()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == -signal.SIGTERM
    assert not refresher.temporary.exists()
