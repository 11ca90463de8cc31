"""The HTTP door against bodies that are no JSON or come slowly, and against too many connections."""
import concurrent.futures
import socket
import subprocess
import time

import pytest
from http_rig import BINARY, GOOD, PATIENCE_S, POST, Answer, Server, read_to_end, wait_readable
# pytest finds the fixture by its import
from http_rig import server_fixture  # noqa: F401

BODY_DEADLINE_S = 2

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
    problem = server.post(b'{"userId":"U1","amount":5,"coupon":7}').assert_problem(400, "unknown-field")
    assert problem["errors"][0]["pointer"] == "/coupon"


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
