"""`add-cidr` and `add-peer`: docs/spec/server.md 1.4, 6.4, 6.7, D12-D15, D17, D27."""

import os
import stat
import subprocess
import time
import tomllib

import pytest

import x25519
from rows import new_key

DAY = 86400


def add_cidr(net, name, cidr, parent="test", yes=True, **run):
    return net.cli("add-cidr", net.name, "--name", name, "--cidr", cidr, "--parent", parent,
                   *(["--yes"] if yes else []), **run)


def test_add_cidr(idle, fx):
    result = add_cidr(idle, "experimental", fx.experimental)
    assert result.returncode == 0, result
    ip, prefix = fx.experimental.split("/")
    assert idle.rows("cidrs")[-1] == \
        {"id": 6, "name": "experimental", "ip": ip, "prefix": int(prefix), "parent": 1}
    assert "experimental" in result.stdout
    assert add_cidr(idle, "sub", fx.sub, "experimental").returncode == 0
    assert idle.rows("cidrs")[-1]["parent"] == 6


def test_add_cidr_is_seen_by_a_running_server(net, fx):
    assert add_cidr(net, "experimental", fx.experimental).returncode == 0
    assert net.state("user1")["cidrs"][-1]["name"] == "experimental"


def cidr_refusals(fx):
    return [("experimental", fx.experimental, "nowhere", 1), ("admin", fx.experimental, "test", 1),
            ("x", fx.cidrs["developer"], "test", 1), ("x", fx.sub, "developer", 1),
            ("x", fx.single(fx.server), "innernet-server", 1), ("x", "10.99.0.0/16", "test", 1),
            ("x", "fd99::/64", "test", 1), ("x", fx.root, "test", 1),
            ("Upper", fx.experimental, "test", 2), ("a b", fx.experimental, "test", 2),
            ("", fx.experimental, "test", 2), ("x", "10.81.0.0", "test", 2), ("x", "", "test", 2)]


def test_add_cidr_refusals(idle, fx):
    before = idle.everything()
    for name, cidr, parent, code in cidr_refusals(fx):
        result = add_cidr(idle, name, cidr, parent)
        assert result.returncode == code, (name, cidr, parent, result)
        assert result.stderr
    assert idle.everything() == before


def test_add_cidr_asks(idle, fx):
    before = idle.everything()
    assert add_cidr(idle, "experimental", fx.experimental, yes=False).returncode == 1
    assert idle.cli("add-cidr", idle.name, "--name", "x", "--yes").returncode == 1
    assert idle.everything() == before


def add_peer(net, *more, name="fresh", cidr="developer", ip=None, admin="false", expires="14d",
             path=None, yes=True, **run):
    path = path or os.path.join(net.folder, f"{name}.toml")
    where = ["--ip", ip] if ip else ["--auto-ip"]
    return net.cli("add-peer", net.name, "--name", name, "--cidr", cidr, *where, "--admin", admin,
                   "--invite-expires", expires, "--save-config", path, *(["--yes"] if yes else []),
                   *more, **run)


def invitation(net, name="fresh"):
    with open(os.path.join(net.folder, f"{name}.toml"), encoding="utf-8") as f:
        return f.read()


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_add_peer(stage, fx, umask):
    net = stage.fresh()
    if os.path.exists(net.bed.socket_path):
        os.unlink(net.bed.socket_path)
        net.bed.device_is_gone()
    begun = int(time.time())
    result = add_peer(net, admin="true", expires="2h", umask=umask)
    assert (result.returncode, result.stdout) == (0, ""), result
    # D17: no interface, and there still is none.
    assert "test" not in net.bed.server_ip("-o", "link")
    row = net.peer("fresh")
    lowest = {4: "10.80.64.1", 6: "fd00:1337::2:0:0:3"}[fx.version]
    assert begun + 7200 <= row["invite_expires"] <= time.time() + 7200
    assert row == row | {"id": 7, "ip": lowest, "endpoint": None, "cidr_id": 4, "is_admin": 1,
                         "is_disabled": 0, "is_redeemed": 0, "candidates": "[]"}
    path = os.path.join(net.folder, "fresh.toml")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    text = invitation(net)
    data = tomllib.loads(text)
    assert x25519.public_key(data["interface"]["private-key"]) == row["public_key"]
    server = net.peer("innernet-server")
    inner = f"{fx.server}:54321" if fx.version == 4 else f"[{fx.server}]:54321"
    start = text.index("[interface]")
    assert all(line.startswith("#") for line in text[:start].splitlines())
    assert text[start:] == (
        f'[interface]\nnetwork-name = "test"\naddress = "{lowest}/{fx.root_prefix}"\n'
        f'private-key = "{data["interface"]["private-key"]}"\n\n'
        f'[server]\npublic-key = "{server["public_key"]}"\n'
        f'external-endpoint = "{server["endpoint"]}"\ninternal-endpoint = "{inner}"\n')


