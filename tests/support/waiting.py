# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to become true: tests wait for events, never for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

INTERVAL = 0.01


def wait_until(condition: Callable[[], Value], what: str, timeout: float = 30.0) -> Value:
    """Returns the first true value of condition(); fails the test, naming `what`, after timeout."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(INTERVAL)  # sleeps: a step of waiting, here alone
