#!/usr/bin/python3
"""Cancel before and after the payment: either way the money goes back, once, and a failed booking answers 409."""
from stage import Story

with Story(__doc__) as story:
    early = story.book()
    story.cancel(early)
    story.ends(early, "cancelled")
    late_payment = story.pay(early)
    story.ledger(late_payment, captured=1200, refunded=1200)
    story.emitted(early, "booking.intent.created", "booking.cancel.requested", "booking.cancelled",
                  "payment.captured", "payment.refund.requested", "payment.refunded")
    story.one_trace(early)

    paid = story.book()
    payment = story.pay(paid)
    story.ends(paid, "confirmed")
    story.cancel(paid)
    story.ends(paid, "cancelled")
    story.ledger(payment, captured=1200, refunded=1200)
    story.emitted(paid, "booking.intent.created", "payment.captured", "booking.confirmed",
                  "booking.cancel.requested", "booking.cancelled", "payment.refunded")
    story.one_trace(paid)

    failed = story.book(amount=1200)
    story.pay(failed, amount=5)
    story.ends(failed, "failed")
    story.cancel(failed, expect=409)
