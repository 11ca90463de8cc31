"""A new participant is known to every tool: the example of docs/participant.md, added to a copy of this tree by a patch of
few files. The tools of the copy are the tools of this tree; none of them knows the example but by the registry."""
import contextlib
import json
import os
import re
import shlex
import sqlite3
import subprocess
import time
import uuid

import pika
import pytest
import toy
from built import ROOT, SERVICES

COPY = toy.COPY.folder
BUILD = toy.COPY.build_folder
COMMAND = BUILD / "cli" / "roundtrip"
EDITED_FILES_MAX = 8
NEW_LINES_MAX = 700
PATIENCE_S = 30
NOT_HERE = 69
RULES = ("one_list", "compose", "configuration", "layers", "symbols", "headers", "openings", "sizes", "banned", "wrapped",
         "built", "spelling")


def run(*words, env=None, seconds_max=120, status=0):
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=seconds_max, cwd=COPY,
                          env={**os.environ, **(env or {})})
    assert done.returncode == status, f"{words}: {done.returncode} {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def until(found, what):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = found()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not in {PATIENCE_S} s: {what}")


class System:
    """A system of the copy in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.env = folder, {"ROUNDTRIP_ENV": str(folder / "run/env"), "ROUNDTRIP_BUILD": str(BUILD)}

    def start(self):
        started = subprocess.run([COPY / "system/stack", "start", self.folder, "--ports", "auto"], capture_output=True,
                                 text=True, check=False, timeout=180, env={**os.environ, **self.env})
        if started.returncode == NOT_HERE:
            pytest.skip(started.stderr.strip())
        assert started.returncode == 0, started.stderr

    def stop(self):
        subprocess.run([COPY / "system/stack", "stop", self.folder], check=False, timeout=120,
                       env={**os.environ, **self.env})

    def place(self, name):
        words = shlex.split((self.folder / "run/env").read_text(encoding="utf-8"))
        return dict(word.split("=", 1) for word in words)[name]

    def told(self, *words, status=0):
        return run(COMMAND, *words, env=self.env, status=status)

    def asked(self, *words):
        return json.loads(self.told(*words, "-o", "json"))

    def confirmed(self):
        booking = f"toy-{uuid.uuid4().hex[:12]}"
        self.told("book", "-u", "ann", "-a", "12900", "--id", booking)
        self.told("pay", booking)
        return booking

    def loyalty(self, booking):
        return self.asked("show", booking)["others"].get(toy.NAME, {}).get("state")

    def becomes(self, booking, state):
        until(lambda: self.loyalty(booking) == state, f"{booking} is {state}")


@pytest.fixture(name="built", scope="session", autouse=True)
def built_fixture():
    return toy.build()


@pytest.fixture(name="system", scope="module")
def system_fixture(tmp_path_factory):
    system = System(tmp_path_factory.mktemp("toy"))
    try:
        system.start()
        yield system
    finally:
        system.stop()


def test_few_files_are_edited_and_few_lines_are_new():
    new = [path for path in (ROOT / toy.ADDED).rglob("*") if path.is_file()]
    assert len(toy.EDITS) <= EDITED_FILES_MAX
    assert sum(path.read_text(encoding="utf-8").count("\n") for path in new) <= NEW_LINES_MAX


PRINTED = {"states.md": ("print-states",), "states.dot": ("print-states", "--diagrams"), "events.md": ("print-events",),
           "asyncapi.yaml": ("print-asyncapi",)}


def test_pages_and_drawings_have_it_and_every_unit_test_holds_with_it():
    for page, (program, *options) in PRINTED.items():
        told = run(BUILD / "docs" / program, *options)
        assert re.search("loyalty", told, re.I), page
        (COPY / "docs" / page).write_text(told, encoding="utf-8")
    assert re.search(r'"?loyalty"? ->', run(COPY / "docs/draw_house"))
    run("meson", "test", "-C", BUILD, "--no-rebuild", "-q", "--suite", "unit", "-t", "3", seconds_max=400)


def test_the_simulator_plays_it():
    """With duplicates, crashes, lost queues and two releases of it, at its usual rules."""
    assert any(re.search(r"loyalty-\d decides deadline .* maturing -> credited",
                         run(BUILD / "sim/roundtrip-sim", "--seed", str(seed))) for seed in range(1, 21))
    assert "all invariants hold" in run(BUILD / "sim/roundtrip-sim", "--schedules", "3000", "--jobs", "2")


def test_static_files_name_it_and_the_rules_of_the_tree_hold_for_it():
    run(COPY / "tests/lint/lint", *RULES, seconds_max=300)
    run("clang-format", "--dry-run", "-Werror", *sorted((COPY / "loyalty").glob("*.[ch]")))


def test_the_registry_tells_it():
    services = {one["name"]: one for one in json.loads(run(COMMAND, "services", "-o", "json"))}
    assert services[toy.NAME]["queue"] == "loyalty-events" and services[toy.NAME]["port"] == 3007
    assert "ROUNDTRIP_LOYALTY_MATURITY_MS" in run(BUILD / "loyalty/roundtrip-loyalty", "--help")


def test_it_takes_part_and_is_shown(system):
    stays, goes = system.confirmed(), system.confirmed()
    until(lambda: system.loyalty(goes), "it is heard of")
    system.told("cancel", goes)
    system.becomes(stays, "credited")
    system.becomes(goes, "void")
    shown = system.told("show", stays)
    assert re.search(r"^loyalty +credited$", shown, re.M), shown
    assert re.search(r"loyalty +booking\.confirmed +wait +none → maturing", shown), shown
    assert re.search(r"loyalty +deadline +credit +maturing → credited", shown), shown


def test_doctor_audit_and_replay_look_at_it(system):
    booking = system.confirmed()
    system.becomes(booking, "credited")
    told = system.told("doctor")
    for line in ("loyalty +ready at", "store of loyalty +answers", r"loyalty-events +\d+ waiting, consumed by 1",
                 r"loyalty-events\.dead +empty"):
        assert re.search(line, told), told
    assert system.told("audit").startswith("clean")
    exported = system.told("replay", "--export")
    assert f'"{booking}"' in "".join(line for line in exported.splitlines() if '"loyalty"' in line)
    assert " 0 different, 0 cannot be replayed" in system.told("replay", "--all")


def test_the_audit_finds_a_document_of_it_that_is_damaged(system):
    booking = system.confirmed()
    system.becomes(booking, "credited")
    with contextlib.closing(sqlite3.connect(system.folder / "store/loyalty.db", timeout=10)) as store, store:
        changed = store.execute("UPDATE loyalty SET body = x'0500000000' WHERE id = ?", (booking,))
        assert changed.rowcount == 1
    found = json.loads(system.told("audit", "-o", "json", status=1))["findings"]
    assert [one["bookingId"] for one in found] == [booking] and "loyalty" in found[0]["detail"], found
    with contextlib.closing(sqlite3.connect(system.folder / "store/loyalty.db", timeout=10)) as store, store:
        store.execute("DELETE FROM loyalty WHERE id = ?", (booking,))


def test_its_dead_letters_are_listed_and_discarded(system):
    connection = pika.BlockingConnection(pika.URLParameters(system.place("ROUNDTRIP_AMQP_URL")))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish("", "loyalty-events", b"{}", pika.BasicProperties(type="booking.confirmed", message_id="m-1"),
                          mandatory=True)
    connection.close()
    letters = until(lambda: system.asked("dead", "list", "-q", "loyalty-events"), "it is set aside")
    assert [letter["messageId"] for letter in letters] == ["m-1"]
    system.told("dead", "discard", "--all", "-q", "loyalty-events")
    assert system.asked("dead", "list") == []


def test_its_spans_are_in_the_trace_of_the_booking(system):
    booking = system.confirmed()
    system.becomes(booking, "credited")
    until(lambda: {toy.NAME, *SERVICES} <= {span["service"] for span in system.asked("trace", booking)["spans"]}, "all its spans are there")
