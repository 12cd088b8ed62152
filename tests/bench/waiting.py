"""Clients that wait for a change: what they cost, how fast it reaches them, and what others feel."""

import contextlib
import gzip
import json
import subprocess
import time
import zlib
from statistics import median

import seed
from answers import GZIP
from lab import Lab, compact, memory_kb, request_bytes
from seed import Plan

WAIT_S = 300
LIMIT_S = 60
PROBE_MS = 5


class Waiters:
    """Peers 0 to n - 1, each with a connection of its own (waiters.c)."""

    def __init__(self, lab, n):
        self.lab, self.n = lab, n
        self.process = subprocess.Popen(
            lab.on_clients([lab.tools.waiters, seed.SERVER, str(seed.PORT), lab.auth()[0][1],
                            lab.plan.ip(0), str(n)]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError("the waiting clients ended")
        return json.loads(answer)

    def ask(self, tag, wait_s=WAIT_S):
        return self.order(f"ask {wait_s} {tag}")

    def answered(self, since_ns=0, limit_s=LIMIT_S):
        return self.order(f"answered {since_ns} {limit_s}")


@contextlib.contextmanager
def probing(lab, peer):
    """Small requests at a steady pace from another peer's address; the figures are in what is yielded,
    afterwards."""
    result = {}
    process = subprocess.Popen(
        lab.on_clients([lab.tools.prober, seed.SERVER, str(seed.PORT), lab.auth()[0][1],
                        lab.plan.ip(peer), str(PROBE_MS), "*"]),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "ready\n":
            raise AssertionError("the prober does not start")
        yield result
        process.stdin.close()
        result |= json.loads(process.stdout.readline())
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait(10)
        process.stdout.close()


class Switch:
    """Disables a peer and enables it again, as an admin does it."""

    def __init__(self, lab, peer):
        self.lab = lab
        answer = lab.request("GET", "/v1/admin/peers")
        address = lab.plan.ip(peer)
        record = next(p for p in answer.json if p["ip"] == address)
        self.target = f"/v1/admin/peers/{record['id']}"
        self.contents = {k: v for k, v in record.items() if k != "id"}

    def flip(self):
        """Returns the moment just before the change was sent."""
        self.contents["is_disabled"] = not self.contents["is_disabled"]
        data = request_bytes("PUT", self.target, self.lab.auth(), compact(self.contents))
        with self.lab.connect(0) as wire:
            since_ns = time.monotonic_ns()
            wire.send(data)
            answer = wire.response()
        if answer is None or answer.status != 204:
            raise AssertionError(f"PUT {self.target}: {answer}")
        return since_ns


def knows_waiting(lab, tag):
    """Does the server say that it would wait?"""
    answer = lab.state(("Prefer", "wait=1"))
    return lab.answers_304(tag) and (answer.header("preference-applied") or "").startswith("wait=")


def _fault(told, answer, n):
    """What is wrong with what the clients got; None when each has the whole new state."""
    wanted = {"status": {"200": n}, "length": {str(len(answer.body)): n}}
    for name, counts in wanted.items():
        if told[name] != counts:
            return f"{name} {json.dumps(told[name])} instead of {json.dumps(counts)}"
    if told["missing"] or told["dropped"] or told["gzip"] != n:
        return f"{told['missing']} got nothing, {told['dropped']} were dropped, {told['gzip']} came as gzip"
    if list(told["crc"]) != [str(zlib.crc32(answer.body))]:
        return f"bodies differ: {json.dumps(told['crc'])}"
    return None


def _park(lab, waiters, tag):
    """All ask; returns how many wait once the server has come to rest."""
    waiters.ask(tag)
    lab.settle()
    return waiters.answered(0, 0)["missing"]


class Woken:
    """What came of some changes: worst and median over them."""

    def __init__(self):
        self.told, self.probed, self.fault, self.size = [], [], None, 0

    def over(self, which, how, name):
        return how(r[name] for r in getattr(self, which))


def _wake(lab, waiters, n, rounds, woken):
    switch = Switch(lab, lab.plan.n - 1)
    for _ in range(rounds):
        parked = _park(lab, waiters, lab.state(GZIP).header("etag"))
        if parked != n:
            woken.fault = f"{parked} of {n} were left waiting"
            return
        with probing(lab, lab.plan.n - 2) as probed:
            since_ns = switch.flip()
            told = waiters.answered(since_ns)
        answer = lab.state(GZIP)
        woken.fault = _fault(told, answer, n)
        woken.told.append(told)
        woken.probed.append(probed)
        woken.size = len(answer.body)
        if zlib.crc32(gzip.decompress(answer.body)) != zlib.crc32(lab.state().body):
            woken.fault = "the gzip body is not the plain one"
        if woken.fault:
            return


LAST = "change until all waiting clients have the new state"
P99 = "change until a waiting client has the new state, p99"
OTHERS = "other requests meanwhile, p99"
STORM = "all clients come back at once, until all have their 304"
PER_CLIENT = "server memory per waiting client"
UNKNOWN = "this server knows no Prefer: wait"


def _cannot_tell(figures, key, at, why):
    for name, text in (("p99", P99), ("all", LAST), ("others", OTHERS)):
        figures.add(f"{key}.{name}", text, at, note=why)


def _tell_wake(figures, woken, key, n_peers, n, small):
    at = f"{n:,} clients waiting, {n_peers:,} peers, {woken.size / 1e3:,.0f} kB gzip"
    if woken.fault:
        _cannot_tell(figures, key, at, woken.fault)
        return
    p99 = woken.over("told", median, "p99_ms")
    figures.add(f"{key}.p99", P99, at, p99, "ms", ("<=", 250) if n_peers == n == 1000 else None,
                note=f"median of {len(woken.told)}, worst {woken.over('told', max, 'p99_ms'):.0f} ms")
    figures.add(f"{key}.all", LAST, at, woken.over("told", max, "max_ms") / 1e3, "s",
                None if small else ("<=", 15), note=f"worst of {len(woken.told)}")
    figures.add(f"{key}.others", OTHERS, at, woken.over("probed", median, "p99_ms"), "ms",
                None if small else ("<=", 100),
                note=f"worst of all {woken.over('probed', max, 'max_ms'):.1f} ms, "
                     f"{sum(p['errors'] for p in woken.probed)} errors")
    figures.detail(key, {"waiting": woken.told, "others": woken.probed})
    if small:
        figures.point("a change to 1,000 waiting, p99 ms", n_peers, p99)


def few(tools, figures, options):
    """1,000 waiting, in networks of every size that has so many."""
    n = min(1000, options.sizes[-1])
    for n_peers in [s for s in options.sizes if s >= n]:
        # One to disable and one to ask meanwhile, who do not wait.
        with Lab(tools, Plan(n_peers + 2)) as lab:
            if not knows_waiting(lab, lab.state().header("etag")):
                _cannot_tell(figures, f"wake.{n_peers}", f"{n:,} clients waiting", UNKNOWN)
                return
            woken = Woken()
            with Waiters(lab, n) as waiters:
                waiters.order("connect")
                _wake(lab, waiters, n, options.changes, woken)
            _tell_wake(figures, woken, f"wake.{n_peers}", n_peers, n, True)


def _idle_memory(lab, figures, n):
    lab.state()
    lab.state(GZIP)
    lab.settle()
    rss = memory_kb(lab.pid, "Rss")
    figures.add(f"memory.{n}", "server memory, idle", f"{n:,} peers", rss / 1e3, "MB",
                ("<=", 16) if n >= 10000 else None,
                note=f"resident; {memory_kb(lab.pid, 'Pss') / 1e3:.1f} MB without shared libraries")
    figures.point("server memory MB", n, rss / 1e3)
    return rss


def memory(tools, figures, options):
    for n in options.sizes[:-1]:
        with Lab(tools, Plan(n)) as lab:
            _idle_memory(lab, figures, n)
    if not options.wants("crowd"):
        n = options.sizes[-1]
        with Lab(tools, Plan(n)) as lab:
            _idle_memory(lab, figures, n)


def _storm(waiters, figures, tag, n):
    connected = waiters.order("connect")
    waiters.ask(tag, 0)
    told = waiters.answered()
    ok = told["status"] == {"304": n}
    figures.add("storm", STORM, f"{n:,} clients",
                connected["seconds"] + told["max_ms"] / 1e3 if ok else None, "s",
                note=f"{connected['seconds']:.2f} s to connect all" if ok else json.dumps(told))
    figures.detail("storm", {"connected": connected, "answered": told})


def crowd(tools, figures, options):
    """Every peer of the largest network waits."""
    n = options.sizes[-1]
    with Lab(tools, Plan(n + 2)) as lab:
        idle_kb = _idle_memory(lab, figures, n)
        tag = lab.state(GZIP).header("etag")
        if not knows_waiting(lab, lab.state().header("etag")):
            at = f"{n:,} clients waiting"
            figures.add("storm", STORM, at, note=UNKNOWN)
            figures.add("memory.waiting", PER_CLIENT, at, note=UNKNOWN)
            _cannot_tell(figures, "crowd", at, UNKNOWN)
            return
        with Waiters(lab, n) as waiters:
            _storm(waiters, figures, tag, n)
            parked = _park(lab, waiters, tag)
            kb = (memory_kb(lab.pid, "Rss") - idle_kb) / n
            figures.add("memory.waiting", PER_CLIENT,
                        f"{n:,} clients waiting", kb if parked == n else None, "kB", ("<=", 12),
                        note="" if parked == n else f"{parked} of {n} were left waiting")
        with Waiters(lab, n) as waiters:
            woken = Woken()
            waiters.order("connect")
            _wake(lab, waiters, n, max(1, options.changes // 2), woken)
        _tell_wake(figures, woken, "crowd", n, n, False)
        lab.settle()
        figures.add("memory.after", "server memory, after they have gone", f"{n:,} peers",
                    memory_kb(lab.pid, "Rss") / 1e3, "MB")
