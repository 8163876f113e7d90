# SPDX-License-Identifier: Apache-2.0
"""Real accounts of the node, with a password and an ssh key each."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    login: str
    uid: int
    password: str
    key: Path  # the private key; its public half is in the account's authorized_keys
    home: Path


def password_hash(password: str) -> str:
    # Python's crypt module is gone since 3.13.
    done = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=password, text=True, capture_output=True, check=True,
    )
    return done.stdout.strip()


class Accounts:
    """Makes accounts, in the sandbox's copy of /etc, where they end with it."""

    def __init__(self, keys: Path) -> None:
        self._keys = keys

    def add(self, login: str, uid: int) -> Account:
        home = Path("/home") / login
        account = Account(login, uid, f"secret of {login}", self._keys / login, home)
        subprocess.run(
            ["useradd", "--create-home", "--home-dir", home, "--uid", str(uid),
             "--shell", "/bin/sh", "--password", password_hash(account.password), login],
            capture_output=True, check=True,
        )
        self._make_key(account)
        self._authorize(account.home, account)
        return account

    def root(self) -> Account:
        """root, let in with a key of its own. The sandbox's /root is empty and private."""
        root = Account("root", 0, "", self._keys / "root", Path("/root"))
        self._make_key(root)
        self._authorize(root.home, root)
        return root

    def _make_key(self, account: Account) -> None:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", account.login, "-f", account.key],
            check=True,
        )

    @staticmethod
    def _authorize(home: Path, account: Account) -> None:
        folder = home / ".ssh"
        public = account.key.with_suffix(".pub").read_text()
        owner = ["-o", str(account.uid), "-g", account.login]
        subprocess.run(["install", "-d", "-m", "700", *owner, folder], check=True)
        subprocess.run(
            ["install", "-m", "600", *owner, "/dev/stdin", folder / "authorized_keys"],
            input=public, text=True, check=True,
        )
