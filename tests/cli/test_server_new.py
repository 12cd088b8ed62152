"""innernet-server new and uninstall, asked and answered on a terminal: spec/server.md 6.1, 6.2, 6.12."""

import re
import signal
import stat

import pytest

from pty_session import BACKSPACE, CTRL_C, CTRL_D, ENTER
from scripted_dns import QUAD9_V4, QUAD9_V6, ScriptedDns
from server_desk import NETWORK, Desk, answered, asks, need_root

pytestmark = need_root

COMPLETE = ["--network-name", NETWORK, "--network-cidr", "10.71.0.0/16", "--listen-port", "51820",
            "--external-endpoint", "192.0.2.1:51820"]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def without(option):
    at = COMPLETE.index(option)
    return COMPLETE[:at] + COMPLETE[at + 2:]


def endpoint(desk):
    return desk.sql("SELECT endpoint FROM peers WHERE id = 1")[0][0]


def test_everything_is_asked_in_order(desk):
    with desk.sit("new") as s:
        asks(s, "Network name ›$", "Bad Name")
        s.wait_for(r"^✘ .+(\n.+)*\n\? Network name")
        s.send(ENTER)  # no default: asked again
        s.wait_for(r"^\? Network name")
        s.send(NETWORK + ENTER)
        asks(s, r"Network CIDR › 10\.42\.0\.0/16$", BACKSPACE * 2 + "24")
        asks(s, r"Listen port \(51820\) ›$", "65536")
        s.wait_for("^✘ ")
        s.send(ENTER)
        asks(s, r".*9\.9\.9\.9.* \(y/n\) ›$", "")
        s.send(ENTER)  # no default: nothing happens
        s.send("n" + ENTER)
        asks(s, "External endpoint ›$", "192.0.2.1")
        s.wait_for("^✘ ")
        s.send("192.0.2.1:51820" + ENTER)
        assert s.wait_end() == 0
        assert s.is_restored()
        assert [answer for _, answer in answered(s)] == [
            NETWORK, "10.42.0.0/24", "51820", "no", "192.0.2.1:51820"]
        out = s.output()
    database = desk.data / f"{NETWORK}.db"
    assert str(database) in out and "not started" in out
    for command in ("add-cidr", "add-peer"):
        assert f"innernet-server {command} {NETWORK}" in out
    assert f"systemctl enable --now innernet-server@{NETWORK}" in out
    config = desk.config / f"{NETWORK}.conf"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert 'address = "10.42.0.1"' in config.read_text()
    assert desk.sql("SELECT id, name, ip, prefix, parent FROM cidrs ORDER BY id") == [
        (1, NETWORK, "10.42.0.0", 24, None), (2, "innernet-server", "10.42.0.1", 32, 1)]
    assert desk.sql("SELECT id, name, ip, endpoint, cidr_id, is_admin, is_disabled, is_redeemed"
                    " FROM peers") == [
        (1, "innernet-server", "10.42.0.1", "192.0.2.1:51820", 2, 1, 0, 1)]


@pytest.mark.parametrize("option, question, bad, good", [
    ("--network-name", "Network name ›", "innernet-server", NETWORK),
    ("--network-cidr", "Network CIDR ›", BACKSPACE * 2 + "32", BACKSPACE * 2 + "24")])
def test_what_cannot_be_is_asked_again(desk, option, question, bad, good):
    with desk.sit("new", *without(option)) as s:
        asks(s, question, bad)
        s.wait_for(r"^✘ .+(\n.+)*\n\? " + question)
        s.send(good + ENTER)
        assert s.wait_end() == 0
        assert len(answered(s)) == 1


def test_an_unspecified_endpoint_is_asked_again(desk):
    with desk.sit("new", *without("--external-endpoint")) as s:
        asks(s, r".*9\.9\.9\.9", "n")
        asks(s, "External endpoint ›$", "0.0.0.0:51820")
        s.wait_for(r"^✘ .+(\n.+)*\n\? External endpoint")
        s.send("192.0.2.1:51820" + ENTER)
        assert s.wait_end() == 0
    assert endpoint(desk) == "192.0.2.1:51820"


@pytest.mark.parametrize("option, question, answer", [
    ("--network-name", "Network name", NETWORK), ("--network-cidr", "Network CIDR", ""),
    ("--listen-port", "Listen port", ""), ("--external-endpoint", ".*9.9.9.9", "n")])
def test_only_what_is_missing_is_asked(desk, option, question, answer):
    with desk.sit("new", *without(option)) as s:
        asks(s, question, answer)
        if option == "--external-endpoint":
            asks(s, "External endpoint", "192.0.2.1:51820")
        assert s.wait_end() == 0
        assert len(answered(s)) == (2 if option == "--external-endpoint" else 1)


def test_with_everything_given_nothing_is_asked(desk):
    for command in ("new", "init"):
        result = desk.run(command, *COMPLETE)
        assert (result.returncode, result.stderr) == (0, ""), result
        assert (desk.run("uninstall", "--yes", "--no-write-hosts", NETWORK)).returncode == 0


@pytest.mark.parametrize("option", ["--network-name", "--network-cidr", "--listen-port",
                                    "--external-endpoint"])
