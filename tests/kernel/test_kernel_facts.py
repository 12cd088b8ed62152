"""What Linux's WireGuard really does: the points which the specification left to verify (server part
9 item 1, client appendix C item 1). Asked with netlink of our own making (genl.py) and wg(8), so that
no mistake of the programs can hide here. docs/verified.md says what it means for them."""

import base64
import errno
import json
import os
import pathlib
import re
import socket
import struct
import subprocess

import pytest

import genl
from hosts import wait_until

NAME = "wgfact"
PRIVATE = bytes([0x08] + [7] * 30 + [0x47])
IFF_UP, IFF_NOARP = 1, 0x80


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def key(n):
    return struct.pack("=BI", 1, n) + bytes(27)


def public_key(private):
    done = subprocess.run(["wg", "pubkey"], input=base64.b64encode(private), check=True,
                          capture_output=True)
    return base64.b64decode(done.stdout)


@pytest.fixture
def wg():
    wg = genl.WireGuard()
    yield wg
    wg.close()


@pytest.fixture
def device(wg):
    ip("link", "add", NAME, "type", "wireguard")
    wg.set(NAME, genl.attr(genl.PRIVATE_KEY, PRIVATE),
           genl.attr(genl.LISTEN_PORT, struct.pack("=H", 45678)))
    yield NAME
    ip("link", "del", NAME)


def test_missing_device_is_enodev(wg):
    for call in (wg.get, wg.set):
        with pytest.raises(OSError) as failure:
            call("nosuch")
        assert failure.value.errno == errno.ENODEV


def test_foreign_device_is_eopnotsupp(wg):
    ip("link", "add", "foreign", "type", "dummy")
    try:
        for call in (wg.get, wg.set):
            with pytest.raises(OSError) as failure:
                call("foreign")
            assert failure.value.errno == errno.EOPNOTSUPP
    finally:
        ip("link", "del", "foreign")


def test_dump_always_has_keepalive_preshared_key_and_handshake(wg, device):
    wg.set(device, genl.nest(genl.PEERS, genl.peer(key(1))))
    (entry,) = wg.peers(device)
    assert entry[genl.P_KEEPALIVE] == b"\0\0"
    assert entry[genl.P_PRESHARED_KEY] == bytes(32)
    assert entry[genl.P_HANDSHAKE] == bytes(16)
    assert genl.P_ENDPOINT not in entry


def test_own_key_as_a_peer_is_ignored_without_an_error(wg, device):
    own = public_key(PRIVATE)
    wg.set(device, genl.nest(genl.PEERS, genl.peer(own, genl.nest(
        genl.P_ALLOWEDIPS, genl.allowed_ip("10.1.0.1/32"))), genl.peer(key(1))))
    assert [entry[genl.P_PUBLIC_KEY] for entry in wg.peers(device)] == [key(1)]


def test_removing_an_unknown_key_succeeds(wg, device):
    wg.set(device, genl.nest(genl.PEERS, genl.peer(
        key(9), genl.attr(genl.P_FLAGS, struct.pack("=I", genl.REMOVE_ME)))))
    assert wg.peers(device) == []


def test_update_only_creates_nothing(wg, device):
    wg.set(device, genl.nest(genl.PEERS, genl.peer(
        key(9), genl.attr(genl.P_FLAGS, struct.pack("=I", genl.UPDATE_ONLY)))))
    assert wg.peers(device) == []


