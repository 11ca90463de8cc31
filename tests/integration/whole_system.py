"""whole_system - everything, started for one test module, and clients that do not give up.

Real RabbitMQ, real stores, in a temporary folder, on free ports, gone at the end.
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import shlex
import subprocess
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
STORES = ("sqlite", "mongodb")
TRIES_MAX = 600
TRY_AGAIN_S = 0.05


def until(question, what, patience_s=60):
    """Asks until the answer is true."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {patience_s} s: {what() if callable(what) else what}"
        time.sleep(TRY_AGAIN_S)


def read_env(path):
    return dict(word.split("=", 1) for word in shlex.split(path.read_text(encoding="utf-8")))


class Client:
    """One thread's kept-alive connections. A service that is away or says 503 is asked again."""

    def __init__(self):
        self.connections = {}

    def once(self, method, url, body=None, headers=None):
        parts = urllib.parse.urlsplit(url)
        connection = self.connections.get(parts.netloc)
        if connection is None:
            connection = self.connections[parts.netloc] = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            text = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json", **(headers or {})})
            reply = connection.getresponse()
            content = reply.read()
            return reply.status, json.loads(content) if content else None
        except (OSError, http.client.HTTPException):
            self.connections.pop(parts.netloc).close()
            raise

    def call(self, method, url, body=None, headers=None):
        for _ in range(TRIES_MAX):
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, answer = self.once(method, url, body, headers)
                if status != 503:
                    return status, answer
            time.sleep(TRY_AGAIN_S)
        raise AssertionError(f"{method} {url}: no answer after {TRIES_MAX} tries")


class System:
    """The services in a folder, with the addresses of all."""

    def __init__(self, folder, env):
        self.folder, self.environment = folder, env
        self.env = read_env(folder / "run/env")
        self.gateway = self.env["ROUNDTRIP_GATEWAY_URL"]
        self.payment = self.env["ROUNDTRIP_PAYMENT_URL"]
        self.booking = self.env["ROUNDTRIP_BOOKING_URL"]
        self.provider = self.env["ROUNDTRIP_PROVIDER_URL"]
        self.amqp_url = self.env["ROUNDTRIP_AMQP_URL"]

    def service(self, name, verb):
        subprocess.run([ROOT / "system/stack", "service", self.folder, name, verb], check=True,
                       env=self.environment, stdout=subprocess.DEVNULL)

    def ledger(self):
        """Every payment that the provider knows."""
        client, rows, after = Client(), [], ""
        while True:
            page = client.call("GET", f"{self.provider}/ledger?limit=100{after}")[1]
            rows += page["data"]
            if not page["has_more"]:
                return rows
            after = f"&starting_after={page['data'][-1]['paymentId']}"


