#!/usr/bin/python3
"""Somebody purges booking-events: what has no outcome is announced again, and every booking ends right."""
import pika

from stage import Story, until


def ready(story, purge=False):
    connection = pika.BlockingConnection(pika.URLParameters(story.env["ROUNDTRIP_AMQP_URL"]))
    channel = connection.channel()
    method = channel.queue_purge if purge else lambda queue: channel.queue_declare(queue, passive=True)
    count = method("booking-events").method.message_count
    connection.close()
    return count


with Story(__doc__) as story:
    for service in ("gateway", "payment"):
        story.restart(service, ROUNDTRIP_REPEAT_AFTER_MS=500)
    story.kill("booking")
    bookings = [story.book() for _ in range(5)]
    payments = [story.pay(booking, amount=1200 if i % 2 else 7) for i, booking in enumerate(bookings)]
    until(lambda: ready(story) >= 10, "intents and payments wait in the queue")
    story.tell(f"{ready(story, purge=True)} messages purged")
    story.start("booking")
    for i, (booking, payment) in enumerate(zip(bookings, payments)):
        story.ends(booking, "confirmed" if i % 2 else "failed")
        story.ledger(payment, captured=1200 if i % 2 else 7, refunded=0 if i % 2 else 7)
        story.one_trace(booking)
