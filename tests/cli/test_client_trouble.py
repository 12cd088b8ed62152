"""What a fetch does, and leaves alone, when something is wrong (spec/client.md 3.2, part 9)."""

import subprocess

import pytest

from client_bed import PEER2_KEY, PEER3_KEY, SERVER_KEY, hex_key, wait_until
from client_network import (OTHER_KEY, STATE, bed, changed, hosts_section, network, running,
                            set_state, snapshot)


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


def test_CX48_an_unreachable_server_is_replaced_by_the_store(running):
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
    result = network.run("--backend", "userspace", "--mtu", "999999", "up", "evilcorp", "--hosts-path",
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


def has_wireguard(bed):
    try:
        bed.in_namespace("ip", "link", "add", "probe", "type", "wireguard")
    except subprocess.CalledProcessError:
        return False
    return True


def test_a_kernel_without_wireguard(bed):
    if has_wireguard(bed):
        pytest.skip("this kernel has WireGuard")
    bed.install_golden(store=False)
    result = bed.run("--backend", "kernel", "up", "evilcorp", "--hosts-path", str(bed.hosts))
    assert result.returncode == 1
    error = result.stdout.rsplit("[E] ", 1)[1]
    assert "evilcorp" in error and "this kernel has no WireGuard" in error
    # Both ways out.
    assert "linux-image" in error and "--backend userspace" in error
    assert not bed.has_device()
    assert "evilcorp" not in bed.in_namespace("ip", "link")


def test_no_wireguard_at_all(bed):
    if has_wireguard(bed):
        pytest.skip("this kernel has WireGuard")
    bed.install_golden(store=False)
    result = bed.run("up", "evilcorp", "--hosts-path", str(bed.hosts),
                     env={"WG_USERSPACE_IMPLEMENTATION": "/nowhere/wg"})
    assert result.returncode == 1
    error = result.stdout.rsplit("[E] ", 1)[1]
    assert "linux-image" in error and "wireguard-go" in error and "/nowhere/wg" in error
    assert "WG_USERSPACE_IMPLEMENTATION" in error
