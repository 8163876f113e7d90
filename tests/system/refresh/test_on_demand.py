# SPDX-License-Identifier: Apache-2.0
"""Many adapters at once: one of them executes together-refresh, the others wait for its result."""

import time
from pathlib import Path

import pytest

from support.refresher import PROGRAM, Refresher

COUNT = Path("/run/refresh/executed")


def counted(refresher: Refresher, script: str = f'exec {PROGRAM} "$@"', **roster: str) -> None:
    """refresh_program is a wrapper that counts."""
    wrapper = Path("/run/refresh/wrapper")
    wrapper.write_text(f"#!/bin/sh\necho >>{COUNT}\n{script}\n")
    wrapper.chmod(0o755)
    COUNT.write_text("")
    refresher.configure(refresh_program=str(wrapper), **roster)


def executed() -> int:
    return len(COUNT.read_text().splitlines())


def test_two_hundred_on_a_cold_node_are_one_request(refresher: Refresher) -> None:
    counted(refresher, deadline="10s")  # two hundred processes on two processors
    refresher.folder.mkdir()
    answers = refresher.ask(200)
    assert len(answers) == 200 and {problem for _, problem in answers} == {""}
    assert executed() == 1
    assert refresher.logins() == {"alice", "bob"}


def test_two_hundred_and_a_bad_roster_are_one_request(refresher: Refresher) -> None:
    counted(refresher, deadline="10s")
    refresher.folder.mkdir()
    refresher.roster.write_text("not a roster")
    started = time.monotonic()
    answers = refresher.ask(200)
    longest = time.monotonic() - started
    assert all("the roster is not JSON" in problem for _, problem in answers)
    # Half a second to a second after the failure another may try, and does on a slow machine.
    assert executed() <= 1 + longest / 0.5


def test_two_hundred_and_a_helper_that_hangs_are_one_request(refresher: Refresher) -> None:
    counted(refresher, "exec sleep 60", deadline="2s")
    refresher.folder.mkdir()
    started = time.monotonic()
    answers = refresher.ask(200)
    assert executed() <= 1 + (time.monotonic() - started) / 2.5
    assert max(took for took, _ in answers) < 2000 + 5000
    assert all(problem for _, problem in answers)


@pytest.mark.parametrize("program", ["/run/refresh/none", "/run/refresh", "/etc/passwd"])
def test_a_program_that_cannot_be_executed(refresher: Refresher, program: str) -> None:
    refresher.configure(refresh_program=program)
    refresher.folder.mkdir()
    ((took, problem),) = refresher.ask()
    assert took < 3000 and problem.startswith(f"cannot execute {program}: ")
