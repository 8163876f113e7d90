# SPDX-License-Identifier: Apache-2.0
"""tests/suites, which says for scripts/test --changed what a change can break: each tracked file has a
line of its own there, each line a file, each suite a line, what tests use is not forgotten
(what_tests_use.py), and scripts/test reads it as it is meant."""

import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from lint import what_tests_use

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / "scripts" / "test"
# Patterns for files that a change may bring.
MAY_BE_MISSING = {"SECURITY.md"}
# A change, and the suites that it must run whatever else it does.
EXAMPLES = {
    ("README.md",): {"docs", "lint"},
    ("common/decision/gate.cpp",): "all",
    ("spank_together/spank_together.cpp", "docs/slurm.md"): {"slurm", "threads", "sanitizers", "exports", "docs",
                                                             "lint"},
    ("role_server/api/router.cpp",): {"role_server", "docs", "lint"},
    ("packaging/debian/rules",): {"packaging", "lint"},
    ("tests/unit/role_server/uri_test.cpp",): {"role_server", "lint"},
    ("tests/support/waiting.py",): "all",
    ("something/quite/new",): "all",
}


def output(*command: str | Path) -> list[str]:
    return subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.split()


def rules() -> list[tuple[str, list[str]]]:
    lines = (CHECKOUT / "tests" / "suites").read_text().splitlines()
    return [(words[0], words[1:]) for words in map(str.split, lines) if words and not words[0].startswith("#")]


def findings() -> list[str]:
    known = set(re.findall(r"^suite_(\w+)\(\)", SCRIPT.read_text(), re.MULTILINE))
    every, found, used, files = rules(), [], set(), output("git", "ls-files")
    for name in files:
        fitting = [pattern for pattern, _ in every if fnmatchcase(name, pattern)]
        used.update(fitting[:1])
        if not fitting:
            found.append(f"tests/suites has no line for {name}")
    for pattern, suites in every:
        if pattern not in used | MAY_BE_MISSING:
            found.append(f"tests/suites: no file has {pattern} as its first line")
        found += [f"tests/suites: {pattern}: no suite {name}" for name in set(suites) - known - {"all"}]
        if not suites:
            found.append(f"tests/suites: {pattern} runs nothing")
    reached = {name for pattern, suites in every if pattern in used for name in suites}
    # Reached by more than `all`: by a change of its own.
    found += [f"tests/suites: only `all` runs {name}" for name in known - reached]
    return found


def forgotten(every: list[tuple[str, list[str]]]) -> list[str]:
    return [f"tests/suites: {pattern} can break {' '.join(sorted(suites))}, too: {', '.join(sorted(files)[:3])}"
            for (pattern, suites), files in what_tests_use.missing(every).items()]


def misread() -> list[str]:
    found, every = [], set(output(SCRIPT, "--list"))
    for paths, least in EXAMPLES.items():
        listed = set(output(SCRIPT, "--list", "--changed", *paths))
        wanted = every if least == "all" else set(least)
        if not wanted <= listed or (least != "all" and every <= listed):
            found.append(f"scripts/test --list --changed {' '.join(paths)}: {sorted(listed)}")
    return found


if __name__ == "__main__":
    wrong = findings() + forgotten(rules()) + misread()
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)
