#!/usr/bin/python3
"""The booking service is killed with work in its queue and started again: every booking gets its outcome."""
from stage import Story

with Story(__doc__) as story:
    bookings = [story.book() for _ in range(10)]
    story.kill("booking")
    payments = [story.pay(booking, amount=1200 if i % 2 else 1000) for i, booking in enumerate(bookings)]
    for booking in bookings:
        assert story.state(booking) == "pending"
    story.start("booking")
    for i, (booking, payment) in enumerate(zip(bookings, payments)):
        story.ends(booking, "confirmed" if i % 2 else "failed")
        story.ledger(payment, captured=1200 if i % 2 else 1000, refunded=0 if i % 2 else 1000)
        if i % 2:
            story.emitted(booking, "booking.intent.created", "payment.captured", "booking.confirmed")
        else:
            story.emitted(booking, "booking.intent.created", "payment.captured", "booking.failed", "payment.refunded")
        story.one_trace(booking)
