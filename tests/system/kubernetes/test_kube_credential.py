# SPDX-License-Identifier: Apache-2.0
"""kubectl that gets its token by executing `together kube-credential`."""

import json
from collections.abc import Iterator

import pytest

from support.kubernetes.api_server import ApiServer, Person
from support.kubernetes.world import World
from support.people import TOGETHER
from support.people import Person as LoggedIn


@pytest.fixture
def carol(world: World) -> Iterator[LoggedIn]:
    world.add_member("carol")
    home = world.folder / "home-of-carol"
    someone = LoggedIn(home, world.roled.address, world.people["carol"].token)
    yield someone.login("--ca-file", str(world.roled_ca))
    world.remove_member("carol")


@pytest.fixture
def her_kubectl(world: World, server: ApiServer, carol: LoggedIn) -> Person:
    words = [str(TOGETHER), "kube-credential", "--project", world.project]
    return server.with_plugin("carol", words, carol.environment)


def test_each_call_shows_the_same_token_until_she_logs_out(world: World, carol: LoggedIn, her_kubectl: Person) -> None:
    for _ in range(2):
        done = her_kubectl.kubectl("get", "pods")
        assert "No resources found" in done.stderr, done
    assert "carol has the role member" in her_kubectl.kubectl("get", "--raw", "/metrics").stderr
    names = [one["name"] for one in carol.reads("tokens")["data"] if one["audience"] == world.project]
    assert len([name for name in names if name.startswith("kubectl on ")]) == 1
    kept, = (carol.home / ".cache" / "together").glob("*.json")
    token = json.loads(kept.read_text())["token"]
    carol.does("logout")
    refused = her_kubectl.kubectl("get", "pods")
    assert refused.returncode == 1 and "together: you are not logged in" in refused.stderr
    assert world.roled.get("/v1/whoami", token=token).status == 401
