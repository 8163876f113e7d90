# SPDX-License-Identifier: Apache-2.0
"""scripts/test itself, in a checkout of stubs: what it prints, how many suites run at once, and that
nothing of what it started outlives it."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from support.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
# Which suite's runner is which file.
RUNNERS = {"sshd": "tests/system/sshd/run", "refresh": "tests/system/refresh/run",
           "faults": "tests/faults/run", "lint": "tests/lint/run"}
PASSES = 'echo "3 passed in 0.10s"'
# Says that it is there until it may end.
WAITS = 'echo "$$" >"$PWD/began-$$"; until test -e "$PWD/go"; do sleep 0.1; done; ' + PASSES


class Stubs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("scripts/setup", "")
        self.write("scripts/sandbox", 'test "$1" != --net || shift\nexec "$@"')
        self.write("bin/cmake", "")
        for runner in RUNNERS.values():
            self.write(runner, PASSES)
        for name in ("scripts/test", "tests/suites"):
            shutil.copy(CHECKOUT / name, self.folder / name)

    def write(self, name: str, script: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def suite(self, name: str, script: str) -> None:
        self.write(RUNNERS[name], script)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        environment = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "LC_ALL": "C"}
        return subprocess.Popen(
            ["env", "--default-signal=INT", self.folder / "scripts/test", *arguments], text=True, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *arguments: str) -> tuple[int, list[str]]:
        """Its exit status and what it printed, without how long things took."""
        started = self.start(*arguments)
        printed, _ = started.communicate(timeout=60)
        return started.returncode, [re.sub(r" +", " ", re.sub(r" *\(\d+ s\)", "", line))
                                    for line in printed.splitlines()]

    def waiting(self) -> list[int]:
        return [int(path.read_text()) for path in self.folder.glob("began-*") if path.read_text()]


@pytest.fixture
def stubs(tmp_path: Path) -> Stubs:
    return Stubs(tmp_path)


def test_a_line_for_each_suite_and_the_sum_last(stubs: Stubs) -> None:
    status, lines = stubs.run("sshd", "refresh")
    assert status == 0
    assert lines[0] == "built with warnings as errors"
    assert sorted(lines[1:3]) == ["refresh 3 passed, 0 failed", "sshd 3 passed, 0 failed"]
    assert lines[3:] == ["6 passed, 0 failed"]


@pytest.mark.parametrize(("script", "counted"), [
    ('echo "2 failed, 3 passed in 0.1s"; exit 1', "3 passed, 2 failed"),
    (PASSES + "; exit 7", "3 passed, 1 failed"),  # what fails without counting has failed
    ("true", "0 passed, 1 failed"),  # as has what counts nothing
    ("false\n" + PASSES, "3 passed, 0 failed"),  # a runner's own business
])
def test_a_failed_suite_is_counted_and_shown_afterwards(stubs: Stubs, script: str, counted: str) -> None:
    stubs.suite("sshd", "echo what went wrong\n" + script)
    status, lines = stubs.run("sshd", "refresh")
    failed = not counted.endswith(", 0 failed")
    assert status == int(failed)
    assert f"sshd {counted}" in lines and "refresh 3 passed, 0 failed" in lines
    assert (" what went wrong" in lines) == failed
    if failed:
        assert lines.index(" what went wrong") > lines.index("refresh 3 passed, 0 failed")


def test_the_first_command_that_fails_ends_a_suite(stubs: Stubs) -> None:
    stubs.write("build/release/role_server/unit_tests/role_server_tests", "exit 3")
    stubs.write("tests/system/role_server/run", "test -e taken && exit; touch taken; " + PASSES)
    status, lines = stubs.run("--jobs", "1", "role_server")
    assert (status, lines[1]) == (1, "role_server 3 passed, 1 failed")


def test_a_suite_that_is_named_twice_runs_once(stubs: Stubs) -> None:
    assert stubs.run("sshd", "sshd")[1][1:] == ["sshd 3 passed, 0 failed", "3 passed, 0 failed"]


def test_the_parts_of_a_suite_are_counted_together(stubs: Stubs) -> None:
    stubs.suite("faults", 'test -d "$TOGETHER_TAKEN" || exit 9\n' + PASSES)
    assert stubs.run("faults")[1][1:] == ["faults 6 passed, 0 failed", "6 passed, 0 failed"]


def test_no_more_at_once_than_jobs(stubs: Stubs) -> None:
    for name in ("sshd", "refresh", "lint"):
        stubs.suite(name, WAITS)
    running = stubs.start("--jobs", "2", "sshd", "refresh", "lint")
    wait_until(lambda: len(stubs.waiting()) == 2, "two suites")
    (stubs.folder / "go").touch()
    printed, _ = running.communicate(timeout=60)
    assert printed.endswith("9 passed, 0 failed\n") and len(stubs.waiting()) == 3


@pytest.mark.parametrize(("number", "expected", "stubborn"), [
    (signal.SIGTERM, 143, ""), (signal.SIGINT, 130, ""), (signal.SIGTERM, 143, "trap '' TERM; "),
])
def test_a_signal_ends_all_that_it_started(stubs: Stubs, number: int, expected: int, stubborn: str) -> None:
    for name in ("sshd", "refresh"):
        stubs.suite(name, stubborn + "bash -c '" + WAITS + "' & " + WAITS)
    running = stubs.start("--jobs", "2", "sshd", "refresh")
    wait_until(lambda: len(stubs.waiting()) == 4, "both suites and what they started")
    running.send_signal(number)
    assert running.wait(60) == expected
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in stubs.waiting()), "their end")


def test_what_a_signal_ends_while_it_builds(stubs: Stubs) -> None:
    stubs.write("bin/cmake", WAITS)
    running = stubs.start("sshd")
    wait_until(lambda: len(stubs.waiting()) == 1, "the build")
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 143
    wait_until(lambda: not Path(f"/proc/{stubs.waiting()[0]}").exists(), "its end")


def test_wrong_arguments(stubs: Stubs) -> None:
    assert stubs.run("nonsense")[0] == 2
    assert stubs.run("--jobs", "0")[0] == 2
    assert stubs.run("--nonsense")[0] == 2


# ---- --changed, in a repository of its own ----------------------------------------------------------

@pytest.fixture
def repository(stubs: Stubs) -> Stubs:
    (stubs.folder / ".gitignore").write_text("/build/\n")
    git(stubs, "init", "--quiet", "--initial-branch=main")
    commit(stubs, "README.md")
    commit(stubs, "tests/system/sshd/test_one.py")
    return stubs


def git(stubs: Stubs, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments],
                   cwd=stubs.folder, check=True)


def write(stubs: Stubs, name: str) -> None:
    path = stubs.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write("more\n")


def commit(stubs: Stubs, name: str) -> None:
    write(stubs, name)
    git(stubs, "add", "--all")
    git(stubs, "commit", "--quiet", "--message", name)


def changed(stubs: Stubs, *paths: str) -> set[str]:
    status, lines = stubs.run("--changed", "--list", *paths)
    assert status == 0
    return set(lines)


def test_on_main_the_last_commit_and_what_is_not_committed(repository: Stubs) -> None:
    assert changed(repository) == {"sshd", "lint"}
    write(repository, "README.md")
    assert changed(repository) == {"sshd", "docs", "lint"}
    write(repository, "tests/faults/test_new.py")  # nor even added
    assert changed(repository) == {"sshd", "docs", "faults", "lint"}


def test_on_a_branch_all_since_main_was_left(repository: Stubs) -> None:
    git(repository, "checkout", "--quiet", "-b", "work")
    assert changed(repository) == set()
    commit(repository, "tests/faults/test_new.py")
    commit(repository, "tests/system/refresh/test_new.py")
    assert changed(repository) == {"faults", "refresh", "lint"}
    git(repository, "mv", "tests/system/sshd/test_one.py", "tests/system/refresh/test_one.py")
    assert changed(repository) == {"faults", "refresh", "sshd", "lint"}


def test_an_unknown_file_runs_all(repository: Stubs) -> None:
    _, every = repository.run("--list")
    assert changed(repository, "something/new") == set(every)
    write(repository, "something/new")
    assert changed(repository) == set(every)


def test_nothing_changed_is_no_failure(repository: Stubs) -> None:
    git(repository, "checkout", "--quiet", "-b", "work")
    assert repository.run("--changed") == (0, ["nothing was changed"])
