#!/usr/bin/python3
"""A stranger pays: that payment goes back, the booking waits on, and its own user still settles it."""
from stage import Story

with Story(__doc__) as story:
    booking = story.book(user="alice")
    strange = story.pay(booking, user="mallory")
    story.ledger(strange, captured=1200, refunded=1200)
    assert story.state(booking) == "pending", "a stranger cannot fail a booking"
    payment = story.pay(booking, user="alice")
    story.ends(booking, "confirmed")
    story.ledger(payment, captured=1200, refunded=0)
    story.emitted(booking, "booking.intent.created", "payment.captured", "payment.refund.requested",
                  "payment.refunded", "payment.captured", "booking.confirmed")
    story.one_trace(booking)
