"""Somebody deletes the interface under a running server: it makes it again with its next tick."""

import os
import signal
from contextlib import contextmanager

import pytest

from bed import wait_for
from rows import new_key

TICK_S = 25  # a deadline for what happens every 10 s, on a loaded machine


@contextmanager
def frozen(net):
    """The server does nothing meanwhile, so that the test sees each state. Its wrapper, nsenter, stops
    with it."""
    os.kill(net.process.pid_inside, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in (net.process.pid, net.process.pid_inside):
            os.kill(pid, signal.SIGCONT)


def lose_interface(net):
    done = net.bed.run(["ip", "link", "del", "test"])
    assert done.returncode == 0, done
    net.bed.device_is_gone()
    wait_for(lambda: not os.path.exists(net.bed.socket_path), "end of the device's program")


def test_a_lost_interface_comes_back_with_everything(net, fx):
    net.sql("UPDATE peers SET endpoint = '192.0.2.1:444' WHERE name = 'user1'")
    with frozen(net):
        lose_interface(net)
        key = new_key()  # somebody is invited while it is away
        net.sql("INSERT INTO peers (name, ip, public_key, cidr_id, is_redeemed, candidates) "
                "VALUES ('fresh', ?, ?, 4, 1, '[]')", fx.spare[0], key)
    expected = {r["public_key"] for r in net.rows("peers") if r["id"] != 1}
    wait_for(lambda: os.path.exists(net.bed.socket_path) and set(net.device().peers) == expected,
             "interface with all peers", TICK_S)
    device = net.device()
    assert device.listen_port == fx.listen_port
    assert device.peers[key].allowed_ips == [fx.single(fx.spare[0])]
    assert device.peers[net.key_of("user1")].endpoint == "192.0.2.1:444"
    link = net.bed.server_ip("-o", "link", "show", "dev", "test")
    assert "UP" in link and " mtu 1280 " in link
    assert f"{fx.server}/{fx.root_prefix}" in net.bed.server_ip("-o", "addr", "show", "dev", "test")
    assert fx.root in net.bed.server_ip("-6" if fx.version == 6 else "-4", "route", "show", "dev", "test")
    assert net.get("/v1/user/state", "fresh").status == 200
    assert net.log().count("is gone, making it again") == 1
    assert net.log().count("bringing up the interface") == 2


def test_a_replaced_interface_is_served(net, fx):
    """Another one of the same name is there before the server looked: it gets keys, address and the
    listening socket, too."""
    with frozen(net):
        lose_interface(net)
        made = net.bed.run(["sh", "-c", f"{net.bed.standin} test >/dev/null 2>&1"])
        assert made.returncode == 0, made
    wait_for(lambda: net.device().private_key == net.config["private-key"], "keys", TICK_S)
    wait_for(lambda: len(net.device().peers) == 5, "peers", TICK_S)
    assert net.get("/v1/user/state", "user1").status == 200


def test_what_cannot_be_made_is_tried_again(net):
    """Here another kind of link has the name for a while. It stays as it is."""
    with frozen(net):
        lose_interface(net)
        assert net.bed.run(["ip", "link", "add", "test", "type", "bridge"]).returncode == 0
    wait_for(lambda: "cannot make the interface test again" in net.log(), "an error", TICK_S)
    assert "bridge" in net.bed.server_ip("-d", "link", "show", "dev", "test")
    assert net.is_running()
    net.bed.run(["ip", "link", "del", "test"])
    wait_for(lambda: os.path.exists(net.bed.socket_path) and len(net.device().peers) == 5,
             "interface with all peers", TICK_S)
    assert net.get("/v1/user/state", "user1").status == 200
    assert net.log().count("cannot make the interface test again") == 1


@pytest.mark.only(4)
def test_an_uninstalled_network_stays_down(net):
    with frozen(net):
        done = net.cli("uninstall", "test", "--yes", "--no-write-hosts")
        assert done.returncode == 0, done
        net.bed.device_is_gone()
    wait_for(lambda: "cannot make the interface test again" in net.log(), "a word about it", TICK_S)
    assert net.bed.run(["ip", "link", "show", "dev", "test"]).returncode != 0
    assert net.is_running()
