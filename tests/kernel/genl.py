"""WireGuard's generic netlink, by hand and independent of the code under test: what the kernel really
answers. Sources: linux/genetlink.h, linux/wireguard.h."""

import errno
import os
import socket
import struct

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 0x8000
GET_DEVICE, SET_DEVICE = 0, 1
# Device attributes.
IFNAME, PRIVATE_KEY, PUBLIC_KEY, FLAGS, LISTEN_PORT, PEERS = 2, 3, 4, 5, 6, 8
# Peer attributes.
(P_PUBLIC_KEY, P_PRESHARED_KEY, P_FLAGS, P_ENDPOINT, P_KEEPALIVE, P_HANDSHAKE, P_RX, P_TX,
 P_ALLOWEDIPS, P_PROTOCOL) = range(1, 11)
REMOVE_ME, REPLACE_ALLOWEDIPS, UPDATE_ONLY = 1, 2, 4


def attr(kind, payload):
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + b"\0" * (-length % 4)


def nest(kind, *parts):
    return attr(kind | NLA_F_NESTED, b"".join(parts))


def parse(data):
    """[(kind, payload)], kinds without their flags, in the order of the message."""
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found.append((kind & 0x3FFF, data[4:length]))
        data = data[(length + 3) & ~3:]
    return found


def allowed_ip(text):
    address, prefix = text.split("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return nest(0, attr(1, struct.pack("=H", family)), attr(2, socket.inet_pton(family, address)),
                attr(3, struct.pack("=B", int(prefix))))


def peer(key, *attributes):
    return nest(0, attr(P_PUBLIC_KEY, key), *attributes)


class WireGuard:
    def __init__(self):
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self._sequence = 0
        (answer,) = self._request(16, 3, 2, NLM_F_ACK, attr(2, b"wireguard\0"))
        self.family = struct.unpack("=H", dict(parse(answer))[1])[0]

    def close(self):
        self._socket.close()

    def get(self, name):
        """The attributes of each message of the dump: [[(kind, payload)]]."""
        parts = self._request(self.family, GET_DEVICE, 1, NLM_F_DUMP,
                              attr(IFNAME, name.encode() + b"\0"))
        return [parse(part) for part in parts]

    def set(self, name, *attributes):
        self._request(self.family, SET_DEVICE, 1, NLM_F_ACK,
                      attr(IFNAME, name.encode() + b"\0"), *attributes)

    def peers(self, name):
        """Each peer entry of each message, unmerged: [dict]."""
        return [dict(parse(entry)) for message in self.get(name)
                for kind, value in message if kind == PEERS for _, entry in parse(value)]

    def _request(self, kind, command, version, flags, *attributes):
        self._sequence += 1
        body = struct.pack("=BBH", command, version, 0) + b"".join(attributes)
        self._socket.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags,
                                      self._sequence, 0) + body)
        return self._answers()

    def _answers(self):
        answers = []
        while True:
            data = self._socket.recv(1 << 20)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                payload, data = data[16:length], data[(length + 3) & ~3:]
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    (code,) = struct.unpack_from("=i", payload)
                    if code:
                        raise OSError(-code, f"{errno.errorcode[-code]} {os.strerror(-code)}")
                    return answers
                answers.append(payload[4:])


def set_link_flags(name, flags, change):
    """RTM_NEWLINK for an existing link, with just these flags and this change mask."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as rtnl:
        info = struct.pack("=BxHiII", 0, 0, socket.if_nametoindex(name), flags, change)
        rtnl.send(struct.pack("=IHHII", 16 + len(info), 16, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + info)
        (code,) = struct.unpack_from("=i", rtnl.recv(8192), 16)
        if code:
            raise OSError(-code, os.strerror(-code))
