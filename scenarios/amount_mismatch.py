#!/usr/bin/python3
"""The payment is too small: the booking fails, and the payer gets everything back."""
from stage import Story

with Story(__doc__) as story:
    booking = story.book(amount=1200)
    payment = story.pay(booking, amount=1199)
    story.ends(booking, "failed", "amount_mismatch")
    story.ledger(payment, captured=1199, refunded=1199)
    story.emitted(booking, "booking.intent.created", "payment.captured", "booking.failed", "payment.refunded")
    story.one_trace(booking)
