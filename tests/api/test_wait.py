"""Requests that wait for a change (docs/protocol.md; RFC 7240). Nothing here goes by the clock: a request
waits when questions that were sent after it are answered before it."""

import signal
from contextlib import ExitStack

import pytest

from bed import wait_for
from changes import INVISIBLE, VISIBLE, candidates, disabling_by_api
from crowd import Crowd, n_files, open_the_range, seed_peers
from network import KEY_HEADER
from polls import (GZIP, STATE, TAGGED, Waiter, ask, checked, others_are_served, plain, question,
                   tag_of, unless, wait, waiting)
from rows import new_key, peer_contents


# --- waking ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("what", VISIBLE)
def test_a_change_wakes(steady, fx, what):
    change, undo = VISIBLE[what]
    before = ask(steady, "developer1")
    with waiting(steady) as waiter:
        change(steady, fx)
        answer = waiter.answer()
        assert answer.status == 200
        assert answer.header("preference-applied") == "wait=300"
        assert answer.body != before.body
        assert answer.body == ask(steady, "developer1").body
        # And the way back: the tag of before is news again.
        waiter.ask(unless(answer.header("etag")), wait())
        assert waiter.is_waiting()
        undo(steady, fx)
        back = waiter.answer()
        assert (back.status, back.body) == (200, before.body)


@pytest.mark.parametrize("what", INVISIBLE)
def test_what_one_cannot_see_wakes_nobody(steady, fx, what):
    change, undo = INVISIBLE[what]
    with waiting(steady) as waiter, waiting(steady, "user1") as stranger:
        change(steady, fx)
        try:
            # Somebody else's waiter has heard of it, and a question about it was answered.
            assert stranger.answer().status == 200
            assert waiter.is_waiting()
        finally:
            undo(steady, fx)
        # What comes first is a change that counts, and all there is.
        change, undo = candidates("developer2")
        change(steady, fx)
        answer = waiter.answer()
        undo(steady, fx)
        assert answer.status == 200
        assert b'"192.0.2.1:1"' in answer.body
        assert waiter.wire.is_open()


@pytest.mark.only(6)
def test_observed_endpoints_wake(net, fx):
    """Seen every 10 s, or when somebody used the command line."""
    with waiting(net) as waiter, waiting(net, "user1") as stranger:
        net.observe({"developer2": fx.observed["developer2"]})
        answer = waiter.answer()
        assert answer.status == 200
        assert fx.observed["developer2"].encode() in answer.body
        assert stranger.is_waiting()


def test_a_new_peer_wakes_once_it_has_redeemed(net, fx):
    with waiting(net) as waiter:
        net.make_peer(peer_contents("late", fx.spare[0], 4, is_redeemed=False))
        assert waiter.is_waiting()
        assert net.post("/v1/user/redeem", {"public_key": new_key()}, "late").status == 204
        answer = waiter.answer()
        assert "late" in [p["name"] for p in answer.json["peers"]]


def test_the_compressed_form_waits_too(net, fx):
    with waiting(net, "developer1", GZIP, wait()) as waiter:
        candidates("developer2")[0](net, fx)
        answer = waiter.answer()
        assert (answer.status, answer.header("content-encoding")) == (200, "gzip")
        assert plain(answer) == ask(net, "developer1").body


def test_every_matching_condition_waits(net, fx):
    tag = tag_of(net, "developer1")
    for condition in ("*", f"W/{tag}", f'"x", {tag}'):
        with waiting(net, tag=condition) as waiter:
            candidates("developer2")[0](net, fx)
            if condition == "*":
                # That says "any", so that no change is one.
                assert waiter.is_waiting()
            else:
                assert waiter.answer().status == 200
            candidates("developer2")[1](net, fx)


