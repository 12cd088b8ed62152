"""innernet-server's commands for CIDRs, on a terminal and without: spec/server.md 6.7 to 6.9."""

import pytest

from pty_session import ENTER
from server_desk import NETWORK, Desk, answered, asks, menu, need_root, refused

pytestmark = need_root

PARENTS = ["evilcorp (10.66.0.0/16)", "humans (10.66.1.0/24)", "robots (10.66.2.0/24)"]
ADD = {"--parent": "evilcorp", "--name": "things", "--cidr": "10.66.3.0/24"}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path).install_golden()


@pytest.fixture
def with_empty(desk):
    """Another CIDR, things, that nobody is in."""
    desk.sql("INSERT INTO cidrs (name, ip, prefix, parent) VALUES ('things', '10.66.3.0', 24, 1)")
    return desk


def words(options):
    return [word for pair in options.items() for word in pair]


def names(desk):
    return [name for name, in desk.sql("SELECT name FROM cidrs ORDER BY id")]


# --- add-cidr -------------------------------------------------------------------------------------------

def test_add_cidr_asks_for_everything_in_order(desk):
    with desk.sit("add-cidr", NETWORK) as s:
        menu(s, "Parent CIDR", PARENTS, PARENTS[0])
        asks(s, "Name ›$", "no dots.")
        s.wait_for("^✘ ")
        s.send("things" + ENTER)
        asks(s, "CIDR ›$", "10.66.3.0")
        s.wait_for("^✘ ")
        s.send("10.66.3.0/24" + ENTER)
        asks(s, r".*things.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
        assert s.is_restored()
        assert [answer for _, answer in answered(s)] == [PARENTS[0], "things", "10.66.3.0/24", "yes"]
        out = s.output()
    assert "things" in out and "add-association" in out
    assert desk.sql("SELECT * FROM cidrs WHERE id = 5") == [(5, "things", "10.66.3.0", 24, 1)]


@pytest.mark.parametrize("option, question, answer", [
    ("--parent", "Parent CIDR", ""), ("--name", "Name ›$", "things"),
    ("--cidr", "CIDR ›$", "10.66.3.0/24")])
def test_add_cidr_asks_only_for_what_is_missing(desk, option, question, answer):
    given = words({k: v for k, v in ADD.items() if k != option})
    assert option in refused(desk, 1, "add-cidr", NETWORK, *given, "--yes").stderr
    with desk.sit("add-cidr", NETWORK, *given, "--yes") as s:
        asks(s, question, answer)
        assert s.wait_end() == 0
        assert len(answered(s)) == 1
    assert names(desk)[4:] == ["things"]


def test_add_cidr_declined(desk):
    before = desk.everything()
    with desk.sit("add-cidr", NETWORK, *words(ADD)) as s:
        asks(s, r".*things.* \(y/n\) › no$", "")
        assert s.wait_end() == 0
        assert "added" not in s.output() != ""
    assert desk.everything() == before
    assert "--yes" in refused(desk, 1, "add-cidr", NETWORK, *words(ADD)).stderr
    result = desk.run("add-cidr", NETWORK, *words(ADD), "--yes")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("change, code, words_", [
    ({"--parent": "nowhere"}, 1, "nowhere"), ({"--parent": ""}, 1, "CIDR ''"),
    ({"--name": "humans"}, 1, "humans"), ({"--name": "Things"}, 2, "--name"),
    ({"--cidr": "10.66.3.0"}, 2, "--cidr"), ({"--cidr": "10.67.0.0/24"}, 1, "10.67.0.0/24"),
    ({"--cidr": "10.66.1.0/25"}, 1, "humans")], ids=str)
def test_add_cidr_refusals(desk, change, code, words_):
    result = refused(desk, code, "add-cidr", NETWORK, *words(ADD | change), "--yes")
    assert words_ in result.stderr


# --- rename-cidr ----------------------------------------------------------------------------------------

def test_rename_cidr_asks_in_order(desk):
    with desk.sit("rename-cidr", NETWORK) as s:
        menu(s, "CIDR to rename", ["evilcorp", "innernet-server", "humans", "robots"], "robots")
        asks(s, "New name ›$", "")
        s.send("Any Text, ünlike hostnames" + ENTER)
        asks(s, r".*robots.*Any Text, ünlike hostnames.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
        assert s.output() == ""
    assert names(desk)[3] == "Any Text, ünlike hostnames"


def test_rename_cidr_declined(desk):
    before = desk.everything()
    with desk.sit("rename-cidr", NETWORK, "--name", "robots", "--new-name", "x") as s:
        asks(s, r".*robots.*x.* \(y/n\) › no$", "n")
        assert s.wait_end() == 0
        assert s.output() != ""
    assert desk.everything() == before


@pytest.mark.parametrize("old, new", [("nowhere", "x"), ("robots", "humans"), ("robots", ""),
                                      ("robots", "a\x1b[31m")])
def test_rename_cidr_refusals(desk, old, new):
    result = refused(desk, 1, "rename-cidr", NETWORK, "--name", old, "--new-name", new, "--yes")
    assert "\x1b" not in result.stderr


# --- delete-cidr ----------------------------------------------------------------------------------------

def test_delete_cidr_asks(with_empty):
    with with_empty.sit("delete-cidr", NETWORK) as s:
        menu(s, "CIDR to delete", ["things (10.66.3.0/24)"], "things (10.66.3.0/24)")
        asks(s, r".*things.* \(y/n\) › no$", "y")
        assert s.wait_end() == 0
        assert len(s.output().splitlines()) == 3
    assert names(with_empty) == ["evilcorp", "innernet-server", "humans", "robots"]


def test_delete_cidr_declined_is_an_error(with_empty):
    before = with_empty.everything()
    with with_empty.sit("delete-cidr", NETWORK, "--name", "things") as s:
        asks(s, r".*things.* \(y/n\) › no$", "")
        assert s.wait_end() == 1
        assert "error: canceled" in s.screen.text()
    assert with_empty.everything() == before


def test_delete_cidr_without_an_eligible_one(desk):
    assert "no CIDR can be deleted" in refused(desk, 1, "delete-cidr", NETWORK).stderr


def test_D40_delete_cidr_explains(with_empty):
    with_empty.sql("INSERT INTO associations (cidr_id_1, cidr_id_2) VALUES (5, 3)")
    with_empty.sql("DELETE FROM associations WHERE id = 1")
    with_empty.sql("INSERT INTO cidrs (name, ip, prefix, parent) VALUES ('n', '10.66.4.0', 24, 1)")
    with_empty.sql("INSERT INTO cidrs (name, ip, prefix, parent) VALUES ('m', '10.66.4.0', 25, 6)")
    for name, reason in [("nowhere", "there is no CIDR 'nowhere'"), ("robots", "peer"),
                         ("n", "CIDR"), ("things", "associat"), ("evilcorp", "")]:
        result = refused(with_empty, 1, "delete-cidr", NETWORK, "--name", name, "--yes")
        assert reason in result.stderr and "constraint" not in result.stderr.lower()
    with with_empty.sit("delete-cidr", NETWORK) as s:
        menu(s, "CIDR to delete", ["m (10.66.4.0/25)"], "m (10.66.4.0/25)")
        asks(s, r".*\(y/n\) › no$", "y")
        assert s.wait_end() == 0
