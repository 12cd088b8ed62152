"""The HTTP dialect and its limits: docs/spec/server.md 2.2, 2.5, D22."""

import re

import pytest

from network import KEY_HEADER
from wire import request_bytes


def auth(net):
    return [(KEY_HEADER, net.server_key)]


def ask(net, data, who="admin", has_body=True):
    """Sends bytes as they are; the answer (None: the connection just ended) and whether the server
    ended the connection after it."""
    with net.connect(who) as wire:
        wire.send(data)
        answer = wire.response(has_body)
        return answer, wire.ended(0.2) if answer and answer.closes else False


GET = "GET /v1/user/capabilities"


# --- answers ---------------------------------------------------------------------------------------

def header_names(answer):
    """Without those which an HTTP library may add of its own accord."""
    return [k.lower() for k, _ in answer.headers if k.lower() not in ("connection", "etag", "vary")]


def test_headers_of_answers(steady):
    answer = steady.get("/v1/user/capabilities")
    assert (answer.version, answer.reason) == ("HTTP/1.1", "OK")
    assert sorted(header_names(answer)) == ["content-length", "content-type", "date"]
    assert answer.header("content-type") == "application/json"
    day = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT"
    assert re.fullmatch(day, answer.header("date"))


def test_headers_of_errors_and_empty_answers(steady):
    for answer in (steady.get("/v1/user/nope"), steady.get("/v2"),
                   steady.get("/v1/user/state", headers=[]), steady.put("/v1/user/candidates", b"x")):
        assert answer.status >= 400
        assert sorted(header_names(answer)) == ["content-length", "date"]
        assert (answer.header("content-length"), answer.body) == ("0", b"")
    answer = steady.put("/v1/user/candidates", [], "user2")
    assert (answer.status, answer.reason) == (204, "No Content")
    assert header_names(answer) == ["date"]


@pytest.mark.parametrize("status, reason", [(401, "Unauthorized"), (404, "Not Found"),
                                            (400, "Bad Request"), (413, "Payload Too Large")])
def test_reason_phrases(steady, status, reason):
    answer = {401: lambda: steady.get("/v1/user/state", headers=[]),
              404: lambda: steady.get("/"),
              400: lambda: steady.put("/v1/user/candidates", b"x"),
              413: lambda: steady.put("/v1/user/candidates", ["1.1.1.1:1"] * 11)}[status]()
    assert (answer.status, answer.reason) == (status, reason)


def test_no_cors_and_no_server_name(steady):
    headers = [*auth(steady), ("Origin", "http://evil.example"), ("Accept-Encoding", "identity")]
    answer = steady.get("/v1/user/state", headers=headers)
    assert answer.status == 200
    for name, _ in answer.headers:
        assert not name.lower().startswith("access-control")
        assert name.lower() not in ("server", "www-authenticate", "x-powered-by")


# --- connections -----------------------------------------------------------------------------------

def test_1_1_is_persistent_and_pipelined_in_order(steady):
    targets = ["/v1/user/capabilities", "/v1/user/nope", "/v1/admin/cidrs", "/v1/user/capabilities"]
    with steady.connect() as wire:
        for _ in range(3):
            wire.send(b"".join(request_bytes("GET", t, auth(steady)) for t in targets))
            answers = [wire.response() for _ in targets]
            assert [a.status for a in answers] == [200, 404, 200, 200]
            assert answers[0].body == answers[3].body != answers[2].body
            assert wire.is_open()


def test_pipelined_requests_with_bodies(steady):
    put = request_bytes("PUT", "/v1/user/candidates", auth(steady), b'["1.1.1.1:1"]')
    bad = request_bytes("PUT", "/v1/user/candidates", auth(steady), b'["1.1')
    with steady.connect("user2") as wire:
        wire.send(put + bad + put + request_bytes("GET", "/v1/user/state", auth(steady)))
        assert [wire.response().status for _ in range(4)] == [204, 400, 204, 200]


def test_connection_close(steady):
    with steady.connect() as wire:
        wire.send(request_bytes("GET", "/v1/user/state", [*auth(steady), ("Connection", "close")]))
        assert wire.response().status == 200
        assert wire.ended()


