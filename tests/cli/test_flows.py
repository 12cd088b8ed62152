"""Real programs asked and answered on a terminal: order of the questions, defaults, refusals
(spec/client.md 6.2, spec/server.md 6.1, 6.2, 6.4, 6.7). No network and no device is needed."""

import os
import pathlib
import re
import signal
import stat
import subprocess

import pytest

from pty_session import CTRL_C, DOWN, ENTER, PtySession

INNERNET, SERVER = os.environ["INNERNET"], os.environ["INNERNET_SERVER"]
PLAIN = {"TERM": "xterm", "NO_COLOR": "1", "PATH": os.environ["PATH"]}
NETWORK = "clitestnet0"  # no device has this name

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root: the programs refuse to work")


class Folders:
    def __init__(self, root):
        self.config, self.data, self.work = root / "c", root / "d", root / "w"
        self.work.mkdir()
        self.options = [f"--config-dir={self.config}", f"--data-dir={self.data}"]

    def server(self, *args, **keywords):
        return PtySession([SERVER, *self.options, *args], env=PLAIN, cwd=self.work, columns=160, **keywords)

    def client(self, *args, **keywords):
        return PtySession([INNERNET, *self.options, *args], env=PLAIN, cwd=self.work, columns=160, **keywords)

    def files(self):
        return {str(p.relative_to(self.config.parent)) for p in self.config.parent.rglob("*")
                if p.is_file()}


@pytest.fixture
def folders(tmp_path):
    return Folders(tmp_path)


