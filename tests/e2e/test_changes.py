"""What peers notice of changes: associations, new peers, keys that must not change."""

import os

import pytest

from hosts import wait_until
from innernet import NETWORK, Peer, Server, install_together, new_lan

STORE = f"/var/lib/innernet/{NETWORK}.json"


class Corp:
    """alice in humans, robby in robots, and somebody in an island of their own."""

    def __init__(self, world):
        self.lan = new_lan(world)
        self.server = Server(self.lan("server", 1))
        self.server.new()
        self.server.add_cidr("humans", "10.66.1.0/24")
        self.server.add_cidr("robots", "10.66.2.0/24")
        self.server.add_cidr("island", "10.66.3.0/24")
        self.server.start()
        self.alice, self.robby, self.lone = (
            Peer(self.lan(name, n)) for n, name in ((2, "alice"), (3, "robby"), (4, "lone")))
        invitations = [
            self.server.invite("alice", "humans", admin=True),
            self.server.invite("robby", "robots"),
            self.server.invite("lone", "island"),
        ]
        install_together(*zip((self.alice, self.robby, self.lone), invitations))


@pytest.fixture(scope="module")
def corp(world):
    return Corp(world)


def test_strangers_do_not_see_each_other(corp):
    assert corp.alice.allowed_ips() == ["10.66.0.1/32"]
    assert corp.lone.allowed_ips() == ["10.66.0.1/32"]
    corp.alice.host.pings_not("10.66.2.1")


def test_an_association_joins_and_its_end_parts(corp):
    corp.alice.cli("add-association", NETWORK, "humans", "robots")
    for peer, other in ((corp.alice, "10.66.2.1"), (corp.robby, "10.66.1.1")):
        peer.up()
        assert peer.allowed_ips() == sorted(["10.66.0.1/32", f"{other}/32"])
    corp.alice.host.pings("10.66.2.1", timeout=20)
    corp.lone.up()
    assert corp.lone.allowed_ips() == ["10.66.0.1/32"]

    corp.server.sql("DELETE FROM associations")
    for peer in (corp.alice, corp.robby):
        done = peer.up()
        assert "was removed" in done.stdout
        assert peer.allowed_ips() == ["10.66.0.1/32"]
    corp.alice.host.pings_not("10.66.2.1")
    assert "robby" not in corp.alice.host.read("/etc/hosts")


def test_daemon_picks_a_change_up(corp):
    daemon = corp.alice.start_daemon(1)
    wait_until(lambda: "up to date" in daemon.log() or not daemon.alive(), 15, "the daemon's round")
    newcomer = Peer(corp.lan("newcomer", 5))
    newcomer.install(corp.server.invite("newcomer", "humans"))
    wait_until(lambda: "10.66.1.2/32" in corp.alice.allowed_ips(), 15, "the newcomer on alice")
    corp.alice.host.pings("10.66.1.2", timeout=20)
    assert f"10.66.1.2 newcomer.{NETWORK}.wg" in corp.alice.host.read("/etc/hosts")
    assert daemon.alive(), daemon.log()
    daemon.stop()


def test_a_disabled_peer_is_cut_off(corp):
    corp.server.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'lone'")
    server = Peer(corp.server.host)
    wait_until(lambda: "10.66.3.1/32" not in server.allowed_ips(), 15,
               "lone to leave the server's device")
    corp.lone.host.pings_not("10.66.0.1")


def test_a_changed_key_is_refused_and_changes_nothing(corp):
    alice = corp.alice
    alice.up()
    impostor = corp.server.host.run("sh", "-c", "wg genkey | wg pubkey").stdout.strip()
    old = corp.server.sql("SELECT public_key FROM peers WHERE name = 'newcomer'").strip()
    corp.server.sql(f"UPDATE peers SET public_key = '{impostor}', name = 'impostor'"
                    " WHERE name = 'newcomer'")
    try:
        before = {path: alice.host.read(path) for path in (STORE, "/etc/hosts")}
        peers = {key: entry[:2] for key, entry in alice.device().items()}
        assert old in peers
        # The server follows its database within a moment; the client sees it with its next fetch.
        done = wait_until(lambda: (lambda d: d.returncode != 0 and d)(alice.up(check=None)),
                          10, "a refusal")
        assert done.returncode == 1
        output = done.stdout + done.stderr
        assert "10.66.1.2" in output and old in output and impostor in output
        assert {key: entry[:2] for key, entry in alice.device().items()} == peers
        assert {path: alice.host.read(path) for path in before} == before
    finally:
        corp.server.sql(f"UPDATE peers SET public_key = '{old}', name = 'newcomer'"
                        " WHERE name = 'impostor'")
    wait_until(lambda: alice.up(check=None).returncode == 0, 10, "peace")


def test_an_unreachable_server_is_not_waited_for_long(corp):
    """No answer at all (a cut cable), not a refused connection: the cached state is used."""
    alice = corp.alice
    corp.server.host.run("ip", "link", "set", "eth0", "down")
    try:
        done = alice.up()
        assert "[!]" in done.stdout
        assert "10.66.1.2/32" in alice.allowed_ips()
    finally:
        corp.server.host.run("ip", "link", "set", "eth0", "up")


@pytest.mark.skipif(os.environ.get("INNERNET_TEST_BACKEND") == "kernel",
                    reason="about wireguard-go's sockets")
def test_down_ends_the_userspace_device(corp):
    corp.lone.cli("down", NETWORK)
    assert corp.lone.host.run("ls", "/run/wireguard").stdout == ""
    assert corp.lone.host.run("ip", "link", "show", NETWORK, check=None).returncode != 0
