"""Conditional fetches: the tag beside the store, and when it counts (docs/architecture.md)."""

import json

import pytest

from client_bed import PEER2_KEY, PEER3_KEY, SERVER_KEY, hex_key, mode
from client_network import STATE, OTHER_KEY, bed, changed, hosts_section, network
from waiting_state import WaitingState

CANDIDATES = ("PUT", "/user/candidates")


@pytest.fixture
def tagged(network):
    """Up, with a store that has a tag."""
    network.state = WaitingState(network)
    assert network.up().returncode == 0
    network.server.requests.clear()
    network.state.statuses.clear()
    return network


def sidecar(bed):
    return bed.data_dir / "evilcorp.etag"


def fetched(bed, *args):
    result = bed.fetch(*args)
    assert result.returncode == 0, result.stdout
    assert "[!]" not in result.stdout
    return bed.state.statuses[-1]


def test_what_is_known_is_not_sent_again(tagged):
    assert mode(sidecar(tagged)) == 0o600
    assert fetched(tagged) == 304
    assert tagged.state.asked() == [('"v1"', None)]  # no waiting for who is waited for
    tagged.state.set(changed(3, name="renamed"))
    assert fetched(tagged) == 200
    assert "renamed.evilcorp.wg" in hosts_section(tagged)
    assert fetched(tagged) == 304
    assert tagged.state.asked()[-1] == ('"v2"', None)


def test_everything_else_is_looked_after_without_news(tagged):
    """The device, the hosts file and the candidates are compared all the same."""
    before, hosts = tagged.device(), tagged.hosts.read_text()
    tagged.uapi(f"set=1\npublic_key={hex_key(PEER3_KEY)}\nremove=true\n\n")
    tagged.uapi(f"set=1\npublic_key={hex_key(OTHER_KEY)}\nallowed_ip=10.66.9.9/32\n\n")
    tagged.hosts.write_text("127.0.0.1 localhost\n")
    assert fetched(tagged) == 304
    assert tagged.device() == before
    assert tagged.hosts.read_text() == hosts
    assert CANDIDATES in tagged.server.calls()


def test_a_new_device_gets_all_peers_without_news(tagged):
    assert tagged.run("--backend", "userspace", "down", "evilcorp").returncode == 0
    result = tagged.up()
    assert result.returncode == 0 and tagged.state.statuses == [304]
    assert set(tagged.device()["peers"]) == {hex_key(k)
                                             for k in (SERVER_KEY, PEER2_KEY, PEER3_KEY)}


def test_peers_that_the_server_forgot_stay_away(tagged):
    """They are in the store, disabled: an answer without news means the same as the one before."""
    tagged.state.set(STATE["peers"][:3])
    assert fetched(tagged) == 200
    device, section = tagged.device(), hosts_section(tagged)
    assert tagged.stored_peers()["peer3"]["is_disabled"]
    assert fetched(tagged) == 304
    assert (tagged.device(), hosts_section(tagged)) == (device, section)
    assert hex_key(PEER3_KEY) not in device["peers"] and "peer3" not in section


def rewrite_store(bed):
    """As the original does it: the same records, other bytes."""
    bed.store.write_text(json.dumps(json.loads(bed.store.read_text())))


def edit_store(bed):
    bed.store.write_text(bed.store.read_text().replace('"id": 4', '"id": 44'))


def put_sidecar(text):
    def put(bed):
        sidecar(bed).write_bytes(text if isinstance(text, bytes) else text.encode())
    return put


def edit_sidecar(old, new):
    def edit(bed):
        text = sidecar(bed).read_text()
        assert old in text
        sidecar(bed).write_text(text.replace(old, new))
    return edit


def make_folder(bed):
    sidecar(bed).unlink()
    sidecar(bed).mkdir()


@pytest.mark.parametrize("damage", [
    rewrite_store, edit_store, lambda bed: sidecar(bed).unlink(), put_sidecar(""), put_sidecar("\n"),
    put_sidecar(b"\xff" * 100), put_sidecar("x" * 100000), make_folder,
    edit_sidecar('"v1"\n', '"v1"'), edit_sidecar('"v1"', "v1"), edit_sidecar('"v1"', '"v1"\n"v1"'),
    edit_sidecar('"v1"', '"v1"\r\nX-Evil: 1'), edit_sidecar('"v1"', '"' + "v" * 200 + '"'),
    edit_sidecar(SERVER_KEY, OTHER_KEY), edit_sidecar("10.66.1.1", "10.66.1.9"),
    edit_sidecar("innernet-etag 1", "innernet-etag 2"),
], ids=["rewritten store", "edited store", "gone", "empty", "newline", "binary", "large", "folder",
        "cut", "bare", "two", "header", "long", "other server", "other address", "other version"])
