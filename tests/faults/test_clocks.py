# SPDX-License-Identifier: Apache-2.0
"""Clocks: a day forward, a day back, another boot. Within one boot a step of the wall clock changes
nothing, ages are boottime; across boots, or from the future, real time is all that is known."""

import re
import subprocess
import time

import pytest

from support.faulty_authority import ALICE, JSON, answers, document, gives, good
from support.faulty_node import COLD, EVERYBODY, FRESH, OLD, STAMP, FaultyNode, State
from support.pam_client import PERM_DENIED, SUCCESS

BUSY = answers(429, headers=JSON | {"Retry-After": "60"})
WORDS = "the authority answered 429"


# Of the wall clock, since the roster was validated, in the boot that goes on.
STEPS = pytest.mark.parametrize("step", ["--stepped-forward", "--stepped-back"])
DAY, TWO_DAYS = "24h", "48h"  # a day is also stale_for


def restamp(node: FaultyNode, *arguments: str) -> None:
    subprocess.run([STAMP, "--config", node.config, *arguments], check=True)


@STEPS
@pytest.mark.parametrize("by", ["1h", DAY, TWO_DAYS])
@pytest.mark.parametrize("state", [FRESH, OLD], ids=["fresh", "old"])
def test_a_step_makes_nothing_older_or_younger(
    node: FaultyNode, state: State, step: str, by: str
) -> None:
    """Set back by an hour, the roster of an hour ago looks new, but is asked for; set forward by
    two days, it looks too old, but is used. (Where there is no roster, nothing has an age.)"""
    node.authority.behave(BUSY)
    node.bears(WORDS, state, lambda: restamp(node, step, by))
    for line in node.syslog.decisions(login="mallory"):
        age = line.fields["age"]
        assert age in ("60m", "61m") if state == OLD else re.fullmatch(r"[1-9]\ds", age), line


@STEPS
@pytest.mark.parametrize("by", [DAY, TWO_DAYS])
def test_a_fresh_roster_stays_fresh(node: FaultyNode, step: str, by: str) -> None:
    """Nobody asks for anything, not even who is absent where that was validated just now."""
    node.set_up(recheck_after="5m")
    node.put(FRESH)
    restamp(node, step, by)
    node.authority.behave(BUSY)
    logins = node.log_in(*EVERYBODY)
    node.are_answered(logins, FRESH)
    node.nothing_is_left(logins)
    assert not node.authority.requests
    for login in ("alice", "bob", "mallory"):
        assert node.syslog.wait_for_decision(login=login)["evidence"] == "fresh"


@pytest.mark.parametrize("age, by", [("25h", "25h"), ("25h", TWO_DAYS), ("9d", "9d")])
def test_a_roster_too_old_does_not_get_younger(node: FaultyNode, age: str, by: str) -> None:
    """Set back, it looks as if it had been validated just now, or tomorrow."""
    node.authority.behave(BUSY)

    def step_the_clock() -> None:
        restamp(node, "--age", age)
        restamp(node, "--stepped-back", by)

    node.bears(WORDS, OLD, step_the_clock, like=COLD)
    line = node.syslog.wait_for_decision(login="alice", verdict="unavailable")
    assert (line["reason"], line["age"]) == ("roster_too_old", "25h" if age == "25h" else "9d")


@STEPS
def test_a_back_off_holds_as_long_as_it_says(node: FaultyNode, step: str) -> None:
    """A step forward does not lift it, one back neither lifts nor prolongs it."""
    node.put(OLD)
    node.authority.behave(BUSY)
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    asked, left = len(node.authority.requests), node.last_attempt()["left_ms"]
    assert asked and left > 30_000
    restamp(node, step, DAY)
    assert 0 < node.last_attempt()["left_ms"] <= left
    node.are_answered(node.log_in(*EVERYBODY), OLD)
    assert len(node.authority.requests) == asked


@STEPS
def test_a_refresh_after_a_step_is_believed(node: FaultyNode, step: str) -> None:
    """Set back, its request looks as if it had been sent before the stored one's: bob, removed
    since, is out all the same."""
    node.put(OLD)
    restamp(node, step, DAY)
    node.authority.behave(gives(document(ALICE, revision=8)))
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    assert node.syslog.wait_for_decision(login="alice")["evidence"] == "refreshed"
    assert node.log_in_one("bob").answer == PERM_DENIED
    assert node.stored()["age_ms"] < 60_000


@pytest.mark.parametrize("arguments", [
    ("--age", "23h", "--other-boot"), ("--age", "10s", "--other-boot"),
    ("--age", "23h", "--other-namespace"), ("--future", "24h"),
    ("--future", "5m", "--header"), ("--future", "24h", "--stamp"),
], ids=" ".join)
def test_within_stale_for_or_unknown(node: FaultyNode, arguments: tuple[str, ...]) -> None:
    """A stamp from the future says nothing about the age: it is asked for again, and used."""
    node.authority.behave(BUSY)
    node.bears(WORDS, FRESH, lambda: restamp(node, *arguments))


def test_of_another_boot_and_the_future_it_is_as_old_as_this_boot(node: FaultyNode) -> None:
    """Nothing but a lower bound is known, which a machine that is up for long has beyond
    stale_for."""
    node.authority.behave(BUSY)
    up_for_a_day = time.clock_gettime(time.CLOCK_BOOTTIME) >= 24 * 3600
    node.bears(WORDS, FRESH, lambda: restamp(node, "--future", DAY, "--other-boot"),
               like=COLD if up_for_a_day else FRESH)


@pytest.mark.parametrize("arguments", [
    ("--age", "25h"), ("--age", "25h", "--other-boot"), ("--age", "25h", "--other-namespace"),
], ids=" ".join)
def test_older_than_stale_for(node: FaultyNode, arguments: tuple[str, ...]) -> None:
    """The clock a day forward before the boot: who is on the roster is not told otherwise."""
    node.authority.behave(BUSY)
    node.bears(WORDS, FRESH, lambda: restamp(node, *arguments), like=COLD)


@pytest.mark.parametrize("arguments", [
    ("--future", "24h"), ("--future", "24h", "--other-boot"), ("--age", "25h", "--other-boot"),
], ids=" ".join)
def test_one_refresh_sets_the_age_right(node: FaultyNode, arguments: tuple[str, ...]) -> None:
    node.put(FRESH)
    restamp(node, *arguments)
    node.authority.behave(good)
    node.log_in_one("mallory")
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    assert node.stored()["age_ms"] < 60_000

