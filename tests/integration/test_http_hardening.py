"""The HTTP door against clients that lie about lengths, send slowly, or send what is no JSON.

Runs tests/integration/http_test_server, which has the door and nothing behind it.
ROUNDTRIP_BUILD names the build folder (default: build in the checkout).
"""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ROUNDTRIP_BUILD", ROOT / "build"))
BINARY = BUILD / "tests" / "integration" / "http_test_server"
PATIENCE_S = 10
BODY_BYTES_MAX = 16384
BODY_DEADLINE_S = 2
GOOD = b'{"userId":"U1","amount":5}'
JSON = b"Content-Type: application/json\r\n"


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


# ---- framing ----

SECOND = b"GET /orders/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /orders HTTP/1.1\r\nHost: x\r\n" + JSON


@pytest.mark.parametrize("framing, status, kind", [
    (b"", 411, "length-required"),
    (b"Transfer-Encoding: chunked\r\n", 411, "length-required"),
    (b"Transfer-Encoding: identity\r\n", 411, "length-required"),
    (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", 400, "bad-request"),
    (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400, "bad-request"),
    (b"Content-Length: 4\r\ntransfer-encoding: xchunked\r\n", 400, "bad-request"),
    (b"Content-Length: 4\r\nContent-Length: 40\r\n", 400, "bad-request"),
    (b"Content-Length: 4\r\ncontent-length: 4\r\n", 400, "bad-request"),
    (b"Content-Length: 4, 4\r\n", 400, "bad-request"),
    (b"Content-Length: +2\r\n", 400, "bad-request"),
    (b"Content-Length: -2\r\n", 400, "bad-request"),
    (b"Content-Length: 2abc\r\n", 400, "bad-request"),
    (b"Content-Length: abc\r\n", 400, "bad-request"),
    (b"Content-Length: 0x10\r\n", 400, "bad-request"),
    (b"Content-Length: \r\n", 400, "bad-request"),
    (b"Content-Length : 4\r\n", 400, "bad-request"),
    (b"Content-Length: 16385\r\n", 413, "content-too-large"),
    (b"Content-Length: 100000000000000000000\r\n", 413, "content-too-large"),
    (b"Content-Length: 18446744073709551617\r\n", 413, "content-too-large"),
])
def test_a_body_of_doubtful_length_is_refused_and_no_second_request_runs(server, framing, status, kind):
    assert_refused(server, POST + framing + b"\r\n" + SECOND, status, kind)


HIDDEN = b"Content-Length: %d\r\n\r\n" % len(SECOND) + SECOND


@pytest.mark.parametrize("line", [
    b" folded: x\r\n", b"\tfolded: x\r\n", b" \r\n", b": no name\r\n", b"\x01: x\r\n", b"X: a\x00\x00\r\n", b"X: a\x00b\r\n",
    b"no colon\r\n", b"X: a\rb\r\n", b"X: a\n", b"\xff: x\r\n", b"X : a\r\n", b"X\t: a\r\n",
])
@pytest.mark.parametrize("method", [b"GET /orders/first", b"POST /orders"])
def test_a_line_that_is_no_header_hides_no_length(server, method, line):
    head = method + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    assert_refused(server, head + line + HIDDEN, 400, "bad-request")


@pytest.mark.parametrize("size", [BODY_BYTES_MAX + 1, 60000, 1000000])
def test_a_body_over_the_limit_gets_its_413_also_while_it_is_still_sent(server, size):
    answer = server.post(b"x" * size)
    answer.assert_problem(413, "content-too-large")


def test_a_body_of_just_the_limit_is_read(server):
    padding = b" " * (BODY_BYTES_MAX - len(GOOD))
    assert server.post(GOOD + padding).status == 202


def test_pipelined_requests_get_one_answer_each_in_order(server):
    get = b"GET /orders/%s HTTP/1.1\r\nHost: x\r\n%s\r\n"
    with server.connect() as sock:
        sock.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD + get % (b"a", b"") +
                     get % (b"b", b"Connection: close\r\n"))
        received = read_to_end(sock)
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"202", b"200", b"200"]
    assert received.index(b'"id":"a"') < received.index(b'"id":"b"')


# ---- heads ----

