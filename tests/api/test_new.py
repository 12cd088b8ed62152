"""`innernet-server new`: docs/spec/server.md 1.1-1.3, 6, 6.1, D11, D12, D43; and `uninstall`."""

import base64
import os
import stat

import pytest

import x25519
from network import Network


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Folders:
    """Folders that do not exist yet, and the command line for them."""

    def __init__(self, bed, server_bin, folder):
        self.net = Network(bed, server_bin, folder)
        self.config_dir = os.path.join(folder, "etc")
        self.data_dir = os.path.join(folder, "lib")

    def run(self, *arguments, **run):
        return self.net.bed.run([self.net.server_bin, "--config-dir", self.config_dir,
                                 "--data-dir", self.data_dir, "--backend", "userspace", *arguments],
                                **run)

    def new(self, fx, *, name="test", cidr=None, endpoint=None, port="54321", command="new", **run):
        return self.run(command, "--network-name", name, "--network-cidr", cidr or fx.root,
                        "--external-endpoint", endpoint or fx.external_endpoint, "--listen-port",
                        port, **run)

    def files(self):
        return sorted(os.path.relpath(os.path.join(base, f), self.net.folder)
                      for top in (self.config_dir, self.data_dir) if os.path.isdir(top)
                      for base, _, names in os.walk(top) for f in names)

    def made(self, name="test"):
        net = Network(self.net.bed, self.net.server_bin, self.net.folder)
        net.config_path = os.path.join(self.config_dir, f"{name}.conf")
        net.db_path = os.path.join(self.data_dir, f"{name}.db")
        return net


@pytest.fixture
def folders(stage, server_bin, folder):
    stage.leave()
    return Folders(stage.bed, server_bin, folder)


@pytest.mark.parametrize("command", ["new", "init"])
@pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
def test_new(folders, fx, command, umask):
    result = folders.new(fx, command=command, umask=umask)
    assert result.returncode == 0, result
    assert folders.files() == ["etc/test.conf", "lib/test.db"]
    assert [mode(d) for d in (folders.config_dir, folders.data_dir)] == [0o700, 0o700]
    net = folders.made()
    assert [mode(p) for p in (net.config_path, net.db_path)] == [0o600, 0o600]  # D12
    key = x25519.public_key(net.config["private-key"])
    ip, prefix = fx.root.split("/")
    assert net.rows("cidrs") == [
        {"id": 1, "name": "test", "ip": ip, "prefix": int(prefix), "parent": None},
        {"id": 2, "name": "innernet-server", "ip": fx.server, "prefix": fx.bits, "parent": 1}]
    assert net.rows("peers") == [
        {"id": 1, "name": "innernet-server", "ip": fx.server, "public_key": key,
         "endpoint": fx.external_endpoint, "cidr_id": 2, "is_admin": 1, "is_disabled": 0,
         "is_redeemed": 1, "invite_expires": None, "candidates": "[]"}]
    assert net.rows("associations") == []
    assert net.sql("PRAGMA user_version") == [{"user_version": 2}]
    # What to do next goes to stdout, with the names filled in; the key nowhere.
    assert net.db_path in result.stdout
    for words in ("add-cidr test", "add-peer test", "innernet-server@test"):
        assert words in result.stdout
    assert net.config["private-key"] not in result.stdout + result.stderr


def test_new_touches_no_device(folders, fx):
    before = folders.net.bed.server_ip("-o", "link")
    assert folders.new(fx).returncode == 0
    assert folders.net.bed.server_ip("-o", "link") == before


@pytest.mark.parametrize("cidr, root, server", [
    ("10.99.0.7/30", ("10.99.0.7", 30), "10.99.0.5"), ("10.99.0.0/31", ("10.99.0.0", 31), "10.99.0.0"),
    ("010.66.0.0/16", ("10.66.0.0", 16), "10.66.0.1"),
    ("FD00:AB::7/64", ("fd00:ab::7", 64), "fd00:ab::1"),
    ("fd00::/127", ("fd00::", 127), "fd00::")])
def test_the_servers_address(folders, fx, cidr, root, server):
    """6.1: the first assignable one. Host bits of the root are kept."""
    assert folders.new(fx, cidr=cidr).returncode == 0
    net = folders.made()
    rows = net.rows("cidrs")
    assert (rows[0]["ip"], rows[0]["prefix"]) == root
    assert rows[1]["ip"] == net.config["address"] == net.rows("peers")[0]["ip"] == server
    assert net.config["network-cidr-prefix"] == root[1]


