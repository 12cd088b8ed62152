"""Bad and slow neighbours do not stop the others: docs/spec/server.md D22, D23."""

import os
import random
import time

import pytest

from network import KEY_HEADER
from rows import peer_contents
from wire import request_bytes


def auth(net):
    return [(KEY_HEADER, net.server_key)]


def served(net, who="user1"):
    """Others are answered, and not late."""
    begun = time.monotonic()
    assert net.get("/v1/user/state", who).status == 200
    assert time.monotonic() - begun < 2


def close_all(wires):
    for wire in wires:
        wire.close()


def many(net, who, n, data):
    """Up to n connections that all begin with the same bytes; fewer when the server takes no more."""
    wires = []
    try:
        for _ in range(n):
            wire = net.connect(who, timeout=2)
            wire.send(data)
            wires.append(wire)
    except OSError:
        pass
    return wires


@pytest.mark.parametrize("begun", ["nothing", "head", "body"])
def test_slow_requests_do_not_stop_others(net, begun):
    data = {"nothing": b"", "head": b"PUT /v1/user/candidates HTTP/1.1\r\nX",
            "body": request_bytes("PUT", "/v1/user/candidates",
                                  [*auth(net), ("Content-Length", 100)]) + b"["}[begun]
    wires = many(net, "user2", 20, data)
    try:
        for _ in range(5):
            served(net)
        # A slow one that goes on is served in the end.
        if begun == "body":
            alive = [w for w in wires if w.is_open()]
            assert alive
            alive[0].send(b" " * 98 + b"]")
            assert alive[0].response().status == 204
    finally:
        close_all(wires)
    served(net, "user2")


def test_one_source_cannot_take_all_connections(net):
    wires = many(net, "user2", 1200, b"GET /")
    try:
        served(net)
        served(net, "admin")
    finally:
        close_all(wires)
    served(net)
    # And is welcome again once it has let go.
    deadline = time.monotonic() + 10
    while True:
        try:
            served(net, "user2")
            break
        except (OSError, AssertionError):
            assert time.monotonic() < deadline


def test_a_reader_that_does_not_read(net, fx):
    """Answers pile up for one who only asks."""
    wires = [net.connect("user2") for _ in range(3)]
    request = request_bytes("GET", "/v1/user/state", auth(net))
    try:
        for wire in wires:
            wire.sock.setblocking(False)
            try:
                for _ in range(4000):
                    wire.sock.send(request)
            except (BlockingIOError, ConnectionError):
                pass
        for _ in range(5):
            served(net)
    finally:
        close_all(wires)
    served(net, "user2")


def test_connections_that_vanish(net):
    """Resets at every stage of a request leave nothing behind."""
    data = request_bytes("PUT", "/v1/user/candidates", auth(net), b'["6.6.6.6:6"]')
    before = net.everything()
    fds = len(os.listdir(f"/proc/{net.process.pid_inside}/fd"))
    for cut in range(0, len(data) - 1, 7):
        wire = net.connect("user2")
        wire.sock.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER 0: reset at close
        wire.send(data[:cut])
        wire.close()
    served(net)
    assert net.everything() == before
    deadline = time.monotonic() + 5
    while len(os.listdir(f"/proc/{net.process.pid_inside}/fd")) > fds + 1:
        assert time.monotonic() < deadline, "connections leak"
        time.sleep(0.01)


def test_a_slow_name_does_not_stop_others(net, fx):
    """D23: an override endpoint with a name that nobody resolves; no resolver is reachable here."""
    contents = peer_contents("dev", fx.spare[0], 4, endpoint="nowhere.invalid:1")
    begun = time.monotonic()
    answer = net.post("/v1/admin/peers", contents)
    assert answer.status == 201
    assert time.monotonic() - begun < 2
    served(net)
    assert net.device().peers[contents["public_key"]].endpoint is None


def test_random_bytes(net):
    """Whatever comes, the server goes on and the rows stay as they are."""
    rng = random.Random(20261122)
    good = request_bytes("PUT", "/v1/user/candidates", auth(net), b'["6.6.6.6:6"]')
    before = net.everything()
    for n in range(400):
        if n % 2:
            data = rng.randbytes(rng.randrange(1, 300)) + b"\r\n\r\n"
        else:
            data = bytearray(good)
            for _ in range(rng.randrange(1, 4)):
                data[rng.randrange(len(data) - 20)] = rng.randrange(256)
            data = bytes(data)
        with net.connect("user2", timeout=0.02) as wire:
            wire.send(data)
            try:
                answer = wire.response()
            except TimeoutError:
                continue  # not a whole request
            assert answer is None or answer.status < 500 or answer.status == 505
    # A mutation may have left the request good, so only this one column may differ.
    after = net.everything()
    for state in (before, after):
        state["peers"][5]["candidates"] = None
    assert after == before
    served(net)


def test_many_peers(net, fx):
    """A larger network: every request sees every row; the answers are complete."""
    n = 500
    with net.db() as db:
        for i in range(n):
            host = (f"10.80.{130 + i // 250}.{i % 250 + 1}" if fx.version == 4
                    else f"fd00:1337::3:0:1:{i + 1:x}")
            contents = peer_contents(f"many-{i}", host, 5)
            db.execute("INSERT INTO peers VALUES (NULL, ?, ?, ?, NULL, 5, 0, 0, 1, NULL, '[]')",
                       (contents["name"], host, contents["public_key"]))
    assert len(net.state("user1")["peers"]) == n + 3
    assert len(net.get("/v1/admin/peers").json) == n + 6
    served(net)
