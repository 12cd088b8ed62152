"""A place where the real client runs alone: its own network and mount namespace, its own /run, and
folders of its own. Beside it a scripted server, and if wanted a scripted UAPI device.

Standard library only; needs root. The server's address sits on the namespace's loopback, so that
requests reach the script whatever the device under test carries.
"""

import ctypes
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

INNERNET = os.environ["INNERNET"]
WG_STANDIN = os.environ.get("WG_STANDIN", "")
DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
GOLDEN = DATA / "golden"
SERVER_IP = "10.66.0.1"
SERVER_PORT = 51820
CLONE_NEWNET = 0x40000000

# Keys of the golden network.
SERVER_KEY = "4S1xKBAElTwaxNeUwv8ncdiQdGc0VBYi8xFrawYOlR4="
ADMIN_KEY = "2IAk2EqXjhC6lvp56HEjn10uFHZMyBxY7on1sz3/jX4="
PEER2_KEY = "AIKdo0ABetmYLOzsBA8C5LbDBusAWce1MsG4quRvzlg="
PEER3_KEY = "zkccNlQ4w24/oUjijqz2fTWWbLV/jqn8UI+0RtDAv2k="

SETUP = """
set -e
mount -t tmpfs none /run
mkdir /run/wireguard
ip link set lo up
ip addr add {ip}/32 dev lo
echo ready
exec sleep infinity
"""


def golden_api(method, path):
    """The body of a recorded answer."""
    text = (GOLDEN / "api.txt").read_text()
    exchange = re.search(rf"^>>> {method} {re.escape(path)}\n(.*?)\n\n(.*?)\n\n", text, re.M | re.S)
    return exchange.group(2)