def test_http_1_0(steady):
    with steady.connect() as wire:
        wire.send(request_bytes("GET", "/v1/user/state", auth(steady), version="HTTP/1.0"))
        assert wire.response().status == 200
        assert wire.ended()
    with steady.connect() as wire:
        for _ in range(2):
            wire.send(request_bytes("GET", "/v1/user/state", version="HTTP/1.0",
                                    headers=[*auth(steady), ("Connection", "keep-alive")]))
            answer = wire.response()
            assert answer.status == 200
            assert answer.header("connection").lower() == "keep-alive"


def test_head_and_body_in_small_pieces(steady):
    data = request_bytes("PUT", "/v1/user/candidates", auth(steady), b'["1.1.1.1:1"]')
    with steady.connect("user2") as wire:
        for byte in data:
            wire.send(bytes([byte]))
        assert wire.response().status == 204


def test_expect_100_continue(steady):
    body = b'["1.1.1.1:1"]'
    head = request_bytes("PUT", "/v1/user/candidates",
                         [*auth(steady), ("Expect", "100-continue"), ("Content-Length", len(body))])
    with steady.connect("user2") as wire:
        wire.send(head)
        while b"\r\n\r\n" not in wire.buffer:
            assert wire.fill()
        assert wire.buffer == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(body)
        answer = wire.response()
        assert (answer.status, answer.interim) == (204, [100])


def test_expect_100_continue_of_a_stranger_is_refused_at_once(steady, fx):
    head = request_bytes("PUT", "/v1/user/candidates",
                         [("Expect", "100-continue"), ("Content-Length", 10)])
    with steady.connect(fx.stranger) as wire:
        wire.send(head)
        answer = wire.response()
        assert (answer.status, answer.interim) == (401, [])


# --- heads ---------------------------------------------------------------------------------------------

def raw(net, text):
    """`K` stands for a good key header."""
    return text.replace("K\r\n", f"{KEY_HEADER}: {net.server_key}\r\n").encode("latin-1")


@pytest.mark.parametrize("text", [
    f"{GET} HTTP/1.1\r\nK\r\n\r\n",                         # Host is not required
    f"{GET} HTTP/1.1\r\nHost: anything at all\r\nK\r\n\r\n",
    f"{GET} HTTP/1.1\r\nHost: a\r\nHost: b\r\nK\r\n\r\n",
    f"{GET}?x=/v2/&y=%00 HTTP/1.1\r\nK\r\n\r\n",
    f"{GET}? HTTP/1.1\r\nK\r\n\r\n",
    "GET http://evil.example/v1/user/capabilities HTTP/1.1\r\nK\r\n\r\n",
    "GET http://evil.example:80/v1/user/capabilities?x HTTP/1.1\r\nK\r\n\r\n",
    f"{GET} HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\nK\r\n\r\n",
    f"{GET} HTTP/1.1\r\nX-Empty:\r\nX-Tight:x\r\nK\r\n\r\n",
    f"{GET} HTTP/1.0\r\nK\r\n\r\n",
])
def test_heads_that_are_fine(steady, text):
    answer, _ = ask(steady, raw(steady, text.replace("K\r\n\r\n", "K\r\n") + "\r\n"))
    assert answer.status == 200
    assert answer.body == b'{"unspecified_ip_in_override_endpoint":true}'


def test_bare_line_feeds_in_the_head(steady):
    answer, _ = ask(steady, raw(steady, f"{GET} HTTP/1.1\r\nK\r\n\r\n").replace(b"\r\n", b"\n"))
    assert answer.status == 200


