"""A name server on the loopback of a client's bed, for that bed alone. It keeps every question until
the test has an answer to it."""

import ctypes
import ipaddress
import os
import select
import socket
import struct
import threading

from scripted_dns import CLONE_NEWNET, name_in

A = 1


class NameServer:
    def __init__(self, bed):
        self.questions = []  # names, once for each question about an IPv4 address
        self._bed, self._answers, self._open = bed, {}, []
        self._lock, self._ready = threading.Lock(), threading.Event()
        conf = bed.dir / "resolv.conf"
        # a lost answer is none of the things tested: ask once
        conf.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:1\n")
        bed.in_namespace("mount", "--bind", str(conf), "/etc/resolv.conf")
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        assert self._ready.wait(30)
        bed.closing.append(self)

    def answer(self, name, address):
        """From now on, and whoever has asked already."""
        with self._lock:
            self._answers[name] = ipaddress.IPv4Address(address).packed
            waiting, self._open = self._open, []
            for query, source in waiting:
                self._reply(query, source)

    def close(self):
        os.close(self._stop)
        self._thread.join()
        os.close(self._wake)

    def _serve(self):
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{self._bed.holder.pid}/ns/net", encoding="ascii") as ns:
            assert libc.setns(ns.fileno(), CLONE_NEWNET) == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as self._socket:
            self._socket.bind(("127.0.0.1", 53))
            self._ready.set()
            while self._wake not in select.select([self._socket, self._wake], [], [])[0]:
                query, source = self._socket.recvfrom(512)
                with self._lock:
                    if question_type(query) == A:
                        self.questions.append(name_in(query))
                    self._reply(query, source)

    def _reply(self, query, source):
        data = self._answers.get(name_in(query))
        if data is None:
            self._open.append((query, source))
            return
        found = question_type(query) == A
        reply = query[:2] + struct.pack("!HHHHH", 0x8180, 1, int(found), 0, 0) + question_of(query)
        if found:
            reply += struct.pack("!HHHIH", 0xc00c, A, 1, 60, len(data)) + data
        self._socket.sendto(reply, source)


def question_of(query):
    return query[12:query.index(0, 12) + 5]


def question_type(query):
    return struct.unpack("!HH", question_of(query)[-4:])[0]
