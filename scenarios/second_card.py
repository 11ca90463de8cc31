#!/usr/bin/python3
"""The payer's first card is declined, and a stranger's too: the booking waits on, and the second card pays."""
from stage import Story, call, until

with Story(__doc__) as story:
    booking = story.book(user="alice")
    story.decline(booking, user="mallory", amount=1)
    mistyped = story.decline(booking, user="alice")

    def shown():
        return call("GET", f"{story.gateway}/booking/{booking}")[1].get("lastDecline", {}).get("paymentId")

    until(lambda: shown() == mistyped, lambda: f"the declined try is not shown, but {shown()}")
    assert story.state(booking) == "pending", "a declined try ends nothing"
    payment = story.pay(booking, user="alice")
    story.ends(booking, "confirmed")
    story.ledger(payment, captured=1200, refunded=0)
    story.emitted(booking, "booking.intent.created", "payment.declined", "payment.declined", "payment.captured",
                  "booking.confirmed")
    story.one_trace(booking)
