# SPDX-License-Identifier: Apache-2.0
"""SubjectAccessReviews over TLS, as an API server asks them."""

import json
import random
import shutil
import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from support.authorizer_node import CACHE, CONFIG, REVIEWS, AuthorizerNode, review
from support.programs import TOGETHER_REFRESH, TOGETHERCTL
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until

PODS = ("list", "pods", "default")
DASHBOARD = "/v1/forward-auth?action=kubernetes.dashboard"
DECISIONS = Path("/run/together/decisions.sock")


def verdict(status: dict[str, object]) -> str:
    assert not (status["allowed"] and status.get("denied"))
    return "allowed" if status["allowed"] else "denied" if status.get("denied") else "no opinion"


@pytest.mark.parametrize("user, asked, expected", [
    ("together:alice", PODS, "allowed"),
    ("together:erin", PODS, "allowed"),
    ("together:alice", ("create", "pods", "default"), "allowed"),
    ("together:erin", ("create", "secrets", "kube-system"), "denied"),
    ("together:carol", ("delete", "nodes", ""), "allowed"),
    ("together:alice", ("delete", "nodes", ""), "denied"),
    ("together:alice", ("list", "pods", "kube-system"), "denied"),
    ("together:mallory", PODS, "denied"),
    ("together:root", PODS, "denied"),
    ("together:", PODS, "denied"),
    ("alice", PODS, "no opinion"),
    ("system:admin", PODS, "no opinion"),
    ("system:anonymous", PODS, "no opinion"),
    ("system:serviceaccount:default:default", PODS, "no opinion"),
    ("system:together:carol", PODS, "no opinion"),
    ("", PODS, "no opinion"),
])
def test_who_may(authorizer: AuthorizerNode, user: str, asked: tuple[str, str, str], expected: str) -> None:
    assert verdict(authorizer.review(user, *asked)) == expected


def test_both_paths_with_a_timeout_give_the_object_back(authorizer: AuthorizerNode) -> None:
    asked = review("together:alice", *PODS)
    for path in (REVIEWS, "/apis/authorization.k8s.io/v1/subjectaccessreviews"):
        status, document = authorizer.post(json.dumps(asked), path + "?timeout=10s")
        assert status == 201 and document["spec"] == asked["spec"] and document["status"]["allowed"] is True
        assert (document["kind"], document["apiVersion"]) == (asked["kind"], asked["apiVersion"])


def test_a_refusal_says_why_and_who_could(authorizer: AuthorizerNode) -> None:
    stranger = authorizer.review("together:mallory")["reason"]
    assert "mallory" in stranger and "proj_1" in stranger
    member = authorizer.review("together:alice", "patch", "nodesets", "default", group="slinky.slurm.net", subresource="scale")
    assert "alice" in member["reason"] and "clusters.scale" in member["reason"]


def test_who_is_removed_is_refused_at_the_next_request(authorizer: AuthorizerNode) -> None:
    assert verdict(authorizer.review("together:alice")) == "allowed"
    authorizer.roster.remove("alice")
    authorizer.refresh()
    assert verdict(authorizer.review("together:alice")) == "denied"


def test_without_a_roster_ours_are_refused_as_our_fault_and_others_go_on(authorizer: AuthorizerNode) -> None:
    shutil.rmtree(CACHE)
    status = authorizer.review("together:alice")
    assert verdict(status) == "denied" and "not a collaborator" not in status["reason"]
    assert verdict(authorizer.review("system:admin")) == "no opinion"
    code, _, text = authorizer.ask("/readyz")
    assert code == 503 and text
    assert authorizer.ask("/healthz")[0] == 200


def test_with_an_old_roster_ours_are_refused_as_our_fault(authorizer: AuthorizerNode) -> None:
    assert verdict(authorizer.review("together:alice")) == "allowed"
    authorizer.let_the_roster_grow_old()
    status = authorizer.review("together:alice")
    assert verdict(status) == "denied" and "fault on our side" in status["reason"]
    assert verdict(authorizer.review("system:admin")) == "no opinion"


def test_another_configuration_counts_within_seconds_and_a_bad_one_leaves_the_old(authorizer: AuthorizerNode) -> None:
    assert verdict(authorizer.review("together:alice", namespace="team")) == "denied"
    authorizer.configure(kubernetes="namespaces = default team")
    wait_until(lambda: verdict(authorizer.review("together:alice", namespace="team")) == "allowed", "the new namespace")
    authorizer.configure(kubernetes="namespaces = kube-system")
    wait_until(lambda: "kube-system" in authorizer.log.read_text(), "the bad one to be named")
    assert verdict(authorizer.review("together:alice", namespace="team")) == "allowed"
    authorizer.configure(kubernetes="username_prefix = corp:")
    wait_until(lambda: verdict(authorizer.review("together:alice")) == "no opinion", "the new prefix")
    assert verdict(authorizer.review("corp:alice")) == "allowed"


