"""Peers behind home routers (spec/client.md 3.6, 3.7). Nothing but the network's server and one peer
has an address that everybody can reach."""

import json
import re

import pytest

from hosts import wait_until
from innernet import NETWORK, Peer, Server, host_environment, install_together

STORE = f"/var/lib/innernet/{NETWORK}.json"

# As home routers come: what nobody inside asked for is dropped, before connection tracking would
# remember it, and nobody inside gets back in by the outer address (no hairpin).
FIREWALL = """
table inet filter {
  chain input { type filter hook input priority filter; iifname "wan" ct state new drop; }
  chain forward { type filter hook forward priority filter; iifname "wan" ct state new drop; }
}
"""


class Home:
    """A LAN behind a router. All of them use the same range, as homes do."""

    def __init__(self, world, name, public, address, mapping=""):
        self.world, self.address = world, address
        self.lan = world.switch(f"{name}-lan")
        self.router = world.host(f"{name}-router")
        world.plug(self.router, public, f"{address}/16", interface="wan")
        world.plug(self.router, self.lan, "192.168.1.1/24", interface="lan")
        self.router.run("nft", "-f", "-", input=FIREWALL)
        self.router.masquerade("wan", mapping)

    def peer(self, name, n):
        host = self.world.host(name, host_environment())
        self.world.plug(host, self.lan, f"192.168.1.{n}/24", gateway="192.168.1.1")
        return Peer(host)


class Corp:
    """alice and carol at one home, bob at another; sam and tess behind routers that give every
    destination another port (symmetric NAT); dora needs no router."""

    def __init__(self, world):
        self.world, self.public = world, world.switch("public")
        self.server = Server(self.public_host("server", "172.18.1.1"))
        self.server.new()
        self.server.add_cidr("humans", "10.66.1.0/24")
        self.server.add_cidr("islands", "10.66.2.0/24")
        self.server.start()
        self.home = Home(world, "home", self.public, "172.18.1.11")
        self.other_home = Home(world, "other", self.public, "172.18.1.12")
        self.strict_homes = [Home(world, f"strict{n}", self.public, f"172.18.1.{n}",
                                  "random,fully-random") for n in (13, 14)]
        self.dora = Peer(self.public_host("dora", "172.18.1.2"))
        self.alice, self.carol = self.home.peer("alice", 2), self.home.peer("carol", 4)
        self.bob = self.other_home.peer("bob", 3)
        self.sam = self.strict_homes[0].peer("sam", 2)
        self.tess = self.strict_homes[1].peer("tess", 3)

    def public_host(self, name, address):
        host = self.world.host(name, host_environment())
        self.world.plug(host, self.public, f"{address}/16")
        return host

    def install(self):
        invited = {"alice": (self.alice, "humans"), "bob": (self.bob, "humans"),
                   "carol": (self.carol, "humans"), "dora": (self.dora, "humans"),
                   "sam": (self.sam, "islands"), "tess": (self.tess, "islands")}
        install_together(*((peer, self.server.invite(name, cidr)) for name, (peer, cidr)
                           in invited.items()), options=["--no-nat-traversal"])


def wait_for_endpoints(peer, **homes):
    """Until the server, which looks at its device now and then, tells how it sees the peers."""
    def told():
        peer.cli("fetch", NETWORK, "--no-nat-traversal", "--no-write-hosts")
        seen = {p["name"]: p["endpoint"] for p in json.loads(peer.host.read(STORE))["peers"]}
        return all((seen[name] or "").startswith(f"{home.address}:")
                   for name, home in homes.items())
    wait_until(told, 30, "the server to tell endpoints", pause=0.2)


def up_together(*peers):
    """`up` on all of them at the same moment; the programs, after their end."""
    programs = [peer.start_up() for peer in peers]
    for program in programs:
        assert program.wait(60) == 0, program.log()
    return programs


def shown_endpoint(peer, name):
    text = peer.cli("show", NETWORK).stdout
    found = re.search(rf"^  peer: {name} .*\n(?:    .*\n)*?    endpoint: (\S+)$", text, re.M)
    assert found, text
    return found.group(1)


