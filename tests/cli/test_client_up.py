"""up and fetch: the real client, a scripted server, and a stand-in device (spec/client.md part 3)."""

import json
import os
import signal
import time

import pytest

from client_bed import (GOLDEN, PEER2_KEY, PEER3_KEY, SERVER_KEY, Bed, golden_api, hex_key, mode,
                        need_root, wait_until)

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


# --- bad news -----------------------------------------------------------------------------------

def test_fetch_needs_the_interface_up(network):
    result = network.fetch()
    assert result.returncode == 1
    assert "innernet up evilcorp" in result.stdout
    assert not network.has_device() and network.server.calls() == []


@pytest.mark.parametrize("peers", [changed(3, public_key=OTHER_KEY),
                                   [*STATE["peers"], {**STATE["peers"][3], "id": 9, "name": "evil",
                                                      "public_key": OTHER_KEY}]])
def test_another_key_for_an_ip_changes_nothing(running, peers):
    before = snapshot(running)
    set_state(running, peers)
    result = running.fetch()
    assert result.returncode == 1
    message = result.stdout.rsplit("[E] ", 1)[1]
    for word in ("evilcorp", peers[-1]["name"], "10.66.2.2", PEER3_KEY, OTHER_KEY):
        assert word in message
    assert snapshot(running) == before
    assert running.server.calls() == [("GET", "/user/state")]


def test_a_damaged_store_changes_nothing(running):
    running.store.write_text('{"version": "1", "peers": [')
    before = snapshot(running)
    for _ in range(2):
        result = running.fetch()
        assert result.returncode == 1
        assert str(running.store) in result.stdout and "damaged" in result.stdout
    assert snapshot(running) == before
    assert running.server.calls() == []
    assert (running.data_dir / "evilcorp.json.corrupt").read_text() == before[1]


@pytest.mark.parametrize("answer", [(500, ""), (401, ""), "{", '{"peers":[]}', (302, "")])
def test_a_bad_answer_changes_nothing(running, answer):
    before = snapshot(running)
    running.server.answers["GET", "/user/state"] = answer
    result = running.fetch()
    assert result.returncode == 1
    assert "[E] evilcorp - " in result.stdout
    assert snapshot(running) == before


def restart_down(bed):
    assert bed.run("--backend", "userspace", "down", "evilcorp").returncode == 0
    wait_until(lambda: "evilcorp" not in bed.in_namespace("ip", "link"), "the link goes")


def test_an_unreachable_server_is_replaced_by_the_store(running):
    set_state(running, STATE["peers"][:3])
    assert running.fetch().returncode == 0
    restart_down(running)
    running.server.close()
    running.closing.remove(running.server)
    result = running.up()
    assert result.returncode == 0, result.stdout
    assert "[!] " in result.stdout
    # peer3 is disabled in the store: not on the device, not in the hosts file (9.13)
    assert set(running.device()["peers"]) == {hex_key(SERVER_KEY), hex_key(PEER2_KEY)}
    assert "peer3" not in hosts_section(running) and "peer2" in hosts_section(running)


def test_an_unreachable_server_and_no_store(bed):
    bed.install_golden(store=False)
    result = bed.up()
    assert result.returncode == 1
    assert "sending failed: http://10.66.0.1:51820/v1/user/state: " in result.stdout
    assert set(bed.device()["peers"]) == {hex_key(SERVER_KEY)}  # up, so that it can be tried again


@pytest.mark.parametrize("peers", [None, changed(3, public_key=OTHER_KEY)])
def test_after_bring_up_the_store_serves_for_every_failure(running, peers):
    restart_down(running)
    if peers:
        set_state(running, peers)
    else:
        running.server.answers["GET", "/user/state"] = (500, "")
    result = running.up()
    assert result.returncode == 1
    assert set(running.device()["peers"]) == {hex_key(k)
                                              for k in (SERVER_KEY, PEER2_KEY, PEER3_KEY)}


def test_invalid_records_are_left_out(running):
    bad = [{**STATE["peers"][3], "id": 20 + i, "ip": f"10.66.2.{20 + i}", **wrong} for i, wrong in
           enumerate([{"name": "evil\n6.6.6.6 bank"}, {"name": "UPPER", "public_key": OTHER_KEY},
                      {"name": "short", "public_key": "AAAA"}])]
    set_state(running, [*STATE["peers"], *bad])
    result = running.fetch()
    assert result.returncode == 0
    assert result.stdout.count("[!] ") == 3
    assert "\x1b" not in result.stdout and "6.6.6.6" not in running.hosts.read_text()
    assert len(running.device()["peers"]) == 3