@pytest.mark.parametrize("body", [
    "", "{", "[]", "null", "{}", '{"spec": {}}', '{"kind": "SubjectAccessReview", "apiVersion": "v2", "spec": {}}',
    json.dumps(review("together:alice", *PODS)) + "x",
    json.dumps(review("together:alice", *PODS)).replace('"user"', '"user": "together:carol", "user"'),
    json.dumps(review("together:alice", *PODS)).replace('"together:alice"', "7"),
    json.dumps(review("together:alice", *PODS)).replace('"list"', '["list"]'),
    json.dumps(review("together:alice", *PODS)).replace('"list"', '""'),  # doctor --kubernetes counts on it
])
def test_what_is_no_review_is_refused(authorizer: AuthorizerNode, body: str) -> None:
    status, document = authorizer.post(body)
    assert 400 <= status < 500 and "allowed" not in json.dumps(document)


def test_ten_thousand_damaged_reviews_let_nobody_in(authorizer: AuthorizerNode) -> None:
    good = json.dumps(review("together:mallory", *PODS)).encode()
    dice = random.Random(7)
    connection = authorizer.connection(authorizer.client)
    for _ in range(10_000):
        body = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        if b"alice" in body or b"carol" in body or b"erin" in body:
            continue
        _, document = authorizer.post(bytes(body), connection=connection)
        assert "true" not in json.dumps(document.get("status", "")).replace('"denied": true', "")


def test_clients_without_a_certificate_of_ours_are_not_heard(authorizer: AuthorizerNode) -> None:
    for client in (None, authorizer.strange.issue("api-server", "/CN=kube-apiserver")):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            authorizer.post("{}", connection=authorizer.connection(client))
    assert verdict(authorizer.review("together:alice")) == "allowed"


def test_a_new_certificate_is_taken_and_a_bad_one_is_not(authorizer: AuthorizerNode) -> None:
    def served() -> str:
        return ssl.get_server_certificate(("127.0.0.1", authorizer.port))

    before = served()
    certificate, key = authorizer.certificates.issue("next", "/CN=authorizer")
    authorizer.certificate.write_text("no certificate")
    wait_until(lambda: "stay as they were" in authorizer.log.read_text(), "the bad one to be named")
    assert served() == before
    key.rename(authorizer.key)
    certificate.rename(authorizer.certificate)
    wait_until(lambda: served() != before, "the new one")
    assert verdict(authorizer.review("together:alice")) == "allowed"


def test_silent_clients_hold_up_nobody(authorizer: AuthorizerNode) -> None:
    silent = [socket.create_connection(("127.0.0.1", authorizer.port)) for _ in range(200)]
    assert verdict(authorizer.review("together:alice")) == "allowed"
    for one in silent:
        one.close()


def test_who_holds_all_connections_keeps_nobody_from_asking(node: AuthorizerNode) -> None:
    """Even with a certificate: on each of them one review is asked, and nothing more."""
    node.start("prlimit", "--nofile=200:200")
    asked = json.dumps(review("together:alice", *PODS))
    held = [node.connection(node.client) for _ in range(150)]
    for connection in held:
        assert node.post(asked, connection=connection)[0] == 201
    assert verdict(node.review("together:alice")) == "allowed"
    # Who asks all the time is not the one that goes.
    busy = held[-1]
    for _ in range(5):
        assert node.post(asked, connection=busy)[0] == 201
        assert verdict(node.review("together:alice")) == "allowed"


def test_who_begins_a_request_on_all_connections_keeps_nobody_from_asking(node: AuthorizerNode) -> None:
    node.start("prlimit", "--nofile=200:200")
    held = [node.connection(node.client) for _ in range(68)]
    for connection in held:
        assert node.post(json.dumps(review("together:alice", *PODS)), connection=connection)[0] == 201
        connection.sock.send(b"P")
    assert verdict(node.review("together:alice")) == "allowed"


def test_somebody_in_thousands_of_groups_is_answered_and_a_huge_review_refused_unread(authorizer: AuthorizerNode) -> None:
    asked = review("together:alice", *PODS)
    asked["spec"]["groups"] = [f"group-{number}" for number in range(10_000)]
    status, document = authorizer.post(json.dumps(asked))
    assert (status, document["status"]["allowed"]) == (201, True)
    connection = authorizer.connection(authorizer.client)
    connection.putrequest("POST", REVIEWS)
    connection.putheader("Content-Length", "4000000")
    connection.endheaders()
    assert connection.getresponse().status == 413


