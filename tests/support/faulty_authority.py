# SPDX-License-Identifier: Apache-2.0
"""An authority that misbehaves in all ways: raw sockets, because a server's library would not."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self

PROJECT = "proj_123"
JSON = {"Content-Type": "application/json"}
REVISION = 7
NOTHING: Mapping[str, str] = {}


def entry(login: Any, role: Any = "member", uid: Any = None, **fields: Any) -> dict[str, Any]:
    return {"object": "project.collaborator", "user_id": f"user_{login}", "login": login,
            "uid": uid, "role": role, "external": False} | fields


ALICE = entry("alice", "admin", 10001)
BOB = entry("bob", "member", 10002)


def document(*entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"object": "list", "project_id": PROJECT, "revision": REVISION, "next_cursor": None,
            "data": list(entries or (ALICE, BOB))} | fields


class Visit:
    """One connection, as the behaviour of the day handles it."""

    def __init__(self, authority: "FaultyAuthority", connection: socket.socket) -> None:
        self.authority = authority
        self.connection = connection
        self.path = ""
        self.headers: dict[str, str] = {}

    def read_request(self) -> None:
        """TLS first, where the authority speaks it."""
        if self.authority.tls:
            self.connection = self.authority.tls.wrap_socket(self.connection, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head:
            more = self.connection.recv(65536)
            if not more:
                raise OSError("the client has gone")
            head += more
        first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        self.path = first.split(" ")[1]
        self.headers = {name.lower(): value.strip()
                        for name, _, value in (line.partition(":") for line in lines)}
        self.authority.note_request(self)

    @property
    def cursor(self) -> str:
        return self.path.partition("&after=")[2]

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self, status: int = 200, body: bytes = b"",
               headers: Mapping[str, str] = JSON) -> None:
        """A whole answer, with the length that it has unless `headers` lie about it."""
        lines = {"Content-Length": str(len(body)), "Connection": "close"} | dict(headers)
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.send(f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + body)

    def answer_json(self, content: Any, headers: Mapping[str, str] = NOTHING) -> None:
        self.answer(200, json.dumps(content).encode(), JSON | dict(headers))

    def hang(self) -> None:
        """Until the client has had enough."""
        while self.connection.recv(65536):
            continue

    def pause(self, seconds: float) -> None:
        """Shorter where the authority ends."""
        self.authority.ended.wait(seconds)

    def reset(self) -> None:
        """Closes with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Behaviour = Callable[[Visit], None]


def good(visit: Visit) -> None:
    visit.read_request()
    if visit.headers.get("if-none-match") == f'"r{REVISION}"':
        visit.answer(304, b"", {"ETag": f'"r{REVISION}"'})
    else:
        visit.answer_json(document(), {"ETag": f'"r{REVISION}"'})


def gives(content: Any, headers: Mapping[str, str] = NOTHING) -> Behaviour:
    """Answers everything with this document."""
    def behaviour(visit: Visit) -> None:
        visit.read_request()
        visit.answer_json(content, headers)
    return behaviour


def answers(status: int, body: bytes = b"{}", headers: Mapping[str, str] = JSON) -> Behaviour:
    def behaviour(visit: Visit) -> None:
        visit.read_request()
        visit.answer(status, body, headers)
    return behaviour


class FaultyAuthority:
    """Use as a context manager. Keeps its port for its whole life, also while it is stopped."""

    def __init__(self, tls: ssl.SSLContext | None = None, ipv6: bool = False) -> None:
        """With `ipv6` at every address of both families."""
        self.tls = tls
        self.ipv6 = ipv6
        self.behaviour: Behaviour = good
        self.ended = threading.Event()
        self.requests: list[Visit] = []
        self.port = 0
        self._visits: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    def behave(self, behaviour: Behaviour) -> None:
        """From the next connection on."""
        self.behaviour = behaviour
        self.requests.clear()

    def note_request(self, visit: Visit) -> None:
        self.requests.append(visit)

    def start(self) -> None:
        self.ended.clear()
        self._listener = socket.socket(socket.AF_INET6 if self.ipv6 else socket.AF_INET)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("::" if self.ipv6 else "127.0.0.1", self.port))
        self._listener.listen(500)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nobody listens any more; open connections end."""
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join()
        self._listener.close()
        self.end_visits()

    def end_visits(self) -> None:
        with self._lock:
            for connection in self._visits:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # it has ended by itself
                    continue

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended.is_set():
            self.stop()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        visit = Visit(self, connection)
        with self._lock:
            self._visits.add(connection)
        try:
            self.behaviour(visit)
        except (OSError, ValueError):  # the client has gone, or does not like our TLS
            pass
        finally:
            with self._lock:
                self._visits.discard(connection)
            visit.connection.close()
            connection.close()
