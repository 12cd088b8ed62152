"""What every peer may do: docs/spec/server.md 2.8, catalogue 8.3 and rows of 8.10."""

import json

import pytest

from network import compact
from rows import peer_contents

SET = {"option": "Set", "content": "1.1.1.1:51820"}


def names(state):
    return sorted(p["name"] for p in state["peers"])


def test_T06_state_shows_the_own_cidr_and_the_server(steady, fx):
    state = steady.state("developer1")
    assert names(state) == ["developer1", "developer2", "innernet-server"]
    assert [c["id"] for c in state["cidrs"]] == [1, 2, 3, 4, 5]
    assert [c["cidr"] for c in state["cidrs"]] == \
        [fx.root, fx.single(fx.server), *fx.cidrs.values()]


def test_T07_an_association_opens_a_subtree_both_ways(net, fx):
    outer = net.make_cidr("experiment cidr", fx.experimental)
    inner = net.make_cidr("experiment subcidr", fx.sub, outer)
    net.make_peer(peer_contents("experiment-peer", fx.experiment_peer, inner))
    net.make_association(4, outer)
    net.make_association(2, outer)
    expected = ["developer1", "developer2", "experiment-peer", "innernet-server"]
    assert names(net.state("developer1")) == expected
    assert names(net.state("experiment-peer")) == expected


def test_T08_T09_T10_override_endpoint_set_unset_and_nonsense(net):
    assert net.put("/v1/user/endpoint", SET, "developer1").status == 204
    assert net.peer("developer1")["endpoint"] == "1.1.1.1:51820"
    assert net.put("/v1/user/endpoint", {"option": "Unset"}, "developer1").status == 204
    assert net.peer("developer1")["endpoint"] is None
    before = net.everything()
    assert net.put("/v1/user/endpoint", b'"endpoint=blah"', "developer1").status == 400
    assert net.everything() == before


@pytest.fixture
def observed(idle, fx):
    """A network whose device has seen the endpoints of 8.1 before the server starts."""
    idle.start()
    idle.observe(fx.observed)
    idle.restart()
    return idle


def test_T11_candidates_are_stored(observed):
    assert observed.peer("developer1")["candidates"] == "[]"
    put = observed.put("/v1/user/candidates", ["1.1.1.1:51820"], "developer1")
    assert put.status == 204
    assert observed.get("/v1/user/state", "developer1").status == 200
    assert observed.peer("developer1")["candidates"] == '["1.1.1.1:51820"]'


def test_T12_the_observed_endpoint_is_the_endpoint(observed, fx):
    assert observed.put("/v1/user/candidates", ["1.1.1.1:51820"], "developer1").status == 204
    peer = observed.seen("developer1", "developer1")
    assert peer["endpoint"] == fx.observed["developer1"]
    assert peer["candidates"] == ["1.1.1.1:51820"]


def test_T13_with_an_override_the_observed_one_becomes_a_candidate(observed, fx):
    assert observed.put("/v1/user/candidates", ["1.1.1.1:51820"], "developer1").status == 204
    put = observed.put("/v1/user/endpoint", {"option": "Set", "content": "1.2.3.4:51820"},
                       "developer1")
    assert put.status == 204
    peer = observed.seen("developer1", "developer1")
    assert peer["endpoint"] == "1.2.3.4:51820"
    assert sorted(peer["candidates"]) == sorted(["1.1.1.1:51820", fx.observed["developer1"]])
    # Nothing of this was stored.
    assert observed.peer("developer1")["candidates"] == '["1.1.1.1:51820"]'


