"""The device follows the database: docs/spec/server.md 5.1, 5.6, D2, D4-D8, D24, D43, D46, D49.
What only time brings about is in test_waiting.py."""

import os
import time
from contextlib import contextmanager

import pytest

import uapi
import x25519
from rows import new_key, peer_contents, seconds


def keys(net):
    return set(net.device().peers)


def wanted(net):
    """Keys of all enabled peers but the server's own (5.6)."""
    return {r["public_key"] for r in net.rows("peers") if not r["is_disabled"] and r["id"] != 1}


def test_start_sets_the_device_up(net, fx):
    device = net.device()
    assert x25519.public_key(device.private_key) == net.server_key
    assert device.listen_port == fx.listen_port
    assert set(device.peers) == wanted(net)
    for row in net.rows("peers")[1:]:
        peer = device.peers[row["public_key"]]
        assert peer.allowed_ips == [fx.single(row["ip"])]
        assert (peer.keepalive, peer.endpoint) == (25, None)


def test_start_brings_the_link_up(net, fx):
    link = net.bed.server_ip("-o", "link", "show", "dev", "test")
    assert ",UP" in link or "<UP" in link
    assert " mtu 1280 " in link
    addresses = net.bed.server_ip("-o", "addr", "show", "dev", "test", "scope", "global")
    assert f"{fx.server}/{fx.root_prefix}" in addresses
    assert "tentative" not in addresses
    routes = net.bed.server_ip("-6" if fx.version == 6 else "-4", "route", "show", "dev", "test")
    assert fx.root in routes


def test_first_start_on_a_machine_without_the_device(stage, fx, server_bin, scratch):
    """D19: nothing of the interface exists before, and one start is enough in either family."""
    from bed import Bed
    from network import copy_network
    bed = Bed("test", os.environ["WG_STANDIN"])
    net = copy_network(stage.template, stage.folder(), fx.addresses)
    net.bed = bed
    try:
        net.start()
        assert net.get("/v1/user/state").status == 200
        assert set(net.device().peers) == wanted(net)
        assert net.stop() == 0
        # 5.8: the interface and its peers stay.
        assert set(net.device().peers) == wanted(net)
    finally:
        net.stop()
        bed.close()


@pytest.mark.parametrize("place", ["top", "serve"])
def test_mtu(idle, place):
    if place == "top":
        idle.start(top=("--mtu", "1337"))
    else:
        idle.start("--mtu", "1337", top=("--mtu", "1400"))
    assert " mtu 1337 " in idle.bed.server_ip("-o", "link", "show", "dev", "test")


def test_restart_leaves_live_sessions_alone(net):
    """5.8 and D6: no peer is taken down and put up again, and what was observed stays."""
    net.observe({"developer1": "198.51.100.1:1"})
    uapi.set_lines(net.bed.socket_path,
                   [f"public_key={uapi.hex_of(net.key_of('developer1'))}",
                    "standin_handshake_sec=1700000000"])
    net.restart()
    peer = net.device().peers[net.key_of("developer1")]
    assert (peer.endpoint, peer.handshake) == ("198.51.100.1:1", 1700000000)


def test_D6_start_removes_peers_nobody_knows_and_mends_the_others(net, fx):
    foreign, known = new_key(), net.key_of("user1")
    uapi.set_lines(net.bed.socket_path, [
        f"public_key={uapi.hex_of(foreign)}", "allowed_ip=192.0.2.0/24",
        f"public_key={uapi.hex_of(known)}", "replace_allowed_ips=true",
        "allowed_ip=192.0.2.0/24", "persistent_keepalive_interval=3",
        f"public_key={uapi.hex_of(net.key_of('user2'))}", "remove=true"])
    net.restart()
    assert keys(net) == wanted(net)
    peer = net.device().peers[known]
    assert (peer.allowed_ips, peer.keepalive) == ([fx.single(fx.peers["user1"])], 25)


def test_disabled_peers_are_not_on_the_device(idle):
    idle.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'user1'")
    idle.start()
    assert keys(idle) == wanted(idle)
    assert idle.key_of("user1") not in keys(idle)


def test_D4_disabling_and_enabling_reaches_the_device(net, fx):
    key = net.key_of("user1")
    contents = {k: v for k, v in net.get("/v1/admin/peers").json[4].items() if k != "id"}
    assert contents["name"] == "user1" and key in keys(net)
    assert net.put("/v1/admin/peers/5", contents | {"is_disabled": True}).status == 204
    assert key not in keys(net)
    assert net.put("/v1/admin/peers/5", contents).status == 204
    assert net.device().peers[key].allowed_ips == [fx.single(contents["ip"])]
    assert net.device().peers[key].keepalive == 25
    assert net.delete("/v1/admin/peers/5").status == 204
    assert key not in keys(net)
    assert keys(net) == wanted(net)


