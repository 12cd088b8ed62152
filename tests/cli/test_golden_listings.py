"""The listings of the real client, line for line as the reference implementation printed them."""

import time

import pytest

from client_bed import GOLDEN, PEER2_KEY, PEER3_KEY, SERVER_KEY, Bed, hex_key, need_root

PRIVATE_KEY = "sH9ejAgmAo1tFcUoy60lKb7AKtlnkanUR/dDJkx6iHM="
COLOR = {"CLICOLOR_FORCE": "1"}


@pytest.fixture
def bed(tmp_path):
    need_root()
    with Bed(tmp_path) as b:
        yield b


def device_peer(key, ip, endpoint, age_s, rx, tx):
    return (f"public_key={hex_key(key)}\nendpoint={endpoint}\nallowed_ip={ip}/32\n"
            f"last_handshake_time_sec={int(time.time()) - age_s}\nlast_handshake_time_nsec=0\n"
            f"rx_bytes={rx}\ntx_bytes={tx}\npersistent_keepalive_interval=25\n"
            "protocol_version=1\n")


answered_s = 0  # when the device was last asked


def device_text(server_rx, server_tx):
    global answered_s
    # Not shortly before a new second begins; nor just after, when the coarse clock still lags.
    while not 0.05 < time.time() % 1 < 0.5:
        time.sleep(0.01)
    answered_s = int(time.time())
    return (f"private_key={hex_key(PRIVATE_KEY)}\nlisten_port=39524\n"
            + device_peer(PEER3_KEY, "10.66.2.2", "172.31.1.4:49571", 9, 124, 180)
            + device_peer(SERVER_KEY, "10.66.0.1", "172.31.1.1:51820", 24, server_rx, server_tx)
            + device_peer(PEER2_KEY, "10.66.2.1", "172.31.1.3:45904", 9, 764, 820))


@pytest.fixture
def network(bed):
    bed.install_golden()
    bed.scripted_device(lambda: device_text(20716, 16660))
    return bed


def show(bed, *args, **keywords):
    """Runs the client; anew if a second began between the device's answer and its end, because then
    the ages of the handshakes are not known."""
    while True:
        result = bed.run(*args, **keywords)
        if int(time.time()) == answered_s:
            return result


def assert_golden(result, name):
    assert result.stderr == ""
    assert result.stdout == (GOLDEN / name).read_text()
    assert result.returncode == 0


@pytest.mark.parametrize("args, name", [
    (["show"], "show"), (["show", "evilcorp"], "show"), (["list"], "show"), ([], "show"),
    (["show", "--short"], "show-short"), (["show", "-s", "evilcorp"], "show-short"),
    (["show", "--tree"], "show-tree"), (["list", "evilcorp", "-st"], "show-tree"),
])
def test_CX47_show(network, args, name):
    assert_golden(show(network, *args), f"{name}.txt")
    assert_golden(show(network, *args, env=COLOR), f"{name}.color.txt")


def test_show_with_whole_keys(bed):
    bed.install_golden()
    bed.scripted_device(lambda: device_text(27494, 21146))
    assert_golden(show(bed, "-v", "show"), "show-verbose.txt")


def test_show_passes_over_foreign_devices(network):
    network.scripted_device("listen_port=1\n", name="foreign")
    assert_golden(show(network, "show"), "show.txt")


def test_show_goes_on_after_a_broken_network(network):
    network.scripted_device(f"private_key={hex_key(PRIVATE_KEY)}\n", name="broken")
    (network.data_dir / "broken.json").write_text("{")
    result = show(network, "show")
    assert (GOLDEN / "show.txt").read_text() in result.stdout
    assert "broken.json" in result.stdout and "[E]" in result.stdout
    assert result.returncode == 1


@pytest.mark.parametrize("args", [["show"], ["show", "other"], []])
def test_no_networks(bed, args):
    bed.config_dir.mkdir()
    result = bed.run(*args)
    assert result.returncode == 0
    assert result.stdout.startswith("[*] ") and result.stdout.count("\n") == 1
    assert not bed.data_dir.exists()  # reading creates nothing


def test_show_of_a_network_that_is_down(bed):
    bed.install_golden()
    result = bed.run("show", "evilcorp")
    assert result.returncode == 1
    assert result.stdout.startswith("\n[E] evilcorp - ") and result.stdout.endswith("\n\n")


@pytest.mark.parametrize("args, name", [([], "list-cidrs"), (["-t"], "list-cidrs-tree")])
def test_list_cidrs(bed, args, name):
    bed.install_golden()
    before = sorted(bed.dir.rglob("*"))
    assert_golden(bed.run("list-cidrs", "evilcorp", *args), f"{name}.txt")
    assert_golden(bed.run("list-cidrs", "evilcorp", *args, env=COLOR), f"{name}.color.txt")
    assert sorted(bed.dir.rglob("*")) == before


def test_list_cidrs_without_network(bed):
    bed.config_dir.mkdir()
    bed.data_dir.mkdir()
    result = bed.run("list-cidrs", "evilcorp")
    assert result.returncode == 1
    path = bed.data_dir / "evilcorp.json"
    assert result.stdout == f"\n[E] {path} - No such file or directory (os error 2)\n\n"


def test_list_associations(bed):
    bed.install_golden(store=False)
    conf = bed.conf.read_text()
    server = bed.start_golden_server()
    assert_golden(bed.run("list-associations", "evilcorp"), "list-associations.txt")
    colored = bed.run("list-associations", "evilcorp", env=COLOR)
    assert_golden(colored, "list-associations.color.txt")
    assert server.calls() == [("GET", "/admin/cidrs"), ("GET", "/admin/associations")] * 2
    # one connection for both requests, and the header that the server wants
    assert server.requests[0][4] == server.requests[1][4]
    assert server.requests[0][3]["X-Innernet-Server-Key"] == SERVER_KEY
    assert bed.conf.read_text() == conf


def test_world_access_is_warned_about(bed):
    bed.install_golden()
    bed.store.chmod(0o644)
    bed.conf.chmod(0o604)
    result = bed.run("list-cidrs", "evilcorp")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"[!] {bed.store} is world-accessible (mode is 0o644).")
    assert lines[1].startswith(f"[!] {bed.conf} is world-accessible (mode is 0o604).")


def test_a_closed_output_ends_it_quietly(network):
    import subprocess
    with subprocess.Popen(network.command("show"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=network.environment()) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


