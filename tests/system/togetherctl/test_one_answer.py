# SPDX-License-Identifier: Apache-2.0
"""May somebody do something? Whoever is asked, the answer is the same, and is the platform's tables'."""

import http.client
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.ctl_node import CONFIG, TOKEN, ctl, refresh, write_config
from support.naive_roles import ADMINS_ONLY
from support.programs import TOGETHER_AUTHORIZER
from support.roled import Roled, User
from support.waiting import wait_until

DOOR = Path("/run/forward-auth.sock")

# Roles in the organization and in the project, as they count.
POSITIONS = {
    "ann": ("admin", "admin"),  # the Owner
    "roota": ("admin", "admin"), "rootb": ("admin", None),
    "maria": ("member", "member"), "mark": ("member", None), "paula": ("member", "admin"),
    "emma": (None, "member"), "erik": (None, "admin"),  # external collaborators
    "susan": (None, None),  # suspended
    "roger": (None, None),  # removed
    "steve": (None, None),  # of another organization
}
ACCOUNTS = {login: 10100 + number for number, login in enumerate(POSITIONS)}


class World:
    def __init__(self, roled: Roled) -> None:
        self.roled, self.project = roled, roled.create_project("cluster")
        people = {"ann": roled.owner}
        for login in ("roota", "rootb", "maria", "mark", "paula", "susan", "roger"):
            people[login] = roled.add_user(login, role="admin" if login.startswith("root") else "member")
        roled.allow_externals()
        with roled.elsewhere():
            people |= {login: roled.add_user(login) for login in ("emma", "erik", "steve")}
        for login in ("roota", "maria", "emma", "susan", "roger"):
            roled.add_collaborator(self.project, people[login])
        for login in ("paula", "erik"):
            roled.add_collaborator(self.project, people[login], role="admin")
        self.tokens = {login: self.token(user) for login, user in people.items()}
        roled.change_member(people["susan"], suspended=True)
        roled.make("DELETE", roled.member(people["roger"]))
        self.gateway = roled.make("POST", f"/v1/projects/{self.project}/api_keys",
                                  {"name": "gateway", "scopes": ["authorize"]})["token"]

    def token(self, user: User) -> str | None:
        """For the project's cluster and services; nobody outside of it gets one."""
        answer = self.roled.post("/v1/users/me/tokens", {"name": "x", "audience": self.project}, token=user)
        return answer.json["token"] if answer.status == 201 else None


def authorize(world: World, login: str, action: str) -> bool:
    answer = world.roled.post("/v1/authorize", {"project_id": world.project, "login": login, "action": action},
                              token=world.gateway)
    assert answer.status == 200, answer
    return answer.json["allowed"]


def bearer(world: World, login: str, action: str) -> bool:
    """As nginx asks, with the token that a browser or a program brings."""
    answer = world.roled.get(f"/v1/projects/{world.project}/authorize/{action}", token=world.tokens[login])
    assert answer.status in (204, 401, 403, 404), answer
    return answer.status == 204


def evaluation(world: World, login: str, action: str) -> bool:
    answer = world.roled.post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": login}, "action": {"name": action},
        "resource": {"type": "project", "id": world.project}}, token=world.gateway)
    assert answer.status == 200, answer
    return answer.json["decision"]


def check(world: World, login: str, action: str) -> bool:
    """On a node, from the roster that it has from there."""
    run = ctl("check", login, "--action", action)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return run.returncode == 0


def forward_auth(world: World, login: str, action: str) -> bool:
    """As a proxy of that node asks, which knows who it is."""
    asked = http.client.HTTPConnection("localhost", timeout=10)
    asked.sock = socket.socket(socket.AF_UNIX)
    asked.sock.connect(str(DOOR))
    asked.request("GET", f"/v1/forward-auth?action={action}", headers={"X-Forwarded-User": login})
    status = asked.getresponse().status
    asked.close()
    assert status in (200, 403), status
    return status == 200


# Whatever else decides is one line here.
WHO_IS_ASKED: dict[str, Callable[[World, str, str], bool]] = {
    "POST /v1/authorize": authorize, "GET …/authorize/{action}": bearer, "AuthZEN": evaluation,
    "togetherctl check": check, "together-authorizer": forward_auth}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Roled(tmp_path_factory.mktemp("roled")) as roled:
        yield World(roled)


@pytest.fixture
def node(world: World) -> Iterator[None]:
    """Everybody has an account there."""
    with Path("/etc/passwd").open("r+") as passwd:
        known = passwd.read()
        passwd.write("".join(f"{login}:x:{uid}:{uid}::/nonexistent:/bin/sh\n" for login, uid in ACCOUNTS.items()
                             if f"\n{login}:" not in known))
    TOKEN.write_text(world.roled.node_key(world.project) + "\n")
    TOKEN.chmod(0o600)
    write_config(f"[http]\nlisten = unix:{DOOR}\n", api__base_url=world.roled.base_url, api__project=world.project)
    refresh()
    authorizer = subprocess.Popen([TOGETHER_AUTHORIZER, "--config", CONFIG], stderr=subprocess.DEVNULL)
    try:
        wait_until(DOOR.exists, "together-authorizer's door")
        yield
    finally:
        authorizer.terminate()
        authorizer.wait(30)


def permissions(world: World, level: str) -> list[str]:
    return [row["action"] for row in world.roled.get("/v1/permissions").json["data"] if row["level"] == level]


@pytest.mark.parametrize("login", POSITIONS)
def test_in_a_project(world: World, node: None, login: str) -> None:
    _, role = POSITIONS[login]
    actions = permissions(world, "project")
    assert len(actions) == 26
    expected = {action: role == "admin" or (role == "member" and action not in ADMINS_ONLY) for action in actions}
    for name, ask in WHO_IS_ASKED.items():
        assert {action: ask(world, login, action) for action in actions} == expected, name


@pytest.mark.parametrize("login", POSITIONS)
def test_in_an_organization(world: World, login: str) -> None:
    """Of which nodes and proxies know nothing."""
    role, _ = POSITIONS[login]
    actions = permissions(world, "organization")
    assert len(actions) == 10
    for action in actions:
        expected = role == "admin" or (role == "member" and action not in ADMINS_ONLY)
        asked = {"organization_id": world.roled.organization, "login": login, "action": action}
        answer = world.roled.post("/v1/authorize", asked)
        assert (answer.status, answer.json.get("allowed")) == (200, expected), (action, answer)
        answer = world.roled.post("/access/v1/evaluation", {
            "subject": {"type": "user", "id": login}, "action": {"name": action},
            "resource": {"type": "organization", "id": world.roled.organization}})
        assert (answer.status, answer.json.get("decision")) == (200, expected), (action, answer)
        answer = world.roled.get(f"/v1/projects/{world.project}/authorize/{action}", token=world.tokens["ann"])
        assert answer.status == 404
