# SPDX-License-Identifier: Apache-2.0
"""A request that waits for news."""

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
