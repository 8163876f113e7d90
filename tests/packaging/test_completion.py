# SPDX-License-Identifier: Apache-2.0
"""togetherctl's and together's completion, in a real bash, against --help."""

import re
import subprocess
from pathlib import Path

import pytest

from support.programs import COMPLETIONS, TOGETHER, TOGETHERCTL, common_options, output, verbs


def completed(program: Path, *words: str) -> list[str]:
    script = f"""
      compopt() {{ :; }}
      source {COMPLETIONS / program.name}
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _{program.name}
      printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    run = subprocess.run(["bash", "-c", script, "bash", program.name, *words],
                         capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return [line for line in run.stdout.splitlines() if line]


def complete(*words: str) -> list[str]:
    return completed(TOGETHERCTL, *words)


def test_verbs() -> None:
    assert complete("") == [verb.split()[0] for verb in verbs()]
    assert complete("exp") == ["explain"]
    assert complete("--config", "/etc/hosts", "stat") == ["status"]


def test_verbs_of_two_words() -> None:
    first = list(dict.fromkeys(verb.split()[0] for verb in verbs(TOGETHER)))
    assert completed(TOGETHER, "") == first
    for word in first:
        second = [verb.split()[1] for verb in verbs(TOGETHER) if verb.startswith(word + " ")]
        if second:
            assert completed(TOGETHER, word, "") == second
    assert completed(TOGETHER, "--json", "members", "pro") == ["promote"]


@pytest.mark.parametrize("program", [TOGETHERCTL, TOGETHER])
def test_options_before_a_verb(program: Path) -> None:
    assert {word[2:] for word in completed(program, "--")} == common_options(program)


@pytest.mark.parametrize(("program", "verb"), [*((TOGETHERCTL, verb) for verb in verbs()),
                                               *((TOGETHER, verb) for verb in verbs(TOGETHER))])
def test_options_of_a_verb(program: Path, verb: str) -> None:
    listed = output(program, *verb.split(), "--help").split("\nOptions:\n")[1].split("\n\n")[0]
    names = set(re.findall(r"^  --([a-z-]+)", listed, re.MULTILINE))
    assert {word[2:] for word in completed(program, *verb.split(), "--")} == names


def test_actions_of_nodes() -> None:
    known = {line.split()[0] for line in output(TOGETHERCTL, "permissions").splitlines()}
    offered = complete("check", "alice", "--action", "")
    assert offered and set(offered) <= known
    assert "ssh.login" in offered


def test_logins_and_files() -> None:
    assert "root" in complete("check", "roo")
    assert "/etc/hosts" in complete("--config", "/etc/host")
    assert complete("status", "") == []
    assert "/etc/hosts" in completed(TOGETHER, "login", "--ca-file", "/etc/host")
    assert "/etc/hosts" in completed(TOGETHER, "ssh-keys", "add", "/etc/host")