def test_names_outside_the_network_stay_out_of_the_hosts_file(running):
    outside = {**STATE["peers"][3], "id": 9, "name": "bank", "ip": "6.6.6.6",
               "public_key": OTHER_KEY}
    set_state(running, [*STATE["peers"], outside])
    result = running.fetch("--host-suffix", "")
    assert result.returncode == 0 and "[!] 1 peer" in result.stdout
    assert "10.66.2.2 peer3\n" in hosts_section(running)
    assert "6.6.6.6" not in running.hosts.read_text()


def test_losing_the_server_from_the_list_keeps_the_way_to_it(running):
    set_state(running, [])
    assert running.fetch().returncode == 0
    assert set(running.device()["peers"]) == {hex_key(SERVER_KEY)}


def test_a_failed_bring_up_leaves_no_device(network):
    result = network.run("--backend", "userspace", "--mtu", "10", "up", "evilcorp", "--hosts-path",
                         str(network.hosts))
    assert result.returncode == 1
    assert "[E] evilcorp could not be brought up - " in result.stdout
    assert not network.has_device()
    assert network.server.calls() == []


def test_a_leftover_without_address_is_brought_up(network):
    network.up()
    network.in_namespace("ip", "addr", "flush", "dev", "evilcorp")
    assert network.fetch().returncode == 1
    assert network.up().returncode == 0
    assert "10.66.1.1/16" in network.in_namespace("ip", "addr", "show", "dev", "evilcorp")


def test_an_endpoint_that_does_not_resolve(network):
    text = network.conf.read_text()
    network.conf.write_text(text.replace("172.31.1.1:51820", "nowhere.invalid:1"))
    result = network.up()
    assert result.returncode == 1
    assert "nowhere.invalid:1" in result.stdout.rsplit("[E] ", 1)[1]
    assert not network.has_device()


def test_a_bad_key_in_the_configuration(network):
    text = network.conf.read_text()
    network.conf.write_text(text.replace("sH9ejAgm", "!!!!!!!!"))
    result = network.up()
    assert result.returncode == 1 and str(network.conf) in result.stdout
    assert not network.has_device()


# --- hosts and candidates -----------------------------------------------------------------------

def test_no_write_hosts(network):
    before = network.hosts.read_text()
    result = network.run("--backend", "userspace", "up", "evilcorp", "--no-write-hosts",
                         "--no-nat-traversal")
    assert result.returncode == 0
    assert network.hosts.read_text() == before


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


# --- all interfaces, daemon ---------------------------------------------------------------------

def test_up_without_name_takes_all_and_survives_one(network):
    broken = network.config_dir / "aaa.conf"
    broken.write_text("not toml")
    (network.config_dir / "README").write_text("no interface")
    result = network.run("--backend", "userspace", "up", "--hosts-path", str(network.hosts),
                         "--no-nat-traversal")
    assert result.returncode == 1
    assert str(broken) in result.stdout.rsplit("[E] ", 1)[1]
    assert len(network.device()["peers"]) == 3


def test_up_without_name_and_without_networks(bed):
    result = bed.run("up")
    assert result.returncode == 1 and "No such file or directory" in result.stdout
    bed.config_dir.mkdir()
    result = bed.run("up")
    assert result.returncode == 0 and result.stdout == ""


def start_daemon(bed, *args):
    return bed.start("--backend", "userspace", "up", "-d", *args, "--hosts-path", str(bed.hosts),
                     "--no-nat-traversal")


@pytest.mark.parametrize("args", [["--interval", "0"], ["evilcorp", "--interval=1"]])
def test_the_daemon_follows_the_server_and_ends_on_sigterm(network, args):
    daemon = start_daemon(network, *args)
    wait_until(lambda: network.server.calls().count(("PUT", "/user/candidates")) >= 2,
               "two rounds")
    network.server.answers["GET", "/user/state"] = (500, "")  # no reason to leave
    wait_until(lambda: network.server.calls()[-2:] == [("GET", "/user/state")] * 2,
               "two failing rounds")
    set_state(network, STATE["peers"][:3])
    wait_until(lambda: hex_key(PEER3_KEY) not in network.device()["peers"], "the change")
    daemon.send_signal(signal.SIGTERM)
    output, _ = daemon.communicate(timeout=30)
    assert daemon.returncode == 0
    assert "status code 500" in output


