"""A scripted server's state with entity tags and waiting, as docs/protocol.md has them.

It waits until the test changes the state or ends the wait, never for a time of its own.
"""

import json
import threading

from client_network import STATE


class WaitingState:
    """Answers GET /user/state of a bed's scripted server."""

    def __init__(self, bed, peers=STATE["peers"], waits=True, tags=True):
        self.waits, self.tags = waits, tags
        self.changed = threading.Condition()
        self.version, self.n_waiting, self.n_ended = 1, 0, 0
        self.statuses = []
        self.peers = list(peers)
        bed.server.answers["GET", "/user/state"] = self.answer
        self.requests = bed.server.requests

    @property
    def tag(self):
        return f'"v{self.version}"'

    def set(self, peers):
        with self.changed:
            self.peers = list(peers)
            self.version += 1
            self.changed.notify_all()

    def end_waits(self):
        """The time of all who wait is over."""
        with self.changed:
            self.n_ended += 1
            self.changed.notify_all()

    def answer(self, handler, _body):
        with self.changed:
            headers, asked = {}, handler.headers.get("If-None-Match")
            if self.waits and handler.headers.get("Prefer", "").startswith("wait="):
                headers["Preference-Applied"] = handler.headers["Prefer"]
                self.wait_for_news(asked)
            if self.tags:
                headers["ETag"] = self.tag
            is_known = self.tags and asked == self.tag
            self.statuses.append(304 if is_known else 200)
            if is_known:
                return 304, "", headers
            return 200, json.dumps({"peers": self.peers, "cidrs": STATE["cidrs"]}), headers

    def wait_for_news(self, asked):
        n_ended = self.n_ended
        self.n_waiting += 1
        self.changed.wait_for(lambda: self.tag != asked or self.n_ended > n_ended, timeout=60)
        self.n_waiting -= 1

    def asked(self):
        """(If-None-Match, Prefer) of each request for the state."""
        return [(headers.get("If-None-Match"), headers.get("Prefer"))
                for method, path, _, headers, *_ in self.requests
                if (method, path) == ("GET", "/user/state")]
