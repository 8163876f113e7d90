# SPDX-License-Identifier: Apache-2.0
"""A request that waits for news."""

import http.client
import resource
import selectors
import threading
import time

from support.roled import Answer


class Waiting:
    """A request on a thread of its own; it may be held. Further arguments go to Roled.ask_for_roster()."""

    def __init__(self, roled, project, key, etag, wait, **kwargs):
        self.answer = self.took = None
        self.roled, self.connection = roled, roled.connect()
        self.began = time.monotonic()
        roled.ask_for_roster(self.connection, project, key, etag=etag, wait=wait, **kwargs)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        self.answer = Answer(self.connection.getresponse())
        self.took = time.monotonic() - self.began
        self.connection.close()

    def held(self):
        """Waits until the server has done with it all that it does before there is news."""
        self.roled.settle()
        assert self.answer is None, self.answer
        return self

    def result(self, timeout=70):
        self.thread.join(timeout)
        assert self.answer is not None, "not answered"
        return self.answer


def room_for(connections):
    """Lets this process, and the server that it starts, have so many."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= now < 4 * connections:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class ManyWaiting:
    """Requests of so many nodes that share a key, without a thread each."""

    def __init__(self, roled, project, key, etag, wait, nodes):
        request = (f"GET {roled.collaborators(project)}?limit=1000 HTTP/1.1\r\nHost: roled\r\n"
                   f"Authorization: Bearer {key}\r\nIf-None-Match: {etag}\r\nPrefer: wait={wait}\r\n\r\n").encode()
        self.held = selectors.DefaultSelector()
        for _ in range(nodes):
            connection = roled.socket(timeout=70)
            connection.sendall(request)
            self.held.register(connection, selectors.EVENT_READ)
        roled.settle()
        assert self.answered(0) == []

    def answered(self, within):
        """Those that are answered, or cut off, so many seconds from now at the latest."""
        return [key.fileobj for key, _ in self.held.select(within)]

    def results(self, timeout):
        """What each was answered."""
        answers, ends = [], time.monotonic() + timeout
        while self.held.get_map():
            assert time.monotonic() < ends, f"{len(self.held.get_map())} were not answered"
            for connection in self.answered(1):
                self.held.unregister(connection)
                response = http.client.HTTPResponse(connection)
                response.begin()
                answers.append(Answer(response))
                connection.close()
        return answers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for key in list(self.held.get_map().values()):
            key.fileobj.close()
        self.held.close()
