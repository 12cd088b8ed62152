"""More connections than there are places. The server is started with a limit of 1024 files, which leaves
64 places and room for 512 more who are told to come back later."""

import pytest

from bed import wait_for
from crowd import Crowd, all_sent, n_files, open_the_range, seed_peers
from polls import ask, others_are_served, question, tag_of, unless, wait

N = 500


@pytest.fixture
def small(idle, fx):
    idle.peers = seed_peers(idle, fx, N)
    idle.start(under=("prlimit", "--nofile=1024:1024"))
    open_the_range(idle, fx)
    idle.files = n_files(idle)
    yield idle
    wait_for(lambda: n_files(idle) <= idle.files, "end of the connections", 30)
    assert ask(idle, "admin").status == 200


def test_who_finds_no_place_is_told_to_come_back(small, fx):
    """And does, until there is one, while those who wait keep theirs."""
    tag = tag_of(small, "user1")
    with Crowd(small) as crowd:
        waiters = [crowd.join(a, question(small, unless(tag), wait())) for a in small.peers]
        crowd.until(all_sent(waiters), "connections")
        crowd.until(lambda: sum(1 for c in waiters if c.answer()) > 0, "the first who is sent away", 20)
        assert {c.answer()[0] for c in waiters if c.answer()} == {503}
        patient = [c for c in waiters if not c.answer()]
        assert patient
        small.sql("""UPDATE peers SET candidates = '["192.0.2.1:1"]' WHERE name = 'user2'""")
        answers = crowd.served(waiters)
        assert {a[0] for a in answers} == {200}
        assert len({a[1]["etag"] for a in answers}) == 1
        assert answers[0][1]["etag"] != tag


def test_all_are_served_in_the_end(small):
    tag = tag_of(small, "user1")
    with Crowd(small) as crowd:
        clients = [crowd.join(a, question(small, unless(tag), ("Connection", "close"))) for a in small.peers]
        assert {a[0] for a in crowd.served(clients)} == {304}


def test_those_who_keep_their_connection_make_room(small):
    """Idle connections end before anybody is sent away."""
    tag = tag_of(small, "user1")
    with Crowd(small) as crowd:
        for first in range(0, N, 100):
            clients = [crowd.join(a, question(small, unless(tag))) for a in small.peers[first:first + 100]]
            assert {a[0] for a in crowd.served(clients)} == {304}
            others_are_served(small)


def test_silence_fills_no_house(small):
    """Those who say nothing are many more than there are places, and stay; the others get in, if not
    at once."""
    with Crowd(small) as crowd:
        silent = [crowd.join(a) for a in small.peers[:400]]
        crowd.until(lambda: n_files(small) > small.files + 50, "connections")
        clients = [crowd.join(a, question(small)) for a in small.peers[400:410]]
        assert {a[0] for a in crowd.served(clients)} == {200}
        assert silent
