# SPDX-License-Identifier: Apache-2.0
"""The ```console blocks of a document.

A line "# COMMAND" is run as root, "> " continues it, any other line is its output. "…" in a line of
output stands for anything, as a line of its own for any number of lines. A block that this machine
cannot run (systemd, several nodes, Kubernetes) is tagged ```console cluster.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass
class Command:
    place: str
    text: str
    output: list[str] = field(default_factory=list)

    def shows(self, printed: str) -> bool:
        """Is what was printed what the document shows? Without output it shows nothing in particular."""
        return not self.output or re.fullmatch(self.pattern(), without_blanks(printed)) is not None

    def pattern(self) -> str:
        return "".join(r"(?:.*\n)*" if line.strip() == "…" else
                       ".*".join(map(re.escape, line.rstrip().split("…"))) + r"\n" for line in self.output)


@dataclass
class Block:
    place: str
    tags: list[str]
    commands: list[Command] = field(default_factory=list)

    @property
    def needs_a_cluster(self) -> bool:
        return self.tags == ["cluster"]

    @property
    def problem(self) -> str | None:
        if self.tags and not self.needs_a_cluster:
            return f"unknown tag {' '.join(self.tags)}"
        return None if self.commands else "it has no line that begins with \"# \", so nothing was run"


def without_blanks(text: str) -> str:
    return "".join(line.rstrip() + "\n" for line in text.splitlines() if line.strip())


def documents() -> list[Path]:
    return [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").glob("**/*.md"))]


def blocks(path: Path) -> list[Block]:
    found: list[Block] = []
    fence = indent = ""
    inside = False  # a console block
    for number, line in enumerate(path.read_text().splitlines(), 1):
        place = f"{path.relative_to(CHECKOUT)}:{number}"
        opening = re.match(r"( *)(```+|~~~+)\s*(.*)", line)
        if not fence and opening:
            indent, fence, words = opening[1], opening[2], opening[3].split()
            inside = words[:1] == ["console"]
            if inside:
                found.append(Block(place, words[1:]))
        elif fence and line.strip() == fence:
            fence, inside = "", False
        elif inside:
            add(found[-1], place, line.removeprefix(indent))
    return found


def add(block: Block, place: str, line: str) -> None:
    if line.startswith("# "):
        block.commands.append(Command(place, line[2:]))
    elif not block.commands:
        return
    elif line == ">" or line.startswith("> "):
        block.commands[-1].text += "\n" + line[2:]
    elif line.strip():
        block.commands[-1].output.append(line)
