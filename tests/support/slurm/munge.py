# SPDX-License-Identifier: Apache-2.0
"""A private munged: its own key, socket and user's rights, as munged demands them."""

import secrets
import subprocess
from pathlib import Path

from support.slurm.daemon import Daemon


class Munge:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "munge.socket"
        key = directory / "munge.key"
        directory.mkdir(mode=0o755)
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        for path in (directory, key):
            subprocess.run(["chown", "munge:munge", path], check=True)
        self.daemon = Daemon(
            ["setpriv", "--reuid=munge", "--regid=munge", "--clear-groups", "munged", "--foreground",
             f"--key-file={key}", f"--socket={self.socket}", f"--pid-file={directory}/munged.pid",
             f"--log-file={directory}/munged.log", f"--seed-file={directory}/munged.seed",
             "--num-threads=2"],
            directory / "munged.log",
        )

    def start(self) -> None:
        self.daemon.start(self._answers)

    def stop(self) -> None:
        self.daemon.stop()

    def _answers(self) -> bool:
        done = subprocess.run(
            ["munge", "--no-input", f"--socket={self.socket}"], capture_output=True,
        )
        return done.returncode == 0
