"""The files of a network and what `serve` makes of them at start-up: docs/spec/server.md 1.2, 1.3,
5.1, 5.8, D12, D16, D21, D32, D45."""

import os
import signal
import sqlite3
import stat
from contextlib import closing

import pytest

from rows import peer_contents


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def serve_fails(net, *needles, options=("--no-write-hosts",)):
    """The command ends by itself with exit 1 and a message that has all needles; not by a signal."""
    result = net.cli("serve", net.name, *options)
    assert result.returncode == 1, result
    for needle in needles:
        assert needle in result.stderr, result
    assert "panic" not in result.stderr.lower()
    return result


def write_config(net, text, **values):
    config = net.config | values
    lines = {"key": f'private-key = "{config["private-key"]}"',
             "port": f"listen-port = {config['listen-port']}",
             "address": f'address = "{config["address"]}"',
             "prefix": f"network-cidr-prefix = {config['network-cidr-prefix']}"}
    data = text.format(**lines) if isinstance(text, str) else text(lines)
    with open(net.config_path, "wb") as f:
        f.write(data.encode("utf-8") if isinstance(data, str) else data)


ALL = "{key}\n{port}\n{address}\n{prefix}\n"

GOOD_CONFIGS = {
    "comments and blanks": "# a comment\n\n  {key} # here\n{port}\n{address}\n{prefix}\n#",
    "other order": "{prefix}\n{address}\n{port}\n{key}\n",
    "unknown keys": ALL + 'more = [1, 2, {{ a = "b" }}]\n[table]\nx = 1979-05-27T07:32:00Z\n',
    "crlf": "{key}\r\n{port}\r\n{address}\r\n{prefix}\r\n",
    "bom": "\ufeff" + ALL,
    "no final newline": "{key}\n{port}\n{address}\n{prefix}",
    "hex port": "{key}\nlisten-port = 0xD431\n{address}\n{prefix}\n",
    "grouped port": "{key}\nlisten-port = 5_4_321\n{address}\n{prefix}\n",
    "quoted keys": '{key}\n"listen-port" = 54321\n{address}\n{prefix}\n',
}


@pytest.mark.parametrize("text", GOOD_CONFIGS.values(), ids=GOOD_CONFIGS.keys())
def test_configs_that_are_fine(idle, text):
    write_config(idle, text)
    with open(idle.config_path, "rb") as f:
        before = f.read()
    idle.start()
    assert idle.device().listen_port == 54321
    assert idle.stop() == 0
    with open(idle.config_path, "rb") as f:
        assert f.read() == before


def test_literal_and_multi_line_strings(idle):
    key, address = idle.config["private-key"], idle.config["address"]
    write_config(idle, f"private-key = '{key}'\n{{port}}\naddress = \"\"\"\\\n  {address}\"\"\"\n"
                 "{prefix}\n")
    idle.start()


BAD_CONFIGS = {
    "empty": ("", ""),
    "no key": ("{port}\n{address}\n{prefix}\n", "private-key"),
    "no port": ("{key}\n{address}\n{prefix}\n", "listen-port"),
    "no address": ("{key}\n{port}\n{prefix}\n", "address"),
    "no prefix": ("{key}\n{port}\n{address}\n", "network-cidr-prefix"),
    "key twice": (ALL + "{port}\n", "listen-port"),
    "port as text": ('{key}\nlisten-port = "54321"\n{address}\n{prefix}\n', "listen-port"),
    "port as float": ("{key}\nlisten-port = 54321.0\n{address}\n{prefix}\n", "listen-port"),
    "port too large": ("{key}\nlisten-port = 65536\n{address}\n{prefix}\n", "listen-port"),
    "port negative": ("{key}\nlisten-port = -1\n{address}\n{prefix}\n", "listen-port"),
    "port beyond 64 bits": ("{key}\nlisten-port = 99999999999999999999\n{address}\n{prefix}\n", ""),
    "prefix too large": ("{key}\n{port}\n{address}\nnetwork-cidr-prefix = 129\n",
                         "network-cidr-prefix"),
    "prefix 256": ("{key}\n{port}\n{address}\nnetwork-cidr-prefix = 256\n", "network-cidr-prefix"),
    "address no address": ('{key}\n{port}\naddress = "here"\n{prefix}\n', "address"),
    "address with prefix": ('{key}\n{port}\naddress = "10.80.0.1/15"\n{prefix}\n', "address"),
    "address a number": ("{key}\n{port}\naddress = 10\n{prefix}\n", "address"),
    "in a table": ("[server]\n" + ALL, ""),
    "no toml": ("this is not toml\n", ""),
    "unclosed": ('private-key = "\n{port}\n', ""),
    "NUL": ("\0" * 50, ""),
    "not utf-8": (lambda lines: "\n".join(lines.values()).encode() + b'\nmore = "\xff"\n', ""),
    "huge": (lambda lines: "\n".join(lines.values()) + "\n#" + "x" * 4_000_000, ""),
}


