"""`disable-peer`, `enable-peer`, `rename-peer`, `rename-cidr`, `delete-cidr`: docs/spec/server.md
6.5, 6.6, 6.8, 6.9, D9, D17, D40; the hosts section of `serve` and `uninstall`: 5.4, D50."""

import os

import pytest

from bed import wait_for


def quiet(result):
    """Success prints nothing."""
    assert (result.returncode, result.stdout, result.stderr) == (0, "", ""), result


def refused(net, code, *arguments):
    before = net.everything()
    result = net.cli(*arguments)
    assert result.returncode == code, result
    assert result.stderr
    assert net.everything() == before
    return result


def toggle(net, verb, name, *more):
    return net.cli(f"{verb}-peer", net.name, "--name", name, *(more or ["--yes"]))


def test_disable_and_enable_reach_database_device_and_answers(net, fx):
    key = net.key_of("user1")
    quiet(toggle(net, "disable", "user1"))
    assert net.peer("user1")["is_disabled"] == 1
    assert key not in net.device().peers
    assert net.get("/v1/user/state", "user1").status == 401
    assert "user1" not in {p["name"] for p in net.state("user2")["peers"]}
    quiet(toggle(net, "enable", "user1"))
    assert net.peer("user1")["is_disabled"] == 0
    assert net.device().peers[key].allowed_ips == [fx.single(fx.peers["user1"])]
    assert net.get("/v1/user/state", "user1").status == 200


def test_D17_without_an_interface_none_is_made(idle):
    if os.path.exists(idle.bed.socket_path):
        os.unlink(idle.bed.socket_path)
        idle.bed.device_is_gone()
    quiet(toggle(idle, "disable", "user1"))
    quiet(toggle(idle, "enable", "user1"))
    assert "test" not in idle.bed.server_ip("-o", "link")
    assert not os.path.exists(idle.bed.socket_path)


@pytest.mark.parametrize("verb, name, code", [
    ("disable", "nobody", 1), ("enable", "nobody", 1), ("enable", "user1", 1),
    ("disable", "innernet-server", 1), ("disable", "Upper", 2), ("enable", "", 2)], ids=str)
def test_who_cannot_be_toggled(idle, verb, name, code):
    """D9: the server's peer stays enabled."""
    refused(idle, code, f"{verb}-peer", idle.name, "--name", name, "--yes")


def test_a_disabled_peer_is_not_disabled_again(idle):
    quiet(toggle(idle, "disable", "user1"))
    refused(idle, 1, "disable-peer", idle.name, "--name", "user1", "--yes")


def test_yes_requires_a_name(idle):
    for verb in ("disable", "enable"):
        refused(idle, 2, f"{verb}-peer", idle.name, "--yes")


@pytest.mark.parametrize("arguments", [
    ["disable-peer", "test", "--name", "user1"], ["disable-peer", "test"],
    ["rename-peer", "test", "--name", "user1", "--new-name", "x"], ["rename-peer", "test", "--yes"],
    ["rename-cidr", "test", "--name", "user", "--new-name", "x"], ["rename-cidr", "test", "--yes"],
    ["delete-cidr", "test"], ["delete-cidr", "test", "--name", "user"]], ids=" ".join)
def test_without_a_terminal_questions_are_errors(idle, arguments):
    refused(idle, 1, *arguments)


def rename(net, what, old, new):
    return net.cli(f"rename-{what}", net.name, "--name", old, "--new-name", new, "--yes")


def test_rename_peer(net):
    quiet(rename(net, "peer", "user1", "renamed"))
    assert net.seen("renamed", "user2")["id"] == 5
    quiet(rename(net, "peer", "renamed", "renamed"))


@pytest.mark.parametrize("old, new, code", [
    ("user1", "user2", 1), ("nobody", "x", 1), ("innernet-server", "x", 1),
    ("user1", "innernet-server", 1), ("user1", "Upper", 2), ("user1", "", 2), ("Upper", "x", 2)])
def test_rename_peer_refusals(idle, old, new, code):
    refused(idle, code, "rename-peer", idle.name, "--name", old, "--new-name", new, "--yes")


def test_rename_cidr(net):
    for name in ("machines", "Any Text: \u00fc", "machines"):
        old = net.rows("cidrs")[4]["name"]
        quiet(rename(net, "cidr", old, name))
        assert net.state("user1")["cidrs"][4]["name"] == name
    quiet(rename(net, "cidr", "machines", "machines"))


@pytest.mark.parametrize("old, new", [("user", "admin"), ("nowhere", "x"), ("user", ""),
                                      ("user", "a\nb"), ("user", "a\x1b[1m")])
def test_rename_cidr_refusals(idle, old, new):
    before = idle.everything()
    result = rename(idle, "cidr", old, new)
    assert result.returncode in (1, 2), result
    assert "\x1b" not in result.stderr
    assert idle.everything() == before


def test_delete_cidr(net, fx):
    net.make_cidr("experimental", fx.experimental)
    result = net.cli("delete-cidr", net.name, "--name", "experimental", "--yes")
    assert result.returncode == 0, result
    assert len(result.stdout.splitlines()) == 3
    assert [c["id"] for c in net.state()["cidrs"]] == [1, 2, 3, 4, 5]


