# SPDX-License-Identifier: Apache-2.0
"""A private sshd on a loopback port, whose PAM service file can be swapped while it runs."""

import re
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from support.pam_service import PERMIT, PamService
from support.waiting import wait_until

SERVICE = "together-test-sshd"
SSHD = Path("/usr/sbin/sshd")
ADDRESS = "127.0.0.1"


def openssh_version() -> tuple[int, int]:
    done = subprocess.run([SSHD, "-V"], capture_output=True, text=True)
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", done.stdout + done.stderr)
    assert found, f"no version in {done}"
    return int(found[1]), int(found[2])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


class Sshd:
    """Use as a context manager. `directory` holds its key, configuration, log and pid file."""

    def __init__(self, directory: Path, settings: Sequence[str] = ()) -> None:
        self.directory = directory
        self.port = free_port()
        self.service = PamService(SERVICE)
        self.log_file = directory / "sshd.log"
        self.known_hosts = directory / "known_hosts"
        self._settings = settings
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Sshd":
        self.account_stack(PERMIT)
        self._make_host_key()
        program, by_version = self._program()
        config = self.directory / "sshd_config"
        config.write_text("\n".join([*self._base_settings(), *by_version, *self._settings]) + "\n")
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # its privilege separation directory
        self._process = subprocess.Popen(
            [program, "-D", "-f", config, "-E", self.log_file],
            stdin=subprocess.DEVNULL, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
        wait_until(self._answers, f"sshd on port {self.port}")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.terminate()  # its listener; a connection ends with its client
        self._process.wait(10)
        self.service.remove()

    def account_stack(self, lines: Sequence[str], session: Sequence[str] = ()) -> None:
        """The account lines of every login from now on; `session` adds to the session part."""
        self.service.write(lines, session=("session required pam_permit.so", *session))

    def forget_log(self) -> None:
        self._log_start = self.log_file.stat().st_size

    def log(self) -> str:
        """What sshd itself logged, since forget_log()."""
        return self.log_file.read_bytes()[self._log_start:].decode(errors="replace")

    def _base_settings(self) -> list[str]:
        return [
            f"ListenAddress {ADDRESS}:{self.port}",
            f"HostKey {self.directory / 'host_key'}",
            f"PidFile {self.directory / 'sshd.pid'}",
            "UsePAM yes",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication yes",
            "PermitRootLogin yes",
            "KexAlgorithms curve25519-sha256",  # half the login time of the default one
            "Subsystem sftp internal-sftp",
            "MaxStartups 300",  # the cold start of 200 logins at once
            "LogLevel VERBOSE",
        ]

    def _program(self) -> tuple[Path, list[str]]:
        """Up to 9.7 the PAM service is named after the program; later there is a setting."""
        if openssh_version() >= (9, 8):
            return SSHD, [f"PAMServiceName {SERVICE}", "PerSourcePenalties no"]
        copy = self.directory / SERVICE
        shutil.copy2(SSHD, copy)
        return copy, []

    def _make_host_key(self) -> None:
        key = self.directory / "host_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        kind, public, *_ = key.with_suffix(".pub").read_text().split()
        self.known_hosts.write_text(f"[{ADDRESS}]:{self.port} {kind} {public}\n")

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, f"sshd ended: {self.log()}"
        try:
            with socket.create_connection((ADDRESS, self.port), timeout=5) as connection:
                return connection.recv(4) == b"SSH-"
        except ConnectionRefusedError:
            return False
