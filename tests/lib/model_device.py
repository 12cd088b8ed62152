"""A userspace WireGuard without packets that does what it is told and remembers every request."""

from client_bed import ScriptedDevice


class ModelDevice(ScriptedDevice):
    """Peers are {hex key: {name: value, "allowed_ip": [...]}}, as the protocol has them."""

    def __init__(self, path, private_key):
        self.peers, self.n_gets, self.private_key = {}, 0, private_key
        super().__init__(path, self.dump)

    def dump(self):
        self.n_gets += 1
        lines = [f"private_key={self.private_key}", "listen_port=51820"]
        for key, peer in self.peers.items():
            lines.append(f"public_key={key}")
            for name, value in peer.items():
                lines += [f"{name}={one}" for one in (value if name == "allowed_ip" else [value])]
        return "".join(line + "\n" for line in lines)

    def talk(self, stream):
        done = len(self.sets)
        super().talk(stream)
        for request in self.sets[done:]:
            self.apply(request)

    def apply(self, request):
        peer = {}
        for name, value in (line.split("=", 1) for line in request[1:]):
            if name == "public_key":
                key, peer = value, self.peers.setdefault(value, {"allowed_ip": []})
            elif name == "remove":
                del self.peers[key]
            elif name == "replace_allowed_ips":
                peer["allowed_ip"] = []
            elif name == "allowed_ip":
                peer["allowed_ip"].append(value)
            elif name in ("endpoint", "persistent_keepalive_interval"):
                peer[name] = value

    def touched(self):
        """The keys that requests were about, in order."""
        return [line.split("=")[1] for request in self.sets for line in request
                if line.startswith("public_key=")]
