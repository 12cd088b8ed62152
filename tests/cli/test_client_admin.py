"""The admin's commands against a scripted server: what is asked, sent, written and said."""

import json
import subprocess
import time
import tomllib

import pytest

from client_bed import SERVER_KEY, Bed, golden_api, mode, need_root
from pty_session import DOWN, ENTER, PtySession

PEERS = json.loads(golden_api("GET", "/v1/admin/peers"))


@pytest.fixture
def bed(tmp_path):
    need_root()
    with Bed(tmp_path) as b:
        b.install_golden()
        b.start_golden_server()
        yield b


def echo_with_id(number):
    return lambda _handler, body: (201, json.dumps({"id": number, **json.loads(body)}))


def on_terminal(bed, *args):
    return PtySession(bed.command(*args), env={"TERM": "xterm", "NO_COLOR": "1"})


# --- CIDRs --------------------------------------------------------------------------------------

def test_add_cidr(bed):
    bed.server.answers["POST", "/admin/cidrs"] = echo_with_id(5)
    result = bed.run("add-cidr", "evilcorp", "--name", "ci", "--cidr", "10.66.3.0/24", "--parent",
                     "evilcorp", "--yes")
    assert result.returncode == 0
    assert bed.server.bodies("POST", "/admin/cidrs") == [
        {"name": "ci", "cidr": "10.66.3.0/24", "parent": 1}]
    assert 'CIDR "ci" added' in result.stderr


@pytest.mark.parametrize("args, reason", [
    (["--name", "ci", "--cidr", "10.66.3.0/24", "--parent", "nowhere", "--yes"], "nowhere"),
    (["--name", "ci", "--cidr", "10.66.3.0/24", "--parent", "evilcorp"], "--yes"),
    (["--cidr", "10.66.3.0/24", "--parent", "evilcorp", "--yes"], "--name"),
])
def test_add_cidr_refuses(bed, args, reason):
    result = bed.run("add-cidr", "evilcorp", *args)
    assert result.returncode == 1
    assert "\n[E] " in result.stdout and reason in result.stdout
    assert ("POST", "/admin/cidrs") not in bed.server.calls()


def test_add_cidr_by_questions(bed):
    bed.server.answers["POST", "/admin/cidrs"] = echo_with_id(5)
    with on_terminal(bed, "add-cidr", "evilcorp") as s:
        s.wait_for(r"Parent CIDR")
        assert "innernet-server (" not in s.screen.text()
        s.wait_for(r"humans \(10.66.1.0/24\)")
        s.send(DOWN + ENTER)
        s.wait_for(r"Name")
        s.send("sub" + ENTER)
        s.wait_for(r"\? CIDR")
        s.send("10.66.1.128/25" + ENTER)
        s.wait_for(r'Create CIDR "sub"\?')
        s.send("y" + ENTER)
        assert s.wait_end() == 0
    assert bed.server.bodies("POST", "/admin/cidrs") == [
        {"name": "sub", "cidr": "10.66.1.128/25", "parent": 3}]


def test_declining_changes_nothing_and_is_no_failure(bed):
    with on_terminal(bed, "add-cidr", "evilcorp", "--name", "ci", "--cidr", "10.66.3.0/24",
                     "--parent", "evilcorp") as s:
        s.wait_for(r'Create CIDR "ci"\?')
        s.send(ENTER)
        assert s.wait_end() == 0
    assert ("POST", "/admin/cidrs") not in bed.server.calls()


def test_rename_cidr(bed):
    bed.server.answers["PUT", "/admin/cidrs/4"] = (204, "")
    result = bed.run("rename-cidr", "evilcorp", "--name", "robots", "--new-name", "coolbeans",
                     "--yes")
    assert result.returncode == 0
    assert bed.server.bodies("PUT", "/admin/cidrs/4") == [
        {"name": "coolbeans", "cidr": "10.66.2.0/24", "parent": 1}]