def has_handshake(peer, other):
    return peer.device()[other.public_key()][2] > 0


@pytest.fixture(scope="module")
def corp(world):
    corp = Corp(world)
    corp.install()
    return corp


@pytest.fixture(scope="module")
def joined(corp):
    wait_for_endpoints(corp.dora, alice=corp.home, carol=corp.home, bob=corp.other_home)
    up_together(corp.alice, corp.bob, corp.carol)
    return corp


def test_homes_reach_each_other_as_the_server_sees_them(joined):
    alice, bob = joined.alice, joined.bob
    up_until_they_meet(alice, bob, "10.66.1.2")
    bob.host.pings("10.66.1.1", timeout=30)
    assert shown_endpoint(alice, "bob").startswith(f"{joined.other_home.address}:")
    assert shown_endpoint(bob, "alice").startswith(f"{joined.home.address}:")
    # It is the tunnel that leads there, nothing else.
    alice.host.pings_not("192.168.1.3")


def up_until_they_meet(one, other, address):
    """Rounds as the daemon has them: a single one can miss the other's moment on a busy machine."""
    for _ in range(4):
        try:
            return one.host.pings(address, timeout=15)
        except AssertionError:
            up_together(one, other)
    return one.host.pings(address, timeout=15)


def test_peers_at_one_home_meet_in_its_lan(joined):
    alice, carol = joined.alice, joined.carol
    up_until_they_meet(alice, carol, "10.66.1.3")
    carol.host.pings("10.66.1.1", timeout=30)
    assert shown_endpoint(alice, "carol").startswith("192.168.1.4:")
    assert shown_endpoint(carol, "alice").startswith("192.168.1.2:")


def test_a_dead_peer_costs_nobody_a_connection(joined):
    alice, server = joined.alice, joined.server
    server.invite("ghost", "humans", ip="10.66.1.200")
    key = server.host.run("sh", "-c", "wg genkey | wg pubkey").stdout.strip()
    server.sql(f"UPDATE peers SET is_redeemed = 1, public_key = '{key}',"
               " endpoint = '172.18.99.1:51820',"
               """ candidates = '["172.18.99.2:51820"]' WHERE name = 'ghost'""")
    newcomer = Peer(joined.public_host("newcomer", "172.18.1.3"))
    newcomer.install(server.invite("newcomer", "humans", ip="10.66.1.201"), "--no-nat-traversal")

    def knows_ghost():
        alice.cli("fetch", NETWORK, "--no-nat-traversal")
        return key in alice.device()
    wait_until(knows_ghost, 15, "the ghost on alice")
    flow = alice.host.start("ping", "-n", "-i0.2", "10.66.1.2")
    # About ten seconds for an endpoint and one candidate; `up` in vain may not take minutes.
    done = alice.up()
    flow.signal(2)
    flow.wait()
    assert " 0% packet loss" in flow.log(), flow.log()
    alice.host.pings("10.66.1.201", timeout=20)
    assert has_handshake(alice, newcomer)
    assert alice.device()[key][::2] == ("172.18.99.1:51820", 0), "the endpoint is what stays"
    # The newcomer may be named beside it: a handshake is tried every five seconds only.
    assert re.search(r"^\[!\] .*no handshake yet with (\w+, )?ghost[:,]", done.stdout, re.M), \
        done.stdout


def test_symmetric_nat_is_not_traversed_and_says_so(corp):
    sam, tess = corp.sam, corp.tess
    wait_for_endpoints(sam, tess=corp.strict_homes[1])
    wait_for_endpoints(tess, sam=corp.strict_homes[0])
    programs = up_together(sam, tess)
    for program, peer, other, name in zip(programs, (sam, tess), (tess, sam), ("tess", "sam")):
        assert not has_handshake(peer, other)
        assert re.search(rf"^\[!\] {NETWORK}: no handshake yet with {name}: neither endpoint nor "
                         "candidates answered", program.log(), re.M), program.log()
    # The server is reached all the same.
    sam.host.pings("10.66.0.1")
