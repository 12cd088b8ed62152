"""CIDRs through the admin routes: docs/spec/server.md 2.9, 4.2, catalogue 8.6, rows of 8.10, D28."""

import pytest

from rows import cidr_contents, peer_contents


def post(net, contents, who="admin"):
    return net.post("/v1/admin/cidrs", contents, who)


def refused(net, contents, status=400, who="admin"):
    before = net.everything()
    answer = post(net, contents, who)
    assert (answer.status, answer.body) == (status, b""), contents
    assert net.everything() == before


def test_T29_an_admin_makes_a_cidr(net, fx):
    count = len(net.rows("cidrs"))
    contents = cidr_contents("experimental", fx.experimental)
    answer = post(net, contents)
    assert answer.status == 201
    assert answer.body.decode() == \
        f'{{"id":6,"name":"experimental","cidr":"{fx.experimental}","parent":1}}'
    assert len(net.rows("cidrs")) == count + 1
    ip, prefix = fx.experimental.split("/")
    assert net.rows("cidrs")[-1] == \
        {"id": 6, "name": "experimental", "ip": ip, "prefix": int(prefix), "parent": 1}
    assert net.get("/v1/admin/cidrs").json[-1] == answer.json
    assert net.state()["cidrs"][-1] == answer.json


def test_T30_a_name_is_taken_once(net, fx):
    outer = net.make_cidr("experimental", fx.experimental)
    refused(net, cidr_contents("experimental", fx.sub, outer))
    assert post(net, cidr_contents("other", fx.sub, outer)).status == 201


def test_T31_a_user_makes_no_cidr(steady, fx):
    refused(steady, cidr_contents("experimental", fx.experimental), 401, "user1")


def test_T32_the_wrong_place_in_the_tree(net, fx):
    outer = net.make_cidr("experimental", fx.experimental)
    refused(net, cidr_contents("experimental subcidr", fx.sub, 1))
    assert post(net, cidr_contents("experimental subcidr", fx.sub, outer)).status == 201


def test_T33_siblings_may_not_overlap(net, fx):
    # The literal row. In the IPv6 run it is refused because no IPv6 CIDR contains it; what stands
    # for it there (host bits set, covering the admins' CIDR and more) follows.
    refused(net, cidr_contents("experimental", "10.80.1.0/21"))
    if fx.version == 6:
        refused(net, cidr_contents("experimental", "fd00:1337:0:0:1::/78"))


def test_T34_delete_from_the_leaves_up(net, fx):
    outer = net.make_cidr("experimental", fx.experimental)
    inner = net.make_cidr("experimental subcidr", fx.sub, outer)
    before = net.rows("cidrs")
    assert net.delete(f"/v1/admin/cidrs/{outer}").status == 400
    assert net.rows("cidrs") == before
    assert net.delete(f"/v1/admin/cidrs/{inner}").status == 204
    assert net.delete(f"/v1/admin/cidrs/{outer}").status == 204
    assert net.rows("cidrs") == before[:-2]
    assert [c["id"] for c in net.state()["cidrs"]] == [1, 2, 3, 4, 5]


def test_T35_a_cidr_with_a_peer_stays(net, fx):
    cidr = net.make_cidr("experimental", fx.experimental)
    peer = net.make_peer(peer_contents("experiment-peer", fx.experiment_peer, cidr))
    before = net.everything()
    assert net.delete(f"/v1/admin/cidrs/{cidr}").status == 400
    assert net.delete(f"/v1/admin/peers/{peer}").status == 204
    assert net.delete(f"/v1/admin/cidrs/{cidr}").status == 400  # a disabled one counts as well
    assert net.rows("cidrs") == before["cidrs"]


def test_a_cidr_with_an_association_stays(net):
    net.make_association(3, 4)
    net.sql("DELETE FROM peers WHERE cidr_id = 3 OR cidr_id = 4")
    net.sql("UPDATE peers SET is_admin = 1 WHERE name = 'user1'")
    for cidr in (3, 4):
        assert net.delete(f"/v1/admin/cidrs/{cidr}", "user1").status == 400
    assert net.delete("/v1/admin/associations/1", "user1").status == 204
    assert net.delete("/v1/admin/cidrs/3", "user1").status == 204


