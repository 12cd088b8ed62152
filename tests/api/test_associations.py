"""Associations: docs/spec/server.md 2.9 and catalogue 8.7."""

import pytest

from rows import cidr_contents


def post(net, one, other, who="admin"):
    return net.post("/v1/admin/associations", {"cidr_id_1": one, "cidr_id_2": other}, who)


def test_T36_a_pair_is_associated_once(net):
    answer = post(net, 1, 2)
    assert (answer.status, answer.body) == (201, b"")
    assert answer.header("content-length") == "0"
    assert answer.header("content-type") is None
    assert post(net, 1, 2).status == 400
    assert post(net, 2, 1).status == 400
    assert net.rows("associations") == [{"id": 1, "cidr_id_1": 1, "cidr_id_2": 2}]


def test_T37_both_cidrs_must_exist(net, fx):
    count = len(net.rows("cidrs"))
    assert post(net, 1, count + 1).status == 400
    assert net.rows("associations") == []
    assert net.post("/v1/admin/cidrs", cidr_contents("experimental", fx.experimental)).status == 201
    assert post(net, 1, count + 1).status == 201


def test_list_and_delete(net):
    assert net.get("/v1/admin/associations").body == b"[]"
    assert post(net, 3, 4).status == 201
    assert post(net, 5, 3).status == 201
    body = net.get("/v1/admin/associations").body
    assert body == b'[{"id":1,"cidr_id_1":3,"cidr_id_2":4},{"id":2,"cidr_id_1":5,"cidr_id_2":3}]'
    assert net.delete("/v1/admin/associations/1").status == 204
    assert net.rows("associations") == [{"id": 2, "cidr_id_1": 5, "cidr_id_2": 3}]
    assert net.delete("/v1/admin/associations/1").status == 204  # D31
    assert net.delete("/v1/admin/associations/99").status == 204
    assert len(net.rows("associations")) == 1


@pytest.mark.parametrize("body", [
    {"cidr_id_1": 3, "cidr_id_2": 3}, {"cidr_id_1": 3}, {"cidr_id_2": 3}, {},
    {"cidr_id_1": 3, "cidr_id_2": None}, {"cidr_id_1": "3", "cidr_id_2": 4},
    {"cidr_id_1": 3.0, "cidr_id_2": 4}, {"cidr_id_1": 3, "cidr_id_2": 999},
    {"cidr_id_1": 999, "cidr_id_2": 3}, {"cidr_id_1": -1, "cidr_id_2": 3},
    {"cidr_id_1": 2**63, "cidr_id_2": 3}, b"", b"null", b"[]", b"3",
    b'{"cidr_id_1":3,"cidr_id_1":3,"cidr_id_2":4}'], ids=str)
def test_refusals_change_nothing(steady, body):
    before = steady.everything()
    assert steady.post("/v1/admin/associations", body).status == 400
    assert steady.everything() == before


def test_there_is_no_put(steady):
    body = {"cidr_id_1": 3, "cidr_id_2": 4}
    assert steady.put("/v1/admin/associations/1", body).status == 404
    assert steady.put("/v1/admin/associations", body).status == 404


def test_users_neither_see_nor_make_nor_delete(net):
    assert post(net, 3, 4).status == 201
    before = net.everything()
    assert net.get("/v1/admin/associations", "user1").status == 401
    assert post(net, 3, 5, "user1").status == 401
    assert net.delete("/v1/admin/associations/1", "user1").status == 401
    assert net.everything() == before


def test_state_follows_at_once(net):
    def seen():
        return sorted(p["name"] for p in net.state("user1")["peers"])
    alone = ["innernet-server", "user1", "user2"]
    assert seen() == alone
    assert post(net, 4, 5).status == 201
    assert seen() == ["developer1", "developer2", *alone]
    assert net.delete("/v1/admin/associations/1").status == 204
    assert seen() == alone
