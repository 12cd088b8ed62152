"""Many clients with addresses of their own, from one process; and what they cost the server."""

import ipaddress
import os
import resource
import selectors
import socket
import time
from contextlib import contextmanager

from bed import wait_for
from rows import new_key

USERS = 5  # the CIDR of all of them


# --- addresses -------------------------------------------------------------------------------------

def seed_peers(net, fx, n, redeemed=True):
    """n peers among the users, as another process would add them; their addresses."""
    first = ipaddress.ip_address("10.80.140.1" if fx.version == 4 else "fd00:1337::3:1:0:1")
    addresses = [str(first + i) for i in range(n)]
    with net.db() as db:
        db.executemany("INSERT INTO peers VALUES (NULL, ?, ?, ?, NULL, ?, 0, 0, ?, NULL, '[]')",
                       ((f"many-{i}", ip, new_key(), USERS, redeemed)
                        for i, ip in enumerate(addresses)))
    return addresses


def open_the_range(net, fx):
    """All users' addresses are the clients' without having to be added one by one; and the server
    reaches them behind one neighbour, as WireGuard would, so that they need one entry only in a
    table which the machine bounds for all namespaces together."""
    family = f"-{fx.version}"
    net.bed.client_ip(family, "route", "replace", "local", fx.cidrs["user"], "dev", "lo")
    net.bed.server_ip(family, "route", "replace", fx.cidrs["user"], "via", fx.peers["admin"], "dev",
                      net.bed.interface)


def allow_files(n):
    """This process, and the server that it starts, may have n files open if the machine allows; how
    many it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < n:
        n = hard
    if soft < n:
        resource.setrlimit(resource.RLIMIT_NOFILE, (n, hard))
    return n


# --- what the server holds -------------------------------------------------------------------------

def n_files(net):
    return len(os.listdir(f"/proc/{net.process.pid_inside}/fd"))


def resident_kib(net):
    with open(f"/proc/{net.process.pid_inside}/status", encoding="ascii") as f:
        return int(f.read().split("VmRSS:")[1].split()[0])


def is_sanitized(server_bin):
    """Built with AddressSanitizer: slower, and it keeps what was freed for a while."""
    with open(server_bin, "rb") as f:
        return b"__asan_init" in f.read()


@contextmanager
def connections_end(net, deadline_s=20):
    """As many files are open afterwards as before."""
    before = n_files(net)
    yield
    wait_for(lambda: n_files(net) <= before, "end of the connections' files", deadline_s)


# --- clients ---------------------------------------------------------------------------------------

class Client:
    def __init__(self, sock, address):
        self.sock, self.address = sock, address
        self.to_send, self.received = b"", b""
        self.first = b""  # what it came with
        self.appetite = 65536  # how much it takes at once
        self.ended = False

    def answer(self):
        """(status, fields, body) of the first answer in what came, None before it is whole."""
        head, blank, rest = self.received.partition(b"\r\n\r\n")
        if not blank:
            return None
        status, *lines = head.decode("latin-1").split("\r\n")
        fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        status = int(status.split()[1])
        length = int(fields.get("content-length", 0)) if status not in (204, 304) else 0
        return (status, fields, rest[:length]) if len(rest) >= length else None


def all_sent(clients):
    return lambda: not any(c.to_send and not c.ended for c in clients)


def all_over(clients):
    return lambda: all(c.answer() or c.ended for c in clients)


class Crowd:
    """Connections that are all looked after at once. Also a context manager."""

    def __init__(self, net):
        self.net = net
        config = net.config
        self.server = (config["address"], config["listen-port"])
        self.clients = []
        self._selector = selectors.EpollSelector()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for client in self.clients:
            client.sock.close()
        self.clients = []
        self._selector.close()

    def join(self, address, data=b"", receive_buffer=None):
        """One more connection, on its way; `data` is sent when it is there."""
        sock = self.net.bed.socket_for(address, free=True)
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client = Client(sock, address)
        client.to_send = client.first = data
        sock.connect_ex(self.server)
        self.clients.append(client)
        self._selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, client)
        return client

    def leave(self, client):
        if not client.ended:
            self._selector.unregister(client.sock)
        client.sock.close()

    def send(self, client, data):
        client.to_send += data
        if not client.ended:
            self._selector.modify(client.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, client)

    def turn(self, timeout=0.05):
        """Takes and sends what can be taken and sent now."""
        for key, events in self._selector.select(timeout):
            client = key.data
            try:
                if events & selectors.EVENT_WRITE:
                    self._write(client)
                if events & selectors.EVENT_READ:
                    self._read(client)
            except (ConnectionError, TimeoutError):
                self._end(client)

    def until(self, condition, what, deadline_s=60):
        end = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end, f"no {what} within {deadline_s} s"
            self.turn()

    def served(self, clients, deadline_s=120):
        """The answers to what they came with, in their order. Who is sent away comes back until there
        is one; who is dropped without a word, or sent away without being told for how long, is a
        failure."""
        clients = list(clients)
        while True:
            self.until(all_over(clients), "answers", deadline_s)
            away = [at for at, c in enumerate(clients) if self._is_sent_away(c)]
            for at in away:
                gone = clients[at]
                self.leave(gone)
                clients[at] = self.join(gone.address, gone.first)
            if not away:
                return [c.answer() for c in clients]

    @staticmethod
    def _is_sent_away(client):
        answer = client.answer()
        assert answer, f"{client.address} was dropped without an answer: {client.received[:200]}"
        if answer[0] != 503:
            return False
        assert answer[2] == b"" and int(answer[1]["retry-after"]) >= 1
        assert answer[1]["connection"] == "close"
        return True

    def _write(self, client):
        if client.to_send:
            sent = client.sock.send(client.to_send)
            client.to_send = client.to_send[sent:]
        if not client.to_send:
            self._selector.modify(client.sock, selectors.EVENT_READ, client)

    def _read(self, client):
        data = client.sock.recv(client.appetite)
        client.received += data
        if not data:
            self._end(client)

    def _end(self, client):
        if not client.ended:
            client.ended = True
            self._selector.unregister(client.sock)
