"""The real gateway and payment service against input that is wrong, hostile, repeated or minimal."""
import contextlib
import json
import socket
import time
import uuid

import pytest
from built import SERVICES
from system_rig import SECRET, at_once, signature, until

INTENT = {"userId": "alice", "amount": 1200}
CAPTURE = {"intentId": "E1", "userId": "alice", "amount": 1200}
BODY_BYTES_MAX = 16384


def intent(**changed):
    return json.dumps({**INTENT, **changed}).encode()


def raw_intent(amount):
    return b'{"userId":"alice","amount":' + amount + b"}"


MALFORMED = {
    "empty": b"", "broken": b"{", "cut off": b'{"userId":"al', "trailing": intent() + b"x", "second object": intent() * 2,
    "array": b"[]", "text": b'"x"', "number": b"1", "null": b"null",
    "twice the same key": b'{"userId":"alice","userId":"bob","amount":1}',
    "escaped, twice the same": b'{"userId":"alice","user\\u0049d":"bob","amount":1}',
    "17 deep": b'{"userId":' + b"[" * 16 + b"]" * 16 + b"}",
    "900 deep": b"[" * 900, "900 deep inside": b'{"userId":' + b"[" * 900,
    "NUL": b'{"userId":"al\x00ice","amount":1}', "escaped NUL": b'{"userId":"al\\u0000ice","amount":1}',
    "NUL at the end": intent() + b"\x00", "escaped NUL in a key": b'{"userId":"alice","amount\\u0000x":1}',
    "not UTF-8": b'{"userId":"\xff","amount":1}', "overlong": b'{"userId":"\xc0\xae","amount":1}',
    "half a surrogate": b'{"userId":"\\ud800","amount":1}', "BOM": b"\xef\xbb\xbf" + intent(),
    "unknown field": intent(colour="red"), "another case": b'{"UserId":"alice","amount":1}',
}

FIELDS = [
    *[("/amount", raw_intent(amount)) for amount in (
        b"0", b"-1", b"-0", b"0100", b"1.", b"+5", b"1.5", b"12.0", b"1e5", b"9007199254740993", b"9223372036854775808", b"9" * 70, b"true", b"null",
        b"{}", b"[]",
        b'"12.50"', b'"12 "', b'"+5"', b'"abc"', b'""', b'"9007199254740993"', b'"' + b"9" * 70 + b'"')],
    *[("/userId", intent(userId=name)) for name in ("", "u" * 129, "a b", "a$b", {"$ne": None}, None, 7, ["alice"])],
    *[("/intentId", intent(intentId=name)) for name in ("", "i" * 65, {"$ne": None}, "$where", "a/b", "a\nb")],
    *[("/currency", intent(currency=name)) for name in ("eur", "EURO", "XYZ", "", 978, {"$gt": ""})],
    ("/userId", b'{"amount":1}'), ("/amount", b'{"userId":"alice"}'),
]


@pytest.fixture(name="untouched")
def untouched_fixture(system):
    """Whatever the test sends: nothing is stored, and both services still serve."""
    pids = {name: process.pid for name, process in system.processes.items()}
    before = {name: len(system.documents(name)) for name in ("gateway", "payment")}
    yield
    assert {name: len(system.documents(name)) for name in before} == before
    for name in before:
        assert system.call(name, "GET", "/livez")[0] == 200 and system.processes[name].pid == pids[name]


def assert_problem(answer, status):
    assert answer[0] == status, answer
    assert answer[2]["content-type"] == "application/problem+json" and answer[1]["status"] == status


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_plain_json_object_gets_400(system, name):
    assert_problem(system.call("gateway", "POST", "/booking/intent", MALFORMED[name]), 400)
    is_only_unknown = name in ("unknown field", "another case")  # what providers add is ignored; here much is missing then
    assert_problem(system.webhook("captured", MALFORMED[name]), 422 if is_only_unknown else 400)


