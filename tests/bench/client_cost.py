"""What the client uses of a processor: nothing changed, and one peer changed."""

import contextlib
import time
from statistics import median

import seed
from client_host import ClientHost
from lab import Lab, cpu_s, settle
from seed import Plan, key_pair
from waiting import Switch

CLIENT = 1  # the number of the peer that is measured; 0 is the admin
GOALS = {"up-304": 35, "up-full": 60, "daemon-304": 8, "daemon-change": 60}
LINES = {"up-304": "client, up answered 304", "up-full": "client, up with the full state",
         "daemon-304": "client, daemon's cycle with 304", "daemon-change": "client, daemon, one peer changed"}
TEXTS = {"up-304": "client CPU, one-shot up, 304", "up-full": "client CPU, one-shot up, full state",
         "daemon-304": "client CPU, daemon, cycle with 304",
         "daemon-change": "client CPU, daemon, one peer changed"}


class Place:
    """A lab and a client in it that is up."""

    def __init__(self, tools, n):
        private, public = key_pair()
        with contextlib.ExitStack() as stack:
            # The admin's address is on our side of the client's device, the client's beyond it.
            plan = Plan(n)
            self.lab = stack.enter_context(
                Lab(tools, plan, keys={CLIENT: public}, local=plan.ip(0)))
            self.host = stack.enter_context(ClientHost(self.lab, CLIENT, private))
            self.host.first_up()
            self._stack = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()


def _tell(figures, key, n, seconds, note=""):
    at = f"{n:,} peers"
    if seconds is None:
        figures.add(f"{key}.{n}", TEXTS[key], at, note=note)
        return
    cpu_ms = seconds * 1e3
    figures.add(f"{key}.{n}", TEXTS[key], at, cpu_ms, "ms",
                ("<=", GOALS[key]) if n == 10000 else None, note=note)
    figures.point(f"{LINES[key]}, CPU ms", n, cpu_ms)


def _one_shots(place, figures, options, n):
    """Whether an answer was a 304 is seen from what came by the device."""
    host = place.host
    gzip_size = len(place.lab.state(("Accept-Encoding", "gzip"), peer=0).body)
    full, unchanged = [], []
    for _ in range(options.ups):
        host.forget_tag()
        cpu, received = host.up()
        if received < gzip_size:
            raise AssertionError(f"{received} bytes came, but the state has {gzip_size}")
        full.append((cpu, received))
    for _ in range(options.ups):
        unchanged.append(host.up())
    cpu, received = (median(column) for column in zip(*full))
    _tell(figures, "up-full", n, cpu, f"median of {options.ups}, {received / 1e3:,.0f} kB came")
    worst = max(received for _, received in unchanged)
    cpu = median(cpu for cpu, _ in unchanged)
    is_304 = worst < gzip_size and host.tag_path.exists()
    _tell(figures, "up-304", n, cpu if is_304 else None,
          f"median of {options.ups}, {worst / 1e3:,.1f} kB came" if is_304
          else "the client got the full state again")
    return is_304


@contextlib.contextmanager
def _ceiling_in_place_of_server(lab):
    """From now on a ceiling that knows nothing but an empty 304 answers new connections."""
    rules = ("table ip bench {\n chain in {\n  type nat hook prerouting priority dstnat;\n"
             f"  tcp dport {seed.PORT} redirect to :{seed.PORT + 1}\n }}\n}}\n")
    tag = lab.state(peer=0).header("etag")
    with lab.ceiling(304, tag) as ceiling:
        done = lab.bed.run(["nft", "-f", "-"], input=rules)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        try:
            yield ceiling
        finally:
            lab.bed.run(["nft", "delete", "table", "ip", "bench"])


def _polling(place, figures, options, n):
    """The daemon as it polls a server that answers 304 at once and leaves nobody waiting."""
    with _ceiling_in_place_of_server(place.lab) as ceiling, place.host.daemon("--interval", "1") as pid:
        def requests(at_least, limit_s=30):
            end = time.monotonic() + limit_s
            while (n_now := ceiling.n_requests()) < at_least and time.monotonic() < end:
                time.sleep(0.02)
            time.sleep(0.3)  # what follows the answer belongs to its cycle
            return n_now
        before, at = requests(2), cpu_s(pid)
        after = requests(before + options.cycles)
        used = cpu_s(pid) - at
    if after - before < options.cycles:
        _tell(figures, "daemon-304", n, None, f"{after - before} requests only\n{place.host.log()[-500:]}")
    else:
        _tell(figures, "daemon-304", n, used / (after - before), f"mean of {after - before} cycles")


def _daemon_has(host, key, wanted):
    """Is the peer on the client's device?"""
    return (key in host.device_keys()) == wanted


def _changes(place, figures, options, n):
    """The daemon waits at the server; a peer is disabled and enabled again, with rests between."""
    lab, host = place.lab, place.host
    switch = Switch(lab, n - 1)
    key = switch.contents["public_key"]
    costs = []
    with host.daemon("--interval", "60") as pid:
        settle(pid, quiet_s=0.5)
        for _ in range(options.changes):
            before = cpu_s(pid)
            switch.flip()
            settle(pid, quiet_s=0.5)
            if not _daemon_has(host, key, not switch.contents["is_disabled"]):
                _tell(figures, "daemon-change", n, None, "the daemon does not follow at once: it polls")
                return
            costs.append(cpu_s(pid) - before)
    _tell(figures, "daemon-change", n, median(costs), f"median of {len(costs)}")


def clients(tools, figures, options):
    for n in options.sizes:
        with Place(tools, n) as place:
            if options.wants("client"):
                _one_shots(place, figures, options, n)
            if options.wants("daemon") and n > 2:
                if place.host.tag_path.exists():
                    _polling(place, figures, options, n)
                else:
                    _tell(figures, "daemon-304", n, None, "this client keeps no tag")
                _changes(place, figures, options, n)


