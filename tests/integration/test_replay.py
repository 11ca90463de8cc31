"""roundtrip replay: what running services have stored follows from its history, and what is altered is noticed."""
import contextlib
import json
import sqlite3
import subprocess

import bson
import pytest
from load_rig import Load
from built import BUILD, COLLECTIONS, SERVICES
from system_rig import until

EQUAL, DIFFERENT, NOT_FOUND, USAGE, UNAVAILABLE = 0, 1, 2, 64, 69


def replay(system, *words, **more):
    stores = {f"ROUNDTRIP_STORE_{name.upper()}": system.environment(name)["ROUNDTRIP_STORE"] for name in SERVICES}
    return subprocess.run([BUILD / "cli" / "roundtrip", "replay", *words], capture_output=True, text=True, check=False,
                          timeout=120, cwd="/", env={**system.environment("booking"), **stores, **more.pop("env", {})},
                          **more)


def findings(system, *words, status):
    done = replay(system, *words, "-o", "json")
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)


def all_are_equal(system):
    documents = sum(len(system.documents(name)) for name in SERVICES)
    found = findings(system, "--all", status=EQUAL)
    assert (found["equal"], found["different"], found["impossible"]) == (documents, 0, 0)
    assert not found["documents"]
    return documents


class Caller:
    """Sends what a booking needs to come to each of its outcomes."""

    def __init__(self, system):
        self.system = system

    def book(self, name, amount=1000):
        status, answer, _ = self.system.call("gateway", "POST", "/booking/intent", {
            "intentId": name, "userId": "alice", "amount": amount, "currency": "EUR"})
        return status, answer

    def pay(self, name, payment, user="alice", amount=1000, currency="EUR"):
        status, answer, _ = self.system.call("provider", "POST", "/charges", {
            "paymentId": payment, "intentId": name, "userId": user, "amount": amount, "currency": currency})
        assert status in (200, 201), answer

    def captured(self, name, payment):
        body = {"paymentId": payment, "intentId": name, "userId": "alice", "amount": 1000, "currency": "EUR"}
        assert self.system.webhook("captured", body)[0] == 200

    def decline(self, name, payment, **more):
        body = {"paymentId": payment, "intentId": name, "reason": "no_funds", "userId": "alice", **more}
        assert self.system.webhook("declined", body)[0] == 200

    def cancel(self, name):
        return self.system.call("gateway", "POST", f"/booking/{name}/cancel", {})[0]

    def ends(self, name, state):
        until(lambda: self.system.call("gateway", "GET", f"/booking/{name}")[1].get("state") == state, f"{name} {state}")


def every_outcome(system):
    """One booking of each kind, and the state in which it ends."""
    caller = Caller(system)
    kinds = {
        "paid": "confirmed", "paid-first": "confirmed", "wrong-amount": "failed", "wrong-currency": "failed",
        "unpaid": "failed", "declined": "failed", "cancelled": "cancelled", "undone": "cancelled",
        "stranger": "confirmed", "paid-twice": "confirmed", "paid-late": "failed", "repeated": "confirmed",
    }
    caller.pay("paid-first", "p-first")
    for name in kinds:
        assert caller.book(name)[0] == 202
    assert caller.cancel("cancelled") == 202
    caller.pay("paid", "p-paid")
    caller.pay("wrong-amount", "p-amount", amount=999)
    caller.pay("wrong-currency", "p-currency", currency="USD")
    caller.decline("declined", "p-mallory", userId="mallory", final=True)
    caller.decline("declined", "p-mistyped")
    caller.decline("declined", "p-declined", final=True)
    caller.pay("undone", "p-undone")
    caller.pay("stranger", "p-stranger", user="mallory")
    caller.pay("stranger", "p-own")
    caller.pay("paid-twice", "p-one")
    caller.pay("paid-twice", "p-two")
    caller.pay("repeated", "p-repeated")
    for _ in range(3):
        caller.captured("repeated", "p-repeated")
        assert caller.book("repeated")[0] == 202
    assert caller.book("repeated", amount=5)[0] == 422
    caller.ends("undone", "confirmed")
    assert caller.cancel("undone") == 202
    caller.ends("unpaid", "failed")
    caller.ends("paid-late", "failed")
    caller.pay("paid-late", "p-late")
    for name, state in kinds.items():
        caller.ends(name, state)
    assert system.call("gateway", "POST", "/booking/declined/cancel", {})[0] == 409
    return kinds