def test_who_is_woken_for_nothing_waits_on(net, fx):
    """Every change wakes who has `*`, or who came with a tag that is good again; their time goes on."""
    with waiting(net, "developer1", wait(2), tag="*") as any_tag, waiting(net) as waiter:
        for n in range(10):
            candidates("developer1")[n % 2](net, fx)
            others_are_served(net)
        answer = any_tag.answer()
        assert (answer.status, answer.header("preference-applied")) == (304, "wait=2")
        assert waiter.answer().status == 200


def test_a_change_that_was_undone_meanwhile(net, fx):
    """Whether the waiter sees what was there for a moment is a matter of moments; a wrong answer
    it never gets."""
    tag = tag_of(net, "developer1")
    with waiting(net) as waiter:
        change, undo = candidates("developer2")
        for step in (change, undo, change, undo, change):
            step(net, fx)
        answer = waiter.answer()
        assert answer.status == 200 and answer.header("etag") != tag
        undo(net, fx)


def test_the_woken_is_decided_anew(net, fx):
    """Who was disabled, or deleted, meanwhile has no business here any more."""
    with waiting(net) as waiter, waiting(net, "developer2") as other:
        disabling_by_api("developer1")[0](net, fx)
        assert waiter.answer().status == 401
        answer = other.answer()
        assert answer.status == 200 and b'"developer1"' not in answer.body
        # The connection is a normal one still.
        waiter.ask(unless("*"), wait())
        assert waiter.answer().status == 401
    with waiting(net, "developer2") as waiter:
        net.sql("DELETE FROM peers WHERE name = 'developer2'")
        assert waiter.answer().status == 401


def test_one_who_is_moved_waits_for_the_new_place(net, fx):
    """The CIDR of a peer changes by hand only; its waiter is told what the new one sees."""
    with waiting(net) as waiter:
        net.sql("UPDATE peers SET cidr_id = 5 WHERE name = 'developer1'")
        answer = waiter.answer()
        assert "user1" in [p["name"] for p in answer.json["peers"]]


def test_changes_of_other_processes_wake_every_time(net):
    with waiting(net) as waiter:
        for n in range(30):
            net.sql("UPDATE peers SET is_disabled = ? WHERE name = 'developer2'", 1 - n % 2)
            answer = waiter.answer()
            assert answer.status == 200, f"round {n}"
            assert (b'"developer2"' in answer.body) == bool(n % 2)
            waiter.ask(unless(answer.header("etag")), wait())
        assert waiter.is_waiting()


# --- without a change ------------------------------------------------------------------------------

def test_the_time_is_over(net):
    tag = tag_of(net, "developer1")
    with waiting(net, "developer1", wait(1), tag=tag) as waiter:
        for _ in range(2):
            answer = waiter.answer()
            assert (answer.status, answer.header("etag")) == (304, tag)
            assert answer.header("preference-applied") == "wait=1"
            waiter.ask()
            assert waiter.is_waiting()


def test_nothing_to_wait_for(steady):
    """At once, and the wish is told to have been heard: the next request, with the tag, will wait."""
    for fields in ((wait(5),), (wait(5), unless('"x"')), (wait(5), ("If-None-Match", "bare")),
                   (wait(5), unless('"x"'), GZIP), (wait(5), unless(tag_of(steady, "developer1")), GZIP)):
        answer = ask(steady, "developer1", *fields)
        assert (answer.status, answer.header("preference-applied")) == (200, "wait=5")


def test_only_the_state_waits(steady):
    for target in TAGGED[1:]:
        tag = tag_of(steady, "admin", target=target)
        for status, condition in ((304, tag), (200, '"x"')):
            answer = ask(steady, "admin", wait(), unless(condition), target=target)
            assert (answer.status, answer.header("preference-applied")) == (status, None)


def test_who_may_not_ask_does_not_wait(net, fx):
    net.make_peer(peer_contents("pending", fx.spare[0], 4, is_redeemed=False))
    for who in (fx.stranger, "pending"):
        assert ask(net, who, wait(), unless("*")).status == 401
    answer = net.get(STATE, headers=[(KEY_HEADER, new_key()), wait(), unless("*")])
    assert (answer.status, answer.header("preference-applied")) == (401, None)
    for target in ("/v1/user/nope", "/v2/user/state"):
        assert ask(net, "admin", wait(), unless("*"), target=target).status == 404


