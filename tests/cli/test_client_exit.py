"""Exit codes, last words and hints (spec/client.md 5.4), and the client of somebody without rights."""

import subprocess

import pytest

from client_bed import INNERNET, golden_api
from client_network import bed, network, running


def without(bed, capability, *args):
    """The client of a root that lacks a capability."""
    command = bed.command(*args)
    at = command.index("-m") + 1
    command[at:at] = ["setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}"]
    return subprocess.run(command, env=bed.environment(), text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120)


def test_eperm_is_explained(running):
    running.in_namespace("ip", "addr", "flush", "dev", "evilcorp")  # something to set up again
    result = without(running, "net_admin", "--backend", "userspace", "up", "evilcorp",
                     "--no-write-hosts", "--no-nat-traversal")
    assert result.returncode == 1
    assert "Operation not permitted (os error 1)" in result.stdout.rsplit("[E] ", 1)[1]
    assert result.stderr.startswith("ERROR: ")
    assert "CAP_NET_ADMIN" in result.stderr
    assert f"setcap cap_net_admin+eip {INNERNET}\n" in result.stderr


@pytest.mark.parametrize("args", [["fetch", "evilcorp"], ["up", "evilcorp"],
                                  ["list-cidrs", "evilcorp"], ["list-associations", "evilcorp"]])
def test_eacces_is_explained(network, args):
    import os
    for folder in (network.config_dir, network.data_dir):
        os.chown(folder, 12345, 12345)
    result = without(network, "dac_override,-dac_read_search", *args)
    assert result.returncode == 1
    assert "Permission denied (os error 13)" in result.stdout.rsplit("[E] ", 1)[1]
    assert result.stderr.startswith("ERROR: ")
    for part in ("/etc/innernet", "/var/lib/innernet", "chgrp", "chmod"):
        assert part in result.stderr


def test_other_failures_have_no_hint(network):
    result = network.run("fetch", "other")
    assert result.returncode == 1 and result.stderr == ""
    assert result.stdout.startswith("\n[E] ") and result.stdout.endswith(")\n\n")


@pytest.mark.parametrize("args, code", [
    (["list-cidrs", "evilcorp"], 0), ([], 0), (["--help"], 0), (["--version"], 0),
    (["completions", "bash"], 0), (["list-cidrs", "nothere"], 1), (["down", "nothere"], 1),
    (["list-cidrs"], 2), (["list-cidrs", "Bad_Name"], 2), (["nonsense"], 2),
    (["up", "--interval", "-5"], 2), (["enable-peer", "evilcorp", "--yes"], 2),
])
def test_exit_codes(running, args, code):
    result = running.run("--backend", "userspace", *args)
    assert result.returncode == code, result.stdout + result.stderr
    assert ("error: " in result.stderr) == (code == 2)


@pytest.mark.parametrize("args", [["list"], ["list", "--tree"], ["list-cidrs", "evilcorp"],
                                  ["list-associations", "evilcorp"], ["--help"]])
def test_nobody_reads_to_the_end(running, args):
    """`innernet list | head`: ends quietly (9.7)."""
    running.server.answers["GET", "/admin/cidrs"] = golden_api("GET", "/v1/admin/cidrs")
    process = subprocess.Popen(running.command("--backend", "userspace", *args),
                               env=running.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait(timeout=60)
    assert process.returncode in (-13, 0, 141)