@pytest.mark.parametrize("method, path, expected", [
    ("GET", REVIEWS, 405), ("POST", "/", 404), ("POST", "/v1/forward-auth", 404), ("POST", "/healthz", 405), ("GET", "/readyz", 200),
])
def test_nothing_else_is_there(authorizer: AuthorizerNode, method: str, path: str, expected: int) -> None:
    connection = authorizer.connection(authorizer.client)
    connection.request(method, path)
    assert connection.getresponse().status == expected


def test_runs_as_an_unprivileged_user(node: AuthorizerNode) -> None:
    node.certificate.chmod(0o644)
    shutil.chown(node.key, "nobody")
    node.folder.chmod(0o777)
    node.start("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs")
    assert verdict(node.review("together:alice")) == "allowed"
    assert verdict(node.review("together:mallory")) == "denied"
    assert node.stop() == 0


@pytest.mark.parametrize("wrong, named", [
    ({"kubernetes": "namespaces = kube-system"}, "namespaces"),
    ({"kubernetes": "listne = 127.0.0.1:1"}, "listne"),
    ({"http": "map_file = map"}, "map_file"),
])
def test_a_wrong_configuration_ends_it_with_its_place(node: AuthorizerNode, wrong: dict[str, str], named: str) -> None:
    node.configure(**wrong)
    with pytest.raises(AssertionError):
        node.start()
    assert node.process and node.process.returncode == 78
    assert "together.conf:" in node.log.read_text() and named in node.log.read_text()


def test_a_slip_in_a_section_of_others_shuts_no_door(node: AuthorizerNode) -> None:
    node.configure(accounts="enabeld = yes", metrics="textfile = relative")
    node.start()
    assert verdict(node.review("together:alice")) == "allowed"
    assert verdict(node.review("together:mallory")) == "denied"


def test_allows_are_told_to_who_counts_decisions(authorizer: AuthorizerNode) -> None:
    with subprocess.Popen([TOGETHER_REFRESH, "--config", CONFIG, "--watch"], stderr=subprocess.DEVNULL) as watcher:
        try:
            wait_until(DECISIONS.exists, "the socket for decisions")
            for _ in range(5):
                assert verdict(authorizer.review("together:alice")) == "allowed"
            assert authorizer.ask(DASHBOARD, {"X-Forwarded-User": "alice"})[0] == 200
            assert authorizer.stop() == 0
            wait_until(lambda: told("alice") == {("kubernetes", 5), ("http", 1)}, "five allows at one door and one at the other")
        finally:
            watcher.terminate()


def test_refusals_are_logged_while_who_counts_decisions_hangs(authorizer: AuthorizerNode) -> None:
    """What waits for that one must not use up what may wait for the log."""
    with suppress(OSError):  # where /proc/sys cannot be written, less waits than what matters here
        Path("/proc/sys/net/unix/max_dgram_qlen").write_text("512\n")  # as systemd sets it
    DECISIONS.parent.mkdir(exist_ok=True)
    DECISIONS.unlink(missing_ok=True)
    with SyslogCollector() as log, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hung:
        hung.bind(str(DECISIONS))
        try:
            connection = authorizer.connection(authorizer.client)
            asked = json.dumps(review("together:mallory", *PODS))
            for number in range(1, 601):
                assert authorizer.post(asked, connection=connection)[1]["status"]["denied"]
                if number % 5 == 0:  # before the log's own queue is full
                    assert len(log.decisions(login="mallory", verdict="deny")) == number
        finally:
            DECISIONS.unlink()


def told(login: str) -> set[tuple[str, int]]:
    """Where somebody was allowed, and how often."""
    done = subprocess.run([TOGETHERCTL, "decisions", "--json", "--last", "1000"], capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()] if done.returncode == 0 else []
    sums: dict[str, int] = {}
    for line in lines:
        if line["login"] == login and line["reason"] == "role_permits":
            sums[line["service"]] = sums.get(line["service"], 0) + int(line["times"])
    return set(sums.items())


def test_a_certificate_that_is_not_there_is_named(node: AuthorizerNode) -> None:
    node.certificate = node.folder / "missing.pem"
    node.configure()
    with pytest.raises(AssertionError):
        node.start()
    assert node.process and node.process.returncode == 78
    assert f"{node.certificate}: No such file or directory" in node.log.read_text()
