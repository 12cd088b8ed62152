"""A running network of a given size: namespaces, database, server, and what it costs."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import seed

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "api"))

from bed import Bed, wait_for                     # noqa: E402
from network import KEY_HEADER, Network, compact  # noqa: E402
from namespaces import hold, release              # noqa: E402,F401
from wire import Wire, request_bytes              # noqa: E402

STATE = "/v1/user/state"
GATEWAY = "10.66.255.254"  # nobody: it keeps the neighbour table at one entry


class Tools:
    """The programs of one build."""

    def __init__(self, build):
        build = pathlib.Path(build).resolve()
        self.build = build
        self.server = str(build / "src/server/innernet-server")
        self.client = str(build / "src/client/innernet")
        self.standin = str(build / "tests/standin/wg-standin")
        self.ceiling = str(build / "tests/bench/ceiling")
        self.spread = str(build / "tests/bench/spread.so")
        self.waiters = str(build / "tests/bench/waiters")
        self.prober = str(build / "tests/bench/prober")


def cpu_s(pid):
    """Processor time of a process so far, all of its threads, in seconds."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def memory_kb(pid, field="Pss"):
    """A line of /proc/PID/smaps_rollup, e.g. Rss or Pss."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise KeyError(field)


def settle(pid, quiet_s=0.3, deadline_s=60, limit=0.02):
    """Waits until a process uses less than `limit` of a processor for `quiet_s` on end."""
    end = time.monotonic() + deadline_s
    while True:
        before, at = cpu_s(pid), time.monotonic()
        time.sleep(quiet_s)
        if (cpu_s(pid) - before) / (time.monotonic() - at) < limit:
            return
        if time.monotonic() > end:
            raise AssertionError(f"process {pid} does not come to rest within {deadline_s} s")


def _choose_congestion_control(bed):
    """The kernel's usual one, whatever this machine prefers: some pace, which takes timers."""
    for inside in (bed._server_side, bed._client_side):
        for name in ("cubic", "reno"):
            done = subprocess.run(["nsenter", f"--net=/proc/{inside.pid}/ns/net", "--", "sysctl", "-qw",
                                   f"net.ipv4.tcp_congestion_control={name}"], capture_output=True)
            if done.returncode == 0:
                break


class Ceiling:
    def __init__(self, process):
        self._process = process
        self.pid = process.pid_inside

    def n_requests(self):
        self._process.stdin.write(b"?")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


class Lab:
    """One network with its server; to be used as a context manager."""

    def __init__(self, tools, plan, keys=None, start=True, local=None):
        """`keys`: public keys of some peers, by number; `local`: the addresses that are on this side of the
        device, so that anything may be bound to them; all, unless told otherwise."""
        self.tools, self.plan = tools, plan
        self.folder = tempfile.mkdtemp(prefix="innernet-bench-")
        self.bed = None
        self.net = None
        self.key = None
        try:
            self._build(keys, local)
            if start:
                self.start()
        except BaseException:
            self.close()
            raise

    def _build(self, keys, local):
        self.bed = Bed(seed.NAME, self.tools.standin)
        self.net = Network(self.bed, self.tools.server, self.folder)
        made = self.net.cli("new", "--network-name", seed.NAME, "--network-cidr", str(self.plan.root),
                            "--external-endpoint", f"198.51.100.1:{seed.PORT}",
                            "--listen-port", str(seed.PORT))
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        seed.fill(self.net, self.plan, keys)
        _choose_congestion_control(self.bed)
        self.bed.client_ip("route", "add", "local", local or str(self.plan.base), "dev", "lo")

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def close(self):
        if self.bed:
            if self.net and self.net.process:
                with contextlib.suppress(Exception):
                    self.net.stop()
            self.bed.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- the server --------------------------------------------------------------------------

    def start(self, log="error", **options):
        self.net.start(env={"RUST_LOG": log}, **options)
        self.join()

    def join(self):
        """Routes between both sides, once the device is there. They are narrower than those that
        the server makes, and lead to one neighbour: ten thousand would not fit into its table."""
        far = wait_for(self.bed.far_end, "far end of the device", poll_s=0.001)
        self.bed.client_ip("route", "replace", f"{seed.SERVER}/32", "dev", far, "src",
                           self.plan.ip(0))
        for half in self.plan.base.subnets():
            self.bed.server_ip("route", "replace", str(half), "via", GATEWAY, "dev", seed.NAME,
                               "onlink")

    @property
    def pid(self):
        return self.net.process.pid_inside

    def settle(self, **how):
        settle(self.pid, **how)

    def auth(self):
        if not self.key:
            self.key = self.net.server_key
        return [(KEY_HEADER, self.key)]

    def connect(self, peer=0, port=seed.PORT, timeout=60):
        return Wire(self.bed.socket_for(self.plan.ip(peer)), (seed.SERVER, port), timeout)

    def request(self, method, target, body=None, peer=0, headers=(), **connect):
        """One request over a connection of its own, from the address of the peer with this number."""
        if body is not None:
            body = compact(body)
        with self.connect(peer, **connect) as wire:
            wire.send(request_bytes(method, target, [*self.auth(), *headers], body))
            answer = wire.response()
        if answer is None:
            raise AssertionError(f"{method} {target}: the connection was dropped")
        return answer

    def state(self, *headers, peer=None):
        """The answer to GET state; it must be 200."""
        answer = self.request("GET", STATE, peer=self.user if peer is None else peer, headers=headers)
        if answer.status != 200:
            raise AssertionError(f"GET {STATE}: {answer}")
        return answer

    def answers_304(self, tag):
        """Does the server know conditional requests?"""
        if not tag:
            return False
        answer = self.request("GET", STATE, peer=self.user, headers=[("If-None-Match", tag)])
        return answer.status == 304

    @property
    def user(self):
        """The number of a peer that is no admin, if there is one."""
        return min(1, self.plan.n - 1)

    # --- programs beside the server ------------------------------------------------------------

    def on_clients(self, argv):
        """The command that runs `argv` in the peers' network."""
        return ["nsenter", f"--net=/proc/{self.bed._client_side.pid}/ns/net", "--", *argv]

    @contextlib.contextmanager
    def ceiling(self, status, tag, body=None, port=seed.PORT + 1):
        """A bare libmicrohttpd on the server's side."""
        argv = [self.tools.ceiling, seed.SERVER, str(port), str(status), tag or '"none"']
        if body is not None:
            path = os.path.join(self.folder, f"body-{port}")
            pathlib.Path(path).write_bytes(body)
            argv.append(path)
        process = self.bed.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            if process.stdout.readline() != b"ready\n":
                raise AssertionError("the ceiling does not start")
            yield Ceiling(process)
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait(10)
