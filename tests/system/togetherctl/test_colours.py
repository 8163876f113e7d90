# SPDX-License-Identifier: Apache-2.0
"""Colours: only on a terminal, and where nobody asked for none."""

import os
import pty
import subprocess

import pytest

from support.ctl_node import PLAIN_ENVIRONMENT, TOGETHERCTL, ctl

COMMANDS = [["status"], ["check", "alice"], ["explain", "alice"], ["roster"], ["permissions"]]


def on_terminal(arguments: list[str], environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    subprocess.run([TOGETHERCTL, *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
                   env=PLAIN_ENVIRONMENT | environment, timeout=60)
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65536):
            text += piece
    except OSError:  # EIO: the other side is closed
        pass
    os.close(ours)
    return text.decode()


@pytest.mark.parametrize("arguments", COMMANDS)
def test_colours_on_a_terminal_only(arguments: list[str], roster: None) -> None:
    coloured = on_terminal(arguments, {"TERM": "xterm"})
    assert "\033[" in coloured and coloured.count("\033[0m") * 2 == coloured.count("\033[")
    assert "\033" not in ctl(*arguments, environment={"TERM": "xterm"}).stdout


@pytest.mark.parametrize("environment", [{"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
@pytest.mark.parametrize("arguments", COMMANDS)
def test_no_colours_where_unwanted(
    arguments: list[str], environment: dict[str, str], roster: None
) -> None:
    assert "\033" not in on_terminal(arguments, environment)


def test_an_empty_no_color_does_not_count(roster: None) -> None:
    assert "\033[" in on_terminal(["status"], {"TERM": "xterm", "NO_COLOR": ""})


def test_json_has_none(roster: None) -> None:
    assert "\033" not in on_terminal(["status", "--json"], {"TERM": "xterm"})