def test_delete_cidr(bed):
    bed.server.answers["DELETE", "/admin/cidrs/4"] = (204, "")
    result = bed.run("delete-cidr", "evilcorp", "--name", "robots", "--yes")
    assert result.returncode == 0
    assert bed.server.calls()[-1] == ("DELETE", "/admin/cidrs/4")
    assert "[" not in result.stdout  # its progress has no prefixes


def test_delete_cidr_says_that_it_is_in_use(bed):
    bed.server.answers["DELETE", "/admin/cidrs/4"] = (400, "")
    result = bed.run("delete-cidr", "evilcorp", "--name", "robots", "--yes")
    assert result.returncode == 1
    assert "the CIDR robots is in use by peers, further CIDRs or associations" in result.stdout


def test_declining_delete_cidr_fails(bed):
    with on_terminal(bed, "delete-cidr", "evilcorp", "--name", "robots") as s:
        s.wait_for(r'Delete CIDR "robots"\?')
        s.send(ENTER)
        assert s.wait_end() == 1
    assert bed.server.calls()[-1] == ("GET", "/admin/peers")


def test_delete_cidr_without_an_eligible_one(bed):
    result = bed.run("delete-cidr", "evilcorp")
    assert result.returncode == 1 and "[E] no CIDR can be deleted" in result.stdout


def test_an_empty_cidr_list_is_an_error_not_a_crash(bed):
    bed.server.answers["GET", "/admin/cidrs"] = "[]"
    result = bed.run("add-peer", "evilcorp", "--cidr", "humans", "--yes")
    assert result.returncode == 1 and "[E] the server lists no CIDRs" in result.stdout


# --- add-peer -----------------------------------------------------------------------------------

def add_peer(bed, *args, cidr="robots", ip=("--auto-ip",), **keywords):
    return bed.run("add-peer", "evilcorp", "--name", "new", "--cidr", cidr, *ip, "--admin", "false",
                   "--save-config", str(bed.dir / "new.toml"), "--invite-expires", "30m", "--yes",
                   *args, **keywords)


def test_add_peer(bed):
    bed.server.answers["POST", "/admin/peers"] = echo_with_id(7)
    now = time.time()
    result = add_peer(bed)
    assert result.returncode == 0, result.stdout
    [body] = bed.server.bodies("POST", "/admin/peers")
    expires = body.pop("invite_expires")
    public_key = body.pop("public_key")
    assert body == {"name": "new", "ip": "10.66.2.3", "cidr_id": 4, "endpoint": None,
                    "persistent_keepalive_interval": 25, "is_admin": False, "is_disabled": False,
                    "is_redeemed": False, "candidates": []}
    assert now + 1800 - 1 <= expires["secs_since_epoch"] <= time.time() + 1800
    path = bed.dir / "new.toml"
    assert mode(path) == 0o600
    text = path.read_text()
    invitation = tomllib.loads(text)
    private_key = invitation["interface"].pop("private-key")
    assert invitation == {
        "interface": {"network-name": "evilcorp", "address": "10.66.2.3/16"},
        "server": {"public-key": SERVER_KEY, "external-endpoint": "172.31.1.1:51820",
                   "internal-endpoint": "10.66.0.1:51820"}}
    pubkey = subprocess.run(["wg", "pubkey"], input=private_key, text=True, capture_output=True)
    assert pubkey.stdout.strip() == public_key
    comments, _, rest = text.partition("\n[interface]")
    assert all(line.startswith("#") for line in comments.splitlines()) and rest
    lines = result.stdout.splitlines()
    assert "" in lines and any('"new"' in line for line in lines)
    assert any(str(path) in line for line in lines)


def test_the_invitation_has_the_address_that_the_server_gave(bed):
    bed.server.answers["POST", "/admin/peers"] = lambda _handler, body: (
        201, json.dumps({**json.loads(body), "id": 7, "ip": "10.66.2.99"}))
    assert add_peer(bed).returncode == 0
    assert 'address = "10.66.2.99/16"' in (bed.dir / "new.toml").read_text()


