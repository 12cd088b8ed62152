"""`up` over several interfaces, and who waits for whom (spec/client.md 3.8, 9.1, 9.24)."""

import fcntl
import re
import threading

import pytest

from client_bed import PEER3_KEY, end_daemon, hex_key, wait_until
from client_network import STATE, bed, network, running, set_state

PORT = 4242  # of the second interface, by which its candidates are told apart
UNREACHABLE = ["1.1.1.1:1", "1.1.1.2:2"]


def install_second(bed):
    """A second interface with the same server, whose peers all have overrides: nobody there needs
    NAT traversal."""
    text = bed.conf.read_text().replace("\n[server]", f"listen-port = {PORT}\n\n[server]", 1)
    text = text[:text.index("[peer-endpoint-overrides]")] + "[peer-endpoint-overrides]\n" + "".join(
        f'"{peer["ip"]}" = "172.31.1.9:9"\n' for peer in STATE["peers"])
    path = bed.config_dir / "second.conf"
    path.write_text(text)
    path.chmod(0o600)


def reports(bed, second):
    bodies = bed.server.bodies("PUT", "/user/candidates")
    return sum(str(PORT) in body[0] for body in bodies if body) if second else sum(
        str(PORT) not in body[0] for body in bodies if body)


def endpoint(bed, key=PEER3_KEY):
    peers = bed.device()["peers"] if bed.has_device() else {}
    return peers.get(hex_key(key), {}).get("endpoint")


@pytest.fixture
def two(network):
    set_state(network, [STATE["peers"][0], {**STATE["peers"][3], "candidates": UNREACHABLE}])
    install_second(network)
    return network


def start_daemon(bed, *args):
    return bed.start("-v", "--backend", "userspace", "up", "-d", *args, "--no-write-hosts")


def test_nat_traversal_of_one_interface_does_not_delay_another(two):
    daemon = start_daemon(two, "--interval", "1")
    wait_until(lambda: reports(two, second=True) >= 4, "rounds of the second interface")
    # meanwhile the first is still trying
    assert reports(two, second=False) == 1
    wait_until(lambda: endpoint(two) == "1.1.1.1:1", "the first interface's last candidate")
    assert reports(two, second=False) == 1
    output = end_daemon(daemon)
    tries = re.findall(r"Trying endpoint (\S+) for peer peer3", output)
    assert tries[:2] == UNREACHABLE[::-1]


def test_nat_traversal_of_all_goes_on_together_in_a_single_up(two):
    (two.config_dir / "second.conf").write_text(
        (two.config_dir / "second.conf").read_text().split("[peer-endpoint-overrides]")[0])
    result = two.run("-v", "--backend", "userspace", "up", "--no-write-hosts")
    assert result.returncode == 0, result.stdout
    networks = re.findall(r"Trying to reach \d+ peer\(s\) of (\S+)", result.stdout)
    # by turns, not one after the other; whose server answers first begins
    assert networks[:4] in (["evilcorp", "second"] * 2, ["second", "evilcorp"] * 2)


