# SPDX-License-Identifier: Apache-2.0
"""[api] report_last_seen: together-refresh --watch tells the authority whom the gate let in. Real logins, seen in
the review of a real together-roled; an authority that misbehaves, for what becomes of the report then."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.accounts import Account
from support.http_server import HttpServer, Request
from support.node import CONFIG_FOLDER, Node
from support.roled import Roled
from support.ssh_client import SshClient
from support.sshd import SERVICE
from support.waiting import wait_until

FOLDER = Path("/run/together")
SOCKET = FOLDER / "decisions.sock"
JOURNAL = FOLDER / "decisions"
TOKEN = CONFIG_FOLDER / "token"
PATIENCE = 90.0


class Watcher:
    """together-refresh --watch of a node that reports, or not, to the authority at `base_url`."""

    def __init__(self, node: Node, log: Path, base_url: str, project: str, token: str, **gate: str) -> None:
        self.node, self.log = node, log
        self.api = {"base_url": base_url, "project": project, "node_name": "gpu1"}
        self.gate = gate
        TOKEN.write_text(token)
        TOKEN.chmod(0o600)
        for path in FOLDER.glob("decisions*"):
            path.unlink()
        self.configure("yes")
        assert node.refresh().returncode == 0
        with log.open("w", encoding="utf-8") as file:
            self.process = subprocess.Popen([node.refresh_program, "--watch"], stderr=file, text=True)
        wait_until(SOCKET.exists, "the socket for decisions")

    def configure(self, report_last_seen: str) -> None:
        self.node.configure(self.api | {"report_last_seen": report_last_seen}, {"fresh_for": "2s"}, self.gate)

    def counter(self) -> int:
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return int(found[0])

    def wait_for_decision_of(self, login: str) -> None:
        wait_until(lambda: JOURNAL.exists() and f"login={login} " in JOURNAL.read_text(), f"a decision about {login}")

    def complaints(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if "who was seen last is not told" in line]

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


class World:
    """A real authority with alice as Admin and bob as Member, and a node of its project."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.roled = Roled(folder).start()
        self.project = self.roled.create_project("cluster")
        self.users = {"alice": self.roled.add_user("alice", uid=20001), "bob": self.roled.add_user("bob", uid=20002)}
        for login, user in self.users.items():
            self.roled.add_collaborator(self.project, user, role="admin" if login == "alice" else "member")
        self.watcher = Watcher(node, folder / "watch.log", self.roled.base_url, self.project,
                               self.roled.node_key(self.project))

    def seen(self, login: str) -> tuple[Any, Any]:
        rows = self.roled.get(f"/v1/projects/{self.project}/access_review").json["data"]
        return next((row["last_seen_door"], row["last_seen_node"]) for row in rows if row["login"] == login)

    def wait_for(self, login: str, door: str = SERVICE) -> None:
        wait_until(lambda: self.seen(login) == (door, "gpu1"), f"{login} in the review", PATIENCE)

    def end(self) -> None:
        self.watcher.end()
        self.roled.stop()


@pytest.fixture
def world(gated: Node, tmp_path: Path) -> Iterator[World]:
    world = World(gated, tmp_path)
    yield world
    world.end()


def test_a_login_shows_in_the_review(world: World, ssh: SshClient, alice: Account, mallory: Account) -> None:
    assert ssh.run(mallory, "true").status == 255
    assert ssh.run(alice, "true").status == 0
    world.wait_for("alice")
    assert world.seen("bob") == (None, None)
    assert world.watcher.complaints() == []


def test_who_was_seen_while_the_authority_was_away_is_told_of_when_it_is_back(
    world: World, ssh: SshClient, bob: Account,
) -> None:
    world.roled.stop()
    assert ssh.run(bob, "true").status == 0
    wait_until(world.watcher.complaints, "the complaint", PATIENCE)
    world.roled.start()
    world.wait_for("bob")
    assert len(world.watcher.complaints()) == 1


def test_what_is_switched_on_counts_from_then_on(world: World, ssh: SshClient, alice: Account, bob: Account) -> None:
    world.watcher.configure("no")
    os.kill(world.watcher.counter(), signal.SIGKILL)  # the next one reads the configuration at once
    SOCKET.unlink()
    wait_until(SOCKET.exists, "another process that counts", PATIENCE)
    assert ssh.run(alice, "true").status == 0
    world.watcher.wait_for_decision_of("alice")
    world.watcher.configure("yes")

    def bob_is_told_of() -> bool:
        assert ssh.run(bob, "true").status == 0
        return world.seen("bob") == (SERVICE, "gpu1")

    wait_until(bob_is_told_of, "bob in the review", PATIENCE)
    assert world.seen("alice") == (None, None)


