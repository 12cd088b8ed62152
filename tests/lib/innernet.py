"""innernet as its users type it: a server and peers on hosts (hosts.py)."""

import os
import pathlib
import re
import shutil
import signal
import socket
import tempfile

from hosts import HOME, SAFE_PATH, SLOWNESS, wait_until

BACKEND = os.environ.get("INNERNET_TEST_BACKEND", "userspace")
NETWORK = "evilcorp"
INVITATION = f"{HOME}/invitation.toml"


def host_environment():
    """For World.host(): both programs of the build under test come first on PATH."""
    build = pathlib.Path(os.environ["INNERNET_BUILD"])
    return {
        "PATH": f"{build}/src/server:{build}/src/client:{SAFE_PATH}",
        # A report must not look like an ordinary failure (exit code 1).
        "ASAN_OPTIONS": "exitcode=99:abort_on_error=0:detect_leaks=1",
        "UBSAN_OPTIONS": "exitcode=99:halt_on_error=1:print_stacktrace=1",
        # LeakSanitizer cannot look into a process whose memory it may not read.
        "NO_COLOR": "1",
    }


SANITIZER_REPORT = re.compile(
    r"(ERROR: (Address|Leak|Thread)Sanitizer|SUMMARY: \w+Sanitizer|: runtime error: ).*")


def sanitizer_reports(world):
    return [f"{title}: {found.group(0)}" for title, text in world.logs()
            for found in SANITIZER_REPORT.finditer(text)]


class NotifySocket:
    """The service manager's end of Type=notify (sd_notify(3))."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="notify-")
        self.path = f"{self._folder}/socket"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)
        self.messages = []

    def receive(self):
        """All assignments so far, e.g. ["READY=1", "STATUS=..."]."""
        while True:
            try:
                self.messages += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self.messages

    def close(self):
        self._socket.close()
        shutil.rmtree(self._folder)


class Server:
    """A network's server on a host. NETWORK is its name unless told otherwise."""

    def __init__(self, host, cidr="10.66.0.0/16", address="10.66.0.1",
                 endpoint="172.18.1.1:51820", port=51820):
        self.host, self.cidr, self.address = host, cidr, address
        self.endpoint, self.port = endpoint, port
        self.program = None

    def cli(self, *words, **how):
        return self.host.run("innernet-server", "--backend", BACKEND, *words, **how)

    def new(self):
        return self.cli("new", "--network-name", NETWORK, "--network-cidr", self.cidr,
                        "--external-endpoint", self.endpoint, "--listen-port", self.port)

    def start(self, *options):
        """serve, up to the moment when it tells the service manager that it is ready."""
        notify = NotifySocket()
        try:
            self.program = self.host.start(
                "innernet-server", "--backend", BACKEND, "serve", NETWORK, *options,
                env={"NOTIFY_SOCKET": notify.path, "RUST_LOG": "debug"})

            def ready():
                if not self.program.alive():
                    return "ended"
                return "READY=1" in notify.receive() and "ready"

            state = wait_until(ready, 20, "READY=1 from innernet-server")
            assert state == "ready", f"innernet-server ended:\n{self.program.log()}"
            return notify.messages
        finally:
            notify.close()

    def stop(self):
        """The exit code after SIGTERM."""
        self.program.signal(signal.SIGTERM)
        return self.program.wait(10)

    def add_cidr(self, name, cidr, parent=NETWORK):
        self.cli("add-cidr", NETWORK, "--name", name, "--cidr", cidr, "--parent", parent, "--yes")

    def invite(self, name, cidr, admin=False, ip=None, expires="30d"):
        """The text of a new invitation."""
        return _invite(self, name, cidr, admin, ip, expires)

    def sql(self, statement):
        """Changes the database behind the running server's back, as the CLI does."""
        script = ("import sqlite3, sys\n"
                  "with sqlite3.connect(sys.argv[1], timeout=5) as db:\n"
                  "    for row in db.execute(sys.argv[2]): print(*row, sep='|')\n")
        path = f"/var/lib/innernet-server/{NETWORK}.db"
        return self.host.run("/usr/bin/python3", "-c", script, path, statement).stdout


class Peer:
    """A peer on a host."""

    def __init__(self, host):
        self.host = host

    def cli(self, *words, **how):
        return self.host.run("innernet", "-vvv", "--backend", BACKEND, *words, **how)

    def install(self, invitation, *options):
        self.host.write(INVITATION, invitation)
        return self.cli("install", "--name", NETWORK, "--delete-invite", *options, INVITATION,
                        timeout=60)

    def start_install(self, invitation, *options):
        self.host.write(INVITATION, invitation)
        return self.host.start("innernet", "-vvv", "--backend", BACKEND, "install", "--name",
                               NETWORK, "--delete-invite", *options, INVITATION)

    def up(self, *options, **how):
        return self.cli("up", NETWORK, *options, timeout=60, **how)

    def start_up(self, *options):
        return self.host.start("innernet", "-vvv", "--backend", BACKEND, "up", *options, NETWORK)

    def start_daemon(self, interval=1, *options):
        return self.host.start("innernet", "-vvv", "--backend", BACKEND, "up", "--daemon",
                               "--interval", interval, *options, NETWORK)

    def invite(self, name, cidr, admin=False, ip=None, expires="30d", check=True):
        """The text of a new invitation; None when it is refused (check=None)."""
        return _invite(self, name, cidr, admin, ip, expires, check)

    def device(self):
        """What WireGuard knows here: {public key: (endpoint, allowed ips, handshake time)}."""
        lines = self.host.run("wg", "show", NETWORK, "dump").stdout.splitlines()[1:]
        peers = (line.split("\t") for line in lines)
        return {peer[0]: (peer[2], peer[3], int(peer[4])) for peer in peers}

    def allowed_ips(self):
        return sorted(ips for _, ips, _ in self.device().values())

    def public_key(self):
        return self.host.run("wg", "show", NETWORK, "public-key").stdout.strip()


def _invite(side, name, cidr, admin, ip, expires, check=True):
    path = f"{HOME}/{name}.toml"
    address = ["--ip", ip] if ip else ["--auto-ip"]
    done = side.cli("add-peer", NETWORK, "--name", name, "--cidr", cidr, *address, "--admin",
                    "true" if admin else "false", "--save-config", path, "--invite-expires",
                    expires, "--yes", check=check)
    if done.returncode != 0:
        return None
    text = side.host.read(path)
    side.host.run("rm", path)
    return text


def install_together(*pairs, options=()):
    """Installs (peer, invitation) pairs at the same moment; all must succeed."""
    programs = [peer.start_install(invitation, *options) for peer, invitation in pairs]
    for program in programs:
        assert program.wait(60) == 0, program.log()


def new_lan(world):
    """The network under the network: a switch; plug(host, n) gives 172.18.1.n and fd18::n."""
    switch = world.switch()

    def add(name, n):
        host = world.host(name, host_environment())
        world.plug(host, switch, f"172.18.1.{n}/16", f"fd18::{n}/64")
        return host

    return add


__all__ = ["BACKEND", "INVITATION", "NETWORK", "SLOWNESS", "NotifySocket", "Peer", "Server", "host_environment",
           "install_together", "new_lan", "sanitizer_reports", "wait_until"]
