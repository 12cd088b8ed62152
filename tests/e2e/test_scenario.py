"""The scenario of spec/server.md 8.9, step by step as spec/client.md part 10 (D1-D8) tells it."""

import concurrent.futures

import pytest

from hosts import wait_until
from innernet import BACKEND, INVITATION, NETWORK, Peer, Server, install_together, new_lan

pytestmark = pytest.mark.steps

# What "up once a second" is in a shell: a failing round ends the loop.
LOOP = f"while innernet -vvv --backend {BACKEND} up --no-write-hosts {NETWORK}; do sleep 1; done"


class Corp:
    """The hosts, as far as the steps have brought them."""

    def __init__(self, world):
        self.lan = new_lan(world)
        self.server = Server(self.lan("server", 1))
        self.peer1 = Peer(self.lan("peer1", 2))
        self.peer2 = Peer(self.lan("peer2", 3))
        self.loop = None
        self.admin_invitation = None
        self.later = {}

    def peer(self, n):
        return self.later.setdefault(n, Peer(self.lan(f"peer{n}", n + 1)))


@pytest.fixture(scope="module")
def corp(world):
    return Corp(world)


def test_server_creates_the_network(corp):
    server = corp.server
    done = server.new()
    assert NETWORK in done.stdout
    server.add_cidr("humans", "10.66.1.0/24")
    corp.admin_invitation = server.invite("admin", "humans", admin=True)
    assert 'address = "10.66.1.1/16"' in corp.admin_invitation
    assert 'internal-endpoint = "10.66.0.1:51820"' in corp.admin_invitation


def test_server_serves(corp):
    corp.server.start("--no-write-hosts")
    corp.server.host.pings("10.66.0.1")


def test_D1_peer1_installs_without_a_prompt_and_keeps_polling(corp):
    peer1 = corp.peer1
    peer1.install(corp.admin_invitation, "--no-write-hosts")
    assert peer1.host.run("test", "-e", INVITATION, check=None).returncode == 1
    hosts = peer1.host.read("/etc/hosts")
    assert NETWORK not in hosts
    peer1.host.pings("10.66.0.1")
    corp.loop = peer1.host.start("bash", "-c", LOOP)
    wait_until(lambda: corp.loop.log().count("Fetching state") >= 2,
               15, "two rounds of `innernet up`")
    assert corp.loop.alive(), corp.loop.log()


def test_D2_admin_adds_a_cidr(corp):
    corp.peer1.cli("add-cidr", NETWORK, "--name", "robots", "--cidr", "10.66.2.0/24",
                   "--parent", NETWORK, "--yes")

    def listed():
        return "10.66.2.0/24 robots" in corp.peer1.cli("list-cidrs", NETWORK).stdout
    wait_until(listed, 10, "robots in list-cidrs")


def test_D3_admin_associates_without_confirming(corp):
    corp.peer1.cli("add-association", NETWORK, "humans", "robots")
    listed = corp.peer1.cli("list-associations", NETWORK).stdout
    assert "1: humans <=> robots" in listed.splitlines()


def test_D4_admin_invites_and_peer2_installs(corp):
    invitation = corp.peer1.invite("peer2", "robots", expires="30s")
    assert 'address = "10.66.2.1/16"' in invitation
    corp.peer2.install(invitation)
    corp.peer2.host.pings("10.66.0.1")


def test_both_ends_of_an_association_reach_each_other(corp):
    corp.peer2.host.pings("10.66.1.1", timeout=20)
    corp.peer1.host.pings("10.66.2.1", timeout=20)
    assert f"10.66.1.1 admin.{NETWORK}.wg" in corp.peer2.host.read("/etc/hosts")


def test_D5_a_short_lived_invitation_frees_name_and_address(corp):
    invite = {"name": "peer3", "cidr": "robots", "ip": "10.66.2.100"}
    assert corp.peer1.invite(**invite, expires="1s")
    again = wait_until(lambda: corp.peer1.invite(**invite, expires="30m", check=None),
                       15, "name and address of the expired invitation to be free", pause=0.5)
    assert 'address = "10.66.2.100/16"' in again
    assert corp.peer1.invite(**invite, expires="30m", check=None) is None, \
        "name and address are taken while the invitation lives"


def test_D6_two_peers_redeem_at_the_same_moment(corp):
    invitations = {n: corp.peer1.invite(f"peer{n}", "robots", expires="60s") for n in (4, 5)}
    pairs = [(corp.peer(n), text) for n, text in invitations.items()]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        installs = pool.submit(install_together, *pairs)
        # Meanwhile the others are not disturbed.
        corp.peer2.host.run("ping", "-n", "-c3", "10.66.0.1")
        corp.peer2.host.run("ping", "-n", "-c3", "10.66.1.1")
        installs.result()
    for n in (4, 5):
        corp.peer(n).host.pings("10.66.0.1")
        corp.peer(n).host.pings("10.66.1.1", timeout=20)


def test_D7_a_cidr_is_renamed_from_either_side(corp):
    def listed(name):
        lines = corp.peer1.cli("list-cidrs", NETWORK).stdout.splitlines()
        return f"10.66.2.0/24 {name}" in lines

    corp.peer1.cli("rename-cidr", NETWORK, "--name", "robots", "--new-name", "coolbeans", "--yes")
    wait_until(lambda: listed("coolbeans"), 5, "the new name on peer1")
    corp.server.cli("rename-cidr", NETWORK, "--name", "coolbeans", "--new-name", "robots", "--yes")
    wait_until(lambda: listed("robots"), 5, "the old name on peer1")


def test_D8_the_loop_never_stopped(corp):
    assert corp.loop.alive(), corp.loop.log()
    assert corp.server.stop() == 0
