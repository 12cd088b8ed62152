"""The daemon at a server that tells of changes at once, and at servers that do not
(docs/architecture.md, docs/protocol.md)."""

import json
import re
import threading

import pytest

from client_bed import (PEER2_KEY, PEER3_KEY, SERVER_IP, ScriptedServer, end_daemon, hex_key,
                        socket_in_netns, wait_until)
from client_network import OTHER_KEY, STATE, bed, changed, hosts_section, network
from model_device import ModelDevice
from waiting_state import WaitingState

STATE_CALL, CANDIDATES = ("GET", "/user/state"), ("PUT", "/user/candidates")
PRIVATE_KEY = "b07f5e80" + "0" * 56
SECOND_PORT = 51821
PEER2, PEER3 = hex_key(PEER2_KEY), hex_key(PEER3_KEY)


@pytest.fixture
def live(network):
    """A device that is up already and remembers what it is told, a server that knows waiting."""
    network.in_namespace("sh", "-c", "ip link add evilcorp type veth peer name evilcorp-far && "
                         "ip addr add 10.66.1.1/16 dev evilcorp && ip link set evilcorp up")
    network.device_model = ModelDevice(network.uapi_folder() / "evilcorp.sock", PRIVATE_KEY)
    network.closing.append(network.device_model)
    network.state = WaitingState(network)
    network.daemons = []
    yield network
    for daemon in network.daemons:
        daemon.kill()
        daemon.wait()


def start_daemon(bed, *args, interval="86400"):
    daemon = bed.start("-v", "--backend", "userspace", "up", "-d", *args, "--interval", interval,
                       "--hosts-path", str(bed.hosts))
    bed.daemons.append(daemon)
    return daemon


def wait_for_waiting(bed):
    """The daemon is done with everything and waits for news."""
    wait_until(lambda: bed.state.n_waiting == 1, "the daemon waits at the server")


def settled_daemon(bed, **keywords):
    daemon = start_daemon(bed, "evilcorp", "--no-nat-traversal", **keywords)
    wait_for_waiting(bed)
    return daemon


def waits(bed):
    """What was asked for, of each waiting request."""
    return [(tag, int(re.fullmatch(r"wait=(\d+)", prefer)[1])) for tag, prefer in bed.state.asked()
            if prefer]


# --- what is owed --------------------------------------------------------------------------------

def test_a_round_that_the_device_refused_is_made_again(live):
    end_daemon(settled_daemon(live))
    del live.device_model.peers[PEER2]
    live.device_model.refusals = 1
    start_daemon(live, "evilcorp", "--no-nat-traversal")
    wait_until(lambda: PEER2 in live.device_model.peers, "the peer that was missing")


def test_an_address_that_came_while_the_server_was_away_is_reported(live):
    settled_daemon(live)
    live.server.requests.clear()
    answer = live.server.answers[STATE_CALL]
    live.server.answers[STATE_CALL] = (503, "")
    live.state.end_waits()
    wait_until(lambda: len(live.server.requests) >= 2, "a retry")
    live.in_namespace("ip", "addr", "add", "172.31.9.9/24", "dev", "eth0")
    n = len(live.server.requests)
    wait_until(lambda: len(live.server.requests) >= n + 2, "further retries")
    live.server.answers[STATE_CALL] = answer
    wait_until(lambda: any(r[1] == "/user/candidates" and "172.31.9.9" in r[2]
                           for r in live.server.requests), "the report")


# --- news ---------------------------------------------------------------------------------------

def test_a_change_is_followed_at_once(live):
    daemon = settled_daemon(live)
    assert live.state.asked() == [(None, None), ('"v1"', "wait=300")]
    live.state.set(STATE["peers"][:3])
    wait_until(lambda: PEER3 not in live.device_model.peers, "the change")
    wait_until(lambda: "peer3" not in hosts_section(live), "the hosts file")
    wait_for_waiting(live)
    assert waits(live)[-1] == ('"v2"', 300)
    end_daemon(daemon)
    assert live.stored_peers()["peer3"]["is_disabled"]


