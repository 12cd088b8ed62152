"""The server's start, and the command line on a large network."""

import ipaddress
import os
import socket
import subprocess
import time
from statistics import median

import seed
from inside import Inside
from lab import STATE, Lab, request_bytes, wait_for, Wire
from seed import Plan

ATTEMPT_S = 0.005  # a SYN that came too early is not waited for
LARGE = 60000
LARGE_ROOT = ipaddress.ip_network("10.66.0.0/15")
LARGE_BASE = ipaddress.ip_network("10.67.0.0/16")


# --- start-up ------------------------------------------------------------------------------------

def _first_answer(lab, deadline):
    """Asks again and again from the moment when the device is there."""
    far = None
    while far is None:
        far = lab.bed.far_end()
    lab.bed.client_ip("route", "replace", f"{seed.SERVER}/32", "dev", far, "src", lab.plan.ip(0))
    request = request_bytes("GET", STATE, lab.auth())
    while time.monotonic() < deadline:
        try:
            with Wire(lab.bed.socket_for(lab.plan.ip(lab.user)), (seed.SERVER, seed.PORT),
                      ATTEMPT_S) as wire:
                wire.sock.settimeout(30)
                wire.send(request)
                answer = wire.response()
        except OSError:
            continue
        if answer is not None and answer.status == 200:
            return time.monotonic()
    raise AssertionError("no answer after the start")


def _start(lab):
    """Seconds from the command to the first answer."""
    net = lab.net
    lab.auth()  # reads the database, once
    argv = [net.server_bin, "--config-dir", net.folder, "--data-dir", net.folder, "--backend",
            "userspace", "serve", net.name, "--no-write-hosts"]
    begun = time.monotonic()
    with open(net.log_path, "ab") as log:
        net.process = lab.bed.start(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    env={"RUST_LOG": "error"})
    return _first_answer(lab, begun + 60) - begun


def _remove_device(lab):
    if os.path.exists(lab.bed.socket_path):
        os.unlink(lab.bed.socket_path)
    wait_for(lambda: lab.bed.far_end() is None, "end of the device", poll_s=0.002)


def _talk(lab, text):
    """One operation with the device; its answer."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(lab.bed.socket_path)
        s.sendall(text)
        data = b""
        while not data.endswith(b"\n\n"):
            more = s.recv(1 << 20)
            if not more:
                raise AssertionError("the device ended")
            data += more
    if b"errno=0\n" not in data:
        raise AssertionError(f"the device refuses: {data[-200:]!r}")
    return data


def _as_orders(dump):
    """What sets a device to what another one told."""
    keep = (b"private_key=", b"listen_port=", b"endpoint=", b"allowed_ip=",
            b"persistent_keepalive_interval=")
    lines = [b"set=1"]
    for line in dump.splitlines():
        if line.startswith(b"public_key="):
            lines += [line, b"replace_allowed_ips=true"]
        elif line.startswith(keep):
            lines.append(line)
    return b"\n".join(lines) + b"\n\n"


def _device_alone(lab, orders):
    """Seconds to start the device, to fill it and to read it once, without any server."""
    begun = time.monotonic()
    started = lab.bed.run([lab.tools.standin, seed.NAME])
    if started.returncode != 0:
        raise AssertionError(started.stderr)
    _talk(lab, orders)
    _talk(lab, b"get=1\n\n")
    return time.monotonic() - begun


def start_up(tools, figures, options):
    for n in options.sizes:
        with Lab(tools, Plan(n), start=False) as lab:
            whole, device = [], []
            for _ in range(options.starts):
                whole.append(_start(lab))
                orders = _as_orders(_talk(lab, b"get=1\n\n"))
                lab.net.stop()
                _remove_device(lab)
                device.append(_device_alone(lab, orders))
                _remove_device(lab)
            own = median(whole) - median(device)
            figures.add(f"start.{n}", "serve, start to first answer, without the device",
                        f"{n:,} peers", own, "s", ("<=", 0.3) if n == 10000 else None,
                        note=f"{median(whole):.3f} s in all, {median(device):.3f} s for the device")
            figures.detail(f"start.{n}", {"whole_s": whole, "device_s": device})
            figures.point("serve, start to first answer, s", n, own)


# --- the command line ----------------------------------------------------------------------------

def _add_peers(lab, inside, n_runs):
    costs = []
    for i in range(n_runs):
        path = os.path.join(lab.folder, f"invitation-{i}.toml")
        costs.append(inside.run(
            [lab.tools.server, "--config-dir", lab.folder, "--data-dir", lab.folder, "--backend",
             "userspace", "add-peer", seed.NAME, "--name", f"new-{i}", "--cidr", "part-000", "--auto-ip",
             "--admin", "false", "--save-config", path, "--invite-expires", "14d", "--yes"]))
        wanted = lab.plan.ip(lab.plan.n + i)
        if lab.net.peer(f"new-{i}")["ip"] != wanted:
            raise AssertionError(f"new-{i} should have {wanted}: {lab.net.peer(f'new-{i}')}")
    return costs


def add_peer(tools, figures, options):
    for n in [*(s for s in options.sizes if s >= 1000), options.n_large]:
        plan = Plan(n, root=LARGE_ROOT, base=LARGE_BASE)
        with Lab(tools, plan, start=False) as lab:
            inside = Inside(lab.bed._server_side.pid, lab.bed.environment(),
                            os.path.join(lab.folder, "log-add"))
            try:
                costs = _add_peers(lab, inside, options.starts)
            finally:
                inside.close()
            wall = median(c.wall_s for c in costs)
            cpu = median(c.cpu_s for c in costs)
            figures.add(f"add-peer.{n}", "add-peer --auto-ip", f"{n:,} peers in a /16", wall, "s",
                        ("<=", 0.3) if n == LARGE else None,
                        note=f"median of {len(costs)}, {cpu * 1e3:.0f} ms of CPU")
            figures.point("add-peer, CPU ms", n, cpu * 1e3)