BAD_HEADS = {
    "no request line": "nonsense\r\n\r\n",
    "no target": "GET HTTP/1.1\r\nK\r\n",
    "no version": "GET /v1/user/capabilities\r\nK\r\n",
    "odd version": f"{GET} HTTP/1.2.3\r\nK\r\n",
    "http/2": f"{GET} HTTP/2.0\r\nK\r\n",
    "http/3": f"{GET} HTTP/3\r\nK\r\n",
    "http/0.9": f"{GET} HTTP/0.9\r\nK\r\n",
    "not http": f"{GET} ICAP/1.0\r\nK\r\n",
    "blank before colon": f"{GET} HTTP/1.1\r\nX-A : b\r\nK\r\n",
    "no colon": f"{GET} HTTP/1.1\r\nX-A\r\nK\r\n",
    "non-ascii target": "GET /v1/\xe4 HTTP/1.1\r\nK\r\n",
    "length not a number": "PUT /v1/user/candidates HTTP/1.1\r\nContent-Length: x\r\nK\r\n",
    "length negative": "PUT /v1/user/candidates HTTP/1.1\r\nContent-Length: -1\r\nK\r\n",
    "length with plus": "PUT /v1/user/candidates HTTP/1.1\r\nContent-Length: +2\r\nK\r\n",
    "length hex": "PUT /v1/user/candidates HTTP/1.1\r\nContent-Length: 0x2\r\nK\r\n",
    "length empty": "PUT /v1/user/candidates HTTP/1.1\r\nContent-Length:\r\nK\r\n",
    "length huge": f"PUT /v1/user/candidates HTTP/1.1\r\nContent-Length: {2**64}\r\nK\r\n",
    "length list": "PUT /v1/user/candidates HTTP/1.1\r\nContent-Length: 2, 3\r\nK\r\n",
    "two lengths": "PUT /v1/user/candidates HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\nK\r\n",
    "unknown coding": "PUT /v1/user/candidates HTTP/1.1\r\nTransfer-Encoding: gzip\r\nK\r\n",
    "chunked in 1.0": "PUT /v1/user/candidates HTTP/1.0\r\nTransfer-Encoding: chunked\r\nK\r\n",
    "chunked twice": "PUT /v1/user/candidates HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\nK\r\n",
}


# libmicrohttpd answers some heads itself, before the server sees them: with a status of its own
# choice here, and with a body.
OWN_STATUS = {"http/2": 505, "http/0.9": 505, "length huge": 413}


@pytest.mark.parametrize("what", BAD_HEADS)
def test_malformed_heads(steady, what):
    """400 and close; what follows on the connection is not taken for a request."""
    text = BAD_HEADS[what]
    smuggled = raw(steady, "PUT /v1/user/candidates HTTP/1.1\r\nContent-Length: 2\r\nK\r\n\r\n[]")
    steady.sql("""UPDATE peers SET candidates = '["9.9.9.9:9"]' WHERE name = 'user2'""")
    before = steady.everything()
    with steady.connect("user2") as wire:
        wire.send(raw(steady, text + "\r\n") + b'["1.1.1.1:1"]' + smuggled)
        answer = wire.response()
        assert answer is None or answer.status in (400, OWN_STATUS.get(what)), answer
        assert wire.closed()
    assert steady.everything() == before


@pytest.mark.parametrize("text", [
    f"{GET} HTTP/1.1\r\nX-A: b\r\n c\r\nK\r\n", f"{GET} HTTP/1.1\r\nX-A: b\0c\r\nK\r\n",
    "GET /v1/\0/admin HTTP/1.1\r\nK\r\n", f"{GET} HTTP/1.1\r\nX-A: \x01\x7f\xff\r\nK\r\n"],
    ids=["folded", "NUL in header", "NUL in target", "control characters"])
def test_odd_heads_do_no_harm(steady, text):
    """2.2 has 400 for the first three; libmicrohttpd mends or cuts them unseen. Whatever it makes of
    them, a stranger stays one and no row changes."""
    before = steady.everything()
    answer, _ = ask(steady, raw(steady, text + "\r\n"))
    assert answer is None or answer.status in (200, 400, 404)
    text = text.replace(GET, "PUT /v1/user/candidates").replace("K\r\n", "")
    answer, _ = ask(steady, raw(steady, text + "\r\n"), "user2")
    assert answer is None or answer.status in (400, 401, 404)
    assert steady.everything() == before


def test_http_2_preface_ends_the_connection(steady):
    with steady.connect() as wire:
        wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        answer = wire.response()
        assert answer is None or answer.status in (400, 505)
        assert wire.closed()


def many_headers(net, n):
    return request_bytes("GET", "/v1/user/capabilities",
                         [*auth(net), *((f"X-{i}", "y") for i in range(n - 1))])


def test_100_header_fields_pass(steady):
    answer, _ = ask(steady, many_headers(steady, 100))
    assert answer.status == 200


def test_too_many_header_fields(steady):
    """101 already, or where the size of the head ends it (2.2: smaller limits are welcome)."""
    answer, _ = ask(steady, many_headers(steady, 5000))
    assert answer is None or answer.status == 431


def test_one_large_header(steady):
    headers = [*auth(steady), ("X-Large", "x" * 4000)]
    assert steady.get("/v1/user/capabilities", headers=headers).status == 200
    headers = [*auth(steady), ("X-Large", "x" * 500_000)]
    data = request_bytes("GET", "/v1/user/capabilities", headers)
    answer, _ = ask(steady, data)
    assert answer is None or answer.status == 431


def test_a_long_target(steady):
    answer, _ = ask(steady, request_bytes("GET", "/v1/user/capabilities?" + "x" * 4000, auth(steady)))
    assert answer.status == 200
    answer, _ = ask(steady, request_bytes("GET", "/v1/user/" + "x" * 70000, auth(steady)))
    assert answer is None or answer.status in (414, 431)


# --- bodies: 2.5 -----------------------------------------------------------------------------------------

def put_with(net, headers, body=b"", who="user2", target="/v1/user/candidates"):
    return ask(net, request_bytes("PUT", target, [*auth(net), *headers]) + body, who)


CHUNKED = b'd\r\n["1.1.1.1:1"]\r\n0\r\n\r\n'


def test_X12_chunked_only(steady):
    before = steady.everything()
    answer, _ = put_with(steady, [("Transfer-Encoding", "chunked")], CHUNKED)
    assert answer.status == 400
    assert steady.everything() == before


@pytest.mark.parametrize("length", [13, 0, 2, len(CHUNKED), 5, 20000])
@pytest.mark.parametrize("first", ["length", "coding"])
def test_D22_both_length_and_chunked(steady, length, first):
    """Refused, and the connection with it: the two lengths may be meant to disagree."""
    steady.sql("UPDATE peers SET candidates = '[]' WHERE name = 'user2'")
    before = steady.everything()
    headers = [("Content-Length", length), ("Transfer-Encoding", "chunked")]
    if first == "coding":
        headers.reverse()
    smuggled = request_bytes("PUT", "/v1/user/candidates", auth(steady), b'["6.6.6.6:6"]')
    with steady.connect("user2") as wire:
        wire.send(request_bytes("PUT", "/v1/user/candidates", [*auth(steady), *headers])
                  + CHUNKED + smuggled)
        answer = wire.response()
        assert answer is None or answer.status == 400
        assert wire.ended()
    assert steady.everything() == before


def test_no_length(steady):
    before = steady.everything()
    answer, _ = put_with(steady, [])
    assert answer.status == 400
    assert steady.everything() == before


def test_two_equal_lengths(steady):
    answer, _ = put_with(steady, [("Content-Length", 2), ("Content-Length", 2)], b"[]")
    assert answer.status == 204


@pytest.mark.parametrize("length", [16385, 17000, 10**6, 2**31, 2**63 - 1])
def test_a_length_beyond_the_limit_is_refused_unread(steady, length):
    before = steady.everything()
    with steady.connect("user2") as wire:
        wire.send(request_bytes("PUT", "/v1/user/candidates",
                                [*auth(steady), ("Content-Length", length)]) + b"[]")
        answer = wire.response()
        assert answer.status == 400
        # The rest is neither awaited nor taken for a request.
        assert answer.closes or wire.is_open()
    assert steady.everything() == before


def test_a_long_body_is_drained_or_the_connection_ends(steady):
    """Not read as the next request."""
    body = request_bytes("PUT", "/v1/user/candidates", auth(steady), b'["6.6.6.6:6"]')
    body += b" " * (17000 - len(body))
    before = steady.everything()
    with steady.connect("user2") as wire:
        wire.send(request_bytes("PUT", "/v1/user/candidates", auth(steady), body))
        wire.send(request_bytes("GET", "/v1/user/capabilities", auth(steady)))
        assert wire.response().status == 400
        after = wire.response()
        assert after is None or after.status == 200
    assert steady.everything() == before


def test_content_type_is_not_looked_at(steady):
    for kind in ("text/plain", "application/json; charset=utf-16", "", "multipart/form-data; boundary=x",
                 "application/x-www-form-urlencoded"):
        headers = [("Content-Length", 2), ("Content-Type", kind)]
        answer, _ = put_with(steady, headers, b"[]")
        assert answer.status == 204, kind


def test_a_body_on_get_and_delete_is_ignored(steady):
    answer, _ = ask(steady, request_bytes("GET", "/v1/user/capabilities", auth(steady), b"x" * 100))
    assert answer.status == 200
    answer, _ = ask(steady, request_bytes("DELETE", "/v1/admin/associations/77", auth(steady), b"{"))
    assert answer.status == 204


