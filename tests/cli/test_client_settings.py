"""The commands that change this peer's own settings, while its network is down."""

import pytest

from client_bed import Bed, mode, need_root


@pytest.fixture
def bed(tmp_path):
    need_root()
    with Bed(tmp_path) as b:
        b.install_golden()
        b.start_golden_server()
        yield b


def test_override_endpoint(bed):
    bed.server.answers["PUT", "/user/endpoint"] = (204, "")
    result = bed.run("override-endpoint", "evilcorp", "-e", "1.2.3.4:5", "--yes")
    assert result.returncode == 1 and "set-listen-port" in result.stdout
    text = bed.conf.read_text()
    bed.conf.write_text(text.replace("[server]", "listen-port = 51820\n\n[server]", 1))
    for endpoint in ("Example.COM:080", "0.0.0.0:51820"):
        assert bed.run("override-endpoint", "evilcorp", "-e", endpoint, "--yes").returncode == 0
    assert bed.run("override-endpoint", "evilcorp", "-u", "--yes").returncode == 0
    bed.server.answers["GET", "/user/capabilities"] = (404, "")
    assert bed.run("override-endpoint", "evilcorp", "-e", "0.0.0.0:1", "--yes").returncode == 1
    assert bed.server.bodies("PUT", "/user/endpoint") == [
        {"option": "Set", "content": "example.com:80"},
        {"option": "Set", "content": "0.0.0.0:51820"}, {"option": "Unset"}]


def test_override_peer_endpoint(bed):
    bed.conf.chmod(0o640)
    result = bed.run("override-peer-endpoint", "evilcorp", "--name", "peer3", "-e",
                     "Host.example:1", "--yes")
    assert result.returncode == 0, result.stdout
    assert bed.conf.read_text().endswith('"10.66.2.1" = "172.31.1.3:51999"\n'
                                         '"10.66.2.2" = "host.example:1"\n')
    assert mode(bed.conf) == 0o640
    assert not bed.has_device()
    for name, code in [("peer3", 0), ("peer3", 0), ("nobody", 1), ("innernet-server", 1)]:
        result = bed.run("override-peer-endpoint", "evilcorp", "--name", name, "-u", "--yes")
        assert result.returncode == code, result.stdout
    assert "10.66.2.2" not in bed.conf.read_text()


def test_set_listen_port_of_a_network_that_is_down(bed):
    plain = bed.conf.read_text()
    assert bed.run("set-listen-port", "evilcorp", "-l", "1234", "--yes").returncode == 0
    assert "\nlisten-port = 1234\n" in bed.conf.read_text()
    assert not bed.has_device()
    again = bed.run("set-listen-port", "evilcorp", "-l", "1234")
    assert again.returncode == 0 and not again.stdout.startswith("[")
    assert bed.run("set-listen-port", "evilcorp", "-l", "0", "--yes").returncode == 0
    assert "\nlisten-port = 0\n" in bed.conf.read_text()
    assert bed.run("set-listen-port", "evilcorp", "-u", "--yes").returncode == 0
    assert bed.conf.read_text() == plain
    assert mode(bed.conf) == 0o600


def test_a_missing_network_is_an_error_that_creates_nothing(bed):
    before = sorted(bed.dir.rglob("*"))
    for args in (["set-listen-port", "other", "-u", "--yes"], ["list-associations", "other"],
                 ["fetch", "other"], ["up", "other"],
                 ["override-peer-endpoint", "other", "-u", "--name", "x", "--yes"]):
        result = bed.run(*args)
        path = bed.config_dir / "other.conf"
        assert result.returncode == 1, args
        assert result.stdout == f"\n[E] {path} - No such file or directory (os error 2)\n\n"
    assert sorted(bed.dir.rglob("*")) == before


def test_an_override_that_does_not_resolve_is_kept_with_a_warning(bed):
    result = bed.run("override-peer-endpoint", "evilcorp", "--name", "peer3", "-e",
                     "nowhere.invalid:1", "--yes")
    assert result.returncode == 0
    assert "[!] " in result.stdout and "nowhere.invalid:1" in result.stdout.split("[!] ")[1]
    assert '"10.66.2.2" = "nowhere.invalid:1"' in bed.conf.read_text()
