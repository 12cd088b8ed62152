"""Every route and what is none, for admins, users and strangers: docs/spec/server.md 2.3."""

import pytest

from network import compact

ROUTES = [
    # (method, target, as an admin, as a user, as a stranger)
    ("GET", "/", 404, 404, 404), ("GET", "/v2/user/state", 404, 404, 404),
    ("GET", "/V1/user/state", 404, 404, 404), ("GET", "/v1x", 404, 404, 404),
    ("GET", "/index.html", 404, 404, 404), ("OPTIONS", "*", 404, 404, 404),
    ("CONNECT", "x", 404, 404, 404), ("GET", "/%76%31/user/state", 404, 404, 404),
    ("GET", "/v1", 404, 404, 401), ("GET", "/v1/", 404, 404, 401),
    ("GET", "/v1/foo", 404, 404, 401), ("GET", "/v1/foo/state", 404, 404, 401),
    ("GET", "/v1//user/state", 404, 404, 401), ("GET", "/v1/User/state", 404, 404, 401),
    ("GET", "/v1/%75ser/state", 404, 404, 401), ("GET", "/v1/user", 404, 404, 401),
    ("GET", "/v1/user/", 404, 404, 401), ("GET", "/v1/user/nope", 404, 404, 401),
    ("GET", "/v1/admin", 404, 401, 401), ("GET", "/v1/admin/", 404, 401, 401),
    ("GET", "/v1/admin/nope", 404, 401, 401), ("GET", "/v1/admin/nope/1", 404, 401, 401),
    ("GET", "//v1/admin/cidrs", 200, 401, 401), ("GET", "////v1/user/state", 200, 200, 401),
    ("GET", "/v1/user/state/extra", 200, 200, 401), ("GET", "/v1/user/state/", 200, 200, 401),
    ("GET", "/v1/user/capabilities/", 200, 200, 401),
    ("GET", "/v1/user/capabilities/a/b?c", 200, 200, 401),
    ("GET", "/v1/admin/cidrs/", 404, 401, 401), ("GET", "/v1/admin/cidrs/1", 404, 401, 401),
    ("GET", "/v1/admin/peers/", 404, 401, 401), ("GET", "/v1/admin/peers/1", 404, 401, 401),
    ("GET", "/v1/admin/associations/", 404, 401, 401),
    ("POST", "/v1/admin/peers/", 404, 401, 401), ("POST", "/v1/admin/peers/1", 404, 401, 401),
    ("POST", "/v1/admin/cidrs/", 404, 401, 401), ("POST", "/v1/admin/associations/", 404, 401, 401),
    ("PUT", "/v1/admin/peers", 404, 401, 401), ("PUT", "/v1/admin/cidrs", 404, 401, 401),
    ("PUT", "/v1/admin/peers/", 404, 401, 401), ("PUT", "/v1/admin/peers/x", 404, 401, 401),
    ("PUT", "/v1/admin/peers/1.0", 404, 401, 401), ("PUT", "/v1/admin/peers/%31", 404, 401, 401),
    ("PUT", "/v1/admin/peers/ 1", 404, 401, 401), ("PUT", "/v1/admin/peers/1x", 404, 401, 401),
    ("PUT", "/v1/admin/peers/+", 404, 401, 401), ("PUT", "/v1/admin/peers/--1", 404, 401, 401),
    ("PUT", "/v1/admin/peers/0x1", 404, 401, 401),
    ("DELETE", "/v1/admin/peers", 404, 401, 401), ("DELETE", "/v1/admin/cidrs", 404, 401, 401),
    ("DELETE", "/v1/admin/cidrs/9223372036854775808", 404, 401, 401),
    ("DELETE", "/v1/admin/cidrs/-9223372036854775809", 404, 401, 401),
    ("DELETE", "/v1/admin/cidrs/777/x", 204, 401, 401), ("DELETE", "/v1/admin/cidrs/+777", 204, 401, 401),
    ("DELETE", "/v1/admin/cidrs/0777", 204, 401, 401),
    ("DELETE", "/v1/admin/associations/777/x/y", 204, 401, 401),
    ("PUT", "/v1/admin/associations/1", 404, 401, 401),
    ("POST", "/v1/user/state", 404, 404, 401), ("PUT", "/v1/user/state", 404, 404, 401),
    ("DELETE", "/v1/user/state", 404, 404, 401), ("GET", "/v1/user/redeem", 404, 404, 401),
    ("GET", "/v1/user/endpoint", 404, 404, 401), ("POST", "/v1/user/endpoint", 404, 404, 401),
    ("GET", "/v1/user/candidates", 404, 404, 401), ("POST", "/v1/user/capabilities", 404, 404, 401),
    ("PATCH", "/v1/admin/peers/1", 404, 401, 401), ("BREW", "/v1/user/state", 404, 404, 401),
    ("HEAD", "/v1/user/state", 404, 404, 401), ("HEAD", "/v1/admin/peers", 404, 401, 401),
    ("OPTIONS", "/v1/user/state", 404, 404, 401),
]


@pytest.mark.parametrize("method, target, admin, user, stranger", ROUTES,
                         ids=[f"{r[0]} {r[1]}" for r in ROUTES])
def test_routes(steady, fx, method, target, admin, user, stranger):
    before = steady.everything()
    if " " in target:
        target = target.replace(" ", "%20")
    body = compact({}) if method in ("POST", "PUT", "PATCH") else None
    for who, status in (("admin", admin), ("user1", user), (fx.stranger, stranger)):
        answer = steady.request(method, target, body, who)
        assert answer.status == status, who
        if status >= 400 and method != "HEAD":
            assert answer.body == b""
    assert steady.everything() == before


def test_ids_with_a_sign(net):
    contents = {k: v for k, v in net.get("/v1/admin/peers").json[3].items() if k != "id"}
    assert net.put("/v1/admin/peers/+4/x", contents | {"name": "plus"}).status == 204
    assert net.rows("peers")[3]["name"] == "plus"
    assert net.put("/v1/admin/peers/-4", contents).status == 404
    assert net.put("/v1/admin/peers/+99", contents).status == 404
