#!/usr/bin/python3
"""Every message five times, also after the end: one booking, one outcome, one movement of money."""
import pika

from stage import Story, call, until


def send_again(story, events, times):
    connection = pika.BlockingConnection(pika.URLParameters(story.env["ROUNDTRIP_AMQP_URL"]))
    channel = connection.channel()
    for event in events:
        for _ in range(times):
            channel.basic_publish("events", event.type, event.body, pika.BasicProperties(
                message_id=event.id, type=event.type, correlation_id=event.booking, delivery_mode=2,
                content_type="application/json", headers=event.headers))
    connection.close()
    story.tell(f"{len(events)} events sent {times} times more")


with Story(__doc__) as story:
    booking = story.book(amount=1200)
    for _ in range(4):
        story.book(booking, amount=1200)
    story.book(booking, amount=1300, expect=422)
    payment = story.pay(booking, amount=1100, fault="duplicate:5")
    for _ in range(4):
        assert story.pay(booking, amount=1100, payment=payment) == payment
    story.ends(booking, "failed", "amount_mismatch")
    story.ledger(payment, captured=1100, refunded=1100)
    story.emitted(booking, "booking.intent.created", "payment.captured", "booking.failed", "payment.refunded")

    before = len(story.tap.events)
    first = {event.id: event for event in story.tap.events if event.booking == booking}
    send_again(story, list(first.values()), 5)
    until(lambda: len(story.tap.events) >= before + 5 * len(first), "our copies come by")
    story.ledger(payment, captured=1100, refunded=1100)
    story.ends(booking, "failed", "amount_mismatch")
    story.emitted(booking, "booking.intent.created", "payment.captured", "booking.failed", "payment.refunded")
    summary = call("GET", f"{story.provider}/ledger/{payment}")[1]
    assert len(summary["refunds"]) == 1, summary
    story.one_trace(booking)