def socket_in_netns(pid, address):
    """A listening TCP socket that belongs to the network namespace of `pid`."""
    made = []

    def work():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{pid}/ns/net") as ns:
            if libc.setns(ns.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        made.append(socket.create_server(address))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return made[0]


class ScriptedServer:
    """Answers requests from a table and remembers them.

    answers[("GET", "/user/state")] is a body, a (status, body) or (status, body, headers), or a
    function of the handler and the request's body that returns one of these, or writes to the raw
    connection itself and returns None.
    """

    def __init__(self, listener):
        self.answers = {}
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length).decode()
                path = self.path.removeprefix("/v1")
                outer.requests.append((self.command, path, body, dict(self.headers),
                                       self.client_address))
                answer = outer.answers.get((self.command, path), (404, ""))
                if callable(answer):
                    answer = answer(self, body)
                if answer is not None:
                    self.reply(answer)

            def reply(self, answer):
                status, text, *rest = answer if isinstance(answer, tuple) else (200, answer)
                data = text.encode()
                self.send_response(status)
                for name, value in (rest[0] if rest else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = serve

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.http = Server(("", 0), Handler, bind_and_activate=False)
        self.http.socket.close()
        self.http.socket = listener
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def calls(self):
        return [(method, path) for method, path, *_ in self.requests]

    def bodies(self, method, path):
        return [json.loads(r[2]) for r in self.requests if r[:2] == (method, path)]

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class ScriptedDevice:
    """A userspace WireGuard that answers every get=1 with the same text; sets are remembered."""

    def __init__(self, path, answer):
        self.answer = answer
        self.sets = []
        self.refusals = 0  # so many sets from now on fail
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rw") as stream:
                self.talk(stream)

    def talk(self, stream):
        request = []
        for line in stream:
            if line != "\n":
                request.append(line.rstrip("\n"))
                continue
            error = 0
            if request and request[0] == "get=1":
                text = self.answer() if callable(self.answer) else self.answer
            else:
                text = ""
                error = -5 if self.refusals > 0 else 0
                self.refusals -= bool(error)
                if not error:
                    self.sets.append(request)
            stream.write(f"{text}errno={error}\n\n")
            stream.flush()
            request = []

    def close(self):
        self.listener.close()


class Bed:
    def __init__(self, tmp_path):
        self.dir = tmp_path
        self.config_dir, self.data_dir = tmp_path / "etc", tmp_path / "data"
        self.hosts = tmp_path / "hosts"
        self.closing = []
        self.holder = subprocess.Popen(
            ["unshare", "-n", "-m", "--propagation", "private", "sh", "-c",
             SETUP.format(ip=SERVER_IP)], stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n"
        self.server = None

    def __enter__(self):
        return self

    def __exit__(self, *args):
        for thing in self.closing:
            thing.close()
        # Stand-ins are daemons of the namespace: they leave when their sockets do.
        for path in self.uapi_folder().glob("*.sock"):
            path.unlink()
        self.holder.kill()
        self.holder.wait()

    # --- what is there ---

    def install_golden(self, store=True):
        """The golden admin's configuration and store, as after an installation."""
        for folder in (self.config_dir, self.data_dir):
            folder.mkdir(mode=0o700)
        shutil.copy(GOLDEN / "client.conf", self.conf)
        self.conf.chmod(0o600)
        if store:
            shutil.copy(GOLDEN / "store.json", self.store)
            self.store.chmod(0o600)

    @property
    def conf(self):
        return self.config_dir / "evilcorp.conf"

    @property
    def store(self):
        return self.data_dir / "evilcorp.json"

    def stored_peers(self):
        return {peer["name"]: peer for peer in json.loads(self.store.read_text())["peers"]}

    def uapi_folder(self):
        return pathlib.Path(f"/proc/{self.holder.pid}/root/run/wireguard")

    def start_server(self):
        self.server = ScriptedServer(socket_in_netns(self.holder.pid, (SERVER_IP, SERVER_PORT)))
        self.closing.append(self.server)
        return self.server

    def start_golden_server(self):
        server = self.start_server()
        for method, path in [("GET", "/user/state"), ("GET", "/user/capabilities"),
                             ("GET", "/admin/peers"), ("GET", "/admin/cidrs"),
                             ("GET", "/admin/associations")]:
            server.answers[method, path] = golden_api(method, "/v1" + path)
        server.answers["PUT", "/user/candidates"] = (204, "")
        return server

    def scripted_device(self, answer, name="evilcorp"):
        device = ScriptedDevice(self.uapi_folder() / f"{name}.sock", answer)
        self.closing.append(device)
        return device

    # --- what is done ---

    def command(self, *args):
        return ["nsenter", "-t", str(self.holder.pid), "-n", "-m", INNERNET,
                "-c", str(self.config_dir), "-d", str(self.data_dir), *args]

    def environment(self, **extra):
        base = {"PATH": os.environ["PATH"], "WG_USERSPACE_IMPLEMENTATION": WG_STANDIN}
        return {**base, **extra}

    def run(self, *args, env=None, **keywords):
        """Runs the client to its end, without a terminal."""
        return subprocess.run(self.command(*args), env=self.environment(**(env or {})), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              start_new_session=True, **keywords)

    def start(self, *args, **keywords):
        return subprocess.Popen(self.command(*args), env=self.environment(), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, **keywords)

    def up(self, *args):
        """`up` on the stand-in device."""
        return self.run("--backend", "userspace", "up", "evilcorp", "--hosts-path",
                        str(self.hosts), "--no-nat-traversal", *args)

    def fetch(self, *args):
        return self.run("--backend", "userspace", "fetch", "evilcorp", "--hosts-path",
                        str(self.hosts), "--no-nat-traversal", *args)

    def in_namespace(self, *command):
        return subprocess.run(["nsenter", "-t", str(self.holder.pid), "-n", "-m", *command],
                              check=True, text=True, capture_output=True).stdout

    # --- the device, as it says itself ---

    def uapi(self, request, name="evilcorp"):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.uapi_folder() / f"{name}.sock"))
            s.sendall(request.encode())
            with s.makefile() as stream:
                lines = []
                for line in stream:
                    if line == "\n":
                        return lines
                    lines.append(line.rstrip("\n").split("=", 1))
        return lines

    def has_device(self, name="evilcorp"):
        return (self.uapi_folder() / f"{name}.sock").exists()

    def device(self, name="evilcorp"):
        """{"listen_port": ..., "peers": {hex key: {key: value, "allowed_ip": [...]}}}"""
        device = {"peers": {}}
        target = device
        for key, value in self.uapi("get=1\n\n", name):
            if key == "public_key":
                target = device["peers"][value] = {"allowed_ip": []}
            elif key == "allowed_ip":
                target["allowed_ip"].append(value)
            else:
                target[key] = value
        return device


def hex_key(text):
    import base64
    return base64.b64decode(text).hex()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def wait_until(condition, what, deadline_s=30):
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def end_daemon(daemon):
    """Asks it to stop, which it does in good order; what it had to say."""
    daemon.send_signal(signal.SIGTERM)
    output, _ = daemon.communicate(timeout=30)
    assert daemon.returncode == 0, output
    return output


def need_root():
    import pytest
    if os.geteuid() != 0:
        pytest.skip("needs root: the client runs in namespaces of its own")
