# SPDX-License-Identifier: Apache-2.0
"""refresh: together-refresh's own exit status, with a sentence."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from support.ctl_node import (CACHE, CONFIG, PLAIN_ENVIRONMENT, PLAIN_USER, ROSTER, SNAPSHOT,
                      TOGETHERCTL, ctl, ctl_json, entry, write_config,
                      write_roster)


def helper(script: str) -> Path:
    """Stands in for together-refresh."""
    path = ROSTER.parent / "helper"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    write_config(roster__refresh_program=str(path))
    return path


def test_a_valid_roster() -> None:
    write_roster(entry("alice", "admin", 10001))
    run = ctl("refresh")
    assert run.returncode == 0, run.stderr
    assert "The roster is valid." in run.stdout
    assert "Roster: revision 7, " in run.stdout
    assert "This round: a new roster\n" in run.stdout
    assert SNAPSHOT.exists()


def test_a_role_that_nobody_knows_is_told() -> None:
    """A typing error in a roster file, most likely: valid, but that person does not get in."""
    write_roster(entry("alice", "amdin", 10001), entry("bob", "member", 10002))
    run = ctl("refresh")
    assert run.returncode == 0, run.stderr
    assert ("This round: a new roster; the roster has no admin; "
            "1 entries have a role other than admin and member, and do not get in\n") in run.stdout


def test_verbose_is_together_refreshs_own() -> None:
    write_roster(entry("alice", "admin", 10001))
    assert str(ROSTER) in ctl("refresh", "--verbose").stderr


def test_an_older_revision_is_taken_only_when_told() -> None:
    write_roster(entry("alice", "admin", 10001), revision=7)
    assert ctl("refresh").returncode == 0
    write_roster(entry("alice", "admin", 10001), revision=6)
    assert ctl("refresh").returncode == 75
    assert ctl_json("status")["roster"]["revision"] == 7
    assert ctl("refresh", "--accept-older").returncode == 0
    assert ctl_json("status")["roster"]["revision"] == 6


@pytest.mark.parametrize(("status", "outcome", "sentence"), [
    (0, "valid", "The roster is valid."),
    (75, "no_answer", "There is no newer roster"),
    (77, "token_refused", "refuses this node's token"),
    (78, "configuration", "The configuration, the token or the roster file is wrong"),
    (3, "unknown", "in an unknown way. Its exit status is 3."),
])
def test_the_exit_status_is_passed_on(status: int, outcome: str, sentence: str) -> None:
    helper(f"exit {status}")
    run = ctl("refresh")
    assert run.returncode == status and sentence in run.stdout
    run = ctl("refresh", "--json")
    assert run.returncode == status
    document = json.loads(run.stdout)
    assert (document["exit_status"], document["outcome"]) == (status, outcome)
    assert document["roster"]["state"] == "unusable"


def test_what_it_is_given() -> None:
    helper('echo "out: $*"; echo "err" >&2; env | sort; ls /proc/$$/fd | tr "\\n" " "; cat')
    run = ctl("refresh", "--verbose", "--accept-older", environment={"LD_BIND_NOW": "1", "X": "y"})
    assert f"out: --config {CONFIG} --verbose --accept-older\n" in run.stdout
    assert run.stderr == "err\n"
    assert "LD_BIND_NOW" not in run.stdout and "X=y" not in run.stdout
    # 0 to 2, and the shell's own script.
    assert "0 1 10 2 " in run.stdout
    assert "out: " in ctl("refresh", "--json").stderr


def test_inherited_descriptors_are_not_passed_on() -> None:
    helper("ls /proc/$$/fd | tr '\\n' ' '")
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    run = subprocess.run([TOGETHERCTL, "refresh"], env=PLAIN_ENVIRONMENT, capture_output=True,
                         text=True, pass_fds=[writing])
    os.close(reading)
    os.close(writing)
    assert run.stdout.startswith("0 1 10 2 ")


def test_a_program_that_is_missing_or_killed() -> None:
    write_config(roster__refresh_program="/nowhere/together-refresh")
    run = ctl("refresh")
    assert run.returncode == 2
    assert "cannot execute /nowhere/together-refresh: No such file or directory" in run.stderr
    helper("kill -9 $$")
    run = ctl("refresh", "--json")
    assert run.returncode == 2 and "was killed by signal 9" in json.loads(run.stdout)["error"]["message"]


def test_a_wrong_configuration_is_78() -> None:
    write_config(gate__min_uid="0")
    run = ctl("refresh")
    assert run.returncode == 78 and f"{CONFIG}:7: min_uid: not a uid above 0" in run.stderr


def test_a_plain_user_needs_to_own_the_directory() -> None:
    helper("exit 0")
    run = ctl("refresh", user=PLAIN_USER)
    assert run.returncode == 2
    assert f"refresh: needs root, or the owner of {CACHE}" in run.stderr
    os.chown(CACHE, PLAIN_USER, PLAIN_USER)
    assert ctl("refresh", user=PLAIN_USER).returncode == 0


def test_the_owner_of_the_directory_refreshes() -> None:
    write_roster(entry("alice", "admin", 10001))
    os.chown(CACHE, PLAIN_USER, PLAIN_USER)
    run = ctl("refresh", user=PLAIN_USER)
    assert run.returncode == 0, run.stderr
    assert ctl("check", "alice", user=PLAIN_USER).returncode == 0


def test_a_sigchld_that_is_ignored() -> None:
    helper("exit 75")
    run = subprocess.run(["sh", "-c", 'trap "" CHLD; exec "$0" refresh', str(TOGETHERCTL)],
                         env=PLAIN_ENVIRONMENT, capture_output=True)
    assert run.returncode == 75
