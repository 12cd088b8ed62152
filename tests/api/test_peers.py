"""Peers through the admin routes: docs/spec/server.md 2.9, 4.3, 4.4, catalogue 8.5, rows of 8.10.
What happens to the device is in test_device.py."""

import pytest

from bed import wait_for
from rows import V4, new_key, peer_contents, seconds, without


def post(net, contents, who="admin"):
    return net.post("/v1/admin/peers", contents, who)


def refused(net, contents, status=400, who="admin"):
    """The request gets that status and changes no row and nothing on the device."""
    before, device = net.everything(), repr(net.device().peers)
    answer = post(net, contents, who)
    assert (answer.status, answer.body) == (status, b"")
    assert net.everything() == before
    assert repr(net.device().peers) == device


def test_T16_an_admin_makes_a_peer(net, fx):
    count = len(net.rows("peers"))
    contents = peer_contents("developer3", fx.spare[0], 4)
    answer = post(net, contents)
    assert (answer.status, answer.reason) == (201, "Created")
    assert answer.header("content-type") == "application/json"
    assert answer.json == {"id": 7} | contents
    assert list(answer.json) == ["id", *contents]
    assert len(net.rows("peers")) == count + 1
    row = net.peer("developer3")
    assert row == {"id": 7, "name": "developer3", "ip": fx.spare[0], "cidr_id": 4,
                   "public_key": contents["public_key"], "endpoint": None, "is_admin": 0,
                   "is_disabled": 0, "is_redeemed": 1, "invite_expires": None, "candidates": "[]"}


def test_T17_a_name_with_a_blank_is_no_hostname(net, fx):
    refused(net, peer_contents("devel oper", fx.spare[0], 4))


# Rows marked (4) name IPv4 addresses. In the IPv6 run the literal request is refused as well, but
# already because an IPv4 address is in no IPv6 CIDR; so there the request is sent a second time with
# the address that stands for the same reason in the IPv6 tree.
def test_T18_duplicate_name(net, fx):
    refused(net, peer_contents("developer2", V4.spare[0], 4))
    refused(net, peer_contents("developer2", fx.spare[0], 4))


def test_T19_duplicate_address(net, fx):
    refused(net, peer_contents("developer3", V4.peers["developer2"], 4))
    refused(net, peer_contents("developer3", fx.peers["developer2"], 4))


@pytest.mark.parametrize("literal, same_in_v6", [
    ("10.80.65.4", "fd00:1337::3:0:0:9"),   # outside
    ("10.80.64.0", "fd00:1337::2:0:0:0"),   # the network's address
    ("10.80.64.255", None)])                # broadcast: IPv6 has none, see the next test
def test_T20_addresses_that_cannot_be_assigned(net, fx, literal, same_in_v6):
    refused(net, peer_contents("developer3", literal, 4))
    if fx.version == 6 and same_in_v6:
        refused(net, peer_contents("developer3", same_in_v6, 4))


@pytest.mark.only(6)
def test_T20_v6_the_last_address_is_fine(net):
    assert post(net, peer_contents("developer3", "fd00:1337::2:ffff:ffff:ffff", 4)).status == 201


def test_T21_a_user_makes_no_peer(net, fx):
    refused(net, peer_contents("developer3", V4.spare[0], 4), 401, "user1")
    refused(net, peer_contents("developer3", fx.spare[0], 4), 401, "user1")


def stored_contents(net, name):
    peers = {p["name"]: p for p in net.get("/v1/admin/peers").json}
    return {k: v for k, v in peers[name].items() if k != "id"}


def test_T22_an_admin_renames_a_peer(net):
    before = net.rows("peers")
    contents = stored_contents(net, "developer1") | {"name": "new-peer-name"}
    answer = net.put("/v1/admin/peers/3", contents)
    assert (answer.status, answer.body) == (204, b"")
    before[2]["name"] = "new-peer-name"
    assert net.rows("peers") == before
    assert net.seen("new-peer-name", "developer2")["id"] == 3


def test_T23_a_user_renames_no_peer(net):
    before = net.everything()
    contents = stored_contents(net, "developer1") | {"name": "new-peer-name"}
    assert net.put("/v1/admin/peers/3", contents, "user1").status == 401
    assert net.everything() == before


