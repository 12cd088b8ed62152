"""Writes wait for the disk, readers do not: tests/shim/slow_disk.c is the disk."""

import os
import select
import signal
import sqlite3
import struct
import tempfile

import pytest

from bed import wait_for
from network import KEY_HEADER, compact
from rows import peer_contents
from wire import request_bytes

CANDIDATES = ["6.6.6.6:6"]


class Disk:
    def __init__(self, net, fx, write_hosts=False):
        self.net, self.fx = net, fx
        self.gate = tempfile.mkdtemp(dir=os.path.dirname(net.folder))
        with open(self.path("steps"), "wb") as f:
            f.write(bytes(8))
        # A sanitizer's runtime is in the program, so it comes before everything that is preloaded.
        options = {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"}
        net.start(env={"LD_PRELOAD": os.environ["SLOW_DISK"], "SLOW_DISK_GATE": self.gate,
                       "SLOW_DISK_FOLDER": net.folder} | options, write_hosts=write_hosts)
        # Asked for once: a database that is being written to may not let us read.
        self.key = net.server_key

    def path(self, name):
        return os.path.join(self.gate, name)

    def set(self, what):
        with open(self.path(what), "w", encoding="ascii"):
            pass

    def release(self, what):
        os.unlink(self.path(what))

    def somebody_waits(self):
        wait_for(lambda: os.path.exists(self.path("waiting")), "write that waits")

    def steps(self):
        with open(self.path("steps"), "rb") as f:
            return struct.unpack("=Q", f.read(8))[0]

    def ask(self, who, method, target, body=None):
        """A request on its way; the answer is the connection's."""
        wire = self.net.connect(self.fx.peers[who])
        body = None if body is None else compact(body)
        wire.send(request_bytes(method, target, [(KEY_HEADER, self.key)], body))
        return wire

    def get(self, who, target="/v1/user/state"):
        with self.ask(who, "GET", target) as wire:
            return wire.response()

    def put(self, who, candidates):
        with self.ask(who, "PUT", "/v1/user/candidates", candidates) as wire:
            return wire.response()

    def candidates_of(self, name, seen_by):
        answer = self.get(seen_by)
        assert answer.status == 200
        return {p["name"]: p["candidates"] for p in answer.json["peers"]}[name]


@pytest.fixture
def disk(idle, fx):
    return Disk(idle, fx)


def is_unanswered(wire):
    return not wire.buffer and not select.select([wire.sock], [], [], 0)[0]


@pytest.mark.parametrize("what", ["sync", "write"])
def test_readers_are_answered_while_the_disk_stalls(disk, what):
    before = disk.candidates_of("user1", "user2")
    disk.set(what)
    with disk.ask("user1", "PUT", "/v1/user/candidates", CANDIDATES) as slow:
        disk.somebody_waits()
        for reader in ("user2", "user1", "admin"):
            assert disk.get(reader).status == 200
        assert disk.candidates_of("user1", "user2") == before
        assert disk.get("admin", "/v1/admin/peers").status == 200
        assert is_unanswered(slow)
        disk.release(what)
        assert slow.response().status == 204
    assert disk.candidates_of("user1", "user2") == CANDIDATES
    assert disk.net.peer("user1")["candidates"] == '["6.6.6.6:6"]'


def test_writes_wait_in_line(disk, fx):
    """Of several kinds; each is made once, and each is answered."""
    new = peer_contents("new", fx.spare[0], 4)
    disk.set("sync")
    asked = [
        disk.ask("user1", "PUT", "/v1/user/candidates", CANDIDATES),
        disk.ask("admin", "POST", "/v1/admin/peers", new),
        disk.ask("admin", "POST", "/v1/admin/peers", new),
        disk.ask("admin", "POST", "/v1/admin/associations", {"cidr_id_1": 4, "cidr_id_2": 5}),
        disk.ask("user2", "PUT", "/v1/user/endpoint", {"option": "Set", "content": "1.2.3.4:5"}),
        disk.ask("admin", "DELETE", "/v1/admin/peers/3"),
    ]
    disk.somebody_waits()
    assert all(is_unanswered(wire) for wire in asked)
    disk.release("sync")
    statuses = [wire.response().status for wire in asked]
    for wire in asked:
        wire.close()
    # Of two equal ones the first that came has it.
    assert sorted(statuses[1:3]) == [201, 400]
    assert [statuses[0], *statuses[3:]] == [204, 201, 204, 204]
    assert disk.get("developer1").status == 401
    assert {p["name"] for p in disk.get("developer2").json["peers"]} == \
        {"innernet-server", "developer2", "new", "user1", "user2"}
    assert new["public_key"] in disk.net.device().peers


@pytest.mark.parametrize("what", ["full", "broken"])
def test_a_failing_disk_is_an_error_of_the_server(disk, what):
    before = disk.net.everything()
    disk.set(what)
    assert disk.put("user1", CANDIDATES).status == 500
    assert disk.get("user2").status == 200
    disk.release(what)
    assert disk.net.everything() == before
    assert disk.candidates_of("user1", "user2") == []
    assert disk.put("user1", CANDIDATES).status == 204
    assert disk.candidates_of("user1", "user2") == CANDIDATES


def test_stopping_finishes_what_was_accepted(disk):
    disk.set("sync")
    with disk.ask("user1", "PUT", "/v1/user/candidates", CANDIDATES) as slow:
        disk.somebody_waits()
        os.kill(disk.net.process.pid_inside, signal.SIGTERM)
        wait_for(lambda: "stopping" in disk.net.log(), "the beginning of the end")
        disk.release("sync")
        assert slow.response().status == 204
    process, disk.net.process = disk.net.process, None
    assert process.wait(10) == 0
    assert disk.net.peer("user1")["candidates"] == '["6.6.6.6:6"]'


def test_stopping_takes_no_more_writes(disk):
    disk.set("sync")
    other = disk.net.connect(disk.fx.peers["user2"])
    assert disk.get("user2").status == 200
    with disk.ask("user1", "PUT", "/v1/user/candidates", CANDIDATES) as slow, other:
        disk.somebody_waits()
        os.kill(disk.net.process.pid_inside, signal.SIGTERM)
        wait_for(lambda: "stopping" in disk.net.log(), "the beginning of the end")
        other.send(request_bytes("PUT", "/v1/user/candidates", [(KEY_HEADER, disk.key)],
                                 compact(CANDIDATES)))
        assert other.response().status == 503
        assert other.ended()
        disk.release("sync")
        assert slow.response().status == 204
    process, disk.net.process = disk.net.process, None
    assert process.wait(10) == 0
    assert disk.net.peer("user2")["candidates"] != '["6.6.6.6:6"]'


def test_a_peer_stays_on_the_device_while_it_is_written(disk, fx):
    """Whoever looks after the device meanwhile knows nothing of it."""
    new = peer_contents("new", fx.spare[0], 4)
    disk.set("sync")
    slow = disk.ask("admin", "POST", "/v1/admin/peers", new)
    disk.somebody_waits()
    assert new["public_key"] in disk.net.device().peers
    wait_for(lambda: new["public_key"] not in disk.net.device().peers, "the next look at the device", 30)
    disk.release("sync")
    assert slow.response().status == 201
    assert new["public_key"] in disk.net.device().peers


def test_a_client_that_left_does_not_undo_its_write(disk):
    disk.set("sync")
    disk.ask("user1", "PUT", "/v1/user/candidates", CANDIDATES).close()
    disk.somebody_waits()
    assert disk.get("user2").status == 200
    disk.release("sync")
    wait_for(lambda: disk.candidates_of("user1", "user2") == CANDIDATES, "the change")


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_the_lock_of_another_process_stops_no_reader(disk, lock):
    """As a command that takes its time in the middle of its transaction."""
    other = sqlite3.connect(disk.net.db_path, isolation_level=None)
    other.execute(f"BEGIN {lock}")
    other.execute("UPDATE peers SET is_disabled = 1 WHERE name = 'developer1'")
    with disk.ask("user1", "PUT", "/v1/user/candidates", CANDIDATES) as slow:
        for reader in ("user2", "developer1"):
            assert disk.get(reader).status == 200
        assert is_unanswered(slow)
        other.execute("COMMIT")
        other.close()
        assert disk.get("developer1").status == 401  # the next answer knows it
        assert slow.response().status == 204
    assert disk.candidates_of("user1", "user2") == CANDIDATES


def test_requests_without_news_run_no_sql(disk):
    assert disk.put("user1", CANDIDATES).status == 204
    before = disk.steps()
    for _ in range(3):
        assert disk.get("user1").status == 200
        assert disk.get("admin", "/v1/admin/peers").status == 200
        assert disk.put("user1", CANDIDATES).status == 204
        assert disk.get("admin", "/v1/admin/nothing").status == 404
    assert disk.steps() == before
    assert disk.put("user1", []).status == 204
    assert disk.steps() > before  # they are counted


def test_the_next_answer_knows_what_a_command_did(disk):
    """Over one connection, that nothing is looked up but by the request itself."""
    with disk.ask("developer2", "GET", "/v1/user/state") as wire:
        assert "developer1" in {p["name"] for p in wire.response().json["peers"]}
        for disabled in (True, False):
            done = disk.net.cli("disable-peer" if disabled else "enable-peer", disk.net.name,
                                "--name", "developer1", "--yes")
            assert done.returncode == 0, done
            wire.send(request_bytes("GET", "/v1/user/state", [(KEY_HEADER, disk.key)]))
            names = {p["name"] for p in wire.response().json["peers"]}
            assert ("developer1" in names) != disabled


@pytest.mark.only(4)
def test_the_hosts_file_stops_nobody(idle, fx):
    """It is written every ten seconds at most, and the disk is slow just then."""
    with open(idle.hosts_path, "w", encoding="ascii") as f:
        f.write("127.0.0.1 localhost\n")
    disk = Disk(idle, fx, write_hosts=True)

    def section():
        with open(idle.hosts_path, encoding="ascii") as f:
            return f.read()
    assert " user1." in section()
    disk.get("user2")
    with disk.ask("admin", "DELETE", "/v1/admin/peers/5") as wire:
        assert wire.response().status == 204
    disk.set("sync")
    wait_for(lambda: os.path.exists(disk.path("waiting")), "the hosts file's turn", 30)
    assert disk.get("user2").status == 200
    assert " user1." in section()
    disk.release("sync")
    wait_for(lambda: " user1." not in section(), "the hosts file")
    assert " user2." in section()


@pytest.mark.parametrize("what", ["sync", "write"])
def test_a_crash_in_the_middle_of_a_write(disk, what):
    """Half of it is in the file, and the journal knows."""
    before = disk.net.everything()
    disk.set(what)
    with disk.ask("user1", "PUT", "/v1/user/candidates", CANDIDATES) as slow:
        disk.somebody_waits()
        disk.net.stop(signal.SIGKILL)
        assert slow.ended()  # nothing was promised
    disk.release(what)
    disk.net.start()
    assert disk.candidates_of("user1", "user2") == []
    assert disk.net.everything() == before
    assert disk.put("user1", CANDIDATES).status == 204