def test_without_a_terminal_the_missing_option_is_named(desk, option):
    result = desk.run("new", *without(option))
    assert result.returncode == 1
    assert result.stderr.startswith("error: ") and option in result.stderr
    assert desk.files() == set()


@pytest.mark.parametrize("answers", [0, 1, 2, 3])
@pytest.mark.parametrize("key, status", [(CTRL_C, -signal.SIGINT), (CTRL_D, 1)], ids=["c", "d"])
def test_leaving_leaves_nothing_behind(desk, answers, key, status):
    with desk.sit("new") as s:
        s.wait_for(r"^\? Network name")
        for keys, following in [(NETWORK, "Network CIDR"), ("", "Listen port"),
                                ("", "9.9.9.9")][:answers]:
            s.send(keys + ENTER)
            s.wait_for(re.escape(following))
        s.wait_until(s.in_raw_mode, "raw mode")
        if key == CTRL_D and answers == 1:
            s.send(BACKSPACE * len("10.42.0.0/16"))  # on a text it deletes
        s.send(key)
        assert s.wait_end() == status
        assert s.is_restored()
    assert desk.files() == set()


@pytest.mark.parametrize("change", [
    {"--network-cidr": "10.71.0.1/32"}, {"--network-cidr": "fd00::1/128"},
    {"--network-name": "innernet-server"}, {"--external-endpoint": "0.0.0.0:1"}], ids=str)
def test_networks_that_cannot_be(desk, change):
    option, value = next(iter(change.items()))
    result = desk.run("new", *without(option), option, value)
    assert result.returncode == 1 and result.stderr.startswith("error: ")
    assert desk.files() == set()


# --- detection of the public address ------------------------------------------------------------------

@pytest.fixture
def dns(desk):
    with ScriptedDns() as script:
        desk.enter = script.enter
        yield script


@pytest.mark.parametrize("answers, expected", [
    ({QUAD9_V4: "198.51.100.7", QUAD9_V6: "2001:db8::7"}, "198.51.100.7:51820"),
    ({QUAD9_V4: "198.51.100.7"}, "198.51.100.7:51820"),
    ({QUAD9_V6: "2001:db8::7"}, "[2001:db8::7]:51820")], ids=["both", "4", "6"])
def test_auto_external_endpoint(desk, dns, answers, expected):
    dns.answers = answers
    result = desk.run("new", *without("--external-endpoint"), "--auto-external-endpoint")
    assert (result.returncode, result.stderr) == (0, ""), result
    assert endpoint(desk) == expected
    assert set(dns.questions) == {"whatismyip.on.quad9.net"}


@pytest.mark.parametrize("answers", [{}, {QUAD9_V4: "0.0.0.0"}], ids=["silence", "zero"])
def test_auto_external_endpoint_without_an_answer(desk, dns, answers):
    dns.answers = answers
    result = desk.run("new", *without("--external-endpoint"), "--auto-external-endpoint")
    assert result.returncode == 1
    assert result.stderr.startswith("error: ") and "--external-endpoint" in result.stderr
    assert desk.files() == set()


def test_a_detected_address_can_be_edited(desk, dns):
    dns.answers = {QUAD9_V4: "198.51.100.7"}
    with desk.sit("new", *without("--external-endpoint")) as s:
        asks(s, r".*9\.9\.9\.9", "y")
        asks(s, r"External endpoint › 198\.51\.100\.7:51820$", BACKSPACE * 5 + "443")
        assert s.wait_end() == 0
    assert endpoint(desk) == "198.51.100.7:443"


def test_a_failed_detection_leaves_the_typing(desk, dns):
    with desk.sit("new", *without("--external-endpoint")) as s:
        asks(s, r".*9\.9\.9\.9", "y")
        asks(s, "External endpoint ›$", "vpn.example.com:51820")
        assert s.wait_end() == 0
    assert endpoint(desk) == "vpn.example.com:51820"


def test_nobody_is_asked_over_the_network_unless_wanted(desk, dns):
    with desk.sit("new", *without("--external-endpoint")) as s:
        asks(s, r".*9\.9\.9\.9", "n")
        asks(s, "External endpoint ›$", "192.0.2.1:1")
        assert s.wait_end() == 0
    assert dns.questions == []


# --- uninstall ----------------------------------------------------------------------------------------

def test_uninstall_asks(desk):
    desk.install_golden()
    before = desk.everything()
    with desk.sit("uninstall", "--no-write-hosts", NETWORK) as s:
        asks(s, rf".*{NETWORK}.*\(y/n\) › no$", "")
        assert s.wait_end() == 0
    assert desk.everything() == before
    result = desk.run("uninstall", "--no-write-hosts", NETWORK)
    assert result.returncode == 1 and "--yes" in result.stderr
    assert desk.everything() == before
    with desk.sit("uninstall", "--no-write-hosts", NETWORK) as s:
        asks(s, r".*\(y/n\) › no$", "y")
        assert s.wait_end() == 0
    assert desk.files() == set()


def test_uninstall_of_nothing_tells_and_succeeds(desk):
    result = desk.run("uninstall", "--yes", "--no-write-hosts", NETWORK)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{NETWORK}.conf" in result.stdout and f"{NETWORK}.db" in result.stdout