def test_add_peer_tells_a_running_device(net, fx):
    result = add_peer(net, ip=fx.spare[0])
    assert result.returncode == 0, result
    key = net.key_of("fresh")
    assert "fresh" in result.stdout and key in result.stdout
    peer = net.device().peers[key]
    assert (peer.allowed_ips, peer.keepalive) == ([fx.single(fx.spare[0])], 25)
    # And the server knows it at once.
    assert net.get("/v1/user/capabilities", "fresh").status == 200
    redeemed = net.post("/v1/user/redeem", {"public_key": new_key()}, "fresh")
    assert redeemed.status == 204


def test_add_peer_with_a_short_expiry(idle):
    assert add_peer(idle, expires="0s").returncode == 0
    assert idle.peer("fresh")["invite_expires"] <= time.time()


@pytest.mark.parametrize("expires, seconds", [("1s", 1), ("2m", 120), ("3h", 10800), ("4d", 4 * DAY),
                                              ("5w", 35 * DAY), ("+6s", 6), ("007s", 7)])
def test_durations(idle, expires, seconds):
    begun = int(time.time())
    assert add_peer(idle, expires=expires).returncode == 0
    assert begun + seconds <= idle.peer("fresh")["invite_expires"] <= time.time() + seconds


@pytest.mark.parametrize("expires", [
    "", "s", "1", "14", "d14", "1y", "1D", "-1d", "1.5d", "1d ", " 1d", "1 d", "++1d", "1dd", "0x1d",
    "1ä", "1日", "18446744073709551616s", "18446744073709551615s", "18446744073709551615w",
    "9223372036854775807s", "9223372036854775807w", "99999999999999999999999999d"])
def test_D15_durations_that_are_none(idle, expires):
    before = idle.everything()
    result = add_peer(idle, expires=expires)
    assert result.returncode == 2, result
    assert result.stderr
    assert idle.everything() == before
    assert not os.path.exists(os.path.join(idle.folder, "fresh.toml"))


def no_change(net, result, code, before):
    assert result.returncode == code, result
    assert result.stderr
    assert "panic" not in result.stderr
    assert net.everything() == before
    assert sorted(os.listdir(net.folder)) == ["test.conf", "test.db"]


def peer_refusals(fx):
    return [({"name": "developer1"}, 1), ({"ip": fx.peers["developer1"]}, 1),
            ({"cidr": "nowhere"}, 1), ({"cidr": "test"}, 1), ({"ip": fx.stranger}, 1),
            ({"ip": fx.cidrs["developer"].split("/")[0]}, 1), ({"name": "Upper"}, 2),
            ({"name": "a b"}, 2), ({"ip": "x"}, 2), ({"ip": "10.80.64.4/24"}, 2),
            ({"admin": "yes"}, 2), ({"admin": "True"}, 2), ({"admin": ""}, 2)]


def test_add_peer_refusals(idle, fx):
    before = idle.everything()
    for fields, code in peer_refusals(fx):
        no_change(idle, add_peer(idle, **fields), code, before)


@pytest.mark.parametrize("arguments", [["--auto-ip", "--ip", "10.80.64.4"], ["--what"], ["--admin"]],
                         ids=" ".join)
def test_add_peer_usage_errors(idle, arguments):
    before = idle.everything()
    no_change(idle, idle.cli("add-peer", idle.name, *arguments), 2, before)


def test_add_peer_without_terminal_needs_everything(idle):
    before = idle.everything()
    no_change(idle, idle.cli("add-peer", idle.name, "--yes"), 1, before)
    no_change(idle, add_peer(idle, yes=False), 1, before)


def test_D13_an_existing_invitation_stays_and_no_row_is_made(idle):
    path = os.path.join(idle.folder, "fresh.toml")
    with open(path, "w", encoding="utf-8") as f:
        f.write("precious")
    before = idle.everything()
    result = add_peer(idle)
    assert result.returncode == 1
    assert path in result.stderr
    assert idle.everything() == before
    assert invitation(idle) == "precious"


