"""The HTTP door against clients that lie about lengths, write odd heads and paths, or drip them."""
import contextlib
import time

import pytest
from http_rig import GOOD, JSON, POST, Answer, assert_refused, read_to_end, wait_readable
# pytest finds the fixture by its import
from http_rig import server_fixture  # noqa: F401

BODY_BYTES_MAX = 16384

# ---- framing ----

SECOND = b"GET /orders/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


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
    b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"GET /orders/a\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    b"GET /orders/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
])
def test_a_head_that_breaks_the_grammar_is_refused(server, request_head):
    before = server.counters()["hits"]
    received = server.raw(request_head)
    assert received.count(b"HTTP/1.1 ") == 1 and Answer(received).status in (400, 404), received
    assert server.counters()["hits"] == before


def test_a_target_with_the_servers_own_address_is_its_path(server):
    for scheme, host in [(b"http", b"127.0.0.1"), (b"HTTP", b"some.name")]:
        target = b"%s://%s:%d/orders/a?note=b" % (scheme, host, server.port)
        received = server.raw(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = Answer(received)
        assert answer.status == 200 and answer.json()["id"] == "a" and answer.json()["note"] == "b", received


def test_options_of_everything_says_what_there_is(server):
    answer = Answer(server.raw(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert answer.status == 204 and answer.headers["Allow"] == "GET, HEAD, POST" and answer.body == b""


@pytest.mark.parametrize("host", [b"", b"a b", b"a/b", b"user@x", b"x:80a", b"x,y", b"[::1", b"[g]", b"[::1]x", b"x" * 300])
def test_a_host_that_is_none_is_refused(server, host):
    assert_refused(server, b"GET /orders/a HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", 400, "bad-request")


@pytest.mark.parametrize("host", [b"x", b"x:80", b"x:", b"127.0.0.1:3000", b"[::1]:3000", b"[::1]", b"a-b.example"])
def test_a_host_with_or_without_a_port_is_taken(server, host):
    received = server.raw(b"GET /orders/a HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert Answer(received).status == 200


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
    b"Content-Type: application/json; charset=utf-16\r\n", b"Content-Type: application/json;x=y;Charset=latin1\r\n",
    b'Content-Type: application/json; charset="utf-16"\r\n', b"Content-Type: application/json; charset\r\n",
    JSON + b"Content-Encoding: gzip\r\n", JSON + b"Content-Encoding: identity, br\r\n",
])
def test_a_body_that_is_not_said_to_be_json_gets_415(server, headers):
    server.post(GOOD, headers=headers).assert_problem(415, "unsupported-media-type")


@pytest.mark.parametrize("value", [
    b"application/json; charset=utf-8", b"APPLICATION/JSON", b"application/json ;x=y", b'application/json;CHARSET="UTF-8"',
    b"application/json; charset=utf-8; x=y", b"application/json;", b"application/json\r\nContent-Encoding: identity"])
def test_parameters_of_the_media_type_are_allowed(server, value):
    assert server.post(GOOD, headers=b"Content-Type: " + value + b"\r\n").status == 202
