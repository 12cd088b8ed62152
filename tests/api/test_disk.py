"""The database file and the answers: written for changes only, once per request, and never waited for
by those who read. Seen from outside: the change counter in the file's head, and a lock that another
process holds as long as a test wants, as a slow disk would."""

import os
import signal
import sqlite3
import struct
from contextlib import closing, contextmanager

import pytest

from bed import wait_for
from changes import cli, contents_of, put_peer
from crowd import n_files
from network import KEY_HEADER, compact
from polls import STATE, TAGGED, checked, question, tag_of, unless, wait
from rows import new_key, peer_contents
from wire import request_bytes


def n_commits(net):
    """Bytes 24 to 27 of a database count what was committed to it."""
    with open(net.db_path, "rb") as f:
        return struct.unpack(">I", f.read(28)[24:])[0]


@contextmanager
def commits(net, n):
    """Exactly n commits happen, and with none of them nothing at all happens to the file."""
    before, moment = n_commits(net), os.stat(net.db_path).st_mtime_ns
    yield
    assert n_commits(net) - before == n
    if n == 0:
        assert os.stat(net.db_path).st_mtime_ns == moment
    assert not os.path.exists(net.db_path + "-journal")


# --- how often it is written ---------------------------------------------------------------------------

SET = {"option": "Set", "content": "192.0.2.2:2"}


def test_reading_writes_nothing(net):
    for who in ("admin", "developer1"):
        net.get(STATE, who)
    with commits(net, 0):
        for _ in range(5):
            for target in (*TAGGED, "/v1/user/capabilities", "/v1/user/nope"):
                net.get(target)


def test_what_is_there_already_is_not_written(net, fx):
    """Each of these once, which is one transaction, then again in other words: none."""
    peer_id, contents = contents_of(net, "developer2")
    disabled, _ = contents_of(net, "user2")
    pairs = [
        (lambda: net.put("/v1/user/candidates", ["192.0.2.1:1", "[2001:db8::1]:2"], "developer1"),
         lambda: net.put("/v1/user/candidates", b' ["192.0.2.1:1", "[2001:db8:0::1]:2"] ', "developer1")),
        (lambda: net.put("/v1/user/endpoint", SET, "developer1"),
         lambda: net.put("/v1/user/endpoint", b'{"content": "192.0.2.2:2", "option": "Set"}', "developer1")),
        (lambda: net.put("/v1/user/endpoint", {"option": "Unset"}, "developer1"),) * 2,
        (lambda: net.put("/v1/user/candidates", [], "developer1"),) * 2,
        (lambda: net.delete(f"/v1/admin/peers/{disabled}"),) * 2,
        (lambda: net.put(f"/v1/admin/peers/{peer_id}", contents | {"name": "dev2"}),) * 2,
        (lambda: net.put("/v1/admin/cidrs/5", {"name": "people", "cidr": fx.cidrs["user"], "parent": 1}),) * 2,
    ]
    for n, (first, again) in enumerate(pairs):
        with commits(net, 1):
            assert first().status == 204, n
        with commits(net, 0):
            assert again().status == 204, n
            assert again().status == 204, n


def test_one_transaction_for_one_request(net, fx):
    redeemer = peer_contents("late", fx.spare[0], 4, is_redeemed=False)
    requests = [
        lambda: net.put("/v1/user/candidates", ["192.0.2.1:1"], "user1"),
        lambda: net.put("/v1/user/endpoint", SET, "user1"),
        lambda: net.post("/v1/admin/peers", redeemer),
        lambda: net.post("/v1/user/redeem", {"public_key": new_key()}, "late"),
        lambda: net.post("/v1/admin/cidrs", {"name": "x", "cidr": fx.experimental, "parent": 1}),
        lambda: net.put("/v1/admin/cidrs/6", {"name": "y", "cidr": fx.experimental, "parent": 1}),
        lambda: net.post("/v1/admin/associations", {"cidr_id_1": 4, "cidr_id_2": 6}),
        lambda: net.delete("/v1/admin/associations/1"),
        lambda: net.delete("/v1/admin/cidrs/6"),
        lambda: net.delete("/v1/admin/peers/6"),
    ]
    for n, request in enumerate(requests):
        with commits(net, 1):
            assert request().status in (201, 204), n