def test_listen_port_0_is_accepted(folders, fx):
    assert folders.new(fx, port="0").returncode == 0
    assert folders.made().config["listen-port"] == 0


def test_the_endpoint_is_normalised(folders, fx):
    assert folders.new(fx, endpoint="VPN.Example.com:080").returncode == 0
    assert folders.made().rows("peers")[0]["endpoint"] == "vpn.example.com:80"


def test_an_existing_folder_is_left_as_it_is(folders, fx):
    os.mkdir(folders.config_dir, 0o755)
    os.chmod(folders.config_dir, 0o755)
    assert folders.new(fx).returncode == 0
    assert mode(folders.config_dir) == 0o755
    assert mode(folders.data_dir) == 0o700


def test_only_one_level_is_created(folders, fx):
    folders.config_dir = os.path.join(folders.net.folder, "no", "etc")
    result = folders.new(fx)
    assert result.returncode == 1
    assert folders.config_dir in result.stderr or os.path.dirname(folders.config_dir) in result.stderr
    assert folders.files() == []


@pytest.mark.parametrize("existing", ["etc/test.conf", "lib/test.db"])
def test_D11_new_overwrites_nothing(folders, fx, existing):
    os.mkdir(folders.config_dir)
    os.mkdir(folders.data_dir)
    path = os.path.join(folders.net.folder, existing)
    with open(path, "w", encoding="utf-8") as f:
        f.write("precious")
    os.chmod(path, 0o640)
    result = folders.new(fx)
    assert result.returncode == 1
    assert path in result.stderr
    with open(path, encoding="utf-8") as f:
        assert f.read() == "precious"
    assert mode(path) == 0o640
    assert folders.files() == [existing]


def test_D11_new_twice(folders, fx):
    assert folders.new(fx).returncode == 0
    net = folders.made()
    before = net.config, net.everything()
    assert folders.new(fx).returncode == 1
    assert (net.config, net.everything()) == before


@pytest.mark.parametrize("other", [
    {"cidr": "10.80.0.1/32"}, {"cidr": "fd00::1/128"}, {"name": "innernet-server"}], ids=str)
def test_D11_a_failing_new_leaves_no_files(folders, fx, other):
    result = folders.new(fx, **other)
    assert result.returncode == 1, result
    assert result.stderr
    assert os.listdir(folders.net.folder) == []


def test_D11_a_failing_new_leaves_no_folder_of_its_own(folders, fx):
    """Here it fails after it has made one; what was there before stays, empty or not."""
    folders.data_dir = os.path.join(folders.net.folder, "no", "lib")
    assert folders.new(fx).returncode == 1
    assert os.listdir(folders.net.folder) == []
    folders.data_dir = os.path.join(folders.net.folder, "lib")
    os.mkdir(folders.data_dir)
    with open(os.path.join(folders.data_dir, "test.db"), "w", encoding="utf-8"):
        pass
    assert folders.new(fx).returncode == 1
    assert not os.path.exists(folders.config_dir)
    assert folders.files() == ["lib/test.db"]
    os.mkdir(folders.config_dir)
    assert folders.new(fx).returncode == 1
    assert os.path.isdir(folders.config_dir)


@pytest.mark.parametrize("endpoint", ["0.0.0.0:51820", "[::]:51820", "0:1"])
def test_D43_an_unspecified_endpoint_is_refused(folders, fx, endpoint):
    result = folders.new(fx, endpoint=endpoint)
    assert result.returncode in (1, 2)
    assert "endpoint" in result.stderr
    assert folders.files() == []


@pytest.mark.parametrize("arguments", [
    ["--network-name", "Evil"], ["--network-name", "sixteen-letters1"], ["--network-name", ""],
    ["--network-cidr", "10.0.0.0"], ["--network-cidr", "10.0.0.0/33"], ["--network-cidr", "x"],
    ["--external-endpoint", "1.2.3.4"], ["--external-endpoint", ":1"], ["--listen-port", "65536"],
    ["--listen-port", "-1"], ["--listen-port", "x"], ["--listen-port"],
    ["--external-endpoint", "1.2.3.4:5", "--auto-external-endpoint"], ["--what"], ["stray"],
    ["--network-name", "a", "--network-name", "b"], ["--backend", "userspace"]], ids=" ".join)
def test_usage_errors(folders, arguments):
    result = folders.run("new", *arguments)
    assert result.returncode == 2, result
    assert result.stderr and not result.stdout
    assert folders.files() == []


