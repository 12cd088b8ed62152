"""innernet-server's listings and associations, which the original does not have: formats and
questions are the client's (spec/client.md 4.2, 4.6)."""

import pytest

from pty_session import ENTER
from server_desk import GOLDEN, NETWORK, Desk, answered, asks, menu, need_root, refused

pytestmark = need_root

COLOR = {"CLICOLOR_FORCE": "1"}
CIDRS = ["evilcorp (10.66.0.0/16)", "humans (10.66.1.0/24)", "robots (10.66.2.0/24)"]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path).install_golden()


def associations(desk):
    return desk.sql("SELECT cidr_id_1, cidr_id_2 FROM associations ORDER BY id")


# --- listings -------------------------------------------------------------------------------------------

def golden(name):
    """What the client prints, but for its lines about fetching."""
    lines = (GOLDEN / name).read_text().splitlines(keepends=True)
    return "".join(line for line in lines if "Fetching" not in line)


@pytest.mark.parametrize("env, ending", [({}, ".txt"), (COLOR, ".color.txt")], ids=["plain", "color"])
@pytest.mark.parametrize("args, name", [
    (["list-cidrs"], "list-cidrs"), (["list-cidrs", "--tree"], "list-cidrs-tree"),
    (["list-cidrs", "-t"], "list-cidrs-tree"), (["list-associations"], "list-associations")],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_golden_lists(desk, args, name, env, ending):
    before = desk.everything()
    result = desk.run(*args, NETWORK, env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == golden(name + ending)
    assert desk.everything() == before


def test_list_peers(desk):
    desk.sql("UPDATE peers SET is_redeemed = 0, invite_expires = 4102444800 WHERE id = 4")
    desk.sql("UPDATE peers SET is_disabled = 1 WHERE id = 2")
    result = desk.run("list-peers", NETWORK)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        "1: 10.66.0.1 innernet-server (innernet-server), admin\n"
        "2: 10.66.1.1 admin (humans), admin, disabled\n"
        "3: 10.66.2.1 peer2 (robots)\n"
        "4: 10.66.2.2 peer3 (robots), invited until 2100-01-01 00:00:00 UTC\n")
    colored = desk.run("list-peers", NETWORK, env=COLOR).stdout
    assert colored.splitlines()[2] == "3: 10.66.2.1 \x1b[33mpeer2\x1b[0m (robots)"


def test_list_peers_shows_what_has_run_out(desk):
    desk.sql("UPDATE peers SET is_redeemed = 0, invite_expires = 86400 WHERE id = 4")
    assert desk.run("list-peers", NETWORK).stdout.splitlines()[3] == (
        "4: 10.66.2.2 peer3 (robots), invitation expired 1970-01-02 00:00:00 UTC")


def test_help_documents_the_line_of_a_peer(desk):
    text = desk.run("list-peers", "--help").stdout
    for part in ("<id>: <ip> <name> (<cidr>)", "admin", "disabled", "invited", "expired", "UTC"):
        assert part in text


@pytest.mark.parametrize("command", ["list-peers", "list-cidrs", "list-associations"])
def test_lists_of_no_network(tmp_path, command):
    desk = Desk(tmp_path)
    result = desk.run(command, NETWORK)
    assert (result.returncode, result.stdout) == (1, "")
    assert NETWORK in result.stderr and "innernet-server new" in result.stderr
    assert desk.files() == set()


@pytest.mark.parametrize("command", ["list-peers", "list-cidrs", "list-associations"])
def test_lists_to_a_full_disk(desk, command):
    import subprocess
    with open("/dev/full", "wb") as full:
        result = subprocess.run(desk.command(command, NETWORK), stdin=subprocess.DEVNULL,
                                stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1 and "stdout" in result.stderr


# --- add-association ------------------------------------------------------------------------------------

def test_add_association_by_menus(desk):
    with desk.sit("add-association", NETWORK) as s:
        menu(s, "First CIDR", CIDRS, CIDRS[0])
        menu(s, "Second CIDR", CIDRS, CIDRS[2])
        asks(s, r".*evilcorp.*robots.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
        assert [answer for _, answer in answered(s)] == [CIDRS[0], CIDRS[2], "yes"]
        assert "associated" in s.output()
    assert associations(desk) == [(3, 4), (1, 4)]


def test_add_association_with_the_first_given(desk):
    with desk.sit("add-association", NETWORK, "robots") as s:
        menu(s, "Second CIDR", CIDRS, CIDRS[0])
        asks(s, r".*robots.*evilcorp.* \(y/n\) › no$", "")
        assert s.wait_end() == 0
        assert "associated" not in s.output()
    assert associations(desk) == [(3, 4)]
    assert "CIDR2" in refused(desk, 1, "add-association", NETWORK, "robots", "--yes").stderr


def test_add_association_with_both_given_asks_nothing(desk):
    result = desk.run("add-association", NETWORK, "robots", "evilcorp")
    assert (result.returncode, result.stderr) == (0, "")
    assert associations(desk) == [(3, 4), (4, 1)]


@pytest.mark.parametrize("a, b, words", [
    ("robots", "humans", "already"), ("humans", "robots", "already"), ("humans", "humans", "itself"),
    ("nowhere", "robots", "nowhere"), ("robots", "nowhere", "nowhere")])
def test_add_association_refusals(desk, a, b, words):
    assert words in refused(desk, 1, "add-association", NETWORK, a, b).stderr


# --- delete-association ---------------------------------------------------------------------------------

def test_delete_association_by_menu(desk):
    desk.sql("INSERT INTO associations (cidr_id_1, cidr_id_2) VALUES (1, 4)")
    items = ["1: humans <=> robots", "2: evilcorp <=> robots"]
    with desk.sit("delete-association", NETWORK) as s:
        menu(s, "Association", items, items[1])
        asks(s, r".*#2.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
        assert "#2" in s.output()
    assert associations(desk) == [(3, 4)]


@pytest.mark.parametrize("order", [("humans", "robots"), ("robots", "humans")])
def test_delete_association_by_names_asks_once(desk, order):
    with desk.sit("delete-association", NETWORK, *order) as s:
        asks(s, r".*#1.* \(y/n\) › no$", "")
        assert s.wait_end() == 0
    assert associations(desk) == [(3, 4)]
    assert "--yes" in refused(desk, 1, "delete-association", NETWORK, *order).stderr
    result = desk.run("delete-association", NETWORK, *order, "--yes")
    assert (result.returncode, result.stderr) == (0, "")
    assert associations(desk) == []


def test_delete_association_ignores_one_name_alone_and_says_so(desk):
    with desk.sit("delete-association", NETWORK, "evilcorp") as s:
        s.wait_for(r"\[!\] .*alone")
        menu(s, "Association", ["1: humans <=> robots"], "1: humans <=> robots")
        asks(s, r".*#1.* \(y/n\) › no$", "n")
        assert s.wait_end() == 0
    assert associations(desk) == [(3, 4)]


def test_delete_association_refusals(desk):
    for names, words in [(("evilcorp", "robots"), "not associated"), (("nowhere", "robots"), "nowhere"),
                         ((), "CIDR1 CIDR2")]:
        assert words in refused(desk, 1, "delete-association", NETWORK, *names, "--yes").stderr
    desk.sql("DELETE FROM associations")
    with desk.sit("delete-association", NETWORK) as s:
        assert s.wait_end() == 1
        assert "no associations" in s.screen.text()
