"""docs/migrate.md tells foreign producers the least that they must send: it is sent here as it stands there."""
import json
import pathlib
import re

import pika
import pymongo
from system_rig import until

TEXT = (pathlib.Path(__file__).resolve().parents[2] / "docs/migrate.md").read_text(encoding="utf-8")
EVENTS = {kind: json.loads(body) for kind, body in re.findall(r"```json event (\S+)\n(.*?)\n```", TEXT, re.S)}
VIEW = re.search(r'createView\("(\w+)", "(\w+)", (\[.*?\])\)\n```', TEXT, re.S)


def publish(system, kind, body):
    """With the two properties that the text asks for, and no other."""
    connection = pika.BlockingConnection(pika.URLParameters(system.amqp_url))
    channel = connection.channel()
    channel.confirm_delivery()
    name = f"my-saga:{kind}:{body['intentId']}"
    channel.basic_publish("events", kind, json.dumps(body), pika.BasicProperties(message_id=name, delivery_mode=2),
                          mandatory=True)
    connection.close()


def state(system, booking):
    return system.documents("booking").get(booking, {}).get("state")


def test_the_least_messages_of_the_text_do_what_it_says(new_system):
    system = new_system("mongodb").start()
    intent = EVENTS["booking.intent.created"]
    publish(system, "booking.intent.created", intent)
    publish(system, "payment.captured", EVENTS["payment.captured"])
    until(lambda: state(system, "trip-1") == "confirmed", "the payment confirms the intent")

    publish(system, "booking.intent.created", {**intent, "intentId": "trip-2"})
    publish(system, "payment.declined", EVENTS["payment.declined"])
    until(lambda: state(system, "trip-2") == "failed", "a final decline ends the booking")

    publish(system, "booking.intent.created", {**intent, "intentId": "trip-3"})
    until(lambda: state(system, "trip-3") == "pending", "the intent is there")
    publish(system, "booking.cancel.requested", EVENTS["booking.cancel.requested"])
    until(lambda: state(system, "trip-3") == "cancelled", "it is cancelled")

    publish(system, "payment.refunded", EVENTS["payment.refunded"])  # the gateway keeps what it hears of a booking
    until(lambda: "trip-1" in system.documents("gateway"), "the gateway hears of it")


def test_the_view_of_the_text_shows_what_old_readers_read(new_system):
    system = new_system("mongodb").start()
    publish(system, "booking.intent.created", EVENTS["booking.intent.created"])
    until(lambda: state(system, "trip-1") == "pending", "the intent is there")
    name, source, pipeline = VIEW.groups()
    keys = re.sub(r"([{,]\s*)(\$?\w+):", r'\1"\2":', pipeline)
    with pymongo.MongoClient(system.environment("booking")["ROUNDTRIP_STORE"]) as client:
        database = client["booking"]
        database.create_collection(name, viewOn=source, pipeline=json.loads(keys))
        try:
            shown = database[name].find_one({"intentId": "trip-1"})
        finally:
            database.drop_collection(name)
    assert shown.pop("createdAt")
    assert shown == {"intentId": "trip-1", "userId": "ann", "amount": 12900, "currency": "EUR", "status": "PENDING", "reason": ""}
