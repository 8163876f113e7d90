# SPDX-License-Identifier: Apache-2.0
"""ssh, scp and sftp as a user runs them, against the private sshd."""

import os
import select
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from support.accounts import Account
from support.sshd import ADDRESS, Sshd

Method = Literal["key", "keyboard"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"}


@dataclass(frozen=True)
class Result:
    """What the user gets: 255 is ssh's own status where it was not let in."""

    status: int
    stdout: str
    stderr: str
    seconds: float


class SshClient:
    def __init__(self, sshd: Sshd, directory: Path) -> None:
        self._sshd = sshd
        self._directory = directory

    def run(
        self, account: Account, *command: str, method: Method = "key",
        options: Sequence[str] = (), stdin: str = "", timeout: float = 30,
    ) -> Result:
        settings = [*self._options(account, method), *options]
        arguments = ["ssh", *settings, self._target(account), *command]
        return self._finish(arguments, account, stdin, timeout)

    def scp(self, account: Account, source: str, target: str, *options: str) -> Result:
        """A path on the node is written `node:/path`."""
        places = [self._place(account, place) for place in (source, target)]
        return self._finish(["scp", *self._options(account, "key"), *options, *places], account)

    def sftp(self, account: Account, *batch: str) -> Result:
        arguments = ["sftp", *self._options(account, "key"), "-b", "-", self._target(account)]
        return self._finish(arguments, account, "\n".join(batch) + "\n")

    def connect(self, account: Account, method: Method = "key") -> "Connection":
        """A connection that runs no command (`-N`); further sessions can go over it."""
        # Short: the path of a socket has 107 bytes, and ssh adds 17 while it makes it.
        socket_path = self._directory / f"c{time.monotonic_ns()}"
        arguments = [
            "ssh", *self._options(account, method), "-N", "-M", "-S", str(socket_path),
            # Runs when the user has been let in: the event to wait for.
            "-o", "PermitLocalCommand=yes", "-o", "LocalCommand=echo in", self._target(account),
        ]
        process = subprocess.Popen(
            arguments, env=self._environment(account), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        return Connection(process, socket_path)

    def _options(self, account: Account, method: Method) -> list[str]:
        settings = {
            "Port": str(self._sshd.port),
            "UserKnownHostsFile": str(self._sshd.known_hosts),
            "StrictHostKeyChecking": "yes",
            "IdentityAgent": "none",
            "IdentitiesOnly": "yes",
            "ConnectTimeout": "10",
            # From 10.1 ssh warns on stderr of a key exchange like ours.
            "IgnoreUnknown": "WarnWeakCrypto",
            "WarnWeakCrypto": "no",
        }
        if method == "key":
            settings |= {"BatchMode": "yes", "PreferredAuthentications": "publickey",
                         "IdentityFile": str(account.key)}
        else:
            settings |= {"PreferredAuthentications": "keyboard-interactive",
                         "NumberOfPasswordPrompts": "1"}
        return ["-F", "none", *(f"-o{name}={value}" for name, value in settings.items())]

    def _environment(self, account: Account) -> dict[str, str]:
        askpass = self._directory / f"askpass-{account.login}"
        askpass.write_text(f"#!/bin/sh\necho '{account.password}'\n")
        askpass.chmod(0o700)
        return ENVIRONMENT | {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}

    def _finish(
        self, arguments: list[str], account: Account, stdin: str = "", timeout: float = 30
    ) -> Result:
        start = time.monotonic()
        done = subprocess.run(
            arguments, input=stdin, env=self._environment(account), text=True,
            capture_output=True, timeout=timeout,
        )
        return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - start)

    @staticmethod
    def _target(account: Account) -> str:
        return f"{account.login}@{ADDRESS}"

    def _place(self, account: Account, place: str) -> str:
        if place.startswith("node:"):
            return self._target(account) + place.removeprefix("node")
        return place


class Connection:
    """An ssh that stays connected. Use as a context manager."""

    def __init__(self, process: subprocess.Popen[str], socket_path: Path) -> None:
        self._process = process
        self._socket_path = socket_path
        self._refused = False

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.close()

    def admitted(self, timeout: float = 30) -> bool:
        """Waits until the user is let in, or refused. Ask once."""
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], timeout)
        assert ready, "neither let in nor refused"
        self._refused = os.read(self._process.stdout.fileno(), 16) != b"in\n"
        return not self._refused

    def run(self, *command: str, timeout: float = 30) -> Result:
        """One more session over this connection: no new login (docs/pam-notes.md, "Who calls the
        account phase")."""
        start = time.monotonic()
        done = subprocess.run(
            [*self._one_more_session(), *command], env=ENVIRONMENT, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
        )
        return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - start)

    def begin(self, *command: str, terminal: bool = False) -> subprocess.Popen[str]:
        """One more session, which goes on; the caller's to reap."""
        return subprocess.Popen(
            [*self._one_more_session(*(["-tt"] if terminal else [])), *command], env=ENVIRONMENT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def is_open(self) -> bool:
        return self._process.poll() is None

    def _one_more_session(self, *options: str) -> list[str]:
        return ["ssh", "-F", "none", "-S", str(self._socket_path), "-o", "ControlMaster=no",
                "-o", "ProxyCommand=false",  # or it would log in anew where the socket fails
                *options, "over-the-connection"]

    def _end_master(self, timeout: float) -> None:
        """More than one signal: one that comes just before ssh's poll() is seen when it returns."""
        deadline = time.monotonic() + timeout
        while self._process.poll() is None and time.monotonic() < deadline:
            self._process.terminate()
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                continue

    def close(self, timeout: float = 10) -> Result:
        """Ends the connection, or lets a refused one end with its own status."""
        start = time.monotonic()
        if not self._refused:
            self._end_master(timeout)
        stdout, stderr = self._process.communicate(timeout=timeout)
        return Result(self._process.returncode, stdout, stderr, time.monotonic() - start)
