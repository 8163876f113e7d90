# SPDX-License-Identifier: Apache-2.0
"""A real nginx in front of a dashboard, a control plane's API and another product, which asks together-authorizer
with the configuration of docs/http-services.md; and what together-authorizer itself says to a proxy."""

import http.client
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.authorizer_node import CACHE, ETC, AuthorizerNode
from support.guarded_services import GuardedServices
from support.programs import CHECKOUT
from support.waiting import wait_until

SOCKET = Path("/run/together-authorizer/http.sock")
MAP = ETC / "control-plane.map"
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
DASHBOARD = "/v1/forward-auth?action=kubernetes.dashboard"


@pytest.fixture
def services(node: AuthorizerNode) -> Iterator[GuardedServices]:
    shutil.copy(CHECKOUT / "packaging" / "examples" / "control-plane.map", MAP)
    SOCKET.parent.mkdir(exist_ok=True)
    node.socket = SOCKET
    node.configure(http=f"map_file = {MAP}")
    node.start()
    with GuardedServices(node) as guarded:
        yield guarded


# --- through nginx ------------------------------------------------------------------------------------

@pytest.mark.parametrize("login, role", [("alice", "member"), ("carol", "admin")])
def test_the_dashboard_is_the_projects(services: GuardedServices, login: str, role: str) -> None:
    answer = services.ask(login, "GET", "/dashboard/")
    assert answer.status == 200 and "<h1>dashboard</h1>" in answer.text
    assert f"'X-Forwarded-User': '{login}', 'Together-Role': '{role}', 'Authorization': None" in answer.text


def test_who_is_refused_reads_why_on_the_page(services: GuardedServices) -> None:
    page = services.ask("mallory", "GET", "/dashboard/", BROWSER)
    assert page.status == 403 and "<h1>Access denied</h1>" in page.text and page.headers["Content-Type"].startswith("text/html")
    assert "mallory" in page.text and "proj_1" in page.text
    text = services.ask("mallory", "GET", "/dashboard/", {"Accept": "application/json"})
    assert text.status == 403 and "mallory" in text.text and "<" not in text.text
    assert services.ask(None, "GET", "/dashboard/").status == 401
    assert services.reached(8001) == []


def test_why_is_said_for_the_request_that_was_refused(services: GuardedServices) -> None:
    assert "clusters.create" in services.ask("alice", "POST", "/v1/clusters").text
    assert "clusters.delete" in services.ask("alice", "DELETE", "/v1/clusters/c1").text
    assert services.reached(8002) == []


def test_a_services_own_errors_pass(services: GuardedServices) -> None:
    answer = services.ask("alice", "GET", "/dashboard/", {"Fail": "yes"})
    assert answer.status == 500 and "<h1>dashboard</h1>" in answer.text


def test_who_is_removed_is_refused_at_the_next_request(services: GuardedServices, node: AuthorizerNode) -> None:
    assert services.ask("alice", "GET", "/dashboard/").status == 200
    node.roster.remove("alice")
    node.refresh()
    assert services.ask("alice", "GET", "/dashboard/").status == 403


@pytest.mark.parametrize("how", ["no roster", "the roster is old", "the program does not run"])
def test_where_nobody_can_tell_it_is_503(services: GuardedServices, node: AuthorizerNode, how: str) -> None:
    if how == "no roster":
        shutil.rmtree(CACHE)
    elif how == "the roster is old":
        node.let_the_roster_grow_old()
    else:
        node.stop()
    for login in ("alice", "carol", "mallory"):
        answer = services.ask(login, "GET", "/dashboard/", BROWSER)
        assert answer.status == 503, answer
        assert ("cannot be decided" if how != "the program does not run" else "Nobody can tell") in answer.text
    assert services.reached(8001) == []


