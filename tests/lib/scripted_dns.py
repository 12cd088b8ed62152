"""A network namespace in which Quad9's addresses are on loopback, and a resolver there that answers
as it is told."""

import ctypes
import ipaddress
import os
import select
import socket
import struct
import subprocess
import threading

QUAD9_V4, QUAD9_V6 = "9.9.9.9", "2620:fe::fe"
CLONE_NEWNET = 0x40000000


class ScriptedDns:
    def __init__(self):
        self.answers = {}    # resolver's address -> the only answer; none: silence
        self.questions = []  # the names asked for
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--", "sh", "-ec",
             f"ip link set lo up; ip addr add {QUAD9_V4}/32 dev lo;"
             f"ip addr add {QUAD9_V6}/128 dev lo nodad; echo ready; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout.readline() == b"ready\n"
        self._net = f"/proc/{self._holder.pid}/ns/net"
        self.enter = ["nsenter", f"--net={self._net}", "--"]
        self._wake, self._stop = os.pipe()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,))
        self._thread.start()
        assert ready.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._stop)
        self._thread.join()
        os.close(self._wake)
        self._holder.stdin.close()
        self._holder.wait(10)
        self._holder.stdout.close()

    def _serve(self, ready):
        """In a thread of its own, because only threads change their namespace."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open(self._net, encoding="ascii") as ns:
            assert libc.setns(ns.fileno(), CLONE_NEWNET) == 0
        sockets = {}
        for address in (QUAD9_V4, QUAD9_V6):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            s = socket.socket(family, socket.SOCK_DGRAM)
            s.bind((address, 53))
            sockets[s] = address
        ready.set()
        while self._wake not in (readable := select.select([*sockets, self._wake], [], [])[0]):
            for s in readable:
                self._answer(s, sockets[s])
        for s in sockets:
            s.close()

    def _answer(self, s, resolver):
        query, source = s.recvfrom(512)
        self.questions.append(name_in(query))
        if resolver not in self.answers:
            return
        kind, klass = struct.unpack("!HH", query[-4:])
        data = ipaddress.ip_address(self.answers[resolver]).packed
        s.sendto(query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + query[12:]
                 + struct.pack("!HHHIH", 0xc00c, kind, klass, 60, len(data)) + data, source)


def name_in(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels)
