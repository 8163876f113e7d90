# SPDX-License-Identifier: Apache-2.0
"""A request that waits for news."""

import threading
import time


class Waiting:
    """A held request on a thread of its own."""

    def __init__(self, roled, project, key, etag, wait, **kwargs):
        self.began = time.monotonic()
        self.answer = self.took = None
        self.thread = threading.Thread(target=self._ask, args=(roled, project, key, etag, wait), kwargs=kwargs)
        self.thread.start()

    def _ask(self, roled, project, key, etag, wait, **kwargs):
        self.answer = roled.roster(project, key, etag=etag, wait=wait, **kwargs)
        self.took = time.monotonic() - self.began

    def result(self, timeout=70):
        self.thread.join(timeout)
        assert self.answer is not None, "not answered"
        return self.answer
