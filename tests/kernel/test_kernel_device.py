"""Our device layer (wg.h, netif.h) on the kernel's WireGuard, through kernel_tool. What it did is
looked at with ip(8), wg(8) and netlink by hand."""

import base64
import json
import os
import pathlib
import struct
import subprocess

import pytest

import genl
from hosts import wait_until

NAME = "wgtool"
IFF_UP, IFF_NOARP = 1, 0x80


def ip_json(*words):
    done = subprocess.run(["ip", "-j", *words], check=True, capture_output=True, text=True)
    return json.loads(done.stdout or "[]")


def tool(*words, backend="kernel", check=0):
    done = subprocess.run(
        [os.environ["INNERNET_BUILD"] + "/tests/kernel/kernel_tool", backend, *map(str, words)],
        capture_output=True, text=True, timeout=300)
    assert done.returncode == check, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def new_key():
    return subprocess.run(["wg", "genkey"], check=True, capture_output=True, text=True).stdout.strip()


def public_key(private):
    done = subprocess.run(["wg", "pubkey"], input=private, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def made_up_key(n):
    """The n-th peer of kernel_tool."""
    return base64.b64encode(struct.pack("=BI27x", 1, n)).decode()


def wg_show(what):
    done = subprocess.run(["wg", "show", NAME, what], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def peers():
    return sorted(wg_show("peers").split())


@pytest.fixture
def own_key():
    return new_key()


@pytest.fixture
def device(own_key):
    assert tool("bring-up", NAME, "10.70.0.1/16", own_key, 45679) == "created\n"
    yield NAME
    subprocess.run(["ip", "link", "del", NAME], check=False)


@pytest.mark.parametrize("address", ["10.70.0.1/16", "fd00:70::1/64"])
def test_bring_up(own_key, address):
    tool("bring-up", NAME, address, own_key, 45679)
    try:
        link = ip_json("-d", "link", "show", NAME)[0]
        assert link["linkinfo"]["info_kind"] == "wireguard"
        assert link["mtu"] == 1280
        assert "UP" in link["flags"] and "NOARP" in link["flags"]
        assert wg_show("public-key") == public_key(own_key)
        assert wg_show("listen-port") == "45679"
        host, prefix = address.split("/")
        own = [a for a in ip_json("address", "show", "dev", NAME)[0]["addr_info"]
               if a["scope"] == "global"]
        assert [(a["local"], a["prefixlen"]) for a in own] == [(host, int(prefix))]
        assert "tentative" not in own[0]
        family, network = (("-6", "fd00:70::/64") if ":" in host else ("-4", "10.70.0.0/16"))
        assert network in [r["dst"] for r in ip_json(family, "route", "show", "dev", NAME)]
    finally:
        assert tool("delete", NAME) == "ok\n"
    assert NAME not in os.listdir("/sys/class/net")


def test_bring_up_again_keeps_what_is_there(device, own_key):
    tool("add", device, 0, 3)
    assert tool("bring-up", device, "10.70.0.1/16", own_key, 45679) == "existed\n"
    assert len(peers()) == 3
    assert tool("list").split() == [device]


def test_a_failed_bring_up_leaves_no_device(own_key):
    # The port is taken by another device, so WireGuard cannot open its socket when it goes up.
    tool("bring-up", NAME, "10.70.0.1/16", own_key, 45679)
    try:
        out = tool("bring-up", "wgtwo", "10.71.0.1/16", new_key(), 45679, check=3)
        assert out.startswith("error ")
        assert "wgtwo" not in os.listdir("/sys/class/net")
    finally:
        tool("delete", NAME)


def test_replace_and_remove(device):
    tool("add", device, 0, 5)
    tool("replace", device, 3, 4)
    assert peers() == sorted(made_up_key(n) for n in range(3, 7))
    tool("remove", device, made_up_key(4))
    assert peers() == sorted(made_up_key(n) for n in (3, 5, 6))
    assert wg_show("persistent-keepalive").count("\t25") == 3


def test_ten_thousand_peers_go_in_and_come_back():
    count = 10000
    # A device without a key: with one, each new peer costs a curve multiplication in an emulator.
    subprocess.run(["ip", "link", "add", NAME, "type", "wireguard"], check=True)
    try:
        tool("add", NAME, 0, count)
        device_line, *lines = tool("get", NAME).splitlines()
        assert device_line.split()[3] == str(count)
        entries = [line.split() for line in lines]
        assert len({key for key, *_ in entries}) == count
        assert {(n_ips, keepalive, handshake) for _, n_ips, keepalive, handshake in entries} == {
            ("1", "25", "0")}
        # The kernel did hand it out in parts.
        wg = genl.WireGuard()
        parts = len(wg.get(NAME))
        wg.close()
        assert parts > 20
        # All but the last one go in eight messages, which the kernel takes in their full length.
        assert tool("remove-many", NAME, 0, count - 1) == "ok\n8\n"
        assert peers() == [made_up_key(count - 1)]
        tool("replace", NAME, 0, 0)
        assert tool("get", NAME).splitlines()[0].split()[3] == "0"
    finally:
        subprocess.run(["ip", "link", "del", NAME], check=True)


def test_very_many_allowed_ips_are_split_and_merged(device):
    count = 5000
    tool("add", device, 0, 2)
    tool("add-wide", device, 7, count)
    assert len(wg_show("allowed-ips").splitlines()) == 3
    lines = tool("get", device).splitlines()
    assert lines[0].split()[3] == "3"
    by_key = {line.split()[0]: line.split()[1] for line in lines[1:]}
    assert by_key[made_up_key(7)] == str(count)
    # A second time it replaces them, though they take several messages.
    tool("add-wide", device, 7, count - 1)
    lines = tool("get", device).splitlines()
    assert {line.split()[0]: line.split()[1] for line in lines[1:]}[made_up_key(7)] == str(count - 1)


def test_missing_device_is_enodev():
    for words in (("get", "nosuch"), ("delete", "nosuch"), ("add", "nosuch", 0, 1)):
        out = tool(*words, check=3)
        assert out.startswith("error 19 ")
        assert "nosuch" in out
    assert "nosuch" not in os.listdir("/sys/class/net")


def test_foreign_device_is_enodev_and_stays():
    subprocess.run(["ip", "link", "add", NAME, "type", "dummy"], check=True)
    try:
        for words in (("get", NAME), ("delete", NAME), ("add", NAME, 0, 1)):
            out = tool(*words, check=3)
            assert out.startswith("error 19 ")
            assert NAME in out
        assert tool("list") == ""
        assert ip_json("-d", "link", "show", NAME)[0]["linkinfo"]["info_kind"] == "dummy"
    finally:
        subprocess.run(["ip", "link", "del", NAME], check=True)


def test_own_key_as_a_peer_is_ignored(device, own_key):
    tool("add-key", device, public_key(own_key))
    assert peers() == []


def test_removing_an_unknown_key_succeeds(device):
    assert tool("remove", device, made_up_key(1)) == "ok\n"
    assert peers() == []


def test_update_only_adds_no_peer(device):
    tool("update-only", device, made_up_key(1))
    assert peers() == []
    tool("add-key", device, made_up_key(1))
    tool("update-only", device, made_up_key(1))
    assert peers() == [made_up_key(1)]


def test_device_settings_alone_leave_peers(device):
    tool("add", device, 0, 2)
    key = new_key()
    tool("set", device, key, 45680)
    assert wg_show("public-key") == public_key(key)
    assert wg_show("listen-port") == "45680"
    assert len(peers()) == 2


def test_without_an_option_the_kernel_is_chosen(own_key):
    tool("bring-up", NAME, "10.70.0.1/16", own_key, 45679, backend="auto")
    try:
        assert ip_json("-d", "link", "show", NAME)[0]["linkinfo"]["info_kind"] == "wireguard"
        assert tool("get", NAME, backend="auto") == tool("get", NAME)
    finally:
        tool("delete", NAME, backend="auto")


@pytest.fixture
def no_module():
    """For a while the kernel has no WireGuard: the module is taken out and cannot be loaded."""
    loader = pathlib.Path("/proc/sys/kernel/modprobe")
    usual = loader.read_text()
    loader.write_text("/bin/false")
    # Devices of namespaces that have just ended may still hold it.
    unload = ["busybox", "rmmod", "wireguard"]
    wait_until(lambda: subprocess.run(unload, capture_output=True).returncode == 0,
               60, "the module to be unused", pause=0.2)
    yield
    loader.write_text(usual)
    tool("bring-up", NAME, "10.70.0.1/16", new_key(), 45679)  # loads it again
    tool("delete", NAME)


def test_module_missing(no_module, own_key, tmp_path):
    out = tool("bring-up", NAME, "10.70.0.1/16", own_key, 45679, check=3)
    assert "this kernel has no WireGuard" in out
    assert NAME not in os.listdir("/sys/class/net")
    program = os.environ["INNERNET_BUILD"] + "/src/client/innernet"
    shown = subprocess.run([program, "--backend", "kernel", "-c", tmp_path, "-d", tmp_path, "show"],
                           capture_output=True, text=True)
    assert shown.returncode == 0, "a kernel without WireGuard has no devices, and that is no error"
