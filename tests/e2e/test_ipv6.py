"""A network whose inside is IPv6: its first start works at once (spec/server.md D19)."""

import json

from hosts import wait_until
from innernet import NETWORK, Peer, Server, install_together, new_lan


def test_first_start_of_an_ipv6_network(own_world):
    lan = new_lan(own_world)
    server_host = lan("server", 1)
    # As Linux comes, WireGuard devices are left out of duplicate address detection. Where an
    # administrator has turned it on for all, the new address is not usable at first (D19).
    server_host.set_sysctl("net/ipv6/conf/all/accept_dad", 1)
    server = Server(server_host, cidr="fd00:66::/64", address="fd00:66::1",
                    endpoint="[fd18::1]:51820")
    server.new()
    server.add_cidr("humans", "fd00:66::1:0:0:0/80")
    alice_invitation = server.invite("alice", "humans", admin=True)
    bob_invitation = server.invite("bob", "humans")
    assert 'internal-endpoint = "[fd00:66::1]:51820"' in alice_invitation

    # Started once, never again: with duplicate address detection the first bind would fail.
    server.start()
    link = json.loads(server.host.run("ip", "-j", "address", "show", NETWORK).stdout)[0]
    assert "NOARP" in link["flags"], "the rest of the flags survived link-up"
    assert [a.get("nodad") for a in link["addr_info"] if a["local"] == "fd00:66::1"] == [True]
    listening = server.host.run("ss", "-Hltn", "sport", "=", ":51820").stdout
    assert "[fd00:66::1]" in listening

    alice, bob = Peer(lan("alice", 2)), Peer(lan("bob", 3))
    install_together((alice, alice_invitation), (bob, bob_invitation))
    alice.host.pings("fd00:66::1")
    alice.up()
    alice.host.pings("fd00:66::1:0:0:2", timeout=20)
    assert f"fd00:66::1:0:0:2 bob.{NETWORK}.wg" in alice.host.read("/etc/hosts")

    addresses = json.loads(alice.host.run("ip", "-j", "address", "show", NETWORK).stdout)[0]
    own = [a for a in addresses["addr_info"] if a["scope"] == "global"]
    assert [(a["local"], a["prefixlen"]) for a in own] == [("fd00:66::1:0:0:1", 64)]
    assert "tentative" not in own[0]

    assert server.stop() == 0
    # A second start finds its own leftovers and works as well.
    server.start()
    wait_until(lambda: alice.up(check=None).returncode == 0, 20, "the server after its restart")