def test_preferences_of_others_are_left_alone(steady):
    """PUT and POST are decided as ever."""
    headers = [(KEY_HEADER, steady.server_key), wait()]
    answer = steady.put("/v1/user/candidates", [], "user1", headers=headers)
    assert (answer.status, answer.header("preference-applied")) == (204, None)
    answer = steady.put("/v1/user/candidates", b"x", "user1", headers=headers)
    assert (answer.status, answer.header("preference-applied")) == (400, None)


# --- Prefer ----------------------------------------------------------------------------------------

# Fields are divided by |; what the server says that it does.
PREFERENCES = {
    "wait=5": 5, "WAIT=5": 5, "Wait=5": 5, 'wait="5"': 5, "wait = 5": 5, "wait\t=\t5": 5, " wait=5 ": 5,
    "wait=300": 300, "wait=301": 300, "wait=86400": 300, f"wait={2**31}": 300, f"wait={2**32 + 1}": 300,
    f"wait={2**63}": 300, f"wait={2**64 + 1}": 300, "wait=" + "9" * 1000: 300, "wait=1": 1, "wait=005": 5,
    "respond-async, wait=5": 5, "wait=5, respond-async": 5, "wait=5,wait=6": 5, "wait=5|wait=6": 5,
    "respond-async|wait=5": 5, "wait=5|x": 5, "|wait=5": 5, ", ,wait=5,": 5, "wait=5;x=y": 5, "wait=5; x": 5,
    'wait=5; x="a, wait=9"': 5, "wait=5;": 5, "wait=5;;": 5, "x; wait=9, wait=5": 5, "x=1;wait=9|wait=5": 5,
    'return="a, wait=9", wait=5': 5, r'return="a\", wait=9", wait=5': 5, 'x="", wait=5': 5,
    "handling=lenient, wait=5, return=minimal": 5, "waiting=9, wait=5": 5, "xwait=9, wait=5": 5,
    # Ignored.
    "wait=0": None, "wait=00": None, "wait=-1": None, "wait=+1": None, "wait=1.5": None, "wait=": None,
    "wait": None, 'wait=""': None, "wait=x": None, "wait=5s": None, "wait=0x5": None, "wait=1 2": None,
    "wait=5 x": None, 'wait="5': None, 'wait=5"': None, "wait='5'": None, "wait=1e1": None, "": None,
    ",": None, "waiting=5": None, "await=5": None, "x; wait=5": None, "wait;x=5": None, "wait==5": None,
    "x=wait=5": None, 'x="wait=5"': None, "wait:5": None, "x": None, 'wait="-5"': None, 'wait="5 "': None,
    'wait="\x01"': None, "wait=\xb2": None, "wait=0, wait=5": None, 'x="unterminated, wait=5': None,
}


@pytest.mark.parametrize("text", PREFERENCES, ids=lambda t: repr(t)[:30])
def test_what_is_a_wish_to_wait(steady, text):
    fields = [("Prefer", value) for value in text.split("|")]
    told = PREFERENCES[text]
    answer = ask(steady, "developer1", *fields)
    assert answer.status == 200
    assert answer.header("preference-applied") == (told and f"wait={told}")
    if told is None:
        # And a matching condition does not park it.
        answer = ask(steady, "developer1", unless("*"), *fields)
        assert (answer.status, answer.header("preference-applied")) == (304, None)


@pytest.mark.parametrize("text", [
    "wait=x, wait=5", "wait=-1|wait=5", '"wait"=5', "=5, wait=5", "wait=5 ; x = ", r'wait="\5"', "wait=5;=",
    ";wait=5", ";" * 5000, "," * 8000, "wait=5" + ";x" * 3000, ",".join(["wait=5"] * 1000), '"' * 5001,
    "\\" * 5000, 'x="' + "\\" * 999, "wait=5\x01", "\xff=5", "x y, wait=5"], ids=lambda t: repr(t)[:30])