@pytest.mark.parametrize("text, names", BAD_CONFIGS.values(), ids=BAD_CONFIGS.keys())
def test_configs_that_are_not(idle, text, names):
    """An error that names the file and, where one can tell, the field; nothing is changed."""
    before = idle.everything()
    write_config(idle, text)
    serve_fails(idle, idle.config_path, names)
    assert idle.everything() == before
    assert not os.path.exists(idle.bed.socket_path) or not idle.device().peers


@pytest.mark.parametrize("key", ["", "no key", "A" * 44, "AAAA"])
def test_D45_a_private_key_that_is_none(idle, key):
    write_config(idle, ALL, **{"private-key": key})
    result = serve_fails(idle, "private-key")
    assert not key or key not in result.stderr  # a broken key may still be most of one


def test_D45_no_peer_with_the_configs_address(idle, fx):
    idle.sql("DELETE FROM peers WHERE id = 1")
    serve_fails(idle, fx.server)


def test_without_config(idle):
    os.unlink(idle.config_path)
    serve_fails(idle, idle.config_path)
    assert not os.path.exists(idle.config_path)


def test_without_database(idle):
    os.unlink(idle.db_path)
    serve_fails(idle, idle.db_path)
    assert not os.path.exists(idle.db_path)


@pytest.mark.parametrize("data", [b"", b"this is no database, whatever its name says" * 100,
                                  b"SQLite format 3\0" + b"\0" * 5000], ids=["empty", "text", "torn"])
def test_a_file_that_is_no_database(idle, data):
    with open(idle.db_path, "wb") as f:
        f.write(data)
    serve_fails(idle, idle.db_path)
    with open(idle.db_path, "rb") as f:
        assert f.read() == data


@pytest.mark.parametrize("loose", [0o644, 0o640, 0o666, 0o400, 0o700])
def test_the_mode_of_the_config_is_mended_with_a_notice(idle, loose):
    """1.2: on stdout, naming the file."""
    os.chmod(idle.config_path, loose)
    write_config(idle, "{key}\n")  # so that serve ends by itself, after reading
    result = serve_fails(idle, idle.config_path)
    assert idle.config_path in result.stdout
    assert mode(idle.config_path) == 0o600


def test_no_notice_without_need(idle):
    write_config(idle, "{key}\n")
    assert mode(idle.config_path) == 0o600
    assert serve_fails(idle, idle.config_path).stdout == ""


def test_add_peer_mends_the_mode_too(idle, fx):
    os.chmod(idle.config_path, 0o644)
    result = idle.cli("add-peer", idle.name, "--name", "x", "--cidr", "nowhere", "--yes",
                      "--auto-ip", "--admin", "false", "--save-config",
                      os.path.join(idle.folder, "x.toml"), "--invite-expires", "1d")
    assert result.returncode == 1
    assert idle.config_path in result.stdout
    assert mode(idle.config_path) == 0o600


def add_cidr(net, fx):
    return net.cli("add-cidr", net.name, "--name", "more", "--cidr", fx.experimental, "--parent",
                   "test", "--yes")


