# SPDX-License-Identifier: Apache-2.0
"""on_removal, of somebody whose account comes from the roster and leaves with them."""

import signal
import subprocess

from support.accounts_node import AccountsNode, as_user, has_account
from support.waiting import wait_until

SETTINGS = """
[roster]
fresh_for = 1s
recheck_after = 1s
[gate]
on_removal = end_sessions_and_jobs
on_removal_grace = 0s
"""


def test_what_a_rosters_account_started_ends_with_it(node: AccountsNode) -> None:
    node.write_config(node.config.read_text() + SETTINGS)
    log = (node.folder / "log").open("w", encoding="utf-8")
    node.start("--watch", stderr=log)
    bobs, alices = (node.started(subprocess.Popen(as_user(login, "tail", "-f", "/dev/null"), text=True))
                    for login in ("bob", "alice"))
    wait_until((node.folder / "before.roster.v1").exists, "a roster to compare with")
    node.roster.remove("bob")
    node.roster.write()
    wait_until(lambda: bobs.poll() is not None, "the end of what bob started")
    assert bobs.returncode in (-signal.SIGTERM, -signal.SIGHUP, -signal.SIGKILL), (node.folder / "log").read_text()
    wait_until(lambda: not has_account("bob"), "the end of bob's account")
    assert alices.poll() is None
