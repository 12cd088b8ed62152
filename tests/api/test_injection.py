"""Endpoints as the server observes them, put into answers: docs/spec/server.md 3.3, D24."""

import json

import pytest

from rows import new_key

W = "172.31.9.2:51821"
W6 = "[2001:db8::9]:51821"
OLD = ["10.0.0.1:1"]

# (observed, stored endpoint, stored candidates, shown endpoint, shown candidates)
TABLE = [
    (None, None, OLD, None, OLD),
    (W, None, OLD, W, OLD),
    (W, None, [], W, []),
    (W, "0.0.0.0:7777", OLD, "172.31.9.2:7777", [*OLD, W]),
    (W, "[::]:99", OLD, "172.31.9.2:99", [*OLD, W]),
    (W, "0.0.0.0:51821", OLD, W, OLD),
    (W, "[::]:51821", [], W, []),
    (None, "0.0.0.0:7777", OLD, None, OLD),
    (None, "[::]:99", [], None, []),
    (W, "foo.example:1", OLD, "foo.example:1", [*OLD, W]),
    (None, "foo.example:1", OLD, "foo.example:1", OLD),
    (W, "1.2.3.4:5", [], "1.2.3.4:5", [W]),
    (W, "1.2.3.4:5", [W, *OLD], "1.2.3.4:5", [W, *OLD]),
    (W, None, [*OLD, W], W, [*OLD, W]),
    (W, "0.0.0.0:51821", [W], W, [W]),
    (W, W, OLD, W, OLD),
    (W, "1.2.3.4:5", [f"10.0.0.{n}:1" for n in range(10)], "1.2.3.4:5",
     [*(f"10.0.0.{n}:1" for n in range(10)), W]),
    (W6, None, [], W6, []),
    (W6, "0.0.0.0:7777", [], "[2001:db8::9]:7777", [W6]),
    (W6, "[::]:51821", [], W6, []),
    (W6, "1.2.3.4:5", [W6], "1.2.3.4:5", [W6]),
    # D24: an unspecified observed endpoint is none.
    ("0.0.0.0:4", None, OLD, None, OLD),
    ("[::]:4", "0.0.0.0:7777", OLD, None, OLD),
]


@pytest.mark.parametrize("observed, endpoint, candidates, shown, shown_candidates", TABLE)
def test_injection_of_3_3(idle, observed, endpoint, candidates, shown, shown_candidates):
    idle.start()
    if observed:
        idle.observe({"developer1": observed})
    assert idle.stop() == 0
    stored = json.dumps(candidates, separators=(",", ":"))
    idle.sql("UPDATE peers SET candidates = ? WHERE name = 'developer1'", stored)
    idle.start()
    if endpoint:
        body = {"option": "Set", "content": endpoint}
        assert idle.put("/v1/user/endpoint", body, "developer1").status == 204
    before = idle.everything()
    lists = [idle.state("developer1")["peers"], idle.state("developer2")["peers"],
             idle.get("/v1/admin/peers").json]
    for peers in lists:
        peer = {p["name"]: p for p in peers}["developer1"]
        assert (peer["endpoint"], peer["candidates"]) == (shown, shown_candidates)
        other = {p["name"]: p for p in peers}["developer2"]
        assert (other["endpoint"], other["candidates"]) == (None, [])
    # The database is untouched.
    assert idle.everything() == before
    row = idle.peer("developer1")
    assert (row["endpoint"], row["candidates"]) == (endpoint, stored)


def test_upto_eleven_candidates_and_more_from_an_admin(net, fx):
    net.observe({"developer1": W})
    net.restart()
    contents = {k: v for k, v in net.get("/v1/admin/peers").json[2].items() if k != "id"}
    twelve = [f"10.0.0.{n}:1" for n in range(12)]
    changed = contents | {"endpoint": "1.2.3.4:5", "candidates": twelve}
    status = net.put("/v1/admin/peers/3", changed).status
    # D26: 400 is allowed here as well.
    assert status in (204, 400)
    if status == 204:
        assert net.seen("developer1", "developer2")["candidates"] == [*twelve, W]


def test_the_table_goes_by_key(net):
    """An endpoint seen under an old key is not the peer's."""
    net.observe({"developer1": W})
    net.restart()
    assert net.seen("developer1", "developer2")["endpoint"] == W
    net.sql("UPDATE peers SET public_key = ? WHERE name = 'developer1'", new_key())
    assert net.seen("developer1", "developer2")["endpoint"] is None
