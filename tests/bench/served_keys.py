# SPDX-License-Identifier: Apache-2.0
"""ssh logins with keys that together-authorized-keys prints, beside the same with a file of keys."""

import random
import subprocess
import tempfile
import time
from pathlib import Path

from support import keys_command
from support.accounts import Account, Accounts
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.syslog_collector import SyslogCollector

PEOPLE = 10_000
NOBODYS_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
SETTINGS = {"file": ("AuthorizedKeysFile .ssh/authorized_keys",),
            "command": (*keys_command.SSHD_SETTINGS, "AuthorizedKeysFile none")}


def account_with_served_keys(folder: Path, login: str, uid: int) -> Account:
    """Its key stands in its file, too."""
    account = Accounts(folder).add(login, uid)
    keys_command.install()
    people = {f"person{number}": [NOBODYS_KEY] for number in range(PEOPLE)}
    keys_command.serve(people | {login: [keys_command.public_key(account.key)]})
    return account


def logins(account: Account, pairs: int) -> dict[str, list[float]]:
    """Milliseconds of each, by turns in random order."""
    times: dict[str, list[float]] = {name: [] for name in SETTINGS}
    of_file, of_command = (Path(tempfile.mkdtemp()) for _ in SETTINGS)
    with (SyslogCollector(), Sshd(of_file, SETTINGS["file"]) as by_file,
          Sshd(of_command, SETTINGS["command"]) as by_command):
        clients = {"file": SshClient(by_file, of_file), "command": SshClient(by_command, of_command)}
        for _ in range(pairs):
            for name in random.sample(list(clients), len(clients)):
                result = clients[name].run(account, "true")
                assert result.status == 0, result
                times[name].append(1000 * result.seconds)
    return times


def answers(account: Account, number: int) -> dict[str, list[float]]:
    """Milliseconds of the command alone, as sshd executes it, and of a program that does nothing."""
    expected = {keys_command.COMMAND: keys_command.public_key(account.key) + "\n", Path("/bin/true"): ""}
    times: dict[str, list[float]] = {program.name: [] for program in expected}
    for _ in range(number):
        for program, text in expected.items():
            start = time.monotonic()
            said = subprocess.check_output([program, account.login], env={}, text=True,
                                           user="together", group="together", extra_groups=[])
            times[program.name].append(1000 * (time.monotonic() - start))
            assert said == text
    return times
