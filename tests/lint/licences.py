# SPDX-License-Identifier: Apache-2.0
"""Each file says its licence in its first lines, and LICENSE and the packages say the same one."""

import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LICENCE = "Apache-2.0"
LINE = re.compile(rf"""^(?://|\#|--|<!--|/\*|\.\\")\ SPDX-License-Identifier:\ {re.escape(LICENCE)}(?:\ \*/|\ -->)?$""",
                  re.VERBOSE)
FIRST_LINES = 3  # behind #! and an editor's line
# Documents, which LICENSE speaks for; what has no comments; what an administrator edits or copies; what
# packaging/debian/copyright speaks for; what is about the checkout alone.
WITHOUT = ("*.md", "LICENSE", "*.json", "packaging/config/*", "packaging/examples/*", "packaging/debian/*", ".*")
WITH = ("packaging/debian/rules",)
# Where a package names it.
DECLARED = {"packaging/debian/copyright": re.compile(r"^License: (.*)$", re.MULTILINE),
            "packaging/rpm/together-access.spec": re.compile(r"^License: +(.*)$", re.MULTILINE)}
TITLE = re.compile(r"\s*Apache License\s+Version 2\.0, January 2004\s")


def needs_line(name: str) -> bool:
    return name in WITH or not any(fnmatchcase(name, pattern) for pattern in WITHOUT)


def has_line(text: str) -> bool:
    return not text or any(LINE.match(line) for line in text.splitlines()[:FIRST_LINES])


def declared(name: str, text: str) -> list[str]:
    licences = set(DECLARED[name].findall(text))
    return [] if licences == {LICENCE} else [f"{name}: the licence is {sorted(licences)}, not {LICENCE}"]


def findings() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    found = [f"{name}: its first lines have no {LICENCE}" for name in listed.stdout.splitlines()
             if needs_line(name) and (CHECKOUT / name).is_file() and not has_line((CHECKOUT / name).read_text())]
    for name in DECLARED:
        found += declared(name, (CHECKOUT / name).read_text())
    if not TITLE.match((CHECKOUT / "LICENSE").read_text()):
        found.append(f"LICENSE is not {LICENCE}")
    return found


if __name__ == "__main__":
    every = findings()
    print("\n".join(every))
    sys.exit(1 if every else 0)
