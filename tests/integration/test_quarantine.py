"""Every consuming service sets bad events aside with their reason, once, and goes on with the next one."""
import contextlib
import json
import time
import uuid

import pika
import pytest
from built import QUEUES
from system_rig import until

# What each service is told here.
TYPES = {"booking-events": "booking.intent.created", "payment-events": "booking.failed", "gateway-events": "booking.failed"}
# A key by which the same queue, and no other, hears something else.
OTHER_KEYS = {"booking-events": "payment.captured", "payment-events": "payment.refund.requested",
              "gateway-events": "payment.refunded"}
SERVICE = {name: name.split("-", maxsplit=1)[0] for name in QUEUES}


class Letters:
    """One service's queue and its dead letters."""

    def __init__(self, system, channel, queue):
        self.system, self.channel, self.queue = system, channel, queue

    def put(self, body, key=None, **properties):
        """Into this queue alone, so that no other service sets it aside too; by its key through the exchange."""
        self.channel.basic_publish("events" if key else "", key or self.queue, body, pika.BasicProperties(**{
            "message_id": str(uuid.uuid4()), "type": TYPES[self.queue], "content_type": "application/json",
            "delivery_mode": 2, **properties}), mandatory=True)

    def good(self, money=(77, "EUR"), **changed):
        booking = f"Q{uuid.uuid4()}"
        money = {"amount": money[0], "currency": money[1]}
        if self.queue == "booking-events":
            return json.dumps({"intentId": booking, "userId": "alice", **money, **changed}).encode()
        payments = [{"paymentId": f"P{uuid.uuid4()}", **money}]
        return json.dumps({"intentId": booking, "reason": "amount_mismatch", "payments": payments, **changed}).encode()

    def counts(self):
        return self.system.messages(SERVICE[self.queue])

    def dead(self):
        """The one dead letter, taken out."""
        got = until(lambda: (lambda found: found if found[0] else None)(
            self.channel.basic_get(f"{self.queue}.dead", auto_ack=True)), f"a dead letter of {self.queue}")
        assert self.channel.basic_get(f"{self.queue}.dead", auto_ack=True)[0] is None, "another letter"
        return got[1], got[2]

    def goes_on(self, before, set_aside=1):
        """The next event is processed, nothing is delivered again and again, and the counters add up."""
        self.put(self.good())
        awaited = before["delivered"] + set_aside + 1
        until(lambda: self.counts()["delivered"] >= awaited, lambda: f"{before} {self.counts()}")
        time.sleep(0.3)  # a requeue loop would show
        after = self.counts()
        assert after["delivered"] == awaited and after["quarantined"] == before["quarantined"] + set_aside
        assert after["delivered"] == sum(after[name] for name in ("applied", "duplicates", "rejected", "deferred",
                                                                  "later", "quarantined"))
        assert self.system.depth(self.queue) == self.system.depth(f"{self.queue}.dead") == 0


@pytest.fixture(name="letters", params=QUEUES)
def letters_fixture(system, request):
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(system.amqp_url))) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        yield Letters(system, channel, request.param)


def bad_letters(letters):
    """(body, properties, word of the reason)"""
    good = letters.good()
    return [
        (b"this is no json", {}, ""), (b"", {}, ""), (b"[]", {}, ""), (b"[" * 900, {}, ""), (b"{\"a\":" * 100, {}, ""),
        (good[:-1], {}, ""), (good + b"x", {}, ""), (letters.good((7.5, "EUR")), {}, "amount"),
        (letters.good((2**53 + 1, "EUR")), {}, "amount"), (letters.good((77, "eur")), {}, "currency"),
        (b'{"intentId":"\xff"}', {}, ""), (letters.good(intentId={"$ne": None}), {}, "intentId"),
        (letters.good(intentId="x" * 65), {}, "intentId"), (b"{}", {}, ""), (b'{"intentId":"A","intentId":"B"}', {}, ""),
        (good, {"headers": {"schema-version": 0}}, "version"),
        (good, {"correlation_id": "another"}, "correlation"), (good, {"content_type": "text/xml"}, "content_type"),
        (good, {"content_encoding": "gzip"}, "content_encoding"),
    ]


def test_bad_events_are_set_aside_with_their_reason(letters):
    for body, properties, word in bad_letters(letters):
        before = letters.counts()
        letters.put(body, **properties)
        headers, kept = letters.dead()
        assert kept == body
        assert headers.headers["roundtrip-reason"] and word in headers.headers["roundtrip-reason"], (body, headers)
    letters.goes_on(before)


def test_bad_events_among_good_ones_stop_none_of_them(letters):
    before = letters.counts()
    for index in range(100):
        letters.put(b"bad" if index % 10 == 0 else letters.good())
    until(lambda: letters.system.depth(f"{letters.queue}.dead") == 10, "ten dead letters")
    for _ in range(10):
        assert letters.channel.basic_get(f"{letters.queue}.dead", auto_ack=True)[2] == b"bad"
    until(lambda: letters.counts()["delivered"] == before["delivered"] + 100, lambda: f"{before} {letters.counts()}")
    assert letters.counts()["quarantined"] == before["quarantined"] + 10


def test_an_event_beyond_64_kib_goes_to_the_dead_letters(letters):
    body = b'{"intentId":"' + b"x" * 70000 + b'"}'
    before = letters.counts()
    letters.put(body)
    assert letters.dead()[1] == body
    letters.goes_on(before)


def test_a_routing_key_at_odds_with_the_type_is_set_aside(letters):
    before = letters.counts()
    letters.put(letters.good(), OTHER_KEYS[letters.queue])
    assert "routing key" in letters.dead()[0].headers["roundtrip-reason"]
    letters.goes_on(before)


def test_a_message_id_that_comes_again_with_another_body_is_set_aside(letters):
    good = letters.good()
    other = good.replace(b'"amount": 77', b'"amount": 78')
    before = letters.counts()
    for body in (good, good, other):
        letters.put(body, message_id="same-" + letters.queue)
    headers, kept = letters.dead()
    assert kept == other and "another body" in headers.headers["roundtrip-reason"]
    until(lambda: letters.counts()["delivered"] == before["delivered"] + 3, lambda: f"{before} {letters.counts()}")
    after = letters.counts()
    assert (after["applied"] - before["applied"], after["duplicates"] - before["duplicates"]) == (1, 1)


@pytest.mark.parametrize("newer", [{"type": "booking.exploded"}, {"headers": {"schema-version": 2}}], ids=("type", "schema"))
def test_what_only_a_newer_release_knows_comes_back_to_it(letters, newer):
    before = letters.counts()
    later = f"{letters.queue}.later"
    letters.put(letters.good(), **newer)
    # Put away, back, and put away again: a broker that took this for a cycle would drop it.
    until(lambda: letters.counts()["later"] >= before["later"] + 3, lambda: f"{before} {letters.counts()}", 30)
    status, ready = letters.system.call(SERVICE[letters.queue], "GET", "/readyz")[:2]
    assert (status, ready["checks"]["release"]["status"]) == (200, "warn"), ready
    got = until(lambda: (lambda found: found if found[0] else None)(letters.channel.basic_get(later, auto_ack=True)), later)
    headers = got[1].headers
    assert "x-death" not in headers and abs(headers["roundtrip-later-since"] / 1000 - time.time()) < 60
    headers["roundtrip-later-since"] -= 24 * 3600 * 1000
    letters.channel.basic_publish("", letters.queue, got[2], got[1], mandatory=True)
    dead, body = letters.dead()
    assert body == got[2] and "for too long" in dead.headers["roundtrip-reason"], dead
    letters.goes_on(letters.counts(), 0)
