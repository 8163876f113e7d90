# SPDX-License-Identifier: Apache-2.0
"""A node of the cluster: configuration, roster, snapshot, and the programs that were built."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.pam_service import gate_lines
from support.roster_file import RosterFile

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG_FOLDER = Path("/etc/together")
SNAPSHOT_FOLDER = Path("/var/cache/together")
ROSTER = Path("/var/lib/together/roster.json")
PROJECT = "proj_123"
NOTHING: Mapping[str, str] = {}


def build_folder() -> Path:
    return Path(os.environ.get("TOGETHER_BUILD", CHECKOUT / "build" / "release")).resolve()


def configuration(
    roster_file: Path, refresh_program: Path, api: Mapping[str, str], roster: Mapping[str, str],
    gate: Mapping[str, str],
) -> str:
    """together.conf: what every test needs, and the given keys in place or on top."""
    sections = {
        "api": {"base_url": roster_file.as_uri(), "project": PROJECT} | dict(api),
        "roster": {"refresh_program": str(refresh_program)} | dict(roster),
        "gate": dict(gate),
    }
    lines: list[str] = []
    for section, keys in sections.items():
        lines += [f"[{section}]", *(f"{key} = {value}" for key, value in keys.items())]
    return "\n".join(lines) + "\n"


class Node:
    def __init__(self, build: Path) -> None:
        self.module = build / "pam_together" / "pam_together.so"
        self.togetherctl = build / "togetherctl" / "togetherctl"
        self.refresh_program = build / "together_refresh" / "together-refresh"
        self.config = CONFIG_FOLDER / "together.conf"
        self.snapshot = SNAPSHOT_FOLDER / f"{PROJECT}.roster.v1"
        self.roster = RosterFile(ROSTER, PROJECT)
        missing = [str(path) for path in (self.module, self.togetherctl, self.refresh_program)
                   if not path.exists()]
        assert not missing, f"build first (TOGETHER_BUILD names the folder): no {missing}"

    def configure(
        self, api: Mapping[str, str] = NOTHING, roster: Mapping[str, str] = NOTHING,
        gate: Mapping[str, str] = NOTHING,
    ) -> None:
        """Writes together.conf: what every test needs, and the given keys in place or on top."""
        self.write_config(configuration(ROSTER, self.refresh_program, api, roster, gate))

    def write_config(self, text: str) -> None:
        """Any text, owned by root and writable by root alone, as the gate demands."""
        self.config.write_text(text)
        self.config.chmod(0o644)

    def gate(self, *arguments: str) -> tuple[str, ...]:
        """The account lines with this build's module, for Sshd.account_stack."""
        return gate_lines(self.module, *arguments)

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_program(self.togetherctl, *arguments)

    def refresh(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_program(self.refresh_program, *arguments)

    def reset(self) -> None:
        """A node on which nothing of ours has ever run."""
        for folder in (CONFIG_FOLDER, SNAPSHOT_FOLDER, ROSTER.parent, Path("/var/log/together")):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (CONFIG_FOLDER, SNAPSHOT_FOLDER, ROSTER.parent):
            folder.mkdir(mode=0o755)


def run_program(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )
