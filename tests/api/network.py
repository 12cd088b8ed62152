"""One network: its files, its server and requests to it."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import tomllib
from contextlib import closing, contextmanager

import uapi
from bed import terminate, wait_for
from wire import Wire, request_bytes

KEY_HEADER = "X-Innernet-Server-Key"


def compact(value):
    """As every known client writes JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Network:
    def __init__(self, bed, server_bin, folder, addresses=()):
        self.bed, self.server_bin, self.folder = bed, server_bin, folder
        self.name = bed.interface
        self.config_path = os.path.join(folder, f"{self.name}.conf")
        self.db_path = os.path.join(folder, f"{self.name}.db")
        self.hosts_path = os.path.join(folder, "hosts")
        self.log_path = os.path.join(folder, "log")
        self.addresses = list(addresses)
        self.process = None
        self.ready_at = None

    # --- files -------------------------------------------------------------------------------

    def cli(self, *arguments, input=None, **run):
        """The real program with this network's folders as top options."""
        return self.bed.run([self.server_bin, "--config-dir", self.folder, "--data-dir",
                             self.folder, "--backend", "userspace", *arguments], input=input, **run)

    @property
    def config(self):
        with open(self.config_path, "rb") as f:
            return tomllib.load(f)

    @contextmanager
    def db(self):
        """A connection of our own, as the CLI has one: committed at the end."""
        with closing(sqlite3.connect(self.db_path, timeout=5)) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA foreign_keys = ON")
            with db:
                yield db

    def sql(self, statement, *values):
        with self.db() as db:
            return [dict(row) for row in db.execute(statement, values)]

    def rows(self, table):
        return self.sql(f"SELECT * FROM {table} ORDER BY id")

    def everything(self):
        """All rows of all tables, to compare before and after."""
        return {t: self.rows(t) for t in ("peers", "cidrs", "associations")}

    def peer(self, name):
        rows = self.sql("SELECT * FROM peers WHERE name = ?", name)
        assert len(rows) == 1, f"peer {name}: {rows}"
        return rows[0]

    def key_of(self, name):
        return self.peer(name)["public_key"]

    # --- the server --------------------------------------------------------------------------

    def start(self, *options, env=None, top=(), write_hosts=False, expect_ready=True, under=()):
        """Starts the server, by the words of `under` if there are any, and waits until it says that it
        is ready."""
        assert self.process is None
        hosts = ["--hosts-path", self.hosts_path] if write_hosts else ["--no-write-hosts"]
        notify = self.bed.path("/run/notify")
        if os.path.lexists(notify):
            os.unlink(notify)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, \
                open(self.log_path, "ab") as log:
            ready.bind(notify)
            ready.setblocking(False)
            argv = [self.server_bin, "--config-dir", self.folder, "--data-dir", self.folder, *top,
                    "serve", self.name]
            if "--backend" not in (*options, *top):
                options = ("--backend", "userspace", *options)
            self.process = self.bed.start(
                [*under, *argv, *hosts, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, umask=0o022,
                env={"NOTIFY_SOCKET": "/run/notify", "RUST_LOG": "debug"} | (env or {}))
            if expect_ready:
                self._wait_ready(ready)
        self.ready_at = time.monotonic()
        if expect_ready:
            self.bed.attach(self.addresses)

    def _wait_ready(self, ready):
        def told():
            assert self.process.poll() is None, \
                f"serve ended with {self.process.returncode}: {self.log()[-2000:]}"
            try:
                return b"READY=1" in ready.recv(4096).split(b"\n")
            except BlockingIOError:
                return False
        wait_for(told, "word of readiness", poll_s=0.001)

    def stop(self, sig=signal.SIGTERM):
        """Its exit code; None when it was not running."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        return terminate(process, sig)

    def restart(self, *options, **start):
        assert self.stop() == 0, self.log()[-2000:]
        self.start(*options, **start)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def device(self):
        return uapi.Device(self.bed.socket_path)

    def observe(self, endpoints):
        """Makes peers of the device look connected: name -> endpoint text."""
        lines = []
        for name, endpoint in endpoints.items():
            lines += [f"public_key={uapi.hex_of(self.key_of(name))}",
                      f"standin_endpoint={endpoint}"]
        uapi.set_lines(self.bed.socket_path, lines)

    def forget_peers(self):
        """An empty device, as a new one would be."""
        if os.path.exists(self.bed.socket_path):
            uapi.set_lines(self.bed.socket_path, ["replace_peers=true"])

    # --- requests ----------------------------------------------------------------------------

    @property
    def server_key(self):
        return self.key_of("innernet-server")

    def address_of(self, who):
        """A peer's name or an address."""
        if "." in who or ":" in who:
            return who
        return self.peer(who)["ip"]

    def connect(self, who="admin", timeout=10):
        source = self.address_of(who)
        config = self.config
        self.bed.attach([f"{source}/{config['network-cidr-prefix']}"])
        return Wire(self.bed.socket_for(source), (config["address"], config["listen-port"]), timeout)

    def request(self, method, target, body=None, who="admin", headers=None, key=None):
        """One request over a connection of its own. `body` is sent as JSON unless it is bytes;
        headers replace the key header."""
        if body is not None and not isinstance(body, bytes):
            body = compact(body)
        if headers is None:
            headers = [(KEY_HEADER, key or self.server_key)]
        with self.connect(who) as wire:
            wire.send(request_bytes(method, target, headers, body))
            answer = wire.response(has_body=method != "HEAD")
        assert answer is not None, f"{method} {target}: the connection was dropped"
        return answer

    def get(self, target, who="admin", **other):
        return self.request("GET", target, who=who, **other)

    def post(self, target, body, who="admin", **other):
        return self.request("POST", target, body, who=who, **other)

    def put(self, target, body, who="admin", **other):
        return self.request("PUT", target, body, who=who, **other)

    def delete(self, target, who="admin", **other):
        return self.request("DELETE", target, who=who, **other)

    def state(self, who="admin"):
        answer = self.get("/v1/user/state", who)
        assert answer.status == 200, answer
        return answer.json

    def seen(self, name, who="admin"):
        """One peer as the state answer shows it to somebody."""
        return {p["name"]: p for p in self.state(who)["peers"]}[name]

    def make_cidr(self, name, cidr, parent=1):
        answer = self.post("/v1/admin/cidrs", {"name": name, "cidr": cidr, "parent": parent})
        assert answer.status == 201, answer
        return answer.json["id"]

    def make_peer(self, contents):
        answer = self.post("/v1/admin/peers", contents)
        assert answer.status == 201, answer
        return answer.json["id"]

    def make_association(self, one, other):
        answer = self.post("/v1/admin/associations", {"cidr_id_1": one, "cidr_id_2": other})
        assert answer.status == 201, answer


def make_template(bed, server_bin, fixture, folder):
    """Files of 8.1 in `folder`, made by the program's own `new`."""
    net = Network(bed, server_bin, folder)
    made = net.cli("new", "--network-name", net.name, "--network-cidr", fixture.root,
                   "--external-endpoint", fixture.external_endpoint,
                   "--listen-port", str(fixture.listen_port))
    assert made.returncode == 0, made
    fixture.fill(net.db_path)
    return net


def copy_network(template, folder, addresses):
    net = Network(template.bed, template.server_bin, folder, addresses)
    for path in (template.config_path, template.db_path):
        shutil.copy2(path, folder)
    return net