@contextlib.contextmanager
def server(name, folder):
    """A private server of servers/: its addresses."""
    subprocess.run([ROOT / "servers" / name, "start", folder], check=True, stdout=subprocess.DEVNULL)
    try:
        yield read_env(folder / "env")
    finally:
        subprocess.run([ROOT / "servers" / name, "stop", folder], check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def whole_system(store, jaeger=False, **settings):
    """A System on sqlite or mongodb; settings are variables of the services."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roundtrip-test-")))
        env = dict(os.environ, **settings)
        options = []
        if jaeger:
            found = stack.enter_context(server("jaeger", folder / "jaeger"))
            env["OTEL_EXPORTER_OTLP_ENDPOINT"] = found["JAEGER_OTLP_URL"]
            env["JAEGER_QUERY_URL"] = found["JAEGER_QUERY_URL"]
        if store == "mongodb":
            options = ["--store", stack.enter_context(server("mongodb", folder / "mongodb"))["MONGODB_URL"]]
        stack.callback(subprocess.run, [ROOT / "system/stack", "stop", folder], check=True, env=env)
        subprocess.run([ROOT / "system/stack", "start", folder, "--ports", "auto", *options], check=True, env=env,
                       stdout=subprocess.DEVNULL)
        yield System(folder, env)


# kind: the payments (user, amount, currency), the outcome, how many of them stay and how many go back
KINDS = {
    "right": ([("alice", 1000, "EUR")], "confirmed", 1, 0),
    "wrong amount": ([("alice", 900, "EUR")], "failed", 0, 1),
    "wrong currency": ([("alice", 1000, "USD")], "failed", 0, 1),
    "paid twice": ([("alice", 1000, "EUR")] * 2, "confirmed", 1, 1),
    "paid by a stranger too": ([("mallory", 1000, "EUR"), ("alice", 1000, "EUR")], "confirmed", 1, 1),
}
WEIGHTS = (85, 5, 3, 4, 3)


class Load:
    """Bookings and their payments, in random order, some of them sent twice."""

    def __init__(self, system, count, seed, threads=16):
        self.system, self.random = system, random.Random(seed)
        print(f"seed {seed}")
        self.plans = [(f"L{seed}-{i}", self.random.choices(list(KINDS), WEIGHTS)[0],
                       self.random.choice(("intent first", "payment first", "together")), self.random.random() < 0.1)
                      for i in range(count)]
        self.waiting = list(self.plans)
        self.failures = []
        self.threads = [threading.Thread(target=self.work) for _ in range(threads)]

    def run(self, meanwhile=lambda: None):
        for thread in self.threads:
            thread.start()
        meanwhile()
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures[:3]

    def work(self):
        client = Client()
        while True:
            try:
                plan = self.waiting.pop()
            except IndexError:
                return
            try:
                self.play(client, *plan)
            except AssertionError as failure:
                self.failures.append((plan, failure))

    def play(self, client, booking, kind, order, is_doubled):
        times = 2 if is_doubled else 1
        if order == "intent first":
            self.intend(client, booking, times)
            self.pay(client, booking, kind, times)
        elif order == "payment first":
            self.pay(client, booking, kind, times)
            self.intend(client, booking, times)
        else:
            other = threading.Thread(target=self.pay, args=(Client(), booking, kind, times))
            other.start()
            self.intend(client, booking, times)
            other.join()

    def intend(self, client, booking, times):
        for _ in range(times):
            status, answer = client.call("POST", f"{self.system.gateway}/booking/intent", {
                "intentId": booking, "userId": "alice", "amount": 1000, "currency": "EUR"})
            assert status == 202, answer

    def pay(self, client, booking, kind, times):
        for index, (user, amount, currency) in enumerate(KINDS[kind][0]):
            for _ in range(times):
                status, answer = client.call("POST", f"{self.system.provider}/charges", {
                    "paymentId": f"{booking}-p{index}", "intentId": booking, "userId": user, "amount": amount,
                    "currency": currency})
                assert status in (200, 201), answer

    def check(self):
        """Each booking has its one right outcome, and the money of each is where it belongs."""
        client = Client()
        for booking, kind, *_ in self.plans:
            outcome = KINDS[kind][1]
            until(lambda booking=booking, outcome=outcome: self.has_ended(client, booking, outcome),
                  lambda booking=booking, outcome=outcome: f"{booking} is not {outcome}: "
                  f"{client.call('GET', f'{self.system.gateway}/booking/{booking}')}")
        until(lambda: not self.wrong_money(), self.wrong_money)

    def has_ended(self, client, booking, outcome):
        status, answer = client.call("GET", f"{self.system.gateway}/booking/{booking}")
        return status == 200 and answer["state"] == outcome and all(
            refund["status"] == "refunded" for refund in answer["refunds"])

    def wrong_money(self):
        rows = {}
        for row in self.system.ledger():
            rows.setdefault(row["intentId"], []).append(row)
        wrong = []
        for booking, kind, *_ in self.plans:
            found = rows.get(booking, [])
            stay = sum(1 for row in found if row["refunded"] == 0)
            back = sum(1 for row in found if row["refunded"] == row["captured"] and len(row["refunds"]) == 1)
            if (stay, back) != KINDS[kind][2:] or len(found) != stay + back:
                wrong.append((booking, kind, found))
        return wrong[:3]
