#!/usr/bin/python3
"""The broker loses all its data: the topology is declared again, and what has no outcome is announced again."""
from stage import Story

with Story(__doc__) as story:
    for service in ("gateway", "payment"):
        story.restart(service, ROUNDTRIP_REPEAT_AFTER_MS=500)
    cancelled = story.book()
    cancelled_payment = story.pay(cancelled)
    story.ends(cancelled, "confirmed")
    story.one_trace(cancelled)
    story.kill("booking")
    bookings = [story.book() for _ in range(5)]
    payments = [story.pay(booking, amount=1200 if i % 2 else 7) for i, booking in enumerate(bookings)]
    story.kill("payment")
    story.cancel(cancelled)
    story.broker("stop")
    story.broker("wipe")
    story.tell("RabbitMQ's data is deleted")
    story.broker("start")
    story.start("booking")
    story.start("payment", ROUNDTRIP_REPEAT_AFTER_MS=500)
    for i, (booking, payment) in enumerate(zip(bookings, payments)):
        story.ends(booking, "confirmed" if i % 2 else "failed")
        story.ledger(payment, captured=1200 if i % 2 else 7, refunded=0 if i % 2 else 7)
        story.one_trace(booking)
    story.ends(cancelled, "cancelled")
    story.ledger(cancelled_payment, captured=1200, refunded=1200)
    story.one_trace(cancelled)
