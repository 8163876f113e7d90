"""A role API on loopback that answers, or takes the question and never answers."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from roster_file import RosterFile


class RoleApi:
    """Use as a context manager. Counts what it was asked."""

    def __init__(self, roster: RosterFile) -> None:
        self.roster = roster
        self.requests = 0
        self._end = threading.Event()
        self._hangs = threading.Event()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.requests += 1
                if api._hangs.is_set():
                    api._end.wait()
                    return
                body = json.dumps(api.roster.document()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def hang(self) -> None:
        self._hangs.set()

    def __enter__(self) -> "RoleApi":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
