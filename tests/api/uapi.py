"""The device as its UAPI socket shows it, and what the stand-in lets one pretend about peers."""

import base64
import socket


def hex_of(key_text):
    return base64.b64decode(key_text, validate=True).hex()


def text_of(key_hex):
    return base64.b64encode(bytes.fromhex(key_hex)).decode()


def exchange(path, lines):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(5)
        s.connect(path)
        s.sendall(("\n".join(lines) + "\n\n").encode())
        data = b""
        while not data.endswith(b"\n\n"):
            more = s.recv(65536)
            assert more, f"device answer cut short: {data!r}"
            data += more
    pairs = [line.split("=", 1) for line in data.decode().splitlines() if line]
    assert pairs[-1][0] == "errno", pairs
    return pairs[:-1], int(pairs[-1][1])


class Peer:
    def __init__(self, key):
        self.key = key
        self.endpoint = None
        self.keepalive = 0
        self.allowed_ips = []
        self.handshake = 0

    def __repr__(self):
        return f"<{self.key} {self.endpoint} keepalive {self.keepalive} {self.allowed_ips}>"


class Device:
    def __init__(self, path):
        self.private_key = None
        self.listen_port = None
        self.n_refused = 0
        self.peers = {}
        pairs, errno = exchange(path, ["get=1"])
        assert errno == 0, f"get=1 failed: errno {errno}"
        peer = None
        for key, value in pairs:
            if key == "private_key":
                self.private_key = text_of(value)
            elif key == "listen_port":
                self.listen_port = int(value)
            elif key == "standin_refused":
                self.n_refused = int(value)
            elif key == "public_key":
                peer = Peer(text_of(value))
                assert peer.key not in self.peers, "one peer twice"
                self.peers[peer.key] = peer
            elif key == "endpoint":
                peer.endpoint = value
            elif key == "persistent_keepalive_interval":
                peer.keepalive = int(value)
            elif key == "allowed_ip":
                peer.allowed_ips.append(value)
            elif key == "last_handshake_time_sec":
                peer.handshake = int(value)


def set_lines(path, lines):
    _, errno = exchange(path, ["set=1", *lines])
    assert errno == 0, f"set=1 {lines} failed: errno {errno}"
