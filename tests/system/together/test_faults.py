# SPDX-License-Identifier: Apache-2.0
"""What goes wrong between people and the authority: a sentence, and a status of its own."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.people import Person, watching_nodes
from support.roled import Roled


class Peer(http.server.BaseHTTPRequestHandler):
    status, kind, body, headers_too = 200, "application/json", b"{}", {}

    def answer(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        for name, value in self.headers_too.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def peer() -> Iterator[tuple[type[Peer], str]]:
    kind = type("OnePeer", (Peer,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kind, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def error(code: str) -> bytes:
    return b'{"error": {"message": "It is so.", "type": "x", "param": null, "code": "' + code.encode() + b'"}}'


@pytest.mark.parametrize(("status", "kind", "body", "exit_status", "told"), [
    (200, "application/json", b"{", 7, "answered what no role authority answers"),
    (200, "application/json", b'{"a": 1, "a": 2}', 7, "answered what no role authority answers"),
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
