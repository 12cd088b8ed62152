"""What only time brings about: the key switch after redeeming (2.8), and every 10 s the observed
endpoints, the sweep of expired invitations, the reconciliation of the device and the hosts file
(docs/spec/server.md part 5, D4-D7, D24, D25), and the time-outs of D22.

One server per family is set up for all of it at once; each test then waits for its own part, so
that they share the time. Nothing sleeps for a fixed time: deadlines are there to fail."""

import os
import time

import pytest

import uapi
from bed import wait_for
from network import KEY_HEADER
from rows import new_key, peer_contents, seconds
from wire import request_bytes

TICK_S = 25   # a deadline for what happens every 10 s, on a loaded machine
KEEPALIVE = 25


def set_peer(net, key, *lines):
    uapi.set_lines(net.bed.socket_path, [f"public_key={uapi.hex_of(key)}", *lines])


@pytest.fixture(scope="module")
def aging(stage, fx):
    """Everything that will take its time, begun."""
    net = stage.fresh()
    net.addresses += [f"{ip}/{fx.root_prefix}" for ip in more_addresses(fx)]
    with open(net.hosts_path, "w", encoding="utf-8") as f:
        f.write("127.0.0.1 localhost\nno newline at the end")
    net.start(write_hosts=True)
    net.started = time.monotonic()
    redeemers(net, fx)
    sweepable(net, fx)
    net.observe(fx.observed | {"user2": "0.0.0.0:9"})
    net.foreign = new_key()
    set_peer(net, net.foreign, "allowed_ip=192.0.2.0/24")
    set_peer(net, net.key_of("user1"), "remove=true")
    set_peer(net, net.key_of("user2"), "replace_allowed_ips=true", "persistent_keepalive_interval=1")
    net.stalled = stalled_connections(net)
    yield net
    for wire in net.stalled.values():
        wire.close()
    stage.leave()


def more_addresses(fx):
    base = "10.80.64.{}" if fx.version == 4 else "fd00:1337::2:0:0:{}"
    return [base.format(n) for n in range(10, 16)]


def redeemers(net, fx):
    """Three invitations; the second has an override endpoint, the third one without address."""
    net.invitations = []
    for n, ip in enumerate(more_addresses(fx)[:3]):
        contents = peer_contents(f"redeemer{n}", ip, 4, is_redeemed=False,
                                 endpoint=[None, "192.0.2.55:5", "0.0.0.0:5"][n],
                                 invite_expires=seconds(int(time.time()) + 600))
        net.make_peer(contents)
        net.invitations.append(contents)


def sweepable(net, fx):
    """An invitation that will expire in a second, and one of another process."""
    net.short = peer_contents("short", more_addresses(fx)[4], 4, is_redeemed=False,
                              invite_expires=seconds(int(time.time()) + 1))
    net.make_peer(net.short)
    assert net.short["public_key"] in net.device().peers


def stalled_connections(net):
    """From an address of its own, so that a limit per source hits nobody else."""
    auth = (KEY_HEADER, net.server_key)
    begun = {
        "nothing sent": b"",
        "half a head": b"GET /v1/user/state HTTP/1.1\r\nX-",
        "half a body": request_bytes("PUT", "/v1/user/candidates",
                                     [auth, ("Content-Length", 100)]) + b'["1.1',
    }
    wires = {}
    for what, data in begun.items():
        for end in ("", ", half-closed"):
            wires[what + end] = net.connect("developer2")
            wires[what + end].send(data)
            if end:
                wires[what + end].finish()
    return wires


def switch(net, n):
    """Redeems invitation n and watches the device until it has the new key."""
    old, new = net.invitations[n]["public_key"], new_key()
    answer = net.post("/v1/user/redeem", {"public_key": new}, net.invitations[n]["name"])
    begun = time.monotonic()
    assert answer.status == 204

    def switched():
        device = net.device().peers
        # One update: never both, never neither.
        assert (old in device) != (new in device)
        return device[new] if new in device else None
    peer = wait_for(switched, "new key on the device", TICK_S)
    return peer, time.monotonic() - begun