def test_many_allowed_ips_are_split_over_messages(wg, device):
    count = 3000
    texts = [f"100.64.{n >> 8}.{n & 255}/32" for n in range(count)]
    for start in range(0, count, 500):
        wg.set(device, genl.nest(genl.PEERS, genl.peer(key(1), genl.nest(
            genl.P_ALLOWEDIPS, *map(genl.allowed_ip, texts[start:start + 500])))))
    messages = wg.get(device)
    assert len(messages) > 1
    first, *rest = wg.peers(device)
    assert genl.P_KEEPALIVE in first
    # What continues a peer has its key and more addresses, nothing else.
    for entry in rest:
        assert entry[genl.P_PUBLIC_KEY] == key(1)
        assert set(entry) == {genl.P_PUBLIC_KEY, genl.P_ALLOWEDIPS}
    assert sum(len(genl.parse(e[genl.P_ALLOWEDIPS])) for e in (first, *rest)) == count
    # As long as no peer is complete, each message says everything about the device again.
    assert all(genl.LISTEN_PORT in dict(message) for message in messages)


def test_many_peers_are_split_over_messages(wg, device):
    count = 250
    wg.set(device, genl.nest(genl.PEERS, *(genl.peer(key(n)) for n in range(count))))
    messages = wg.get(device)
    assert len(messages) > 1
    assert sorted(entry[genl.P_PUBLIC_KEY] for entry in wg.peers(device)) == sorted(
        key(n) for n in range(count))
    assert genl.LISTEN_PORT in dict(messages[0])
    assert all(genl.LISTEN_PORT not in dict(message) for message in messages[1:])


@pytest.fixture
def accept_dad():
    """Duplicate address detection wanted on all interfaces; the default is 0, each for itself."""
    path = pathlib.Path("/proc/sys/net/ipv6/conf/all/accept_dad")
    assert path.read_text().strip() == "0"
    path.write_text("1")
    yield
    path.write_text("0")


def test_up_with_change_mask_0_clears_flags(wg, device):
    """D19: the flag word is set as a whole. The device came with NOARP, so its own accept_dad is -1
    and, as Linux comes, nothing is detected all the same."""
    ip("address", "add", "fd00:19::1/64", "dev", device)
    assert link_flags(device) & IFF_NOARP
    genl.set_link_flags(device, IFF_UP, 0)
    assert not link_flags(device) & IFF_NOARP
    own = pathlib.Path(f"/proc/sys/net/ipv6/conf/{device}/accept_dad").read_text().strip()
    assert own == "-1"
    bind("fd00:19::1")
    ip("address", "add", "fd00:20::1/64", "dev", device)
    bind("fd00:20::1")


def test_change_mask_0_breaks_the_bind_where_detection_is_on(wg, device, accept_dad):
    """D19 for a machine with net.ipv6.conf.all.accept_dad = 1: without NOARP a new address is
    tentative, and the first bind to it fails."""
    genl.set_link_flags(device, IFF_UP, 0)
    ip("address", "add", "fd00:20::1/64", "dev", device)
    assert "tentative" in ip("address", "show", "dev", device)
    with pytest.raises(OSError) as failure:
        bind("fd00:20::1")
    assert failure.value.errno == errno.EADDRNOTAVAIL
    wait_until(lambda: "tentative" not in ip("address", "show", "dev", device), 10, "the address")
    bind("fd00:20::1")
    # One of the remedies: no detection for this address.
    ip("address", "add", "fd00:21::1/64", "dev", device, "nodad")
    bind("fd00:21::1")


def bind(address):
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind((address, 0))


def test_up_with_a_change_mask_keeps_flags_and_binds_at_once(wg, device, accept_dad):
    ip("address", "add", "fd00:19::1/64", "dev", device)
    genl.set_link_flags(device, IFF_UP, IFF_UP)
    assert link_flags(device) & IFF_NOARP
    bind("fd00:19::1")
    ip("address", "add", "fd00:20::1/64", "dev", device)
    bind("fd00:20::1")


def link_flags(name):
    return int(open(f"/sys/class/net/{name}/flags", encoding="ascii").read(), 16)


