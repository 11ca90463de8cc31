#!/usr/bin/python3
"""Two payments for one booking: the first settles it, the second goes back, the booking stays confirmed."""
from stage import Story

with Story(__doc__) as story:
    booking = story.book()
    first = story.pay(booking)
    story.ends(booking, "confirmed")
    second = story.pay(booking)
    story.ledger(second, captured=1200, refunded=1200)
    story.ledger(first, captured=1200, refunded=0)
    story.ends(booking, "confirmed")
    story.emitted(booking, "booking.intent.created", "payment.captured", "booking.confirmed", "payment.captured",
                  "payment.refund.requested", "payment.refunded")
    story.one_trace(booking)
