"""`roundtrip trace check` in a real Jaeger: with the booking service killed under load and many unpaid bookings beside,
every decided booking has its root, and only what went with a killed process is missing. TRACE_CHECK_BOOKINGS,
TRACE_CHECK_UNPAID and TRACE_CHECK_KILLS are for longer runs."""
import json
import os
import re
import subprocess
import time
import urllib.request
import uuid

from load_rig import AMOUNT, CURRENCY, USER, Load
from built import BUILD, SERVICES
from system_rig import at_once, until

BOOKINGS = int(os.environ.get("TRACE_CHECK_BOOKINGS", "300"))
UNPAID = int(os.environ.get("TRACE_CHECK_UNPAID", "1500"))
KILLS = int(os.environ.get("TRACE_CHECK_KILLS", "2"))
DELAY_MS = 1000
A_SECOND = 100  # bookings
ENDED_UNPAID = 5


def check(system, jaeger, sample):
    done = subprocess.run([BUILD / "cli" / "roundtrip", "trace", "check", "--sample", str(sample), "--export-delay-ms",
                           str(2 * DELAY_MS), "-o", "json"], capture_output=True, text=True, check=False, timeout=600,
                          cwd="/", env={"PATH": os.environ["PATH"], "ROUNDTRIP_JAEGER_URL": jaeger.env["JAEGER_QUERY_URL"],
                                        "ROUNDTRIP_GATEWAY_URL": f"http://127.0.0.1:{system.ports['gateway']}"})
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    print({name: value for name, value in found.items() if name != "missing"})
    return done.returncode, found


def announce_unpaid(system, count):
    def intend(own, index):
        body = {"intentId": f"unpaid-{index}", "userId": USER, "amount": AMOUNT, "currency": CURRENCY}
        assert system.ask(own, "gateway").insist("POST", "/booking/intent", body)[0] == 202

    at_once([lambda own, index=index: intend(own, index) for index in range(count)])


def end_unpaid(system, count):
    """Cancelled before anybody paid: of these the payment service has never heard."""
    for _ in range(count):
        name = f"ended-{uuid.uuid4()}"  # Jaeger is shared: a name used twice is one trace
        intent = {"intentId": name, "userId": USER, "amount": AMOUNT, "currency": CURRENCY}
        assert system.call("gateway", "POST", "/booking/intent", intent)[0] == 202
        assert system.call("gateway", "POST", f"/booking/{name}/cancel", {})[0] == 202
    until(lambda: system.messages("gateway")["applied"] >= count, lambda: system.messages("gateway"), 60)


def kill_booking(system, moments):
    begin = time.monotonic()
    for moment in moments:
        time.sleep(max(0.0, begin + moment - time.monotonic()))
        system.kill("booking")
        system.start("booking", ready=False)


def all_are_decided(system, load):
    return all(system.call("gateway", "GET", f"/booking/{booking.id}")[1]["state"] != "pending" for booking in load.bookings)


def spans(system, what):
    """A counter of the exporters' over all services, by service and label."""
    return {(name, label): int(count) for name in SERVICES for label, count in re.findall(
        rf"^roundtrip_spans_{what}_total(.*) (\d+)$", system.ask_ops(name, "/metrics")[1], re.M)}


def played(new_system, jaeger, kills, unpaid):
    """The system, and whether its exporters had to drop a span while the load went on: their room is bounded."""
    # What a kill cuts off is announced again; without kills nothing need be, and no repeat takes the spans' room.
    repeats = {"ROUNDTRIP_REPEAT_AFTER_MS": "2000"} if kills else {}
    system = new_system(OTEL_EXPORTER_OTLP_ENDPOINT=jaeger.env["JAEGER_OTLP_URL"], OTEL_BSP_SCHEDULE_DELAY=str(DELAY_MS),
                        **repeats).start()
    end_unpaid(system, ENDED_UNPAID)
    announce_unpaid(system, unpaid)
    if kills:  # the answer to the first repeat says until when each of them waits; a wave of spans goes with it
        until(lambda: system.messages("gateway")["applied"] >= unpaid + ENDED_UNPAID, lambda: system.messages("gateway"), 60)
    until(lambda: spans(system, "queued") == spans(system, "exported"), "the exporters have caught up", 60)
    dropped = spans(system, "dropped")
    duration_s = max(3, BOOKINGS / A_SECOND)
    load = Load(system, BOOKINGS, duration_s)
    moments = sorted(load.random.uniform(0.2, duration_s) for _ in range(kills))
    load.run(lambda: kill_booking(system, moments))
    until(lambda: all_are_decided(system, load), "every booking is decided", 120, 1)
    # What the kills have cut off is sent again, and nothing tells which repeat, and which export of it, is the last.
    time.sleep(2 * DELAY_MS / 1000)
    return system, any(count > dropped[key] for key, count in spans(system, "dropped").items())


def edges(jaeger, since_s):
    """Who calls whom on Jaeger's architecture page."""
    now_ms = int(time.time() * 1000)
    url = f"{jaeger.env['JAEGER_QUERY_URL']}/api/dependencies?endTs={now_ms}&lookback={int(now_ms - since_s * 1000)}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return {(edge["parent"], edge["child"]) for edge in json.load(answer)["data"]}


def test_without_kills_every_trace_is_whole(new_system, jaeger):
    started_s = time.time()
    system, has_dropped = played(new_system, jaeger, 0, UNPAID)
    status, found = check(system, jaeger, BOOKINGS + ENDED_UNPAID)
    assert not has_dropped
    assert found["traces"] == found["roots"] == found["whole"] == BOOKINGS + ENDED_UNPAID, found["missing"][:20]
    assert status == 0 and not found["missing"]
    # by role: who calls and who listens to whom
    assert {("saga", "gateway"), ("gateway", "booking"), ("payment", "booking"), ("booking", "payment"),
            ("payment", "provider")} <= edges(jaeger, started_s)
    assert not {("booking", "provider"), ("gateway", "provider"), ("provider", "booking")} & edges(jaeger, started_s)


def test_a_killed_booking_service_takes_no_root_with_it(new_system, jaeger):
    system, has_dropped = played(new_system, jaeger, KILLS, UNPAID)
    status, found = check(system, jaeger, BOOKINGS + ENDED_UNPAID)
    assert found["traces"] == found["roots"] == BOOKINGS + ENDED_UNPAID, [flaw for flaw in found["missing"] if flaw["kind"] == "no root"]
    assert not has_dropped and status == 0 and all(flaw["wentWith"] for flaw in found["missing"]), found["missing"][:20]
    assert all(flaw["kind"] != "warning" for flaw in found["missing"])
