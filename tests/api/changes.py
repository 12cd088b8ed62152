"""Changes to the network of docs/spec/server.md 8.1, by the API and by other processes, each with
the way back. `VISIBLE` ones alter what developer1 is told, `INVISIBLE` ones do not."""

from network import compact


def contents_of(net, name):
    """As an admin gets and sends them."""
    for peer in net.get("/v1/admin/peers").json:
        if peer["name"] == name:
            return peer["id"], {k: v for k, v in peer.items() if k != "id"}
    raise AssertionError(f"no peer {name}")


def put_peer(net, who, **values):
    peer_id, contents = contents_of(net, who)
    done(net.put(f"/v1/admin/peers/{peer_id}", contents | values))


def done(answer):
    assert answer.status in (201, 204), answer


def cli(net, command, *arguments):
    result = net.cli(command, net.name, *arguments)
    assert result.returncode == 0, result


def peer_by_api(name, values, back):
    return (lambda net, fx: put_peer(net, name, **values),
            lambda net, fx: put_peer(net, values.get("name", name), **back))


def disabling_by_api(name):
    return (lambda net, fx: done(net.delete(f"/v1/admin/peers/{contents_of(net, name)[0]}")),
            lambda net, fx: put_peer(net, name, is_disabled=False))


def disabling_by_cli(name):
    return (lambda net, fx: cli(net, "disable-peer", "--name", name, "--yes"),
            lambda net, fx: cli(net, "enable-peer", "--name", name, "--yes"))


def renaming_by_cli(what, old, new):
    return (lambda net, fx: cli(net, f"rename-{what}", "--name", old, "--new-name", new, "--yes"),
            lambda net, fx: cli(net, f"rename-{what}", "--name", new, "--new-name", old, "--yes"))


def candidates(name):
    return (lambda net, fx: done(net.put("/v1/user/candidates", ["192.0.2.1:1"], name)),
            lambda net, fx: done(net.put("/v1/user/candidates", [], name)))


def endpoint(name):
    there = compact({"option": "Set", "content": "192.0.2.2:2"})
    return (lambda net, fx: done(net.put("/v1/user/endpoint", there, name)),
            lambda net, fx: done(net.put("/v1/user/endpoint", {"option": "Unset"}, name)))


def association_by_api(one, other):
    def undo(net, fx):
        made = net.rows("associations")[-1]
        done(net.delete(f"/v1/admin/associations/{made['id']}"))
    return lambda net, fx: net.make_association(one, other), undo


def association_by_cli(one, other):
    return (lambda net, fx: cli(net, "add-association", one, other),
            lambda net, fx: cli(net, "delete-association", one, other, "--yes"))


def cidr_by_api():
    def undo(net, fx):
        made = net.rows("cidrs")[-1]
        assert made["name"] == "experimental"
        done(net.delete(f"/v1/admin/cidrs/{made['id']}"))
    return lambda net, fx: net.make_cidr("experimental", fx.experimental), undo


def cidr_by_cli():
    return (lambda net, fx: cli(net, "add-cidr", "--name", "experimental", "--cidr",
                                fx.experimental, "--parent", "test", "--yes"),
            lambda net, fx: cli(net, "delete-cidr", "--name", "experimental", "--yes"))


def by_hand(statement, back):
    return (lambda net, fx: net.sql(statement), lambda net, fx: net.sql(back))


VISIBLE = {
    "disabled by the API": disabling_by_api("developer2"),
    "renamed by the API": peer_by_api("developer2", {"name": "dev2"}, {"name": "developer2"}),
    "an admin by the API": peer_by_api("developer2", {"is_admin": True}, {"is_admin": False}),
    "candidates": candidates("developer2"),
    "candidates of its own": candidates("developer1"),
    "endpoint": endpoint("developer2"),
    "a CIDR by the API": cidr_by_api(),
    "an association by the API": association_by_api(5, 4),
    "an association of everybody": association_by_api(1, 4),
    "disabled by the CLI": disabling_by_cli("developer2"),
    "renamed by the CLI": renaming_by_cli("peer", "developer2", "dev2"),
    "a CIDR renamed by the CLI": renaming_by_cli("cidr", "user", "users"),
    "a CIDR by the CLI": cidr_by_cli(),
    "an association by the CLI": association_by_cli("user", "developer"),
    "by hand": by_hand("""UPDATE peers SET candidates = '["192.0.2.3:3"]' WHERE id = 4""",
                       "UPDATE peers SET candidates = '[]' WHERE id = 4"),
}

INVISIBLE = {
    "a stranger's candidates": candidates("user1"),
    "a stranger's endpoint": endpoint("user1"),
    "a stranger disabled": disabling_by_api("user2"),
    "a stranger renamed": peer_by_api("user1", {"name": "somebody"}, {"name": "user1"}),
    "an association of others": association_by_api(3, 5),
    "a stranger disabled by the CLI": disabling_by_cli("user2"),
    "by hand": by_hand("UPDATE peers SET endpoint = '192.0.2.4:4' WHERE name = 'user1'",
                       "UPDATE peers SET endpoint = NULL WHERE name = 'user1'"),
}
