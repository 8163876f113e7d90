# SPDX-License-Identifier: Apache-2.0
"""A daemon in the foreground, as a child of the tests: its end is seen, and none outlives them.
It writes log_file itself; what it prints goes beside it, to a file that ends in .out."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from support.waiting import wait_until

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


class Daemon:
    def __init__(
        self, command: Sequence[str | Path], log_file: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.command = command
        self.log_file = log_file
        self._environment = ENVIRONMENT | (environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self, is_up: Callable[[], object], timeout: float = 60) -> None:
        with self.log_file.with_suffix(".out").open("ab") as output:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=self._environment, cwd="/",
            )
        try:
            wait_until(lambda: self._still_runs() and is_up(), f"{self.command[0]}", timeout)
        except AssertionError:
            print(self.log(), self.log_file.with_suffix(".out").read_text())
            raise

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            try:
                self._terminate()
            except subprocess.TimeoutExpired:
                self.kill()
                raise

    def _terminate(self) -> None:
        """slurmd overlooks the signal where it comes just before it waits for a connection again, as after
        a SIGHUP; not the next one."""
        assert self._process
        for _ in range(3 if "slurmd" in self.command else 0):
            self._process.terminate()
            try:
                self._process.wait(5)
                return
            except subprocess.TimeoutExpired:
                continue
        self._process.terminate()
        self._process.wait(20)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)

    def signal(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _still_runs(self) -> bool:
        assert self.is_running(), f"{self.command[0]} ended:\n{self.log()}"
        return True

    def forget_log(self) -> None:
        self._log_start = self.log_file.stat().st_size if self.log_file.exists() else 0

    def log(self) -> str:
        """What it logged since forget_log()."""
        if not self.log_file.exists():
            return ""
        return self.log_file.read_bytes()[self._log_start:].decode(errors="replace")
