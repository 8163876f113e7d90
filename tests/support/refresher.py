# SPDX-License-Identifier: Apache-2.0
"""A node as together-refresh sees it: configuration, roster file, folder. All below /run, which is
the sandbox's own and open to every user."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.roster_file import RosterFile
from support.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TOGETHER_BUILD", CHECKOUT / "build" / "release")).resolve()
PROGRAM = BUILD / "together_refresh" / "together-refresh"
PROBE = BUILD / "tests" / "system" / "refresh" / "refresh_probe"
KILL_AT = BUILD / "tests" / "system" / "refresh" / "refresh_kill_at"
PROJECT = "proj_123"
TOP = Path("/run/refresh")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
NOTHING: Mapping[str, str] = {}
Done = subprocess.CompletedProcess[str]

VALID, NO_ANSWER, TOKEN_REFUSED, CONFIGURATION = 0, 75, 77, 78


class Refresher:
    def __init__(self) -> None:
        shutil.rmtree(TOP, ignore_errors=True)
        TOP.mkdir(mode=0o755)
        self.config = TOP / "together.conf"
        self.folder = TOP / "cache"
        self.snapshot = self.folder / f"{PROJECT}.roster.v1"
        self.stamp = Path(f"{self.snapshot}.stamp")
        self.attempt_file = Path(f"{self.snapshot}.attempt")
        self.lock = Path(f"{self.snapshot}.lock")
        self.temporary = Path(f"{self.snapshot}.new")
        self.addresses = Path(f"{self.snapshot}.addresses")
        self.spare = Path(f"{self.snapshot}.spare")
        self.roster = RosterFile(TOP / "roster.json", PROJECT)
        self._started: list[subprocess.Popen[str]] = []

    def configure(self, api: Mapping[str, str] = NOTHING, **roster: str) -> None:
        sections = {
            "api": {"base_url": self.roster.path.as_uri(), "project": PROJECT} | dict(api),
            "roster": {"directory": str(self.folder), "refresh_program": str(PROGRAM)} | roster,
        }
        lines: list[str] = []
        for section, keys in sections.items():
            lines += [f"[{section}]", *(f"{key} = {value}" for key, value in keys.items())]
        self.write_config("\n".join(lines) + "\n")

    def write_config(self, text: str) -> None:
        """By rename: a watcher may read it at any time."""
        new = self.config.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o644)
        new.rename(self.config)

    def run(self, *arguments: str, before: tuple[str, ...] = (), **popen: Any) -> Done:
        """together-refresh to its end."""
        return subprocess.run(
            [*before, str(PROGRAM), "--config", str(self.config), *arguments], env=ENVIRONMENT,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, **popen)

    def refresh(self, *arguments: str, **popen: Any) -> Done:
        """A round that must succeed."""
        done = self.run(*arguments, **popen)
        assert done.returncode == VALID, done.stderr
        return done

    def start(self, *arguments: str, **popen: Any) -> subprocess.Popen[str]:
        settings: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE} | popen
        return self.started(subprocess.Popen(
            [str(PROGRAM), "--config", str(self.config), *arguments], env=ENVIRONMENT, text=True,
            **settings))

    def started(self, process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        """One that end() ends."""
        self._started.append(process)
        return process

    def probe(self, *arguments: str) -> Any:
        done = subprocess.run([PROBE, arguments[0], self.config, *arguments[1:]], text=True,
                              capture_output=True, timeout=90)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def hold_lock(self, part: str) -> subprocess.Popen[str]:
        holder = self.started(subprocess.Popen(
            [PROBE, "hold", self.config, part], stdout=subprocess.PIPE, text=True))
        assert holder.stdout and holder.stdout.readline() == '"held"\n'
        return holder

    def ask(self, count: int = 1, *more: str) -> list[tuple[int, str]]:
        """So many adapters ask at once: how long each waited (ms), and what it was told."""
        return [tuple(answer) for answer in self.probe("ask", str(count), *more)]

    def stored(self) -> dict[str, Any]:
        """The usable roster."""
        roster: dict[str, Any] = self.probe("show")
        assert roster["usable"] and roster["intact"], roster
        return roster

    def logins(self) -> set[str]:
        return set(self.stored()["entries"])

    def last_attempt(self) -> Any:
        return self.probe("last-attempt")

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
        wait_until(lambda: not processes_of(PROGRAM), "the end of every process")


def processes_of(program: Path) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "exe").readlink() == program and state_of(int(folder.name)) != "Z":
                found.append(int(folder.name))
        except OSError:  # it has just ended
            continue
    return sorted(found)


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def state_of(pid: int) -> str:
    return status_of(pid)["State"][0]


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def child_of(process: subprocess.Popen[str]) -> int:
    """The unprivileged child of a running together-refresh, once it is there."""
    return wait_until(lambda: children_of(process.pid), "the child")[0]


def is_running(pid: int) -> bool:
    try:
        return state_of(pid) != "Z"
    except OSError:
        return False


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: state_of(pid) == "T", f"process {pid} to be stopped")
