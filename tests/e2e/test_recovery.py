"""What comes back by itself: an interface deleted behind our back, a peer that was renamed, disabled
and enabled again."""

import re

import pytest

from hosts import wait_until
from innernet import BACKEND, NETWORK, Peer, Server, install_together, new_lan

BOB = "10.66.1.2"


class Corp:
    def __init__(self, world):
        lan = new_lan(world)
        self.server = Server(lan("server", 1))
        self.server.new()
        self.server.add_cidr("humans", "10.66.1.0/24")
        self.server.start()
        self.alice, self.bob, self.carl = (
            Peer(lan(name, n)) for n, name in ((2, "alice"), (3, "bob"), (4, "carl")))
        invitations = [self.server.invite(name, "humans", admin=name == "alice")
                       for name in ("alice", "bob", "carl")]
        install_together(*zip((self.alice, self.bob, self.carl), invitations),
                         options=["--no-nat-traversal"])
        self.bob_key = self.bob.public_key()
        self.daemons = [peer.start_daemon(1, "--no-nat-traversal")
                        for peer in (self.alice, self.bob, self.carl)]

    def everybody(self):
        """All but bob, as (host, device)."""
        for peer in (Peer(self.server.host), self.alice, self.carl):
            yield peer.host, peer.device()

    def is_known_as(self, name):
        """Has every other host bob's key on its device and `name` (None: neither) as the only name
        of his address?"""
        for host, device in self.everybody():
            wanted = [f"{name}.{NETWORK}.wg"] if name else []
            names = re.findall(rf"^{re.escape(BOB)} (\S+)$", host.read("/etc/hosts"), re.M)
            entry = device.get(self.bob_key)
            assert names == wanted, (host.name, names)
            assert (entry and entry[1]) == (f"{BOB}/32" if name else None), (host.name, entry)
        return True

    def wait_known_as(self, name):
        wait_until(lambda: self.is_known_as(name), 20, f"bob to be {name} everywhere")


@pytest.fixture(scope="module")
def corp(world):
    corp = Corp(world)
    corp.wait_known_as("bob")
    return corp


def delete_interface(host):
    if BACKEND == "kernel":
        host.run("ip", "link", "delete", NETWORK)
    else:
        host.run("rm", f"/run/wireguard/{NETWORK}.sock")


def test_the_daemon_brings_a_deleted_interface_up_again(corp):
    alice = corp.alice
    alice.host.pings("10.66.0.1")
    before = {key: entry[1] for key, entry in alice.device().items()}
    delete_interface(alice.host)
    corp.daemons[0].wait_for_log("Bringing up interface", 20)

    def is_back():
        done = alice.host.run("wg", "show", NETWORK, check=None)
        assert done.returncode == 0
        assert {key: entry[1] for key, entry in alice.device().items()} == before
        return "10.66.1.1/16" in alice.host.run("ip", "address", "show", NETWORK).stdout
    wait_until(is_back, 20, "alice's interface")
    alice.host.pings("10.66.0.1", timeout=20)
    alice.host.pings(BOB, timeout=30)
    assert all(daemon.alive() for daemon in corp.daemons)


def test_a_renamed_disabled_and_enabled_peer_ends_up_right_everywhere(corp):
    alice, bob = corp.alice, corp.bob
    alice.cli("rename-peer", NETWORK, "--name", "bob", "--new-name", "robert", "--yes")
    corp.wait_known_as("robert")
    alice.cli("disable-peer", NETWORK, "--name", "robert", "--yes")
    corp.wait_known_as(None)
    bob.host.pings_not("10.66.0.1")
    # A name may change while its peer is away.
    corp.server.cli("rename-peer", NETWORK, "--name", "robert", "--new-name", "bobby", "--yes")
    alice.cli("enable-peer", NETWORK, "--name", "bobby", "--yes")
    corp.wait_known_as("bobby")
    for host in (alice.host, corp.carl.host, corp.server.host):
        host.pings(BOB, timeout=40)
    assert all(daemon.alive() for daemon in corp.daemons)
    # His own daemon has been shut out meanwhile; now it learns his new name too.
    wait_until(lambda: f"{BOB} bobby.{NETWORK}.wg" in bob.host.read("/etc/hosts"), 40,
               "bob's own hosts file")
