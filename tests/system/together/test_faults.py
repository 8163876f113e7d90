# SPDX-License-Identifier: Apache-2.0
"""What goes wrong between people and the authority: a sentence, and a status of its own."""

import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.people import Person, watching_nodes
from support.roled import Roled


class Peer(http.server.BaseHTTPRequestHandler):
    status, kind, body, headers_too = 200, "application/json", b"{}", {}
    answers: dict[str, tuple[int, str, bytes]] = {}  # in place of those, by "GET /projects"
    meanwhile: list[Callable[[], object]] = []  # what happens before an answer

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = f"{self.command} {self.path.partition('?')[0].removeprefix('/v1')}"
        for act in self.meanwhile:
            act()
        status, kind, body = self.answers.get(asked, (self.status, self.kind, self.body))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.headers_too.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def peer() -> Iterator[tuple[type[Peer], str]]:
    kind = type("OnePeer", (Peer,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kind, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def answered(value: object) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(value).encode()


def listed(**fields: str) -> tuple[int, str, bytes]:
    return answered({"data": [fields]})


@pytest.fixture
def asker(peer: tuple[type[Peer], str], folder: Path) -> Person:
    """Somebody in project proj_a with bob, of whom the peer knows; what it says of changes is a test's."""
    handler, url = peer
    handler.answers = {
        "GET /users/me/projects": listed(id="proj_a", name="a"),
        "GET /projects/proj_a/collaborators": listed(user_id="user_b", login="bob"),
        "GET /users/me/organizations": listed(id="org_a", name="Acme"),
        "GET /organizations/org_a/members": listed(user_id="user_b", login="bob"),
        "GET /organizations/org_a/projects": listed(id="proj_a", name="a"),
        "GET /users/me/ssh_keys": listed(id="key_a", name="laptop"),
    }
    asker = Person(folder / "asker", url, "tgu_x")
    asker.credentials.parent.mkdir(parents=True)
    asker.credentials.write_text(json.dumps({"url": url + "/v1", "token": "tgu_x", "project": "proj_a"}))
    asker.credentials.chmod(0o600)
    return asker


def error(code: str) -> bytes:
    return b'{"error": {"message": "It is so.", "type": "x", "param": null, "code": "' + code.encode() + b'"}}'


@pytest.mark.parametrize(("status", "kind", "body", "exit_status", "told"), [
    (200, "application/json", b"{", 7, "answered what no role authority answers"),
    (200, "application/json", b'{"a": 1, "a": 2}', 7, "answered what no role authority answers"),
    (200, "text/html", b"<h1>pay first</h1>", 7, "answered what no role authority answers"),
    (204, "text/html", b"", 7, "answered what no role authority answers"),
    (304, "application/json", b"", 7, "answered 304, and not as a role authority does"),
    (404, "text/html", b"<h1>no</h1>", 7, "there is no role authority at"),
    (502, "text/html", b"<h1>bad</h1>", 7, "answered 502, and not as a role authority does"),
    (302, "text/html", b"", 7, "sends elsewhere (302)"),
    (503, "application/json", error("database_unavailable"), 7, "cannot answer (503"),
    (429, "application/json", error("rate_limited"), 7, "It is so. Try again in 3 s."),
    (401, "application/json", error("invalid_token"), 6, "does not accept your token: It is so."),
    (403, "application/json", error("forbidden"), 3, "It is so."),
    (404, "application/json", error("not_found"), 4, "It is so."),
    (409, "application/json", error("conflict"), 5, "It is so."),
    (400, "application/json", b'{"error": "\x1b[31m"}', 7, "not as a role authority does"),
    (400, "application/json", error("x").replace(b"so", b"\\u001b[31mred"), 5, "\\x1b[31mred"),
])
def test_answers(peer: tuple[type[Peer], str], folder: Path, status: int, kind: str, body: bytes, exit_status: int,
                 told: str) -> None:
    handler, url = peer
    handler.status, handler.kind, handler.body, handler.headers_too = status, kind, body, {"Retry-After": "3"}
    someone = Person(folder / "someone", url, "tgu_x")
    assert told in someone.fails(exit_status, "login", url, stdin="tgu_x\n")
    assert not someone.credentials.exists()


def test_the_authority_is_away(ann: Person, roled: Roled) -> None:
    roled.stop()
    assert ann.fails(7, "collaborators").startswith(f"cannot reach {roled.base_url}: ")
    assert "cannot reach" in ann.reads("whoami", status=7)["error"]["message"]


def test_an_authority_whose_database_is_locked(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    release = roled.lock_out_writers()
    done = ann.run("collaborators", "promote", "bob")
    release()
    assert done.returncode == 7 and "503" in done.stderr
    assert roled.entries(cluster)["bob"]["role"] == "member"


def test_nodes_of_a_dead_authority_are_told_as_not_known(ann: Person, bob: Person, roled: Roled, cluster: str,
                                                         folder: Path) -> None:
    """The change is made, and is not undone by what comes after it."""
    with watching_nodes(folder, roled, cluster, "gpu1") as (node,):
        node.process.send_signal(19)  # SIGSTOP: never confirms
        stopper = threading.Timer(0.5, roled.kill)
        stopper.start()
        done = ann.run("collaborators", "promote", "bob", "--wait", "20s")
        stopper.join()
        node.process.send_signal(18)
    assert done.returncode == 1
    assert done.stdout.startswith("bob is an Admin of cluster: which nodes have it is not known: cannot reach")


def test_a_full_disk_is_not_success(ann: Person) -> None:
    done = ann.run("collaborators")
    assert done.returncode == 0
    ann.before = ["sh", "-c", 'exec "$0" "$@" >/dev/full']
    done = ann.run("collaborators")
    assert (done.returncode, done.stderr) == (2, "together: cannot write to stdout: No space left on device\n")


def test_usage(ann: Person) -> None:
    for words, told in [(["nonsense"], "unknown verb"), (["login"], "URL is missing"), (["members", "nonsense"], "members"),
                        (["whoami", "--bogus"], "unknown option"), ([], "a verb is missing"),
                        (["collaborators", "add"], "WHO is missing")]:
        assert told in ann.fails(2, *words)
    assert ann.does("--version").startswith("together 0.")
    assert "Usage: together VERB" in ann.does("--help")
    assert "Usage: together members remove WHO" in ann.does("members", "remove", "--help")


@pytest.mark.parametrize("answer", [(200, "text/html", b"<h1>pay first</h1>"), (200, "application/json", b""),
                                    (304, "application/json", b"")])
def test_a_change_that_no_authority_has_answered_is_not_made(peer: tuple[type[Peer], str], asker: Person,
                                                             answer: tuple[int, str, bytes]) -> None:
    peer[0].answers["PATCH /projects/proj_a/collaborators/user_b"] = answer
    assert asker.fails(7, "collaborators", "promote", "bob").endswith(
        "Look whether the change was made before you make it again.")


@pytest.mark.parametrize("nodes", [
    {"confirmed": 1, "waiting": "2", "revision": 3}, {"confirmed": 1, "waiting": 0}, {"waiting": 0, "revision": 3},
    {"confirmed": 1, "waiting": 0, "revision": "3"}, {"confirmed": 1, "waiting": -1, "revision": 3}, {},
])
def test_a_receipt_without_numbers_is_none(peer: tuple[type[Peer], str], asker: Person, nodes: dict[str, object]) -> None:
    peer[0].answers["GET /projects/proj_a/nodes"] = answered({"data": []} | nodes)
    done = asker.run("collaborators", "promote", "bob", "--wait", "1s")
    assert (done.returncode, done.stderr) == (1, "")
    assert "which nodes have it is not known: the authority answered no numbers" in done.stdout


def test_a_roster_that_one_cannot_ask_for_has_a_receipt_too(peer: tuple[type[Peer], str], asker: Person) -> None:
    answers = peer[0].answers
    answers["DELETE /organizations/org_a/members/user_b"] = answered({"consequences": {"rosters": ["proj_hidden"]}})
    answers["GET /projects/proj_hidden/nodes"] = (404, "application/json", error("not_found"))
    receipt, = asker.reads("members", "remove", "bob", "--wait", "1s", status=1)["receipts"]
    assert receipt == {"project_id": "proj_hidden", "error": {"message": "It is so."}}


def test_projects_that_cannot_be_listed_are_not_none(peer: tuple[type[Peer], str], asker: Person) -> None:
    peer[0].answers["DELETE /users/me/ssh_keys/key_a"] = (204, "application/json", b"")
    peer[0].answers["GET /users/me/projects"] = (503, "application/json", error("x"))
    done = asker.run("ssh-keys", "remove", "laptop", "--wait", "1s")
    assert done.returncode == 1 and "which nodes have it is not known: " in done.stdout


def test_what_is_set_while_one_logs_out_logs_nobody_in(peer: tuple[type[Peer], str], asker: Person) -> None:
    peer[0].meanwhile = [lambda: asker.credentials.unlink(missing_ok=True)]
    assert "you are not logged in" in asker.fails(2, "projects", "use", "a")
    assert not asker.credentials.exists()


def test_what_is_set_while_one_logs_in_otherwise_keeps_the_new_login(peer: tuple[type[Peer], str], asker: Person) -> None:
    other = asker.credentials.read_text().replace("tgu_x", "tgu_y")
    peer[0].meanwhile = [lambda: asker.credentials.write_text(other)]
    assert "another token" in asker.fails(2, "projects", "use", "a")
    assert asker.credentials.read_text() == other


@pytest.mark.parametrize("body", [
    {"consequences": "x"}, {"consequences": {"rosters": "proj_a"}}, {"consequences": {"rosters": [1]}},
    {"consequences": {"revoked_keys": {"a": 1}}},
])
def test_consequences_of_another_shape(peer: tuple[type[Peer], str], asker: Person, body: object) -> None:
    peer[0].answers["DELETE /organizations/org_a/members/user_b"] = answered(body)
    told = asker.fails(7, "members", "remove", "bob")
    assert "the text is of another shape. Look whether the change was made" in told


@pytest.mark.parametrize(("asked", "words"), [
    ("GET /permissions", ["can"]), ("GET /projects/proj_a/collaborators", ["collaborators"]),
])
def test_lists_of_another_shape(peer: tuple[type[Peer], str], asker: Person, asked: str, words: list[str]) -> None:
    peer[0].answers[asked] = answered({"data": {"a": "b"}})
    assert "role authority" in asker.fails(7, *words) or "no list" in asker.fails(7, *words)
    assert not asker.fails(7, *words).endswith("again.")


def test_a_list_has_an_end(peer: tuple[type[Peer], str], asker: Person) -> None:
    """One that always goes on would be read until the memory is used up."""
    handler, _ = peer
    calls: list[int] = []

    def another() -> None:
        calls.append(len(calls))
        handler.answers["GET /projects/proj_a/collaborators"] = answered({"data": [], "next_cursor": f"x{len(calls)}"})

    handler.meanwhile = [another]
    assert "a list without an end" in asker.fails(7, "collaborators")


def test_a_receipt_of_another_revision(peer: tuple[type[Peer], str], asker: Person) -> None:
    handler, _ = peer
    handler.answers["DELETE /projects/proj_a/collaborators/user_b"] = 204, "", b""
    handler.headers_too = {"Together-Revision": "7", "Together-Project": "proj_a"}
    handler.answers["GET /projects/proj_a/nodes"] = answered({"revision": 6, "confirmed": 3, "waiting": 0, "data": []})
    done = asker.run("collaborators", "remove", "bob", "--wait", "1s")
    assert "3 of 3" not in done.stdout and "answered about another revision" in done.stdout + done.stderr, done


def test_who_gets_no_place_to_wait_asks_again_later(peer: tuple[type[Peer], str], asker: Person) -> None:
    handler, _ = peer
    asked: list[float] = []
    handler.answers["GET /projects/proj_a/nodes"] = answered({"revision": 7, "confirmed": 0, "waiting": 1, "data": []})
    handler.headers_too = {"ETag": '"7-0-1"'}
    handler.meanwhile = [lambda: asked.append(time.monotonic())]
    done = asker.run("collaborators", "promote", "bob", "--wait", "3s")
    assert (done.returncode, done.stderr) == (1, "")
    assert "0 of 1 node after" in done.stdout
    assert 5 < len(asked) < 20
    handler.answers["GET /projects/proj_a/nodes"] = answered({"revision": 7, "confirmed": 1, "waiting": 0, "data": []})
    assert "1 of 1 node after" in asker.does("collaborators", "promote", "bob", "--wait", "3s")


class InTurn(dict[str, tuple[int, str, bytes]]):
    """What is answered about nodes: one after another, the last for good."""

    def __init__(self, others: dict[str, tuple[int, str, bytes]], *about_nodes: tuple[int, str, bytes]) -> None:
        super().__init__(others)
        self.about_nodes = list(about_nodes)

    def get(self, asked: str, default: Any = None) -> Any:
        if asked != "GET /projects/proj_a/nodes":
            return super().get(asked, default)
        return self.about_nodes.pop(0) if len(self.about_nodes) > 1 else self.about_nodes[0]


def test_a_receipt_waits_as_long_as_the_authority_asks_for(peer: tuple[type[Peer], str], asker: Person) -> None:
    handler, _ = peer
    too_many = 429, "application/json", error("rate_limited")
    others = handler.answers
    handler.answers = InTurn(others, too_many, too_many,
                             answered({"revision": 7, "confirmed": 1, "waiting": 0, "data": []}))
    handler.headers_too = {"Retry-After": "1"}
    told = asker.does("collaborators", "promote", "bob", "--wait", "30s")
    assert float(re.search(r"1 of 1 node after (\S+) s", told)[1]) >= 2  # type: ignore[index]
    handler.answers = InTurn(others, too_many)
    handler.headers_too = {"Retry-After": "60"}
    done = asker.run("collaborators", "promote", "bob", "--wait", "2s")
    assert done.returncode == 1 and "not known: It is so. Try again in 60 s." in done.stdout


@pytest.mark.parametrize(("fields", "told"), [
    ({"created_at": -(2**63), "expires_at": 2**63 - 1}, "no token that ends"), ({"expires_at": None}, "no token that ends"),
    ({"created_at": 5, "expires_at": 5}, "no token that ends"), ({"token": ""}, "no token that ends"),
])
def test_a_token_for_kubectl_that_is_none(peer: tuple[type[Peer], str], asker: Person, fields: dict[str, object],
                                          told: str) -> None:
    made = {"id": "key_1", "token": "tgu_z", "created_at": 0, "expires_at": 86400} | fields
    peer[0].answers["POST /users/me/tokens"] = answered(made)
    assert told in asker.fails(7, "kube-credential")
    assert not list((asker.home / ".cache" / "together").glob("*.json"))


def test_a_token_for_kubectl_holds_a_day_at_most(peer: tuple[type[Peer], str], asker: Person) -> None:
    peer[0].answers["POST /users/me/tokens"] = answered(
        {"id": "key_1", "token": "tgu_z", "created_at": 0, "expires_at": 2**63 - 1})
    asker.does("kube-credential")
    file, = (asker.home / ".cache" / "together").glob("*.json")
    kept = json.loads(file.read_text())
    assert kept["ends_at"] - kept["made_at"] == 86400
