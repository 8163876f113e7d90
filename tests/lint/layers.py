# SPDX-License-Identifier: Apache-2.0
"""Includes go down: each is written from the root, and to a folder below, as the together_folder()
lines of the CMakeLists.txt files say."""

import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
FOLDER = re.compile(r"^together_folder\(([^)]*)\)", re.MULTILINE)
LINK = re.compile(r"^\s*target_link_libraries\(([^)]*)\)", re.MULTILINE)


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=CHECKOUT, check=True,
                            capture_output=True, text=True)
    return listed.stdout.split()


def declared() -> dict[str, list[str]]:
    """Each folder and those directly below it. Of a program or module without a line of its own what
    it links."""
    below: dict[str, list[str]] = {}
    for name in tracked("CMakeLists.txt", "*/CMakeLists.txt", ":!tests"):
        text = (CHECKOUT / name).read_text()
        for words in (match[1].split() for match in FOLDER.finditer(text)):
            words = words[:words.index("LIBRARIES")] if "LIBRARIES" in words else words
            below[words[0]] = words[2:]
    for name in tracked("*/CMakeLists.txt", ":!tests"):
        folder = str(Path(name).parent)
        links = " ".join(match[1] for match in LINK.finditer((CHECKOUT / name).read_text())).split()
        linked = [other for other in below if other.replace("/", "_") in links]
        below.setdefault(folder, linked)
    return below


def reach(folder: str, below: dict[str, list[str]], above: tuple[str, ...] = ()) -> set[str]:
    if folder in above:
        raise SystemExit(f"layers: {folder} stands above itself: {' > '.join((*above, folder))}")
    if folder not in below:
        below_whom = f", which stands below {above[-1]}" if above else ""
        raise SystemExit(f"layers: no together_folder() line for {folder}{below_whom}")
    reached = {folder}
    for other in below[folder]:
        reached |= reach(other, below, (*above, folder))
    return reached


def of_include(name: str, include: str, quoted: bool, below: dict[str, list[str]]) -> str | None:
    folder, is_ours = str(Path(name).parent), (CHECKOUT / include).is_file()
    if not quoted:
        return f'{name}: <{include}> is ours: "{include}"' if is_ours else None
    if not is_ours:
        return f'{name}: "{include}" is not written from the root'
    if name.startswith("tests/") or folder == "cmake" or str(Path(include).parent) in reach(folder, below):
        return None
    return f"{name}: {include} is not below {folder}"


def of_file(name: str, text: str, below: dict[str, list[str]]) -> list[str]:
    return [finding for mark, include in INCLUDE.findall(text)
            if (finding := of_include(name, include, mark == '"', below))]


def findings(below: dict[str, list[str]]) -> list[str]:
    found = []
    for name in tracked("*.cpp", "*.h"):
        found += of_file(name, (CHECKOUT / name).read_text(), below)
    return found


if __name__ == "__main__":
    every = findings(declared())
    print("\n".join(every))
    sys.exit(1 if every else 0)
