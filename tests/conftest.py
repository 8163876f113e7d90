# SPDX-License-Identifier: Apache-2.0
"""Several runs of the same tests side by side, each in a sandbox of its own (scripts/test): together
they run every test once. Each takes the next file that none has taken yet, in $TOGETHER_TAKEN."""

import os
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import pytest

TAKEN = Path(os.environ.get("TOGETHER_TAKEN", "/nonexistent"))


def is_ours(file: Path) -> bool:
    name = str(file.relative_to(Path(__file__).parent)).replace("/", ".")
    try:
        (TAKEN / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def taken(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Just in time: a file is taken when the last test of the one before is about to run."""
    for file, tests in groupby(items, key=lambda item: item.path):
        if is_ours(file):
            yield from tests


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if not TAKEN.is_dir() or session.testsfailed or session.config.option.collectonly:
        return None
    for item, following in pairwise(with_end(taken(session.items))):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail or session.shouldstop:
            raise session.Interrupted(session.shouldfail or session.shouldstop)
    return True


def with_end(items: Iterator[pytest.Item]) -> Iterator[pytest.Item | None]:
    yield from items
    yield None
