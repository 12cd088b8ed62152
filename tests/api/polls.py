"""Conditional, compressed and waiting requests (docs/protocol.md), and what every answer to one has
to look like, whatever else a test is about."""

import gzip
import re
from contextlib import contextmanager

from network import KEY_HEADER
from wire import request_bytes

STATE = "/v1/user/state"
LISTS = ("/v1/admin/peers", "/v1/admin/cidrs", "/v1/admin/associations")
TAGGED = (STATE, *LISTS)

TAG = re.compile(r'"[A-Za-z0-9_-]{22}(-gzip)?"')
ORDER = ("content-type", "content-encoding", "etag", "vary", "preference-applied", "retry-after",
         "date", "content-length")


def unless(*tags):
    return ("If-None-Match", ", ".join(tags))


def wait(seconds=300):
    return ("Prefer", f"wait={seconds}")


GZIP = ("Accept-Encoding", "gzip")


def question(net, *fields, target=STATE, method="GET", **more):
    """The bytes of a request."""
    return request_bytes(method, target, [(KEY_HEADER, net.server_key), *fields], **more)


def checked(answer, *fields):
    """The same answer, after a look at what must hold for all: `fields` are those of its request."""
    assert answer is not None, "the connection ended without an answer"
    names = [k.lower() for k, _ in answer.headers if k.lower() != "connection"]
    assert names == [n for n in ORDER if n in names], f"order of lines: {names}"
    asks_coding = any(name.lower() == "accept-encoding" for name, _ in fields)
    if answer.status in (200, 304):
        tag = answer.header("etag")
        assert tag and TAG.fullmatch(tag), answer
        assert answer.header("vary") == ("accept-encoding" if asks_coding else None)
    else:
        assert answer.header("etag") is None and answer.header("preference-applied") is None
    if answer.status == 200:
        assert answer.header("content-type") == "application/json"
        coding = answer.header("content-encoding")
        assert coding == ("gzip" if tag.endswith('-gzip"') else None)
        assert coding is None or asks_coding
    else:
        assert answer.body == b""
        for name in ("content-type", "content-encoding"):
            assert answer.header(name) is None, answer
    return answer


def ask(net, who, *fields, target=STATE):
    """One GET over a connection of its own."""
    return checked(net.get(target, who, headers=[(KEY_HEADER, net.server_key), *fields]), *fields)


def plain(answer):
    """The bytes behind the coding; the coded form has nothing after its end."""
    if answer.header("content-encoding") is None:
        return answer.body
    return gzip.decompress(answer.body)


def tag_of(net, who, *fields, target=STATE):
    answer = ask(net, who, *fields, target=target)
    assert answer.status == 200, answer
    return answer.header("etag")


def others_are_served(net, who="admin", rounds=3):
    """Whatever reached the server before these questions has been looked at after their answers."""
    with net.connect(who) as wire:
        for _ in range(rounds):
            wire.send(question(net, target="/v1/user/capabilities"))
            answer = wire.response()
            assert answer is not None and answer.status == 200


class Waiter:
    """A connection whose request waits at the server. Made by `waiting`."""

    def __init__(self, net, who, tag, *fields):
        self.fields = (unless(tag), *fields)
        self.net = net
        self.wire = net.connect(who, timeout=30)
        self.ask()

    def ask(self, *fields):
        self.fields = fields or self.fields
        self.wire.send(question(self.net, *self.fields))

    def is_waiting(self):
        """Others are answered, this one is not."""
        others_are_served(self.net)
        return self.wire.is_open()

    def answer(self):
        return checked(self.wire.response(), *self.fields)

    def close(self):
        self.wire.close()


@contextmanager
def waiting(net, who="developer1", *fields, tag=None):
    """A waiter that is seen to wait. `fields` replace `Prefer: wait=300`."""
    fields = fields or (wait(),)
    codings = [f for f in fields if f[0] == "Accept-Encoding"]
    waiter = Waiter(net, who, tag or tag_of(net, who, *codings), *fields)
    try:
        assert waiter.is_waiting(), waiter.wire.response()
        yield waiter
    finally:
        waiter.close()