def test_the_wait_is_the_rest_of_the_interval(live):
    end_daemon(settled_daemon(live, interval="60"))
    [(_, seconds)] = waits(live)
    assert 53 <= seconds <= 66


def test_a_change_touches_nobody_else(live):
    """Neither on the device, where another's endpoint may be in the middle of being tried, nor in
    the hosts file."""
    daemon = settled_daemon(live)
    live.device_model.peers[PEER2]["endpoint"] = "9.9.9.9:9"  # as NAT traversal sets it
    live.device_model.sets.clear()
    hosts = live.hosts.stat().st_ino
    live.state.set(changed(3, endpoint="8.8.4.4:8"))
    wait_until(lambda: live.device_model.sets, "the change")
    wait_for_waiting(live)
    assert live.device_model.touched() == [PEER3]
    assert live.device_model.peers[PEER3]["endpoint"] == "8.8.4.4:8"
    assert live.device_model.peers[PEER2]["endpoint"] == "9.9.9.9:9"
    assert live.hosts.stat().st_ino == hosts
    end_daemon(daemon)


def test_a_change_that_concerns_no_device_touches_none(live):
    daemon = settled_daemon(live)
    live.device_model.sets.clear()
    live.state.set(changed(3, name="renamed"))
    wait_until(lambda: "renamed.evilcorp.wg" in hosts_section(live), "the new name")
    end_daemon(daemon)
    assert live.device_model.sets == []


def test_a_peer_that_the_device_lacks_comes_back_with_any_news(live):
    daemon = settled_daemon(live)
    del live.device_model.peers[PEER2]
    live.state.set(changed(3, name="renamed"))
    wait_until(lambda: PEER2 in live.device_model.peers, "the peer")
    end_daemon(daemon)


def test_pins_are_checked_before_news_are_followed(live):
    daemon = settled_daemon(live)
    live.device_model.sets.clear()
    before = live.store.read_text()
    live.state.set(changed(3, public_key=OTHER_KEY))
    n = len(live.state.statuses)
    wait_until(lambda: len(live.state.statuses) > n + 1, "another attempt")
    output = end_daemon(daemon)
    # not in every attempt
    assert len(re.findall(r"^\[E\] .*pinned key mismatch", output, re.M)) == 1
    assert live.device_model.sets == [] and live.store.read_text() == before


def test_nat_traversal_goes_on_over_news_about_others(live):
    peers = changed(3, candidates=["1.1.1.1:1", "1.1.1.2:2", "1.1.1.3:3"])
    live.state.set(peers)
    daemon = start_daemon(live, "evilcorp")
    endpoint = lambda key: live.device_model.peers.get(key, {}).get("endpoint")
    wait_until(lambda: endpoint(PEER3) == "1.1.1.3:3", "the first candidate")
    wait_for_waiting(live)
    live.state.set([*peers[:2], {**peers[2], "persistent_keepalive_interval": 17}, peers[3]])
    keepalive = "persistent_keepalive_interval"
    wait_until(lambda: live.device_model.peers[PEER2].get(keepalive) == "17", "the news")
    wait_until(lambda: endpoint(PEER3) == "1.1.1.1:1", "the last candidate")
    end_daemon(daemon)
    tried = [line.split("=")[1] for request in live.device_model.sets
             if f"public_key={PEER3}" in request for line in request if "endpoint=1.1.1." in line]
    assert tried == ["1.1.1.3:3", "1.1.1.2:2", "1.1.1.1:1"]  # nothing began anew


# --- no news ------------------------------------------------------------------------------------

def test_a_wait_that_ends_early_is_no_reason_to_do_anything(live):
    daemon = settled_daemon(live)
    n_gets, n = live.device_model.n_gets, len(live.state.statuses)
    for i in range(3):
        wait_for_waiting(live)
        live.state.end_waits()
        wait_until(lambda: len(live.state.statuses) == n + i + 1, "the next request")
    wait_for_waiting(live)
    end_daemon(daemon)
    assert live.state.statuses[n:] == [304] * 3
    assert live.device_model.n_gets == n_gets


