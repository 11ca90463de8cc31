#!/usr/bin/python3
"""An intent, then its payment: confirmed, and the money stays."""
from stage import Story

with Story(__doc__) as story:
    booking = story.book(amount=1200)
    payment = story.pay(booking, amount=1200)
    story.ends(booking, "confirmed")
    story.emitted(booking, "booking.intent.created", "payment.captured", "booking.confirmed")
    story.ledger(payment, captured=1200, refunded=0)
    story.one_trace(booking)