def test_odd_wishes_have_a_good_answer(steady, text):
    fields = [("Prefer", value) for value in text.split("|")]
    answer = ask(steady, "developer1", *fields)
    assert answer.status == 200
    assert answer.header("preference-applied") in (None, "wait=5")


# --- connections -----------------------------------------------------------------------------------

def test_what_was_sent_behind_a_waiting_request_is_answered_after_it(net, fx):
    tag = tag_of(net, "developer1")
    put = question(net, target="/v1/user/candidates", method="PUT", body=b'["192.0.2.8:8"]')
    with net.connect("developer1", timeout=30) as wire:
        wire.send(question(net, unless(tag), wait()) + put + question(net, target="/v1/user/nope")
                  + question(net, unless(tag), wait()) + question(net, unless("*"), wait(1)))
        others_are_served(net)
        assert wire.is_open()
        assert net.peer("developer1")["candidates"] == "[]"
        candidates("developer2")[0](net, fx)
        first = checked(wire.response(), wait())
        assert first.status == 200 and b'"192.0.2.8:8"' not in first.body
        assert [wire.response().status for _ in range(2)] == [204, 404]
        second = checked(wire.response(), wait())
        assert second.status == 200 and b'"192.0.2.8:8"' in second.body
        assert checked(wire.response()).status == 304
        assert wire.is_open()


def test_a_long_queue_behind_a_waiting_request(net, fx):
    """More than the server reads ahead; the rest stays on the way."""
    n = 2000
    with net.connect("developer1", timeout=30) as wire:
        wire.send(question(net, unless(tag_of(net, "developer1")), wait()))
        wire.send(question(net, target="/v1/user/capabilities") * n)
        others_are_served(net)
        assert wire.is_open()
        candidates("developer2")[0](net, fx)
        assert checked(wire.response(), wait()).status == 200
        assert {wire.response().status for _ in range(n)} == {200}


def test_waiting_over_http_1_0_and_on_a_connection_that_ends(net, fx):
    tag = tag_of(net, "developer1")
    for n, (fields, version) in enumerate((((), "HTTP/1.0"), ((("Connection", "close"),), "HTTP/1.1"))):
        with net.connect("developer1", timeout=30) as wire:
            wire.send(question(net, unless(tag), wait(), *fields, version=version))
            others_are_served(net)
            assert wire.is_open()
            candidates("developer2")[n % 2](net, fx)
            answer = checked(wire.response())
            assert answer.status == 200
            assert wire.ended()
            tag = answer.header("etag")


def test_a_half_closed_waiter_is_answered(net, fx):
    """At once, because it may have hung up altogether; its place is free in any case."""
    files = n_files(net)
    with net.connect("developer1", timeout=30) as wire:
        wire.send(question(net, unless(tag_of(net, "developer1")), wait()))
        wire.finish()
        answer = wire.response()
        assert answer is None or checked(answer, wait()).status == 304
    wait_for(lambda: n_files(net) <= files, "end of the connection")


@pytest.mark.parametrize("how", ["end", "reset"])
def test_a_waiter_that_hangs_up_frees_its_place(net, how):
    """Although nothing changes. All who may wait at once do, five times over."""
    files = n_files(net)
    for _ in range(5):
        with ExitStack() as stack:
            n = fill_places(net, stack, how)
        assert n >= 1
        wait_for(lambda: n_files(net) <= files, "end of the connections")


def fill_places(net, stack, how="end"):
    """Waiters of one source until one is told that there is no place for it: then it is answered at
    once, and nobody says that it has waited. Returns how many wait."""
    tag = tag_of(net, "developer1")
    for n in range(65):
        waiter = Waiter(net, "developer1", tag, wait())
        stack.callback(waiter.close)
        if how == "reset":
            waiter.wire.sock.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER 0
        if waiter.is_waiting():
            continue
        answer = waiter.answer()
        assert (answer.status, answer.header("etag")) == (304, tag)
        assert answer.header("preference-applied") is None
        return n
    raise AssertionError("no bound for the waiters of one source")