def test_ipv6_address_gets_a_connected_route(wg, device):
    ip("address", "add", "fd00:20::1/64", "dev", device)
    ip("link", "set", device, "up")
    routes = [r for r in json.loads(ip("-6", "-j", "route", "show", "dev", device))
              if r["dst"] == "fd00:20::/64"]
    assert [(r["protocol"], r["metric"]) for r in routes] == [("kernel", 256)]
    # D20: the explicit route is another one, not EEXIST as with IPv4.
    ip("route", "add", "fd00:20::/64", "dev", device, "proto", "boot", "scope", "link")
    routes = [r for r in json.loads(ip("-6", "-j", "route", "show", "dev", device))
              if r["dst"] == "fd00:20::/64"]
    assert sorted(r["metric"] for r in routes) == [256, 1024]
    ip("address", "add", "10.20.0.1/24", "dev", device)
    with pytest.raises(subprocess.CalledProcessError) as failure:
        ip("route", "add", "10.20.0.0/24", "dev", device, "proto", "boot", "scope", "link",
           "src", "10.20.0.1")
    assert "File exists" in failure.value.stderr


class Pair:
    """Two hosts with a tunnel between them that has been used."""

    def __init__(self, world):
        switch = world.switch()
        self.a, self.b = world.host("a"), world.host("b")
        self.keys = {}
        for n, host in ((1, self.a), (2, self.b)):
            world.plug(host, switch, f"172.18.1.{n}/24")
            host.run("ip", "link", "add", "wg0", "type", "wireguard")
            host.run("sh", "-c", "umask 77; wg genkey >/run/key")
            host.run("wg", "set", "wg0", "private-key", "/run/key", "listen-port", "51820")
            host.run("ip", "address", "add", f"10.9.0.{n}/24", "dev", "wg0")
            host.run("ip", "link", "set", "wg0", "up")
            self.keys[n] = host.run("wg", "show", "wg0", "public-key").stdout.strip()
        self.a.run("wg", "set", "wg0", "peer", self.keys[2], "allowed-ips", "10.9.0.2/32",
                   "endpoint", "172.18.1.2:51820")
        self.b.run("wg", "set", "wg0", "peer", self.keys[1], "allowed-ips", "10.9.0.1/32")
        self.a.pings("10.9.0.2")

    def handshakes(self):
        """How many handshake messages have crossed the cable so far (148 and 92 bytes of UDP)."""
        text = self.b.run("nft", "list", "counters").stdout
        return sum(int(n) for n in re.findall(r"packets (\d+)", text))

    def count_handshakes(self):
        rules = "\n".join(f"udp length {n} counter name handshakes" for n in (156, 100))
        chains = "\n".join(f"chain {way} {{ type filter hook {way} priority 0\n{rules}\n}}"
                           for way in ("input", "output"))
        self.b.run("nft", "-f", "-",
                   input=f"table ip count {{\ncounter handshakes {{ }}\n{chains}\n}}\n")


def test_same_key_and_port_again_keep_the_session(own_world):
    pair = Pair(own_world)
    pair.count_handshakes()
    for host in (pair.a, pair.b):
        host.run("wg", "set", "wg0", "private-key", "/run/key", "listen-port", "51820")
    pair.a.run("wg", "set", "wg0", "peer", pair.keys[2], "allowed-ips", "10.9.0.2/32")
    for _ in range(3):
        pair.a.run("ping", "-n", "-c1", "-W2", "10.9.0.2")
    assert pair.handshakes() == 0
    # The counter can count: another key needs a new session.
    pair.b.run("sh", "-c", "wg genkey >/run/key2; wg set wg0 private-key /run/key2")
    other = pair.b.run("wg", "show", "wg0", "public-key").stdout.strip()
    pair.a.run("wg", "set", "wg0", "peer", other, "allowed-ips", "10.9.0.2/32",
               "endpoint", "172.18.1.2:51820")
    pair.a.pings("10.9.0.2")
    assert pair.handshakes() >= 2


def test_kernel_is_the_stock_one(wg):
    """The findings are worth something only when they come from where we think they do."""
    assert os.uname().version.find("Debian") > 0
    assert wg.family > 0