@pytest.mark.parametrize("missing", ["--network-name", "--network-cidr", "--listen-port",
                                     "--external-endpoint"])
def test_without_a_terminal_a_missing_value_is_an_error(folders, fx, missing):
    given = {"--network-name": "test", "--network-cidr": fx.root, "--listen-port": "1",
             "--external-endpoint": "1.2.3.4:5"}
    del given[missing]
    result = folders.run("new", *(a for pair in given.items() for a in pair))
    assert result.returncode == 1, result
    assert missing in result.stderr or missing.strip("-").replace("-", " ") in result.stderr.lower()
    assert folders.files() == []


def test_equals_form_of_options(folders, fx):
    result = folders.run("new", "--network-name=test", f"--network-cidr={fx.root}",
                         "--external-endpoint=1.2.3.4:5", "--listen-port=1")
    assert result.returncode == 0


@pytest.mark.parametrize("arguments, code", [
    (["--version"], 0), (["-V"], 0), (["--help"], 0), (["-h"], 0), (["help"], 0), (["help", "new"], 0),
    (["new", "--help"], 0), (["serve", "-h"], 0), ([], 2), (["nonsense"], 2), (["serve"], 2),
    (["--nonsense"], 2), (["help", "nonsense"], 2), (["completions"], 2), (["completions", "sh"], 2),
    (["completions", "bash"], 0), (["completions", "zsh"], 0), (["completions", "fish"], 0),
    (["completions", "elvish"], 0), (["completions", "powershell"], 0),
    (["--backend", "userspace", "serve", "no-such-net"], 1), (["--mtu", "x", "serve", "a"], 2)],
    ids=lambda v: " ".join(v) if isinstance(v, list) else str(v))
def test_exit_codes(folders, server_bin, arguments, code):
    result = folders.net.bed.run([server_bin, *arguments])
    assert result.returncode == code, result
    if code == 0:
        assert result.stdout and not result.stderr
    else:
        assert result.stderr and not result.stdout
    if arguments in (["--version"], ["-V"]):
        assert result.stdout.startswith("innernet-server ")


@pytest.mark.parametrize("arguments, code", [
    (["serve", "test"], 1), (["new"], 1), (["uninstall", "test", "--yes"], 1),
    (["--version"], 0), (["--help"], 0), (["completions", "bash"], 0), (["nonsense"], 2)],
    ids=lambda v: " ".join(v) if isinstance(v, list) else str(v))
def test_root_is_needed_for_what_does_something(folders, server_bin, arguments, code):
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
    probe = folders.net.bed.run([*nobody, server_bin, "--version"])
    if "ermission denied" in probe.stderr:
        pytest.skip("the build folder is closed to other users: " + probe.stderr.strip())
    result = folders.net.bed.run([*nobody, server_bin, *arguments])
    assert result.returncode == code, result
    if code == 1:
        assert "root" in result.stderr


# --- uninstall -------------------------------------------------------------------------------------

def test_uninstall(folders, fx):
    assert folders.new(fx).returncode == 0
    result = folders.run("uninstall", "test", "--yes")
    assert result.returncode == 0, result
    assert result.stdout
    assert folders.files() == []


def test_uninstall_brings_the_interface_down(net):
    result = net.cli("uninstall", net.name, "--yes")
    assert result.returncode == 0, result
    assert not os.path.exists(net.config_path) and not os.path.exists(net.db_path)
    net.bed.device_is_gone()
    assert "test" not in net.bed.server_ip("-o", "link")
    net.stop()


def test_uninstall_of_an_unknown_network(folders):
    result = folders.run("uninstall", "nowhere", "--yes")
    assert result.returncode == 0
    assert result.stdout


def test_uninstall_asks(folders, fx):
    assert folders.new(fx).returncode == 0
    files = folders.files()
    result = folders.run("uninstall", "test")
    assert result.returncode == 1
    assert folders.files() == files


def test_other_networks_stay(folders, fx):
    assert folders.new(fx).returncode == 0
    assert folders.new(fx, name="other").returncode == 0
    assert folders.run("uninstall", "test", "--yes").returncode == 0
    assert folders.files() == ["etc/other.conf", "lib/other.db"]


def test_keys_differ(folders, fx):
    assert folders.new(fx).returncode == 0
    assert folders.new(fx, name="other").returncode == 0
    keys = {folders.made(name).config["private-key"] for name in ("test", "other")}
    assert len(keys) == 2
    assert {len(base64.b64decode(k)) for k in keys} == {32}
