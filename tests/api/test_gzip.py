"""Compressed answers for who asks for them (docs/protocol.md; RFC 9110 12.5.3, 8.4, 12.5.5), and for who
asks and does not take them."""

import json
import re

import pytest

from bed import wait_for
from crowd import connections_end, is_sanitized, resident_kib, seed_peers
from network import KEY_HEADER
from polls import GZIP, STATE, TAGGED, ask, checked, plain, question, tag_of, unless
from rows import new_key

# Fields are divided by |.
ALLOWING = [
    "gzip", "GZip", "gzip, deflate, br", "deflate, gzip", "br;q=1, gzip;q=0.1", "gzip;q=1", "gzip;q=0.5",
    "gzip;q=0.001", "gzip;q=1.", "gzip;q=1.000", "gzip ; q=0.3", "gzip\t;\tQ=1", "*", "*;q=0.1",
    "gzip, *;q=0", "*;q=0, gzip", "identity;q=0, gzip", "identity;q=0.5, gzip;q=0.6", "identity;q=0, *",
    "br|gzip", "gzip|br", ", gzip ,,", "deflate;q=0, *", "gzip;q=1.0, identity; q=0.5, *;q=0",
]
NOT_ALLOWING = [
    "", ",", "identity", "deflate", "br, zstd", "gzip;q=0", "gzip;q=0.0", "gzip;q=0.", "gzip;q=0.000", "GZIP ; Q=0",
    "*;q=0", "gzip;q=0, *", "*, gzip;q=0", "*;q=1|gzip;q=0", "gzip2", "xgzip", "gzi", "not-gzip",
    "identity;q=1, gzip;q=0.5", "identity;q=0, gzip;q=0", "identity;q=0", "deflate|br",
    "identity, gzip;q=0", "br;gzip",
]
# What it makes of these is its own matter, as long as the answer is a good one.
ODD = [
    "gzip;q=2", "gzip;q=1.001", "gzip;q=-1", "gzip;q=.5", "gzip;q=", "gzip;q", "gzip;", "gzip;q=abc",
    "gzip;q=0.1234", "gzip;q=1;x=y", "gzip;x=y", '"gzip"', "gzip gzip", "gzip deflate", ";q=1", "=",
    "gzip=1", "gzip, gzip;q=0", "gzip;q=0, gzip", "x-gzip", "gzip;q=0, x-gzip", "gz\xefp", "gzip\x01", "*x",
    "gzip;q=0x1", "gzip;q=1e9", "gzip;q=0." + "0" * 300 + "1", "gzip;q=" + "9" * 300, "gzip;q=0.5.5",
    ";".join(["gzip"] * 500), ",".join(["br"] * 2500) + ",gzip", "*" * 5000, "x" * 8000,
]


def codings(text):
    return [("Accept-Encoding", value) for value in text.split("|")]


def form(net, text, target=STATE):
    """Whether the answer is compressed; that it says the same is checked."""
    bare = ask(net, "admin", target=target)
    answer = ask(net, "admin", *codings(text), target=target)
    assert answer.status == 200
    assert plain(answer) == bare.body
    # One tag per form, told apart by its end.
    tag = answer.header("etag")
    assert tag.replace("-gzip", "") == bare.header("etag")
    return "gzip" if tag.endswith('-gzip"') else "plain"


@pytest.mark.parametrize("text", ALLOWING)
def test_gzip_when_allowed(steady, text):
    assert form(steady, text) == "gzip"


@pytest.mark.parametrize("text", NOT_ALLOWING)
def test_plain_when_not(steady, text):
    assert form(steady, text) == "plain"


@pytest.mark.parametrize("text", ODD, ids=lambda t: re.sub(r"[^ -~]", "?", t[:20]))
def test_odd_wishes_have_a_good_answer(steady, text):
    assert form(steady, text) in ("gzip", "plain")


@pytest.mark.parametrize("target", TAGGED)
def test_every_tagged_answer_has_both_forms(steady, target):
    assert form(steady, "gzip", target) == "gzip"
    assert form(steady, "gzip;q=0", target) == "plain"