def test_redeem_switches_keys_after_five_seconds(aging, fx):
    """Three times in a row, so that one of them has a full reconciliation (every 10 s) in the middle,
    which must not switch early either; the second begins with another change to the device."""
    for n in range(3):
        if n == 1:
            extra = peer_contents("meanwhile", more_addresses(fx)[5], 4)
            assert aging.post("/v1/admin/peers", extra).status == 201
        peer, took = switch(aging, n)
        assert took >= 4.9, f"switched after {took} s already"
        assert peer.allowed_ips == [fx.single(aging.invitations[n]["ip"])]
        assert peer.keepalive == KEEPALIVE
        assert peer.endpoint == ("192.0.2.55:5" if n == 1 else None)  # D24
        # Slow machines may take longer; the next full reconciliation is 10 s away at most.
        assert took < 10, f"switched after {took} s only"
        assert aging.get("/v1/user/state", aging.invitations[n]["name"]).status == 200


def test_D5_expired_invitations_leave_database_and_device(aging):
    key = aging.short["public_key"]
    wait_for(lambda: not aging.sql("SELECT * FROM peers WHERE name = 'short'"), "sweep", TICK_S)
    wait_for(lambda: key not in aging.device().peers, "sweep of the device", 5)
    # 5.3: name and address are free at once.
    again = aging.short | {"invite_expires": seconds(int(time.time()) + 600)}
    assert aging.post("/v1/admin/peers", again).status == 201
    assert key in aging.device().peers


def test_observed_endpoints_reach_the_answers(aging, fx):
    """5.2; and D24: an unspecified one is none."""
    def shown():
        peers = {p["name"]: p for p in aging.get("/v1/admin/peers").json}
        got = {name: peers[name]["endpoint"] for name in fx.observed}
        return peers if got == fx.observed else None
    peers = wait_for(shown, "observed endpoints in answers", TICK_S, 0.1)
    assert peers["user2"]["endpoint"] is None
    assert aging.seen("developer1", "developer2")["endpoint"] == fx.observed["developer1"]


def test_D6_the_device_is_mended(aging, fx):
    removed, changed = aging.key_of("user1"), aging.key_of("user2")

    def mended():
        device = aging.device().peers
        return aging.foreign not in device and removed in device and device[changed].allowed_ips
    wait_for(mended, "reconciliation", TICK_S)
    device = aging.device().peers
    assert device[removed].allowed_ips == [fx.single(fx.peers["user1"])]
    assert device[changed].allowed_ips == [fx.single(fx.peers["user2"])]
    assert device[changed].keepalive == KEEPALIVE
    # Live sessions were left alone meanwhile.
    assert device[aging.key_of("developer1")].endpoint == fx.observed["developer1"]


def test_the_hosts_file_follows(aging, fx):
    """5.4: redeemed and enabled peers, in order, after what was there."""
    aging.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'user1'")
    section = "DO NOT EDIT innernet test"

    def written():
        with open(aging.hosts_path, encoding="utf-8") as f:
            text = f.read()
        return text if f"# {section} BEGIN" in text and " user1." not in text else None
    text = wait_for(written, "hosts section", TICK_S)
    lines = text.split("\n")
    assert lines[:3] == ["127.0.0.1 localhost", "no newline at the end", ""]
    assert lines[3] == f"# {section} BEGIN"
    assert lines[-2:] == [f"# {section} END", ""]
    names = [line.split(" ") for line in lines[4:-2]]
    assert [f"{fx.server}", "innernet-server.test.wg"] == names[0]
    assert {"admin.test.wg", "developer1.test.wg", "user2.test.wg"} <= {n for _, n in names}
    assert not {"short.test.wg", "user1.test.wg"} & {n for _, n in names}
    assert sorted(os.listdir(aging.folder)) == ["hosts", "log", "test.conf", "test.db"]


@pytest.mark.parametrize("end", ["", ", half-closed"])
@pytest.mark.parametrize("what", ["half a head", "nothing sent", "half a body"])
def test_D22_stalled_connections_are_ended(aging, what, end):
    """Upstream waits for ever. A head has some 10 s, a body some 30 s."""
    wire = aging.stalled[what + end]
    assert wire.closed(60)
    assert not wire.buffer or wire.response().status in (400, 408)
    assert aging.get("/v1/user/state", "developer2").status == 200
    assert aging.peer("developer2")["candidates"] == "[]"
