"""Tags of answers, and requests that name the one they have (docs/protocol.md; RFC 9110 8.8.3, 13.1.2,
15.4.5). What a stock client sends stays as it was, but for the tag in its answers."""

import random
import re

import pytest

from changes import INVISIBLE, VISIBLE, cli, done
from network import KEY_HEADER
from polls import GZIP, STATE, TAG, TAGGED, ask, checked, question, tag_of, unless, wait
from rows import new_key, peer_contents


# --- tags ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("target", TAGGED)
def test_answers_carry_a_tag_of_their_content(steady, target):
    answer = ask(steady, "admin", target=target)
    assert TAG.fullmatch(answer.header("etag"))
    assert "gzip" not in answer.header("etag")
    again = ask(steady, "admin", target=target)
    assert (again.header("etag"), again.body) == (answer.header("etag"), answer.body)


def test_the_same_content_has_the_same_tag_whoever_asks(steady):
    assert tag_of(steady, "developer1") == tag_of(steady, "developer2")
    assert tag_of(steady, "user1") == tag_of(steady, "user2")
    tags = {tag_of(steady, who) for who in ("developer1", "user1", "admin")}
    tags |= {tag_of(steady, "admin", target=target) for target in TAGGED}
    assert len(tags) == 6, "different contents under one tag"


def test_tags_survive_a_restart(net):
    def tags():
        return [tag_of(net, who, *form, target=target) for target in TAGGED for who in ("admin",)
                for form in ((), (GZIP,))] + [tag_of(net, "user1")]
    before = tags()
    net.restart()
    assert tags() == before
    for tag, target in zip(before[::2], TAGGED):
        assert ask(net, "admin", unless(tag), target=target).status == 304


@pytest.mark.parametrize("what", VISIBLE)
def test_a_change_has_another_tag_and_its_undoing_the_old_one(steady, fx, what):
    change, undo = VISIBLE[what]
    before = ask(steady, "developer1")
    change(steady, fx)
    # The very next question: no 304 for what another process has done either.
    after = ask(steady, "developer1", unless(before.header("etag")))
    assert after.status == 200
    assert after.header("etag") != before.header("etag")
    assert after.body != before.body
    assert ask(steady, "developer1", unless(after.header("etag"))).status == 304
    undo(steady, fx)
    back = ask(steady, "developer1", unless(after.header("etag")))
    assert (back.status, back.body) == (200, before.body)
    assert back.header("etag") == before.header("etag")


@pytest.mark.parametrize("what", INVISIBLE)
def test_what_one_cannot_see_leaves_the_tag_alone(steady, fx, what):
    change, undo = INVISIBLE[what]
    before = ask(steady, "developer1")
    user1 = fx.peers["user1"]  # by address: its name may change
    other = tag_of(steady, user1)
    change(steady, fx)
    try:
        assert ask(steady, "developer1", unless(before.header("etag"))).status == 304
        assert ask(steady, "developer1").body == before.body
        assert tag_of(steady, user1) != other
    finally:
        undo(steady, fx)


def test_a_new_peer_counts_once_it_has_redeemed(net, fx):
    contents = peer_contents("late", fx.spare[0], 4, is_redeemed=False)
    tag, list_tag = tag_of(net, "developer1"), tag_of(net, "admin", target="/v1/admin/peers")
    net.make_peer(contents)
    assert ask(net, "developer1", unless(tag)).status == 304
    assert ask(net, "admin", unless(list_tag), target="/v1/admin/peers").status == 200
    done(net.post("/v1/user/redeem", {"public_key": new_key()}, "late"))
    answer = ask(net, "developer1", unless(tag))
    assert answer.status == 200
    assert "late" in [p["name"] for p in answer.json["peers"]]
    assert tag_of(net, "late") == answer.header("etag")


def test_observed_endpoints_count(net, fx):
    before = ask(net, "developer1")
    strangers = tag_of(net, "user1")
    net.observe(fx.observed)
    net.restart()
    after = ask(net, "developer1", unless(before.header("etag")))
    assert after.status == 200
    assert {p["name"]: p["endpoint"] for p in after.json["peers"]}["developer1"] == \
        fx.observed["developer1"]
    assert ask(net, "user1", unless(strangers)).status == 304


