"""What is no event goes to the dead-letter queue with its reason, once, and the next event is processed."""
import json

import pika
import pytest

from whole_system import Client, until, whole_system

INTENT = {"intentId": "D1", "userId": "alice", "amount": 5, "currency": "EUR", "createdAt": "2026-01-01T00:00:00Z"}

# name: (routing key, body, message id, word of the reason)
BAD = {
    "no json": ("booking.intent.created", b"this is no json", "bad-1", "booking.intent.created"),
    "not UTF-8": ("booking.intent.created", b'{"intentId":"\xff"}', "bad-2", "booking.intent.created"),
    "a wrong amount": ("booking.intent.created", json.dumps({**INTENT, "amount": 1.5}).encode(), "bad-3", "amount"),
    "a missing field": ("payment.captured", json.dumps(INTENT).encode(), "bad-4", "paymentId"),
    "twice the same key": ("booking.cancel.requested", b'{"intentId":"D1","intentId":"D2"}', "bad-5", "intentId"),
    "too deep": ("booking.cancel.requested", b'{"a":' * 20 + b"1" + b"}" * 20, "bad-6", "booking.cancel.requested"),
}


@pytest.fixture(scope="module", name="system")
def running_system():
    with whole_system("sqlite") as system:
        yield system


@pytest.fixture(name="channel")
def open_channel(system):
    connection = pika.BlockingConnection(pika.URLParameters(system.amqp_url))
    yield connection.channel()
    connection.close()


def publish(channel, key, body, message_id, kind=None, headers=None):
    channel.basic_publish("events", key, body, pika.BasicProperties(
        message_id=message_id, type=kind or key, content_type="application/json", delivery_mode=2, headers=headers))


def dead_letter(channel):
    """The one dead letter of the booking service, taken out."""
    method, properties, body = until(lambda: (lambda got: got if got[0] else None)(
        channel.basic_get("booking-events.dead", auto_ack=True)), "a dead letter comes")
    assert channel.basic_get("booking-events.dead", auto_ack=True)[0] is None, f"a second one, after {method}"
    return properties, body


def health(system):
    return Client().call("GET", f"{system.booking}/health")[1]["messages"]


def settles(system, channel, booking):
    """A good intent after the bad message is decided."""
    publish(channel, "booking.intent.created", json.dumps({**INTENT, "intentId": booking}), f"good-{booking}")
    before = health(system)["applied"]
    until(lambda: health(system)["applied"] >= before, "the next event is processed")
    until(lambda: channel.queue_declare("booking-events", passive=True).method.message_count == 0, "the queue is empty")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_event_is_quarantined_with_its_reason_and_the_next_one_proceeds(system, channel, name):
    key, body, message_id, word = BAD[name]
    before = health(system)
    publish(channel, key, body, message_id)
    properties, kept = dead_letter(channel)
    assert kept == body and properties.message_id == message_id
    assert word in properties.headers["roundtrip-reason"]
    assert properties.headers["roundtrip-routing-key"] == key
    settles(system, channel, message_id)
    until(lambda: health(system)["quarantined"] == before["quarantined"] + 1, lambda: f"{before} {health(system)}")


def test_an_event_beyond_64_kib_is_rejected_into_the_dead_letters(system, channel):
    publish(channel, "booking.cancel.requested", b'{"a":"' + b"x" * 70000 + b'"}', "large")
    properties, body = dead_letter(channel)  # by the broker: a body of that size is not held to be copied
    assert properties.headers["x-death"][0]["reason"] == "rejected" and len(body) > 70000
    settles(system, channel, "large")


def test_an_unknown_schema_version_is_quarantined(system, channel):
    publish(channel, "booking.intent.created", json.dumps({**INTENT, "intentId": "V1"}), "v2", headers={"schema-version": 2})
    assert "version" in dead_letter(channel)[0].headers["roundtrip-reason"]


def test_a_type_at_odds_with_its_routing_key_is_quarantined(system, channel):
    publish(channel, "booking.intent.created", json.dumps({**INTENT, "intentId": "T1"}), "odd", kind="payment.captured")
    dead_letter(channel)


def test_a_message_id_used_again_with_another_body_is_quarantined(system, channel):
    publish(channel, "booking.intent.created", json.dumps({**INTENT, "intentId": "A10"}), "same-id")
    publish(channel, "booking.intent.created", json.dumps({**INTENT, "intentId": "A10", "amount": 6}), "same-id")
    assert "another body" in dead_letter(channel)[0].headers["roundtrip-reason"]


def test_the_counters_add_up(system):
    def adds_up():
        counts = health(system)
        return counts["delivered"] > 0 and counts["delivered"] == sum(
            counts[outcome] for outcome in ("applied", "duplicates", "rejected", "quarantined"))

    until(adds_up, lambda: health(system))
