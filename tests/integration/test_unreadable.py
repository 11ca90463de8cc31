"""Documents that a service cannot read, among those that it can: nobody waits for them, and they are named."""
import contextlib
import sqlite3
import time

import bson
import pytest
from system_rig import until

STRANGE_COUNT = 300


def strange_state(body):
    """The same document in a state that this release does not know."""
    document = bson.decode(body)
    document["state"]["state"] = "dreaming"
    return bson.encode(document)


def copies_store(system, name, table, source, count):
    """Copies of a document in a state that nobody knows, all of them overdue."""
    if system.mongo:
        rows = system.mongo[name][table]
        found = rows.find_one({"_id": source})
        rows.insert_many([{**found, "_id": f"strange-{number}", "dueAt": bson.Int64(1 + number), "owedAt": bson.Int64(1 + number),
                           "state": {**found["state"], "state": "dreaming"}} for number in range(count)])
        return
    with contextlib.closing(sqlite3.connect(system.folder / f"{name}.db", timeout=10)) as base, base:
        version, created, body = base.execute(f"SELECT version, created_at, body FROM {table} WHERE id = ?", (source,)).fetchone()
        base.executemany(f"INSERT INTO {table} (id, version, created_at, due_at, owed_at, body) VALUES (?, ?, ?, ?, ?, ?)",
                         [(f"strange-{number}", version, created, 1 + number, 1 + number, strange_state(body))
                          for number in range(count)])


def ask(system, booking, **headers):
    return system.call("gateway", "GET", f"/booking/{booking}", headers=headers)[1]


@pytest.mark.parametrize("store", ["sqlite", "mongodb"])
def test_due_documents_that_nobody_can_read_hold_up_no_other(new_system, store):
    system = new_system(store, ROUNDTRIP_PAYMENT_TIMEOUT_MS="3000").start()
    assert system.call("gateway", "POST", "/booking/intent", {"intentId": "first", "userId": "alice", "amount": 5})[0] == 202
    until(lambda: "first" in system.documents("booking"), "the booking service has heard of it")
    copies_store(system, "booking", "bookings", "first", STRANGE_COUNT)
    assert system.call("gateway", "POST", "/booking/intent", {"intentId": "second", "userId": "alice", "amount": 5})[0] == 202
    until(lambda: ask(system, "second")["state"] == "failed", lambda: ask(system, "second"), 15)
    until(lambda: ask(system, "first")["state"] == "failed", lambda: ask(system, "first"), 15)
    metrics = system.ask_ops("booking", "/metrics")[1]
    passed = next(line for line in metrics.splitlines() if line.startswith("roundtrip_documents_passed_over{"))
    assert float(passed.split()[-1]) >= STRANGE_COUNT, passed
    assert "cannot read a stored document" in system.log("booking") and "strange-" in system.log("booking")


def test_an_unreadable_view_is_named_and_the_others_are_listed(new_system):
    system = new_system().start()
    for name in ("one", "two", "three"):
        assert system.call("gateway", "POST", "/booking/intent", {"intentId": name, "userId": "alice", "amount": 5})[0] == 202
        time.sleep(0.01)
    system.stop("gateway")
    with contextlib.closing(sqlite3.connect(system.folder / "gateway.db", timeout=10)) as base, base:
        base.execute("UPDATE bookings SET body = x'0500000000', due_at = 0, owed_at = 0 WHERE id = 'two'")
    system.start("gateway")
    status, listed, _ = system.call("gateway", "GET", "/bookings?limit=2")
    assert status == 200 and [row["id"] for row in listed["data"]] == ["three"], listed
    assert listed["unreadable"] == ["two"] and listed["has_more"] is True
    status, rest, _ = system.call("gateway", "GET", f"/bookings?limit=2&starting_after={listed['next_cursor']}")
    assert status == 200 and [row["id"] for row in rest["data"]] == ["one"] and "unreadable" not in rest, rest
    assert system.call("gateway", "GET", "/booking/two")[0] == 500
    assert system.call("gateway", "GET", "/booking/one")[0] == 200