def test_one_source_cannot_take_all_places(net, fx):
    with ExitStack() as stack:
        n = fill_places(net, stack)
        assert 1 <= n < 64
        # Others wait, and so does the same source once it has let go of one.
        with waiting(net, "developer2"):
            pass
        # It still can ask.
        assert ask(net, "developer1").status == 200
    with waiting(net) as waiter:
        candidates("developer2")[0](net, fx)
        assert waiter.answer().status == 200


def test_all_waiters_of_one_source_are_woken(net, fx):
    with ExitStack() as stack:
        waiters = [stack.enter_context(waiting(net)) for _ in range(4)]
        candidates("developer2")[0](net, fx)
        assert len({w.answer().header("etag") for w in waiters}) == 1


@pytest.mark.only(4)
def test_a_waiter_is_not_ended_for_taking_its_time(net, fx):
    """While it waits it is the server that takes it: neither the time for a head (10 s) nor the one
    for a body counts. A connection that says nothing shows that the first is over."""
    with net.connect("user1", timeout=60) as silent, waiting(net) as waiter:
        assert silent.closed(60)
        assert waiter.is_waiting()
        candidates("developer2")[0](net, fx)
        assert waiter.answer().status == 200


# --- the server ends -------------------------------------------------------------------------------

def test_stopping_lets_waiters_go(net):
    """Each has its answer, or its connection just ends; no 200 that is none."""
    tag = tag_of(net, "developer1")
    with ExitStack() as stack:
        waiters = [stack.enter_context(waiting(net, who)) for who in ("developer1", "developer2", "user1")]
        assert net.stop(signal.SIGTERM) == 0
        for waiter in waiters:
            answer = waiter.wire.response()
            assert answer is None or checked(answer, wait()).status == 304
            assert waiter.wire.ended()
    net.start()
    # The tag is one of content: what a client kept of the old server is good for the new one.
    assert tag_of(net, "developer1") == tag
    with waiting(net, tag=tag):
        pass


def test_a_stop_in_the_middle_of_everything(net, fx):
    """Waiters being woken, answers on their way, questions behind them."""
    with ExitStack() as stack:
        waiters = [stack.enter_context(waiting(net, who)) for who in ("developer1", "developer2")]
        for waiter in waiters:
            waiter.wire.send(question(net, target="/v1/user/capabilities") * 50)
        net.sql("UPDATE peers SET candidates = '[\"192.0.2.7:7\"]' WHERE id = 4")
        assert net.stop() == 0
        for waiter in waiters:
            answer = waiter.wire.response()
            assert answer is None or checked(answer, wait()).status in (200, 304)


# --- many ------------------------------------------------------------------------------------------

def test_one_change_wakes_everybody(idle, fx):
    addresses = seed_peers(idle, fx, 200)
    idle.start()
    open_the_range(idle, fx)
    net = idle
    begun = n_files(net)
    tag = tag_of(net, "user1")
    with Crowd(net) as crowd:
        clients = [crowd.join(a, question(net, unless(tag), wait())) for a in addresses]
        crowd.until(lambda: not any(c.to_send for c in clients), "200 requests sent")
        others_are_served(net)
        crowd.turn(0)
        assert n_files(net) >= begun + 200
        assert not any(c.received or c.ended for c in clients)
        candidates("user2")[0](net, fx)
        crowd.until(lambda: all(c.answer() or c.ended for c in clients), "200 answers")
        bodies = {c.answer()[2] for c in clients}
        assert {c.answer()[0] for c in clients} == {200}
        assert {c.answer()[1]["preference-applied"] for c in clients} == {"wait=300"}
        assert bodies == {ask(net, "user1").body}
    wait_for(lambda: n_files(net) <= begun, "end of the connections")
