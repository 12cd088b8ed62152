"""up and fetch as they should go (spec/client.md part 3)."""

import time

import pytest

from client_bed import GOLDEN, PEER2_KEY, PEER3_KEY, SERVER_KEY, hex_key, mode, wait_until
from client_network import (OTHER_KEY, STATE, bed, changed, hosts_section, network, running,
                            set_state, snapshot)

# --- the normal way -----------------------------------------------------------------------------

def test_up_configures_everything(network):
    result = network.up()
    assert result.returncode == 0, result.stdout
    device = network.device()
    assert set(device["peers"]) == {hex_key(k) for k in (SERVER_KEY, PEER2_KEY, PEER3_KEY)}
    peer2 = device["peers"][hex_key(PEER2_KEY)]
    assert peer2["allowed_ip"] == ["10.66.2.1/32"]
    assert peer2["endpoint"] == "172.31.1.3:51999"  # the override of the configuration
    assert peer2["persistent_keepalive_interval"] == "25"
    assert device["peers"][hex_key(PEER3_KEY)]["endpoint"] == "172.31.1.4:49571"
    assert device["peers"][hex_key(SERVER_KEY)]["allowed_ip"] == ["10.66.0.1/32"]
    addresses = network.in_namespace("ip", "-br", "addr", "show", "dev", "evilcorp")
    assert "10.66.1.1/16" in addresses
    assert "mtu 1280" in network.in_namespace("ip", "link", "show", "dev", "evilcorp")
    assert network.server.calls() == [("GET", "/user/state"), ("PUT", "/user/candidates")]
    assert network.hosts.read_text() == ("127.0.0.1 localhost\n\n" + (GOLDEN / "hosts").read_text())
    for name, key in [("peer2", PEER2_KEY), ("peer3", PEER3_KEY)]:
        assert f"[*]   peer {name} ({key[:10]}...) was added.\n" in result.stdout
    assert "[*]     Endpoint: [none] => 172.31.1.4:49571\n" in result.stdout
    assert "Allowed IPs" not in result.stdout  # that is for -v


def test_the_store_has_the_servers_values(network):
    network.up()
    assert mode(network.store) == 0o600
    golden = (GOLDEN / "store.json").read_text()
    # there the override had leaked into the record (9.27)
    assert network.store.read_text() == golden.replace("172.31.1.3:51999", "172.31.1.3:45904")


def test_verbose_up_tells_all_notes(network):
    result = network.run("-v", "--backend", "userspace", "up", "evilcorp", "--hosts-path",
                         str(network.hosts), "--no-nat-traversal")
    assert "[D]     Allowed IPs: [] => [10.66.2.2/32]\n" in result.stdout
    assert "[D]     Persistent Keepalive: [none] => 25\n" in result.stdout


def test_a_second_fetch_changes_nothing(running):
    before = snapshot(running), running.store.stat().st_ino, running.hosts.stat().st_ino
    result = running.fetch()
    assert result.returncode == 0
    assert "was modified" not in result.stdout and "Updated interface" not in result.stdout
    assert (snapshot(running), running.store.stat().st_ino, running.hosts.stat().st_ino) == before
    assert running.server.calls() == [("GET", "/user/state"), ("PUT", "/user/candidates")]
    # one connection for both
    assert running.server.requests[0][4] == running.server.requests[1][4]


def test_up_of_an_interface_that_is_up_fetches_only(running):
    before = running.device()
    assert running.up().returncode == 0
    assert running.device() == before


def test_a_new_peer_is_added_and_a_missing_one_removed(running):
    new = {**STATE["peers"][3], "id": 9, "name": "fresh", "ip": "10.66.2.9",
           "public_key": OTHER_KEY}
    set_state(running, [*STATE["peers"][:3], new])
    result = running.fetch()
    assert result.returncode == 0, result.stdout
    peers = running.device()["peers"]
    assert hex_key(PEER3_KEY) not in peers
    assert peers[hex_key(OTHER_KEY)]["allowed_ip"] == ["10.66.2.9/32"]
    assert f"peer fresh ({OTHER_KEY[:10]}...) was added." in result.stdout
    assert f"peer peer3 ({PEER3_KEY[:10]}...) was removed." in result.stdout
    stored = running.stored_peers()
    assert stored["peer3"]["is_disabled"] and not stored["fresh"]["is_disabled"]
    assert "fresh.evilcorp.wg" in hosts_section(running)
    assert "peer3" not in hosts_section(running)
    set_state(running)  # and back again
    assert running.fetch().returncode == 0
    assert hex_key(PEER3_KEY) in running.device()["peers"]
    assert not running.stored_peers()["peer3"]["is_disabled"]


def test_a_renamed_peer_gets_its_new_host_name(running):
    set_state(running, changed(3, name="renamed"))
    assert running.fetch().returncode == 0
    assert "10.66.2.2 renamed.evilcorp.wg\n" in hosts_section(running)


def test_a_disabled_peer_leaves_device_and_hosts(running):
    set_state(running, changed(3, is_disabled=True))
    assert running.fetch().returncode == 0
    assert hex_key(PEER3_KEY) not in running.device()["peers"]
    assert "peer3" not in hosts_section(running)


