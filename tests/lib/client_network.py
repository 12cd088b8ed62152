"""The golden network as fixtures: installed, or running on a stand-in, beside a scripted server.

Tests import the fixtures they use by name.
"""

import json

import pytest

from client_bed import Bed, golden_api, need_root

STATE = json.loads(golden_api("GET", "/v1/user/state"))
OTHER_KEY = "zZccNlQ4w24/oUjijqz2fTWWbLV/jqn8UI+0RtDAv2k="


@pytest.fixture
def bed(tmp_path):
    need_root()
    with Bed(tmp_path) as b:
        b.in_namespace("sh", "-c", "ip link add eth0 type veth peer name eth0p && "
                       "ip addr add 172.31.1.2/24 dev eth0 && "
                       "ip link set eth0 up && ip link set eth0p up")
        b.hosts.write_text("127.0.0.1 localhost\n")
        yield b


@pytest.fixture
def network(bed):
    """Installed, with a server that answers as the golden one; not up yet."""
    bed.install_golden(store=False)
    bed.start_golden_server()
    return bed


@pytest.fixture
def running(network):
    result = network.up()
    assert result.returncode == 0, result.stdout
    network.server.requests.clear()
    return network


def set_state(bed, peers=STATE["peers"], cidrs=STATE["cidrs"]):
    bed.server.answers["GET", "/user/state"] = json.dumps({"peers": peers, "cidrs": cidrs})


def changed(index, **changes):
    peers = list(STATE["peers"])
    peers[index] = {**peers[index], **changes}
    return peers


def snapshot(bed):
    """Everything that a failing fetch must leave alone."""
    return (bed.device(), bed.store.read_text() if bed.store.exists() else None,
            bed.hosts.read_text())


def hosts_section(bed):
    text = bed.hosts.read_text()
    begin, end = (f"# DO NOT EDIT innernet evilcorp {word}\n" for word in ("BEGIN", "END"))
    return text[text.index(begin):text.index(end) + len(end)]
