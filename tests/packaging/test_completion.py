# SPDX-License-Identifier: Apache-2.0
"""togetherctl's completion, in a real bash, against --help."""

import re
import subprocess

import pytest

from support.programs import COMPLETION, TOGETHERCTL, options_in, output, verbs




def complete(*words: str) -> list[str]:
    script = f"""
      compopt() {{ :; }}
      source {COMPLETION}
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _togetherctl
      printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    run = subprocess.run(["bash", "-c", script, "bash", "togetherctl", *words],
                         capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return [line for line in run.stdout.splitlines() if line]


def test_verbs() -> None:
    assert complete("") == verbs()
    assert complete("exp") == ["explain"]
    assert complete("--config", "/etc/hosts", "stat") == ["status"]


def test_options_before_a_verb() -> None:
    listed = output(TOGETHERCTL, "--help").split("Options of every verb:\n")[1].split("\n\n")[0]
    assert {word[2:] for word in complete("--")} == options_in(listed)


@pytest.mark.parametrize("verb", verbs())
def test_options_of_a_verb(verb: str) -> None:
    listed = output(TOGETHERCTL, verb, "--help").split("\nOptions:\n")[1].split("\n\n")[0]
    names = set(re.findall(r"^  --([a-z-]+)", listed, re.MULTILINE))
    assert {word[2:] for word in complete(verb, "--")} == names


def test_actions_of_nodes() -> None:
    known = {line.split()[0] for line in output(TOGETHERCTL, "permissions").splitlines()}
    offered = complete("check", "alice", "--action", "")
    assert offered and set(offered) <= known
    assert "ssh.login" in offered


def test_logins_and_files() -> None:
    assert "root" in complete("check", "roo")
    assert "/etc/hosts" in complete("--config", "/etc/host")
    assert complete("status", "") == []
