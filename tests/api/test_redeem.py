"""Redeeming an invitation: docs/spec/server.md 2.8, 4.5, catalogue 8.4, rows of 8.10, D1, D3, D7.
What happens five seconds later is in test_waiting.py."""

import base64
import time

import pytest

from rows import new_key, peer_contents, seconds

NEW_KEY = "YBVIgpfLbi/knrMCTEb0L6eVy0daiZnJJQkxBK9s+2I="


def invite(net, fx, expires):
    """An unredeemed experiment-peer in a CIDR of its own, made by an admin."""
    cidr = net.make_cidr("experimental", fx.experimental)
    expiry = None if expires is None else seconds(int(time.time()) + expires)
    contents = peer_contents("experiment-peer", fx.experiment_peer, cidr, is_redeemed=False,
                             invite_expires=expiry)
    net.make_peer(contents)
    return contents


def redeem(net, key=NEW_KEY, who="experiment-peer"):
    return net.post("/v1/user/redeem", {"public_key": key}, who)


@pytest.fixture
def invited(net, fx):
    net.contents = invite(net, fx, 100)
    return net


def test_T14_an_invitation_is_redeemed_once(invited):
    who = "experiment-peer"
    assert invited.get("/v1/user/state", who).status == 401
    before = invited.everything()
    answer = redeem(invited)
    assert (answer.status, answer.body, answer.header("content-length")) == (204, b"", None)
    after = invited.everything()
    # Only these two columns changed, in this row.
    for row in before["peers"]:
        if row["name"] == who:
            row |= {"is_redeemed": 1, "public_key": NEW_KEY}
    assert after == before
    assert redeem(invited).status == 401
    assert redeem(invited, new_key()).status == 401
    assert invited.get("/v1/user/state", who).status == 200
    assert invited.everything() == after


def test_T15_an_expired_invitation_is_refused(net, fx):
    invite(net, fx, -1)
    assert net.get("/v1/user/state", fx.experiment_peer).status == 401
    assert redeem(net, who=fx.experiment_peer).status == 401
    assert not net.sql("SELECT * FROM peers WHERE public_key = ?", NEW_KEY)
    assert not net.sql("SELECT * FROM peers WHERE name = 'experiment-peer' AND is_redeemed <> 0")


def test_an_invitation_without_expiry_never_expires(net, fx):
    invite(net, fx, None)
    assert redeem(net).status == 204


def test_an_expiry_far_in_the_future_is_no_expiry(net, fx):
    """D39: beware of overflow when comparing."""
    contents = peer_contents("experiment-peer", fx.spare[0], 4, is_redeemed=False,
                             invite_expires=seconds(2**63 - 1))
    net.make_peer(contents)
    assert redeem(net).status == 204
    assert net.seen("experiment-peer", "developer1")["invite_expires"] == seconds(2**63 - 1)


def test_X13_what_an_unredeemed_peer_may_ask(invited):
    who = "experiment-peer"
    assert invited.get("/v1/user/state", who).status == 401
    assert invited.get("/v1/user/capabilities", who).status == 200
    assert invited.get("/v1/user/nope", who).status == 404
    assert invited.get("/v1/admin/peers", who).status == 401
    assert invited.put("/v1/user/endpoint", {"option": "Unset"}, who).status == 401
    assert invited.put("/v1/user/candidates", [], who).status == 401


def test_an_unredeemed_admin_is_no_admin_yet(net, fx):
    net.make_peer(peer_contents("boss", fx.spare[0], 4, is_redeemed=False, is_admin=True))
    assert net.get("/v1/admin/peers", "boss").status == 401
    assert redeem(net, who="boss").status == 204
    assert net.get("/v1/admin/peers", "boss").status == 200


def test_X14_a_redeemed_peer_is_refused_before_its_body_is_read(steady):
    before = steady.everything()
    assert steady.post("/v1/user/redeem", b"{{{", "developer1").status == 401
    assert redeem(steady, who="developer1").status == 401
    assert steady.everything() == before


def test_X15_redeem_without_key_and_with_the_servers(invited):
    before = invited.everything()
    device = repr(invited.device().peers)
    assert invited.post("/v1/user/redeem", {}, "experiment-peer").status == 400
    assert redeem(invited, invited.server_key).status == 400
    assert invited.everything() == before
    assert repr(invited.device().peers) == device


ZERO = base64.b64encode(bytes(32)).decode()
D1_KEYS = ["", "a", "not a key", "A" * 43 + "\n", NEW_KEY[:-2], NEW_KEY + "=", NEW_KEY[:-2] + "J=",
           NEW_KEY.replace("/", "_"), " " + NEW_KEY, base64.b64encode(bytes(31)).decode(),
           base64.b64encode(bytes(33)).decode(), ZERO, ZERO[:-1], "ä" * 44, "A" * 12000]


@pytest.mark.parametrize("key", D1_KEYS, ids=lambda k: ascii(k)[:50])
def test_D1_only_a_key_is_taken_as_key(invited, key):
    """Else the invitee could stop the server for good."""
    before = invited.everything()
    device = repr(invited.device().peers)
    assert redeem(invited, key).status == 400
    assert invited.everything() == before
    assert repr(invited.device().peers) == device
    # The invitation can still be used.
    assert redeem(invited).status == 204


@pytest.mark.parametrize("body", [
    b"", b"null", b"[]", b"[1]", b'"x"', b'{"public_key":null}', b'{"public_key":1}',
    b'{"public_key":["x"]}', b'{"Public_key":"' + NEW_KEY.encode() + b'"}',
    b'{"public_key":"' + NEW_KEY.encode() + b'"',
    b'{"public_key":"' + NEW_KEY.encode() + b'"}}',
    b'{"public_key":"%s","public_key":"%s"}' % ((NEW_KEY.encode(),) * 2)], ids=repr)
def test_redeem_nonsense(invited, body):
    before = invited.everything()
    assert invited.post("/v1/user/redeem", body, "experiment-peer").status == 400
    assert invited.everything() == before


def test_unknown_members_are_ignored(invited):
    body = {"name": "other", "public_key": NEW_KEY, "is_admin": True}
    assert invited.post("/v1/user/redeem", body, "experiment-peer").status == 204
    row = invited.peer("experiment-peer")
    assert (row["public_key"], row["is_admin"]) == (NEW_KEY, 0)


def test_a_key_of_somebody_else_is_refused(invited):
    before = invited.everything()
    for name in ("developer1", "admin", "innernet-server"):
        key = invited.key_of(name)
        assert redeem(invited, key).status == 400
        # D3: the same key in its other text.
        assert redeem(invited, key.rstrip("=")).status == 400
    assert invited.everything() == before


def test_D3_a_key_without_padding_is_stored_in_canonical_form(invited):
    assert redeem(invited, NEW_KEY.rstrip("=")).status == 204
    assert invited.key_of("experiment-peer") == NEW_KEY
    peers = {p["name"]: p for p in invited.get("/v1/admin/peers").json}
    assert peers["experiment-peer"]["public_key"] == NEW_KEY


def test_D7_a_restart_during_the_switch_forgets_nothing(invited, fx):
    old = invited.contents["public_key"]
    assert redeem(invited).status == 204
    peers = invited.device().peers
    assert old in peers and NEW_KEY not in peers
    invited.restart()
    peers = invited.device().peers
    assert old not in peers
    assert peers[NEW_KEY].allowed_ips == [fx.single(fx.experiment_peer)]
    assert peers[NEW_KEY].keepalive == 25
