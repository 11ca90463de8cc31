"""Each booking is one trace in a real Jaeger: whole, with all its services, and nothing of it elsewhere."""
import random
import time
import urllib.parse

import pytest

from whole_system import Client, Load, until, whole_system

BOOKINGS = 300
LOOKED_AT = 200


def spans_of(answer):
    for resource in answer["result"]["resourceSpans"]:
        service = attribute(resource["resource"]["attributes"], "service.name")
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                yield service, span


def attribute(attributes, key):
    return next((pair["value"].get("stringValue") for pair in attributes if pair["key"] == key), None)


def flaws(client, jaeger, booking, trace_id):
    """What keeps this booking's trace from being whole."""
    status, answer = client.call("GET", f"{jaeger}/api/v3/traces/{trace_id}")
    if status != 200:
        return f"{booking}: Jaeger answers {status}"
    spans = list(spans_of(answer))
    ids = {span["spanId"] for _, span in spans}
    roots = [span["name"] for _, span in spans if not span.get("parentSpanId")]
    orphans = [span["name"] for _, span in spans if span.get("parentSpanId") and span["parentSpanId"] not in ids]
    missing = {"gateway", "booking", "payment"} - {service for service, _ in spans}
    strange = [span["name"] for _, span in spans
               if attribute(span.get("attributes", []), "booking.id") not in (None, booking)]
    problems = [orphans, missing, strange, [] if roots == ["booking"] else [f"roots {roots}"]]
    return f"{booking}: {problems}" if any(problems) else None


def strays(client, jaeger, started, traces):
    """Spans that carry one of these bookings outside its trace."""
    found = []
    for service in ("gateway", "booking", "payment"):
        query = urllib.parse.urlencode({
            "query.service_name": service, "query.start_time_min": started, "query.num_traces": 5000,
            "query.start_time_max": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))})
        status, answer = client.call("GET", f"{jaeger}/api/v3/traces?{query}")
        assert status == 200, answer
        found += [(service, span["name"]) for service, span in spans_of(answer)
                  if traces.get(attribute(span.get("attributes", []), "booking.id"), span["traceId"]) != span["traceId"]]
    return found


@pytest.mark.parametrize("store", ["sqlite"])
def test_two_hundred_bookings_are_two_hundred_traces(store):
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    with whole_system(store, jaeger=True, OTEL_BSP_MAX_QUEUE_SIZE="32768", OTEL_BSP_SCHEDULE_DELAY="200") as system:
        load = Load(system, BOOKINGS, random.randrange(1 << 30), threads=8)
        load.run()
        load.check()
        client, jaeger = Client(), system.env["ROUNDTRIP_JAEGER_URL"]
        traces = {booking: client.call("GET", f"{system.gateway}/booking/{booking}")[1]["traceId"]
                  for booking, *_ in load.plans}
        assert len(set(traces.values())) == BOOKINGS
        for booking in load.random.sample(list(traces), LOOKED_AT):
            until(lambda booking=booking: flaws(client, jaeger, booking, traces[booking]) is None,
                  lambda booking=booking: flaws(client, jaeger, booking, traces[booking]), patience_s=20)
        assert strays(client, jaeger, started, traces) == []
