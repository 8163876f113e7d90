# SPDX-License-Identifier: Apache-2.0
"""A role authority that behaves, and misbehaves as a test wants it to."""

import json
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.ctl_node import CHECKOUT, PROJECT, TOKEN_TEXT, entry

from support.http_server import HttpServer, Request


@dataclass
class Asked:
    """One request, as far as an authority looks at it."""

    project: str
    limit: int
    after: int
    token: str | None
    etag: str | None
    wait: int | None
    number: int  # of all requests, from 1
    node: str | None  # what it says of itself


@dataclass
class Answer:
    status: int = 200
    document: Any = None  # what the body says as JSON
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes | None = None  # instead of the document
    hold: float = 0

    def bytes(self) -> bytes:
        if self.status == 304:
            return b""
        return json.dumps(self.document).encode() if self.body is None else self.body


def nothing(asked: Asked, answer: Answer) -> None:
    pass


Fault = Callable[[Asked, Answer], None]


class Authority:
    """Use as a context manager. `fault` changes an answer before it is sent."""

    def __init__(self, fault: Fault = nothing, tls: Path | None = None) -> None:
        self.fault = fault
        self.asked: list[Asked] = []
        self.entries = [entry("alice", "admin", 10001), entry("bob", "member", 10002),
                        entry("carol", "member"), entry("dave", "developer", 10004)]
        self.revision = 7
        self._tls = tls

    def answer(self, asked: Asked) -> Answer:
        headers: dict[str, str | None] = {"Content-Type": "application/json",
                                          "x-request-id": f"req_{asked.number}"}
        if asked.token != TOKEN_TEXT:
            return self._refusal(401, headers)
        if asked.project != PROJECT:
            return self._refusal(404, headers)
        headers |= {"ETag": f'"e-{self.revision}"', "Together-As-Of": str(int(time.time())),
                    "Cache-Control": "private, no-store"}
        if asked.etag == headers["ETag"]:
            answer = Answer(304, headers=headers)
            if asked.wait:
                answer.hold = asked.wait
                headers["Preference-Applied"] = f"wait={asked.wait}"
            return answer
        end = asked.after + asked.limit
        return Answer(200, {
            "object": "list", "project_id": asked.project, "revision": self.revision,
            "next_cursor": str(end) if end < len(self.entries) else None,
            "data": [dict(one) for one in self.entries[asked.after:end]]}, headers)

    @staticmethod
    def _refusal(status: int, headers: dict[str, str | None]) -> Answer:
        error = {"message": "No.", "type": "authentication_error", "param": None, "code": "no"}
        return Answer(status, {"error": error}, headers)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> "Authority":
        context = None
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._tls)
        self._server = HttpServer(self.serve, context)
        self._server.__enter__()
        self.port = self._server.port
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def serve(self, request: Request) -> None:
        path = urlsplit(request.path)
        query = parse_qs(path.query)
        bearer = request.headers["Authorization"]
        prefer = request.headers["Prefer"]
        asked = Asked(
            project=path.path.split("/")[-2 if "limit" in query else -1],
            limit=int(query.get("limit", ["1"])[0]),
            after=int(query.get("after", ["0"])[0]),
            token=bearer.removeprefix("Bearer ") if bearer else None,
            etag=request.headers["If-None-Match"],
            wait=int(prefer.removeprefix("wait=")) if prefer else None,
            number=len(self.asked) + 1,
            node=request.headers["Together-Node"])
        self.asked.append(asked)
        answer = self.answer(asked)
        self.fault(asked, answer)
        time.sleep(answer.hold)  # sleeps: an authority that is slow, or has no news
        body = answer.bytes()
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            if value is not None:
                request.send_header(name, value)
        if answer.status != 304:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


def certificate(folder: Path, name: str = "IP:127.0.0.1", days: int = 2) -> Path:
    """Its key is in the same file."""
    pem, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", key, "-out", pem, "-days", str(days), "-subj", "/CN=test",
         "-addext", f"subjectAltName={name}"], check=True, capture_output=True)
    pem.write_bytes(pem.read_bytes() + key.read_bytes())
    pem.chmod(0o644)
    return pem
