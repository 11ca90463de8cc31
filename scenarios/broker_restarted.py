#!/usr/bin/python3
"""The broker dies in the middle: intents and webhooks are still accepted, and go out when it is back."""
from stage import Story

with Story(__doc__) as story:
    before = [story.book() for _ in range(5)]
    story.tell("RabbitMQ is killed with kill -9")
    story.broker("kill")
    during = [story.book() for _ in range(5)]
    bookings = before + during
    payments = [story.pay(booking) for booking in bookings]
    story.broker("start")
    story.tell("RabbitMQ is started again")
    for booking, payment in zip(bookings, payments):
        story.ends(booking, "confirmed")
        story.ledger(payment, captured=1200, refunded=0)
        story.emitted(booking, "booking.intent.created", "payment.captured", "booking.confirmed")
        story.one_trace(booking)