def test_D13_a_place_that_cannot_be_written(idle):
    before = idle.everything()
    for path in (os.path.join(idle.folder, "no", "x.toml"), idle.folder, "/proc/x.toml"):
        no_change(idle, add_peer(idle, path=path), 1, before)


def test_D13_a_refused_row_leaves_no_invitation(idle):
    before = idle.everything()
    result = add_peer(idle, name="developer1")
    no_change(idle, result, 1, before)


def full_cidr(net, fx):
    """A CIDR of two assignable addresses, both taken."""
    cidr, ips = {4: ("10.81.0.0/30", ["10.81.0.1", "10.81.0.2"]),
                 6: ("fd00:1337::4:0:0:2/127", ["fd00:1337::4:0:0:2", "fd00:1337::4:0:0:3"])}[fx.version]
    assert add_cidr(net, "tiny", cidr).returncode == 0
    for n, ip in enumerate(ips):
        result = add_peer(net, name=f"tiny{n}", cidr="tiny", ip=ip)
        assert result.returncode == 0, result
        os.unlink(os.path.join(net.folder, f"tiny{n}.toml"))
    return ips


def test_D14_a_full_cidr_is_a_plain_error(idle, fx):
    ips = full_cidr(idle, fx)
    before = idle.everything()
    no_change(idle, add_peer(idle, cidr="tiny"), 1, before)
    for ip in ips:
        no_change(idle, add_peer(idle, cidr="tiny", ip=ip), 1, before)
    no_change(idle, add_peer(idle, cidr="innernet-server"), 1, before)
    no_change(idle, add_peer(idle, cidr="innernet-server", ip=fx.server), 1, before)


def test_auto_ip_takes_the_lowest_free_one(idle, fx):
    for n, expected in enumerate({4: ["10.80.64.1", "10.80.64.4"],
                                  6: ["fd00:1337::2:0:0:3", "fd00:1337::2:0:0:4"]}[fx.version]):
        assert add_peer(idle, name=f"auto{n}").returncode == 0
        assert idle.peer(f"auto{n}")["ip"] == expected


def test_leaves_only(idle, fx):
    assert add_cidr(idle, "experimental", fx.experimental).returncode == 0
    assert add_cidr(idle, "sub", fx.sub, "experimental").returncode == 0
    before = idle.everything()
    no_change(idle, add_peer(idle, cidr="experimental", ip=fx.experiment_peer), 1, before)
    assert add_peer(idle, cidr="sub", ip=fx.experiment_peer).returncode == 0


def test_D27_two_at_the_same_moment(net, fx):
    """Check and insert are one transaction: of overlapping CIDRs one is made, whoever comes first;
    of many invitations each gets an address of its own."""
    inner = {4: "10.81.7.0/24", 6: "fd00:1337::4:7:0:0/96"}[fx.version]
    for name, cidr in (("one", fx.experimental), ("other", inner)):
        net.sql("DELETE FROM cidrs WHERE name IN ('one', 'other')")
        racers = [start_cli(net, "add-cidr", "--name", n, "--cidr", c, "--parent", "test", "--yes")
                  for n, c in (("one", fx.experimental), ("other", inner))]
        api = net.post("/v1/admin/cidrs", {"name": f"api-{name}", "cidr": cidr, "parent": 1})
        codes = [racer.wait(30) for racer in racers]
        assert sorted([*codes, 0 if api.status == 201 else 1]) == [0, 1, 1]
        net.sql("DELETE FROM cidrs WHERE name LIKE 'api-%'")
    racers = [start_cli(net, "add-peer", "--name", f"racer{n}", "--cidr", "developer", "--auto-ip",
                        "--admin", "false", "--invite-expires", "1d", "--save-config",
                        os.path.join(net.folder, f"racer{n}.toml"), "--yes") for n in range(6)]
    made = [n for n, racer in enumerate(racers) if racer.wait(30) == 0]
    rows = net.sql("SELECT * FROM peers WHERE name LIKE 'racer%'")
    assert {r["name"] for r in rows} == {f"racer{n}" for n in made}
    assert made and len({r["ip"] for r in rows}) == len(rows)
    assert {p for p in os.listdir(net.folder) if p.startswith("racer")} == \
        {f"racer{n}.toml" for n in made}


def start_cli(net, command, *arguments):
    return net.bed.start([net.server_bin, "--config-dir", net.folder, "--data-dir", net.folder,
                          "--backend", "userspace", command, net.name, *arguments],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
