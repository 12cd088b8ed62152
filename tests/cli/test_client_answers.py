"""What a fetch makes of each kind of answer, to the state and to the candidates.

spec/client.md part 10, additional cases: "response matrix of §7 on state and candidates (401, 500,
302, empty, broken JSON, missing field, garbage head, immediate close, short body, chunked, 12 s
delay, `{}` and ` null ` for empty answers)", and "offline fetch from cache; re-enable after
disappearance".

A transport error of the state lets the store serve (exit 0 with a warning); every other failure is
one. Whatever fails, nothing on the machine changes.
"""

import json
import threading

import pytest

from client_network import STATE, bed, changed, network, running, set_state, snapshot

STATE_CALL = ("GET", "/user/state")
CANDIDATES_CALL = ("PUT", "/user/candidates")


def raw(data):
    def answer(handler, _body):
        handler.wfile.write(data)
        handler.close_connection = True
    return answer


def chunked(body):
    data = body.encode()
    return raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
               b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))


class Matrix:
    """A running network whose server answers one call as the case says, and what must follow."""

    def __init__(self, bed):
        self.bed = bed
        self.before = snapshot(bed)

    def fetch(self, call, answer):
        self.bed.server.answers[call] = answer
        return self.bed.fetch()

    def fails(self, call, answer, words):
        result = self.fetch(call, answer)
        assert result.returncode == 1, result.stdout
        message = result.stdout.rsplit("[E] ", 1)[1]
        assert message.startswith("evilcorp") and words in message, message
        assert snapshot(self.bed) == self.before
        if call == STATE_CALL:
            assert CANDIDATES_CALL not in self.bed.server.calls()
        else:
            assert "reporting candidates" in message

    def falls_back(self, answer):
        """The store serves: nothing new arrives, nothing is reported, and it is no failure."""
        result = self.fetch(STATE_CALL, answer)
        assert result.returncode == 0, result.stdout
        assert "[!] " in result.stdout and "sending failed" in result.stdout
        assert snapshot(self.bed) == self.before
        assert CANDIDATES_CALL not in self.bed.server.calls()

    def succeeds(self, call, answer):
        result = self.fetch(call, answer)
        assert result.returncode == 0, result.stdout
        assert "[!]" not in result.stdout
        assert self.bed.server.calls()[-1] == CANDIDATES_CALL


@pytest.fixture
def matrix(running):
    return Matrix(running)


BOTH = pytest.mark.parametrize("call", [STATE_CALL, CANDIDATES_CALL], ids=["state", "candidates"])


@BOTH
def test_CX30_status_401(matrix, call):
    matrix.fails(call, (401, ""), "status code 401")


@BOTH
def test_CX31_status_500(matrix, call):
    matrix.fails(call, (500, ""), "status code 500")


@BOTH
def test_CX32_status_302(matrix, call):
    matrix.fails(call, raw(b"HTTP/1.1 302 Found\r\nLocation: /v1/user/state\r\n"
                           b"Content-Length: 0\r\nConnection: close\r\n\r\n"), "status code 302")


def test_CX33_empty_is_no_state(matrix):
    matrix.fails(STATE_CALL, "", "decoding failed")


@pytest.mark.parametrize("status", [200, 204])
def test_CX33_empty_answers_the_candidates(matrix, status):
    matrix.succeeds(CANDIDATES_CALL, (status, ""))


@BOTH
@pytest.mark.parametrize("body", ["{", '{"peers":[],"cidrs":[]', "nul", "[] []"])
def test_CX34_broken_json(matrix, call, body):
    matrix.fails(call, body, "decoding failed")


@pytest.mark.parametrize("body", ['{"peers":[]}', '{"cidrs":[]}', "[]"])
def test_CX35_missing_field(matrix, body):
    matrix.fails(STATE_CALL, body, "decoding failed")


def test_CX36_garbage_head_of_the_state(matrix):
    matrix.falls_back(raw(b"\x00\x01garbage\r\n\r\n"))


def test_CX36_garbage_head_of_the_candidates(matrix):
    matrix.fails(CANDIDATES_CALL, raw(b"\x00\x01garbage\r\n\r\n"), "sending failed")


def test_CX37_immediate_close_of_the_state(matrix):
    matrix.falls_back(raw(b""))


def test_CX37_immediate_close_of_the_candidates(matrix):
    matrix.fails(CANDIDATES_CALL, raw(b""), "sending failed")
    # its head had been written: spec/client.md 7.1 does not repeat that
    assert matrix.bed.server.calls().count(CANDIDATES_CALL) == 1


@BOTH
def test_CX38_short_body(matrix, call):
    matrix.fails(call, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nnull"), "reading failed")


def test_CX39_chunked_state(matrix):
    matrix.succeeds(STATE_CALL, chunked(json.dumps(STATE)))


def test_CX39_chunked_answer_to_the_candidates(matrix):
    matrix.succeeds(CANDIDATES_CALL, chunked("null"))


@pytest.fixture
def silence():
    """An answer that does not come: the client's patience is what ends it."""
    over = threading.Event()

    def silent(handler, _body):
        over.wait(60)
        handler.close_connection = True
    yield silent
    over.set()


def test_CX40_slow_state(matrix, silence):
    matrix.falls_back(silence)


def test_CX40_slow_answer_to_the_candidates(matrix, silence):
    matrix.fails(CANDIDATES_CALL, silence, "no answer within 10 s")


@BOTH
def test_CX41_empty_object(matrix, call):
    matrix.fails(call, "{}", "decoding failed")


def test_CX41_null_with_blanks_is_no_state(matrix):
    matrix.fails(STATE_CALL, " null ", "decoding failed")


@pytest.mark.parametrize("body", [" null ", "null", " \n"])
def test_CX41_null_with_blanks_answers_the_candidates(matrix, body):
    matrix.succeeds(CANDIDATES_CALL, body)


def test_CX49_a_peer_that_disappeared_is_enabled_again(running):
    before = snapshot(running)
    set_state(running, STATE["peers"][:3])
    assert running.fetch().returncode == 0
    assert running.stored_peers()["peer3"]["is_disabled"]
    set_state(running)
    result = running.fetch()
    assert result.returncode == 0 and "peer peer3 (zkccNlQ4w2...) was added." in result.stdout
    assert snapshot(running) == before


def test_a_post_is_sent_once(running):
    """On a connection that was used before, too: else a peer would be made twice."""
    running.server.answers["POST", "/admin/associations"] = raw(b"")
    result = running.run("add-association", "evilcorp", "humans", "robots")
    assert result.returncode == 1 and "sending failed" in result.stdout
    assert running.server.calls().count(("POST", "/admin/associations")) == 1