@pytest.mark.parametrize("version", [3, 4, 2**31 - 1, -1, -7])
def test_D32_a_database_of_another_version(idle, fx, version):
    """Newer ones are left alone, to the byte, and the message says what to do."""
    with closing(sqlite3.connect(idle.db_path)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    with open(idle.db_path, "rb") as f:
        before = f.read()
    remedy = "use a newer innernet-server" if version > 0 else "restore it from a backup"
    serve_fails(idle, idle.db_path, f"schema version {version}", remedy)
    result = add_cidr(idle, fx)
    assert result.returncode == 1
    assert remedy in result.stderr
    with open(idle.db_path, "rb") as f:
        assert f.read() == before
    assert not os.path.exists(idle.db_path + "-journal")


def downgrade(net, version):
    """Columns of later versions away again."""
    with net.db() as db:
        if version < 2:
            db.execute("ALTER TABLE peers DROP COLUMN candidates")
        if version < 1:
            db.execute("ALTER TABLE peers DROP COLUMN invite_expires")
        db.execute(f"PRAGMA user_version = {version}")


@pytest.mark.parametrize("by", ["serve", "add-cidr"])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_D32_older_databases_keep_every_row(idle, fx, version, by):
    """Migrations of 1.3: whichever command comes first, only the missing columns are new."""
    columns = [r["name"] for r in idle.sql("PRAGMA table_info(peers)")]
    idle.sql("UPDATE peers SET invite_expires = 1900000000, candidates = '[\"1.1.1.1:1\"]' "
             "WHERE name = 'developer1'")
    idle.sql("INSERT INTO associations VALUES (7, 3, 4)")
    expected = idle.everything()
    downgrade(idle, version)
    if by == "serve":
        idle.start()
    else:
        assert add_cidr(idle, fx).returncode == 0
        assert idle.rows("cidrs")[-1]["name"] == "more"
        idle.sql("DELETE FROM cidrs WHERE name = 'more'")
    for row in expected["peers"]:
        if version < 1:
            row["invite_expires"] = None
        if version < 2:
            row["candidates"] = None
    assert [r["name"] for r in idle.sql("PRAGMA table_info(peers)")] == columns
    assert idle.sql("PRAGMA user_version") == [{"user_version": 2}]
    assert idle.everything() == expected
    if by == "add-cidr":
        idle.start()
    seen = idle.seen("developer1", "developer2")
    assert seen["candidates"] == (["1.1.1.1:1"] if version == 2 else [])


def test_D32_a_migration_is_done_whole_or_not_at_all(idle):
    """Here the second step fails, because the column is there already."""
    with idle.db() as db:
        db.execute("ALTER TABLE peers DROP COLUMN invite_expires")
        db.execute("PRAGMA user_version = 0")
    before = [r["name"] for r in idle.sql("PRAGMA table_info(peers)")]
    serve_fails(idle, idle.db_path)
    assert [r["name"] for r in idle.sql("PRAGMA table_info(peers)")] == before
    assert idle.sql("PRAGMA user_version") == [{"user_version": 0}]


def test_D12_the_database_is_tightened(idle):
    os.chmod(idle.db_path, 0o644)
    idle.start()
    assert mode(idle.db_path) == 0o600


# --- options and signals --------------------------------------------------------------------------

def test_D16_options_count_at_both_places(idle):
    """`--backend userspace` before the subcommand as upstream's own script has it; the later wins."""
    idle.start(top=("--backend", "userspace"))
    assert idle.get("/v1/user/state").status == 200
    assert idle.stop() == 0
    idle.start("--backend", "userspace", top=("--backend", "kernel"))
    assert idle.get("/v1/user/state").status == 200


@pytest.mark.parametrize("options", [
    ("--no-write-hosts", "--hosts-path", "/tmp/x"), ("--backend", "Kernel"), ("--backend", "boringtun"),
    ("--mtu", "x"), ("--mtu", "-1"), ("--mtu", "4294967296"), ("--mtu",), ("--what",), ("more",),
    ("--host-suffix",)])
def test_usage_errors_of_serve(idle, options):
    assert idle.cli("serve", idle.name, *options).returncode == 2


@pytest.mark.parametrize("name", ["Evil", "a.b", "a/b", "", "sixteen-letters1", "a--b", "-a", ".."])
def test_interface_names(idle, name):
    assert idle.cli("serve", "--", name).returncode == 2


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_D21_signals_end_it_cleanly(net, sig, fx):
    peers = set(net.device().peers)
    with net.connect() as idle_wire, net.connect("user1") as half:
        half.send(b"GET /v1/user/state HTTP/1.1\r\n")
        assert net.stop(sig) == 0
        assert idle_wire.ended()
    # 5.8: the interface, its peers and address stay.
    assert set(net.device().peers) == peers
    assert fx.server in net.bed.server_ip("addr", "show", "dev", "test")
    assert sorted(os.listdir(net.folder)) == ["log", "test.conf", "test.db"]


def test_a_second_server_on_the_same_network(net):
    serve_fails(net, str(net.config["listen-port"]))
    assert net.get("/v1/user/state").status == 200


def test_killed_it_starts_again(net):
    """What was answered is stored."""
    assert net.put("/v1/user/candidates", ["1.1.1.1:1"], "user2").status == 204
    assert net.stop(signal.SIGKILL) == -signal.SIGKILL
    net.start()
    assert net.seen("user2", "user2")["candidates"] == ["1.1.1.1:1"]


def test_keys_are_never_logged(net, fx):
    net.make_peer(peer_contents("dev", fx.spare[0], 4))
    assert net.config["private-key"] not in net.log()
