"""What a peer tells of itself, and how it looks for others (spec/client.md 3.6, 3.7), with real
addresses in a namespace and a real clock.

spec/client.md part 10, additional cases: "NAT order (last candidate first, server endpoint last,
≈15 s for three); candidate filter set of 3.6".
"""

import ipaddress
import re
import threading
import time

from client_bed import PEER3_KEY, hex_key
from client_network import STATE, bed, network, running, set_state

ADDRESSES = """
set -e
ip addr add 169.254.7.7/16 dev eth0 scope global
ip addr add 172.31.1.77/24 dev eth0 label eth0:1
ip addr add 172.31.4.88/24 dev eth0 scope link
ip link add down0 type veth peer name down0p
ip addr add 172.31.2.2/24 dev down0
ip addr add 172.31.3.2/32 dev lo
for a in 2a00::1 2002:102:304::1 64:ff9b::102:304 fd00::1 2001:db8::1 fec0::1; do
    ip addr add $a/64 dev eth0 nodad
done
ip addr add 2a01::1/128 dev lo nodad
ip addr add 2a02::1/64 dev evilcorp nodad
"""
V4 = ["172.31.1.2", "169.254.7.7"]
V6 = {"2a00::1", "2002:102:304::1", "64:ff9b::102:304", "2a01::1"}


def candidates(bed, *args):
    bed.server.requests.clear()
    result = bed.fetch(*args)
    assert result.returncode == 0, result.stdout
    [body] = bed.server.bodies("PUT", "/user/candidates")
    assert all(entry.endswith(":51820") for entry in body)  # the stand-in tells no port
    return [str(ipaddress.ip_address(entry.removesuffix(":51820").strip("[]"))) for entry in body]


def test_CX44_candidate_filter_set(running):
    running.in_namespace("sh", "-c", ADDRESSES)
    found = candidates(running)
    assert found[:2] == V4  # all IPv4 first, in the kernel's order
    assert len(found) == 6 and set(found[2:]) == V6


def test_CX44_exclusions_are_of_one_family_and_use_up_no_place(running):
    running.in_namespace("sh", "-c", ADDRESSES)
    running.in_namespace("sh", "-ec", "for i in 1 2 3 4 5 6 7 8 9 10; do "
                         "ip addr add 192.168.7.$i/32 dev eth0; done")
    assert len(candidates(running)) == 10
    assert set(candidates(running, "--exclude-nat-candidates", "0.0.0.0/0")) == V6
    assert candidates(running, "--exclude-nat-candidates", "::/0", "--exclude-nat-candidates",
                      "192.168.7.0/24") == V4
    assert candidates(running, "--no-nat-candidates") == []


def test_CX43_three_candidates_take_fifteen_seconds(network):
    """Nobody answers: five seconds for the endpoint that the fetch set, five for each candidate but
    the last, from the end of the list; what the server reported stays."""
    set_state(network, [STATE["peers"][0], {**STATE["peers"][3],
                                            "candidates": ["1.1.1.1:1", "1.1.1.2:2"]}])
    text = network.conf.read_text()
    network.conf.write_text(text + '"10.66.0.1" = "172.31.1.1:51820"\n')  # takes no part
    start = time.monotonic()
    result = network.run("-v", "--backend", "userspace", "up", "evilcorp", "--no-write-hosts")
    took = time.monotonic() - start
    assert result.returncode == 0, result.stdout
    tries = re.findall(r"Trying endpoint (\S+) for peer (\S+)\n", result.stdout)
    assert tries == [("1.1.1.2:2", "peer3"), ("1.1.1.1:1", "peer3"), ("172.31.1.4:49571", "peer3")]
    assert 15 <= took
    assert network.device()["peers"][hex_key(PEER3_KEY)]["endpoint"] == "172.31.1.4:49571"
    steps = re.findall(r"Trying to reach (\d+) peer\(s\)", result.stdout)
    assert steps == ["1", "1", "1"]
    assert "NAT traversal is finished" in result.stdout


def test_a_host_named_endpoint_that_does_not_resolve_stops_nobody(network):
    """9.24: names are looked up with a deadline, and a failure is that of one peer."""
    set_state(network, [STATE["peers"][0], {**STATE["peers"][2], "endpoint": "nowhere.invalid:1"},
                        STATE["peers"][3]])
    text = network.conf.read_text()
    network.conf.write_text(text[:text.index("[peer-endpoint-overrides]")])
    assert network.up().returncode == 0
    peers = network.device()["peers"]
    assert len(peers) == 3
    assert peers[hex_key(PEER3_KEY)]["endpoint"] == "172.31.1.4:49571"


def test_a_wait_that_is_over_is_none(network):
    """9.6: reporting took longer than the endpoints' five seconds."""
    set_state(network, [STATE["peers"][0], {**STATE["peers"][3], "candidates": ["1.1.1.1:1"]}])
    never = threading.Event()

    def slow(_handler, _body):
        never.wait(5.5)
        return (204, "")
    network.server.answers["PUT", "/user/candidates"] = slow
    result = network.run("-v", "--backend", "userspace", "up", "evilcorp", "--no-write-hosts")
    assert result.returncode == 0, result.stdout
    assert "Trying endpoint 1.1.1.1:1 for peer peer3" in result.stdout
    assert "NAT traversal is finished" in result.stdout
