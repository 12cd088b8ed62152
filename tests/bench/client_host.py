"""A peer's machine beside a Lab: the real client in namespaces of its own, with a device of its own."""

import base64
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import seed
from inside import Inside
from lab import hold, release

FAR = "client-far"

CONFIG = """[interface]
network-name = "{name}"
address = "{address}/{prefix}"
private-key = "{private}"

[server]
public-key = "{server}"
external-endpoint = "198.51.100.1:{port}"
internal-endpoint = "{server_ip}:{port}"
"""


class ClientHost:
    """The peer with number `peer` of a lab."""

    def __init__(self, lab, peer, private_key):
        self.lab = lab
        self.folder = pathlib.Path(lab.folder, "client")
        self.folder.mkdir(mode=0o700)
        self.address = lab.plan.ip(peer)
        outside = f"/proc/{lab.bed._client_side.pid}/ns/net"
        self._holder = hold(
            ["--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"],
            ["sh", "-ec", "mount -t tmpfs none /run; mkdir /run/wireguard; touch /run/outside;"
             f" mount --bind {outside} /run/outside; mount -t proc none /proc; ip link set lo up;"
             " echo ready; exec cat"])
        self._inside = Inside(self._holder.pid, {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NO_COLOR": "1",
            "WG_USERSPACE_IMPLEMENTATION": lab.tools.standin, "WG_STANDIN_NETNS": "/run/outside",
            "WG_STANDIN_FAR": FAR}, str(self.folder / "log"))
        self._write_config(private_key)
        subprocess.run(lab.on_clients(["sysctl", "-qw", "net.ipv4.ip_forward=1"]), check=True)

    def _write_config(self, private_key):
        path = self.folder / f"{seed.NAME}.conf"
        path.touch(mode=0o600)
        path.write_text(CONFIG.format(
            name=seed.NAME, address=self.address, prefix=self.lab.plan.root.prefixlen, private=private_key,
            server=self.lab.auth()[0][1], server_ip=seed.SERVER, port=seed.PORT))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._inside.close()
        release(self._holder)

    # --- running the client ------------------------------------------------------------------

    def _argv(self, *words):
        return [self.lab.tools.client, "-c", str(self.folder), "-d", str(self.folder), "--backend",
                "userspace", "up", seed.NAME, "--hosts-path", str(self.folder / "hosts"),
                "--no-nat-traversal", *words]

    def log(self):
        return self._inside.log()

    def up(self):
        """`innernet up` to its end: (processor seconds, bytes that came by the device)."""
        received = self.received()
        cost = self._inside.run(self._argv())
        return cost.cpu_s, self.received() - received

    def first_up(self):
        """Makes the device and lays the route back to it. Twice: then everything is told and stored."""
        stop = threading.Event()
        router = threading.Thread(target=self._route_when_there, args=(stop,))
        router.start()
        try:
            self.up()
        finally:
            stop.set()
            router.join()
        self.up()

    def _route_when_there(self, stop):
        while not stop.is_set():
            with contextlib.suppress(subprocess.CalledProcessError):
                self.lab.bed.client_ip("route", "replace", f"{self.address}/32", "dev", FAR)
                return
            time.sleep(0.002)

    @contextlib.contextmanager
    def daemon(self, *words):
        """`innernet up --daemon`; gives its process id."""
        pid = self._inside.spawn(self._argv("--daemon", *words))
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)

    # --- what there is -----------------------------------------------------------------------

    def received(self):
        """Bytes that came to the device so far, 0 when there is none."""
        with open(f"/proc/{self._holder.pid}/net/dev") as f:
            for line in f:
                name, _, counters = line.partition(":")
                if name.strip() == seed.NAME:
                    return int(counters.split()[0])
        return 0

    def device_keys(self):
        """Public keys of the peers on the device, as text."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(f"/proc/{self._holder.pid}/root/run/wireguard/{seed.NAME}.sock")
            s.sendall(b"get=1\n\n")
            with s.makefile() as lines:
                keys = set()
                for line in lines:
                    if line == "\n":
                        return keys
                    if line.startswith("public_key="):
                        keys.add(base64.b64encode(bytes.fromhex(line[11:])).decode())
        raise AssertionError("the device's answer has no end")

    @property
    def tag_path(self):
        return self.folder / f"{seed.NAME}.etag"

    def forget_tag(self):
        self.tag_path.unlink(missing_ok=True)