def test_delete_by_a_user(steady):
    before = steady.everything()
    for cidr in (1, 2, 3, 444):
        assert steady.delete(f"/v1/admin/cidrs/{cidr}", "user1").status == 401
    assert steady.everything() == before


def test_D31_delete_of_an_unknown_cidr(steady):
    before = steady.everything()
    for cidr in ("444", "+444", "-1", "0", "9223372036854775807", "-9223372036854775808"):
        assert steady.delete(f"/v1/admin/cidrs/{cidr}").status == 204
    assert steady.everything() == before


def test_the_first_two_cidrs_stay(steady):
    before = steady.everything()
    for cidr in (1, 2):
        assert steady.delete(f"/v1/admin/cidrs/{cidr}").status == 400
    assert steady.everything() == before


def test_list_example_of_2_9(steady, fx):
    body = steady.get("/v1/admin/cidrs").body.decode()
    assert body.startswith(
        f'[{{"id":1,"name":"test","cidr":"{fx.root}","parent":null}},'
        f'{{"id":2,"name":"innernet-server","cidr":"{fx.single(fx.server)}","parent":1}},'
        f'{{"id":3,"name":"admin","cidr":"{fx.cidrs["admin"]}","parent":1}}')
    assert steady.get("/v1/admin/cidrs", "user1").status == 401


def test_X08_put_of_an_unknown_cidr(steady, fx):
    contents = cidr_contents("other", fx.experimental)
    assert steady.put("/v1/admin/cidrs/444", contents).status == 404
    assert steady.put("/v1/admin/cidrs/444", b"{{{").status == 400


def test_X09_put_needs_name_and_cidr(steady):
    before = steady.everything()
    assert steady.put("/v1/admin/cidrs/4", {"name": "x"}).status == 400
    assert steady.put("/v1/admin/cidrs/4", {"cidr": "10.0.0.0/8"}).status == 400
    assert steady.everything() == before


def test_put_applies_the_name_only(net, fx):
    before = net.rows("cidrs")
    other_family = "fd00::/8" if fx.version == 4 else "192.168.0.0/16"
    for cidr, parent in ((fx.cidrs["developer"], 1), (other_family, 999), ("0.0.0.0/0", None)):
        name = f"machines {parent}"
        answer = net.put("/v1/admin/cidrs/4", cidr_contents(name, cidr, parent))
        assert (answer.status, answer.body) == (204, b"")
        before[3]["name"] = name
        assert net.rows("cidrs") == before
    assert net.state("user1")["cidrs"][3]["name"] == "machines None"
    # To its own name is no conflict.
    assert net.put("/v1/admin/cidrs/4", cidr_contents("machines None", "::/0")).status == 204


def test_put_refusals(steady, fx):
    before = steady.everything()
    cidr = fx.cidrs["developer"]
    for contents in (cidr_contents("admin", cidr), cidr_contents("test", cidr),
                     cidr_contents("x", "nonsense"), cidr_contents("x", cidr, "1"),
                     cidr_contents("x", None), cidr_contents(None, cidr),
                     cidr_contents(4, cidr)):
        assert steady.put("/v1/admin/cidrs/4", contents).status == 400, contents
    assert steady.put("/v1/admin/cidrs/4", cidr_contents("x", cidr), "user1").status == 401
    assert steady.everything() == before


def test_names_are_free(net, fx):
    """2.9, 4.2: any text with something to see in it."""
    name = 'Größe "π" \\ / <b> , a\u00a0b 日本'
    cidr = net.make_cidr(name, fx.experimental)
    assert net.rows("cidrs")[-1]["name"] == name
    raw = net.get("/v1/admin/cidrs").body.decode()
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    assert f'{{"id":{cidr},"name":"{escaped}",' in raw
    assert net.get("/v1/admin/cidrs").json[-1]["name"] == name


# --- 4.2: where a CIDR may go ------------------------------------------------------------------

def inside(fx, v4, v6):
    return v4 if fx.version == 4 else v6