def test_everything_is_looked_after_once_in_an_interval(live):
    daemon = settled_daemon(live, interval="1")
    del live.device_model.peers[PEER3]
    live.hosts.write_text("127.0.0.1 localhost\n")

    def mended():
        live.state.end_waits()
        return PEER3 in live.device_model.peers and "peer3" in live.hosts.read_text()
    wait_until(mended, "a look at everything")
    end_daemon(daemon)
    assert 200 not in live.state.statuses[1:]


def test_a_cycle_dumps_the_device_once(live):
    daemon = settled_daemon(live, interval="1")
    output = end_daemon(daemon)
    assert live.device_model.n_gets == output.count("Fetching state") == 1


def own_with(candidates):
    own = next(i for i, p in enumerate(STATE["peers"]) if p["ip"] == "10.66.1.1")
    return changed(own, candidates=candidates)


def test_candidates_are_reported_once_though_the_server_adds_one(live):
    def take(_handler, body):
        live.state.set(own_with([*json.loads(body), "9.9.9.9:9"]))
        return 204, ""
    live.server.answers[CANDIDATES] = take
    daemon = settled_daemon(live, interval="1")
    n_gets = live.device_model.n_gets

    def three_cycles():
        live.state.end_waits()
        return live.device_model.n_gets >= n_gets + 3
    wait_until(three_cycles, "three cycles")
    end_daemon(daemon)
    assert live.server.calls().count(CANDIDATES) == 1


def test_a_new_address_is_reported_at_once(live):
    daemon = settled_daemon(live)
    n = len(live.state.statuses)
    live.in_namespace("ip", "addr", "add", "172.31.7.7/24", "dev", "eth0")
    wait_until(lambda: "172.31.7.7:51820" in live.server.bodies(*CANDIDATES)[-1], "the report")
    live.in_namespace("ip", "addr", "del", "172.31.7.7/24", "dev", "eth0")
    wait_until(lambda: len(live.server.bodies(*CANDIDATES)) == 3, "another report")
    assert len(live.state.statuses) == n  # meanwhile it waits on
    end_daemon(daemon)
    assert live.server.bodies(*CANDIDATES)[-1] == ["172.31.1.2:51820"]


# --- files that others write --------------------------------------------------------------------

def test_a_configuration_edited_on_disk_is_noticed(live):
    daemon = settled_daemon(live, interval="1")
    text = live.conf.read_text().split("\n[peer-endpoint-overrides]")[0]
    live.conf.write_text(text + '\n[peer-endpoint-overrides]\n"10.66.2.2" = "4.4.4.4:4"\n')

    def overridden():
        live.state.end_waits()
        return live.device_model.peers[PEER3].get("endpoint") == "4.4.4.4:4"
    wait_until(overridden, "the override")
    end_daemon(daemon)


def test_a_store_written_by_another_program_is_noticed(live):
    """What the daemon holds is void with it: it asks for everything, and the pins are the file's."""
    daemon = settled_daemon(live, interval="1")
    live.store.write_text(json.dumps(json.loads(live.store.read_text())))

    def asked_anew():
        live.state.end_waits()
        return live.state.asked()[1:].count((None, None)) == 1
    wait_until(asked_anew, "a request without a tag")
    wait_for_waiting(live)
    assert waits(live)[-1][0] == '"v1"'
    end_daemon(daemon)


# --- servers that do not wait, or do not answer -------------------------------------------------

@pytest.mark.parametrize("tags", [False, True])
def test_a_server_that_does_not_wait_is_polled(live, tags):
    live.state.waits, live.state.tags = False, tags
    daemon = start_daemon(live, "evilcorp", "--no-nat-traversal", interval="1")
    wait_until(lambda: PEER3 in live.device_model.peers, "the first round")
    live.state.set(STATE["peers"][:3])
    wait_until(lambda: PEER3 not in live.device_model.peers, "the change")
    assert "[!]" not in end_daemon(daemon)


