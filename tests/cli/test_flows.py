"""innernet asked and answered on a terminal where neither network nor device is needed: order of the
questions, defaults, refusals (spec/client.md 6.2). The server's are in test_server_*.py."""

import os
import pathlib
import subprocess

import pytest

from pty_session import DOWN, ENTER, PtySession

INNERNET = os.environ["INNERNET"]
PLAIN = {"TERM": "xterm", "NO_COLOR": "1", "PATH": os.environ["PATH"]}
NETWORK = "clitestnet0"  # no device has this name

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root: the programs refuse to work")


class Folders:
    def __init__(self, root):
        self.config, self.data, self.work = root / "c", root / "d", root / "w"
        self.work.mkdir()
        self.options = [f"--config-dir={self.config}", f"--data-dir={self.data}"]

    def client(self, *args, **keywords):
        return PtySession([INNERNET, *self.options, *args], env=PLAIN, cwd=self.work, columns=160, **keywords)

    def files(self):
        return {str(p.relative_to(self.config.parent)) for p in self.config.parent.rglob("*")
                if p.is_file()}


@pytest.fixture
def folders(tmp_path):
    return Folders(tmp_path)


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
