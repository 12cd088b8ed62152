"""Endpoints that are names: the daemon goes on while they are looked up, a single `up` waits
(docs/architecture.md)."""

import pytest

from client_bed import PEER3_KEY, end_daemon, hex_key, wait_until
from client_network import STATE, bed, changed, network, set_state
from name_server import NameServer
from test_client_waiting import (STATE_CALL, live, second, settled_daemon, start_daemon,
                                 wait_for_waiting)

PEER3 = hex_key(PEER3_KEY)
ADDRESS = "203.0.113.9"


def endpoint_of(bed, key=PEER3):
    return bed.device_model.peers.get(key, {}).get("endpoint")


def endpoints_set(bed, key=PEER3):
    """What the peer's endpoint was set to, in order."""
    found, about = [], None
    for line in (line for request in list(bed.device_model.sets) for line in request):
        name, _, value = line.partition("=")
        if name == "public_key":
            about = value
        elif name == "endpoint" and about == key:
            found.append(value)
    return found


def test_a_name_that_nobody_answers_delays_no_other_network(live, second):
    """A look-up is not over, and not begun anew, while both networks have their rounds."""
    names = NameServer(live)
    live.state.waits = False
    live.state.set(changed(3, endpoint="silent.example:7"))
    daemon = start_daemon(live, "--no-nat-traversal", interval="0")
    wait_until(lambda: names.questions, "the question")
    n, n_other = len(live.state.statuses), second.calls().count(STATE_CALL)
    wait_until(lambda: second.calls().count(STATE_CALL) >= n_other + 4 and
               len(live.state.statuses) >= n + 4, "rounds of both networks")
    assert names.questions == ["silent.example"]
    assert PEER3 in live.device_model.peers and endpoint_of(live) is None
    end_daemon(daemon)


def test_a_name_that_is_resolved_later_needs_no_server(live):
    names = NameServer(live)
    live.state.set(changed(3, endpoint="late.example:7"))
    daemon = settled_daemon(live)
    wait_until(lambda: names.questions == ["late.example"], "the question")
    assert PEER3 in live.device_model.peers and endpoint_of(live) is None
    calls = live.server.calls()
    live.device_model.sets.clear()
    names.answer("late.example", ADDRESS)
    wait_until(lambda: endpoint_of(live) == f"{ADDRESS}:7", "the endpoint")
    assert live.device_model.touched() == [PEER3]
    assert live.server.calls() == calls and live.state.n_waiting == 1  # the same request
    live.state.set(STATE["peers"][:3])  # and it is heard
    wait_until(lambda: PEER3 not in live.device_model.peers, "the change")
    end_daemon(daemon)


def test_news_about_others_lose_no_name(live):
    names = NameServer(live)
    peers = changed(3, endpoint="late.example:7")
    live.state.set(peers)
    daemon = settled_daemon(live)
    live.state.set([*peers[:2], {**peers[2], "persistent_keepalive_interval": 17}, peers[3]])
    keepalive = "persistent_keepalive_interval"
    wait_until(lambda: any(p.get(keepalive) == "17" for p in live.device_model.peers.values()),
               "the news")
    names.answer("late.example", ADDRESS)
    wait_until(lambda: endpoint_of(live) == f"{ADDRESS}:7", "the endpoint")
    end_daemon(daemon)


def test_a_name_that_is_out_of_date_is_not_set(live):
    names = NameServer(live)
    both = changed(3, endpoint="late.example:7")
    both[2] = {**both[2], "endpoint": "other.example:6"}
    live.state.set(both)
    text = live.conf.read_text()
    live.conf.write_text(text[:text.index("[peer-endpoint-overrides]")])
    daemon = settled_daemon(live)
    both[3] = {**both[3], "endpoint": "8.8.4.4:8"}
    live.state.set(both)
    wait_until(lambda: endpoint_of(live) == "8.8.4.4:8", "the other endpoint")
    names.answer("late.example", ADDRESS)
    names.answer("other.example", ADDRESS)
    wait_until(lambda: any(p.get("endpoint") == f"{ADDRESS}:6"
                           for p in live.device_model.peers.values()), "the name of another peer")
    end_daemon(daemon)
    assert endpoints_set(live) == ["8.8.4.4:8"]


def test_nat_traversal_comes_back_to_a_name(live):
    names = NameServer(live)
    live.state.set(changed(3, endpoint="9.9.9.8:8", candidates=["1.1.1.1:1", "late.example:2"]))
    daemon = start_daemon(live, "evilcorp")
    wait_until(lambda: endpoint_of(live) == "1.1.1.1:1", "the candidate before")
    names.answer("late.example", ADDRESS)
    wait_until(lambda: len(endpoints_set(live)) >= 4, "all of them")
    end_daemon(daemon)
    assert endpoints_set(live) == ["9.9.9.8:8", "1.1.1.1:1", f"{ADDRESS}:2", "9.9.9.8:8"]


def test_the_name_of_the_server_delays_no_other_network(live, second):
    names = NameServer(live)
    live.in_namespace("ip", "addr", "flush", "dev", "evilcorp")  # to be brought up
    text = live.conf.read_text()
    live.conf.write_text(text.replace("172.31.1.1:51820", "server.example:51820"))
    daemon = start_daemon(live, "--no-nat-traversal", interval="0")
    wait_until(lambda: names.questions, "the question")
    n = second.calls().count(STATE_CALL)
    wait_until(lambda: second.calls().count(STATE_CALL) >= n + 4, "rounds of the other network")
    assert names.questions == ["server.example"] and live.server.calls() == []
    names.answer("server.example", "172.31.1.1")
    wait_until(lambda: STATE_CALL in live.server.calls(), "the interface is up")
    end_daemon(daemon)


@pytest.mark.parametrize("command", ["up", "fetch"])
def test_a_single_round_waits_for_names(network, command):
    if command == "fetch":
        assert network.up().returncode == 0
    names = NameServer(network)
    set_state(network, changed(3, endpoint="late.example:7"))
    process = network.start("--backend", "userspace", command, "evilcorp", "--hosts-path",
                            str(network.hosts), "--no-nat-traversal")
    wait_until(lambda: names.questions, "the question")
    assert process.poll() is None
    names.answer("late.example", ADDRESS)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert network.device()["peers"][PEER3]["endpoint"] == f"{ADDRESS}:7"