def test_order_of_checks(steady, fx):
    """2.5: who may, then the id, then the body, then whether the row exists."""
    bad = b"{{{"
    for target in ("/v1/admin/peers/4444", "/v1/admin/cidrs/4444", "/v1/admin/peers/x"):
        assert steady.put(target, bad, "user1").status == 401
        assert steady.put(target, bad, fx.stranger).status == 401
    assert steady.put("/v1/admin/peers/x", bad).status == 404
    assert steady.put("/v1/admin/peers/4444", bad).status == 400
    for headers in ([("Transfer-Encoding", "chunked")], [("Content-Length", 20000)], []):
        answer, _ = put_with(steady, headers, CHUNKED, "user1", "/v1/admin/peers/4")
        assert answer.status == 401, headers
        answer, _ = put_with(steady, headers, CHUNKED, "admin", "/v1/admin/peers/x")
        assert answer.status == 404, headers


def test_refusals_do_not_read_the_body(steady, fx):
    """A body that is no JSON, or none of this size, or would be the next request, makes no difference
    to who is refused and why; and it is never taken for a request."""
    before = steady.everything()
    known, smuggled = auth(steady), request_bytes("PUT", "/v1/user/candidates", auth(steady), b'["6.6.6.6:6"]')
    for who, method, target, headers, status in (
            (fx.stranger, "PUT", "/v1/user/candidates", known, 401),
            ("user2", "PUT", "/v1/user/candidates", [], 401),
            ("user2", "POST", "/v1/user/redeem", known, 401),
            ("user2", "POST", "/v1/admin/peers", known, 401),
            ("user2", "PUT", "/v1/user/nope", known, 404),
            ("admin", "PUT", "/v1/admin/peers/x", known, 404),
            (fx.stranger, "POST", "/v2", [], 404)):
        for body in (b"{{{", b"\0" * 16384, smuggled, b" " * 16385):
            with steady.connect(who) as wire:
                wire.send(request_bytes(method, target, headers, body))
                wire.send(request_bytes("GET", "/v1/user/capabilities", known))
                assert wire.response().status == status
                after = wire.response()
                assert after is None or after.status == (401 if who == fx.stranger else 200)
    assert steady.everything() == before


def test_a_long_pipeline(steady):
    with steady.connect() as wire:
        wire.send(request_bytes("GET", "/v1/user/capabilities", auth(steady)) * 500)
        assert {wire.response().status for _ in range(500)} == {200}


def test_upgrades_are_not_taken(steady):
    headers = [*auth(steady), ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
               ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")]
    assert steady.get("/v1/user/capabilities", headers=headers).status == 200


# --- where libmicrohttpd has its own mind: docs/compatibility.md --------------------------------------

@pytest.mark.parametrize("what, status", [
    ("length not a number", 400), ("length negative", 400), ("length list", 400), ("no colon", 400),
    ("no version", 400), ("not http", 400), ("length huge", 413), ("http/2", 505), ("http/3", 400),
    ("http/0.9", 505)])
def test_faults_that_the_library_answers(steady, what, status):
    """With its own HTML, and the connection ends."""
    with steady.connect("user2") as wire:
        wire.send(raw(steady, BAD_HEADS[what] + "\r\n"))
        answer = wire.response()
        assert answer.status == status
        assert answer.header("connection") == "close"
        assert wire.closed()


def test_sizes_of_a_head(steady):
    for n, field, target in ((9_500, 200, 200), (10_300, 431, 414)):
        answer, _ = ask(steady, raw(steady, f"{GET} HTTP/1.1\r\nX: {'x' * n}\r\nK\r\n\r\n"))
        assert answer.status == field
        answer, _ = ask(steady, raw(steady, f"{GET}?{'x' * n} HTTP/1.1\r\nK\r\n\r\n"))
        assert answer.status == target


def test_a_half_closed_request_is_answered(steady):
    for data, status in ((request_bytes("GET", "/v1/user/capabilities", auth(steady)), 200),
                         (request_bytes("PUT", "/v1/user/candidates", auth(steady), b"[]"), 204)):
        with steady.connect("user2") as wire:
            wire.send(data)
            wire.finish()
            assert wire.response().status == status
