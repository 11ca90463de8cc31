#!/usr/bin/python3
"""The provider makes a refund and never says so: it is asked by key, and the money moves once."""
from stage import Story

with Story(__doc__) as story:
    story.restart("payment", ROUNDTRIP_PROVIDER_TIMEOUT_MS=500)
    booking = story.book(amount=1200)
    story.fault("refund", "timeout-after")
    payment = story.pay(booking, amount=1300)
    story.ends(booking, "failed", "amount_mismatch")
    story.sees(booking, "payment.refunded")
    story.ledger(payment, captured=1300, refunded=1300)
    story.emitted(booking, "booking.intent.created", "payment.captured", "booking.failed", "payment.refunded")
    story.one_trace(booking)