def test_the_given_address_is_taken(bed):
    bed.server.answers["POST", "/admin/peers"] = echo_with_id(7)
    assert add_peer(bed, ip=("--ip", "10.66.2.77")).returncode == 0
    assert bed.server.bodies("POST", "/admin/peers")[0]["ip"] == "10.66.2.77"


def test_an_existing_file_is_found_out_before_the_peer_is_made(bed):
    path = bed.dir / "new.toml"
    path.write_text("precious")
    result = add_peer(bed)
    assert result.returncode == 1 and str(path) in result.stdout
    assert ("POST", "/admin/peers") not in bed.server.calls()
    assert path.read_text() == "precious"


def test_a_refused_peer_leaves_no_file(bed):
    bed.server.answers["POST", "/admin/peers"] = (400, "")
    before = sorted(bed.dir.iterdir())
    result = add_peer(bed)
    assert result.returncode == 1 and "status code 400" in result.stdout
    assert sorted(bed.dir.iterdir()) == before


def test_an_unknown_outcome_keeps_the_invitation(bed):
    def drop(handler, _body):
        handler.close_connection = True
    bed.server.answers["POST", "/admin/peers"] = drop
    before = set(bed.dir.iterdir())
    result = add_peer(bed)
    assert result.returncode == 1
    [kept] = set(bed.dir.iterdir()) - before
    assert str(kept) in result.stdout and mode(kept) == 0o600
    assert "private-key" in kept.read_text()


@pytest.mark.parametrize("cidr, reason", [
    ("nowhere", "nowhere"), ("evilcorp", "evilcorp"),  # not a leaf
    ("innernet-server", "no free address"),
])
def test_cidrs_that_take_no_peer(bed, cidr, reason):
    result = add_peer(bed, cidr=cidr)
    assert result.returncode == 1 and reason in result.stdout
    assert ("POST", "/admin/peers") not in bed.server.calls()


def test_a_server_without_endpoint_is_found_out_in_time(bed):
    peers = [{**PEERS[0], "endpoint": None}, *PEERS[1:]]
    for listed in (peers, PEERS[1:]):
        bed.server.answers["GET", "/admin/peers"] = json.dumps(listed)
        assert add_peer(bed).returncode == 1
    assert ("POST", "/admin/peers") not in bed.server.calls()
    assert not (bed.dir / "new.toml").exists()


def test_add_peer_by_questions(bed):
    bed.server.answers["POST", "/admin/peers"] = echo_with_id(7)
    path = bed.dir / "typed.toml"
    with on_terminal(bed, "add-peer", "evilcorp") as s:
        s.wait_for("Eligible CIDRs for peer")
        s.wait_for(r"robots \(10.66.2.0/24\)")
        s.send(DOWN + ENTER)
        s.wait_for(r"IP.*10\.66\.2\.3")
        s.send(ENTER)
        s.wait_for(r"\? Name")
        s.send("Not Valid" + ENTER)
        s.wait_for(r"\? Name")
        s.send("\x7f" * 9 + "typed" + ENTER)
        s.wait_for(r"Make typed an admin\?")
        s.send("y" + ENTER)
        s.wait_for(r"Invite expires after.*14d")
        s.send(ENTER)
        s.wait_for(r"Save peer invitation file to.*typed\.toml")
        s.send(str(path) + ENTER)
        s.wait_for(r"Create peer typed\?")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
    [body] = bed.server.bodies("POST", "/admin/peers")
    assert (body["name"], body["ip"], body["is_admin"]) == ("typed", "10.66.2.3", True)
    assert path.exists()


# --- peers --------------------------------------------------------------------------------------

def contents(peer, **changes):
    return {key: value for key, value in {**peer, **changes}.items() if key != "id"}


