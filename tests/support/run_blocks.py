# SPDX-License-Identifier: Apache-2.0
"""Runs the documents' ```console blocks (console_blocks.py) and counts the commands.

Each document has a sandbox of its own with a node in it (sandboxed_node.py), and one shell from its first
block to its last, so that a later block finds what an earlier one made.

  run_blocks.py [DOCUMENT…]     default: README.md, CONTRIBUTING.md and docs/**/*.md
"""

import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.console_blocks import CHECKOUT, Block, Command, blocks, documents
from support.sandboxed_node import Node, Shell

# Suites of their own run these: here it is enough that they are there.
RUN_ELSEWHERE = {"scripts/demo", "scripts/test", "scripts/bench", "packaging/build-deb", "packaging/build-rpm"}
IN_THE_CHECKOUT = {"README.md", "CONTRIBUTING.md"}  # they build there; the others find all installed
MAX_CLUSTER_BLOCKS = 10
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
    with Node(installed=document.name not in IN_THE_CHECKOUT) as node, Shell(node) as shell:
        failed = sum(not run(command, shell) for command in commands)
    return failed


def run_document(document: Path) -> tuple[int, str]:
    """How many of its commands failed, and what there is to say about it."""
    done = subprocess.run(
        [CHECKOUT / "scripts/sandbox", "--net", "/usr/bin/python3", Path(__file__), "--inside", document],
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
    commands = sum(len(block.commands) for block in to_run(document))
    return commands if done.returncode >= BROKEN else done.returncode, done.stdout if done.returncode else ""


def to_run(document: Path) -> list[Block]:
    return [block for block in blocks(document) if not block.tags and not block.problem]


def problems(of: list[Path]) -> list[str]:
    every = [block for document in of for block in blocks(document)]
    found = [f"{block.place}: {block.problem}" for block in every if block.problem]
    clusters = sum(block.needs_a_cluster for block in every)
    if clusters > MAX_CLUSTER_BLOCKS:
        found.append(f"{clusters} blocks are tagged as needing a cluster; at most {MAX_CLUSTER_BLOCKS} may be")
    return found


def main(of: list[Path]) -> int:
    wrong = problems(of)
    running = [document for document in of if to_run(document)]
    # What the others install is built before.
    first = [document for document in running if document.name in IN_THE_CHECKOUT]
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = [*map(run_document, first),
                   *pool.map(run_document, (document for document in running if document not in first))]
    failed = sum(result for result, _ in results) + len(wrong)
    commands = sum(len(block.commands) for document in running for block in to_run(document))
    for text in wrong + [text.rstrip() for _, text in results if text]:
        print(text)
    print(f"{sum(len(to_run(document)) for document in running)} console blocks run, "
          f"{sum(block.needs_a_cluster for document in of for block in blocks(document))} tagged as needing a "
          "cluster")
    print(f"{commands + len(wrong) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        try:
            sys.exit(min(run_inside(Path(sys.argv[2])), BROKEN - 1))
        except Exception:
            traceback.print_exc()
            sys.exit(BROKEN)
    sys.exit(main([Path(name).resolve() for name in sys.argv[1:]] or documents()))
