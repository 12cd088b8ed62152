"""What the client makes of a server's answers, good and bad (spec/client.md part 7)."""

import socket

import pytest

from client_bed import SERVER_IP, SERVER_PORT, Bed, golden_api, need_root

URL = f"http://{SERVER_IP}:{SERVER_PORT}/v1/admin/cidrs"
CIDRS = golden_api("GET", "/v1/admin/cidrs")


@pytest.fixture
def bed(tmp_path):
    need_root()
    with Bed(tmp_path) as b:
        b.install_golden(store=False)
        yield b


def raw(data):
    """Bytes for the connection instead of an answer; then it is closed."""
    def answer(handler, _body):
        handler.wfile.write(data)
        handler.close_connection = True
    return answer


def reset(handler, _body):
    import struct
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def gzipped(text, status="200 OK"):
    import gzip
    data = gzip.compress(text.encode())
    head = (f"HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nContent-Length: {len(data)}\r\n"
            "Connection: close\r\n\r\n")
    return raw(head.encode() + data)


def list_associations(bed, cidrs):
    server = bed.start_golden_server()
    server.answers["GET", "/admin/cidrs"] = cidrs
    return bed.run("list-associations", "evilcorp"), server


def failure(result):
    assert result.returncode == 1
    assert result.stdout.startswith("[*] Fetching CIDRs\n\n[E] "), result.stdout
    assert result.stdout.endswith("\n\n")
    return result.stdout.split("[E] ", 1)[1].rstrip("\n")


@pytest.mark.parametrize("status, hint", [
    (302, "redirect"), (400, "is taken"), (401, "does not know this peer"),
    (404, "no such record"), (500, "its log tells why")])
def test_statuses_are_explained(bed, status, hint):
    result, _ = list_associations(bed, (status, ""))
    assert hint in failure(result)


@pytest.mark.parametrize("status", [301, 302, 304, 400, 401, 403, 404, 500, 503])
def test_other_statuses_are_errors_that_show_them(bed, status):
    result, server = list_associations(bed, (status, ""))
    assert failure(result).startswith(f"sending failed: {URL}: status code {status}")
    assert server.calls() == [("GET", "/admin/cidrs")]


def test_redirects_are_not_followed(bed):
    target = b"HTTP/1.1 302 Found\r\nLocation: /v1/user/state\r\nContent-Length: 0\r\n\r\n"
    result, server = list_associations(bed, raw(target))
    assert "status code 302" in failure(result)
    assert server.calls() == [("GET", "/admin/cidrs")]


@pytest.mark.parametrize("answer, words", [
    (raw(b""), "Empty reply"), (raw(b"garbage\r\n\r\n"), ""), (reset, ""),
])
def test_no_answer_is_a_transport_error(bed, answer, words):
    result, _ = list_associations(bed, answer)
    message = failure(result)
    assert message.startswith(f"sending failed: {URL}: ") and words in message


@pytest.mark.parametrize("body", ["{", "{}", "null", "", "[] []", "[{}]", '[{"id":1.0}]',
                                  '{"cidrs":[]}', "[" * 100000])
def test_wrong_bodies_are_decode_errors(bed, body):
    result, _ = list_associations(bed, body)
    assert failure(result).startswith("decoding failed: the server's answer to /admin/cidrs - ")


def test_a_short_body_is_a_read_error(bed):
    result, _ = list_associations(bed, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[]"))
    assert failure(result).startswith(f"reading failed: {URL}: ")


@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_of_more_than_10_mib_is_refused(bed, compressed):
    text = " " * (10 << 20) + "[]"
    result, _ = list_associations(bed, gzipped(text) if compressed else text)
    assert failure(result) == f"reading failed: {URL}: the answer is larger than 10 MiB"


@pytest.mark.parametrize("ending", [b"0\r\n", b""], ids=["trailers", "headers"])
def test_header_lines_without_end_are_refused(bed, ending):
    start = b"" if not ending else b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n" + ending
    lines = b"X-a: " + b"x" * 990 + b"\r\n"
    result, _ = list_associations(bed, raw(b"HTTP/1.1 200 OK\r\n" + start + lines * 1000))
    assert failure(result) == f"reading failed: {URL}: the answer's header is larger than 64 KiB"


def test_an_answer_of_10_mib_is_taken(bed):
    result, _ = list_associations(bed, " " * ((10 << 20) - len(CIDRS)) + CIDRS)
    assert result.returncode == 0


@pytest.mark.parametrize("answer", [
    gzipped(CIDRS),
    raw(b"HTTP/1.0 200 OK\r\n\r\n" + CIDRS.encode()),
    raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(CIDRS), CIDRS.encode())),
    " \n" + CIDRS + "\n ",
], ids=["gzip", "until-close", "chunked", "blanks"])
def test_forms_of_a_good_answer(bed, answer):
    result, _ = list_associations(bed, answer)
    assert result.stdout.endswith("\n1: humans <=> robots\n")
    assert result.returncode == 0


def test_invalid_records_are_left_out_with_a_warning(bed):
    bad = '{"id":9,"name":"a\\nb","cidr":"10.66.9.0/24","parent":1}]'
    result, _ = list_associations(bed, CIDRS[:-1] + "," + bad)
    assert result.returncode == 0
    assert result.stdout.count("[!] ") == 1
    assert result.stdout.endswith("\n1: humans <=> robots\n")


def test_a_silent_server_costs_ten_seconds(bed):
    import threading
    import time
    done = threading.Event()

    def silent(handler, _body):
        done.wait(60)
        handler.close_connection = True
    server = bed.start_golden_server()
    server.answers["GET", "/admin/cidrs"] = silent
    start = time.monotonic()
    result = bed.run("list-associations", "evilcorp")
    took = time.monotonic() - start
    done.set()
    assert "no answer within 10 s" in failure(result)
    assert 9.5 < took


def test_nobody_listens(bed):
    result = bed.run("list-associations", "evilcorp")
    assert failure(result).startswith(f"sending failed: {URL}: ")


def test_the_proxy_of_the_environment_is_not_used(bed):
    bed.start_golden_server()
    proxy = "http://127.0.0.1:1"
    result = bed.run("list-associations", "evilcorp",
                     env={"http_proxy": proxy, "ALL_PROXY": proxy, "HTTP_PROXY": proxy})
    assert result.returncode == 0


def test_request_headers(bed):
    server = bed.start_golden_server()
    server.answers["POST", "/admin/associations"] = (201, "")
    assert bed.run("add-association", "evilcorp", "humans", "robots").returncode == 0
    headers = server.requests[1][3]
    assert headers["Host"] == f"{SERVER_IP}:{SERVER_PORT}"
    assert headers["User-Agent"].startswith("innernet/")
    assert headers["Content-Type"] == "application/json"
    assert "Expect" not in headers and "Transfer-Encoding" not in headers