def test_D4_enabling_a_peer_that_was_disabled_at_start(idle):
    idle.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'user1'")
    idle.start()
    contents = {k: v for k, v in idle.get("/v1/admin/peers").json[4].items() if k != "id"}
    assert idle.put("/v1/admin/peers/5", contents | {"is_disabled": False}).status == 204
    assert idle.key_of("user1") in keys(idle)


@pytest.mark.parametrize("sent", [None, 25, 7, 0, 65535])
def test_D49_keepalive_of_a_new_peer(net, fx, sent):
    """Echoed as sent, null as null. It is not stored (1.3), and the device follows the database, where
    it is 25 for all (5.6): at once here, with the next restart upstream."""
    contents = peer_contents("dev", fx.spare[0], 4, persistent_keepalive_interval=sent)
    answer = net.post("/v1/admin/peers", contents)
    assert answer.status == 201
    assert answer.json["persistent_keepalive_interval"] == sent
    peer = net.device().peers[contents["public_key"]]
    assert (peer.keepalive, peer.allowed_ips) == (25, [fx.single(fx.spare[0])])
    assert net.get("/v1/admin/peers").json[-1]["persistent_keepalive_interval"] == 25


def test_a_new_peers_override_endpoint_is_configured(net, fx):
    contents = peer_contents("dev", fx.spare[0], 4, endpoint="192.0.2.1:444")
    net.make_peer(contents)
    assert net.device().peers[contents["public_key"]].endpoint == "192.0.2.1:444"


@pytest.mark.parametrize("endpoint", ["0.0.0.0:1", "[::]:1"])
def test_D24_no_unspecified_endpoint_reaches_the_device(net, fx, endpoint):
    contents = peer_contents("dev", fx.spare[0], 4, endpoint=endpoint)
    net.make_peer(contents)
    assert net.device().peers[contents["public_key"]].endpoint is None
    net.sql("UPDATE peers SET endpoint = ? WHERE name = 'user1'", endpoint)
    net.forget_peers()
    net.restart()
    assert keys(net) == wanted(net)
    assert {p.endpoint for p in net.device().peers.values()} == {None}


def test_a_peer_made_disabled_is_not_put_up(net, fx):
    contents = peer_contents("dev", fx.spare[0], 4, is_disabled=True)
    net.make_peer(contents)
    assert contents["public_key"] not in keys(net)


def test_an_invitation_has_a_tunnel(net, fx):
    contents = peer_contents("dev", fx.spare[0], 4, is_redeemed=False,
                             invite_expires=seconds(int(time.time()) + 100))
    net.make_peer(contents)
    assert contents["public_key"] in keys(net)


def test_D5_expired_invitations_are_swept_before_the_first_load(idle, fx):
    now, keys_of = int(time.time()), {}
    rows = {"expired": now - 5, "valid": now + 500, "endless": None}
    for n, (name, expires) in enumerate(rows.items()):
        keys_of[name] = new_key()
        idle.sql("INSERT INTO peers (name, ip, public_key, cidr_id, invite_expires, candidates) "
                 "VALUES (?, ?, ?, 4, ?, '[]')", name, fx.spare[n], keys_of[name], expires)
    idle.sql("UPDATE peers SET invite_expires = ? WHERE name = 'user2'", now - 5)  # redeemed: stays
    idle.start()
    assert not idle.sql("SELECT * FROM peers WHERE name = 'expired'")
    assert keys(idle) == wanted(idle)
    assert {keys_of["valid"], keys_of["endless"], idle.key_of("user2")} <= keys(idle)
    assert keys_of["expired"] not in keys(idle)


@contextmanager
def deaf_device(net):
    """For a while the device answers every request with an error, and at least one is made."""
    path = net.bed.socket_path
    uapi.set_lines(path, ["standin_refuse=true"])
    try:
        yield
    finally:
        uapi.set_lines(path, ["standin_refuse=false"])
    assert uapi.Device(path).n_refused > 0


def test_D8_no_row_is_left_when_the_device_refuses(net, fx):
    """A retry must not meet a duplicate."""
    contents = peer_contents("dev", fx.spare[0], 4)
    before = net.everything()
    with deaf_device(net):
        answer = net.post("/v1/admin/peers", contents)
    assert (answer.status, answer.body) == (500, b"")
    assert net.everything() == before
    assert "dev" not in {p["name"] for p in net.get("/v1/admin/peers").json}
    assert net.post("/v1/admin/peers", contents).status == 201
    assert contents["public_key"] in keys(net)


