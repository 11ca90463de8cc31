#!/usr/bin/python3
"""The payment comes before its intent: it waits, and the intent confirms."""
from stage import Story

with Story(__doc__) as story:
    booking = story.name()
    payment = story.pay(booking, amount=900)
    story.sees(booking, "payment.captured")
    assert story.state(booking) is None, "the gateway knows nothing of it yet"
    story.book(booking, amount=900)
    story.ends(booking, "confirmed")
    story.emitted(booking, "payment.captured", "booking.intent.created", "booking.confirmed")
    story.ledger(payment, captured=900, refunded=0)
    story.one_trace(booking)