def test_lists_have_tags_of_their_own(steady, fx):
    """One list's change leaves the others' tags alone."""
    tags = {target: tag_of(steady, "admin", target=target) for target in TAGGED}
    for what, changed in (("candidates", "/v1/admin/peers"), ("a CIDR by the API", "/v1/admin/cidrs"),
                          ("an association by the CLI", "/v1/admin/associations")):
        change, undo = VISIBLE[what]
        change(steady, fx)
        for target in TAGGED[1:]:
            answer = ask(steady, "admin", unless(tags[target]), target=target)
            assert answer.status == (200 if target == changed else 304), (what, target)
        undo(steady, fx)
    for target in TAGGED:
        assert ask(steady, "admin", unless(tags[target]), target=target).status == 304


def test_changes_of_other_processes_are_in_the_very_next_answer(net):
    tag = tag_of(net, "developer1")
    with net.connect("developer1") as wire:
        for n in range(200):
            net.sql("UPDATE peers SET is_disabled = ? WHERE name = 'developer2'", 1 - n % 2)
            wire.send(question(net, unless(tag)))
            answer = checked(wire.response())
            assert answer.status == 200, f"round {n}"
            assert (b'"developer2"' in answer.body) == bool(n % 2)
            tag = answer.header("etag")
            wire.send(question(net, unless(tag)))
            assert checked(wire.response()).status == 304


def test_changes_by_the_cli_are_in_the_very_next_answer(net):
    tag = tag_of(net, "developer1")
    for n in range(30):
        cli(net, f"{('disable', 'enable')[n % 2]}-peer", "--name", "developer2", "--yes")
        answer = ask(net, "developer1", unless(tag))
        assert answer.status == 200, f"round {n}"
        tag = answer.header("etag")


def test_changes_of_oneself_are_in_the_very_next_answer(net):
    """On one connection, sent at once: the answer to the change comes before the next is decided."""
    def put(n):
        return question(net, target="/v1/user/candidates", method="PUT",
                        body=b'["192.0.2.1:%d"]' % (n + 1))
    tag = tag_of(net, "developer1")
    with net.connect("developer1") as wire:
        for n in range(100):
            wire.send(put(n) + question(net, unless(tag)))
            assert wire.response().status == 204
            answer = checked(wire.response())
            assert answer.status == 200, f"round {n}"
            assert b'"192.0.2.1:%d"' % (n + 1) in answer.body
            tag = answer.header("etag")


# --- If-None-Match ---------------------------------------------------------------------------------

# T stands for the tag, X for the one of nothing; fields are divided by |.
MATCHING = [
    "T", "W/T", "*", " T ", "\t*\t", "X, T", "T, X", "X,T", "X ,\tT", "X, W/T", "W/X, T", ", T", "T ,",
    ",, ,T,,", "X|T", "T|X", "X|, T", '"a,b", T', '"", T', '"W/", T', '"\xe4\x80", T', '"\\", T',
    "|T", "T|", ", ".join(["X"] * 99 + ["T"]),
]
NOT_MATCHING = ["X", "W/X", "X, X", '""', '", "', "T-short", "T-other", "T-swapped", "T-gzip", "", ",",
                " , ,"]
# Ignored, as if it were not there.
MALFORMED = [
    "w/T", "W/", "W", "WT", "W /T", "W/ T", "bare", '"unterminated', "T, \"", "T x", "Tx", "xT", "T T",
    "T;q=1", "T, bare", "*, T", "T, *", "**", "*x", "* *", '"a" "b"', "'T'", "T|*", "*|T", "*|*",
    "T\x01", '"\x01", T', '"\x7f", T', '"a b", T', '"a\tb", T', "T, W/", "X; T", "\x80T", "T/W",
    "bare|T", "T|bare", '"|"', "<T>", "T=T",
]