def test_a_tag_that_does_not_fit_is_not_used(tagged, damage):
    damage(tagged)
    assert fetched(tagged) == 200
    assert tagged.state.asked() == [(None, None)]
    if not sidecar(tagged).is_dir():
        assert fetched(tagged) == 304


def test_a_store_that_was_restored_has_no_tag(tagged):
    """Its bytes are those of an older state."""
    old = tagged.store.read_text()
    tagged.state.set(changed(3, name="renamed"))
    assert fetched(tagged) == 200
    tagged.store.write_text(old)
    assert fetched(tagged) == 200
    assert tagged.stored_peers()["renamed"]


@pytest.mark.parametrize("extra", [
    {"id": 9, "name": "NO NAME", "ip": "10.66.2.9", "public_key": OTHER_KEY},  # is left out
    {"id": 9, "name": "twice"},  # an address twice
], ids=["left out", "twice"])
def test_a_store_that_says_less_than_the_answer_gets_no_tag(tagged, extra):
    tagged.state.set([*STATE["peers"], {**STATE["peers"][3], **extra}])
    for _ in range(2):
        assert tagged.fetch().returncode == 0
    assert tagged.state.statuses == [200, 200]


def test_a_key_that_moved_gets_no_tag(tagged):
    """The store keeps its old address too (spec/client.md 3.5); the device must not."""
    tagged.state.set([*STATE["peers"][:3], {**STATE["peers"][3], "ip": "10.66.2.9"}])
    for _ in range(2):
        assert fetched(tagged) == 200
        assert tagged.device()["peers"][hex_key(PEER3_KEY)]["allowed_ip"] == ["10.66.2.9/32"]


def test_304_without_a_tag_is_an_error(network):
    network.server.answers["GET", "/user/state"] = (304, "")
    result = network.up()
    assert result.returncode == 1 and "status code 304" in result.stdout


def test_a_server_without_tags_leaves_no_sidecar(network):
    assert network.up().returncode == 0
    assert not sidecar(network).exists()


def test_an_unchanged_store_is_not_written(tagged):
    before = tagged.store.stat().st_ino, sidecar(tagged).stat().st_ino
    sidecar_text = sidecar(tagged).read_text()
    assert fetched(tagged) == 304
    assert (tagged.store.stat().st_ino, sidecar(tagged).stat().st_ino) == before
    sidecar(tagged).unlink()
    assert fetched(tagged) == 200
    assert tagged.store.stat().st_ino == before[0]
    assert sidecar(tagged).read_text() == sidecar_text


def test_uninstall_takes_the_tag_away(tagged):
    assert tagged.run("--backend", "userspace", "uninstall", "evilcorp", "--yes",
                      "--no-write-hosts").returncode == 0
    assert list(tagged.data_dir.iterdir()) == []


# --- candidates ---------------------------------------------------------------------------------

def own_candidates(bed, candidates):
    own = next(i for i, p in enumerate(STATE["peers"]) if p["ip"] == "10.66.1.1")
    bed.state.set(changed(own, candidates=candidates))


def test_candidates_are_reported_only_when_the_state_says_otherwise(tagged):
    assert fetched(tagged) == 304
    [reported] = tagged.server.bodies(*CANDIDATES)
    own_candidates(tagged, reported)
    for status in (200, 304):
        assert fetched(tagged) == status
        assert len(tagged.server.bodies(*CANDIDATES)) == 1
    for other in ([], ["9.9.9.9:9"], reported + ["9.9.9.9:9"], reported[:-1]):
        own_candidates(tagged, other)
        n = len(tagged.server.bodies(*CANDIDATES))
        assert fetched(tagged) == 200
        assert tagged.server.bodies(*CANDIDATES)[n:] == [reported]


def test_down_waits_for_who_works_on_the_interface(tagged):
    import fcntl
    with open(tagged.data_dir / "evilcorp.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = tagged.start("--backend", "userspace", "down", "evilcorp")
        assert "Waiting for another innernet process" in process.stdout.readline()
        assert tagged.has_device()
    process.communicate(timeout=30)
    assert process.returncode == 0 and not tagged.has_device()
