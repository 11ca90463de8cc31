"""Each booking is one trace in a real Jaeger: whole, of all three services, and nothing of it elsewhere."""
import hashlib
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request

from load_rig import Load
from built import SERVICES
from system_rig import until

BOOKINGS = 300
LOOKED_AT = 200
FLUSHED_S = 30


def trace_id_of(booking):
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", booking) and set(booking) != {"0", "-"}:
        return booking.replace("-", "")
    return hashlib.sha256(booking.encode()).hexdigest()[:32]


def attribute(attributes, key):
    return next((pair["value"].get("stringValue") for pair in attributes if pair["key"] == key), None)


class Jaeger:
    def __init__(self, url):
        self.url = url

    def spans(self, path):
        """(service, span) of each span in an answer of the query API."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            assert error.code == 404, (path, error.code, error.read(500))
            return []
        return [(attribute(resource["resource"]["attributes"], "service.name"), span)
                for resource in json.loads(body)["result"]["resourceSpans"]
                for scope in resource["scopeSpans"] for span in scope["spans"]]

    def trace(self, trace_id):
        return self.spans(f"/api/v3/traces/{trace_id}")

    def since(self, service, started_s):
        def moment(at_s):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))

        return self.spans("/api/v3/traces?" + urllib.parse.urlencode({
            "query.service_name": service, "query.start_time_min": moment(started_s),
            "query.start_time_max": moment(time.time() + 60), "query.num_traces": 5000}))


def flaws(spans, booking):
    """What keeps these spans from being the one whole trace of this booking."""
    ids = [span["spanId"] for _, span in spans]
    found = []
    if missing := set(SERVICES) - {service for service, _ in spans}:
        found.append(f"no span of {sorted(missing)}")
    roots = [(service, span["name"]) for service, span in spans if not span.get("parentSpanId")]
    if [(service, name.split()[0]) for service, name in roots] != [("saga", "booking")]:
        found.append(f"roots {roots}")
    if len(set(ids)) != len(ids):
        found.append("a span id comes twice")
    for service, span in spans:
        if span.get("parentSpanId") and span["parentSpanId"] not in ids:
            found.append(f"orphan {service} {span['name']}")
        if service in SERVICES and attribute(span.get("attributes", []), "booking.id") != booking:
            found.append(f"{service} {span['name']} of booking {attribute(span.get('attributes', []), 'booking.id')}")
        if int(span["endTimeUnixNano"]) < int(span["startTimeUnixNano"]):
            found.append(f"{service} {span['name']} ends before it begins")
    return found


def test_two_hundred_bookings_are_two_hundred_whole_traces(new_system, jaeger):
    system = new_system(OTEL_EXPORTER_OTLP_ENDPOINT=jaeger.env["JAEGER_OTLP_URL"], OTEL_BSP_SCHEDULE_DELAY="200",
                        OTEL_BSP_MAX_QUEUE_SIZE="65536").start()
    started_s = time.time() - 1
    load = Load(system, BOOKINGS, 3)
    load.run()
    load.check()
    query = Jaeger(jaeger.env["JAEGER_QUERY_URL"])
    traces = {booking.id: trace_id_of(booking.id) for booking in load.bookings}
    assert len(set(traces.values())) == BOOKINGS
    for booking in load.random.sample(load.bookings, LOOKED_AT):
        assert system.call("gateway", "GET", f"/booking/{booking.id}")[2]["x-trace-id"] == traces[booking.id]
        until(lambda booking=booking: not flaws(query.trace(traces[booking.id]), booking.id),
              lambda booking=booking: f"{booking.id} ({booking.kind}): {flaws(query.trace(traces[booking.id]), booking.id)}",
              FLUSHED_S)
    for service in SERVICES:
        spans = query.since(service, started_s)
        assert len({span["traceId"] for _, span in spans}) >= BOOKINGS
        strays = [(kind, span["name"], span["traceId"]) for kind, span in spans
                  if (booking := attribute(span.get("attributes", []), "booking.id")) is not None
                  and span["traceId"] != traces[booking]]
        assert not strays, strays[:5]
        metrics = system.call(service, "GET", "/metrics")[1].decode()
        dropped = [line for line in metrics.splitlines() if line.startswith("roundtrip_spans_dropped_total")]
        assert dropped and all(line.endswith(" 0") for line in dropped), dropped
