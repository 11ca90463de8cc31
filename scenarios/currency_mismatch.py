#!/usr/bin/python3
"""The right digits in another currency: no conversion, the booking fails, the money goes back."""
from stage import Story

with Story(__doc__) as story:
    booking = story.book(amount=1200, currency="EUR")
    payment = story.pay(booking, amount=1200, currency="USD")
    story.ends(booking, "failed", "currency_mismatch")
    story.ledger(payment, captured=1200, refunded=1200)
    story.emitted(booking, "booking.intent.created", "payment.captured", "booking.failed", "payment.refunded")
    story.one_trace(booking)
