# SPDX-License-Identifier: Apache-2.0
"""The scene of scripts/demo in which somebody leaves: what the Admin who removes them is told, what becomes
of a session that is open, and where an operator of many nodes sees it."""

import subprocess
import time
from pathlib import Path

from support.accounts import Account
from support.people import Person
from support.ssh_client import SshClient
from support.waiting import wait_until

PAGE = Path("/run/metrics/together.prom")
# A second instead of a minute, so that nobody has to wait for the end.
GATE = {"on_removal": "end_sessions", "on_removal_grace": "1s"}
METRICS = {"metrics": {"textfile": str(PAGE)}}


class Leaver:
    """With a shell that stays open."""

    def __init__(self, ssh: SshClient, account: Account) -> None:
        self.connection = ssh.connect(account)
        if not self.connection.admitted():
            raise RuntimeError(f"{account.login} is not let in")
        self.shell = self.connection.begin("cat", terminal=True)

    def last_words(self) -> str:
        """What their terminal showed when the session had ended."""
        try:
            told, _ = self.shell.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            return ""
        wait_until(lambda: not self.connection.is_open(), "the end of the connection")
        return next((line.strip() for line in told.splitlines() if "no longer" in line), "")


def receipt(ann: Person, login: str, project: str) -> tuple[str, float]:
    """Of `together collaborators remove`, and how long that took."""
    began = time.monotonic()
    done = ann.run("collaborators", "remove", login, "--project", project)
    return (done.stdout + done.stderr).strip(), time.monotonic() - began


def refusals_counted() -> list[str]:
    """Of the page that Prometheus gets from each node."""
    def lines() -> list[str]:
        text = PAGE.read_text() if PAGE.exists() else ""
        return [line for line in text.splitlines() if 'verdict="deny"' in line]

    return wait_until(lines, "a refusal among the metrics")
