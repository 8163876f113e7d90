# SPDX-License-Identifier: Apache-2.0
"""What a login costs over pam_permit in numbers that are the same on each machine: system calls. They
may become fewer. Times are scripts/bench's."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from support.accounts import Account
from support.node import CHECKOUT, Node
from support.pam_transaction import PAM_SUCCESS
from support.syslog_collector import SyslogCollector

# Three files (configuration, roster, stamp) are opened, looked at, read and closed, the roster's database
# in three reads more; three names are not there (together.conf.d, lockdown, an admission); the account is
# looked up in /etc/passwd; one datagram is logged, and sent once more to who counts.
MOST = 32
# In /etc/passwd: one glibc does so once, another twice.
MOST_SEEKS = 2
LOGIN = """
import os, pathlib, pwd
from support.pam_transaction import account_answer
pwd.getpwnam("{user}")  # as sshd has, before it forks
child = os.fork()
if child == 0:
    os._exit(account_answer("{user}", "login", pathlib.Path("{folder}")))
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def calls_of_a_login(user: str, module: str, folder: Path) -> list[str]:
    """Of the forked process, in their order, as strace shows them."""
    (folder / "login").write_text(f"account required {module}\n")
    (folder / "other").write_text("account required pam_deny.so\n")
    done = subprocess.run(
        ["strace", "-ff", "-o", folder / "trace", sys.executable, "-c",
         LOGIN.format(user=user, folder=folder)],
        env={"PYTHONPATH": str(CHECKOUT / "tests")}, cwd="/", timeout=60)
    assert done.returncode == PAM_SUCCESS
    traces = [trace.read_text() for trace in folder.glob("trace.*")]
    [forked] = [trace for trace in traces if "execve(" not in trace]
    return [line for line in forked.splitlines() if re.match(r"\w+\(", line)]


def test_a_login_s_system_calls(
    node: Node, alice: Account, syslog: SyslogCollector, tmp_path: Path
) -> None:
    node.roster.add(alice.login, uid=alice.uid)
    node.roster.write()
    assert node.refresh().returncode == 0
    calls = {}
    for name, module in {"permit": "pam_permit.so", "ours": str(node.module)}.items():
        (tmp_path / name).mkdir()
        calls[name] = calls_of_a_login(alice.login, module, tmp_path / name)
    permit, ours = (Counter(line.split("(")[0] for line in calls[name]) for name in calls)
    more = ours - permit
    assert more.pop("lseek", 0) <= MOST_SEEKS, "\n".join(calls["ours"])
    assert sum(more.values()) <= MOST, "\n".join([str(more), *calls["ours"]])