def test_rename_peer(bed):
    bed.server.answers["PUT", "/admin/peers/3"] = (204, "")
    result = bed.run("rename-peer", "evilcorp", "--name", "peer2", "--new-name", "two", "--yes")
    assert result.returncode == 0
    assert bed.server.bodies("PUT", "/admin/peers/3") == [contents(PEERS[2], name="two")]


@pytest.mark.parametrize("name", ["nobody", "innernet-server"])
def test_rename_peer_refuses(bed, name):
    result = bed.run("rename-peer", "evilcorp", "--name", name, "--new-name", "two", "--yes")
    assert result.returncode == 1 and name in result.stdout


def test_disable_and_enable_peer(bed):
    bed.server.answers["PUT", "/admin/peers/4"] = (204, "")
    assert bed.run("disable-peer", "evilcorp", "--name", "peer3", "--yes").returncode == 0
    assert bed.run("enable-peer", "evilcorp", "--name", "peer3", "--yes").returncode == 1
    disabled = [*PEERS[:3], {**PEERS[3], "is_disabled": True}]
    bed.server.answers["GET", "/admin/peers"] = json.dumps(disabled)
    assert bed.run("disable-peer", "evilcorp", "--name", "peer3", "--yes").returncode == 1
    assert bed.run("enable-peer", "evilcorp", "--name", "peer3", "--yes").returncode == 0
    assert bed.server.bodies("PUT", "/admin/peers/4") == [contents(PEERS[3], is_disabled=True),
                                                          contents(PEERS[3], is_disabled=False)]


def test_enabling_needs_a_name_to_go_unasked(bed):
    result = bed.run("enable-peer", "evilcorp", "--yes")
    assert result.returncode == 2 and result.stderr.startswith("error: ")


# --- associations -------------------------------------------------------------------------------

def test_add_association_by_names_asks_nothing(bed):
    bed.server.answers["POST", "/admin/associations"] = (201, "")
    result = bed.run("add-association", "evilcorp", "robots", "humans")
    assert result.returncode == 0
    assert bed.server.bodies("POST", "/admin/associations") == [{"cidr_id_1": 4, "cidr_id_2": 3}]
    assert bed.run("add-association", "evilcorp", "robots", "nowhere").returncode == 1


def test_add_association_by_questions(bed):
    bed.server.answers["POST", "/admin/associations"] = (201, "")
    with on_terminal(bed, "add-association", "evilcorp", "humans") as s:
        s.wait_for("Second CIDR")
        s.wait_for("robots")
        s.send(DOWN + DOWN + ENTER)
        s.wait_for(r"Associate CIDRs humans and robots\?")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
    assert bed.server.bodies("POST", "/admin/associations") == [{"cidr_id_1": 3, "cidr_id_2": 4}]


@pytest.mark.parametrize("names", [("humans", "robots"), ("robots", "humans")])
def test_delete_association(bed, names):
    bed.server.answers["DELETE", "/admin/associations/1"] = (204, "")
    result = bed.run("delete-association", "evilcorp", *names, "--yes")
    assert result.returncode == 0
    assert bed.server.calls()[-1] == ("DELETE", "/admin/associations/1")


def test_delete_association_with_one_name_warns_and_asks(bed):
    result = bed.run("delete-association", "evilcorp", "humans", "--yes")
    assert result.returncode == 1 and "[!] One CIDR alone" in result.stdout
    assert bed.server.calls()[-1][0] == "GET"


def test_delete_association_that_is_not_there(bed):
    result = bed.run("delete-association", "evilcorp", "humans", "evilcorp", "--yes")
    assert result.returncode == 1 and "not associated" in result.stdout


def test_list_associations_with_an_unknown_cidr(bed):
    bed.server.answers["GET", "/admin/associations"] = '[{"id":3,"cidr_id_1":3,"cidr_id_2":77}]'
    result = bed.run("list-associations", "evilcorp")
    assert result.returncode == 0
    assert result.stdout.endswith("\n3: humans <=> [unknown CIDR 77]\n")
