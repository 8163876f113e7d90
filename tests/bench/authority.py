# SPDX-License-Identifier: Apache-2.0
"""A role authority for measuring: answers from memory over TLS, so that its own cost is small."""

import json
import re
import ssl
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.http_server import HttpServer, Request
from support.node import NOTHING, PROJECT, Node
from support.waiting import wait_until

PAGE = 1000
TOKEN = "tgn_bench"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXC+Vw7/1Y2vGEJ0H0XnYpM0m1N9d1s0gR0mXcZxq3A"


class Authority:
    """Use as a context manager."""

    def __init__(self, collaborators: int) -> None:
        self.collaborators = collaborators
        self.revision = 0
        self.replaced = 0
        self.requests = 0
        self.hold_for = 0.0  # how long an unchanged answer to `Prefer: wait` is held
        self.silent = False
        self._pages: dict[str, bytes] = {}
        self.change()

    def change(self) -> None:
        self.revision += 1
        entries = [self._entry(number) for number in range(self.collaborators)]
        entries[-1] = self._entry(self.collaborators - 1 + self.replaced)
        self._pages.clear()
        for start in range(0, self.collaborators, PAGE):
            end = start + PAGE
            cursor = str(end) if end < self.collaborators else None
            page: dict[str, Any] = {"object": "list", "project_id": PROJECT, "revision": self.revision,
                    "next_cursor": cursor, "data": entries[start:end]}
            self._pages[str(start)] = json.dumps(page).encode()
            for entry in page["data"]:
                entry["ssh_keys"] = [KEY]
            page["group"] = {"name": "p-lab", "gid": 10000, "admin_gid": 10001}
            self._pages[f"{start} with accounts"] = json.dumps(page).encode()

    def replace_one(self) -> None:
        """A revision in which one has left and another is there."""
        self.replaced += 1
        self.change()

    @staticmethod
    def _entry(number: int) -> dict[str, Any]:
        return {"object": "project.collaborator", "user_id": f"user_{number}", "login": f"user{number}",
                "uid": 20000 + number, "role": "member" if number else "admin", "external": False}

    @property
    def etag(self) -> str:
        return f'"r{self.revision}"'

    def configure(self, node: Node, roster: Mapping[str, str] = NOTHING) -> None:
        node.reset()
        token = node.config.with_name("token")
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        node.configure(
            api={"base_url": f"https://127.0.0.1:{self.port}/v1", "ca_file": str(self.certificate)},
            roster=roster)

    def wait_for_requests(self, number: int) -> None:
        target = self.requests + number
        wait_until(lambda: self.requests >= target, f"{number} requests", timeout=60)

    def __enter__(self) -> "Authority":
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o755)
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", key, "-out", self.certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server = HttpServer(self.answer, context)
        self._server.__enter__()
        self.port = self._server.port
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def answer(self, request: Request) -> None:
        self.requests += 1
        if self.silent:
            time.sleep(60)  # sleeps: an authority that says nothing
        found = re.search(r"after=(\d+)", request.path)
        start = found[1] if found else "0"
        unchanged = request.headers["If-None-Match"] == self.etag
        held = unchanged and "Prefer" in request.headers
        if held:
            time.sleep(self.hold_for)  # sleeps: an authority that has no news
        page = start + (" with accounts" if "include=accounts" in request.path else "")
        body = b"" if unchanged else self._pages[page]
        request.send_response(304 if unchanged else 200)
        request.send_header("ETag", self.etag)
        request.send_header("Content-Type", "application/json")
        if held:
            request.send_header("Preference-Applied", request.headers["Prefer"])
        if not unchanged:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
