"""Hosts on one machine: each is a set of namespaces with its own network, files and processes.

A host's interfaces are veth pairs that end in a switch (a bridge in a further namespace), so the
machine's own network, /etc, /run and /var/lib are not touched. A host's process 1 reads a pipe that
this process holds: when this process ends, however it ends, so does everything in its hosts.
"""

import itertools
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

from namespaces import child_of, hold, release

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
SLOWNESS = float(os.environ.get("INNERNET_TEST_SLOWNESS", "1"))
HOME = "/run/home"  # a folder of each host's own
SAFE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def wait_until(condition, timeout, what, pause=0.05):
    """Calls `condition` until it gives something true and returns that. A condition that raises
    AssertionError has just not come true yet. `timeout` is for a normal machine: a slow one
    (INNERNET_TEST_SLOWNESS) gets that many times more."""
    deadline = time.monotonic() + timeout * SLOWNESS
    while True:
        try:
            last = condition()
        except AssertionError as error:
            last = error
        if last and not isinstance(last, AssertionError):
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout * SLOWNESS:g} s for {what}; last seen: {last!r}")
        time.sleep(pause)


def only_child(pid, timeout=5):
    """The process that nsenter or unshare forked into a pid namespace, as seen from here."""
    return wait_until(lambda: child_of(pid), timeout, f"a child of process {pid}", pause=0.005)


class Failed(AssertionError):
    """A command on a host ended otherwise than the test expects."""


class Program:
    """A command left running on a host. Its output goes to a file."""

    def __init__(self, host, argv, env, log_path):
        self.host, self.argv, self.log_path = host, argv, log_path
        with open(log_path, "wb") as log:
            self._process = subprocess.Popen(
                host.enter(argv), env=env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        self._pid = only_child(self._process.pid)

    def alive(self):
        return self._process.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def signal(self, number):
        os.kill(self._pid, number)

    def wait(self, timeout=10):
        """Its exit code, as subprocess has it (negative: the signal that ended it)."""
        try:
            return self._process.wait(timeout * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.host.name}: {shlex.join(self.argv)} does not end:\n{self.log()}")

    def stop(self, timeout=10):
        """SIGTERM, then wait."""
        if self.alive():
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait_for_log(self, pattern, timeout=10):
        def seen():
            found = re.search(pattern, self.log(), re.MULTILINE)
            if not found and not self.alive():
                raise Failed(f"{self.host.name}: {shlex.join(self.argv)} ended:\n{self.log()}")
            return found
        return wait_until(seen, timeout, f"{pattern!r} in {self.log_path.name}")


class Host:
    """One machine. Make it with World.host()."""

    def __init__(self, name, log_folder, env=None):
        self.name = name
        self.env = {"PATH": SAFE_PATH, "HOME": HOME, "LC_ALL": "C.UTF-8", **(env or {})}
        self.transcript = log_folder / f"{name}.log"
        self._log_folder = log_folder
        self._numbers = itertools.count(1)
        self._programs = []
        self._holder = hold(
            ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc",
             "--propagation", "private"],
            [str(SCRIPTS / "lib/host-init.sh"), name], self.env)
        self.pid = only_child(self._holder.pid)

    def enter(self, argv):
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", "--uts", "--ipc", "--pid",
                f"--wdns={HOME}", "--", *map(str, argv)]

    def run(self, *argv, check=True, timeout=30, env=None, input=None):
        """Runs a command to its end; check=True insists on exit code 0, a number on that code."""
        argv = [str(word) for word in argv]
        started = time.monotonic()
        try:
            done = subprocess.run(
                self.enter(argv), env={**self.env, **(env or {})}, input=input or "",
                capture_output=True, text=True, errors="replace", timeout=timeout * SLOWNESS)
        except subprocess.TimeoutExpired as error:
            self._note(argv, error.stdout, error.stderr, "no end", started)
            raise Failed(f"{self.name}: {shlex.join(argv)} does not end") from None
        self._note(argv, done.stdout, done.stderr, f"exit {done.returncode}", started)
        if check is not None and done.returncode != (0 if check is True else check):
            raise Failed(f"{self.name}: {shlex.join(argv)}: exit {done.returncode}\n"
                         f"{done.stdout}{done.stderr}")
        return done

    def start(self, *argv, env=None):
        """Starts a command and leaves it running."""
        argv = [str(word) for word in argv]
        number = next(self._numbers)
        log_path = self._log_folder / f"{self.name}.{number}.{pathlib.Path(argv[0]).name}.log"
        program = Program(self, argv, {**self.env, **(env or {})}, log_path)
        self._note(argv, "", "", f"running, see {log_path.name}", time.monotonic())
        self._programs.append(program)
        return program

    def pings(self, address, timeout=10):
        """Waits until `address` answers."""
        def answered():
            return self.run("ping", "-n", "-c1", "-W1", address, check=None).returncode == 0
        wait_until(answered, timeout, f"{self.name}: an answer to ping {address}")

    def pings_not(self, address):
        """Three tries without an answer."""
        done = self.run("ping", "-n", "-c3", "-i0.2", "-W1", address, check=None)
        if done.returncode == 0:
            raise Failed(f"{self.name} can ping {address}")

    def read(self, path):
        return self.run("cat", path).stdout

    def write(self, path, text):
        self.run("tee", path, input=text)

    def set_sysctl(self, key, value):
        self.run("sh", "-c", f"echo {value} >/proc/sys/{key}")

    def masquerade(self, interface, mapping=""):
        """Forwards, and rewrites what leaves by `interface` to its address, as home routers do.
        `mapping` is nft's word for how ports are chosen, e.g. "fully-random"."""
        self.set_sysctl("net/ipv4/ip_forward", 1)
        self.run("nft", "-f", "-", input=(
            "table ip nat {\n chain post {\n  type nat hook postrouting priority srcnat;\n"
            f'  oifname "{interface}" masquerade {mapping}\n }}\n}}\n'))

    def logs(self):
        """All that happened on this host, as (title, text)."""
        if self.transcript.exists():
            yield f"{self.name}: commands", self.transcript.read_text(errors="replace")
        for program in self._programs:
            yield f"{self.name}: {shlex.join(program.argv)}", program.log()

    def close(self):
        release(self._holder, 5 * SLOWNESS)
        for program in self._programs:
            program.wait()

    def _note(self, argv, out, err, end, started):
        with open(self.transcript, "a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%H:%M:%S')} $ {shlex.join(argv)}\n")
            for text in (out, err):
                if isinstance(text, bytes):
                    text = text.decode(errors="replace")
                if text:
                    log.write(text if text.endswith("\n") else text + "\n")
            log.write(f"  [{end}, {time.monotonic() - started:.1f} s]\n")