def conditions(text, tag):
    words = {"T": tag, "X": '"AAAAAAAAAAAAAAAAAAAAAA"', "T-short": tag[:-2] + '"',
             "T-other": tag[:-1] + 'A"', "T-swapped": tag.swapcase(), "T-gzip": tag[:-1] + '-gzip"',
             "bare": tag.strip('"'), "unterminated": tag.strip('"')}
    text = re.sub("T-[a-z]+|bare|unterminated|[TX]", lambda word: words[word[0]], text)
    return [("If-None-Match", value) for value in text.split("|")]


def outcome(net, text, target=STATE):
    fields = conditions(text, tag_of(net, "admin", target=target))
    return ask(net, "admin", *fields, target=target).status


@pytest.mark.parametrize("text", MATCHING)
def test_conditions_that_match(steady, text):
    assert outcome(steady, text) == 304


@pytest.mark.parametrize("text", NOT_MATCHING)
def test_conditions_that_do_not_match(steady, text):
    assert outcome(steady, text) == 200


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_conditions_are_ignored(steady, text):
    assert outcome(steady, text) == 200


@pytest.mark.parametrize("target", TAGGED)
def test_every_tagged_answer_is_conditional(steady, target):
    for text in ("T", "*", "X, W/T"):
        assert outcome(steady, text, target) == 304
    for text in ("X", "T, bare"):
        assert outcome(steady, text, target) == 200


def test_huge_conditions(steady):
    """Up to what a head may be; beyond that the head is refused."""
    tag = tag_of(steady, "admin")
    filler = ['"' + "x" * 22 + '"'] * 300
    assert ask(steady, "admin", unless(*filler, tag)).status == 304
    assert ask(steady, "admin", unless(*filler)).status == 200
    assert ask(steady, "admin", unless('"' + "x" * 8_000)).status == 200
    assert ask(steady, "admin", unless('"' + "x" * 8_000 + '"', tag)).status == 304
    assert ask(steady, "admin", unless("," * 8_000, tag)).status == 304
    with steady.connect() as wire:
        wire.send(question(steady, unless(*filler * 20, tag)))
        answer = wire.response()
        assert answer is None or answer.status == 431
    assert ask(steady, "admin", unless(tag)).status == 304


def test_answers_are_not_mixed_up(steady):
    """The server keeps what it has put together. All kinds of questions, in one breath."""
    rng = random.Random(20261122)
    tags = {(target, form): tag_of(steady, "admin", *form, target=target)
            for target in TAGGED for form in ((), (GZIP,))}
    asked = []
    for n in range(1500):
        target, form = rng.choice(list(tags))
        coding = form or rng.choice(((), (("Accept-Encoding", "br"),)))
        seconds = rng.choice((None, None, rng.randrange(1, 301)))
        # With a tag that matches it would wait.
        condition = rng.choice(((), (unless('"x"'),), *(2 * ((unless(tags[target, form]),),)
                                                        if seconds is None or target != STATE else ())))
        asked.append((target, form, coding, seconds, condition))
    with steady.connect() as wire:
        for target, form, coding, seconds, condition in asked:
            prefer = () if seconds is None else (wait(seconds),)
            wire.send(question(steady, *coding, *prefer, *condition, target=target))
        for target, form, coding, seconds, condition in asked:
            answer = checked(wire.response(), *coding)
            matches = condition and condition[0] == unless(tags[target, form])
            assert answer.status == (304 if matches else 200)
            assert answer.header("etag") == tags[target, form]
            told = f"wait={seconds}" if seconds and target == STATE else None
            assert answer.header("preference-applied") == told


def test_what_was_sent_is_never_told_back(steady):
    tag = tag_of(steady, "admin")
    for evil in ('"evil"', 'W/"evil"', '"evil\x0b"', "evil", '"evil: x"'):
        for fields in ((unless(evil),), (unless(evil, tag),), (unless(tag), ("Prefer", f"{evil}; wait=1"))):
            answer = ask(steady, "admin", *fields)
            assert "evil" not in repr(answer.headers)


# --- 304 -------------------------------------------------------------------------------------------

def test_a_304_leaves_the_connection_usable(steady):
    tag = tag_of(steady, "developer1")
    held, other = question(steady, unless(tag)), question(steady, unless('"x"'))
    put = question(steady, target="/v1/user/candidates", method="PUT", body=b"[]")
    with steady.connect("developer1") as wire:
        for _ in range(3):
            wire.send(held + held + other + put + held + question(steady))
            answers = [wire.response() for _ in range(6)]
            assert [a.status for a in answers] == [304, 304, 200, 204, 304, 200]
            assert {a.header("etag") for a in answers} == {tag, None}
            assert all(not a.closes for a in answers)
            assert wire.is_open()