# The table "GPU Clusters (Control Plane)" of the roles, row by row, and what is in no row.
@pytest.mark.parametrize("method, path, member", [
    ("POST", "/v1/clusters", False),  # create clusters
    ("DELETE", "/v1/clusters/c1", False),  # delete clusters
    ("POST", "/v1/clusters/c1/scale", False),  # scale clusters
    ("PATCH", "/v1/clusters/c1", False),  # modify cluster configurations
    ("PUT", "/v1/clusters/c1", False),
    ("POST", "/v1/volumes", False),  # create and resize volumes
    ("POST", "/v1/volumes/v1/resize", False),
    ("PATCH", "/v1/volumes/v1", False),
    ("GET", "/v1/clusters", True),  # view cluster status and details
    ("GET", "/v1/clusters/c1?watch=1", True),
    ("HEAD", "/v1/clusters/c1/nodes", True),
    ("GET", "/v1/volumes", True),  # view volume details
    ("GET", "/v1/volumes/v1/", True),
    ("DELETE", "/v1/volumes/v1", False),
    ("GET", "/v1/anything-else", False),
    ("POST", "/v1/clusters/c1/anything-else", False),
    ("GET", "/v1/clusters/../users", False),
    ("GET", "/v1/clusters/%2e%2e/users", False),
    ("GET", "/v1/clusters/c1%2fscale", False),
    ("GET", "/v1/clusters//c1", False),
    ("GET", "/v1/clusters/c1;a=b", False),
])
def test_the_control_plane_has_the_rows_of_the_roles(services: GuardedServices, method: str, path: str, member: bool) -> None:
    assert services.ask("carol", method, path).status == 200
    assert services.reached(8002) == [(method, path)]
    assert services.ask("alice", method, path).status == (200 if member else 403)
    assert services.ask("mallory", method, path).status == 403
    assert len(services.reached(8002)) == (2 if member else 1)


def test_another_product_is_the_projects(services: GuardedServices) -> None:
    assert "<h1>product</h1>" in services.ask("alice", "POST", "/fine-tuning/jobs").text
    assert services.ask("mallory", "POST", "/fine-tuning/jobs").status == 403


@pytest.mark.parametrize("name, value", [
    ("X-Forwarded-User", "carol"), ("X-Forwarded-Method", "GET"), ("X-Original-Method", "GET"),
    ("X-Forwarded-Uri", "/v1/clusters"), ("X-Original-URI", "/v1/clusters"), ("X_Forwarded_User", "carol"),
    ("Together-Role", "admin"),
])
def test_headers_that_a_client_forges_do_not_count(services: GuardedServices, name: str, value: str) -> None:
    forged = {name: value}
    assert services.ask("mallory", "GET", "/dashboard/", forged).status == 403
    assert services.ask("alice", "POST", "/v1/clusters", forged).status == 403
    told = services.ask("alice", "GET", "/dashboard/", forged)
    assert told.status == 200 and "'X-Forwarded-User': 'alice', 'Together-Role': 'member'" in told.text


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_read_that_an_application_may_take_for_a_deletion_is_an_admins(services: GuardedServices, name: str) -> None:
    assert services.ask("alice", "GET", "/v1/clusters/c1").status == 200
    assert services.ask("alice", "GET", "/v1/clusters/c1", {name: "DELETE"}).status == 403
    assert services.ask("carol", "GET", "/v1/clusters/c1", {name: "DELETE"}).status == 200


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_service_reads_the_method_that_was_asked_about(services: GuardedServices, name: str) -> None:
    if services.ask_with("alice", "/v1/clusters/c1", [(name, ""), (name, "DELETE")]) == 200:
        assert services.heard(8002).get_all(name) is None
    assert services.ask_with("alice", "/v1/clusters/c1", [(name, "DELETE"), (name, "")]) == 403
    assert services.ask_with("carol", "/v1/clusters/c1", [(name, "DELETE")]) == 200
    assert services.heard(8002).get_all(name) == ["DELETE"]


@pytest.mark.parametrize("name", ["X-Original-URL", "X-Rewrite-URL"])
def test_a_service_reads_no_other_path_than_was_asked_about(services: GuardedServices, name: str) -> None:
    assert services.ask("alice", "GET", "/v1/clusters", {name: "/v1/users"}).status == 200
    assert services.heard(8002)[name] is None


@pytest.mark.parametrize("path, port, protocol", [
    ("/dashboard/", 8001, "h2c"), ("/dashboard/", 8001, "websocket, h2c"), ("/v1/clusters", 8002, "h2c"),
    ("/v1/clusters", 8002, "websocket"),
])
def test_nothing_but_a_websocket_is_tunnelled(services: GuardedServices, path: str, port: int, protocol: str) -> None:
    assert services.ask("alice", "GET", path, {"Connection": "Upgrade", "Upgrade": protocol}).status == 200
    assert services.heard(port)["Upgrade"] is None and services.heard(port)["Connection"] in (None, "close")


def test_an_authorizer_that_hangs_is_503_within_seconds(services: GuardedServices, node: AuthorizerNode) -> None:
    assert node.process
    node.process.send_signal(signal.SIGSTOP)
    try:
        answer = services.ask("alice", "GET", "/dashboard/")
    finally:
        node.process.send_signal(signal.SIGCONT)
    assert answer.status == 503 and "Nobody can tell" in answer.text
    assert services.reached(8001) == []


