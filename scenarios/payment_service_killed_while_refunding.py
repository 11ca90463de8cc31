#!/usr/bin/python3
"""The payment service dies while the provider makes the refund: the same key finds it, and it is made once."""
from stage import Story, call, until

with Story(__doc__) as story:
    booking = story.book(amount=1200)
    story.fault("refund", "timeout-after")
    payment = story.pay(booking, amount=1000)
    until(lambda: call("GET", f"{story.provider}/ledger/{payment}")[1]["refunded"] == 1000,
          "the provider has made the refund and keeps the answer back")
    story.kill("payment")
    story.start("payment")
    story.sees(booking, "payment.refunded")
    story.ends(booking, "failed", "amount_mismatch")
    story.ledger(payment, captured=1000, refunded=1000)
    story.emitted(booking, "booking.intent.created", "payment.captured", "booking.failed", "payment.refunded")
    story.one_trace(booking)
