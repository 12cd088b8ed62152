"""How the server starts, stops and comes back while peers are connected."""

import os
import re

import pytest

from hosts import wait_until
from innernet import NETWORK, Peer, Server, install_together, new_lan


class Corp:
    def __init__(self, world):
        self.lan = lan = new_lan(world)
        self.server = Server(lan("server", 1))
        self.server.new()
        self.server.add_cidr("humans", "10.66.1.0/24")
        self.alice, self.bob = Peer(lan("alice", 2)), Peer(lan("bob", 3))
        invitations = [self.server.invite(name, "humans", admin=True) for name in ("alice", "bob")]
        self.notified = list(self.server.start())
        install_together(*zip((self.alice, self.bob), invitations))
        self.alice.up()


@pytest.fixture(scope="module")
def corp(world):
    return Corp(world)


def test_tells_the_service_manager(corp):
    assert "READY=1" in corp.notified


def test_writes_the_hosts_file(corp):
    def section():
        text = corp.server.host.read("/etc/hosts")
        found = re.search(rf"^# DO NOT EDIT innernet {NETWORK} BEGIN\n(.*\n)*?"
                          rf"# DO NOT EDIT innernet {NETWORK} END$", text, re.MULTILINE)
        return found and f"10.66.1.2 bob.{NETWORK}.wg" in found.group(0) and found.group(0)

    lines = wait_until(section, 15, "bob in the server's hosts file").splitlines()
    assert lines[1:-1] == [f"10.66.0.1 innernet-server.{NETWORK}.wg",
                           f"10.66.1.1 alice.{NETWORK}.wg", f"10.66.1.2 bob.{NETWORK}.wg"]


def test_sigterm_ends_it_cleanly_and_leaves_the_interface(corp):
    corp.alice.host.pings("10.66.0.1")
    assert corp.server.stop() == 0
    link = corp.server.host.run("ip", "link", "show", NETWORK).stdout
    assert "UP" in link
    # Nobody listens any more, but the tunnel is still there.
    assert corp.server.host.run("ss", "-Hltn", "sport", "=", ":51820").stdout == ""
    corp.alice.host.run("ping", "-n", "-c1", "-W5", "10.66.0.1")


def test_cached_state_serves_while_the_server_is_away(corp):
    corp.alice.cli("down", NETWORK)
    assert corp.alice.host.run("ip", "link", "show", NETWORK, check=None).returncode != 0
    done = corp.alice.up()
    assert "[!]" in done.stdout, "a warning says that the server was not reached"
    corp.alice.host.pings("10.66.1.2", timeout=30)
    assert "10.66.1.2/32" in corp.alice.allowed_ips()


def test_a_restart_loses_nobody(corp):
    alice = corp.alice.host
    before = Peer(corp.server.host).device()
    assert len(before) == 2
    # Pings flow through both restarts: not one may go missing.
    flow = alice.start("ping", "-n", "-i0.2", "10.66.0.1")

    def more_answers(n=3):
        wanted = flow.log().count("bytes from") + n
        wait_until(lambda: flow.log().count("bytes from") >= wanted, 10, "answers to pings")

    more_answers()
    corp.server.start()
    corp.alice.up()
    corp.bob.up()
    more_answers()
    assert corp.server.stop() == 0
    more_answers()
    corp.server.start()
    more_answers()
    corp.alice.up()
    corp.bob.up()
    flow.signal(2)
    flow.wait()
    assert " 0% packet loss" in flow.log(), flow.log()
    after = Peer(corp.server.host).device()
    assert set(after) == set(before)
    for key, (endpoint, allowed, handshake) in before.items():
        assert after[key][:2] == (endpoint, allowed)
        assert after[key][2] >= handshake


def test_a_restart_between_redemption_and_key_switch_loses_nobody(corp):
    """D7: the old key works until the switch five seconds later, and the new one from then on."""
    carol = Peer(corp.lan("carol", 4))
    install = carol.start_install(corp.server.invite("carol", "humans"))
    install.wait_for_log("The configuration is saved")
    assert corp.server.stop() == 0
    corp.server.start()
    assert install.wait(60) == 0, install.log()
    assert "10.66.1.1/32" in carol.allowed_ips()
    carol.host.pings("10.66.0.1")
    device = Peer(corp.server.host).device()
    assert carol.public_key() in device
    assert len(device) == 3, "the invitation's key is gone"


def test_an_expired_invitation_leaves_the_device(corp):
    """D5: its holder has no tunnel any more."""
    before = set(Peer(corp.server.host).device())
    corp.server.invite("dave", "humans", ip="10.66.1.77", expires="1s")
    server = Peer(corp.server.host)
    assert "10.66.1.77/32" in server.allowed_ips()
    wait_until(lambda: "10.66.1.77/32" not in server.allowed_ips(), 15, "the sweep")
    assert set(server.device()) == before
    assert corp.server.sql("SELECT name FROM peers WHERE name = 'dave'") == ""


def test_serve_says_what_is_missing(corp):
    done = corp.server.cli("serve", "nosuch", check=1)
    assert "nosuch" in done.stderr


@pytest.mark.skipif(os.environ.get("INNERNET_TEST_BACKEND") == "kernel",
                    reason="the kernel's devices do not end with a process")
def test_a_server_comes_back_after_its_interface_is_gone(corp):
    assert corp.server.stop() == 0
    corp.server.host.run("rm", f"/run/wireguard/{NETWORK}.sock")
    wait_until(lambda: corp.server.host.run("ip", "link", "show", NETWORK, check=None).returncode,
               10, "the interface to go")
    corp.server.start()
    corp.alice.host.pings("10.66.0.1", timeout=40)