def test_sigterm_ends_a_long_pause(network):
    daemon = start_daemon(network, "--interval", "86400")
    wait_until(lambda: ("PUT", "/user/candidates") in network.server.calls(), "one round")
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=30)
    assert daemon.returncode == 0


def test_fetches_of_one_interface_do_not_interleave(running):
    import threading
    release, entered = threading.Event(), threading.Event()
    state = running.server.answers["GET", "/user/state"]

    def slow(_handler, _body):
        entered.set()
        assert release.wait(30)
        return state
    running.server.answers["GET", "/user/state"] = slow
    first = running.start("--backend", "userspace", "fetch", "evilcorp", "--no-write-hosts",
                          "--no-nat-traversal")
    assert entered.wait(30)
    second = running.start("--backend", "userspace", "fetch", "evilcorp", "--no-write-hosts",
                           "--no-nat-traversal")
    assert "Waiting for another innernet process" in second.stdout.readline()
    assert running.server.calls() == [("GET", "/user/state")]
    # who only reads does not wait
    assert running.run("list-cidrs", "evilcorp").returncode == 0
    assert running.run("--backend", "userspace", "show").returncode == 0
    release.set()
    for process in (first, second):
        process.communicate(timeout=30)
        assert process.returncode == 0


# --- down, uninstall, settings of a running interface -------------------------------------------

def test_down(running):
    result = running.run("--backend", "userspace", "down", "evilcorp")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not running.has_device()
    assert running.conf.exists() and running.store.exists()
    result = running.run("--backend", "userspace", "down", "evilcorp")
    assert result.returncode == 1 and "[E] evilcorp - " in result.stdout


def test_uninstall(running):
    result = running.run("--backend", "userspace", "uninstall", "evilcorp")
    assert result.returncode == 1 and "--yes" in result.stdout  # nobody to ask
    assert running.conf.exists() and running.has_device()
    result = running.run("--backend", "userspace", "uninstall", "evilcorp", "--yes", "--hosts-path",
                         str(running.hosts))
    assert result.returncode == 0, result.stdout
    assert not running.has_device()
    assert list(running.config_dir.iterdir()) == [] == list(running.data_dir.iterdir())
    assert "evilcorp" not in running.hosts.read_text()
    again = running.run("uninstall", "evilcorp", "--yes")
    assert again.returncode == 1 and "evilcorp" in again.stdout


def test_settings_of_a_running_interface_take_effect_at_once(running):
    assert running.run("--backend", "userspace", "set-listen-port", "evilcorp", "-l", "777",
                       "--yes").returncode == 0
    assert running.device()["listen_port"] == "777"
    result = running.run("--backend", "userspace", "override-peer-endpoint", "evilcorp", "--name",
                         "peer3", "-e", "4.4.4.4:4", "--yes")
    assert result.returncode == 0
    assert running.device()["peers"][hex_key(PEER3_KEY)]["endpoint"] == "4.4.4.4:4"
    # a peer that is in the store but not on the device is not put there
    before = running.device()
    result = running.run("--backend", "userspace", "override-peer-endpoint", "evilcorp", "--name",
                         "admin", "-e", "4.4.4.4:4", "--yes")
    assert result.returncode == 0
    assert running.device() == before


def test_show_of_a_running_network(running):
    running.uapi("set=1\nlisten_port=4242\n\n")
    result = running.run("--backend", "userspace", "show", "--tree")
    assert result.returncode == 0
    assert result.stdout.splitlines()[0] == "evilcorp (:4242) "
    assert "    | \u25c9 10.66.1.1: admin (you, 2IAk2EqXjh\u2026)" in result.stdout.splitlines()


def test_the_real_hosts_file_was_never_touched():
    # guards the tests above: each must name a hosts file of its own
    assert "innernet evilcorp" not in open("/etc/hosts").read()
    assert os.path.exists("/etc/hosts")
