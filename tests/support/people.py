# SPDX-License-Identifier: Apache-2.0
"""People who type `together`, and nodes that watch a project of theirs. All below /run, which is the
sandbox's own and open to every user."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.refresher import ENVIRONMENT, PROGRAM
from support.roled import Roled, User
from support.waiting import wait_until

BUILD = Path(os.environ.get("TOGETHER_BUILD", Path(__file__).resolve().parents[2] / "build" / "release")).resolve()
TOGETHER = BUILD / "together_cli" / "together"
Done = subprocess.CompletedProcess[str]


class Person:
    """Somebody with a home of their own, who is logged in once login() was called."""

    def __init__(self, home: Path, url: str, token: str) -> None:
        home.mkdir(mode=0o755)
        self.home, self.url, self.token = home, url, token
        self.before: list[str] = []
        self.environment = ENVIRONMENT | {"HOME": str(home)}

    @property
    def credentials(self) -> Path:
        return self.home / ".config" / "together" / "credentials.json"

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60) -> Done:
        return subprocess.run([*self.before, str(TOGETHER), *arguments], env=self.environment, input=stdin,
                              capture_output=True, text=True, timeout=timeout, cwd=self.home)

    def login(self, *arguments: str) -> "Person":
        done = self.run("login", self.url, *arguments, stdin=self.token + "\n")
        assert done.returncode == 0, done.stderr
        return self

    def does(self, *arguments: str, stdin: str = "") -> str:
        """What must succeed. Its output."""
        done = self.run(*arguments, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def reads(self, *arguments: str, status: int = 0, stdin: str = "") -> Any:
        """With --json."""
        done = self.run(*arguments, "--json", stdin=stdin)
        assert done.returncode == status, done
        return json.loads(done.stdout)

    def fails(self, status: int, *arguments: str, stdin: str = "") -> str:
        """One line on stderr, nothing on stdout."""
        done = self.run(*arguments, stdin=stdin)
        assert (done.returncode, done.stdout) == (status, ""), done
        line, = done.stderr.splitlines()
        assert line.startswith("together: ")
        return line.removeprefix("together: ")


class WatchingNode:
    """together-refresh --watch with a configuration of its own."""

    def __init__(self, folder: Path, roled: Roled, project: str, key: str) -> None:
        folder.mkdir(mode=0o755)
        self.name, self.folder, self.roled, self.project = folder.name, folder, roled, project
        token = folder / "token"
        token.write_text(key + "\n")
        token.chmod(0o600)
        config = folder / "together.conf"
        config.write_text(f"[api]\nbase_url = {roled.base_url}\nproject = {project}\ntoken_file = {token}\n"
                          f"node_name = {folder.name}\n[roster]\ndirectory = {folder / 'cache'}\n"
                          f"refresh_program = {PROGRAM}\n")
        config.chmod(0o644)
        self._log = open(folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen([PROGRAM, "--watch", "--config", config], env=ENVIRONMENT,
                                        stdin=subprocess.DEVNULL, stderr=self._log)
        wait_until(self.has_confirmed, f"{self.name} to confirm the roster")

    def has_confirmed(self) -> bool:
        listed = self.roled.get(f"/v1/projects/{self.project}/nodes").json
        return any(one["name"] == self.name and one["revision"] == listed["revision"] for one in listed["data"])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()


@contextlib.contextmanager
def watching_nodes(folder: Path, roled: Roled, project: str, *names: str) -> Iterator[list[WatchingNode]]:
    key, nodes = roled.node_key(project), []
    try:
        for name in names:
            nodes.append(WatchingNode(folder / name, roled, project, key))
        yield nodes
    finally:
        for node in nodes:
            node.end()


def person(folder: Path, roled: Roled, user: User) -> Person:
    return Person(folder / str(user.login), roled.address, user.token).login()
