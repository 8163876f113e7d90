# SPDX-License-Identifier: Apache-2.0
"""Several runs of the same tests side by side, each in a sandbox of its own (scripts/test): together
they run every test once. Each takes the next few tests of a file that none has taken yet, in
$TOGETHER_TAKEN."""

import os
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby, pairwise
from pathlib import Path

import pytest

SHARE = 8  # tests
TAKEN = Path(os.environ.get("TOGETHER_TAKEN", "/nonexistent"))


def is_ours(share: str) -> bool:
    try:
        (TAKEN / share).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def taken(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Just in time: a share is taken when the last test of the one before is about to run. What one run
    gets of a file is in a row, so that the file's fixtures are made once."""
    for _, numbered in groupby(enumerate(items), key=lambda one: (one[1].path, one[0] // SHARE)):
        share = list(numbered)
        if is_ours(f"{share[0][0]}"):
            yield from (test for _, test in share)


def all_agree(items: list[pytest.Item]) -> bool:
    """On the tests and their order: or some would be run twice, or never."""
    order = sha256("\n".join(item.nodeid for item in items).encode()).hexdigest()
    (TAKEN / f"order-{order}").touch()
    return len(list(TAKEN.glob("order-*"))) == 1


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if not TAKEN.is_dir() or session.testsfailed or session.config.option.collectonly:
        return None
    if not all_agree(session.items):
        raise session.Interrupted("another run has other tests, or the same in another order")
    for item, following in pairwise(with_end(taken(session.items))):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail or session.shouldstop:
            raise session.Interrupted(session.shouldfail or session.shouldstop)
    return True


def with_end(items: Iterator[pytest.Item]) -> Iterator[pytest.Item | None]:
    yield from items
    yield None
