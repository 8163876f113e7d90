# SPDX-License-Identifier: Apache-2.0
"""Takes the place of the system's logger: binds /dev/log and keeps what is sent there."""

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from support.decision_fields import parse_fields

# <priority>, the time (syslog(3) sends one), tag, pid: as glibc and logger(1) write it.
HEADER = re.compile(r"<(\d+)>(?:\w{3} [ \d]\d \d\d:\d\d:\d\d )?([^\[:\s]+)(?:\[(\d+)\])?: ?")
AUTHPRIV = 10


@dataclass(frozen=True)
class Message:
    raw: str

    @property
    def facility(self) -> int:
        return int(self._header[1]) >> 3

    @property
    def severity(self) -> int:
        return int(self._header[1]) & 7

    @property
    def tag(self) -> str:
        return self._header[2]

    @property
    def text(self) -> str:
        return self.raw[self._header.end():]

    @cached_property
    def fields(self) -> dict[str, str]:
        return parse_fields(self.text)

    @property
    def _header(self) -> re.Match[str]:
        header = HEADER.match(self.raw)
        assert header, f"no syslog header: {self.raw!r}"
        return header


class SyslogCollector:
    """Use as a context manager. Thread-safe: a thread receives, the test looks. Whoever looks sees
    all that was sent before."""

    def __init__(self, path: Path = Path("/dev/log")) -> None:
        self._path = path
        self._messages: list[Message] = []
        self._arrived = threading.Condition()
        self._ended = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._receive, daemon=True)

    def __enter__(self) -> "SyslogCollector":
        self._socket.bind(str(self._path))
        self._path.chmod(0o666)  # su and sudo log as their invoker
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._path.unlink()
        self._ended = True
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join()
        self._socket.close()

    @property
    def messages(self) -> list[Message]:
        with self._arrived:
            self._receive_what_is_there()
            return list(self._messages)

    def wait_for(self, predicate: Callable[[Message], bool], timeout: float = 30.0) -> Message:
        """The first message that fits, whether it has come already or comes in time."""
        deadline = time.monotonic() + timeout
        with self._arrived:
            while True:
                found = next(filter(predicate, self._messages), None)
                if found:
                    return found
                if not self._arrived.wait(deadline - time.monotonic()):
                    raise AssertionError(f"not logged within {timeout} s; logged was:\n{self}")

    def decisions(self, **fields: str) -> list[Message]:
        """The decisions logged so far that have all these fields, with these values."""
        return [message for message in self.messages if is_decision(message, fields)]

    def wait_for_decision(self, timeout: float = 30.0, **fields: str) -> dict[str, str]:
        return self.wait_for(lambda message: is_decision(message, fields), timeout).fields

    def forget(self) -> None:
        with self._arrived:
            self._receive_what_is_there()
            self._messages.clear()

    def __str__(self) -> str:
        return "\n".join(message.raw for message in self.messages)

    def _receive(self) -> None:
        while not self._ended:
            select.select([self._socket], [], [])
            with self._arrived:
                self._receive_what_is_there()

    def _receive_what_is_there(self) -> None:
        """Under the lock, so that nothing is on its way from the socket to the list."""
        with contextlib.suppress(BlockingIOError):
            while data := self._socket.recv(65536, socket.MSG_DONTWAIT):
                text = data.rstrip(b"\0\n").decode(errors="backslashreplace")
                self._messages.append(Message(text))
                self._arrived.notify_all()


def is_decision(message: Message, fields: dict[str, str]) -> bool:
    return "verdict" in message.fields and fields.items() <= message.fields.items()
