"""Who sees whom: docs/spec/server.md part 3. The worked example of 3.2, in both families."""

import pytest

from rows import new_key

# Ids, names and parents of 3.2; 10.66 of the example is the fixture's root here.
CIDRS = [(3, "humans", 1), (4, "robots", 1), (5, "arm", 4), (6, "leg", 4), (7, "ci", 1),
         (8, "island", 1)]
NETS = {4: {3: "10.80.1.0/24", 4: "10.80.8.0/21", 5: "10.80.8.0/24", 6: "10.80.9.0/24",
            7: "10.80.3.0/24", 8: "10.80.4.0/24"},
        6: {3: "fd00:1337::1:0:0:0/80", 4: "fd00:1337::8:0:0:0/77", 5: "fd00:1337::8:0:0:0/80",
            6: "fd00:1337::9:0:0:0/80", 7: "fd00:1337::3:0:0:0/80", 8: "fd00:1337::4:0:0:0/80"}}
PEERS = [("admin", 3, 1), ("bob", 3, 2), ("arm1", 5, 1), ("leg1", 6, 1), ("ci1", 7, 1),
         ("lone", 8, 1), ("pending", 7, 2), ("gone", 6, 2)]
SEES = {"humans": "innernet-server admin bob arm1 leg1", "arm": "innernet-server admin bob arm1 ci1",
        "leg": "innernet-server admin bob leg1", "ci": "innernet-server arm1 ci1",
        "island": "innernet-server lone"}
ASKED_BY = {"humans": ["admin", "bob"], "arm": ["arm1"], "leg": ["leg1"], "ci": ["ci1"],
            "island": ["lone"]}


def address(fx, cidr, host):
    base = NETS[fx.version][cidr].split("/")[0]
    return base[:-1] + str(host)


def fill(net, fx):
    with net.db() as db:
        db.execute("DELETE FROM peers WHERE id > 1")
        db.execute("DELETE FROM cidrs WHERE id > 2")
        for cidr, name, parent in CIDRS:
            ip, prefix = NETS[fx.version][cidr].split("/")
            db.execute("INSERT INTO cidrs VALUES (?, ?, ?, ?, ?)", (cidr, name, ip, prefix, parent))
        for name, cidr, host in PEERS:
            db.execute("INSERT INTO peers VALUES (NULL, ?, ?, ?, NULL, ?, 0, ?, ?, NULL, '[]')",
                       (name, address(fx, cidr, host), new_key(), cidr, name == "gone",
                        name != "pending"))
        db.executemany("INSERT INTO associations VALUES (?, ?, ?)", [(1, 3, 4), (2, 7, 5)])


@pytest.fixture
def worked(idle, fx):
    fill(idle, fx)
    idle.start()
    return idle


def seen_by(net, who):
    peers = [p["name"] for p in net.state(who)["peers"]]
    assert len(peers) == len(set(peers)), "somebody twice"
    ids = [p["id"] for p in net.state(who)["peers"]]
    assert ids == sorted(ids)
    return set(peers)


@pytest.mark.parametrize("group", SEES)
def test_worked_example_of_3_2(worked, group):
    for who in ASKED_BY[group]:
        assert seen_by(worked, who) == set(SEES[group].split())


def test_cidrs_are_shown_to_all(worked):
    for who in ("admin", "lone"):
        assert [c["id"] for c in worked.state(who)["cidrs"]] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_those_who_see_nothing(worked):
    assert worked.get("/v1/user/state", "pending").status == 401
    assert worked.get("/v1/user/state", "gone").status == 401


@pytest.mark.parametrize("cidr, sees", [
    (4, "innernet-server admin bob arm1 leg1 extra"),
    (1, "innernet-server admin bob arm1 leg1 ci1 lone extra")], ids=["robots", "root"])
def test_a_peer_in_an_inner_cidr(worked, fx, cidr, sees):
    """It sees everything below without being seen from there."""
    ip = ("10.80.11.1" if fx.version == 4 else "fd00:1337::b:0:0:1")
    worked.sql("INSERT INTO peers VALUES (NULL, 'extra', ?, ?, NULL, ?, 0, 0, 1, NULL, '[]')",
               ip, new_key(), cidr)
    assert seen_by(worked, "extra") == set(sees.split())
    assert "extra" not in seen_by(worked, "lone")


def test_symmetry_among_leaves(worked):
    everybody = ["admin", "bob", "arm1", "leg1", "ci1", "lone"]
    sees = {who: seen_by(worked, who) for who in everybody}
    for one in everybody:
        for other in everybody:
            assert (one in sees[other]) == (other in sees[one])


def test_an_association_of_the_root_opens_to_everybody(worked):
    worked.sql("INSERT INTO associations VALUES (3, 8, 1)")
    everybody = {"innernet-server", "admin", "bob", "arm1", "leg1", "ci1", "lone"}
    assert seen_by(worked, "lone") == everybody
    assert "lone" in seen_by(worked, "ci1")
    assert seen_by(worked, "ci1") == {"innernet-server", "arm1", "ci1", "lone"}


def test_disabling_hides_at_once_and_enabling_shows(worked):
    worked.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'bob'")
    assert "bob" not in seen_by(worked, "admin")
    worked.sql("UPDATE peers SET is_disabled = 0 WHERE name = 'bob'")
    assert "bob" in seen_by(worked, "leg1")


def test_an_unredeemed_peer_appears_when_it_redeems(worked):
    assert "pending" not in seen_by(worked, "ci1")
    assert worked.post("/v1/user/redeem", {"public_key": new_key()}, "pending").status == 204
    assert "pending" in seen_by(worked, "ci1")
    assert seen_by(worked, "pending") == {"innernet-server", "arm1", "ci1", "pending"}