@pytest.mark.parametrize("store", ["sqlite", "mongodb"])
def test_every_outcome_is_decided_again_to_the_same_bytes(new_system, store, tmp_path):
    system = new_system(store, ROUNDTRIP_REPEAT_AFTER_MS="400").start(
        ROUNDTRIP_PAYMENT_TIMEOUT_MS="3000", ROUNDTRIP_INTENT_TIMEOUT_MS="3000")
    kinds = every_outcome(system)
    all_are_equal(system)  # while it runs
    until(lambda: not any(system.unsettled(name) for name in SERVICES), "all is settled", 30)
    documents = all_are_equal(system)
    for name in kinds:
        found = findings(system, name, status=EQUAL)
        assert {"booking", "gateway"} <= {one["service"] for one in found["documents"]}
        assert all(one["decisions"] > 0 for one in found["documents"])

    exported = replay(system, "--export")
    assert exported.returncode == 0 and len(exported.stdout.splitlines()) == documents + 1
    path = tmp_path / "bookings.jsonl"
    path.write_text(exported.stdout, encoding="utf-8")
    assert findings(system, "--against", path, status=EQUAL)["equal"] == documents
    assert "equal" in replay(system, "--against", "-", input=exported.stdout).stdout

    path.write_text("".join(exported.stdout.splitlines(keepends=True)[:-2]), encoding="utf-8")
    done = replay(system, "--against", path)
    assert done.returncode == EQUAL and "does not end with the number of its documents" in done.stderr
    path.write_text("".join(exported.stdout.splitlines(keepends=True)[1:]), encoding="utf-8")
    done = replay(system, "--against", path)
    assert done.returncode == USAGE and f"it has {documents - 1} documents, and counts {documents};" in done.stderr

    altered = [line.replace('"confirmed"', '"failed"') for line in exported.stdout.splitlines() if '"id" : "paid"' in line]
    path.write_text("\n".join(altered), encoding="utf-8")
    assert findings(system, "--against", path, status=DIFFERENT)["different"] == len(altered) == 2


@pytest.mark.parametrize("store", ["sqlite", "mongodb"])
def test_all_bookings_of_a_load_are_decided_again(new_system, store):
    system = new_system(store).start()
    load = Load(system, 300, 3)
    load.run()
    load.check()
    assert all_are_equal(system) > 600


@pytest.fixture(name="stopped")
def stopped_fixture(new_system):
    """A confirmed booking "paid" in SQLite, with nothing running that would touch it."""
    system = new_system().start()
    caller = Caller(system)
    assert caller.book("paid")[0] == 202
    caller.pay("paid", "p-paid")
    caller.ends("paid", "confirmed")
    until(lambda: not any(system.unsettled(name) for name in SERVICES), "all is settled", 30)
    for name in SERVICES:
        system.stop(name)
    return system


def alter(system, service, key, change):
    with contextlib.closing(sqlite3.connect(system.folder / f"{service}.db")) as base, base:
        table = COLLECTIONS[service]
        body = bson.decode(base.execute(f"SELECT body FROM {table} WHERE id = ?", [key]).fetchone()[0])
        change(body)
        base.execute(f"UPDATE {table} SET body = ? WHERE id = ?", [bson.encode(body), key])


@pytest.mark.parametrize("service, key, field, value", [
    ("booking", "paid", "state.intent.amount", 1001),
    ("booking", "paid", "state.payments.0.userId", "mallory"),
    ("booking", "paid", "state.reason", "amount_mismatch"),
    ("gateway", "paid", "state.outcome.paymentId", "p-other"),
    ("payment", "p-paid", "state.amount", 999),
])
def test_what_somebody_altered_in_a_store_is_named(stopped, service, key, field, value):
    def change(body):
        *path, last = field.split(".")
        for step in path:
            body = body[int(step)] if isinstance(body, list) else body[step]
        assert body[last] != value
        body[last] = bson.Int64(value) if isinstance(value, int) else value

    assert findings(stopped, "paid", status=EQUAL)["equal"] == 3
    alter(stopped, service, key, change)
    found = [one for one in findings(stopped, "paid", status=DIFFERENT)["documents"] if one["result"] == "different"]
    assert [(one["service"], one["field"]) for one in found] == [(service, field)]
    assert str(value) in found[0]["stored"] and found[0]["stored"] != found[0]["replayed"]
    said = replay(stopped, "paid")
    assert said.returncode == DIFFERENT and f"differs in the end: {field}" in said.stdout


def test_a_document_of_an_older_release_still_works_but_cannot_be_replayed(stopped):
    def age(body):
        for entry in body["history"]:
            for name in ("version", "due", "sent", "repeat", "content"):
                entry.pop(name, None)

    for service, key in [(name, "p-paid" if name == "payment" else "paid") for name in SERVICES]:
        alter(stopped, service, key, age)
    found = findings(stopped, "paid", status=DIFFERENT)
    assert (found["equal"], found["impossible"]) == (0, 3)
    assert all("release" in one["why"] for one in found["documents"])
    stopped.start(*SERVICES[::-1])
    caller = Caller(stopped)
    assert caller.cancel("paid") == 202
    caller.ends("paid", "cancelled")


def test_a_history_that_was_cut_cannot_be_replayed(stopped):
    alter(stopped, "booking", "paid", lambda body: body["history"].pop(0))
    done = replay(stopped, "paid")
    assert done.returncode == DIFFERENT
    assert "booking  paid: cannot be replayed: the history has no decision for version 1" in done.stdout


def test_what_cannot_be_found_or_understood_has_its_own_status(stopped, tmp_path):
    assert replay(stopped, "nobody").returncode == NOT_FOUND
    assert replay(stopped).returncode == USAGE
    assert replay(stopped, "paid", "--all").returncode == USAGE
    assert replay(stopped, "--against", tmp_path / "nothing").returncode == USAGE
    done = replay(stopped, "--against", "-", input="{}\n")
    assert done.returncode == USAGE and "stdin:1" in done.stderr
    done = replay(stopped, "--all", env={"ROUNDTRIP_STORE_PAYMENT": ""})
    assert done.returncode == UNAVAILABLE and "payment" in done.stderr