def test_a_304_promises_no_body(net):
    """RFC 9110 8.6 wants no length or that of the 200. Simple clients wait for what a length promises,
    and libmicrohttpd always sends one, so it is 0 (docs/compatibility.md); in either form, and whether
    or not somebody has had the answer itself before."""
    tags = {(target, form): tag_of(net, "admin", *form, target=target)
            for target in TAGGED for form in ((), (GZIP,))}
    net.restart()
    for (target, form), tag in tags.items():
        answer = ask(net, "admin", unless(tag), *form, target=target)
        assert (answer.status, answer.header("content-length")) == (304, "0"), (target, form)


def test_a_304_over_http_1_0_and_on_a_connection_that_ends(steady):
    tag = tag_of(steady, "developer1")
    for data in (question(steady, unless(tag), version="HTTP/1.0"),
                 question(steady, unless(tag), ("Connection", "close"))):
        with steady.connect("developer1") as wire:
            wire.send(data)
            assert checked(wire.response()).status == 304
            assert wire.ended()
    with steady.connect("developer1") as wire:
        for _ in range(2):
            wire.send(question(steady, unless(tag), ("Connection", "keep-alive"), version="HTTP/1.0"))
            assert checked(wire.response()).status == 304


def test_a_condition_changes_nothing_for_those_who_may_not_ask(net, fx):
    pending = peer_contents("pending", fx.spare[0], 4, is_redeemed=False)
    net.make_peer(pending)
    tag = tag_of(net, "developer1")
    net.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'developer2'")
    wrong_key = [(KEY_HEADER, new_key())]
    for condition in (("If-None-Match", "*"), unless(tag, tag_of(net, "developer1"))):
        for who in (fx.stranger, "developer2", "pending"):
            assert ask(net, who, condition).status == 401
        for target in TAGGED[1:]:
            assert ask(net, "developer1", condition, target=target).status == 401
        assert net.get(STATE, headers=[*wrong_key, condition]).status == 401
        assert net.get(STATE, headers=[condition]).status == 401
        for target in ("/v1/user/nope", "/v1/admin/peers/2", "/v1/admin/", "/v2/user/state"):
            assert ask(net, "admin", condition, target=target).status == 404


def test_conditions_count_for_reading_only(net):
    """Nothing else has a tag, so there is nothing to compare with."""
    star = (("If-None-Match", "*"),)
    headers = [(KEY_HEADER, net.server_key), *star]
    answer = net.get("/v1/user/capabilities", headers=headers)
    assert (answer.status, answer.header("etag")) == (200, None)
    assert net.put("/v1/user/candidates", ["192.0.2.9:9"], "user1", headers=headers).status == 204
    assert net.peer("user1")["candidates"] == '["192.0.2.9:9"]'
    for method in ("HEAD", "OPTIONS", "POST"):
        answer = net.request(method, STATE, b"" if method == "POST" else None, headers=headers)
        assert (answer.status, answer.header("etag")) == (404, None)
    if_match = net.get(STATE, headers=[(KEY_HEADER, net.server_key), ("If-Match", '"x"')])
    assert if_match.status == 200


def test_a_stock_answer_has_its_lines_and_the_tag(steady):
    """And nothing else: who asks for no more gets no more."""
    for target in TAGGED:
        answer = ask(steady, "admin", target=target)
        assert [k.lower() for k, _ in answer.headers] == ["content-type", "etag", "date",
                                                          "content-length"]
    for answer, lines in ((steady.get("/v1/user/capabilities"),
                           ["content-type", "date", "content-length"]),
                          (steady.get("/v1/user/nope"), ["date", "content-length"]),
                          (steady.get(STATE, headers=[]), ["date", "content-length"]),
                          (steady.put("/v1/user/candidates", [], "user1"), ["date"])):
        assert [k.lower() for k, _ in answer.headers] == lines
