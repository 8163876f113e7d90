# SPDX-License-Identifier: Apache-2.0
"""A configuration that is missing, wrong in any line, or not root's: nobody but root is let in,
nobody is told that they are no collaborator, and the log names file and line."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.faulty_node import EVERYBODY, FRESH, FaultyNode, State
from support.pam_client import AUTHINFO_UNAVAIL, SUCCESS, Login

NOBODY = 65534


def is_unavailable(node: FaultyNode, state: State, words: str) -> list[Login]:
    node.syslog.forget()
    logins = node.log_in(*EVERYBODY) + node.log_in("root", service="module")
    for login in logins:
        node.is_answered(login, SUCCESS if login.login == "root" else AUTHINFO_UNAVAIL)
    line = node.syslog.wait_for_decision(login="alice", reason="configuration")
    assert re.search(words, line["detail"]), line["detail"]
    node.nothing_is_left(logins)
    assert not node.authority.requests
    return logins


def missing(config: Path) -> None:
    config.unlink()


def writable_by_others(config: Path) -> None:
    config.chmod(0o646)


def somebody_else_s(config: Path) -> None:
    os.chown(config, NOBODY, NOBODY)


def fifo(config: Path) -> None:
    config.unlink()
    os.mkfifo(config, 0o644)


def folder(config: Path) -> None:
    config.unlink()
    config.mkdir()


def empty(config: Path) -> None:
    config.write_text("")


def zeros(config: Path) -> None:
    """As a crash of the node leaves it on some file systems."""
    config.write_bytes(bytes(200))


@pytest.mark.parametrize("spoil, words", [
    (missing, "No such file"), (writable_by_others, "can be written by others"),
    (somebody_else_s, "belongs neither to root"), (fifo, "is not a regular file"),
    (folder, "is not a regular file"), (empty, "base_url"), (zeros, "together.conf")])
def test_a_file_that_cannot_be_used(
    node: FaultyNode, state: State, spoil: Callable[[Path], None], words: str
) -> None:
    node.put(state)
    spoil(node.config)
    node.until_in_time(lambda: node.in_time(is_unavailable(node, state, words), limit=0.2))


def every_broken_line(text: str) -> list[tuple[int, str]]:
    """The file, with one line of it wrong in one way; and that line's number."""
    lines = text.splitlines()
    broken = []
    for i, line in enumerate(lines):
        key, equals, value = line.partition(" = ")
        wrong = ([f"{key}x = {value}", f"{key} = ", f" {line}", f"{line}\n{line}", f"{key} {value}",
                  f"{key} = {value}{'x' * 200}"] if equals
                 else ["[apy]", "[api", f"{line}\n{line}x"])
        for text in wrong:
            number = i + 1 + text.count("\n")
            broken.append((number, "\n".join([*lines[:i], text, *lines[i + 1:]]) + "\n"))
    return broken


def test_each_line_wrong_in_turn(node: FaultyNode, state: State) -> None:
    """What is on a roster does not count while nobody knows whose roster it is."""
    node.put(state)
    good = node.config.read_text()
    broken = every_broken_line(good)
    assert len(broken) > 50
    for number, text in broken:
        node.config.write_text(text)
        node.syslog.forget()
        logins = node.log_in_a_row(*EVERYBODY)
        for login in logins:
            node.is_answered(login, SUCCESS if login.login == "root" else AUTHINFO_UNAVAIL)
        line = node.syslog.wait_for_decision(login="alice", reason="configuration")
        assert re.search(rf"together\.conf:{number}: |together\.conf.*line {number}\b",
                         line["detail"]), (number, text, line["detail"])
        node.nothing_is_left(logins)
    assert not node.authority.requests
    node.config.write_text(good)
    node.is_answered(node.log_in_one("alice"), SUCCESS)


@pytest.mark.parametrize("argument", ["confg=/x", "config=relative", "require=members", "debug=1",
                                      "sufficient"])
def test_a_wrong_argument_of_the_module(node: FaultyNode, argument: str) -> None:
    node.put(FRESH)
    node.module_arguments = (*node.module_arguments, argument)
    node.write_services()
    node.is_answered(node.log_in_one("alice"), AUTHINFO_UNAVAIL)
    node.is_answered(node.log_in_one("root"), SUCCESS)
    line = node.syslog.wait_for_decision(login="alice", reason="module_argument")
    assert argument in line["detail"] or "twice" in line["detail"]


def test_a_program_that_cannot_be_executed(node: FaultyNode, state: State) -> None:
    node.set_up(refresh_program="/usr/libexec/nothing/together-refresh")
    node.bears("cannot execute /usr/libexec/nothing/together-refresh: No such file", state)
