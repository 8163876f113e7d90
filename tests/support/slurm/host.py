# SPDX-License-Identifier: Apache-2.0
"""A host of the cluster as our software sees it: configuration, roster, snapshot."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.node import PROJECT, build_folder, configuration
from support.roster_file import RosterFile

CONFIG_FOLDER = Path("/etc/together")
SNAPSHOT_FOLDER = Path("/var/cache/together")
NOTHING: Mapping[str, str] = {}


class Host:
    """The controller, where users submit too, has the sandbox's own folders; a node has folders
    elsewhere, which its slurmd sees in their place."""

    def __init__(self, name: str, directory: Path | None) -> None:
        self.name = name
        self.config_folder = directory / "etc" if directory else CONFIG_FOLDER
        self.snapshot_folder = directory / "cache" if directory else SNAPSHOT_FOLDER
        self.config = self.config_folder / "together.conf"
        self.snapshot = self.snapshot_folder / f"{PROJECT}.roster.v1"
        self.roster = RosterFile(Path("/var/lib/together") / f"{name}.json", PROJECT)
        self.refresh_program = build_folder() / "together_refresh" / "together-refresh"
        for folder in (self.config_folder, self.snapshot_folder, self.roster.path.parent):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)

    def namespace_of_its_own(self) -> list[str]:
        """What to put before a command so that it sees this host's folders."""
        if self.config_folder == CONFIG_FOLDER:
            return []
        script = (f"mount --bind {self.config_folder} {CONFIG_FOLDER} && "
                  f"mount --bind {self.snapshot_folder} {SNAPSHOT_FOLDER} && exec \"$@\"")
        # All mounts are private already; in a chroot "/" is none and cannot be made so (scripts/sandbox).
        return ["unshare", "--mount", "--propagation=unchanged", "sh", "-c", script, "sh"]

    def configure(
        self, api: Mapping[str, str] = NOTHING, roster: Mapping[str, str] = NOTHING,
        gate: Mapping[str, str] = NOTHING,
    ) -> None:
        """What every test needs, and the given keys in place or on top."""
        self.write_config(configuration(self.roster.path, self.refresh_program, api, roster, gate))

    def add_config(self, sections: Mapping[str, Mapping[str, str]]) -> None:
        more = "".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
                       for name, keys in sections.items())
        self.write_config(self.config.read_text() + more)

    def write_config(self, text: str) -> None:
        """By rename; not at all where nothing changes, so that slurmctld need not read it again."""
        if self.config.exists() and self.config.read_text() == text:
            return
        new = self.config.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o644)
        new.rename(self.config)

    def start_refresh(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*self.namespace_of_its_own(), self.refresh_program],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def refresh(self) -> None:
        finish_refresh(self.start_refresh())

    def reset(self) -> None:
        """A host on which nothing of ours has ever run, but for its configuration. The folders
        stay: they are mounted."""
        for folder in (self.config_folder, self.snapshot_folder):
            for entry in os.scandir(folder):
                if entry.is_dir():
                    shutil.rmtree(entry.path)
                elif entry.name != self.config.name:
                    os.unlink(entry.path)
        self.roster = RosterFile(self.roster.path, PROJECT)
        self.roster.path.unlink(missing_ok=True)


def finish_refresh(refresh: "subprocess.Popen[str]") -> None:
    output, _ = refresh.communicate(timeout=60)
    assert refresh.returncode == 0, output
