"""Ten thousand at once: peers who come back after a power cut, neighbours who mean no good
(docs/spec/server.md D22). A network of 10,000 peers in 100 CIDRs, whose addresses are all clients here; a
server that was built with sanitizers gets a tenth of everything. IPv4 only: the family changes nothing
but the length of addresses. Nothing is timed: deadlines are there to fail."""

import gzip
import ipaddress

import pytest

from bed import wait_for
from crowd import Crowd, all_over, all_sent, allow_files, is_sanitized, n_files, open_the_range
from network import KEY_HEADER
from polls import GZIP, STATE, ask, others_are_served, question, tag_of, unless, wait
from rows import new_key
from wire import request_bytes

pytestmark = pytest.mark.only(4)

N_CIDRS = 100


class Storm:
    """The network and its clients."""

    def __init__(self, net, n):
        self.net, self.n = net, n
        self.cidr_of = {}
        with net.db() as db:
            for c in range(N_CIDRS):
                first = ipaddress.ip_address("10.80.140.0") + 256 * c
                db.execute("INSERT INTO cidrs VALUES (?, ?, ?, 24, 5)", (100 + c, f"many-{c}", str(first)))
                for i in range(n // N_CIDRS):
                    self.cidr_of[str(first + 1 + i)] = 100 + c
            db.executemany(
                "INSERT INTO peers VALUES (NULL, ?, ?, ?, NULL, ?, 0, 0, 1, NULL, '[]')",
                ((f"many-{i}", ip, new_key(), cidr) for i, (ip, cidr) in enumerate(self.cidr_of.items())))

    @property
    def peers(self):
        return list(self.cidr_of)

    @property
    def strangers(self):
        """As many addresses of nobody, in the same range: their last byte is beyond the peers'."""
        return [str(ipaddress.ip_address("10.80.140.128") + 256 * (i % N_CIDRS) + i // N_CIDRS % 128)
                for i in range(self.n)]

    def tags(self, *fields):
        """One question per CIDR: what a client there would have kept."""
        first = {cidr: ip for ip, cidr in reversed(self.cidr_of.items())}
        return {cidr: tag_of(self.net, ip, *fields) for cidr, ip in first.items()}


@pytest.fixture(scope="module")
def storm(stage, fx, server_bin):
    net = stage.fresh()
    n = 1_000 if is_sanitized(server_bin) else 10_000
    if allow_files(n + 1_000) < n + 1_000:
        pytest.fail(f"this takes {n + 1_000} open files: see ulimit -Hn")
    storm = Storm(net, n)
    net.start()
    open_the_range(net, fx)
    storm.files = n_files(net)
    yield storm
    stage.leave()


@pytest.fixture(autouse=True)
def nothing_is_left(storm):
    """As many files are open after each test as when the server began."""
    yield
    wait_for(lambda: n_files(storm.net) <= storm.files, "end of the connections", 30)
    assert ask(storm.net, "admin").status == 200


# --- those who come back -----------------------------------------------------------------------------

def test_all_come_back_at_once(storm):
    """Most have what there is, one in twenty has nothing; half of these take it compressed."""
    tags = storm.tags()
    bodies = {}
    with Crowd(storm.net) as crowd:
        clients = []
        for n, ip in enumerate(storm.peers):
            fields = [GZIP] if n % 40 == 0 else [] if n % 20 == 0 else [unless(tags[storm.cidr_of[ip]])]
            clients.append(crowd.join(ip, question(storm.net, *fields)))
        answers = crowd.served(clients)
    for n, (ip, (status, fields, body)) in enumerate(zip(storm.peers, answers)):
        cidr = storm.cidr_of[ip]
        if n % 20:
            assert (status, fields["etag"]) == (304, tags[cidr]), ip
            continue
        assert status == 200, ip
        if cidr not in bodies:
            bodies[cidr] = ask(storm.net, ip).body
        if n % 40 == 0:
            body = gzip.decompress(body)
        assert body == bodies[cidr], ip


def test_one_change_wakes_all(storm):
    """Everybody waits; everybody is told, compressed; others are answered in between."""
    net, tags = storm.net, storm.tags(GZIP)
    with Crowd(net) as crowd:
        clients = [crowd.join(ip, question(net, unless(tags[cidr]), GZIP, wait()))
                   for ip, cidr in storm.cidr_of.items()]
        crowd.until(all_sent(clients), "requests sent")
        others_are_served(net)
        crowd.turn(0)
        assert not any(c.received or c.ended for c in clients), "not everybody waits"
        assert n_files(net) >= storm.files + storm.n
        net.sql("INSERT INTO cidrs VALUES (90, 'news', '10.81.0.0', 16, 1)")
        others_are_served(net)
        crowd.until(all_over(clients), "answers", 120)
        answers = [c.answer() for c in clients]
    assert {a[0] for a in answers if a} == {200} and all(answers)
    assert {a[1]["content-encoding"] for a in answers} == {"gzip"}
    new = storm.tags(GZIP)
    assert all(a[1]["etag"] == new[cidr] for a, cidr in zip(answers, storm.cidr_of.values()))
    net.sql("DELETE FROM cidrs WHERE id = 90")
    assert storm.tags(GZIP) == tags


def test_all_waiters_may_leave_at_once(storm):
    """The places are free again although nothing changes (nothing_is_left looks)."""
    net, tags = storm.net, storm.tags()
    for _ in range(2):
        with Crowd(net) as crowd:
            clients = [crowd.join(ip, question(net, unless(tags[cidr]), wait()))
                       for ip, cidr in storm.cidr_of.items()]
            crowd.until(all_sent(clients), "requests sent")
            others_are_served(net)
            crowd.turn(0)
            assert not any(c.received or c.ended for c in clients)
        wait_for(lambda: n_files(net) <= storm.files, "end of the connections", 30)


# --- bad neighbours ----------------------------------------------------------------------------------

def a_peer_is_served_before(clients, storm):
    """While the others are still there, and not because they have gone."""
    others_are_served(storm.net)
    with storm.net.connect("user1") as wire:
        wire.send(question(storm.net))
        assert wire.response().status == 200
    return sum(1 for c in clients if not c.ended)


@pytest.mark.parametrize("begun", [b"", b"GET /v1/user/state HTTP/1.1\r\nX"], ids=["nothing", "half a head"])
def test_many_who_say_nothing(storm, begun):
    with Crowd(storm.net) as crowd:
        with storm.net.connect("user2") as before:
            clients = [crowd.join(ip, begun) for ip in storm.strangers]
            crowd.until(all_sent(clients), "connections", 120)
            before.send(question(storm.net))
            assert before.response().status == 200
        assert a_peer_is_served_before(clients, storm) > 0
        # Nobody was told anything, but for those who found the house full.
        crowd.turn(0)
        for client in clients:
            assert not client.received or client.answer()[0] == 503


def test_many_of_one_source(storm):
    """It has 64 connections; what it opens beyond them ends, its first ones live."""
    request = question(storm.net, target="/v1/user/capabilities")
    with Crowd(storm.net) as crowd:
        clients = [crowd.join("10.80.128.2") for _ in range(300)]
        crowd.until(lambda: sum(c.ended for c in clients) >= 300 - 64, "end of what is too much")
        others_are_served(storm.net)
        # the others' connections end in their own time
        crowd.until(lambda: n_files(storm.net) <= storm.files + 64, "end of the others' connections", 30)
        lucky = [c for c in clients if not c.ended]
        assert lucky
        for client in lucky:
            crowd.send(client, request)
        crowd.until(all_over(lucky), "answers")
        assert {c.answer()[0] for c in lucky if c.answer()} == {200}


def test_those_who_read_a_byte_at_a_time(storm):
    """Answers pile up on the way to 500 who hardly take them."""
    net = storm.net
    readers = storm.peers[:: storm.n // 500]
    with Crowd(net) as crowd:
        clients = [crowd.join(ip, question(net) * 20, receive_buffer=2048) for ip in readers]
        for client in clients:
            client.appetite = 1
        crowd.until(lambda: all(c.received or c.ended for c in clients), "first bytes")
        for _ in range(5):
            for _ in range(3):
                crowd.turn()
            assert a_peer_is_served_before(clients, storm) == len(clients)
        # What they got is what they asked for, as far as it goes.
        whole = net.get(STATE, clients[0].address, headers=[(KEY_HEADER, net.server_key)])
        assert all(c.received.startswith(b"HTTP/1.1 200 OK\r\n"[:len(c.received)]) for c in clients)
        # Whoever begins to read gets the rest.
        clients[0].appetite = 65536
        crowd.until(lambda: clients[0].received.count(b"HTTP/1.1 200 OK") == 20
                    and clients[0].received.endswith(whole.body), "all answers")


ENDLESS = {
    "head": (b"GET /v1/user/state HTTP/1.1\r\n", b"X-%d: " + b"y" * 1000 + b"\r\n"),
    "field": (b"GET /v1/user/state HTTP/1.1\r\nX: ", b"y" * 1000),
    "target": (b"GET /v1/user/state?", b"y" * 1000),
    "line feeds": (b"", b"\r\n" * 500),
    "chunks": (b"K", b"3e8\r\n" + b"y" * 1000 + b"\r\n"),
    "length": (b"L", b"y" * 1000),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_requests_without_end(storm, what):
    """Each is cut off, at the latest when its time is over; others do not notice."""
    net = storm.net
    first, more = ENDLESS[what]
    if first == b"K":
        first = request_bytes("PUT", "/v1/user/candidates", [(KEY_HEADER, net.server_key),
                                                             ("Transfer-Encoding", "chunked")])
    elif first == b"L":
        first = request_bytes("PUT", "/v1/user/candidates", [(KEY_HEADER, net.server_key),
                                                             ("Content-Length", 2**40)])
    with Crowd(net) as crowd:
        clients = [crowd.join(ip, first) for ip in storm.peers[:100]]
        sent = 0

        def over():
            nonlocal sent
            for client in clients:
                if not client.ended and not client.to_send:
                    crowd.send(client, more.replace(b"%d", b"%d" % sent))
            sent += 1
            if sent % 20 == 0:
                others_are_served(net, "user2", 1)
            return all(c.ended for c in clients)
        crowd.until(over, f"end of the endless (after {sent} pieces)", 60)
        for client in clients:
            answer = client.answer()
            assert answer is None or answer[0] in (400, 413, 414, 431), answer
