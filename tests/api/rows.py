"""The fixture of docs/spec/server.md 8.1 in both families, and records to send."""

import base64
import os
import sqlite3
from contextlib import closing


def new_key():
    """Some public key's text."""
    return base64.b64encode(os.urandom(32)).decode()


class Fixture:
    external_endpoint = "155.155.155.155:54321"
    listen_port = 54321
    peer_cidrs = {"innernet-server": 2, "admin": 3, "developer1": 4, "developer2": 4,
                  "user1": 5, "user2": 5}

    def __init__(self, version, root, server, stranger, cidrs, peers, experimental, sub,
                 experiment_peer, observed, spare):
        self.version = version
        self.root = root
        self.server = server
        self.stranger = stranger          # inside the root, nobody's address
        self.cidrs = cidrs                # name -> text, ids from 3 on
        self.peers = peers                # name -> address, ids from 2 on
        self.experimental, self.sub = experimental, sub
        self.experiment_peer = experiment_peer
        self.observed = observed          # name -> endpoint
        self.spare = spare                # free addresses of the developers' CIDR
        self.bits = 32 if version == 4 else 128
        self.root_prefix = int(root.split("/")[1])

    def __str__(self):
        return f"v{self.version}"

    @property
    def addresses(self):
        """What the far end of the device carries, besides what a test adds."""
        return [f"{ip}/{self.root_prefix}" for ip in
                [*self.peers.values(), self.stranger, self.experiment_peer, *self.spare]]

    def single(self, ip):
        return f"{ip}/{self.bits}"

    def fill(self, db_path):
        """Adds the rows which `new` does not make; all with random keys."""
        with closing(sqlite3.connect(db_path)) as db, db:
            db.execute("PRAGMA foreign_keys = ON")
            for cidr_id, (name, text) in enumerate(self.cidrs.items(), 3):
                ip, prefix = text.split("/")
                db.execute("INSERT INTO cidrs VALUES (?, ?, ?, ?, 1)", (cidr_id, name, ip, prefix))
            for peer_id, (name, ip) in enumerate(self.peers.items(), 2):
                db.execute("INSERT INTO peers VALUES (?, ?, ?, ?, NULL, ?, ?, 0, 1, NULL, '[]')",
                           (peer_id, name, ip, new_key(), self.peer_cidrs[name], name == "admin"))


V4 = Fixture(
    4, "10.80.0.0/15", "10.80.0.1", "10.80.80.80",
    {"admin": "10.80.1.0/24", "developer": "10.80.64.0/24", "user": "10.80.128.0/17"},
    {"admin": "10.80.1.1", "developer1": "10.80.64.2", "developer2": "10.80.64.3",
     "user1": "10.80.128.2", "user2": "10.80.129.2"},
    "10.81.0.0/16", "10.81.0.0/17", "10.81.0.1",
    {"developer1": "169.10.26.8:14720", "developer2": "169.55.140.9:5833"},
    ["10.80.64.4", "10.80.64.5", "10.80.64.6"])

V6 = Fixture(
    6, "fd00:1337::/64", "fd00:1337::1", "fd00:1337::1337",
    {"admin": "fd00:1337:0:0:1::/80", "developer": "fd00:1337:0:0:2::/80",
     "user": "fd00:1337:0:0:3::/80"},
    {"admin": "fd00:1337::1:0:0:1", "developer1": "fd00:1337::2:0:0:1",
     "developer2": "fd00:1337::2:0:0:2", "user1": "fd00:1337::3:0:0:1",
     "user2": "fd00:1337::3:0:0:2"},
    "fd00:1337:0:0:4::/80", "fd00:1337:0:0:4::/81", "fd00:1337::4:0:0:1",
    {"developer1": "[1001:db8::1]:14720", "developer2": "[2001:db8::1]:5833"},
    ["fd00:1337::2:0:0:3", "fd00:1337::2:0:0:4", "fd00:1337::2:0:0:5"])


def peer_contents(name, ip, cidr_id, **other):
    """Peer contents in the order of 2.7."""
    contents = {"name": name, "ip": ip, "cidr_id": cidr_id, "public_key": new_key(),
                "endpoint": None, "persistent_keepalive_interval": None, "is_admin": False,
                "is_disabled": False, "is_redeemed": True, "invite_expires": None,
                "candidates": []}
    assert other.keys() <= contents.keys()
    return contents | other


def without(contents, *keys):
    return {k: v for k, v in contents.items() if k not in keys}


def cidr_contents(name, cidr, parent=1):
    return {"name": name, "cidr": cidr, "parent": parent}


def seconds(epoch, nanos=0):
    """A time value of 0.9."""
    return {"secs_since_epoch": epoch, "nanos_since_epoch": nanos}