class World:
    """The hosts and switches of one test, taken down together."""

    def __init__(self, log_folder):
        self.log_folder = pathlib.Path(log_folder)
        self.log_folder.mkdir(parents=True, exist_ok=True)
        self.hosts = []
        self._ports = itertools.count(1)

    def host(self, name, env=None):
        host = Host(name, self.log_folder, env)
        self.hosts.append(host)
        return host

    def switch(self, name="switch"):
        """A host whose only job is to be a bridge."""
        switch = self.host(name)
        switch.run("ip", "link", "add", "br0", "type", "bridge", "stp_state", "0",
                   "mcast_snooping", "0")
        switch.run("ip", "link", "set", "br0", "up")
        return switch

    def plug(self, host, switch, *addresses, interface="eth0", gateway=None):
        """A cable from the host's `interface` to the switch; addresses as address/prefix."""
        port = f"port{next(self._ports)}"
        # Only the network namespace is entered: the peer's process id is one of ours.
        subprocess.run(
            ["nsenter", f"--net=/proc/{switch.pid}/ns/net", "ip", "link", "add", port, "type",
             "veth", "peer", "name", interface, "netns", str(host.pid)],
            check=True, capture_output=True)
        switch.run("ip", "link", "set", port, "master", "br0", "up")
        host.run("ip", "link", "set", interface, "up")
        for address in addresses:
            # The cable is new, nobody else can have the address: no need to wait for IPv6's check.
            nodad = ["nodad"] if ":" in address else []
            host.run("ip", "address", "add", address, "dev", interface, *nodad)
        if gateway:
            host.run("ip", "route", "add", "default", "via", gateway)

    def unplug(self, host, interface="eth0"):
        host.run("ip", "link", "set", interface, "down")

    def replug(self, host, interface="eth0"):
        host.run("ip", "link", "set", interface, "up")

    def logs(self):
        for host in self.hosts:
            yield from host.logs()

    def close(self):
        while self.hosts:
            self.hosts.pop().close()