def test_T24_an_admin_lists_all_peers_in_order(net):
    net.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'user1'")
    net.sql("UPDATE peers SET is_redeemed = 0 WHERE name = 'user2'")
    answer = net.get("/v1/admin/peers")
    assert answer.status == 200
    assert [p["name"] for p in answer.json] == \
        ["innernet-server", "admin", "developer1", "developer2", "user1", "user2"]
    assert [p["id"] for p in answer.json] == [1, 2, 3, 4, 5, 6]
    assert (answer.json[4]["is_disabled"], answer.json[5]["is_redeemed"]) == (True, False)


def test_T25_a_user_lists_no_peers(steady):
    assert steady.get("/v1/admin/peers", "developer1").status == 401


def enabled(net):
    return [r["name"] for r in net.rows("peers") if not r["is_disabled"]]


def test_T26_delete_disables(net):
    before, all_rows = enabled(net), len(net.rows("peers"))
    assert net.delete("/v1/admin/peers/5").status == 204
    assert enabled(net) == [n for n in before if n != "user1"]
    assert len(net.rows("peers")) == all_rows
    assert net.delete("/v1/admin/peers/5").status == 204  # repeating it is fine
    assert "user1" not in {p["name"] for p in net.state("user2")["peers"]}


def test_T27_a_user_disables_nobody(steady):
    before = steady.everything()
    assert steady.delete("/v1/admin/peers/5", "developer1").status == 401
    assert steady.everything() == before


def test_T28_delete_of_an_unknown_peer(steady):
    before = steady.everything()
    assert steady.delete("/v1/admin/peers/105").status == 404
    assert steady.everything() == before


def test_X01_unknown_cidr_is_not_found(net, fx):
    refused(net, peer_contents("dev", fx.spare[0], 999), 404)


@pytest.mark.parametrize("fields", [
    {"candidates": None}, {"is_admin": 0}, {"persistent_keepalive_interval": 65536}], ids=str)
def test_X02_fields_of_a_wrong_kind(net, fx, fields):
    refused(net, peer_contents("dev", fx.spare[0], 4, **fields))


@pytest.mark.parametrize("field", ["name", "ip", "cidr_id", "public_key", "is_admin",
                                   "is_disabled", "is_redeemed"])
def test_X02_each_required_key_is_required(steady, fx, field):
    contents = peer_contents("dev", fx.spare[0], 4)
    refused(steady, without(contents, field))
    refused(steady, contents | {field: None})


def test_X03_only_the_seven_required_keys(net, fx):
    contents = without(peer_contents("dev", fx.spare[0], 4), "endpoint", "invite_expires",
                       "persistent_keepalive_interval", "candidates")
    assert len(contents) == 7
    answer = post(net, contents)
    assert answer.status == 201
    assert answer.json == {"id": 7, **contents, "endpoint": None, "invite_expires": None,
                           "persistent_keepalive_interval": None, "candidates": []}


@pytest.mark.parametrize("name", ["Dev6", "a--b", "a-", "-a", "", "a.b", "a_b", "bücher", "a" * 64,
                                  "a\n", "a/b", "a#b", "10.0.0.1 evil"])
def test_X04_names_that_are_no_hostnames(steady, fx, name):
    refused(steady, peer_contents(name, fx.spare[0], 4))


@pytest.mark.parametrize("name", ["a", "0", "a-b-c", "a" * 63])
def test_X04_names_that_are(net, fx, name):
    assert post(net, peer_contents(name, fx.spare[0], 4)).status == 201
    assert net.peer(name)["ip"] == fx.spare[0]


def test_X05_the_servers_public_key(net, fx):
    key = net.server_key
    refused(net, peer_contents("dev", fx.spare[0], 4, public_key=key))
    refused(net, peer_contents("dev", fx.spare[0], 4, public_key=key.rstrip("=")))


def test_X06_decoding_comes_before_looking_up(steady):
    assert steady.put("/v1/admin/peers/4444", {"name": "dev1"}).status == 400
    assert steady.put("/v1/admin/peers/4444", stored_contents(steady, "user2")).status == 404


def test_X07_an_id_beyond_64_bits(steady):
    contents = stored_contents(steady, "user2")
    assert steady.put("/v1/admin/peers/99999999999999999999", contents).status == 404
    assert steady.put("/v1/admin/peers/99999999999999999999", b"{{").status == 404


