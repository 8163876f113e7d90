"""Runs the documents' ```console blocks (console_blocks.py) and counts the commands.

Each document has a sandbox of its own with a node in it (sandboxed_node.py), and one shell from its first
block to its last, so that a later block finds what an earlier one made.

  run_blocks.py [DOCUMENT…]     default: README.md and docs/**/*.md
"""

import subprocess
import sys
import traceback
from pathlib import Path

from console_blocks import CHECKOUT, Block, Command, blocks, documents
from sandboxed_node import Node, Shell

# Suites of their own run these: here it is enough that they are there.
RUN_ELSEWHERE = {"scripts/demo", "scripts/test", "scripts/bench", "packaging/build-deb", "packaging/build-rpm"}
MOST_CLUSTER_BLOCKS = 10
BROKEN = 100  # exit status of the half in the sandbox where it was not its commands that failed
# togetherctl says with it what it found out; everything else must succeed.
STATUSES = {"togetherctl": (0, 1)}


def run(command: Command, shell: Shell) -> bool:
    words = command.text.split()
    if words[0] in RUN_ELSEWHERE:
        return (CHECKOUT / words[0]).exists()
    status, printed = shell.run(command.text)
    # What it shows is compared, and tells more than a status.
    if command.shows(printed) and (command.output or status in STATUSES.get(words[0], (0,))):
        return True
    print(f"{command.place}: {command.text}\n  exit {status}; it printed:\n{printed}")
    if command.output:
        print("  the document shows:\n" + "\n".join(command.output))
    return False


def run_inside(document: Path) -> int:
    commands = [command for block in blocks(document) if not block.tags for command in block.commands]
    with Node(installed=document.name != "README.md") as node, Shell(node) as shell:
        failed = sum(not run(command, shell) for command in commands)
    return failed


def run_document(document: Path, to_run: list[Block]) -> int:
    """How many of its commands failed."""
    sandboxed = subprocess.run(
        [CHECKOUT / "scripts/sandbox", "--net", "/usr/bin/python3", Path(__file__), "--inside", document],
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    if sandboxed.returncode:
        print(sandboxed.stdout, end="")
    commands = sum(len(block.commands) for block in to_run)
    return commands if sandboxed.returncode >= BROKEN else sandboxed.returncode


def main(named: list[Path]) -> int:
    passed = failed = ran = clusters = 0
    for document in named or documents():
        of_document = blocks(document)
        for block in of_document:
            if block.problem:
                print(f"{block.place}: {block.problem}")
                failed += 1
        clusters += sum(block.needs_a_cluster for block in of_document)
        to_run = [block for block in of_document if not block.needs_a_cluster and not block.problem]
        if not to_run:
            continue
        wrong = run_document(document, to_run)
        ran += len(to_run)
        failed += wrong
        passed += sum(len(block.commands) for block in to_run) - wrong
    if clusters > MOST_CLUSTER_BLOCKS:
        print(f"{clusters} blocks are tagged as needing a cluster; at most {MOST_CLUSTER_BLOCKS} may be")
        failed += 1
    print(f"{ran} console blocks run, {clusters} tagged as needing a cluster")
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        try:
            sys.exit(min(run_inside(Path(sys.argv[2])), BROKEN - 1))
        except Exception:
            traceback.print_exc()
            sys.exit(BROKEN)
    sys.exit(main([Path(name).resolve() for name in sys.argv[1:]]))