def test_state_example_of_2_8(steady, fx):
    """Keys, their order and the order of elements."""
    body = steady.get("/v1/user/state", "developer1").body
    rows = {r["name"]: r for r in steady.rows("peers")}

    def peer(name, endpoint):
        r = rows[name]
        return (f'{{"id":{r["id"]},"name":"{name}","ip":"{r["ip"]}","cidr_id":{r["cidr_id"]},'
                f'"public_key":"{r["public_key"]}","endpoint":{endpoint},'
                f'"persistent_keepalive_interval":25,'
                f'"is_admin":{"true" if r["is_admin"] else "false"},"is_disabled":false,'
                f'"is_redeemed":true,"invite_expires":null,"candidates":{r["candidates"]}}}')

    def cidr(cidr_id, name, text, parent):
        return f'{{"id":{cidr_id},"name":"{name}","cidr":"{text}","parent":{parent}}}'

    cidrs = [cidr(1, "test", fx.root, "null"),
             cidr(2, "innernet-server", fx.single(fx.server), 1),
             *(cidr(i, name, text, 1) for i, (name, text) in enumerate(fx.cidrs.items(), 3))]
    peers = [peer("innernet-server", '"155.155.155.155:54321"'), peer("developer1", "null"),
             peer("developer2", "null")]
    assert body.decode() == f'{{"peers":[{",".join(peers)}],"cidrs":[{",".join(cidrs)}]}}'


def test_invite_expires_stays_after_redemption(net):
    net.sql("UPDATE peers SET invite_expires = 1797931848 WHERE name = 'developer1'")
    assert net.seen("developer1", "developer1")["invite_expires"] == \
        {"secs_since_epoch": 1797931848, "nanos_since_epoch": 0}


def test_capabilities_are_for_everybody(steady):
    for who in ("admin", "user2"):
        answer = steady.get("/v1/user/capabilities", who)
        assert answer.status == 200
        assert answer.body == b'{"unspecified_ip_in_override_endpoint":true}'


@pytest.mark.parametrize("body, status, stored", [
    ({"option": "Set", "content": "1.2.3.4:51820"}, 204, "1.2.3.4:51820"),
    ({"content": "1.2.3.4:51820", "option": "Set"}, 204, "1.2.3.4:51820"),
    ({"option": "Unset"}, 204, None),
    ({"option": "Unset", "content": None}, 204, None),
    ({"option": "Unset", "content": "1.2.3.4:51820"}, 400, ...),
    ({"option": "Unset", "content": ""}, 400, ...),
    ({"option": "Unset", "content": []}, 400, ...),
    ({"option": "Set"}, 400, ...),
    ({"option": "Set", "content": None}, 400, ...),
    ({"option": "Set", "content": 1}, 400, ...),
    ({"option": "Set", "content": "nonsense"}, 400, ...),
    ({"option": "set", "content": "1.2.3.4:51820"}, 400, ...),
    ({"option": "SET", "content": "1.2.3.4:51820"}, 400, ...),
    ({"option": "unset"}, 400, ...),
    ({"option": "Clear"}, 400, ...),
    ({"option": None}, 400, ...),
    ({"content": "1.2.3.4:51820"}, 400, ...),
    ({}, 400, ...),
    ("Unset", 400, ...),
    ({"option": "Set", "content": "1.2.3.4:51820", "extra": {"a": [1]}}, 204, "1.2.3.4:51820"),
    ({"option": "Unset", "extra": 1}, 204, None),
    (["Set", "9.9.9.9:9"], 204, "9.9.9.9:9"),
    ({"option": "Set", "content": "0.0.0.0:7777"}, 204, "0.0.0.0:7777"),
    ({"option": "Set", "content": "[::]:99"}, 204, "[::]:99"),
], ids=lambda v: json.dumps(v) if v is not ... else "kept")
def test_endpoint_bodies_of_2_8(steady, body, status, stored):
    steady.sql("UPDATE peers SET endpoint = '192.0.2.7:7' WHERE name = 'user2'")
    before = steady.everything()
    assert steady.put("/v1/user/endpoint", body, "user2").status == status
    if stored is ...:
        assert steady.everything() == before
    else:
        assert steady.peer("user2")["endpoint"] == stored


@pytest.mark.parametrize("body", [
    b'{"option":"Set","option":"Set","content":"1.2.3.4:1"}',
    b'{"option":"Set","content":"1.2.3.4:1","content":"1.2.3.4:1"}'])
def test_endpoint_with_a_key_twice(steady, body):
    before = steady.everything()
    assert steady.put("/v1/user/endpoint", body, "user2").status == 400
    assert steady.everything() == before