def test_a_websocket_passes(services: GuardedServices) -> None:
    assert services.open_websocket("alice", "/dashboard/shell") == (101, b"ping")
    assert services.open_websocket("mallory", "/dashboard/shell") == (403, b"")


def test_another_map_counts_within_seconds_and_a_bad_one_leaves_the_old(services: GuardedServices, node: AuthorizerNode) -> None:
    def write(text: str) -> None:
        new = MAP.with_suffix(".new")
        new.write_text(text)
        new.rename(MAP)

    write("GET /v1/users clusters.read\n")
    wait_until(lambda: services.ask("alice", "GET", "/v1/users").status == 200, "the new map")
    assert services.ask("alice", "GET", "/v1/clusters").status == 403
    write("GET /v1/users no.such.action\n")
    wait_until(lambda: "no.such.action" in node.log.read_text(), "the bad one to be named")
    assert services.ask("alice", "GET", "/v1/users").status == 200


# --- without nginx --------------------------------------------------------------------------------------

@pytest.mark.parametrize("target, headers, expected", [
    (DASHBOARD, {"X-Forwarded-User": "alice"}, 200),
    (DASHBOARD, {"X-Forwarded-User": "erin"}, 200),
    ("/v1/forward-auth?action=clusters.create", {"X-Forwarded-User": "carol"}, 200),
    ("/v1/forward-auth?action=clusters.create", {"X-Forwarded-User": "alice"}, 403),
    (DASHBOARD, {"X-Forwarded-User": "mallory"}, 403),
    (DASHBOARD, {"X-Forwarded-User": "root"}, 403),
    (DASHBOARD, {"X-Forwarded-User": "system:admin"}, 403),
    (DASHBOARD, {"X-Forwarded-User": "../alice"}, 403),
    (DASHBOARD, {}, 401),
    (DASHBOARD, {"X-Forwarded-User": ""}, 401),
    ("/v1/forward-auth?action=no.such", {"X-Forwarded-User": "carol"}, 400),
    ("/v1/forward-auth?action=billing.write", {"X-Forwarded-User": "carol"}, 400),
    ("/v1/forward-auth?map", {"X-Forwarded-User": "carol"}, 400),
    ("/v1/forward-auth", {"X-Forwarded-User": "carol"}, 400),
    ("/v1/forward-auth/", {"X-Forwarded-User": "carol"}, 404),
])
def test_what_a_proxy_is_answered(authorizer: AuthorizerNode, target: str, headers: dict[str, str], expected: int) -> None:
    assert authorizer.ask(target, headers)[0] == expected


def test_a_body_that_nobody_reads_is_not_kept(authorizer: AuthorizerNode) -> None:
    """64 KiB on each of 32,768 connections were gigabytes, of whoever can open the socket."""
    asked = http.client.HTTPConnection("localhost", timeout=10)
    asked.sock = socket.socket(socket.AF_UNIX)
    asked.sock.connect(str(authorizer.socket))
    asked.request("GET", DASHBOARD, b"x" * 2000, {"X-Forwarded-User": "alice"})
    assert asked.getresponse().status == 413


def test_who_it_was_and_the_role_are_told(authorizer: AuthorizerNode) -> None:
    _, headers, _ = authorizer.ask(DASHBOARD, {"X-Forwarded-User": "alice"})
    assert (headers["Together-User"], headers["Together-Role"]) == ("alice", "member")
    _, headers, _ = authorizer.ask(DASHBOARD, {"X-Forwarded-User": "mallory"})
    assert "Together-User" not in headers and "Together-Role" not in headers


def test_metrics_name_nobody(authorizer: AuthorizerNode) -> None:
    authorizer.ask(DASHBOARD, {"X-Forwarded-User": "alice"})
    authorizer.ask(DASHBOARD, {"X-Forwarded-User": "mallory"})
    status, _, text = authorizer.ask("/metrics")
    assert status == 200 and "alice" not in text and "mallory" not in text
    assert 'verdict="allow"' in text and 'verdict="deny"' in text and "together_roster_age_seconds" in text


def test_the_socket_goes_with_the_program(authorizer: AuthorizerNode) -> None:
    assert authorizer.socket.exists()
    assert authorizer.stop() == 0
    assert not authorizer.socket.exists()