def test_nobody_is_served_the_form_of_another(steady):
    """On one connection, in turn."""
    with steady.connect() as wire:
        for fields in ((), (GZIP,), (), (GZIP,), (("Accept-Encoding", "br"),)) * 3:
            wire.send(question(steady, *fields))
            answer = checked(wire.response(), *fields)
            assert (answer.header("content-encoding") == "gzip") == (GZIP in fields)


def test_http_1_0_has_both_forms(steady):
    bare = ask(steady, "admin").body
    for fields in ((), (GZIP,)):
        with steady.connect() as wire:
            wire.send(question(steady, *fields, version="HTTP/1.0"))
            answer = checked(wire.response(), *fields)
            assert plain(answer) == bare
            assert bool(answer.header("content-encoding")) == bool(fields)
            assert wire.ended()


@pytest.mark.parametrize("target", TAGGED)
def test_a_tag_holds_for_its_own_form_only(steady, target):
    of_plain, of_gzip = (tag_of(steady, "admin", *fields, target=target) for fields in ((), (GZIP,)))
    assert of_gzip == of_plain[:-1] + '-gzip"'
    refused, no = (("Accept-Encoding", "gzip;q=0"),), ()
    for fields, own, other in ((no, of_plain, of_gzip), (refused, of_plain, of_gzip),
                               ((GZIP,), of_gzip, of_plain)):
        assert ask(steady, "admin", *fields, unless(other), target=target).status == 200
        for tags in ((own,), ("W/" + own,), (other, own), ("*",)):
            answer = ask(steady, "admin", *fields, unless(*tags), target=target)
            assert (answer.status, answer.header("etag")) == (304, own)


def test_a_change_reaches_both_forms(net):
    for n in range(10):
        tags = tag_of(net, "developer1"), tag_of(net, "developer1", GZIP)
        assert net.put("/v1/user/candidates", [f"192.0.2.1:{n + 1}"], "developer2").status == 204
        bare, packed = ask(net, "developer1", unless(tags[0])), ask(net, "developer1", unless(tags[1]), GZIP)
        assert (bare.status, packed.status) == (200, 200)
        assert plain(packed) == bare.body
        assert f'"192.0.2.1:{n + 1}"'.encode() in bare.body


def test_who_may_not_ask_is_told_nothing(steady, fx):
    for who, fields in ((fx.stranger, [(KEY_HEADER, steady.server_key)]), ("admin", [(KEY_HEADER, new_key())])):
        answer = steady.get(STATE, who, headers=[*fields, GZIP])
        assert (answer.status, answer.body) == (401, b"")
        assert answer.header("content-encoding") is None
        assert answer.header("content-length") == "0"


def test_gzip_is_smaller(idle, fx):
    seed_peers(idle, fx, 1000)
    idle.start()
    packed = ask(idle, "user1", GZIP)
    assert len(packed.body) < len(plain(packed)) / 3
    assert len(json.loads(plain(packed))["peers"]) == 1003


def begin_and_hang_up(net, read_all, rng):
    """Asks, takes some of the answer or none, and goes: by an end or by a reset."""
    wire = net.connect("user2")
    wire.send(question(net, GZIP) * (1 + rng % 3))
    if rng % 4:
        wire.sock.recv(1 + rng * 37 % 5000)
    if rng % 2:
        wire.sock.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER 0: reset at close
    wire.close()
    if read_all:
        assert ask(net, "user1", GZIP).status == 200


def test_hanging_up_in_the_middle_costs_nothing(idle, fx, server_bin):
    """A hundred times, with another content each time, so that a body which nobody gives back would
    add up: more than 1 MB each."""
    seed_peers(idle, fx, 5000)
    idle.start()
    net = idle
    assert len(plain(ask(net, "user1", GZIP))) > 1_000_000
    with connections_end(net):
        for n in range(100):
            if n == 10:
                begun = resident_kib(net)
            assert net.put("/v1/user/candidates", [f"192.0.2.1:{n + 1}"], "user1").status == 204
            begin_and_hang_up(net, n % 5 == 0, n)
        assert f'"192.0.2.1:{n + 1}"'.encode() in plain(ask(net, "user1", GZIP))
    if not is_sanitized(server_bin):
        wait_for(lambda: resident_kib(net) - begun < 30_000,
                 f"memory ({begun} kB first, {resident_kib(net)} kB at last)")