@pytest.fixture
def network(folders):
    result = subprocess.run([SERVER, *folders.options, "new", "--network-name", NETWORK,
                             "--network-cidr", "10.71.0.0/16", "--external-endpoint",
                             "192.0.2.1:51820", "--listen-port", "51820"],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 0, result
    return folders


# --- innernet-server new ---------------------------------------------------------------------------

def test_new_asks_for_everything_in_order(folders):
    with folders.server("new") as s:
        s.wait_for(r"^\? Network name")
        s.send("Bad Name" + ENTER)
        s.wait_for(r"^✘ .+(\n.+)*\n\? Network name")
        s.send(NETWORK + ENTER)
        s.wait_for("^. Network CIDR › 10.42.0.0/16$")
        s.send("\x7f\x7f24" + ENTER)
        s.wait_for(r"^. Listen port \(51820\) ›$")
        s.send(ENTER)
        s.wait_for(r"^. .*9\.9\.9\.9.* \(y/n\) ›$")
        s.send("n" + ENTER)
        s.wait_for("^. External endpoint ›$")
        s.send("192.0.2.1:51820" + ENTER)
        assert s.wait_end() == 0
        assert s.is_restored()
        assert re.findall("^✔ .* · (.*)$", s.screen.text(), re.M) == [
            NETWORK, "10.42.0.0/24", "51820", "no", "192.0.2.1:51820"]
    config = folders.config / f"{NETWORK}.conf"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert 'address = "10.42.0.1"' in config.read_text()
    assert f"d/{NETWORK}.db" in folders.files()


@pytest.mark.parametrize("answers", [0, 1, 2, 3])
def test_ctrl_c_leaves_nothing_behind(folders, answers):
    with folders.server("new") as s:
        s.wait_for(r"^\? Network name")
        for keys, following in [(NETWORK, "Network CIDR"), ("", "Listen port"),
                                ("", "9.9.9.9")][:answers]:
            s.send(keys + ENTER)
            s.wait_for(re.escape(following))
        s.wait_until(s.in_raw_mode, "raw mode")
        s.send(CTRL_C)
        assert s.wait_end() == -signal.SIGINT
        assert s.is_restored()
    assert folders.files() == set()


def test_questions_answered_by_options_are_not_asked(folders):
    with folders.server("new", "--network-name", NETWORK, "--listen-port", "1",
                        "--external-endpoint", "192.0.2.1:1") as s:
        s.wait_for("^. Network CIDR ›")
        s.send(ENTER)
        assert s.wait_end() == 0
        assert s.screen.text().count("✔") == 1


# --- innernet-server add-cidr, add-peer, uninstall ---------------------------------------------------

def test_add_cidr_and_add_peer_by_menus(network):
    with network.server("add-cidr", NETWORK) as s:
        s.wait_for(rf"^❯ {NETWORK} \(10\.71\.0\.0/16\)$")
        assert "innernet-server" not in s.screen.text()
        s.send(ENTER)
        s.wait_for("^. Name ›$")
        s.send("humans" + ENTER)
        s.wait_for("^. CIDR ›$")
        s.send("10.71.1.0/24" + ENTER)
        s.wait_for(r"humans.*\(y/n\) › no$")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
        assert "humans" in s.output()
    with network.server("add-peer", NETWORK) as s:
        s.wait_for(r"^❯ humans \(10\.71\.1\.0/24\)$")
        assert "innernet-server" not in s.screen.text()
        s.send(ENTER)
        s.wait_for(r"^. IP \(10\.71\.1\.1\) ›$")
        s.send(ENTER)
        s.wait_for("^. Name ›$")
        s.send("alice" + ENTER)
        s.wait_for(r"admin.*\(y/n\) › no$")
        s.send(ENTER)
        s.wait_for(r"\(14d\) ›$")
        s.send("1.5h" + ENTER)
        s.wait_for("^✘ ")
        s.send("30m" + ENTER)
        s.wait_for(r"\(alice\.toml\) ›$")
        s.send(ENTER)
        s.wait_for(r"alice.*\(y/n\) › no$")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
    invitation = network.work / "alice.toml"
    assert stat.S_IMODE(invitation.stat().st_mode) == 0o600
    assert 'address = "10.71.1.1/16"' in invitation.read_text()


def test_declining_adds_nothing(network):
    arguments = ["add-cidr", NETWORK, "--parent", NETWORK, "--name", "humans", "--cidr",
                 "10.71.1.0/24"]
    for _ in range(2):  # the second time shows that the first changed nothing
        with network.server(*arguments) as s:
            s.wait_for(r"\(y/n\) › no$")
            s.send(ENTER)
            assert s.wait_end() == 0
    with network.server(*arguments, "--yes") as s:
        assert s.wait_end() == 0
        assert "✔" not in s.screen.text()


def test_server_uninstall_asks(network):
    before = network.files()
    with network.server("uninstall", "--no-write-hosts", NETWORK) as s:
        s.wait_for(rf"{NETWORK}.*\(y/n\) › no$")
        s.send(ENTER)
        assert s.wait_end() == 0
    assert network.files() == before
    with network.server("uninstall", "--no-write-hosts", NETWORK) as s:
        s.wait_for(r"\(y/n\) › no$")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
    assert not [name for name in network.files() if name.endswith((".conf", ".db"))]


# --- innernet --------------------------------------------------------------------------------------------

@pytest.fixture
def installed(folders):
    data = pathlib.Path(__file__).parent.parent / "data" / "golden"
    for folder, source, name in [(folders.config, "client.conf", f"{NETWORK}.conf"),
                                 (folders.data, "store.json", f"{NETWORK}.json")]:
        folder.mkdir(mode=0o700)
        (folder / name).write_bytes((data / source).read_bytes())
        (folder / name).chmod(0o600)
    return folders


def test_client_uninstall_asks_from_the_terminal_whatever_stdin_is(installed):
    with installed.client("uninstall", "--no-write-hosts", NETWORK, stdin=subprocess.DEVNULL) as s:
        s.wait_for(rf"{NETWORK}.*\(y/n\) › no$")
        s.send(ENTER)
        assert s.wait_end() == 0
    assert {f"c/{NETWORK}.conf", f"d/{NETWORK}.json"} <= installed.files()
    with installed.client("uninstall", "--no-write-hosts", NETWORK) as s:
        s.wait_for(r"\(y/n\) › no$")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
    assert not {f"c/{NETWORK}.conf", f"d/{NETWORK}.json"} & installed.files()


def test_client_override_peer_endpoint_by_menu(installed):
    with installed.client("override-peer-endpoint", NETWORK) as s:
        s.wait_for("^❯ ")
        assert "innernet-server" not in s.screen.text()
        s.send(DOWN)
        s.wait_for(r"\(2 of \d+\)")
        s.send(ENTER)
        s.wait_for("^. Endpoint ›$")
        s.send("no port" + ENTER)
        s.wait_for("^✘ ")
        s.send("192.0.2.7:7" + ENTER)
        s.wait_for(r"192\.0\.2\.7:7.*\(y/n\) › no$")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
    assert "192.0.2.7:7" in (installed.config / f"{NETWORK}.conf").read_text()


@pytest.mark.parametrize("command, option", [("uninstall", "--yes"),
                                             ("override-peer-endpoint", "--name"),
                                             ("set-listen-port", "--listen-port")])
def test_client_without_terminal_fails(installed, command, option):
    before = installed.files()
    result = subprocess.run([INNERNET, *installed.options, command, NETWORK],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 1
    assert "[E] " in result.stdout and option in result.stdout
    assert {n for n in installed.files() if not n.endswith(".lock")} == before