def test_what_is_refused_is_not_written(net, fx):
    with commits(net, 0):
        for answer in (net.put("/v1/user/candidates", b"x", "user1"),
                       net.put("/v1/user/candidates", ["1.1.1.1:1"] * 11, "user1"),
                       net.post("/v1/admin/cidrs", {"name": "user", "cidr": fx.experimental, "parent": 1}),
                       net.post("/v1/admin/peers", peer_contents("user1", fx.spare[0], 4)),
                       net.put("/v1/admin/peers/99", peer_contents("nobody", fx.spare[0], 4)),
                       net.delete("/v1/admin/peers/99"), net.delete("/v1/admin/cidrs/4"),
                       net.post("/v1/user/redeem", {"public_key": new_key()}, "user1")):
            assert 400 <= answer.status < 500


# --- a disk that takes its time --------------------------------------------------------------------------

class Held:
    """The database locked by another process that is writing: nobody else can read or write it."""

    def __init__(self, net, fx):
        self.net, self.fx = net, fx
        self.tag = tag_of(net, "developer1")
        self.key = (KEY_HEADER, net.server_key)

    @contextmanager
    def lock(self):
        with closing(sqlite3.connect(self.net.db_path, isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")
            yield
            db.execute("ROLLBACK")

    def connect(self, who):
        """By address, so that nobody here has to look into the database."""
        return self.net.connect(self.fx.peers[who], timeout=30)

    def get(self, *fields, target=STATE):
        return request_bytes("GET", target, [self.key, *fields])

    def put(self, n):
        return request_bytes("PUT", "/v1/user/candidates", [self.key], compact([f"192.0.2.{n + 1}:1"]))

    def others_are_served(self):
        with self.connect("admin") as wire:
            for target in (STATE, "/v1/admin/peers", "/v1/user/capabilities") * 2:
                wire.send(self.get(target=target))
                answer = wire.response()
                assert answer is not None and answer.status == 200


@pytest.fixture
def held(net, fx):
    for who in ("admin", "developer1"):
        net.get(STATE, who)
    return Held(net, fx)


def test_readers_do_not_wait_for_another_process(held):
    tag = held.tag
    with held.lock(), held.connect("developer1") as wire:
        for _ in range(20):
            wire.send(held.get(unless(tag)))
            assert checked(wire.response()).status == 304
        held.others_are_served()
        # Asked for the first time under the lock: from memory as well.
        with held.connect("user1") as other:
            other.send(held.get())
            assert checked(other.response()).status == 200


def test_readers_do_not_wait_for_a_write(held):
    with held.connect("developer1") as writer, held.connect("developer2") as waiter:
        waiter.send(held.get(unless(held.tag), wait()))
        with held.lock():
            # What follows on its own connection waits for it.
            writer.send(held.put(0) + held.get())
            for _ in range(3):
                held.others_are_served()
            assert writer.is_open() and waiter.is_open()
        assert writer.response().status == 204
        after = checked(writer.response())
        assert b'"192.0.2.1:1"' in after.body
        woken = checked(waiter.response())
        assert (woken.status, woken.body) == (200, after.body)


def test_many_writes_wait_in_a_row(held):
    names = ("developer1", "developer2", "user1", "user2")
    wires = [(held.connect(names[n % 4]), n) for n in range(40)]
    with held.lock():
        for wire, n in wires:
            wire.send(held.put(n % 4))
        held.others_are_served()
        assert all(wire.is_open() for wire, _ in wires)
    for wire, _ in wires:
        assert wire.response().status == 204
        wire.close()
    for n, name in enumerate(names):
        assert held.net.peer(name)["candidates"] == f'["192.0.2.{n + 1}:1"]'


@pytest.mark.parametrize("how", ["end", "reset"])
def test_who_hangs_up_during_a_write(held, how):
    """The answer finds nobody; what was asked for happens, as far as it had come."""
    files = n_files(held.net)
    wires = [held.connect("developer1") for _ in range(8)]
    with held.lock():
        for n, wire in enumerate(wires):
            wire.send(held.put(n) + held.get() * (n % 3))
            if how == "reset":
                wire.sock.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER 0
        held.others_are_served()
        for wire in wires[:-1]:
            wire.close()
        held.others_are_served()
    assert wires[-1].response().status == 204
    wires[-1].close()
    wait_for(lambda: n_files(held.net) <= files, "end of the connections")
    assert held.net.get(STATE, "developer1").status == 200
    assert held.net.peer("developer1")["candidates"] != "[]"


def test_a_stop_during_a_write(held):
    """The server ends well; whoever was told 204 finds it in the file."""
    with held.connect("developer1") as writer:
        with held.lock():
            writer.send(held.put(0))
            held.others_are_served()
            os.kill(held.net.process.pid_inside, signal.SIGTERM)
            wait_for(lambda: "stopping" in held.net.log(), "word of stopping")
        answer = writer.response()
        assert held.net.stop() == 0
        stored = held.net.peer("developer1")["candidates"] == '["192.0.2.1:1"]'
        assert answer is None or (answer.status == 204) == stored
    assert held.net.sql("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def test_who_is_disabled_while_its_write_waits(held, fx):
    """One order or the other, but no write of a disabled peer after the 204 of the disabling."""
    net = held.net
    peer_id, _ = contents_of(net, "developer1")
    disable = request_bytes("DELETE", f"/v1/admin/peers/{peer_id}", [held.key])
    with held.connect("admin") as admin, held.connect("developer1") as writer:
        with held.lock():
            admin.send(disable)
            held.others_are_served()
            writer.send(held.put(0))
            held.others_are_served()
        assert admin.response().status == 204
        status = writer.response().status
        assert status in (204, 401)
        writer.send(held.get())
        assert writer.response().status == 401
        row = net.peer("developer1")
        assert row["is_disabled"] == 1
        assert (row["candidates"] != "[]") == (status == 204)


def test_another_process_and_requests_write_in_turn(net):
    """Nothing that was confirmed gets lost between the two."""
    for n in range(20):
        assert net.put("/v1/user/candidates", [f"192.0.2.1:{n + 1}"], "user1").status == 204
        cli(net, f"{('disable', 'enable')[n % 2]}-peer", "--name", "developer2", "--yes")
        assert net.peer("user1")["candidates"] == f'["192.0.2.1:{n + 1}"]'
        assert net.seen("user1", "user2")["candidates"] == [f"192.0.2.1:{n + 1}"]
        put_peer(net, "user2", name=f"u{n}")
        assert net.seen(f"u{n}", "user1")["name"] == f"u{n}"
        put_peer(net, f"u{n}", name="user2")
        assert net.peer("developer2")["is_disabled"] == 1 - n % 2


def test_a_database_with_a_write_ahead_log(idle):
    """Not ours to choose: somebody's tool may have switched it. Its head counts differently."""
    idle.sql("PRAGMA journal_mode = WAL")
    idle.start()
    with closing(sqlite3.connect(idle.db_path)) as keeper:  # so that the log is not merged at each end
        keeper.execute("SELECT count(*) FROM peers").fetchall()
        for n in range(10):
            idle.sql("UPDATE peers SET is_disabled = ? WHERE name = 'developer2'", 1 - n % 2)
            names = [p["name"] for p in idle.state("developer1")["peers"]]
            assert ("developer2" in names) == bool(n % 2)
            assert idle.put("/v1/user/candidates", [f"192.0.2.1:{n + 1}"], "user1").status == 204
            assert idle.seen("user1", "user2")["candidates"] == [f"192.0.2.1:{n + 1}"]
