"""Networks of any size, written straight into the database that `innernet-server new` made."""

import base64
import ipaddress
import random
import subprocess

ROOT = ipaddress.ip_network("10.66.0.0/16")
SERVER = "10.66.0.1"
PEERS = ipaddress.ip_network("10.66.64.0/18")  # all peers' addresses lie in here
PORT = 51820
NAME = "bench"


class Plan:
    """n peers in n_cidrs CIDRs of equal size. The first peer is an admin."""

    def __init__(self, n, n_cidrs=1, mesh=False, root=ROOT, base=PEERS):
        self.n, self.n_cidrs, self.mesh = n, n_cidrs, mesh
        self.root, self.base = root, base
        self.per_cidr = -(-n // n_cidrs)
        prefix = base.prefixlen
        while n_cidrs > 1 and 2 ** (base.max_prefixlen - prefix - 1) >= self.per_cidr + 2:
            prefix += 1
        self.cidrs = [net for net, _ in zip(base.subnets(new_prefix=prefix), range(n_cidrs))]
        if len(self.cidrs) < n_cidrs or self.per_cidr > self.cidrs[0].num_addresses - 2:
            raise ValueError(f"{n} peers in {n_cidrs} CIDRs do not fit into {base}")

    def ip(self, i):
        """The address of peer i, 0 <= i < n; beyond, in one CIDR, the next free ones."""
        if self.n_cidrs == 1:
            return str(self.cidrs[0][i + 1])
        return str(self.cidrs[i // self.per_cidr][i % self.per_cidr + 1])

    @property
    def cidr_step(self):
        """From a peer's address to the same one in the next CIDR."""
        return self.cidrs[0].num_addresses

    def visible(self):
        """How many of the n peers one of them sees, itself included."""
        return self.n if self.mesh else min(self.n, self.per_cidr)


def key_pair():
    private = subprocess.run(["wg", "genkey"], check=True, capture_output=True, text=True).stdout
    public = subprocess.run(["wg", "pubkey"], check=True, capture_output=True, text=True,
                            input=private).stdout
    return private.strip(), public.strip()


def _peer(rng, plan, i):
    key = base64.b64encode(rng.randbytes(32)).decode()
    endpoint = f"{rng.randrange(11, 200)}.{rng.randrange(256)}.{rng.randrange(256)}." \
               f"{rng.randrange(1, 255)}:{rng.randrange(1024, 65536)}"
    candidate = f'["192.168.{rng.randrange(256)}.{rng.randrange(1, 255)}:' \
                f'{rng.randrange(1024, 65536)}"]'
    return (f"host-{i:05d}", plan.ip(i), key, endpoint, 3 + i // plan.per_cidr, int(i == 0),
            candidate)


def fill(net, plan, keys=None):
    """Adds the plan's CIDRs, peers and associations; `keys` are public keys of some peers by number. The same plan
    gives the same rows but for these."""
    rng = random.Random(plan.n * 1000 + plan.n_cidrs)
    peers = [_peer(rng, plan, i) for i in range(plan.n)]
    for i, key in (keys or {}).items():
        peers[i] = (*peers[i][:2], key, *peers[i][3:])
    with net.db() as db:
        db.executemany("INSERT INTO cidrs VALUES (?, ?, ?, ?, 1)",
                       [(3 + i, f"part-{i:03d}", str(c.network_address), c.prefixlen)
                        for i, c in enumerate(plan.cidrs)])
        db.executemany("INSERT INTO peers VALUES (NULL, ?, ?, ?, ?, ?, ?, 0, 1, NULL, ?)", peers)
        if plan.mesh:
            db.executemany("INSERT INTO associations VALUES (NULL, ?, ?)",
                           [(3 + a, 3 + b) for b in range(plan.n_cidrs) for a in range(b)])
