"""Who may speak at all: docs/spec/server.md 2.4, catalogue 8.2 and the rows of 8.10 about it."""

import base64
import os
import socket
import stat

import pytest

import x25519
from network import KEY_HEADER
from rows import new_key

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


PRIVATE_WITH_BOTH = ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEA=",
                     "L+V9o0fNYkMVKNqsX7spBzD/9oSvxM/C7ZCZX1jLO3Q=")


def test_T01_new_makes_the_config_file(idle, fx):
    with open(idle.config_path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    config = idle.config
    # 1.2: four keys in this order, nothing else, final newline.
    assert lines == [f'private-key = "{config["private-key"]}"',
                     f"listen-port = {fx.listen_port}",
                     f'address = "{fx.server}"',
                     f"network-cidr-prefix = {fx.root_prefix}", ""]
    assert stat.S_IMODE(os.stat(idle.config_path).st_mode) == 0o600
    assert x25519.public_key(config["private-key"]) == idle.server_key


def proxy_headers(net):
    admin = net.address_of("admin")
    return [("Forwarded", f"for={admin}"), ("X-Forwarded-For", admin), ("X-Real-IP", admin)]


def test_T02_proxy_headers_identify_nobody(steady, fx):
    answer = steady.get("/v1/admin/peers", fx.stranger, headers=proxy_headers(steady))
    assert answer.status == 401
    assert answer.body == b""
    # Not even next to the right key.
    answer = steady.get("/v1/admin/peers", fx.stranger,
                        headers=[*proxy_headers(steady), (KEY_HEADER, steady.server_key)])
    assert answer.status == 401


def test_proxy_headers_take_nothing_from_a_peer(steady, fx):
    headers = [("Forwarded", f"for={fx.stranger}"), ("X-Forwarded-For", fx.stranger),
               ("X-Real-IP", fx.stranger), (KEY_HEADER, steady.server_key)]
    assert steady.get("/v1/admin/peers", headers=headers).status == 200


def test_T03_another_key_from_a_stranger(steady, fx):
    assert steady.get("/v1/admin/peers", fx.stranger, key=new_key()).status == 401


def test_T04_no_key_at_all_in_the_header(steady, fx):
    assert steady.get("/v1/admin/peers", fx.stranger, key="!!!").status == 401


def test_T05_right_key_from_an_address_without_peer(steady, fx):
    assert steady.get("/v1/user/state", fx.stranger).status == 401


@pytest.mark.only(6)
def test_T05_v6_the_ipv4_stranger_cannot_even_connect(steady, fx):
    """In the IPv6 run the row names 10.80.80.80. That address has no way to a server that listens
    on one IPv6 address only (2.1), which is the stronger refusal."""
    steady.bed.attach(["10.80.80.80/15"])
    steady.bed.run(["ip", "addr", "replace", "10.80.0.1/15", "dev", "test"])
    try:
        with steady.bed.socket_for("10.80.80.80") as s:
            s.settimeout(5)
            with pytest.raises(ConnectionRefusedError):
                s.connect(("10.80.0.1", fx.listen_port))
    finally:
        steady.bed.run(["ip", "addr", "del", "10.80.0.1/15", "dev", "test"])


@pytest.mark.parametrize("who", ["admin", "developer1"])
@pytest.mark.parametrize("headers", [
    [], [(KEY_HEADER, "")], [(KEY_HEADER, "!!!")], [(KEY_HEADER, "not a key")],
    [(KEY_HEADER, "AAAA")], [(KEY_HEADER, "\xe4" * 44)], [(KEY_HEADER, "A" * 5000)],
    [(KEY_HEADER, new_key())], [(KEY_HEADER, "A" * 43 + "=")]], ids=str)
def test_a_peer_without_the_right_key_is_a_stranger(steady, who, headers):
    assert steady.get("/v1/user/state", who, headers=headers).status == 401


@pytest.mark.parametrize("change, status", [
    (lambda k: k, 200),
    (lambda k: f"  {k}\t ", 200),
    (lambda k: k + "=", 401),
    (lambda k: k[:-2], 401),
    (lambda k: "A" + k, 401),
    (lambda k: k[:20] + " " + k[20:], 401),
    (lambda k: k.swapcase(), 401),
    (lambda k: base64.b64decode(k).hex(), 401),
    (lambda k: f'"{k}"', 401),
], ids=["itself", "blanks around", "one = more", "cut", "longer", "blank inside", "other case",
        "hex", "quoted"])
def test_key_text(steady, change, status):
    """0.5 and 2.4."""
    assert steady.get("/v1/user/state", key=change(steady.server_key)).status == status


def test_url_safe_letters_are_no_key_text(idle):
    """With a private key whose public key has both letters that differ."""
    private, public = PRIVATE_WITH_BOTH
    assert x25519.public_key(private) == public
    idle.sql("UPDATE peers SET public_key = ? WHERE id = 1", public)
    with open(idle.config_path, encoding="utf-8") as f:
        text = f.read().replace(idle.config["private-key"], private)
    with open(idle.config_path, "w", encoding="utf-8") as f:
        f.write(text)
    idle.start()
    for changed in (public.replace("+", "-"), public.replace("/", "_")):
        assert changed != public
        assert idle.get("/v1/user/state", key=changed).status == 401
    assert idle.get("/v1/user/state", key=public).status == 200


def test_X17_header_key_without_padding_and_with_trailing_bits(steady):
    key = steady.server_key
    assert steady.get("/v1/user/state", key=key.rstrip("=")).status == 200
    # The last letter carries four bits of the key and two that must be zero.
    assert ALPHABET.index(key[42]) % 4 == 0
    for bits in (1, 2, 3):
        wrong = key[:42] + ALPHABET[ALPHABET.index(key[42]) + bits] + "="
        assert steady.get("/v1/user/state", key=wrong).status == 401
        assert steady.get("/v1/user/state", key=wrong.rstrip("=")).status == 401


def test_X18_the_first_of_two_key_headers_counts(steady):
    good, bad = (KEY_HEADER, steady.server_key), (KEY_HEADER, new_key())
    assert steady.get("/v1/user/state", headers=[good, bad]).status == 200
    assert steady.get("/v1/user/state", headers=[bad, good]).status == 401


@pytest.mark.parametrize("name", ["x-innernet-server-key", "X-INNERNET-SERVER-KEY"])
def test_header_name_has_no_case(steady, name):
    assert steady.get("/v1/user/state", headers=[(name, steady.server_key)]).status == 200


def test_X16_a_disabled_peer_is_a_stranger(net):
    net.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'user1'")
    for target in ("/v1/user/capabilities", "/v1/user/state", "/v1/user/nope", "/v1/nope"):
        assert net.get(target, "user1").status == 401
    net.sql("UPDATE peers SET is_disabled = 1 WHERE name = 'admin'")
    assert net.get("/v1/admin/peers").status == 401
    net.sql("UPDATE peers SET is_disabled = 0")
    assert net.get("/v1/user/state", "user1").status == 200
    assert net.get("/v1/admin/peers").status == 200


def test_the_key_is_that_of_the_config_file(idle):
    """Not the one of peer 1's row (2.4, 3)."""
    real = idle.server_key
    other = new_key()
    idle.sql("UPDATE peers SET public_key = ? WHERE id = 1", other)
    idle.start()
    assert idle.get("/v1/user/state", key=real).status == 200
    assert idle.get("/v1/user/state", key=other).status == 401


ASK_AT_HOME = """
import http.client, sys
c = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
c.request('GET', '/v1/admin/peers', headers={'X-Innernet-Server-Key': sys.argv[3]})
print(c.getresponse().status)
"""


def test_the_server_itself_is_an_admin(net, fx):
    """2.4, 4: peer 1 is a peer like others; it asks from its own host."""
    asked = net.bed.run(["/usr/bin/python3", "-c", ASK_AT_HOME, fx.server, str(fx.listen_port),
                         net.server_key])
    assert asked.stdout == "200\n", asked


def test_the_address_is_not_served_over_another_interface(steady, fx):
    """2.1: SO_BINDTODEVICE. Else anybody on the host's other networks could send packets with a
    peer's source address."""
    near, far = ("192.0.2.1", "192.0.2.2") if fx.version == 4 else ("fd99::1", "fd99::2")
    bed = steady.bed
    bed.add_second_link(near, far, 24 if fx.version == 4 else 64)
    bed.client_ip("route", "add", fx.root, "via", near, "dev", "other", "metric", "9999")
    try:
        with bed.socket_for(far) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"other")
            s.settimeout(5)
            with pytest.raises(ConnectionRefusedError):
                s.connect((fx.server, fx.listen_port))
    finally:
        bed.client_ip("link", "del", "other")


def test_listens_on_its_one_address(steady, fx):
    """2.1: a listener on the one address of the network's family."""
    sockets = steady.bed.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"]).stdout.splitlines()
    listening = [line.split()[1] for line in sockets if " 0A " in line]
    port = f"{fx.listen_port:04X}"
    assert [local for local in listening if local.endswith(f":{port}")] == listening
    assert len(listening) == 1
    assert len(listening[0]) == (8 if fx.version == 4 else 32) + 5
    assert set(listening[0].split(":")[0]) != {"0"}