def test_D40_delete_cidr_says_why_not(net, fx):
    outer = net.make_cidr("outer", fx.experimental)
    inner = net.make_cidr("inner", fx.sub, outer)
    net.make_association(inner, 3)
    for name, words in (("outer", "inner"), ("inner", "associat"), ("user", "peer"), ("nowhere", "nowhere"),
                        ("test", ""), ("innernet-server", "")):
        result = refused(net, 1, "delete-cidr", net.name, "--name", name, "--yes")
        assert words in result.stderr.lower(), result
        assert "constraint" not in result.stderr.lower()


# --- hosts -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("options, suffix", [
    ((), ".test.wg"), (("--host-suffix", "example.org"), ".example.org"), (("--host-suffix", ""), "")])
def test_host_suffix(idle, fx, options, suffix):
    idle.start(*options, write_hosts=True)
    wait_for(lambda: os.path.exists(idle.hosts_path) and os.path.getsize(idle.hosts_path),
             "hosts file")
    with open(idle.hosts_path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    order = ["innernet-server", *fx.peers]
    assert lines == ["# DO NOT EDIT innernet test BEGIN",
                     *(f"{idle.peer(n)['ip']} {n}{suffix}" for n in order),
                     "# DO NOT EDIT innernet test END"]


def test_an_unmatched_marker_is_left_alone(idle):
    with open(idle.hosts_path, "w", encoding="utf-8") as f:
        f.write("# DO NOT EDIT innernet test END\n1.2.3.4 mine\n")
    idle.start(write_hosts=True)
    wait_for(lambda: idle.hosts_path in idle.log(), "warning")
    assert idle.get("/v1/user/state").status == 200
    with open(idle.hosts_path, encoding="utf-8") as f:
        assert f.read() == "# DO NOT EDIT innernet test END\n1.2.3.4 mine\n"


def test_D50_uninstall_takes_the_section_away(idle):
    with open(idle.hosts_path, "w", encoding="utf-8") as f:
        f.write("1.2.3.4 mine\n")
    idle.start(write_hosts=True)

    def text():
        with open(idle.hosts_path, encoding="utf-8") as f:
            return f.read()
    wait_for(lambda: "innernet test" in text(), "hosts section")
    assert idle.stop() == 0
    result = idle.cli("uninstall", idle.name, "--yes", "--hosts-path", idle.hosts_path)
    assert result.returncode == 0, result
    idle.bed.device_is_gone()
    assert "innernet" not in text() and text().startswith("1.2.3.4 mine\n")


# --- associations and lists: beyond the original ------------------------------------------------------

def test_associations_reach_a_running_server(net):
    assert "user1" not in {p["name"] for p in net.state("developer1")["peers"]}
    result = net.cli("add-association", net.name, "user", "developer")
    assert (result.returncode, result.stderr) == (0, ""), result
    assert "user1" in {p["name"] for p in net.state("developer1")["peers"]}
    assert "developer1" in {p["name"] for p in net.state("user1")["peers"]}
    row, = net.rows("associations")
    assert (row["cidr_id_1"], row["cidr_id_2"]) == (5, 4)
    result = net.cli("delete-association", net.name, "developer", "user", "--yes")
    assert (result.returncode, result.stderr) == (0, ""), result
    assert "user1" not in {p["name"] for p in net.state("developer1")["peers"]}
    assert net.rows("associations") == []


@pytest.mark.parametrize("arguments, code, words", [
    (("add-association", "test", "user", "nowhere"), 1, "nowhere"),
    (("add-association", "test", "user", "user"), 1, "itself"),
    (("add-association", "test", "admin", "user"), 1, "already"),
    (("delete-association", "test", "user", "developer", "--yes"), 1, "not associated"),
    (("delete-association", "test", "user", "nowhere", "--yes"), 1, "nowhere"),
    (("delete-association", "test", "user", "admin"), 1, "--yes"),
    (("delete-association", "test", "--yes"), 1, "CIDR1 CIDR2"),
    (("add-association", "test", "user"), 1, "CIDR2"),
    (("add-association", "test", "a", "b", "c"), 2, "c"),
    (("list-peers", "test", "--tree"), 2, "--tree"),
    (("list-peers", "other"), 1, "other"), (("list-cidrs", "other"), 1, "other"),
    (("list-associations", "other"), 1, "other")], ids=str)
def test_association_and_list_refusals(idle, arguments, code, words):
    idle.sql("INSERT INTO associations (cidr_id_1, cidr_id_2) VALUES (5, 3)")
    result = refused(idle, code, *arguments)
    assert words in result.stderr and result.stdout == ""


def test_lists_show_what_the_api_wrote(net, fx):
    net.make_association(4, 5)
    result = net.cli("list-associations", net.name)
    assert (result.returncode, result.stdout, result.stderr) == (0, "1: developer <=> user\n", "")
    quiet(toggle(net, "disable", "user2"))
    net.sql("UPDATE peers SET is_redeemed = 0, invite_expires = 4102444800 WHERE name = 'user1'")
    result = net.cli("list-peers", net.name)
    ip = net.peer("innernet-server")["ip"], *fx.peers.values()
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"1: {ip[0]} innernet-server (innernet-server), admin",
        f"2: {ip[1]} admin (admin), admin",
        f"3: {ip[2]} developer1 (developer)",
        f"4: {ip[3]} developer2 (developer)",
        f"5: {ip[4]} user1 (user), invited until 2100-01-01 00:00:00 UTC",
        f"6: {ip[5]} user2 (user), disabled"]