def test_a_live_session_keeps_its_endpoint(running):
    running.uapi(f"set=1\npublic_key={hex_key(PEER3_KEY)}\nstandin_endpoint=9.9.9.9:9\n"
                 f"standin_handshake_sec={int(time.time())}\n\n")
    result = running.fetch()
    assert "Endpoint:" not in result.stdout
    assert running.device()["peers"][hex_key(PEER3_KEY)]["endpoint"] == "9.9.9.9:9"
    running.uapi(f"set=1\npublic_key={hex_key(PEER3_KEY)}\nstandin_endpoint=9.9.9.9:9\n"
                 f"standin_handshake_sec={int(time.time()) - 200}\n\n")
    result = running.fetch()
    assert "[*]     Endpoint: 9.9.9.9:9 => 172.31.1.4:49571\n" in result.stdout
    assert "peer peer3 (zkccNlQ4w2...) was modified." in result.stdout


def test_the_listen_port_is_used(network):
    text = network.conf.read_text()
    network.conf.write_text(text.replace("\n[server]", "listen-port = 4242\n\n[server]", 1))
    assert network.up().returncode == 0
    assert network.device()["listen_port"] == "4242"
    assert network.server.bodies("PUT", "/user/candidates") == [["172.31.1.2:4242"]]


# --- hosts and candidates -----------------------------------------------------------------------

def test_no_write_hosts(network):
    before = network.hosts.read_text()
    result = network.run("--backend", "userspace", "up", "evilcorp", "--no-write-hosts",
                         "--no-nat-traversal")
    assert result.returncode == 0
    assert network.hosts.read_text() == before


def test_a_damaged_hosts_section_is_mended(running):
    """9.18: by the next fetch, though no peer has changed."""
    text = running.hosts.read_text()
    running.hosts.write_text(text.replace("10.66.2.2 peer3.evilcorp.wg\n", ""))
    assert running.fetch().returncode == 0
    assert running.hosts.read_text() == text


def test_a_broken_hosts_file_is_a_warning(network):
    network.hosts.write_text("# DO NOT EDIT innernet evilcorp BEGIN\n")
    result = network.up()
    assert result.returncode == 0
    assert f"[!] {network.hosts}" in result.stdout
    assert network.hosts.read_text() == "# DO NOT EDIT innernet evilcorp BEGIN\n"
    assert network.store.exists()


@pytest.mark.parametrize("args, addresses", [
    ([], ["172.31.1.2"]), (["--no-nat-candidates"], []),
    (["--exclude-nat-candidates", "172.31.0.0/16"], []),
    (["--exclude-nat-candidates", "::/0", "--exclude-nat-candidates", "10.0.0.0/8"],
     ["172.31.1.2"]),
])
def test_candidates(running, args, addresses):
    port = 51820  # the stand-in has no port of its own
    result = running.fetch(*args)
    assert result.returncode == 0
    assert running.server.bodies("PUT", "/user/candidates") == [[f"{a}:{port}" for a in addresses]]
    count = len(addresses)
    assert f"[*] Reporting {count} interface address{'' if count == 1 else 'es'} " in result.stdout


def test_candidates_and_servers(running):
    running.server.answers["PUT", "/user/candidates"] = (404, "")
    result = running.fetch()
    assert result.returncode == 0 and "[!] " in result.stdout
    running.server.answers["PUT", "/user/candidates"] = (500, "")
    result = running.fetch()
    assert result.returncode == 1 and "status code 500" in result.stdout


# --- NAT traversal ------------------------------------------------------------------------------

def test_candidates_of_unreachable_peers_are_tried_in_turn(network):
    """The endpoint first, then candidates from the end; whoever is connected is left alone."""
    set_state(network, [STATE["peers"][0], {**STATE["peers"][3],
                                            "candidates": ["1.1.1.1:1", "172.31.1.4:49571",
                                                           "1.1.1.2:2"]}])

    def endpoint():
        peers = network.device()["peers"] if network.has_device() else {}
        return peers.get(hex_key(PEER3_KEY), {}).get("endpoint")

    def connect(key, at):
        network.uapi(f"set=1\npublic_key={hex_key(key)}\nstandin_endpoint={at}\n"
                     f"standin_handshake_sec={int(time.time())}\n\n")
    process = network.start("-v", "--backend", "userspace", "up", "evilcorp", "--no-write-hosts")
    wait_until(lambda: endpoint() == "172.31.1.4:49571", "the server's endpoint")
    connect(SERVER_KEY, "172.31.1.1:51820")
    wait_until(lambda: endpoint() == "1.1.1.2:2", "the last candidate")
    wait_until(lambda: endpoint() == "1.1.1.1:1", "the first candidate")
    connect(PEER3_KEY, "1.1.1.1:1")
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    tries = [line for line in output.splitlines() if "Trying endpoint" in line]
    assert [line.split()[3] for line in tries] == ["1.1.1.2:2", "1.1.1.1:1"]
    assert network.device()["peers"][hex_key(SERVER_KEY)]["endpoint"] == "172.31.1.1:51820"