def test_endpoint_touches_only_the_callers_row_and_not_the_device(net, fx):
    device = {k: repr(p) for k, p in net.device().peers.items()}
    before = net.everything()
    for body in (SET, {"option": "Set", "content": "[::]:99"}):
        assert net.put("/v1/user/endpoint", body, "user1").status == 204
    after = net.everything()
    for row in before["peers"]:
        if row["name"] == "user1":
            row["endpoint"] = "[::]:99"
    assert after == before
    assert {k: repr(p) for k, p in net.device().peers.items()} == device


@pytest.mark.parametrize("candidates", [
    [], ["192.168.1.5:51820", "[2001:db8::5]:51820"],
    ["b.example:2", "a.example:1", "b.example:2"],
    [f"10.0.0.{n}:1" for n in range(10)]], ids=len)
def test_candidates_keep_order_and_duplicates(steady, candidates):
    assert steady.put("/v1/user/candidates", candidates, "user2").status == 204
    assert steady.peer("user2")["candidates"] == compact(candidates).decode()
    assert steady.seen("user2", "user2")["candidates"] == candidates
    peers = {p["name"]: p for p in steady.get("/v1/admin/peers").json}
    assert peers["user2"]["candidates"] == candidates


def test_candidates_are_stored_normalised(steady):
    sent = ["EXAMPLE.com:080", "[2001:DB8:0:0::1]:+5", "0x7f.1:1"]
    assert steady.put("/v1/user/candidates", sent, "user2").status == 204
    assert json.loads(steady.peer("user2")["candidates"]) == \
        ["example.com:80", "[2001:db8::1]:5", "127.0.0.1:1"]


@pytest.mark.parametrize("body", [
    b"", b"null", b"{}", b'"1.1.1.1:1"', b"[null]", b"[1]", b'["nonsense"]', b'["1.1.1.1:1",]',
    b'["1.1.1.1:1"', b'["1.1.1.1:1"] x', b'[["1.1.1.1:1"]]', b'["1.1.1.1:1","::1:80"]'])
def test_candidates_nonsense(steady, body):
    before = steady.everything()
    assert steady.put("/v1/user/candidates", body, "user2").status == 400
    assert steady.everything() == before


def test_X10_ten_candidates_are_fine_eleven_are_too_many(steady):
    ten = [f"10.0.0.{n}:1" for n in range(10)]
    assert steady.put("/v1/user/candidates", ten, "user2").status == 204
    before = steady.everything()
    answer = steady.put("/v1/user/candidates", [*ten, "10.0.0.10:1"], "user2")
    assert answer.status == 413
    # Checked after decoding: eleven with one bad are a bad body.
    assert steady.put("/v1/user/candidates", [*ten, "nonsense"], "user2").status == 400
    assert steady.everything() == before


def sized_candidates(size):
    """A valid body of exactly that many bytes."""
    body = b'["10.0.0.1:1"]'
    return body[:1] + b" " * (size - len(body)) + body[1:]


def test_X11_a_body_of_16384_bytes_passes_one_more_does_not(steady):
    assert steady.put("/v1/user/candidates", sized_candidates(16384), "user2").status == 204
    assert steady.peer("user2")["candidates"] == '["10.0.0.1:1"]'
    assert steady.put("/v1/user/candidates", [], "user2").status == 204
    before = steady.everything()
    answer = steady.put("/v1/user/candidates", sized_candidates(16385), "user2")
    assert answer.status == 400
    assert steady.everything() == before


def test_writes_of_nothing_new_leave_the_database_file_alone(net):
    """The same candidates and endpoint again cost no transaction."""
    assert net.put("/v1/user/candidates", ["1.1.1.1:1"], "user1").status == 204
    assert net.put("/v1/user/endpoint", SET, "user1").status == 204
    with net.db() as db:
        version = db.execute("PRAGMA data_version").fetchone()[0]
        assert net.put("/v1/user/candidates", ["1.1.1.1:1"], "user1").status == 204
        assert net.put("/v1/user/endpoint", SET, "user1").status == 204
        assert db.execute("PRAGMA data_version").fetchone()[0] == version
        assert net.put("/v1/user/candidates", ["1.1.1.1:2"], "user1").status == 204
        assert db.execute("PRAGMA data_version").fetchone()[0] != version
