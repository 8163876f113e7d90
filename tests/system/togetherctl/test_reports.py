# SPDX-License-Identifier: Apache-2.0
"""What a watching node tells a real together-roled of itself, and how soon it confirms a change."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.ctl_node import CONFIG, PLAIN_ENVIRONMENT, TOGETHER_REFRESH, TOKEN, ctl, ctl_json, field, write_config
from support.roled import Roled, binary
from support.waiting import wait_until

ROLED = Path(os.environ.get("TOGETHER_ROLED", TOGETHER_REFRESH.parents[1] / "role_server" / "together-roled"))
pytestmark = pytest.mark.skipif(not ROLED.exists(), reason="together-roled is not built")


class Watched:
    """A node that watches a project of a real authority."""

    def __init__(self, roled: Roled) -> None:
        self.roled = roled
        self.project = roled.create_project()
        TOKEN.write_text(roled.node_key(self.project))
        TOKEN.chmod(0o600)
        self.configure()

    def configure(self, **settings: str) -> None:
        write_config(api__base_url=self.roled.base_url, api__project=self.project, **settings)

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([TOGETHER_REFRESH, "--watch", "--config", str(CONFIG)], env=PLAIN_ENVIRONMENT,
                                stderr=subprocess.DEVNULL)

    def nodes(self, query: str = "", **kwargs: Any) -> Any:
        return self.roled.get(f"/v1/projects/{self.project}/nodes{query}", **kwargs).json

    def confirmed(self) -> list[str]:
        """Those that hold the current roster."""
        listed = self.nodes()
        return [one["name"] for one in listed["data"] if one["revision"] == listed["revision"]]

    def answers(self) -> list[int]:
        """The status of each roster request that was answered."""
        lines = [json.loads(line) for line in self.roled.log_text().splitlines() if line.startswith("{")]
        return [line["status"] for line in lines if line["route"] == "GET /v1/projects/{proj}/collaborators"]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    assert binary()
    with Roled(tmp_path, options=["--log-requests"]) as roled:
        node = Watched(roled)
        watcher = node.start()
        try:
            yield node
        finally:
            watcher.terminate()
            watcher.wait(20)


def test_it_takes_a_roster_that_comes_packed(watched: Watched) -> None:
    for number in range(40):
        watched.roled.add_collaborator(watched.project, watched.roled.add_user(f"user{number}", uid=20000 + number))
    wait_until(lambda: watched.confirmed() != [], "the roster to be confirmed", 30)
    assert f"collaborator of project {watched.project}" in ctl("check", "user39").stdout


def test_it_confirms_a_change_with_its_next_request(watched: Watched) -> None:
    name = socket.gethostname()
    wait_until(lambda: watched.confirmed() == [name], "the first roster to be confirmed", 30)
    assert field(ctl("status").stdout, "Node") == ctl_json("status")["node"] == name
    before = watched.answers()
    alice = watched.roled.add_user("alice", uid=20001)
    added = watched.roled.post(watched.roled.collaborators(watched.project), {"user_id": alice.id})
    receipt = watched.nodes(f"?revision={added.headers['together-revision']}", headers={"Prefer": "wait=30"})
    assert (receipt["confirmed"], receipt["waiting"]) == (1, 0)
    # It had stored the roster before it said so, and the request that says so was the next one.
    assert ctl_json("status")["roster"]["revision"] == receipt["revision"]
    wait_until(lambda: len(watched.answers()) > len(before), "the log")
    assert watched.answers() == [*before, 200]


def test_it_tells_its_name_and_its_mode(watched: Watched) -> None:
    wait_until(watched.confirmed, "the first roster", 30)
    watched.configure(api__node_name="gpu-17.rack-2", gate__mode="observe")
    watched.roled.add_collaborator(watched.project, watched.roled.add_user("alice"))

    def told(mode: str) -> bool:
        return ("gpu-17.rack-2", mode) in [(one["name"], one["mode"]) for one in watched.nodes()["data"]]

    wait_until(lambda: told("observe"), "the new name", 30)
    assert field(ctl("status").stdout, "Node") == "gpu-17.rack-2"
    assert ctl("lockdown", "--reason", "an incident").returncode == 0
    watched.roled.add_collaborator(watched.project, watched.roled.add_user("bob"))
    wait_until(lambda: told("lockdown"), "the lockdown", 30)
