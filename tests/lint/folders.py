# SPDX-License-Identifier: Apache-2.0
"""The table "Where things are" of docs/architecture.md against the tree: each top folder has one row, and what it
may use is what CMake links and libraries.py allows."""

import re
import sys
from collections import Counter
from collections.abc import Iterator

from lint import layers, libraries

DOCUMENT = "docs/architecture.md"
ROW = re.compile(r"^\| ((?:`\w+/`(?:, )?)+) \|.*\| ([^|]*)\|$", re.MULTILINE)
FOLDER = re.compile(r"`(\w+)/`")
# As the table calls what libraries.py knows by its headers. The others are a system's own.
CALLED = {"curl/": "libcurl", "json/": "jsoncpp", "boost/": "Boost", "openssl/": "OpenSSL", "soci/": "SOCI",
          "libpq-fe.h": "libpq", "prometheus/": "prometheus-cpp", "CLI/": "CLI11", "cdb.h": "libcdb",
          "ini.h": "libinih", "xxhash.h": "xxHash", "security/": "libpam", "slurm/": "Slurm's headers"}
OF_TESTS = "tests"  # may use all


def rows(text: str) -> list[tuple[str, str]]:
    """Each folder of the table, and the text of what it may use."""
    table = text.split("## Where things are")[1].split("\n## ")[0]
    return [(folder, uses) for folders, uses in ROW.findall(table) for folder in FOLDER.findall(folders)]


def top(folder: str) -> str:
    return folder.split("/")[0]


def linked(folder: str) -> set[str]:
    return {top(other) for one, below in layers.declared().items() if top(one) == folder
            for other in below} - {folder}


def of_row(folder: str, uses: str) -> Iterator[str]:
    for other in sorted(linked(folder) ^ set(FOLDER.findall(uses))):
        yield f"{DOCUMENT}: {folder}/ " + ("links" if other in linked(folder) else "does not link") + f" {other}/"
    for begin, name in CALLED.items():
        allowed = any(top(one) == folder for one in libraries.MAY_USE[begin])
        if allowed != (name in uses):
            yield f"{DOCUMENT}: {folder}/ " + ("uses" if allowed else "does not use") + f" {name}"


def of_text(text: str) -> list[str]:
    named = Counter(folder for folder, _ in rows(text))
    tree = {top(name) for name in layers.tracked() if "/" in name and not name.startswith(".")}
    found = [f"{DOCUMENT}: {folder}/ has {named[folder]} rows" for folder in sorted(tree | set(named))
             if named[folder] != (folder in tree)]
    for folder, uses in rows(text):
        found += of_row(folder, uses) if folder != OF_TESTS else []
    return found


if __name__ == "__main__":
    every = of_text((layers.CHECKOUT / DOCUMENT).read_text())
    print("\n".join(every))
    sys.exit(1 if every else 0)