@pytest.mark.parametrize("key", ["", "not a key", "A" * 43 + "==", "A" * 44,
                                 "A" * 43 + "=", "_" * 43 + "=", "A" * 12000],
                         ids=lambda k: k[:50])
def test_D2_a_public_key_that_is_none(net, fx, key):
    """The zero key is among them. Neither now nor at the next start does it stop the server."""
    refused(net, peer_contents("dev", fx.spare[0], 4, public_key=key))
    net.restart()
    assert net.get("/v1/admin/peers").status == 200


def test_duplicate_public_key_in_either_text(net, fx):
    key = net.key_of("developer1")
    refused(net, peer_contents("dev", fx.spare[0], 4, public_key=key))
    refused(net, peer_contents("dev", fx.spare[0], 4, public_key=key.rstrip("=")))


def test_D3_a_key_is_stored_and_echoed_in_canonical_form(net, fx):
    key = new_key()
    answer = post(net, peer_contents("dev", fx.spare[0], 4, public_key=key.rstrip("=")))
    assert answer.status == 201
    assert answer.json["public_key"] == key
    assert net.key_of("dev") == key


def test_example_of_2_9_echoes_what_was_sent(net, fx):
    """Nanoseconds and keepalive are echoed, endpoint texts normalised; stored are whole seconds."""
    contents = peer_contents("dev2", fx.spare[0], 4, is_redeemed=False,
                             persistent_keepalive_interval=25, endpoint="EXAMPLE.com:0443",
                             invite_expires=seconds(1900000000, 123456789),
                             candidates=["127.0.0.1:80", "[0:0::1]:5"])
    answer = post(net, contents)
    assert answer.status == 201
    key = contents["public_key"]
    assert answer.body.decode() == (
        f'{{"id":7,"name":"dev2","ip":"{fx.spare[0]}","cidr_id":4,"public_key":"{key}",'
        '"endpoint":"example.com:443","persistent_keepalive_interval":25,"is_admin":false,'
        '"is_disabled":false,"is_redeemed":false,"invite_expires":{"secs_since_epoch":1900000000,'
        '"nanos_since_epoch":123456789},"candidates":["127.0.0.1:80","[::1]:5"]}')
    row = net.peer("dev2")
    assert (row["endpoint"], row["invite_expires"], row["candidates"]) == \
        ("example.com:443", 1900000000, '["127.0.0.1:80","[::1]:5"]')
    listed = net.get("/v1/admin/peers").json[-1]
    assert listed == answer.json | {"invite_expires": seconds(1900000000)}


def test_put_applies_five_fields_and_ignores_the_others(net, fx):
    before = net.rows("peers")
    contents = peer_contents("dev2-old", fx.spare[0], 5, endpoint="Host.example:01",
                             persistent_keepalive_interval=7, is_admin=True, is_disabled=True,
                             is_redeemed=False, invite_expires=seconds(1),
                             candidates=["203.0.113.9:51820"])
    assert net.put("/v1/admin/peers/4", contents).status == 204
    before[3] |= {"name": "dev2-old", "endpoint": "host.example:1", "is_admin": 1,
                  "is_disabled": 1, "candidates": '["203.0.113.9:51820"]'}
    assert net.rows("peers") == before
    assert net.get("/v1/admin/peers").json[3]["persistent_keepalive_interval"] == 25


def test_D47_put_without_candidates_empties_them(net):
    net.sql("""UPDATE peers SET candidates = '["1.1.1.1:1"]' WHERE id = 4""")
    contents = stored_contents(net, "developer2")
    assert contents.pop("candidates") == ["1.1.1.1:1"]
    assert net.put("/v1/admin/peers/4", contents).status == 204
    assert net.peer("developer2")["candidates"] == "[]"


@pytest.mark.parametrize("change", [
    {"name": "user2"}, {"name": "innernet-server"}, {"name": "Bad"}, {"name": ""}, {"name": None},
    {"is_disabled": 1}, {"endpoint": "x"}, {"candidates": None}, {"candidates": ["x"]},
    {"ip": "x"}, {"cidr_id": "4"}, {"public_key": 1}], ids=str)
def test_put_refusals_change_nothing(steady, change):
    contents = stored_contents(steady, "developer2") | change
    before, device = steady.everything(), repr(steady.device().peers)
    assert steady.put("/v1/admin/peers/4", contents).status == 400
    assert steady.everything() == before
    assert repr(steady.device().peers) == device


