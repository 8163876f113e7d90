# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on loopback, for authorities that do what a real one does not."""

import http.server
import ssl
import threading
from collections.abc import Callable

Request = http.server.BaseHTTPRequestHandler


class HttpServer:
    """Use as a context manager. `serve` answers each GET and POST, in a thread of its connection."""

    def __init__(self, serve: Callable[[Request], None], tls: ssl.SSLContext | None = None) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                serve(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> "HttpServer":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
