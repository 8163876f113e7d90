# SPDX-License-Identifier: Apache-2.0
"""What the programs and manuals of this build say."""

import os
import re
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TOGETHER_BUILD", CHECKOUT / "build" / "release")).resolve()
MANUALS = CHECKOUT / "docs" / "man"
TOGETHERCTL = BUILD / "togetherctl" / "togetherctl"
TOGETHER = BUILD / "together_cli" / "together"
TOGETHER_REFRESH = BUILD / "together_refresh" / "together-refresh"
TOGETHER_AUTHORIZER = BUILD / "authorizer" / "together-authorizer"
TOGETHER_ROLED = BUILD / "role_server" / "together-roled"
COMPLETIONS = CHECKOUT / "packaging" / "bash-completion"


def output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def options_in(help_text: str) -> set[str]:
    return set(re.findall(r"--([a-z][a-z-]*)", help_text))


def verbs(program: Path = TOGETHERCTL) -> list[str]:
    """Some of together's have two words."""
    listed = output(program, "--help").split("Verbs:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+(?: [a-z-]+)?)(?= )", listed, re.MULTILINE)


def common_options(program: Path = TOGETHERCTL) -> set[str]:
    return options_in(output(program, "--help").split("Options of every verb:\n")[1].split("\n\n")[0])


def manual(page: str) -> str:
    return (MANUALS / page).read_text()


def options_of_manual(text: str) -> set[str]:
    """Those that .Fl names, and those in quoted commands."""
    macros = re.findall(r"\bFl -([a-z][a-z-]*)|\| -([a-z][a-z-]*)", text)
    return {name for pair in macros for name in pair if name} | options_in(text)


def subsections(text: str) -> dict[str, str]:
    """Of .Ss, by the verb: its one or two words in small letters."""
    parts = re.split(r"^\.Ss ([a-z-]+(?: [a-z-]+)?)(?![a-z|-]).*\n", text.split(".Sh VERBS")[1].split("\n.Sh ")[0],
                     flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def settings(config: Path) -> dict[str, str]:
    """What `togetherctl config` says is in force."""
    run = subprocess.run([TOGETHERCTL, "config", "--config", config], capture_output=True,
                         text=True, timeout=60)
    pairs = [line.split(" =", 1) for line in run.stdout.splitlines() if not line.startswith("#")]
    assert pairs, run.stderr
    return {name: value.strip() for name, value in pairs}


def write_config(path: Path, text: str = "") -> Path:
    path.write_text(text or "[api]\nbase_url = file:///nowhere/roster.json\nproject = proj_1\n")
    path.chmod(0o644)
    return path