def test_a_lock_delays_only_its_own_interface(two):
    two.data_dir.mkdir(mode=0o700, exist_ok=True)
    with open(two.data_dir / "evilcorp.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        daemon = start_daemon(two, "--interval", "0", "--no-nat-traversal")
        wait_until(lambda: reports(two, second=True) >= 3, "rounds of the second interface")
        assert reports(two, second=False) == 0 and not two.has_device()
    wait_until(lambda: reports(two, second=False) >= 1, "the first interface")
    assert "Waiting for another innernet process that works on evilcorp" in end_daemon(daemon)


def test_a_new_interface_is_noticed_and_a_removed_one_left_alone(network):
    daemon = start_daemon(network, "--interval", "0", "--no-nat-traversal")
    wait_until(lambda: reports(network, second=False) >= 1, "the first interface")
    install_second(network)
    wait_until(lambda: reports(network, second=True) >= 1, "the second interface")
    (network.config_dir / "second.conf").unlink()
    wait_until(lambda: two_rounds_without_second(network), "the end of the second interface")
    end_daemon(daemon)


def two_rounds_without_second(bed):
    bodies = bed.server.bodies("PUT", "/user/candidates")[-5:]
    return len(bodies) == 5 and not any(str(PORT) in body[0] for body in bodies)


# --- one lock per interface ---------------------------------------------------------------------

class SlowServer:
    """Keeps the answer to the state back until it is released."""

    def __init__(self, bed):
        self.release, self.entered = threading.Event(), threading.Event()
        self.state = bed.server.answers["GET", "/user/state"]
        bed.server.answers["GET", "/user/state"] = self.answer

    def answer(self, _handler, _body):
        self.entered.set()
        assert self.release.wait(30)
        return self.state


def test_the_daemon_follows_only_with_the_lock(network):
    """It asks without: whoever works on the interface meanwhile ends first."""
    slow = SlowServer(network)
    daemon = start_daemon(network, "evilcorp", "--interval", "86400", "--no-nat-traversal")
    assert slow.entered.wait(30)
    with open(network.data_dir / "evilcorp.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        slow.release.set()
        wait_for_line(daemon, "Waiting for another innernet process that works on evilcorp")
        assert hex_key(PEER3_KEY) not in network.device()["peers"]
        assert not network.store.exists()
    wait_until(lambda: reports(network, second=False) == 1, "the rest of the round")
    assert hex_key(PEER3_KEY) in network.device()["peers"] and network.store.exists()
    end_daemon(daemon)


def wait_for_line(process, text):
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"the program ended without saying: {text}")


def test_settings_do_not_wait_for_the_daemons_server(network):
    slow = SlowServer(network)
    daemon = start_daemon(network, "evilcorp", "--interval", "86400", "--no-nat-traversal")
    assert slow.entered.wait(30)
    result = network.run("--backend", "userspace", "set-listen-port", "evilcorp", "-l", "777",
                         "--yes")
    assert result.returncode == 0 and "Waiting" not in result.stdout
    slow.release.set()
    wait_until(lambda: ":777" in str(network.server.bodies("PUT", "/user/candidates")),
               "a report of the new port")
    end_daemon(daemon)
    assert network.device()["listen_port"] == "777"
    assert "listen-port = 777" in network.conf.read_text()


def test_two_settings_at_once_both_count(network):
    changes = [("set-listen-port", "evilcorp", "-l", "777"),
               ("override-peer-endpoint", "evilcorp", "--name", "peer3", "-e", "4.4.4.4:4")]
    assert network.up().returncode == 0
    daemon = start_daemon(network, "evilcorp", "--interval", "0", "--no-nat-traversal")
    processes = [network.start("--backend", "userspace", *change, "--yes") for change in changes]
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
    end_daemon(daemon)
    text = network.conf.read_text()
    assert "listen-port = 777" in text and '"10.66.2.2" = "4.4.4.4:4"' in text


def test_nobody_waits_for_somebody_who_thinks(running):
    """A question is asked without the lock."""
    from pty_session import ENTER, PtySession
    command = running.command("--backend", "userspace", "set-listen-port", "evilcorp")
    with PtySession(command, env=running.environment(TERM="xterm")) as s:
        s.wait_for("Listen port")
        result = running.fetch()
        assert result.returncode == 0 and "Waiting" not in result.stdout
        # what was changed meanwhile stays
        assert running.run("--backend", "userspace", "override-peer-endpoint", "evilcorp", "--name",
                           "peer3", "-e", "4.4.4.4:4", "--yes").returncode == 0
        s.send("777" + ENTER)
        s.wait_for("777.*y/n")
        s.send("y" + ENTER)
        assert s.wait_end() == 0
    text = running.conf.read_text()
    assert "listen-port = 777" in text and '"10.66.2.2" = "4.4.4.4:4"' in text
