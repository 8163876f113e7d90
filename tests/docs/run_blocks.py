"""Runs the ```console blocks of README.md and docs/*.md, file by file, and counts the commands.

A line "# COMMAND" is run as root, "> " continues it, any other line is output that must occur; "…" in
it stands for anything. Blocks that need a cluster are tagged ```console cluster, counted, and not run.
"""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Suites of their own run these: here it is enough that they are there.
RUN_ELSEWHERE = {"scripts/demo", "scripts/test", "scripts/bench"}
MOST_CLUSTER_BLOCKS = 10


@dataclass
class Command:
    place: str
    text: str
    output: list[str] = field(default_factory=list)


def blocks(path: Path) -> tuple[list[Command], int]:
    commands: list[Command] = []
    cluster = 0
    inside = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line[3:].strip() if inside is None else None
            cluster += inside == "console cluster"
        elif inside == "console" and line.startswith("# "):
            commands.append(Command(f"{path.name}:{number}", line[2:]))
        elif inside == "console" and line.startswith("> "):
            commands[-1].text += "\n" + line[2:]
        elif inside == "console" and line:
            commands[-1].output.append(line)
    return commands, cluster


def matches(expected: str, output: str) -> bool:
    return re.search(".*".join(map(re.escape, expected.split("…"))), output) is not None


def run(command: Command) -> bool:
    words = command.text.split()
    if words[0] in RUN_ELSEWHERE:
        return (ROOT / words[0]).exists()
    done = subprocess.run(["bash", "-c", command.text], cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    missing = [line for line in command.output if not matches(line, done.stdout)]
    # togetherctl says with its status what it found out; everything else must succeed.
    succeeded = done.returncode == 0 or (words[0] == "togetherctl" and done.returncode == 1)
    if succeeded and not missing:
        return True
    print(f"{command.place}: {command.text}\n  exit {done.returncode}, missing {missing}\n{done.stdout}")
    return False


def main() -> int:
    passed = failed = clusters = 0
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        commands, cluster = blocks(path)
        clusters += cluster
        for command in commands:
            if run(command):
                passed += 1
            else:
                failed += 1
    if clusters > MOST_CLUSTER_BLOCKS:
        print(f"{clusters} blocks need a cluster; at most {MOST_CLUSTER_BLOCKS} may")
        failed += 1
    print(f"{clusters} blocks need a cluster and were not run")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
