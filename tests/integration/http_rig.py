"""The HTTP door alone, with clients that write their requests byte by byte.

Runs tests/integration/http_test_server, which has the door and nothing behind it.
ROUNDTRIP_BUILD names the build folder (default: build in the checkout).
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ROUNDTRIP_BUILD", ROOT / "build"))
BINARY = BUILD / "tests" / "integration" / "http_test_server"
PATIENCE_S = 10
GOOD = b'{"userId":"U1","amount":5}'
JSON = b"Content-Type: application/json\r\n"
POST = b"POST /orders HTTP/1.1\r\nHost: x\r\n" + JSON


class Server:
    def __init__(self, threads=64, per_address=0, port=0):
        self.process = subprocess.Popen([BINARY, str(port), str(threads), str(per_address)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.port = int(line)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def raw(self, request):
        """Everything that comes back until the server closes: the connection must not stay open."""
        with self.connect() as sock:
            with contextlib.suppress(ConnectionError):  # refused while still sending
                sock.sendall(request)
            return read_to_end(sock)

    def post(self, body, path=b"/orders", headers=JSON):
        head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers
        return Answer(self.raw(head + b"Content-Length: %d\r\n\r\n" % len(body) + body))

    def get(self, path):
        return Answer(self.raw(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))

    def counters(self):
        return self.get(b"/counters").json()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        assert (self.process.returncode, out, err) == (0, "", "")


def read_to_end(sock):
    received = b""
    while True:
        try:
            part = sock.recv(65536)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part


class Answer:
    def __init__(self, received):
        head, _, self.body = received.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1]) if received else None
        self.headers = dict(line.split(": ", 1) for line in lines[1:])

    def json(self):
        return json.loads(self.body)

    def assert_problem(self, status, kind):
        assert self.status == status, self.body
        assert self.headers["Content-Type"] == "application/problem+json"
        problem = self.json()
        assert problem["status"] == status and problem["type"] == "/problems/" + kind
        return problem


@pytest.fixture(name="server", scope="module")
def server_fixture():
    server = Server()
    yield server
    server.stop()


def assert_refused(server, request, status, kind):
    """One answer, then the end of the connection, and nothing reached a handler."""
    before = server.counters()
    received = server.raw(request)
    assert len(re.findall(rb"HTTP/1.1 \d{3} ", received)) == 1, received
    answer = Answer(received)
    answer.assert_problem(status, kind)
    assert answer.headers["Connection"] == "close"
    after = server.counters()
    assert (after["orders"], after["hits"]) == (before["orders"], before["hits"])
    return answer


def wait_readable(sock, timeout_s):
    sock.settimeout(timeout_s)
    try:
        return sock.recv(1, socket.MSG_PEEK) is not None
    except TimeoutError:
        return False
    finally:
        sock.settimeout(PATIENCE_S)