def test_a_server_that_does_not_wait_is_not_asked_all_the_time(live):
    live.state.waits = False
    live.state.set(own_with(["172.31.1.2:51820"]))
    daemon = start_daemon(live, "evilcorp", "--no-nat-traversal")
    wait_until(lambda: len(live.state.statuses) == 2, "the request that would wait")
    for _ in range(5):  # a clock of sorts
        assert live.run("list-associations", "evilcorp").returncode == 0
    end_daemon(daemon)
    assert len(live.state.statuses) == 2


@pytest.fixture
def second(live):
    """Another network with a server of its own."""
    text = live.conf.read_text().replace(f"{SERVER_IP}:51820", f"{SERVER_IP}:{SECOND_PORT}")
    path = live.config_dir / "second.conf"
    path.write_text(text)
    path.chmod(0o600)
    server = ScriptedServer(socket_in_netns(live.holder.pid, (SERVER_IP, SECOND_PORT)))
    live.closing.append(server)
    server.answers[CANDIDATES] = (204, "")
    server.answers[STATE_CALL] = json.dumps(STATE)
    return server


def test_a_server_that_never_answers_delays_no_other(live, second):
    over = threading.Event()

    def silent(handler, _body):
        over.wait(60)
        handler.close_connection = True
    live.server.answers[STATE_CALL] = silent
    daemon = start_daemon(live, "--no-nat-traversal", interval="1")
    wait_until(lambda: second.calls().count(STATE_CALL) >= 3, "rounds of the other network")
    assert live.server.calls() == [STATE_CALL]  # still the same request
    end_daemon(daemon)
    over.set()


def test_retry_after_is_honoured(live, second):
    live.server.answers[STATE_CALL] = (503, "", {"Retry-After": "250", "Connection": "close"})
    daemon = start_daemon(live, "--no-nat-traversal", interval="1")
    wait_until(lambda: second.calls().count(STATE_CALL) >= 4, "rounds of the other network")
    assert live.server.calls() == [STATE_CALL]
    assert "status code 503" in end_daemon(daemon)


def test_a_connection_that_breaks_once_is_not_worth_a_word(live):
    daemon = settled_daemon(live)
    answer = live.state.answer

    breaks = [0]

    def break_twice(handler, body):
        """The first may be a kept connection's natural end: libcurl tries again by itself."""
        breaks[0] += 1
        if breaks[0] == 2:
            live.server.answers[STATE_CALL] = answer
        handler.close_connection = True
    live.server.answers[STATE_CALL] = break_twice
    live.state.end_waits()
    wait_until(lambda: live.state.statuses[1:] == [304, 304], "another attempt")
    wait_for_waiting(live)
    live.state.set(STATE["peers"][:3])
    wait_until(lambda: PEER3 not in live.device_model.peers, "the change")
    output = end_daemon(daemon)
    assert "[!]" not in output and "[E]" not in output and "answers again" not in output


def test_a_server_that_is_gone_is_told_of_once(live):
    daemon = settled_daemon(live, interval="1")
    calls = [0]

    def broken(handler, _body):
        calls[0] += 1
        handler.close_connection = True
    answer = live.state.answer
    live.server.answers[STATE_CALL] = broken
    live.state.end_waits()
    del live.device_model.peers[PEER3]
    wait_until(lambda: calls[0] >= 5, "attempts")
    wait_until(lambda: PEER3 in live.device_model.peers, "the stored state is followed")
    live.server.answers[STATE_CALL] = answer
    live.state.set(STATE["peers"][:3])
    wait_until(lambda: PEER3 not in live.device_model.peers, "the change")
    output = end_daemon(daemon)
    assert len(re.findall(r"^\[[!E]\] .*sending failed", output, re.M)) == 1
    assert output.count("answers again") == 1


def test_silent_peers_are_told_of_once(live):
    live.state.set(changed(3, candidates=["1.1.1.1:1"], endpoint=None))
    daemon = start_daemon(live, "evilcorp", interval="0")
    n = 2

    def tried_twice():
        live.state.end_waits()
        return sum("endpoint=1.1.1.1:1" in r for r in live.device_model.sets) >= n
    wait_until(tried_twice, "two rounds of NAT traversal")
    output = end_daemon(daemon)
    assert output.count("no handshake yet with") <= 1