def test_too_many_or_too_long_headers_are_refused(server):
    for count, status in [(61, 200), (62, 431), (63, 431), (64, 431), (200, 431)]:
        extra = b"".join(b"X-%d: y\r\n" % i for i in range(count))
        received = server.raw(b"GET /orders/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + extra + b"\r\n")
        assert Answer(received).status == status, count
    received = server.raw(b"GET /orders/a HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000 + b"\r\n\r\n")
    assert received == b"" or Answer(received).status == 400


@pytest.mark.parametrize("request_head", [
    b"GET /orders/a HTTP/1.1\r\n\r\n",
    b"GET /orders/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET orders/a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://elsewhere/orders/a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"GET /orders/a\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    b"GET /orders/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
])
def test_a_head_that_breaks_the_grammar_is_refused(server, request_head):
    before = server.counters()["hits"]
    received = server.raw(request_head)
    assert received == b"" or Answer(received).status in (400, 404), received
    assert server.counters()["hits"] == before


def test_http_2_0_is_not_spoken(server):
    assert Answer(server.raw(b"GET /orders/a HTTP/2.0\r\nHost: x\r\n\r\n")).status in (400, 505)


def test_a_slow_head_is_closed(server):
    started = time.monotonic()
    with server.connect() as sock:
        with contextlib.suppress(ConnectionError):
            for byte in b"GET /orders/a HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"y" * 100:
                sock.sendall(bytes([byte]))
                if wait_readable(sock, 0.1):
                    break
        received = read_to_end(sock)
    assert time.monotonic() - started < 6
    assert received == b"" or Answer(received).status == 400


def wait_readable(sock, timeout_s):
    sock.settimeout(timeout_s)
    try:
        return sock.recv(1, socket.MSG_PEEK) is not None
    except TimeoutError:
        return False
    finally:
        sock.settimeout(PATIENCE_S)


# ---- paths and methods ----

@pytest.mark.parametrize("path", [
    b"/orders/../counters", b"/orders/..", b"/orders/.", b"/orders/%2e%2e%2fcounters", b"/orders/%2e%2e",
    b"/orders/%2E./", b"/orders/a%00b", b"/orders/%0d%0aX-Injected:%20y", b"/orders//a", b"//orders/a",
    b"/orders/a/", b"/orders/", b"/ordersx", b"/counters/", b"/counters/x", b"/orders/a/b", b"/", b"/orders/a%2fb",
    b"/orders/a\\b", b"/orders/a%5cb", b"/orders/a%zz", b"/orders/a%2", b"/orders/" + b"a" * 65,
    b"/orders/" + b"a" * 2000, b"/orders/a\x80b", b"/orders/%ff", b"/orders/{id}", b"/orders/$where", b"/counters;x",
])
def test_a_strange_path_reaches_nobody(server, path):
    before = server.counters()
    answer = server.get(path)
    assert answer.status in (400, 404), answer.body
    assert "X-Injected" not in answer.headers and b"\nX-Injected" not in answer.body
    after = server.counters()
    assert after["hits"] == before["hits"] and after["orders"] == before["orders"]


@pytest.mark.parametrize("path, value", [(b"/orders/a..b", "a..b"), (b"/orders/A%3Ab", "A:b"),
                                         (b"/orders/" + b"a" * 64, "a" * 64)])
def test_an_id_is_taken_from_the_path(server, path, value):
    assert server.get(path).json()["id"] == value


def test_an_exact_path_goes_before_one_with_an_id(server):
    assert len(server.get(b"/orders/summary").body) == 262144


@pytest.mark.parametrize("query, note", [
    (b"?note=a+b%21", "a b!"), (b"?x=1&note=y", "y"), (b"?notes=1", None), (b"?note=" + b"y" * 40, None),
    (b"?note=%00", None), (b"?note=%zz", None), (b"?note=", ""), (b"?", None),
])
def test_a_query_parameter_is_decoded_or_absent(server, query, note):
    assert server.get(b"/orders/a" + query).json()["note"] == note


@pytest.mark.parametrize("method, path, allow", [
    (b"GET", b"/orders", "POST"), (b"PUT", b"/orders", "POST"), (b"DELETE", b"/orders/a", "GET, HEAD"),
    (b"OPTIONS", b"/orders", "POST"), (b"GET", b"/orders/a/cancel", "POST"), (b"PATCH", b"/counters", "GET, HEAD"),
])
def test_another_method_on_a_known_path_gets_405_with_allow(server, method, path, allow):
    answer = assert_refused(server, method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method-not-allowed")
    assert answer.headers["Allow"] == allow
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_head_is_get_without_its_body(server):
    received = server.raw(b"HEAD /orders/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = Answer(received)
    assert answer.status == 200 and int(answer.headers["Content-Length"]) > 0 and answer.body == b""


# ---- media types ----

@pytest.mark.parametrize("headers", [
    b"", b"Content-Type: text/plain\r\n", b"Content-Type: application/jsonx\r\n", b"Content-Type: \r\n",
    b"Content-Type: application/json, text/plain\r\n", JSON + JSON, JSON + b"content-type: text/plain\r\n",
])
def test_a_body_that_is_not_said_to_be_json_gets_415(server, headers):
    server.post(GOOD, headers=headers).assert_problem(415, "unsupported-media-type")


@pytest.mark.parametrize("value", [b"application/json; charset=utf-8", b"APPLICATION/JSON", b"application/json ;x=y"])
def test_parameters_of_the_media_type_are_allowed(server, value):
    assert server.post(GOOD, headers=b"Content-Type: " + value + b"\r\n").status == 202


# ---- JSON ----

@pytest.mark.parametrize("body", [
    b"", b"{", b'{"userId":"U1","amount":5', b'{"userId":"U1","amount":5}x', b'{"userId":"U1","amount":5}{}',
    b"[]", b"5", b'"x"', b"null", b'{"userId":"U1","userId":"U2","amount":5}', b'{"userId":"U1","USERID":"U2","amount":5}',
    b'{"userId":"U1","amount":5,"x":' + b"[" * 17 + b"]" * 17 + b"}", b"[" * 900, b"[" * 16000, b'{"a":' * 3000,
    b'{"userId":"U\x001","amount":5}', b'{"userId":"U\\u0000","amount":5}', b'{"amount\\u0000x":5,"userId":"U1"}',
    b'{"userId":"\xff","amount":5}', b'{"userId":"\xc0\xaf","amount":5}', b'{"userId":"\\ud800","amount":5}',
    b'\xef\xbb\xbf{"userId":"U1","amount":5}', 
    b"{'userId':'U1','amount':5}", b'{"userId":"U1","amount":5,}', b'{"userId":"U1"/**/,"amount":5}',
    b'{"userId":"U1","amount":NaN}', b'\x0b{"userId":"U1","amount":5}',
])
def test_what_is_no_json_object_gets_400(server, body):
    before = server.counters()["orders"]
    server.post(body).assert_problem(400, "malformed-json")
    assert server.counters()["orders"] == before


def test_an_unknown_field_is_named(server):
    problem = server.post(b'{"userId":"U1","amount":5,"amout":7}').assert_problem(400, "unknown-field")
    assert problem["errors"][0]["pointer"] == "/amout"


@pytest.mark.parametrize("amount", [
    b'"12 "', b'" 12"', b'"+5"', b'"1.5"', b'"abc"', b'""', b"true", b"null", b"{}", b"[]", b"0", b"-1", b"-0", b"1.5",
    b"0100", b"1.", b"1e5", b"9007199254740993", b"9223372036854775808", b"9" * 70, b'"9007199254740993"', b'"' + b"9" * 70 + b'"', b'"0100"',
])
def test_an_amount_that_is_none_gets_422_with_its_pointer(server, amount):
    problem = server.post(b'{"userId":"U1","amount":' + amount + b"}").assert_problem(422, "invalid-field")
    assert problem["errors"][0]["pointer"] == "/amount" and not problem["retryable"]


@pytest.mark.parametrize("field, value", [
    ("userId", b'""'), ("userId", b'"' + b"u" * 65 + b'"'), ("userId", b'{"$ne":null}'), ("userId", b'"$where"'),
    ("userId", b"7"), ("userId", b'"a b"'), ("currency", b'"XXQ"'), ("currency", b'"eur"'), ("currency", b"978"),
])
def test_an_id_or_currency_that_is_none_gets_422_with_its_pointer(server, field, value):
    fields = {"userId": b'"U1"', "amount": b"5", field: value}
    body = b"{" + b",".join(b'"%s":%s' % (name.encode(), text) for name, text in fields.items()) + b"}"
    problem = server.post(body).assert_problem(422, "invalid-field")
    assert problem["errors"][0]["pointer"] == "/" + field


def test_a_missing_field_gets_422_with_its_pointer(server):
    problem = server.post(b'{"userId":"U1"}').assert_problem(422, "invalid-field")
    assert problem["errors"][0]["pointer"] == "/amount"


# ---- slow and short bodies ----

def drip(server, seconds):
    """A body at some bytes a second; what came back and after how long."""
    started = time.monotonic()
    with server.connect() as sock:
        sock.sendall(POST + b"Content-Length: 100\r\n\r\n")
        while time.monotonic() - started < seconds:
            try:
                sock.sendall(b" ")
            except ConnectionError:
                break
            if wait_readable(sock, 0.2):
                break
        return read_to_end(sock), time.monotonic() - started


def test_a_dripping_body_gets_408_at_its_deadline(server):
    received, seconds = drip(server, 8)
    Answer(received).assert_problem(408, "request-timeout")
    assert BODY_DEADLINE_S - 0.2 < seconds < BODY_DEADLINE_S + 1


def test_a_body_that_never_comes_gets_408(server):
    started = time.monotonic()
    received = server.raw(POST + b"Content-Length: 100\r\n\r\n")
    Answer(received).assert_problem(408, "request-timeout")
    assert time.monotonic() - started < BODY_DEADLINE_S + 1


def test_a_body_shorter_than_its_length_gets_400(server):
    with server.connect() as sock:
        sock.sendall(POST + b"Content-Length: 100\r\n\r\n{}")
        sock.shutdown(socket.SHUT_WR)
        Answer(read_to_end(sock)).assert_problem(400, "bad-request")


def test_a_body_in_pieces_within_the_deadline_is_taken(server):
    with server.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(GOOD))
        for byte in GOOD:
            sock.sendall(bytes([byte]))
        assert Answer(read_to_end(sock)).status == 202


def test_slow_senders_do_not_keep_others_out(server):
    """As many as there are threads; they are gone after the deadline, and the door is open."""
    socks = [server.connect() for _ in range(64)]
    for sock in socks:
        sock.sendall(POST + b"Content-Length: 100\r\n\r\n{")
    started = time.monotonic()
    assert server.get(b"/orders/a").status == 200
    assert time.monotonic() - started < BODY_DEADLINE_S + 1.5
    for sock in socks:
        sock.close()


def test_100_continue_is_said_before_the_body_is_read(server):
    with server.connect() as sock:
        sock.sendall(POST + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(GOOD))
        interim = sock.recv(1024)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(GOOD)
        assert Answer(read_to_end(sock)).status == 202


# ---- connections ----

def test_a_connection_is_used_again(server):
    with server.connect() as sock:
        for i in range(50):
            sock.sendall(b"GET /orders/n%d HTTP/1.1\r\nHost: x\r\n\r\n" % i)
            received = sock.recv(65536)
            assert received.startswith(b"HTTP/1.1 200") and b'"id":"n%d"' % i in received
            assert b"Connection: keep-alive" in received


def test_http_1_0_gets_its_answer_and_the_end(server):
    assert Answer(server.raw(b"GET /orders/a HTTP/1.0\r\n\r\n")).headers["Connection"] == "close"


def test_a_hundred_at_once_are_all_answered(server):
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: server.post(GOOD).status, range(300)))
    assert answers == [202] * 300


def test_idle_connections_do_not_keep_others_out():
    server = Server(threads=4)
    idle = [server.connect() for _ in range(4)]
    for sock in idle:
        sock.sendall(b"GET /orders/a HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(65536)
    started = time.monotonic()
    assert server.get(b"/orders/b").status == 200
    assert time.monotonic() - started < 1  # the last of them was told to go
    for sock in idle:
        sock.close()
    server.stop()


def test_one_address_holds_only_its_share_of_the_threads():
    server = Server(threads=8, per_address=3)
    held = [server.connect() for _ in range(4)]
    answers = []
    for sock in held:
        sock.sendall(b"GET /orders/a HTTP/1.1\r\nHost: x\r\n\r\n")
        answers.append(sock.recv(65536))
    assert [answer[9:12] for answer in answers] == [b"200", b"200", b"200", b"503"]
    assert b"Retry-After: 1" in answers[3] and read_to_end(held[3]) == b""
    for sock in held:
        sock.close()
    server.stop()


def test_a_problem_that_may_be_retried_says_so(server):
    answer = server.post(b"", path=b"/orders/B1/cancel")
    problem = answer.assert_problem(503, "unavailable")
    assert answer.headers["Retry-After"] == "1" and problem["retryable"] and problem["intentId"] == "B1"


def test_every_answer_is_observed(server):
    before = server.counters()["answered"]
    server.get(b"/nothing")
    server.raw(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    server.raw(b"nonsense\r\n\r\n")
    assert server.counters()["answered"] == before + 4  # the first look was answered after it counted


def test_a_busy_port_is_named_with_the_way_out(server):
    second = subprocess.run([BINARY, str(server.port), "4", "0"], capture_output=True, text=True,
                            timeout=PATIENCE_S, check=False)
    assert second.returncode == 1
    assert second.stderr == (f"port {server.port} is in use: set ROUNDTRIP_HTTP_PORT or stop the other process\n")


def test_a_killed_server_gets_its_port_back_at_once():
    server = Server(threads=4)
    with server.connect() as sock:
        sock.sendall(b"GET /orders/a HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.recv(65536)
        server.process.kill()
        server.process.communicate(timeout=PATIENCE_S)
    again = Server(threads=4, port=server.port)
    assert again.get(b"/orders/a").status == 200
    again.stop()


def test_a_stop_with_connections_open_is_quick():
    server = Server(threads=8)
    with server.connect() as idle, server.connect() as silent:
        idle.sendall(b"GET /orders/a HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.recv(65536)
        silent.sendall(POST + b"Content-Length: 100\r\n\r\n{")
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 4
