"""innernet-server's commands for peers, on a terminal and without: spec/server.md 6.4 to 6.6.
What they do to a running server and its device is in tests/api."""

import stat
import time
import tomllib

import pytest

from pty_session import CTRL_D, ENTER
from server_desk import NETWORK, Desk, answered, asks, menu, need_root, refused

pytestmark = need_root

CIDRS = ["humans (10.66.1.0/24)", "robots (10.66.2.0/24)"]
ADD = {"--cidr": "robots", "--ip": "10.66.2.9", "--name": "rob", "--admin": "false",
       "--invite-expires": "1h", "--save-config": "r.toml"}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path).install_golden()


def words(options):
    return [word for pair in options.items() for word in pair]


def row(desk, name):
    found = desk.sql("SELECT id, ip, cidr_id, is_admin, is_disabled, is_redeemed, invite_expires"
                     " FROM peers WHERE name = ?", name)
    return found[0] if found else None


# --- add-peer -------------------------------------------------------------------------------------------

def test_add_peer_asks_for_everything_in_order(desk):
    before = int(time.time())
    with desk.sit("add-peer", NETWORK) as s:
        menu(s, "Eligible CIDRs for peer", CIDRS, CIDRS[1])
        asks(s, r"IP \(10\.66\.2\.3\) ›$", "10.66.2.300")
        s.wait_for("^✘ ")
        s.send(ENTER)
        asks(s, "Name ›$", "Rob")
        s.wait_for("^✘ ")
        s.send("rob" + ENTER)
        asks(s, r".*admin.* \(y/n\) › no$", "y")
        asks(s, r"Invite expires after \(14d\) ›$", "1.5h")
        s.wait_for("^✘ ")
        s.send(ENTER)
        asks(s, r"Save .* \(rob\.toml\) ›$", "")
        asks(s, r".*rob.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
        assert s.is_restored()
        assert [answer for _, answer in answered(s)] == [
            CIDRS[1], "10.66.2.3", "rob", "yes", "14d", "rob.toml", "yes"]
        assert s.output() == ""
    *fields, expires = row(desk, "rob")
    assert fields == [5, "10.66.2.3", 4, 1, 0, 0]
    assert before + 14 * 86400 <= expires <= time.time() + 14 * 86400
    invitation = desk.work / "rob.toml"
    assert stat.S_IMODE(invitation.stat().st_mode) == 0o600
    content = tomllib.loads(invitation.read_text())
    assert content["interface"]["address"] == "10.66.2.3/16"
    assert content["interface"]["network-name"] == NETWORK
    assert content["server"]["external-endpoint"] == "172.31.1.1:51820"
    assert content["server"]["internal-endpoint"] == "10.66.0.1:51820"


@pytest.mark.parametrize("option, question, answer", [
    ("--cidr", "Eligible CIDRs", ""), ("--ip", "IP ", ""), ("--name", "Name ›$", "rob"),
    ("--admin", ".*admin", ""), ("--invite-expires", "Invite expires after", ""),
    ("--save-config", "Save", "r.toml")])
def test_add_peer_asks_only_for_what_is_missing(desk, option, question, answer):
    given = {k: v for k, v in ADD.items() if k != option}
    if option == "--cidr":
        given["--ip"] = "10.66.1.9"
    with desk.sit("add-peer", NETWORK, *words(given), "--yes") as s:
        asks(s, question, answer)
        assert s.wait_end() == 0
        assert len(answered(s)) == 1
    assert row(desk, "rob")[3:6] == (0, 0, 0)
    result = refused(desk, 1, "add-peer", NETWORK, *words(given), "--yes")
    assert option in result.stderr


def test_add_peer_declined(desk):
    before = desk.everything()
    for keys in ("", "n"):
        with desk.sit("add-peer", NETWORK, *words(ADD)) as s:
            asks(s, r".*rob.* \(y/n\) › no$", keys)
            assert s.wait_end() == 0
            assert s.output() != ""
        assert desk.everything() == before
    with desk.sit("add-peer", NETWORK, *words(ADD)) as s:
        asks(s, r".*\(y/n\) › no$")
        s.wait_until(s.in_raw_mode, "raw mode")
        s.send(CTRL_D)
        assert s.wait_end() == 1
    assert desk.everything() == before


@pytest.mark.parametrize("change, code, words_", [
    ({"--cidr": "nowhere"}, 1, "nowhere"), ({"--cidr": NETWORK}, 1, NETWORK),
    ({"--cidr": "evilcorp"}, 1, "evilcorp"), ({"--cidr": ""}, 1, "CIDR ''"),
    ({"--ip": "10.66.1.9"}, 1, "10.66.1.9"), ({"--ip": "10.66.2.1"}, 1, "10.66.2.1"),
    ({"--name": "peer2"}, 1, "peer2"), ({"--name": "Rob"}, 2, "--name"),
    ({"--ip": "10.66.2"}, 2, "--ip"), ({"--admin": "yes"}, 2, "--admin"),
    ({"--invite-expires": "soon"}, 2, "--invite-expires"),
    ({"--save-config": "nowhere/r.toml"}, 1, "nowhere")], ids=str)
def test_add_peer_refusals(desk, change, code, words_):
    result = refused(desk, code, "add-peer", NETWORK, *words(ADD | change), "--yes")
    assert words_ in result.stderr


def test_add_peer_to_a_full_cidr(desk):
    desk.sql("UPDATE cidrs SET ip = '10.66.2.0', prefix = 30 WHERE name = 'robots'")
    result = refused(desk, 1, "add-peer", NETWORK, *words(ADD | {"--ip": "10.66.2.2"}), "--yes")
    assert "10.66.2.2" in result.stderr
    given = {k: v for k, v in ADD.items() if k != "--ip"}
    result = refused(desk, 1, "add-peer", NETWORK, *words(given), "--auto-ip", "--yes")
    assert "robots" in result.stderr


# --- rename-peer ----------------------------------------------------------------------------------------

def test_rename_peer_asks_in_order(desk):
    with desk.sit("rename-peer", NETWORK) as s:
        menu(s, "Peer to rename", ["admin", "peer2", "peer3"], "peer3")
        asks(s, "New name ›$", "peer--3")
        s.wait_for("^✘ ")
        s.send("rob" + ENTER)
        asks(s, r".*peer3.*rob.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
        assert [answer for _, answer in answered(s)] == ["peer3", "rob", "yes"]
        assert s.output() == ""
    assert row(desk, "rob")[0] == 4 and row(desk, "peer3") is None


def test_rename_peer_declined(desk):
    before = desk.everything()
    with desk.sit("rename-peer", NETWORK, "--name", "peer3", "--new-name", "rob") as s:
        asks(s, r".*\(y/n\) › no$", "")
        assert s.wait_end() == 0
        assert s.output() != ""
    assert desk.everything() == before


def test_rename_peer_without_others(desk):
    desk.sql("DELETE FROM peers WHERE id > 1")
    with desk.sit("rename-peer", NETWORK) as s:
        assert s.wait_end() == 1
        assert "no peers to rename" in s.screen.text()


# --- disable-peer, enable-peer --------------------------------------------------------------------------

def test_disable_and_enable_by_menu(desk):
    peers = ["admin (10.66.1.1)", "peer2 (10.66.2.1)", "peer3 (10.66.2.2)"]
    with desk.sit("disable-peer", NETWORK) as s:
        menu(s, "Peer to disable", peers, peers[1])
        asks(s, r".*peer2.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
        assert s.output() == ""
    assert row(desk, "peer2")[4] == 1
    with desk.sit("disable-peer", NETWORK) as s:
        menu(s, "Peer to disable", [peers[0], peers[2]], peers[0])
        asks(s, r".*admin.* \(y/n\) › no$", "")
        assert s.wait_end() == 0
    assert row(desk, "admin")[4] == 0
    with desk.sit("enable-peer", NETWORK) as s:
        menu(s, "Peer to enable", [peers[1]], peers[1])
        asks(s, r".*peer2.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
    assert row(desk, "peer2")[4] == 0
    with desk.sit("enable-peer", NETWORK) as s:
        assert s.wait_end() == 1
        assert "no disabled peers" in s.screen.text()


def test_yes_wants_a_name(desk):
    for command in ("enable-peer", "disable-peer"):
        assert "--name" in refused(desk, 2, command, NETWORK, "--yes").stderr


@pytest.mark.parametrize("command, name, words_", [
    ("disable-peer", "nobody", "does not exist"), ("enable-peer", "nobody", "does not exist"),
    ("rename-peer", "nobody", "does not exist"), ("enable-peer", "peer2", "does not apply"),
    ("disable-peer", "innernet-server", "does not apply"),
    ("rename-peer", "innernet-server", "does not apply")])
def test_names_that_do_not_fit(desk, command, name, words_):
    more = ["--new-name", "x"] if command == "rename-peer" else []
    result = refused(desk, 1, command, NETWORK, "--name", name, *more, "--yes")
    assert name in result.stderr and words_ in result.stderr
