# SPDX-License-Identifier: Apache-2.0
"""A role API on loopback that answers, or takes the question and never answers."""

import json
import threading

from support.http_server import HttpServer, Request
from support.roster_file import RosterFile


class RoleApi:
    """Use as a context manager. Counts what it was asked."""

    def __init__(self, roster: RosterFile) -> None:
        self.roster = roster
        self.requests = 0
        self._end = threading.Event()
        self._hangs = threading.Event()
        self._server = HttpServer(self._serve)
        self.base_url = f"http://127.0.0.1:{self._server.port}/v1"

    def _serve(self, request: Request) -> None:
        self.requests += 1
        if self._hangs.is_set():
            self._end.wait()
            return
        body = json.dumps(self.roster.document()).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def hang(self) -> None:
        self._hangs.set()

    def __enter__(self) -> "RoleApi":
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.__exit__()
