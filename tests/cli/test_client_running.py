"""All interfaces at once, the daemon, and commands on a running interface."""

import signal

import pytest

from client_bed import PEER3_KEY, hex_key, wait_until
from client_network import STATE, bed, network, running, set_state

# --- all interfaces, daemon ---------------------------------------------------------------------

def test_up_without_name_takes_all_and_survives_one(network):
    broken = network.config_dir / "aaa.conf"
    broken.write_text("not toml")
    (network.config_dir / "README").write_text("no interface")
    result = network.run("--backend", "userspace", "up", "--hosts-path", str(network.hosts),
                         "--no-nat-traversal")
    assert result.returncode == 1
    assert str(broken) in result.stdout.rsplit("[E] ", 1)[1]
    assert len(network.device()["peers"]) == 3


def test_up_without_name_and_without_networks(bed):
    result = bed.run("up")
    assert result.returncode == 1 and "No such file or directory" in result.stdout
    bed.config_dir.mkdir()
    result = bed.run("up")
    assert result.returncode == 0 and result.stdout == ""


def start_daemon(bed, *args):
    return bed.start("--backend", "userspace", "up", "-d", *args, "--hosts-path", str(bed.hosts),
                     "--no-nat-traversal")


@pytest.mark.parametrize("args", [["--interval", "0"], ["evilcorp", "--interval=1"]])
def test_the_daemon_follows_the_server_and_ends_on_sigterm(network, args):
    daemon = start_daemon(network, *args)
    wait_until(lambda: network.server.calls().count(("PUT", "/user/candidates")) >= 2,
               "two rounds")
    network.server.answers["GET", "/user/state"] = (500, "")  # no reason to leave
    wait_until(lambda: network.server.calls()[-2:] == [("GET", "/user/state")] * 2,
               "two failing rounds")
    set_state(network, STATE["peers"][:3])
    wait_until(lambda: hex_key(PEER3_KEY) not in network.device()["peers"], "the change")
    daemon.send_signal(signal.SIGTERM)
    output, _ = daemon.communicate(timeout=30)
    assert daemon.returncode == 0
    assert "status code 500" in output


def test_sigterm_ends_a_long_pause(network):
    daemon = start_daemon(network, "--interval", "86400")
    wait_until(lambda: ("PUT", "/user/candidates") in network.server.calls(), "one round")
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=30)
    assert daemon.returncode == 0


def test_fetches_of_one_interface_do_not_interleave(running):
    import threading
    release, entered = threading.Event(), threading.Event()
    state = running.server.answers["GET", "/user/state"]

    def slow(_handler, _body):
        entered.set()
        assert release.wait(30)
        return state
    running.server.answers["GET", "/user/state"] = slow
    first = running.start("--backend", "userspace", "fetch", "evilcorp", "--no-write-hosts",
                          "--no-nat-traversal")
    assert entered.wait(30)
    second = running.start("--backend", "userspace", "fetch", "evilcorp", "--no-write-hosts",
                           "--no-nat-traversal")
    assert "Waiting for another innernet process" in second.stdout.readline()
    assert running.server.calls() == [("GET", "/user/state")]
    # who only reads does not wait
    assert running.run("list-cidrs", "evilcorp").returncode == 0
    assert running.run("--backend", "userspace", "show").returncode == 0
    release.set()
    for process in (first, second):
        process.communicate(timeout=30)
        assert process.returncode == 0


# --- down, uninstall, settings of a running interface -------------------------------------------

def test_down(running):
    result = running.run("--backend", "userspace", "down", "evilcorp")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not running.has_device()
    assert running.conf.exists() and running.store.exists()
    result = running.run("--backend", "userspace", "down", "evilcorp")
    assert result.returncode == 1 and "[E] evilcorp - " in result.stdout


def test_uninstall(running):
    result = running.run("--backend", "userspace", "uninstall", "evilcorp")
    assert result.returncode == 1 and "--yes" in result.stdout  # nobody to ask
    assert running.conf.exists() and running.has_device()
    result = running.run("--backend", "userspace", "uninstall", "evilcorp", "--yes", "--hosts-path",
                         str(running.hosts))
    assert result.returncode == 0, result.stdout
    assert not running.has_device()
    assert list(running.config_dir.iterdir()) == [] == list(running.data_dir.iterdir())
    assert "evilcorp" not in running.hosts.read_text()
    again = running.run("uninstall", "evilcorp", "--yes")
    assert again.returncode == 1 and "evilcorp" in again.stdout


def test_settings_of_a_running_interface_take_effect_at_once(running):
    assert running.run("--backend", "userspace", "set-listen-port", "evilcorp", "-l", "777",
                       "--yes").returncode == 0
    assert running.device()["listen_port"] == "777"
    result = running.run("--backend", "userspace", "override-peer-endpoint", "evilcorp", "--name",
                         "peer3", "-e", "4.4.4.4:4", "--yes")
    assert result.returncode == 0
    assert running.device()["peers"][hex_key(PEER3_KEY)]["endpoint"] == "4.4.4.4:4"
    # a peer that is in the store but not on the device is not put there
    before = running.device()
    result = running.run("--backend", "userspace", "override-peer-endpoint", "evilcorp", "--name",
                         "admin", "-e", "4.4.4.4:4", "--yes")
    assert result.returncode == 0
    assert running.device() == before


def test_show_of_a_running_network(running):
    running.uapi("set=1\nlisten_port=4242\n\n")
    result = running.run("--backend", "userspace", "show", "--tree")
    assert result.returncode == 0
    assert result.stdout.splitlines()[0] == "evilcorp (:4242) "
    assert "    | \u25c9 10.66.1.1: admin (you, 2IAk2EqXjh\u2026)" in result.stdout.splitlines()
