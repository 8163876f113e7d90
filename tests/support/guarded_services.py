# SPDX-License-Identifier: Apache-2.0
"""A dashboard, a control plane and another product behind nginx, which asks together-authorizer, with the
configuration of docs/http-services.md, as it stands there."""

import base64
import hashlib
import http.client
import re
import shutil
import ssl
import subprocess
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from support.authorizer_node import AuthorizerNode
from support.programs import CHECKOUT
from support.waiting import wait_until

DOCUMENT = CHECKOUT / "docs" / "http-services.md"
SERVICES = {8001: "dashboard", 8002: "control plane", 8003: "product"}
MAIN = """
user www-data;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{ }}
http {{
  access_log off;
  include /etc/nginx/conf.d/cluster.conf;
}}
"""
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Answer(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]


class Service(BaseHTTPRequestHandler):
    """Says who it is and for whom; a WebSocket sends back what it is sent."""

    protocol_version = "HTTP/1.1"
    name = ""
    asked: list[tuple[str, str]] = []
    heard: list[Message] = []

    def answer(self) -> None:
        self.asked.append((self.command, self.path))
        self.heard.append(self.headers)
        if self.headers.get("Upgrade") == "websocket" and self.headers.get("Connection") == "upgrade":
            return self.websocket()
        told = {name: self.headers.get(name) for name in ("X-Forwarded-User", "Together-Role", "Authorization")}
        body = f"<h1>{self.name}</h1> {told}\n".encode()
        self.send_response(200 if self.headers.get("Fail") is None else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def websocket(self) -> None:
        key = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + WEBSOCKET).encode()).digest()
        self.send_response(101)
        for name, value in {"Upgrade": "websocket", "Connection": "Upgrade",
                            "Sec-WebSocket-Accept": base64.b64encode(key).decode()}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.rfile.read(4))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def files_of_the_document() -> dict[Path, str]:
    """By the path in their first line."""
    blocks = re.findall(r"^```nginx\n# (/\S+)\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2, DOCUMENT
    return {Path(path): text for path, text in blocks}


class GuardedServices:
    """Use as a context manager, in a sandbox: it is nginx's own /etc, and ports that are the document's."""

    def __init__(self, node: AuthorizerNode) -> None:
        self.log = node.folder / "nginx.log"
        self._ca_file = node.certificates.ca_file
        shutil.rmtree("/etc/nginx", ignore_errors=True)
        for path, text in files_of_the_document().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        certificate, key = node.certificates.issue("cluster", "/CN=cluster")
        shutil.copy(certificate, "/etc/nginx/cluster.pem")
        shutil.copy(key, "/etc/nginx/cluster.key")
        Path("/etc/nginx/logins").write_text("".join(f"{name}:{{PLAIN}}x\n" for name in ("alice", "carol", "mallory")))
        self.main = Path("/etc/nginx/nginx.conf")
        self.main.write_text(MAIN.format(folder=node.folder))

    def __enter__(self) -> "GuardedServices":
        self.servers = [self._service(port, name) for port, name in SERVICES.items()]
        self.nginx = subprocess.Popen(["/usr/sbin/nginx", "-e", self.log, "-c", self.main], stdin=subprocess.DEVNULL)
        try:
            wait_until(self._answers, "nginx")
        except AssertionError as error:
            self.__exit__()
            raise AssertionError(self.log.read_text()) from error
        return self

    def __exit__(self, *_: object) -> None:
        self.nginx.terminate()
        self.nginx.wait(30)
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def _service(self, port: int, name: str) -> ThreadingHTTPServer:
        handler = type(name, (Service,), {"name": name, "asked": [], "heard": []})
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def reached(self, port: int) -> list[tuple[str, str]]:
        """What that service was asked."""
        return next(server for server in self.servers if server.server_port == port).RequestHandlerClass.asked

    def heard(self, port: int) -> Message:
        """The headers of its last request."""
        return next(server for server in self.servers if server.server_port == port).RequestHandlerClass.heard[-1]

    def connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", 443, timeout=10,
                                           context=ssl.create_default_context(cafile=str(self._ca_file)))

    def ask(self, login: str | None, method: str, path: str, headers: dict[str, str] | None = None) -> Answer:
        asked = self.connection()
        asked.request(method, path, headers={**as_login(login), **(headers or {})})
        answer = asked.getresponse()
        return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))

    def ask_with(self, login: str, path: str, headers: list[tuple[str, str]]) -> int:
        """The status. A header may stand there twice."""
        asked = self.connection()
        asked.putrequest("GET", path)
        for name, value in (*as_login(login).items(), *headers):
            asked.putheader(name, value)
        asked.endheaders()
        return asked.getresponse().status

    def open_websocket(self, login: str, path: str) -> tuple[int, bytes]:
        """The status, and what comes back of "ping"."""
        asked = self.connection()
        asked.request("GET", path, headers={**as_login(login), "Connection": "Upgrade", "Upgrade": "websocket",
                                            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"})
        stream = asked.sock
        head = b""
        while b"\r\n\r\n" not in head and (piece := stream.recv(1)):
            head += piece
        status = int(head.split()[1])
        if status != 101:
            return status, b""
        stream.sendall(b"ping")
        echo = b""
        while len(echo) < 4 and (piece := stream.recv(4)):
            echo += piece
        stream.close()
        return status, echo

    def _answers(self) -> bool:
        try:
            return self.ask(None, "GET", "/dashboard/").status == 401
        except OSError:
            assert self.nginx.poll() is None, self.log.read_text()
            return False


def as_login(login: str | None) -> dict[str, str]:
    if login is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:x".encode()).decode()}
