"""Load by wrk on the server and on the ceiling, in turns."""

import json
import os
import subprocess
from statistics import median

import seed
from lab import HERE, STATE, cpu_s

CONNECTIONS = 8


class Run:
    """One run of wrk on one process."""

    def __init__(self, told, cpu):
        self.rate = told["requests"] / told["seconds"]
        self.cpu_ms = cpu * 1e3 / max(told["requests"], 1)
        self.p50_ms, self.p99_ms = told["p50_ms"], told["p99_ms"]
        self.errors = told["errors"]


class Compared:
    """Rounds of (server, ceiling). A ratio is taken within each round, so that what slows the machine
    for a while slows both of its halves."""

    def __init__(self, rounds):
        self.rounds = rounds

    def _median(self, which, what):
        return median(getattr(r[which], what) for r in self.rounds)

    def server(self, what="rate"):
        return self._median(0, what)

    def ceiling(self, what="rate"):
        return self._median(1, what)

    def ratio(self):
        return median(server.rate / ceiling.rate for server, ceiling in self.rounds)

    def cpu_ratio(self):
        """The same by processor time per request: a machine with other work disturbs it less."""
        return median(ceiling.cpu_ms / server.cpu_ms for server, ceiling in self.rounds)

    def note(self):
        return (f"{self.server():,.0f} requests/s, ceiling {self.ceiling():,.0f}; by CPU time "
                f"{self.cpu_ratio():.2f}")

    def as_dict(self):
        names = ("rate", "cpu_ms", "p50_ms", "p99_ms")
        return {"server": {n: self.server(n) for n in names},
                "ceiling": {n: self.ceiling(n) for n in names},
                "ratio": self.ratio(), "cpu_ratio": self.cpu_ratio(),
                "ratios": [s.rate / c.rate for s, c in self.rounds]}


def pin(pid):
    """The process on the first processor; the load comes from the last. Where nobody else works, rounds differ
    less then, where others do, more."""
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {min(os.sched_getaffinity(0))})


def run_wrk(lab, pid, port, options, headers, spread=1):
    place = ["taskset", "-c", str(max(os.sched_getaffinity(0)))] if options.pin else []
    environment = dict(os.environ)
    if spread > 1:
        environment |= {"LD_PRELOAD": lab.tools.spread, "SPREAD_FIRST": lab.plan.ip(lab.user),
                        "SPREAD_STEP": str(lab.plan.cidr_step), "SPREAD_COUNT": str(spread)}
    fields = [word for name, value in headers for word in ("-H", f"{name}: {value}")]
    before = cpu_s(pid)
    done = subprocess.run(
        lab.on_clients([*place, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{options.seconds}s", "-s", str(HERE / "wrk.lua"),
                        *fields, f"http://{seed.SERVER}:{port}{STATE}"]),
        env=environment, capture_output=True, text=True)
    used = cpu_s(pid) - before
    if done.returncode != 0:
        raise AssertionError(f"wrk: {done.stdout}{done.stderr}")
    run = Run(json.loads(done.stdout.splitlines()[-1]), used)
    if run.errors:
        raise AssertionError(f"wrk: {run.errors} answers were errors:\n{done.stdout}")
    return run


def compare(lab, options, status, answer, headers=(), spread=1):
    """The server against a ceiling that gives the same answer."""
    body = answer.body if status == 200 else None
    more = [*lab.auth(), *headers]
    rounds = []
    with lab.ceiling(status, answer.header("etag"), body) as ceiling:
        if options.pin:
            pin(lab.pid)
            pin(ceiling.pid)
        for round_ in range(options.rounds):
            def server_run():
                return run_wrk(lab, lab.pid, seed.PORT, options, more, spread)

            def ceiling_run():
                return run_wrk(lab, ceiling.pid, seed.PORT + 1, options, more, spread)
            # Who begins changes from round to round.
            if round_ % 2 == 0:
                server = server_run()
                rounds.append((server, ceiling_run()))
            else:
                other = ceiling_run()
                rounds.append((server_run(), other))
    return Compared(rounds)