@pytest.mark.usefixtures("untouched")
def test_an_unknown_field_is_named(system):
    answer = system.call("gateway", "POST", "/booking/intent", intent(colour="red"))
    assert "colour" in json.dumps(answer[1]["errors"])


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("pointer, body", FIELDS, ids=[f"{pointer[1:]}-{index}" for index, (pointer, _) in enumerate(FIELDS)])
def test_a_wrong_value_gets_422_with_its_pointer(system, pointer, body):
    answer = system.call("gateway", "POST", "/booking/intent", body)
    assert_problem(answer, 422)
    assert answer[1]["errors"][0]["pointer"] == pointer
    if pointer != "/intentId":
        answer = system.webhook("captured", body[:-1] + b',"intentId":"E1"}')
        assert_problem(answer, 422)
        assert answer[1]["errors"][0]["pointer"] == pointer


@pytest.mark.usefixtures("untouched")
def test_a_hundred_thousand_brackets_are_refused_before_they_are_read(system):
    for name, path in (("gateway", "/booking/intent"), ("payment", "/payment/captured")):
        with contextlib.suppress(ConnectionError):  # the door closes while the body is still sent
            assert_problem(system.call(name, "POST", path, b"[" * 100000), 413)


def exchange(system, name, data, half_close=False):
    """Everything that a service says to these bytes, until it closes."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", system.ports[name]), 15)) as connection:
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while (part := connection.recv(65536)):
                answer += part
        return answer


HEAD = b"POST /booking/intent HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SMUGGLED = HEAD + b"Content-Length: %d\r\n\r\n" % len(intent(intentId="smuggled")) + intent(intentId="smuggled")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("framing, status", [
    (b"", 411), (b"Transfer-Encoding: chunked\r\n", 411),
    (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", 400), (b"Content-Length: 4\r\nContent-Length: 5\r\n", 400),
    (b"Content-Length: +2\r\n", 400), (b"Content-Length: 2abc\r\n", 400), (b"Content-Length: 100000000000000000000\r\n", 413),
    (b"Content-Length: %d\r\n" % (BODY_BYTES_MAX + 1), 413), (b"X: y\r\n" * 64 + b"Content-Length: 2\r\n", 431),
    (b"X: " + b"y" * 17000 + b"\r\nContent-Length: 2\r\n", None),
])
def test_a_request_of_doubtful_length_is_refused_and_hides_no_second_one(system, framing, status):
    answer = exchange(system, "gateway", HEAD + framing + b"\r\n" + SMUGGLED)
    assert answer.count(b"HTTP/1.1 ") <= 1 and b" 202 " not in answer
    assert status is None or answer.startswith(b"HTTP/1.1 %d " % status), answer


@pytest.mark.usefixtures("untouched")
def test_a_body_that_drips_or_stops_is_let_go_while_others_are_served(system):
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            slow = stack.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", system.ports["gateway"]))))
            slow.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        assert system.call("gateway", "GET", "/bookings")[0] == 200
        assert time.monotonic() - begin < 1
        slow.settimeout(5)
        assert slow.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - begin < 4
    assert b" 202 " not in exchange(system, "gateway", HEAD + b"Content-Length: 100\r\n\r\n" + intent(), half_close=True)


@pytest.mark.usefixtures("untouched")
def test_media_type_method_and_path_must_be_right(system):
    for headers in (b"", b"Content-Type: text/plain\r\n", b"Content-Type: application/json\r\nContent-Type: text/plain\r\n"):
        answer = exchange(system, "gateway", b"POST /booking/intent HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
                          b"Content-Length: %d\r\n\r\n" % len(intent()) + intent())
        assert answer.startswith(b"HTTP/1.1 415 "), answer
    for name, method, path, allow in (("gateway", "GET", "/booking/intent/", None), ("gateway", "PUT", "/bookings", "GET"),
                                      ("gateway", "DELETE", "/booking/B1", "GET"), ("payment", "GET", "/payment/captured", "POST")):
        status, _, headers = system.call(name, method, path)
        assert (status == 405 and allow in headers["allow"]) if allow else status in (404, 405)
    for path in ("/nothing", "/bookingxyz", "/booking/..", "/booking/%2e%2e%2f", "/booking/a%00b", "//booking/x",
                 "/booking/a%0d%0aX-Evil:%201", "/booking/" + "i" * 65):
        status, _, headers = system.call("gateway", "GET", path)
        assert status in (400, 404) and "x-evil" not in headers, path
    assert_problem(system.call("gateway", "GET", "/booking/nobody-knows-it"), 404)
    assert_problem(system.call("gateway", "POST", "/booking/nobody-knows-it/cancel", {}), 404)


# ---- repeated requests --------------------------------------------------------------------------------------------

def test_one_key_a_hundred_times_at_once_is_one_booking(system):
    key = {"Idempotency-Key": f'"{uuid.uuid4()}"'}
    before = len(system.documents("gateway"))
    answers = at_once([lambda own: system.ask(own, "gateway").request("POST", "/booking/intent", INTENT, key)] * 100, 32)
    assert [status for status, _, _ in answers] == [202] * 100
    assert len({headers["location"] for _, headers, _ in answers}) == 1
    assert sum(headers.get("idempotent-replayed") != "true" for _, headers, _ in answers) == 1
    assert len(system.documents("gateway")) == before + 1
    assert_problem(system.call("gateway", "POST", "/booking/intent", {**INTENT, "amount": 1}, key), 422)
    other = system.call("gateway", "POST", "/booking/intent", {**INTENT, "userId": "bob"}, key)
    assert other[0] == 202 and other[2]["location"] != answers[0][1]["location"]  # two users never meet on one key


def test_a_booking_asked_for_again_with_other_content_stays_as_it_was(system):
    booking = str(uuid.uuid4())
    first = system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": booking})
    assert first[0] == 202 and first[2]["location"] == f"/booking/{booking}"
    assert first[2]["x-trace-id"] == booking.replace("-", "")
    for other in ({"amount": 1300}, {"userId": "bob"}, {"currency": "USD"}):
        assert_problem(system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": booking, **other}), 422)
    again = system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": booking, "amount": "1200"},
                        {"traceparent": "00-nonsense"})
    assert again[0] == 202 and again[2]["idempotent-replayed"] == "true"
    assert system.call("gateway", "GET", f"/booking/{booking}")[1]["amount"] == 1200


def test_a_list_gives_each_booking_once_newest_first(system):
    made = [json.loads(system.ask({}, "gateway").request("POST", "/booking/intent", INTENT)[2])["intentId"] for _ in range(25)]
    found, after = [], ""
    while True:
        status, page, _ = system.call("gateway", "GET", f"/bookings?limit=10{after}")
        assert status == 200 and len(page["data"]) <= 10
        found += [row["intentId"] for row in page["data"]]
        if not page["has_more"]:
            break
        after = f"&starting_after={page['next_cursor']}"
    assert len(found) == len(set(found)) == len(system.documents("gateway"))
    assert set(found[:25]) == set(made)
    for query in ("limit=0", "limit=101", "limit=x", "starting_after=%7b%24ne%7d"):
        assert system.call("gateway", "GET", f"/bookings?{query}")[0] in (400, 422), query


# ---- webhooks -------------------------------------------------------------------------------------------------------

def changed(headers, old, new):
    return {name: value.replace(old, new, 1) for name, value in headers.items()}


@pytest.mark.usefixtures("untouched")
def test_a_webhook_without_the_right_signature_is_refused_unread(system):
    body = json.dumps({**CAPTURE, "paymentId": "forged"}).encode()
    now = int(time.time())
    good = signature(body)
    for headers in ({}, {"Roundtrip-Signature": ""}, {"Roundtrip-Signature": "nonsense"}, signature(body, secret=SECRET + "x"),
                    signature(body, now - 301), signature(body, now + 302), signature(body + b" "),
                    changed(good, "v1=", "v0="), changed(good, "t=", "t=1")):
        assert_problem(system.webhook("captured", body, headers), 401)
    assert_problem(system.webhook("captured", body.replace(b"1200", b"1201"), good), 401)
    assert_problem(system.webhook("captured", b"{", {}), 401)  # not even parsed


def test_a_webhook_of_the_last_five_minutes_is_taken_and_its_replays_change_nothing(system):
    booking = str(uuid.uuid4())
    body = json.dumps({**CAPTURE, "intentId": booking, "paymentId": f"pay-{booking}"}).encode()
    headers = signature(body, int(time.time()) - 290)
    before = len(system.documents("payment"))
    answers = at_once([lambda own: system.ask(own, "payment").request("POST", "/payment/captured", body, headers)] * 100, 16)
    assert [status for status, _, _ in answers] == [200] * 100
    assert len(system.documents("payment")) == before + 1
    two = {"Roundtrip-Signature": signature(body)["Roundtrip-Signature"] + ",v1=" + "0" * 64}
    assert system.webhook("captured", body, two)[0] == 200  # any right one is enough, while secrets change
    assert system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": booking})[0] == 202
    assert outcome(system, booking)["state"] == "confirmed"
    status, answer, _ = system.webhook("captured", body.replace(b"1200", b"1201"))
    assert status == 200 and "conflict" in answer  # kept beside the payment, which stays as it was


def test_without_payment_ids_a_strangers_capture_does_not_stand_in_the_payers_way(system):
    booking = f"E-{uuid.uuid4()}"
    user = "ann.lee+travel@example.org"
    ids = set()
    for payer, amount in (("mallory", 1), (user, 1200), ("mallory", 1), (user, 1200)):
        status, answer, _ = system.webhook("captured", {"intentId": booking, "userId": payer, "amount": amount, "risk": [1]})
        assert status == 200 and "conflict" not in answer
        ids.add(answer["paymentId"])
    assert len(ids) == 2  # one for each of them, however often it is told
    assert system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": booking, "userId": user})[0] == 202
    assert outcome(system, booking)["state"] == "confirmed"


def test_a_strangers_decline_and_the_payers_mistyped_card_end_nothing(system):
    booking = f"E-{uuid.uuid4()}"
    assert system.webhook("declined", {"intentId": booking, "userId": "mallory", "final": True, "amount": 1})[0] == 200
    assert system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": booking})[0] == 202
    for said in ({"userId": "mallory", "final": True, "paymentId": f"{booking}-m"}, {"final": True}, {"userId": "alice"}):
        assert system.webhook("declined", {"intentId": booking, "amount": 1200, **said})[0] == 200
    assert system.webhook("captured", {**CAPTURE, "intentId": booking})[0] == 200
    assert outcome(system, booking)["state"] == "confirmed"


def test_a_key_and_an_id_are_two_ways_and_some_ids_are_none(system):
    key = {"Idempotency-Key": f'"{uuid.uuid4()}" '}  # a blank behind it is no part of it
    status, answer, _ = system.call("gateway", "POST", "/booking/intent", INTENT, key)
    assert status == 202
    assert system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": answer["intentId"]}, key)[0] == 202
    for other in ("E-other", ".", "..", "intent"):
        assert_problem(system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": other}, key), 422)


def outcome(system, booking, wait_s=20):
    """The booking, as soon as its outcome is known."""
    status, answer, headers = system.call("gateway", "GET", f"/booking/{booking}", headers={"Prefer": f"wait={wait_s}"},
                                          timeout_s=wait_s + 10)
    assert status == 200 and headers.get("preference-applied") == "wait", answer
    return answer


def test_prefer_wait_answers_with_the_outcome_or_when_the_time_is_up(system):
    booking = str(uuid.uuid4())
    assert system.call("gateway", "POST", "/booking/intent", {**INTENT, "intentId": booking})[0] == 202
    begin = time.monotonic()
    assert outcome(system, booking, 1)["state"] == "pending"
    assert 0.9 < time.monotonic() - begin < 3
    assert system.call("provider", "POST", "/charges", {**CAPTURE, "intentId": booking})[0] in (200, 201)
    begin = time.monotonic()
    assert outcome(system, booking)["state"] == "confirmed"
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("order", ["intent first", "payment first"])
def test_a_minimal_client_needs_three_fields_and_no_signature_on_loopback(new_system, order):
    small = new_system(ROUNDTRIP_WEBHOOK_UNSIGNED="loopback").start()
    body = {"intentId": "B1", "userId": "alice", "amount": 1200}
    calls = [lambda: small.call("gateway", "POST", "/booking/intent", body)[0],
             lambda: small.webhook("captured", body, {})[0]]
    expected = [202, 200]
    if order == "payment first":
        calls.reverse()
        expected.reverse()
    for call, status in zip(calls, expected):
        assert [call(), call()] == [status, status]
    assert outcome(small, "B1")["state"] == "confirmed"
    until(lambda: not any(small.unsettled(name) for name in SERVICES), "all is settled")
    payments = small.documents("payment")
    assert [state["state"] for state in payments.values()] == ["settled"]
    assert small.webhook("captured", body, signature(json.dumps(body).encode(), secret="another secret of ours"))[0] == 401