def test_the_api_goes_on_while_the_device_refuses(net):
    with deaf_device(net):
        assert net.get("/v1/user/state", "user1").status == 200
        assert net.put("/v1/user/candidates", ["1.1.1.1:1"], "user1").status == 204
        assert net.post("/v1/admin/associations", {"cidr_id_1": 3, "cidr_id_2": 4}).status == 201
    assert net.is_running()


def spoil(net, column, value, name="user1"):
    net.sql(f"UPDATE peers SET {column} = ? WHERE name = ?", value, name)


@pytest.mark.parametrize("when", ["at start", "while running"])
@pytest.mark.parametrize("column, value", [
    ("name", "Not a hostname"), ("ip", "10.80.300.1"), ("ip", "x"), ("public_key", "no key"),
    ("public_key", ""), ("candidates", "{"), ("candidates", '["nonsense"]'),
    ("candidates", '{"a":1}'), ("invite_expires", -1)], ids=str)
def test_D46_D2_one_bad_row_is_skipped_and_reported(idle, column, value, when):
    others = ["innernet-server", "admin", "developer1", "developer2", "user2"]
    key = idle.key_of("user1")
    if when == "at start":
        spoil(idle, column, value)
        idle.start()
    else:
        idle.start()
        spoil(idle, column, value)
    answer = idle.get("/v1/admin/peers")
    assert answer.status == 200
    assert [p["name"] for p in answer.json] == others
    assert [p["name"] for p in idle.state("user2")["peers"]] == ["innernet-server", "user2"]
    assert "user1" in idle.log() or " 5" in idle.log()
    if when == "at start":
        assert key not in keys(idle)
        assert len(keys(idle)) == 4
    # The row itself is left for a human to mend.
    assert idle.sql("SELECT * FROM peers WHERE id = 5")[0][column] == value


def test_D46_a_bad_cidr_row(idle):
    idle.sql("UPDATE cidrs SET prefix = 200 WHERE id = 5")
    idle.start()
    assert [c["id"] for c in idle.get("/v1/admin/cidrs").json] == [1, 2, 3, 4]
    assert idle.get("/v1/user/state", "developer1").status == 200


def test_row_decoding_of_1_3(idle):
    """Any non-zero integer is true; a bad endpoint and NULL candidates read as none."""
    spoil(idle, "is_admin", 7, "user1")
    spoil(idle, "is_redeemed", -1, "user1")
    spoil(idle, "endpoint", "::1:80", "user1")
    spoil(idle, "candidates", None, "user1")
    idle.start()
    peer = idle.get("/v1/admin/peers", "user1").json[4]
    assert (peer["is_admin"], peer["is_redeemed"], peer["endpoint"], peer["candidates"]) == \
        (True, True, None, [])


def test_changes_of_another_process_are_seen_at_the_next_request(net, fx):
    """5.9."""
    net.sql("UPDATE peers SET name = 'renamed' WHERE name = 'user2'")
    assert "renamed" in {p["name"] for p in net.state("user1")["peers"]}
    net.sql("INSERT INTO associations VALUES (9, 4, 5)")
    assert "developer1" in {p["name"] for p in net.state("user1")["peers"]}
    assert net.get("/v1/admin/associations").json == [{"id": 9, "cidr_id_1": 4, "cidr_id_2": 5}]
    key = new_key()
    net.sql("INSERT INTO peers (name, ip, public_key, cidr_id, is_redeemed, candidates) "
            "VALUES ('fresh', ?, ?, 4, 1, '[]')", fx.spare[0], key)
    assert net.get("/v1/user/state", fx.spare[0]).status == 200
    net.sql("UPDATE cidrs SET name = 'Renamed' WHERE id = 5")
    assert net.state("user1")["cidrs"][4]["name"] == "Renamed"


def test_start_stores_the_servers_candidates(idle, fx):
    """5.1, 6: local addresses with the listen port, those of the device itself left out; what was
    there is overwritten."""
    idle.sql("""UPDATE peers SET candidates = '["1.1.1.1:1"]' WHERE id = 1""")
    idle.bed.run(["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0-far"])
    idle.bed.run(["ip", "addr", "add", "172.31.1.1/24", "dev", "eth0"])
    idle.bed.run(["ip", "link", "set", "eth0-far", "up"])
    idle.bed.run(["ip", "link", "set", "eth0", "up"])
    try:
        idle.start()
        expected = f'["172.31.1.1:{fx.listen_port}"]'
        assert idle.peer("innernet-server")["candidates"] == expected
        assert idle.seen("innernet-server")["candidates"] == [f"172.31.1.1:{fx.listen_port}"]
    finally:
        idle.bed.run(["ip", "link", "del", "eth0"])
    idle.restart()
    assert idle.peer("innernet-server")["candidates"] == "[]"