def test_put_with_the_same_contents_is_fine(steady):
    before = steady.everything()
    assert steady.put("/v1/admin/peers/4", stored_contents(steady, "developer2")).status == 204
    assert steady.everything() == before


@pytest.mark.parametrize("change", [
    {"is_disabled": True}, {"endpoint": None}, {"endpoint": "0.0.0.0:1"}, {"endpoint": "[::]:1"},
    {"name": "other"}], ids=str)
def test_D9_the_server_peer_stays_what_it_is(steady, change):
    contents = stored_contents(steady, "innernet-server")
    before = steady.everything()
    assert steady.put("/v1/admin/peers/1", contents | change).status == 400
    assert steady.everything() == before
    # A new external endpoint is everyday work.
    assert steady.put("/v1/admin/peers/1", contents | {"endpoint": "9.9.9.9:9"}).status == 204
    assert steady.peer("innernet-server")["endpoint"] == "9.9.9.9:9"
    assert steady.put("/v1/admin/peers/1", contents).status == 204


def test_D9_the_server_peer_is_not_deleted(steady):
    before = steady.everything()
    assert steady.delete("/v1/admin/peers/1").status == 400
    assert steady.everything() == before


def test_D9_the_server_peer_may_be_demoted(net):
    """Kept: the flag only says what a request from the server's own host may do."""
    contents = stored_contents(net, "innernet-server") | {"is_admin": False}
    assert net.put("/v1/admin/peers/1", contents).status == 204
    assert net.peer("innernet-server")["is_admin"] == 0
    assert "innernet-server" in {p["name"] for p in net.state("user1")["peers"]}


def test_D38_a_swept_id_is_used_again(net, fx):
    """Nothing of the peer that had it before sticks to it."""
    gone = peer_contents("gone", fx.spare[0], 4, candidates=["1.1.1.1:1"])
    number = net.make_peer(gone)
    assert net.get("/v1/user/state", "gone").status == 200
    net.sql("DELETE FROM peers WHERE name = 'gone'")
    fresh = peer_contents("fresh", fx.spare[1], 4)
    assert net.make_peer(fresh) == number
    assert net.get("/v1/user/state", fx.spare[0]).status == 401
    seen = net.seen("fresh", "developer1")
    assert (seen["id"], seen["ip"], seen["candidates"]) == (number, fx.spare[1], [])
    wait_for(lambda: gone["public_key"] not in net.device().peers, "end of the old key")
    assert fresh["public_key"] in net.device().peers


def test_D10_the_last_admin_may_resign(net):
    contents = stored_contents(net, "admin") | {"is_admin": False}
    assert net.put("/v1/admin/peers/2", contents).status == 204
    assert net.get("/v1/admin/peers").status == 401


def test_D30_and_a_bad_address_in_an_unknown_cidr(steady, fx):
    """Order of 4.3: name, then CIDR, then address."""
    refused(steady, peer_contents("Bad", fx.spare[0], 999), 400)
    refused(steady, peer_contents("dev", fx.stranger, 999), 404)


def test_assignable_addresses_at_the_edges(net, fx):
    """4.3, 4: a /31 (or /127) gives out both, a /32 (or /128) its only one."""
    if fx.version == 4:
        pair, one = ("10.81.0.0/31", ["10.81.0.0", "10.81.0.1"]), ("10.81.0.9/32", "10.81.0.9")
    else:
        base = "fd00:1337::4:0:0:"
        pair, one = (f"{base}0/127", [f"{base}0", f"{base}1"]), (f"{base}9/128", f"{base}9")
    cidr = net.make_cidr("pair", pair[0])
    for n, ip in enumerate(pair[1]):
        assert post(net, peer_contents(f"pair{n}", ip, cidr)).status == 201
    cidr = net.make_cidr("one", one[0])
    assert post(net, peer_contents("one", one[1], cidr)).status == 201


def test_both_families_never_mix(steady, fx):
    other = "fd00:1337::2:0:0:9" if fx.version == 4 else "10.80.64.9"
    refused(steady, peer_contents("dev", other, 4))
    if fx.version == 4:
        refused(steady, peer_contents("dev", "::ffff:10.80.64.9", 4))
