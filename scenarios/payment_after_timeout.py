#!/usr/bin/python3
"""Nobody pays in time: the booking fails; a payment that comes later goes back."""
from stage import Story

with Story(__doc__) as story:
    story.restart("booking", ROUNDTRIP_PAYMENT_TIMEOUT_MS=300)
    booking = story.book()
    story.ends(booking, "failed", "payment_timeout")
    payment = story.pay(booking)
    story.ledger(payment, captured=1200, refunded=1200)
    story.ends(booking, "failed", "payment_timeout")
    story.emitted(booking, "booking.intent.created", "booking.failed", "payment.captured",
                  "payment.refund.requested", "payment.refunded")
    story.one_trace(booking)
