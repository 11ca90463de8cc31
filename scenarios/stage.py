"""stage - what the scenarios of this folder are told with.

A scenario is a story against a running system: ./run writes its addresses to var/run/env, which is
found from here (or named by ROUNDTRIP_ENV; or all are in the environment, as in a container). It looks only from outside: HTTP, a queue of its own
bound to everything, the provider's ledger, and the traces.

    with Story(__doc__) as story:
        booking = story.book(amount=1200)
        payment = story.pay(booking)
        story.ends(booking, "confirmed")
"""
import collections
import hashlib
import http.client
import json
import os
import pathlib
import re
import shlex
import sys
import threading
import time
import urllib.parse
import uuid

import pika

from hands import hands_for

ROOT = pathlib.Path(__file__).resolve().parents[1]
PATIENCE_S = float(os.environ.get("STORY_PATIENCE_S", "30"))
POLL_S = 0.05

Event = collections.namedtuple("Event", "type id booking body headers")


def read_env():
    """The addresses of the running system."""
    named = os.environ.get("ROUNDTRIP_ENV")
    places = [pathlib.Path(named)] if named else [folder / "var/run/env" for folder in (pathlib.Path.cwd(), ROOT)]
    told = {name: value for name, value in os.environ.items() if name.startswith("ROUNDTRIP_")}
    for place in places:
        if place.exists():
            pairs = (word.split("=", 1) for word in shlex.split(place.read_text(encoding="utf-8")))
            return {**dict(pairs), **told}
    # by role: a story books, pays and looks at refunds
    if {"ROUNDTRIP_GATEWAY_URL", "ROUNDTRIP_PAYMENT_URL", "ROUNDTRIP_PROVIDER_URL", "ROUNDTRIP_AMQP_URL"} <= set(told):
        return told
    sys.exit("no running system found: start one with ./run, or name its var/run/env by ROUNDTRIP_ENV")


def until(question, what, patience_s=PATIENCE_S):
    """Asks until the answer is true; what it never became is the failure."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s} s: {what() if callable(what) else what}")
        time.sleep(POLL_S)


def call(method, url, body=None, headers=None, timeout_s=40):
    """One HTTP call: (status, JSON or None)."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    try:
        text = None if body is None else body if isinstance(body, (str, bytes)) else json.dumps(body)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, text, {"Content-Type": "application/json", **(headers or {})})
        reply = connection.getresponse()
        content = reply.read()
        return reply.status, json.loads(content) if content else None
    finally:
        connection.close()


def call_again(method, url, body):
    """As clients do who are told that the same request may be sent again: until it is taken."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        status, answer = call(method, url, body)
        if status != 503 or not answer.get("retryable") or time.monotonic() > deadline:
            return status, answer
        time.sleep(POLL_S)


class Tap(threading.Thread):
    """Every event of the system, through a durable queue of our own, also across a broker's restart."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.parameters = pika.URLParameters(url)
        self.queue = f"cli.story.{uuid.uuid4().hex[:12]}"
        self.events = []
        self.is_ready = threading.Event()
        self.is_over = threading.Event()
        self.start()
        if not self.is_ready.wait(PATIENCE_S):
            raise AssertionError("the broker does not answer at " + url)

    def run(self):
        while not self.is_over.is_set():
            try:
                self.listen()
            except (pika.exceptions.AMQPError, OSError):
                self.is_over.wait(0.2)

    def listen(self):
        connection = pika.BlockingConnection(self.parameters)
        channel = connection.channel()
        channel.exchange_declare("events", "topic", durable=True)
        # Classic: a quorum queue that is younger than a second does not survive a kill of the broker.
        channel.queue_declare(self.queue, durable=True)
        channel.queue_bind(self.queue, "events", "#")
        self.is_ready.set()
        for method, properties, body in channel.consume(self.queue, inactivity_timeout=0.1):
            if method is not None:
                self.events.append(Event(method.routing_key, properties.message_id, properties.correlation_id, body,
                                         properties.headers or {}))
                channel.basic_ack(method.delivery_tag)
            if self.is_over.is_set():
                channel.cancel()
                channel.queue_delete(self.queue)
                break
        connection.close()

    def stop(self):
        self.is_over.set()
        self.join(PATIENCE_S)


