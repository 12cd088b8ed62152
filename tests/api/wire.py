"""HTTP/1.x byte by byte: nothing is added, mended or hidden on the way."""

import json
import time


# 413 has a new name since RFC 9110; the server's HTTP library decides which it says.
SAME_REASON = {"Content Too Large": "Payload Too Large"}


class Response:
    def __init__(self, version, status, reason, headers, body, interim):
        self.version, self.status = version, status
        self.reason = SAME_REASON.get(reason, reason)
        self.headers = headers  # [(name as sent, value)]
        self.body = body
        self.interim = interim  # statuses of 1xx answers before this one

    def header(self, name):
        values = [v for k, v in self.headers if k.lower() == name]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def closes(self):
        connection = (self.header("connection") or "").lower()
        return connection == "close" or (self.version == "HTTP/1.0" and connection != "keep-alive")

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:300]!r}>"


class Wire:
    """One connection; also a context manager."""

    def __init__(self, sock, address, timeout=10):
        self.sock = sock
        self.buffer = b""
        sock.settimeout(timeout)
        try:
            sock.connect(address)
        except BaseException:
            sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        """Sends what the other side still takes: a refusal may come before the end."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def finish(self):
        """Half-close: no more from us."""
        self.sock.shutdown(1)

    def fill(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def response(self, has_body=True):
        """The next final response, None when the connection ends instead."""
        interim = []
        while True:
            while b"\r\n\r\n" not in self.buffer:
                if not self.fill():
                    assert not self.buffer, f"connection ended inside a head: {self.buffer!r}"
                    return None
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            version, status, reason = lines[0].split(" ", 2)
            headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
            if not status.startswith("1"):
                break
            interim.append(int(status))
        answer = Response(version, int(status), reason, headers, b"", interim)
        if has_body and answer.status not in (204, 304):
            self._body(answer)
        return answer

    def _body(self, answer):
        length = answer.header("content-length")
        assert length is not None, f"body of unknown length: {answer}"
        while len(self.buffer) < int(length):
            assert self.fill(), f"body cut short: {answer} {self.buffer!r}"
        answer.body, self.buffer = self.buffer[:int(length)], self.buffer[int(length):]

    def ended(self, deadline_s=10.0):
        """Does the server end the connection with nothing more to say?"""
        self.sock.settimeout(deadline_s)
        end = time.monotonic() + deadline_s
        try:
            while self.fill():
                assert time.monotonic() < end
        except TimeoutError:
            return False
        return self.buffer == b""

    def closed(self, deadline_s=10.0):
        """Does the server end the connection, whatever it still had to say about this request? A
        further answer would mean that it took what followed for a request."""
        self.sock.settimeout(deadline_s)
        while self.fill():
            pass
        return True

    def is_open(self):
        """No end and no bytes waiting."""
        self.sock.setblocking(False)
        try:
            return self.sock.recv(1, 2) is None  # MSG_PEEK: b"" = ended, bytes = something came
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        finally:
            self.sock.settimeout(10)


def request_bytes(method, target, headers=(), body=None, version="HTTP/1.1"):
    """A well-formed request; Content-Length goes along with a body."""
    lines = [f"{method} {target} {version}", *(f"{k}: {v}" for k, v in headers)]
    if body is not None and not any(k.lower() in ("content-length", "transfer-encoding")
                                    for k, _ in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")
