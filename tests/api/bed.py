"""Two network namespaces side by side: the server's and its clients'.

The server's end also has a mount namespace with an empty /run and an /etc/hosts of its own (so that
nothing of the machine is touched) and a process namespace (so that everything in it ends when this
process does, however it ends). Between the two lies the pair of the stand-in device; in the clients' namespace all peers'
addresses sit on its far end, and a socket of a peer is one made there and bound to its address.
"""

import ctypes
import ipaddress
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

# Beside what comes first: the benchmark imports this file, too.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from namespaces import child_of, hold, release

CLONE_NEWNET = 0x40000000
CLIENTS = "/run/clients"  # their network namespace, as the server's side knows it
FREEBIND = {socket.AF_INET: (socket.IPPROTO_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}
_libc = ctypes.CDLL(None, use_errno=True)


def wait_for(condition, what, deadline_s=10.0, poll_s=0.01):
    """The first true value of condition(); AssertionError when it does not come in time."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {deadline_s} s (last: {value!r})")
        time.sleep(poll_s)


def _hold(*options, setup):
    return hold(options, ["sh", "-ec", f"{setup}; echo ready; exec cat"])


class Bed:
    """Namespaces for one server at a time; `far` is the device's other end, the clients'."""

    def __init__(self, interface, standin):
        self.interface = interface
        self.standin = standin
        self._client_side = _hold("--net", setup="ip link set lo up")
        clients = f"/proc/{self._client_side.pid}/ns/net"
        self._server_side = _hold(
            "--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
            setup="mount -t tmpfs none /run; mkdir /run/wireguard;"
                  f" touch {CLIENTS}; mount --bind {clients} {CLIENTS}; mount -t proc none /proc;"
                  " cp /etc/hosts /run/hosts; mount --bind /run/hosts /etc/hosts;"
                  " ip link set lo up")
        ns = f"/proc/{self._server_side.pid}/ns"
        self._enter = ["nsenter", f"--net={ns}/net", f"--mount={ns}/mnt",
                       f"--pid={ns}/pid_for_children", "--"]
        self._root = f"/proc/{child_of(self._server_side.pid)}/root"
        self._client_net = os.open(clients, os.O_RDONLY | os.O_CLOEXEC)
        self._own_net = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.addresses = []
        self._far = None

    def close(self):
        for holder in (self._server_side, self._client_side):
            release(holder)
        os.close(self._client_net)
        os.close(self._own_net)

    # --- the server's side -------------------------------------------------------------------

    def environment(self):
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(("WG_", "RUST_", "CLICOLOR", "NOTIFY_"))}
        return clean | {"WG_USERSPACE_IMPLEMENTATION": self.standin,
                        "WG_STANDIN_NETNS": CLIENTS,
                        "NO_COLOR": "1"}

    def start(self, argv, env=None, **popen):
        """A program on the server's side; `pid` is its own number, not the one of its wrapper."""
        process = subprocess.Popen([*self._enter, *argv], env=self.environment() | (env or {}), **popen)
        process.pid_inside = None

        def child():
            if process.poll() is not None:
                return -1
            return child_of(process.pid)
        process.pid_inside = wait_for(child, "process behind nsenter", poll_s=0.001)
        return process

    def run(self, argv, env=None, input=None, timeout=30, umask=0o022, **popen):
        """Runs a program on the server's side to its end; text in, text out."""
        return subprocess.run([*self._enter, *argv], env=self.environment() | (env or {}),
                              input="" if input is None else input, timeout=timeout, umask=umask,
                              capture_output=True, encoding="utf-8", errors="surrogateescape",
                              **popen)

    def path(self, inside):
        """A path of the server's mount namespace as seen from here."""
        return self._root + inside

    @property
    def socket_path(self):
        return self.path(f"/run/wireguard/{self.interface}.sock")

    # --- the clients' side -------------------------------------------------------------------

    def socket_for(self, source, kind=socket.SOCK_STREAM, free=False):
        """A socket in the clients' namespace bound to an address there; to any that is routed to
        them if `free`."""
        address = ipaddress.ip_address(source)
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        self._into(self._client_net)
        try:
            s = socket.socket(family, kind)
        finally:
            self._into(self._own_net)
        if free:
            level, option = FREEBIND[family]
            s.setsockopt(level, option, 1)
        s.bind((source, 0))
        return s

    def _into(self, fd):
        if _libc.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def client_ip(self, *arguments, batch=None):
        return subprocess.run(
            ["nsenter", f"--net=/proc/{self._client_side.pid}/ns/net", "--", "ip", *arguments],
            input=batch, check=True, capture_output=True, text=True).stdout

    def server_ip(self, *arguments):
        result = self.run(["ip", *arguments])
        assert result.returncode == 0, result.stderr
        return result.stdout

    def far_end(self):
        """Name of the stand-in's other end, None while there is none."""
        for line in self.client_ip("-o", "link", "show", "type", "veth").splitlines():
            return line.split(":")[1].strip().split("@")[0]
        return None

    def attach(self, addresses):
        """Puts "ip/prefix" addresses on the far end, now and on a device that is made later."""
        new = [a for a in addresses if a not in self.addresses]
        self.addresses += new
        if self._far is None:
            self._far = wait_for(self.far_end, "far end of the device")
            new = self.addresses
        if new:
            nodad = {a: " nodad" if ":" in a else "" for a in new}
            self.client_ip("-batch", "-", batch="".join(
                f"addr replace {a} dev {self._far}{nodad[a]}\n" for a in new))

    def add_second_link(self, near, far, prefix):
        """Another network between the two sides, "other" on both, beside the device."""
        ns = f"--net=/proc/{self._server_side.pid}/ns/net"
        subprocess.run(["nsenter", ns, "--", "ip", "link", "add", "other", "type", "veth", "peer",
                        "name", "other", "netns", str(self._client_side.pid)], check=True)
        for ip, address in ((self.server_ip, near), (self.client_ip, far)):
            ip("link", "set", "other", "up")
            ip("addr", "add", f"{address}/{prefix}", "dev", "other",
               *(["nodad"] if ":" in address else []))

    def device_is_gone(self):
        """To be called by a test that makes the device go: the next one has a new far end."""
        wait_for(lambda: self.far_end() is None, "end of the old device")
        self._far = None


def terminate(process, sig=signal.SIGTERM, timeout=10):
    """Ends a program made by Bed.start and returns its exit code."""
    if process.poll() is None and process.pid_inside and process.pid_inside > 0:
        try:
            os.kill(process.pid_inside, sig)
        except ProcessLookupError:
            pass
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        os.kill(process.pid_inside, signal.SIGKILL)
        process.wait(timeout)
        raise AssertionError(f"the process ignored signal {sig}") from None