class Story:
    """One scenario. Names are new in each run, so it can be told again and again."""

    def __init__(self, doc):
        self.title = doc.strip().splitlines()[0]
        self.env = read_env()
        self.gateway = self.env["ROUNDTRIP_GATEWAY_URL"]
        self.provider = self.env["ROUNDTRIP_PROVIDER_URL"]
        self.payment = self.env["ROUNDTRIP_PAYMENT_URL"]
        self.hands = hands_for(self.env)
        self.changed = set()
        self.killed = set()  # spans that a killed process had not sent yet are lost with it
        self.is_broker_away = False
        self.tap = None

    def __enter__(self):
        print(self.title)
        self.tap = Tap(self.env["ROUNDTRIP_AMQP_URL"])
        return self

    def __exit__(self, kind, value, trace):
        if self.is_broker_away:  # the story broke off: the next one needs it
            self.broker("start")
        for service in sorted(self.changed):  # as they were
            self.restart(service)
        call("POST", f"{self.provider}/faults/clear", {})
        self.tap.stop()
        if kind is AssertionError:
            print(f"  WRONG: {value}")
        return False

    def tell(self, text):
        print(f"  {text}", flush=True)

    # ---- what clients and the provider do ----

    def name(self):
        """A new booking's name: either a UUID or a name of the caller's."""
        return str(uuid.uuid4())

    def book(self, booking=None, user="alice", amount=1200, currency="EUR", expect=202):
        booking = booking or self.name()
        status, answer = call_again("POST", f"{self.gateway}/booking/intent",
                                    {"intentId": booking, "userId": user, "amount": amount, "currency": currency})
        assert status == expect, f"intent {booking}: {status} {answer}"
        self.tell(f"intent {booking}: {amount} {currency} by {user} -> {status}")
        return booking

    def pay(self, booking, user="alice", amount=1200, currency="EUR", payment=None, fault=None):
        body = {"intentId": booking, "userId": user, "amount": amount, "currency": currency}
        if payment:
            body["paymentId"] = payment
        status, answer = call("POST", f"{self.provider}/charges", body, {"Roundtrip-Fault": fault} if fault else None)
        assert status in (200, 201), f"charge for {booking}: {status} {answer}"
        self.tell(f"payment {answer['paymentId']}: {amount} {currency} by {user} captured")
        return answer["paymentId"]

    def decline(self, booking, user="alice", amount=1200, currency="EUR"):
        """A try that the provider declines; returns its payment id."""
        body = {"intentId": booking, "userId": user, "amount": amount, "currency": currency, "declined": True}
        status, answer = call("POST", f"{self.provider}/charges", body)
        assert status in (200, 201), f"declined charge for {booking}: {status} {answer}"
        self.tell(f"payment {answer['paymentId']}: {amount} {currency} by {user} declined")
        return answer["paymentId"]

    def cancel(self, booking, expect=202):
        status, answer = call_again("POST", f"{self.gateway}/booking/{booking}/cancel", {})
        assert status == expect, f"cancel {booking}: {status} {answer}"
        self.tell(f"cancel {booking} -> {status}")

    def fault(self, target, fault, count=1, payment=None):
        body = {"target": target, "fault": fault, "count": count}
        if payment:
            body["paymentId"] = payment
        status, answer = call("POST", f"{self.provider}/faults", body)
        assert status in (200, 201, 202), f"fault {fault}: {status} {answer}"
        self.tell(f"the provider will {fault} {count} time(s) on {target}")

    # ---- what befalls the processes ----

    def service(self, name, verb, **settings):
        self.hands.service(name, verb, **settings)

    def kill(self, name):
        self.tell(f"{name} is killed with kill -9")
        self.killed.add(name)
        self.service(name, "kill")

    def start(self, name, **settings):
        self.service(name, "start", **settings)
        self.tell(f"{name} is started again" + (f" with {settings}" if settings else ""))

    def restart(self, name, **settings):
        self.service(name, "stop")
        self.start(name, **settings)
        self.changed.discard(name)
        if settings:
            self.changed.add(name)

    def broker(self, verb):
        self.hands.broker(verb)
        self.is_broker_away = verb != "start"

    # ---- what must be seen ----

    def state(self, booking, wait_s=0):
        status, answer = call("GET", f"{self.gateway}/booking/{booking}", headers={"Prefer": f"wait={wait_s}"})
        return answer["state"] if status == 200 else None

    def ends(self, booking, state, reason=None):
        until(lambda: self.state(booking, 2) == state, lambda: f"{booking} is {self.state(booking)}, not {state}")
        answer = call("GET", f"{self.gateway}/booking/{booking}")[1]
        assert reason is None or answer.get("reason") == reason, f"{booking}: reason {answer.get('reason')}, not {reason}"
        self.tell(f"{booking} is {state}" + (f" ({reason})" if reason else ""))

    def sees(self, booking, *types):
        """Each of these events has come by at least once."""
        for wanted in types:
            until(lambda wanted=wanted: any(e.type == wanted and e.booking == booking for e in self.tap.events),
                  lambda wanted=wanted: f"{wanted} of {booking} was not seen: {self.types(booking)}")

    def types(self, booking):
        return sorted({(e.type, e.id) for e in self.tap.events if e.booking == booking})

    def emitted(self, booking, *types):
        """Exactly these events of a booking and its money, each with one message id for each time it is named; copies
        are identical. Beside them only answers to repeats, that the booking waits, and what other services announce."""
        self.sees(booking, *types)
        ids = {}
        for event in self.tap.events:
            if event.booking == booking:
                assert ids.setdefault(event.id, event.body) == event.body, f"{event.id} was published with two bodies"
        seen = sorted(kind for kind, _ in self.types(booking)
                      if kind.startswith(("booking.", "payment.")) and kind != "booking.pending")
        assert seen == sorted(types), f"{booking}: events {seen}, not {sorted(types)}"
        self.tell(f"events: {', '.join(types)}")

    def ledger(self, payment, captured, refunded):
        """The provider's books: what it took, what it gave back, and in at most one refund."""
        def row():
            return call("GET", f"{self.provider}/ledger/{payment}")[1]

        until(lambda: row().get("refunded") == refunded, lambda: f"{payment}: ledger {row()}")
        found = row()
        assert found["captured"] == captured, f"{payment}: captured {found['captured']}, not {captured}"
        assert len(found["refunds"]) == (1 if refunded else 0), f"{payment}: refunds {found['refunds']}"
        self.tell(f"ledger of {payment}: captured {captured}, refunded {refunded}")

    # by role: a booking that is paid passes these
    def one_trace(self, booking, services=("booking", "gateway", "payment")):
        """The booking is one trace, with its root and spans of these services, and no span elsewhere."""
        trace_id = trace_id_of(booking)
        services = set(services) - self.killed
        until(lambda: self.trace_is_whole(booking, trace_id, services),
              lambda: f"trace {trace_id} of {booking} has {sorted(s.service for s in self.spans(trace_id))}")
        self.tell(f"one trace: {trace_id}")

    def trace_is_whole(self, booking, trace_id, services):
        spans = self.spans(trace_id)
        roots = {span for span in spans if span.parent is None}  # it may be sent more than once
        ids = {span.id for span in spans}
        orphans = [span for span in spans if span.parent and span.parent not in ids]
        strangers = [span for span in spans if span.booking not in (None, booking)]
        return (set(services) <= {span.service for span in spans} and len(roots) == 1
                and all(root.service == "saga" and root.name.startswith("booking ") for root in roots)
                and (self.killed or not orphans) and not strangers)

    def spans(self, trace_id):
        if self.env.get("ROUNDTRIP_JAEGER_URL"):
            status, answer = call("GET", f"{self.env['ROUNDTRIP_JAEGER_URL']}/api/v3/traces/{trace_id}")
            requests = [answer["result"]] if status == 200 else []
        else:
            with open(self.env["ROUNDTRIP_TRACE_FILE"], encoding="utf-8") as lines:
                requests = [json.loads(line) for line in lines if trace_id in line]
        return [span for request in requests for span in spans_of(request) if span.trace == trace_id]


Span = collections.namedtuple("Span", "trace id parent name service booking")


def spans_of(request):
    """The spans of one OTLP request."""
    for resource in request.get("resourceSpans", []):
        service = attribute(resource["resource"]["attributes"], "service.name")
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                yield Span(span["traceId"], span["spanId"], span.get("parentSpanId") or None, span["name"], service,
                           attribute(span.get("attributes", []), "booking.id"))


def attribute(attributes, key):
    return next((pair["value"].get("stringValue") for pair in attributes if pair["key"] == key), None)


def trace_id_of(booking):
    """A booking's id is its trace id: the bytes of its UUID, or else of its hash."""
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", booking) and set(booking) != {"0", "-"}:
        return booking.replace("-", "")
    return hashlib.sha256(booking.encode()).hexdigest()[:32]
