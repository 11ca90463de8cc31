"""The command line against a running system: what it tells, what it does, and its exit status."""
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import uuid

import pika
import pytest
from built import BUILD, ROOT, SERVICES
from system_rig import until

PROGRAM = BUILD / "cli" / "roundtrip"
OK, WRONG, NOT_FOUND, USAGE, UNAVAILABLE, NOT_HERE = 0, 1, 2, 64, 69, 69


class System:
    """A whole system in a folder of its own, and the command line that knows where it is."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {}

    def stack(self, *words):
        return subprocess.run([ROOT / "system" / "stack", *words], capture_output=True, text=True, check=False,
                              env={**os.environ, "ROUNDTRIP_BUILD": str(BUILD)}, timeout=180)

    def start(self):
        started = self.stack("start", self.folder, "--ports", "auto")
        if started.returncode == NOT_HERE:
            pytest.skip(started.stderr.strip())
        assert started.returncode == 0, started.stderr
        words = shlex.split((self.folder / "run" / "env").read_text(encoding="utf-8"))
        self.env = dict(word.split("=", 1) for word in words)

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "ASAN_OPTIONS") if name in os.environ}
        return {**kept, "TERM": "xterm", "ROUNDTRIP_ENV": str(self.folder / "run" / "env"), **more}

    def run(self, *words, **more):
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, check=False,
                              env=self.environment(**more), cwd="/")

    def ok(self, *words, **more):
        done = self.run(*words, **more)
        assert done.returncode == OK, f"{words}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *words, **more):
        return json.loads(self.ok(*words, "-o", "json", **more))

    def popen(self, *words):
        return subprocess.Popen([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=self.environment(), cwd="/")

    def publish(self, exchange, key, body, **properties):
        connection = pika.BlockingConnection(pika.URLParameters(self.env["ROUNDTRIP_AMQP_URL"]))
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(exchange, key, body, pika.BasicProperties(**properties), mandatory=True)
        connection.close()

    def dead(self):
        return self.json("dead", "list")


@pytest.fixture(name="system", scope="module")
def system_fixture(tmp_path_factory):
    system = System(tmp_path_factory.mktemp("cli"))
    try:
        system.start()
        yield system
    finally:
        system.stack("stop", system.folder)


@pytest.fixture(name="booking")
def booking_fixture():
    return f"cli-{uuid.uuid4().hex[:12]}"


@pytest.fixture(name="letters")
def letters_fixture(system):
    """No dead letter is there, before and after."""
    system.run("dead", "discard", "--all")
    assert system.dead() == []
    yield system
    system.run("dead", "discard", "--all")


def is_confirmed(system, booking):
    return system.json("show", booking)["isOver"] and system.json("show", booking)["state"] == "confirmed"


def test_the_usage_is_told_without_a_system():
    done = subprocess.run([PROGRAM, "help"], capture_output=True, text=True, check=True)
    for command in ("show", "list", "listen", "trace", "ledger", "audit", "dead", "doctor", "pay", "book", "cancel"):
        assert re.search(rf"^  {command} ", done.stdout, re.M), done.stdout
        told = subprocess.run([PROGRAM, "help", command], capture_output=True, text=True, check=True).stdout
        asked = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, check=True).stdout
        assert told == asked and f"usage: roundtrip {command}" in told
    version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"roundtrip \d+\.\d+\.\d+\n", version)


def test_a_wrong_command_line_is_status_64_with_the_nearest_name(system):
    for words, hint in ((["lists"], "did you mean list?"), (["show"], "BOOKING is missing"),
                        (["list", "--stat", "failed"], "did you mean --state?"), (["list", "--limit", "0"], "from 1 to"),
                        (["show", "a b"], "an id has"), ([], "usage: roundtrip COMMAND"), (["dead", "replay"], "--all"),
                        (["help", "lists"], "did you mean list?")):
        done = system.run(*words)
        assert done.returncode == USAGE, words
        assert hint in done.stderr and done.stdout == ""


def test_a_booking_is_made_paid_and_shown(system, booking):
    assert system.ok("book", "-u", "ann", "-a", "12900", "--id", booking) == f"{booking}  pending\n"
    waiting = until(lambda: system.json("show", booking)["timeline"][1:] and system.json("show", booking), "it is known")
    assert waiting["state"] == "pending" and not waiting["isOver"]
    assert "waits for its payment" in waiting["why"] and f"roundtrip pay {booking}" in waiting["why"]
    assert waiting["intent"] == {"userId": "ann", "amount": 12900, "currency": "EUR"}

    assert "captured  129.00 EUR" in system.ok("pay", booking, "--payment", f"P-{booking}")
    followed = system.ok("show", booking, "-f")
    assert re.search(r"^state +confirmed$", followed, re.M), followed

    told = system.json("show", booking)
    assert told["isOver"] and told["why"] is None and told["notes"] == []
    assert [(p["paymentId"], p["disposition"], p["state"]) for p in told["payments"]] == [
        (f"P-{booking}", "applied", "settled")]
    steps = [(step["service"], step["input"], step["to"]) for step in told["timeline"]]
    assert steps[0] == ("gateway", "request.intent", "pending")
    assert ("booking", "payment.captured", "confirmed") in steps
    assert ("payment", "booking.confirmed", "settled") in steps
    assert ("gateway", "booking.confirmed", "confirmed") in steps
    assert [step["at"] for step in told["timeline"]] == sorted(step["at"] for step in told["timeline"])


def test_a_wrong_amount_fails_and_the_money_is_seen_going_back(system, booking):
    system.ok("book", "-u", "bob", "-a", "5000", "--id", booking)
    system.ok("pay", booking, "-a", "4000", "-p", f"P-{booking}")
    followed = system.ok("show", booking, "--follow", "-o", "json").splitlines()
    last = json.loads(followed[-1])
    assert (last["state"], last["reason"]) == ("failed", "amount_mismatch")
    assert last["payments"][0]["state"] == "refunded" and last["payments"][0]["refundReason"] == "amount_mismatch"
    assert [(r["paymentId"], r["amount"], r["status"]) for r in last["refunds"]] == [(f"P-{booking}", 4000, "refunded")]
    account = system.json("ledger", f"P-{booking}")
    assert (account["captured"], account["refunded"]) == (4000, 4000)
    text = system.ok("ledger")
    assert re.search(rf"P-{booking} +{booking} +bob +refunded +40.00 EUR +40.00 EUR +re_", text), text
    assert re.search(r"^EUR +\d+ ", text, re.M), text


def test_a_payment_without_an_intent_says_that_it_waits(system, booking):
    system.ok("pay", booking, "-a", "700", "-u", "zoe")
    told = until(lambda: system.run("show", booking).returncode == OK and system.json("show", booking), "it is known")
    assert told["state"] == "payment_received_first" and told["intent"] is None
    assert "waits for its intent" in told["why"]
    system.ok("book", "-u", "zoe", "-a", "700", "--id", booking, "--wait", "10")
    until(lambda: is_confirmed(system, booking), "confirmed")


def test_waiting_without_an_outcome_is_status_1_and_a_cancel_ends_it(system, booking):
    done = system.run("book", "-u", "ann", "-a", "100", "--id", booking, "--wait", "1")
    assert done.returncode == WRONG and f"roundtrip show {booking}" in done.stderr
    assert system.json("cancel", booking)["intentId"] == booking
    until(lambda: system.json("show", booking)["state"] == "cancelled", "cancelled")
    again = system.run("book", "-u", "ann", "-a", "101", "--id", booking)
    assert again.returncode == WRONG and "422" in again.stderr


def test_after_a_declined_try_another_card_pays(system, booking):
    system.ok("book", "-u", "ann", "-a", "100", "--id", booking)
    assert "declined" in system.ok("pay", booking, "--decline")
    system.ok("pay", booking)
    until(lambda: is_confirmed(system, booking), "confirmed")


def test_bookings_are_listed_by_state_and_counted(system):
    made = [f"cli-{uuid.uuid4().hex[:12]}" for _ in range(3)]
    for booking in made:
        system.ok("book", "-u", "ann", "-a", "100", "--id", booking)
    newest = system.json("list", "--limit", "3")
    assert [one["intentId"] for one in newest["bookings"]] == made[::-1]
    assert newest["counts"]["pending"] == newest["lookedAt"] == 3
    pending = system.json("list", "--state", "pending", "-n", "1000")
    assert {one["state"] for one in pending["bookings"]} == {"pending"}
    assert set(made) <= {one["intentId"] for one in pending["bookings"]}
    assert pending["counts"]["pending"] == len(pending["bookings"]) and not pending["hasMore"]
    last = system.ok("list", "-n", "2").splitlines()[-1]
    assert last.startswith("2 bookings: 2 pending") and "older" in last


def test_what_nobody_knows_is_status_2(system):
    for words in (["show", "nobody"], ["trace", "nobody"], ["ledger", "nobody"], ["cancel", "nobody"],
                  ["pay", "nobody"], ["dead", "show", "12345"]):
        done = system.run(*words)
        assert done.returncode == NOT_FOUND, (words, done.stderr)
        assert done.stderr.startswith("roundtrip: ") and done.stdout == ""


def test_what_a_killed_process_left_in_shared_memory_does_not_show(system):
    """The MongoDB driver keeps counters in /dev/shm under the process number, which comes again."""
    command = 'touch "/dev/shm/mongoc-$$" && exec "$0" cancel nobody'
    done = subprocess.run(["sh", "-c", command, PROGRAM], capture_output=True, text=True, timeout=20, check=False,
                          env=system.environment())
    assert done.returncode == NOT_FOUND
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["roundtrip"], done.stderr


def test_what_does_not_answer_is_status_69_and_names_the_next_command(system):
    nowhere = {"ROUNDTRIP_GATEWAY_URL": "http://127.0.0.1:1", "ROUNDTRIP_PROVIDER_URL": "http://127.0.0.1:1",
               "ROUNDTRIP_AMQP_URL": "amqp://guest:secret@127.0.0.1:1/", "ROUNDTRIP_JAEGER_URL": "http://127.0.0.1:1"}
    for words in (["list"], ["book", "-u", "a", "-a", "1"], ["ledger"], ["dead"], ["listen"], ["trace", "b"]):
        done = system.run(*words, **nowhere)
        assert done.returncode == UNAVAILABLE, (words, done.stderr)
        assert "127.0.0.1:1" in done.stderr and "start" in done.stderr
        assert "secret" not in done.stderr + done.stdout


def test_a_store_that_is_not_there_is_noted_and_not_created(system, booking, tmp_path):
    system.ok("book", "-u", "ann", "-a", "100", "--id", booking)
    missing = tmp_path / "booking.db"
    told = system.json("show", booking, ROUNDTRIP_STORE_BOOKING=f"sqlite:{missing}")
    assert told["state"] == "pending" and any(str(missing) in note for note in told["notes"])
    assert not missing.exists()


def test_without_the_gateway_the_stores_still_tell(system, booking):
    system.ok("book", "-u", "ann", "-a", "100", "--id", booking)
    system.ok("pay", booking)
    until(lambda: is_confirmed(system, booking), "confirmed")
    done = system.run("show", booking, "-o", "json", ROUNDTRIP_GATEWAY_URL="http://127.0.0.1:1")
    assert done.returncode == OK and "does not answer" in done.stderr
    assert json.loads(done.stdout)["state"] == "confirmed"


def test_events_are_heard_as_they_pass(system, booking):
    listener = system.popen("listen", "--events", "booking.*,payment.#", "-o", "json", "--timeout", "30", "--count", "2")
    assert "listening" in listener.stderr.readline()
    system.ok("book", "-u", "ann", "-a", "100", "--id", booking)  # booking.intent.created is no booking.*
    system.ok("pay", booking)
    out, _ = listener.communicate(timeout=60)
    assert listener.returncode == OK
    heard = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in heard] == ["payment.captured", "booking.confirmed"]
    assert {event["bookingId"] for event in heard} == {booking}
    assert {event["traceId"] for event in heard} == {system.json("show", booking)["traceId"]}
    assert heard[0]["body"]["amount"] == 100


def test_a_listener_ends_by_its_time_or_by_ctrl_c(system):
    assert system.run("listen", "-t", "1", "-e", "nothing.at.all").returncode == OK
    assert system.run("listen", "-t", "1", "-n", "1", "-e", "nothing.at.all").returncode == WRONG
    listener = system.popen("listen")
    assert "listening" in listener.stderr.readline()
    listener.send_signal(signal.SIGINT)
    listener.communicate(timeout=10)
    assert listener.returncode == OK


def test_a_trace_is_one_tree_across_the_services(system, booking):
    system.ok("book", "-u", "ann", "-a", "100", "--id", booking)
    system.ok("pay", booking)
    until(lambda: is_confirmed(system, booking), "confirmed")

    def complete():
        done = system.run("trace", booking, "-o", "json")
        spans = json.loads(done.stdout)["spans"] if done.returncode == OK else []
        names = [span["name"] for span in spans]
        return spans if "booking confirmed" in names and any("gateway-events" in name for name in names) else None

    spans = until(complete, "all spans are exported")
    assert {span["service"] for span in spans} >= {"saga", *SERVICES}
    assert spans[0]["depth"] == 0
    above = []
    for span in spans:  # each is one below the nearest one before it that is shallower: its parent
        del above[span["depth"]:]
        assert len(above) == span["depth"]
        if above:
            assert span["parentSpanId"] == above[-1]["spanId"]
        above.append(span)
    text = system.ok("trace", booking)
    assert "POST /booking/intent" in text and "confirm pending → confirmed" in text


def test_a_dead_letter_is_listed_shown_replayed_and_discarded(letters, booking):
    system = letters
    system.publish("events", "payment.captured", b'{"paymentId":"\x1b[31mP"}', message_id="m-bad",
                   type="payment.captured", correlation_id=booking, content_type="application/json")
    letter = until(system.dead, "it is put away")[0]
    assert (letter["queue"], letter["event"], letter["bookingId"]) == ("booking-events", "payment.captured", booking)
    assert letter["reason"] and letter["messageId"] == "m-bad"
    assert "\033" not in system.ok("dead", "list") + system.ok("dead", "show", "m-bad") + system.ok("dead", "show", "1")
    assert system.run("doctor").returncode == WRONG
    assert "roundtrip dead list" in system.run("doctor").stdout

    assert "replayed" in system.ok("dead", "replay", "m-bad")
    again = until(system.dead, "it has died again")
    assert [one["messageId"] for one in again] == ["m-bad"]  # one, not two
    assert again[0]["routingKey"] == "booking-events" and again[0]["event"] == "payment.captured"

    gone = json.loads(system.ok("dead", "discard", "1"))
    assert gone["messageId"] == "m-bad"
    assert system.dead() == []


def test_a_replayed_letter_that_was_good_takes_its_effect(letters, booking):
    system = letters
    body = {"intentId": booking, "userId": "ann", "amount": 100, "currency": "EUR",
            "createdAt": "2026-11-21T10:00:00.000Z"}
    headers = {"roundtrip-reason": "a mistake that is mended", "roundtrip-routing-key": "booking.intent.created",
               "schema-version": 1, "x-death": []}
    system.publish("", "booking-events.dead", json.dumps(body), message_id=f"m-{booking}", content_type="application/json",
                   headers=headers)  # without a type: the routing key says it
    assert [one["reason"] for one in until(system.dead, "it is there")] == ["a mistake that is mended"]
    assert "1 replayed" in system.ok("dead", "replay", "--all", "--queue", "booking-events")
    until(lambda: system.run("show", booking).returncode == OK, "the booking is known")
    assert system.json("show", booking)["state"] == "pending"
    assert system.dead() == []


def test_a_letter_under_a_false_name_stays_where_it_is(letters, booking):
    system = letters
    system.publish("events", "payment.captured", b"{}", message_id="m-false", type="booking.intent.created",
                   correlation_id=booking, content_type="application/json")
    until(system.dead, "it is put away")
    done = system.run("dead", "replay", "m-false")
    assert done.returncode == WRONG and "differs from its routing key" in done.stderr
    assert len(system.dead()) == 1


def test_the_doctor_names_what_is_down_and_the_command_that_mends_it(letters):
    system = letters
    healthy = system.run("doctor")
    assert healthy.returncode == OK, healthy.stdout
    assert "all is well" in healthy.stdout and re.search(r"^unknown +bindings", healthy.stdout, re.M)

    assert system.stack("service", system.folder, "payment", "stop").returncode == 0
    sick = system.run("doctor", "--wait", "--timeout", "1", "-o", "json")
    assert sick.returncode == WRONG
    findings = {one["subject"]: one for one in json.loads(sick.stdout)["findings"]}
    assert findings["payment"]["finding"] == findings["payment-events"]["finding"] == "fail"
    assert findings["booking"]["finding"] == "ok"
    command = findings["payment"]["mend"].split(";")[0]
    mended = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
                            env={**os.environ, "ROUNDTRIP_BUILD": str(BUILD)})
    assert mended.returncode == 0, mended.stderr
    assert system.run("doctor", "--wait").returncode == OK


def test_the_doctor_without_a_broker_says_so(system):
    sick = system.run("doctor", ROUNDTRIP_AMQP_URL="amqp://guest:guest@127.0.0.1:1/")
    assert sick.returncode == WRONG and re.search(r"^fail +broker", sick.stdout, re.M)


def test_colours_are_for_terminals_only(system, booking):
    system.ok("book", "-u", "ann", "-a", "100", "--id", booking)
    assert "\033" not in system.ok("list")

    def on_a_terminal(**more):
        main, other = pty.openpty()
        subprocess.run([PROGRAM, "list", "-n", "1"], stdout=other, check=True, env=system.environment(**more), cwd="/")
        os.close(other)
        text = os.read(main, 65536).decode()
        os.close(main)
        return text

    assert "\033[33mpending\033[0m" in on_a_terminal()
    assert "\033" not in on_a_terminal(NO_COLOR="1")
    assert "\033" not in on_a_terminal(TERM="dumb")


def test_the_addresses_are_found_from_below_the_folder(system):
    below = system.folder / "var"
    below.mkdir(exist_ok=True)
    (below / "run").symlink_to(system.folder / "run")
    deep = system.folder / "deep" / "er"
    deep.mkdir(parents=True)
    environment = system.environment()
    del environment["ROUNDTRIP_ENV"]
    done = subprocess.run([PROGRAM, "list"], capture_output=True, text=True, env=environment, cwd=deep, check=False)
    assert done.returncode == OK, done.stderr
