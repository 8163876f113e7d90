# SPDX-License-Identifier: Apache-2.0
"""A name service that hangs: glibc asks nscd's socket first and waits five seconds for an answer."""

import os
import socket
from pathlib import Path
from typing import Self

SOCKET = Path("/run/nscd/socket")


class StuckNameService:
    def __enter__(self) -> Self:
        SOCKET.parent.mkdir(exist_ok=True)
        SOCKET.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(SOCKET))
        os.chmod(SOCKET, 0o666)
        self._listener.listen(100)
        self._taken: list[socket.socket] = []
        return self

    def __exit__(self, *_: object) -> None:
        self.answer_nothing_more()

    def wait_for_a_question(self) -> None:
        self._listener.settimeout(10)
        self._taken.append(self._listener.accept()[0])

    def answer_nothing_more(self) -> None:
        """Gone: whoever waits goes on without it."""
        SOCKET.unlink(missing_ok=True)
        for connection in self._taken:
            connection.close()
        self._listener.close()
