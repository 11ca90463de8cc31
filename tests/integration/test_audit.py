"""roundtrip audit against a running system: clean when all is well, wrong when somebody tampers, never in between."""
import contextlib
import copy
import json
import os
import sqlite3
import subprocess
import threading
import uuid

import bson
import pika
import pytest
from load_rig import Load
from built import BUILD, COLLECTIONS, SERVICES
from system_rig import until

PROGRAM = BUILD / "cli" / "roundtrip"
CLEAN, WRONG, UNAVAILABLE = 0, 1, 69
STORES = ("sqlite", "mongodb")


def audit(system, *words, timeout_s=60, **more):
    """(exit status, the report)"""
    told = {f"ROUNDTRIP_{name.upper()}_URL": f"http://127.0.0.1:{system.ports[name]}" for name in system.ports}
    told.update({f"ROUNDTRIP_STORE_{name.upper()}": system.environment(name)["ROUNDTRIP_STORE"] for name in SERVICES})
    told.update({key: os.environ[key] for key in os.environ if key.endswith("SAN_OPTIONS")})
    environment = {"PATH": os.environ["PATH"], "ROUNDTRIP_ENV": os.devnull, "ROUNDTRIP_AMQP_URL": system.amqp_url, **told, **more}
    done = subprocess.run([PROGRAM, "audit", "-o", "json", *words], capture_output=True, text=True, check=False,
                          timeout=timeout_s, env=environment, cwd="/")
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def kinds(report, listed="findings"):
    return {item["kind"] for item in report[listed]}


def new_id():
    return f"audit-{uuid.uuid4().hex[:10]}"


def intend(system, booking, amount=1000):
    body = {"intentId": booking, "userId": "ann", "amount": amount, "currency": "EUR"}
    assert system.call("gateway", "POST", "/booking/intent", body)[0] == 202


def charge(system, booking, amount=1000, user="ann", payment=None):
    body = {"paymentId": payment or f"P-{booking}", "intentId": booking, "userId": user, "amount": amount, "currency": "EUR"}
    assert system.call("provider", "POST", "/charges", body)[0] in (200, 201)


def is_over(system, booking, state, refunds=0):
    status, view, _ = system.call("gateway", "GET", f"/booking/{booking}")
    back = [refund for refund in view.get("refunds", []) if refund["status"] == "refunded"] if status == 200 else []
    return status == 200 and view["state"] == state and len(back) == refunds and not any(map(system.unsettled, SERVICES))


def confirmed(system):
    booking = new_id()
    intend(system, booking)
    charge(system, booking)
    until(lambda: is_over(system, booking, "confirmed"), "confirmed")
    return booking


def failed(system):
    booking = new_id()
    intend(system, booking)
    charge(system, booking, amount=999)
    until(lambda: is_over(system, booking, "failed", 1), "failed and refunded")
    return booking


@contextlib.contextmanager
def tampered(system, name, key, change):
    """A service's stored document, changed behind its back (None = deleted), and put back."""
    table = COLLECTIONS[name]
    if system.mongo:
        rows = system.mongo[name][table]
        whole = rows.find_one({"_id": key})
        rows.delete_one({"_id": key})
        if change:
            changed = copy.deepcopy(whole)
            change(changed["state"])
            rows.insert_one(int64s(changed))
        yield
        rows.replace_one({"_id": key}, whole, upsert=True)
        return
    with contextlib.closing(sqlite3.connect(system.folder / f"{name}.db", timeout=10, isolation_level=None)) as base:
        row = base.execute(f"SELECT * FROM {table} WHERE id = ?", (key,)).fetchone()
        base.execute(f"DELETE FROM {table} WHERE id = ?", (key,))
        if change:
            body = bson.decode(row[-1])
            change(body["state"])
            base.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)", (*row[:-1], bson.encode(int64s(body))))
        yield
        base.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?, ?)", row)