def test_not_under_a_cidr_with_peers(net, fx):
    cidr = inside(fx, "10.80.64.128/25", "fd00:1337::2:8000:0:0/81")
    refused(net, cidr_contents("sub", cidr, 4))
    # Neither disabled nor unredeemed ones are overlooked.
    net.sql("UPDATE peers SET is_disabled = 1, is_redeemed = 0 WHERE cidr_id = 4")
    refused(net, cidr_contents("sub", cidr, 4))
    net.sql("DELETE FROM peers WHERE cidr_id = 4")
    assert post(net, cidr_contents("sub", cidr, 4)).status == 201


def test_nothing_goes_under_the_servers_cidr(steady, fx):
    refused(steady, cidr_contents("sub", fx.single(fx.server), 2))


def test_an_unknown_parent(steady, fx):
    for parent in (0, -1, 444, 2**63 - 1):
        refused(steady, cidr_contents("sub", fx.experimental, parent))


def test_a_net_that_only_its_grandparent_contains(net, fx):
    outer = net.make_cidr("outer", fx.sub)
    wider = fx.experimental  # contains "outer", which is a sibling then
    refused(net, cidr_contents("wider", wider, 1))
    refused(net, cidr_contents("wider", wider, outer))


def test_a_net_outside_the_root(steady, fx):
    for cidr in ("10.82.0.0/16", "0.0.0.0/0", "fd00:1338::/64", "::/0", "10.80.0.0/14",
                 "fd00:1337::/63"):
        refused(steady, cidr_contents("outside", cidr))


def test_the_tree_is_refined_downwards(net, fx):
    outer = net.make_cidr("outer", fx.experimental)
    middle = net.make_cidr("middle", fx.sub, outer)
    low, high = inside(fx, ("10.81.0.0/24", "10.81.127.0/24"),
                       ("fd00:1337:0:0:4::/96", "fd00:1337::4:7fff:ffff:0/112"))
    net.make_cidr("low", low, middle)
    net.make_cidr("high", high, middle)
    refused(net, cidr_contents("again", low, middle))
    refused(net, cidr_contents("skipped", inside(fx, "10.81.4.0/24", "fd00:1337::4:0:4:0/112"),
                               outer))


def test_host_bits_are_kept(net, fx):
    """0.2 and D28: in answers as in the database."""
    cidr = inside(fx, "10.81.4.7/24", "fd00:1337::4:0:0:7/96")
    assert net.make_cidr("host bits", cidr) == 6
    assert net.get("/v1/admin/cidrs").json[-1]["cidr"] == cidr
    row = net.rows("cidrs")[-1]
    assert f'{row["ip"]}/{row["prefix"]}' == cidr
    # Its members are counted from the network's address.
    ip = inside(fx, "10.81.4.2", "fd00:1337::4:0:0:2")
    assert net.make_peer(peer_contents("dev", ip, 6)) == 7
    # And so are overlaps.
    refused(net, cidr_contents("overlap", inside(fx, "10.81.4.128/25", "fd00:1337::4:0:0:8/125")))


def test_D28_a_child_as_large_as_its_parent(net, fx):
    """Upstream takes it when the host bits differ."""
    parent = net.make_cidr("parent", inside(fx, "10.81.4.7/24", "fd00:1337::4:0:0:7/96"))
    refused(net, cidr_contents("child", inside(fx, "10.81.4.8/24", "fd00:1337::4:0:0:8/96"), parent))
    refused(net, cidr_contents("child", inside(fx, "10.81.4.7/24", "fd00:1337::4:0:0:7/96"), parent))


@pytest.mark.parametrize("cidr", ["172.16.0.0/12", "fd00:9999::/64"])
def test_D28_no_second_root(steady, cidr):
    refused(steady, cidr_contents("root2", cidr, None))
    contents = cidr_contents("root2", cidr)
    del contents["parent"]
    refused(steady, contents)


@pytest.mark.parametrize("name", ["", "\n", "a\x00b", "a\x1b[31m", "\x7f", "tab\there"], ids=repr)
def test_D28_names_with_nothing_to_see(steady, fx, name):
    refused(steady, cidr_contents(name, fx.experimental))
    before = steady.everything()
    renamed = steady.put("/v1/admin/cidrs/4", cidr_contents(name, fx.cidrs["developer"]))
    assert renamed.status == 400
    assert steady.everything() == before
