# SPDX-License-Identifier: Apache-2.0
"""Names follow CONTRIBUTING.md, "Names", as far as a pattern can see it: a limit is `max_…`, what is undamaged is
intact, a host is a machine, and no name is a word that was given up."""

import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CODE = (".cpp", ".h", ".py", ".txt", ".cmake", ".in")
# What is not to stand in code, and what is called so instead; "-" in front: outside of tests alone, where a
# measured maximum is no limit.
GIVEN_UP = {
    r"-\b(?:most|longest)_[a-z_]*\b": "max_…",
    r"(?:def test_\w*|TEST\(\w+, \w*)(?<!byte_order)_mark(?:_|\b)": "last_attempt or back_off",
    r"(?:\b|_)host_(?:module|process|program)\b|\b[Aa] host (?:may|that|we) (?:run|ignore|load|do)": "a program, a process",
    r"\bwell_kept\b|\bstands_twice\b|\bmade_elsewhere\b": "safe, duplicate, managed elsewhere",
}


def of_line(name: str, line: str) -> str | None:
    for pattern, instead in GIVEN_UP.items():
        if pattern.startswith("-") and name.startswith("tests/"):
            continue
        if found := re.search(pattern.removeprefix("-"), line):
            return f"{found[0]} is called {instead}"
    return None


def findings() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return [f"{name}:{number}: {wrong}" for name in listed.stdout.splitlines()
            if name.endswith(CODE) and not name.startswith("tests/lint/") and (CHECKOUT / name).is_file()
            for number, line in enumerate((CHECKOUT / name).read_text().splitlines(), 1)
            if (wrong := of_line(name, line))]


if __name__ == "__main__":
    every = findings()
    print("\n".join(every))
    sys.exit(1 if every else 0)