class Authority:
    """Has a roster of alice and bob, and answers reports as a test wants it to."""

    def __init__(self) -> None:
        self.reports: list[tuple[dict[str, str | None], Any]] = []
        self.status, self.headers, self.base_url = 204, dict[str, str](), ""
        self.answers_reports = threading.Event()
        self.answers_reports.set()
        self.roster: dict[str, Any] = {"object": "list", "project_id": "proj_123", "revision": 1, "next_cursor": None, "data": [
            {"object": "project.collaborator", "user_id": f"user of {login}", "login": login, "uid": uid,
             "role": "admin", "external": False} for login, uid in (("alice", 20001), ("bob", 20002))]}

    def remove_bob(self) -> None:
        self.roster |= {"revision": 2, "data": self.roster["data"][:1]}

    def serve(self, request: Request) -> None:
        status, body = 200, json.dumps(self.roster).encode()
        if request.command == "POST":
            said = {name: request.headers[name] for name in ("Authorization", "Together-Node", "Content-Type")}
            sent = json.loads(request.rfile.read(int(request.headers["Content-Length"] or 0)))
            self.reports.append((said | {"path": request.path}, sent))
            self.answers_reports.wait(PATIENCE)
            status, body = self.status, b""
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        for name, value in self.headers.items() if request.command == "POST" else ():
            request.send_header(name, value)
        if status != 204:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@pytest.fixture
def authority() -> Iterator[Authority]:
    authority = Authority()
    with HttpServer(authority.serve) as server:
        authority.base_url = f"http://127.0.0.1:{server.port}/v1"
        yield authority


def watch(node: Node, folder: Path, authority: Authority, **gate: str) -> Watcher:
    return Watcher(node, folder / "watch.log", authority.base_url, "proj_123", "tgn_secret_of_a_node", **gate)


def test_this_is_all_that_is_sent_and_of_nobody_who_is_exempt(
    gated: Node, tmp_path: Path, authority: Authority, ssh: SshClient, alice: Account, bob: Account, mallory: Account,
) -> None:
    watcher = watch(gated, tmp_path, authority, exempt_users="bob mallory")
    try:
        for account in (bob, mallory, alice, alice):
            assert ssh.run(account, "true").status == 0
        wait_until(lambda: authority.reports, "a report", PATIENCE)
        (said, sent), = authority.reports
        assert said["path"] == "/v1/projects/proj_123/last_seen"
        assert said["Authorization"] == "Bearer tgn_secret_of_a_node" and said["Content-Type"] == "application/json"
        assert str(said["Together-Node"]).startswith("name=gpu1; version=")
        person, = sent.pop("data")
        assert sent == {} and set(person) == {"user_id", "door", "seen_at"}
        assert (person["user_id"], person["door"]) == ("user of alice", SERVICE)
    finally:
        watcher.end()


@pytest.mark.parametrize("status, headers", [(503, {}), (429, {"Retry-After": "1"})])
def test_a_refusal_is_said_once_tried_again_and_costs_nothing_else(
    gated: Node, tmp_path: Path, authority: Authority, ssh: SshClient, alice: Account, bob: Account,
    status: int, headers: dict[str, str],
) -> None:
    authority.status, authority.headers = status, headers
    watcher = watch(gated, tmp_path, authority)
    try:
        assert ssh.run(alice, "true").status == 0
        wait_until(lambda: len(authority.reports) >= 3, "a third report", PATIENCE)
        assert ssh.run(bob, "true").status == 0
        authority.status = 204
        wait_until(lambda: len(authority.reports[-1][1]["data"]) == 2, "a report of both", PATIENCE)
        complaint, = watcher.complaints()
        assert f"the authority answered {status}" in complaint and "tgn_" not in watcher.log.read_text()
        assert gated.ctl("status", "--json").returncode == 0
    finally:
        watcher.end()


def test_an_older_authority_is_left_alone(
    gated: Node, tmp_path: Path, authority: Authority, ssh: SshClient, alice: Account, bob: Account,
) -> None:
    authority.status = 404
    watcher = watch(gated, tmp_path, authority)
    try:
        assert ssh.run(alice, "true").status == 0
        complaint, = wait_until(watcher.complaints, "the complaint", PATIENCE)
        assert "it is older and takes no such report" in complaint
        authority.remove_bob()
        wait_until(lambda: ssh.run(bob, "true").status == 255, "the removal", PATIENCE)
        assert len(authority.reports) == 1
    finally:
        watcher.end()


def test_no_round_waits_for_a_report(
    gated: Node, tmp_path: Path, authority: Authority, ssh: SshClient, alice: Account, bob: Account,
) -> None:
    authority.answers_reports.clear()
    watcher = watch(gated, tmp_path, authority)
    try:
        assert ssh.run(alice, "true").status == 0
        wait_until(lambda: authority.reports, "a report", PATIENCE)
        authority.remove_bob()
        wait_until(lambda: ssh.run(bob, "true").status == 255, "the removal", PATIENCE)
        assert watcher.complaints() == []  # the report is under way still
        watcher.wait_for_decision_of("bob")
    finally:
        authority.answers_reports.set()
        watcher.end()


def test_a_roster_file_has_nobody_to_tell(gated: Node, tmp_path: Path, ssh: SshClient, alice: Account) -> None:
    watcher = Watcher(gated, tmp_path / "watch.log", gated.roster.path.as_uri(), "proj_123", "unused")
    try:
        complaint, = wait_until(watcher.complaints, "the complaint", PATIENCE)
        assert complaint.endswith("the roster is a file: there is nobody to tell ([api] report_last_seen)")
        assert ssh.run(alice, "true").status == 0
    finally:
        watcher.end()