def int64s(value):
    """Every number as it was stored: int64."""
    if isinstance(value, dict):
        return {key: int64s(item) for key, item in value.items()}
    if isinstance(value, list):
        return [int64s(item) for item in value]
    return bson.Int64(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("store", STORES)
def test_every_ending_is_clean_and_adds_up(new_system, store):
    system = new_system(store).start()
    confirmed(system)
    failed(system)
    first, stranger, cancelled = new_id(), new_id(), new_id()
    charge(system, first)
    intend(system, first)
    intend(system, stranger)
    charge(system, stranger, user="mallory", payment=f"X-{stranger}")
    charge(system, stranger)
    intend(system, cancelled)
    charge(system, cancelled)
    until(lambda: is_over(system, cancelled, "confirmed"), "confirmed")
    assert system.call("gateway", "POST", f"/booking/{cancelled}/cancel", {"userId": "ann"})[0] == 202
    until(lambda: is_over(system, cancelled, "cancelled", 1) and is_over(system, stranger, "confirmed", 1), "all ends")

    status, report = audit(system)
    assert (status, report["verdict"], report["findings"], report["inFlight"]) == (CLEAN, "clean", [], []), report
    assert report["payments"] == {"captured": 6, "applied": 3, "refunded": 3, "resolvedByHand": 0, "inFlight": 0,
                                  "stuck": 0, "wrong": 0}
    assert report["bookings"]["accepted"] == 5 and report["bookings"]["confirmed"] == 3
    assert report["currencies"] == [{"currency": "EUR", "captured": 5999, "applied": 3000, "refunded": 2999, "resolvedByHand": 0,
                                     "inFlight": 0, "stuck": 0, "wrong": 0}]


@pytest.mark.parametrize("store", STORES)
def test_what_somebody_tampers_with_is_wrong(new_system, store):
    system = new_system(store).start()
    good, bad = confirmed(system), failed(system)
    cases = (
        ("payment", f"P-{good}", None, "payment_lost"),
        ("booking", good, None, "booking_lost"),
        ("gateway", good, None, "promise_lost"),
        ("booking", good, lambda state: state.update(state="failed"), "applied_to_unconfirmed"),
        ("payment", f"P-{good}", lambda state: state.update(state="refunded"), "refunded_though_applied"),
        ("payment", f"P-{good}", lambda state: state.update(amount=999), "payment_differs"),
        ("payment", f"P-{bad}", lambda state: state.update(state="settled"), "applied_to_unconfirmed"),
        ("gateway", bad, lambda state: state["outcome"].update(state="confirmed"), "view_contradicts"),
        ("booking", bad, lambda state: state.pop("state"), "document_damaged"),
    )
    for name, key, change, kind in cases:
        with tampered(system, name, key, change):
            status, report = audit(system)
            assert status == WRONG and report["verdict"] == "wrong" and kind in kinds(report), (name, kind, report)
    assert audit(system)[0] == CLEAN


def test_a_second_refund_in_the_books_is_wrong(new_system):
    system = new_system().start()
    payment = f"P-{failed(system)}"
    with contextlib.closing(sqlite3.connect(system.folder / "provider.db", timeout=10, isolation_level=None)) as books:
        if not books.execute("SELECT 1 FROM sqlite_master WHERE name = 'refunds'").fetchone():
            pytest.fail("the provider's books are elsewhere")
        books.execute("BEGIN IMMEDIATE")
        books.execute("INSERT INTO refunds (key, refund_id, payment_id, intent_id, currency, amount, at_ms) SELECT 'again',"
                      " 're_again', payment_id, intent_id, currency, amount, at_ms FROM refunds WHERE payment_id = ?", (payment,))
        books.execute("UPDATE charges SET refund_count = 2 WHERE payment_id = ?", (payment,))
        books.execute("COMMIT")
    status, report = audit(system)
    assert status == WRONG and kinds(report) == {"refunded_twice"}, report
    assert report["payments"]["wrong"] == 1 and report["currencies"][0]["wrong"] == 999


def test_what_waits_is_in_flight_and_what_is_late_is_stuck(new_system):
    system = new_system().start()
    first, asked = new_id(), new_id()
    charge(system, first)
    intend(system, asked)
    until(lambda: len(system.documents("booking")) == 2, "both are there")
    status, report = audit(system)
    assert status == CLEAN and report["payments"]["inFlight"] == 1, report
    assert kinds(report, "inFlight") == {"waits_for_intent", "waits_for_payment"}
    assert report["currencies"][0]["inFlight"] == 1000

    system.kill("payment")
    charge(system, asked)
    until(lambda: audit(system, "--grace", "1")[1]["payments"]["stuck"] == 1, "it is late")
    status, report = audit(system, "--grace", "1", "--strict")
    assert status == WRONG and kinds(report, "stuck") == {"capture_not_delivered"}, report


def test_the_events_are_heard_and_agree(new_system):
    system = new_system().start()
    heard = {}
    listening = threading.Thread(target=lambda: heard.update(zip(("status", "report"), audit(system, "--events", "5"))))
    listening.start()
    while listening.is_alive():
        confirmed(system)
    listening.join()
    assert heard["status"] == CLEAN and heard["report"]["events"] > 0, heard


def test_a_message_id_with_two_bodies_and_a_second_outcome_are_wrong(new_system):
    system = new_system().start()
    booking = confirmed(system)
    heard = {}
    listening = threading.Thread(target=lambda: heard.update(zip(("status", "report"), audit(system, "--events", "4"))))
    listening.start()
    connection = pika.BlockingConnection(pika.URLParameters(system.amqp_url))
    channel = connection.channel()
    while listening.is_alive():
        for number in range(2):
            properties = pika.BasicProperties(message_id=f"m{number}", type="booking.failed", correlation_id=booking)
            channel.basic_publish("events", "audit.test", json.dumps({"intentId": booking, "at": uuid.uuid4().hex}), properties)
        connection.sleep(0.1)
    connection.close()
    assert heard["status"] == WRONG, heard
    assert {"event_rewritten", "outcome_twice"} <= kinds(heard["report"]), heard["report"]["findings"]


@pytest.mark.parametrize("store", STORES)
def test_under_load_it_never_says_wrong(new_system, store):
    system = new_system(store).start()
    load = Load(system, 400, 8, threads=12)
    is_done = threading.Event()
    seen = []

    def look():
        while not is_done.is_set() and len(seen) < 40:
            seen.append(audit(system))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        load.run()
    finally:
        is_done.set()
        looking.join()
    for status, report in seen:
        assert status == CLEAN, report
        for sums in report["currencies"]:
            assert sums["captured"] == sum(
                sums[name] for name in ("applied", "refunded", "resolvedByHand", "inFlight", "stuck", "wrong"))
    load.check()
    status, report = audit(system)
    assert status == CLEAN and report["payments"]["inFlight"] == 0 and len(seen) > 2, report


def test_a_store_or_a_provider_that_is_away_is_status_69(new_system):
    system = new_system().start()
    assert audit(system, ROUNDTRIP_STORE_PAYMENT="sqlite:/nowhere/payment.db")[0] == UNAVAILABLE
    system.kill("provider")
    status, message = audit(system)
    assert status == UNAVAILABLE and "provider" in message
