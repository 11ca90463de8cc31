"""A hundred thousand waiting events, ninety clients and a store that is ten milliseconds away: clients and probes are
answered all the while. BACKLOG_EVENTS and BACKLOG_CLIENTS (environment) make it as large as that by hand."""
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from urllib.parse import urlsplit

import pika
from built import SERVICES
from proxy import Proxy
from system_rig import until

EVENTS = int(os.environ.get("BACKLOG_EVENTS", "6000"))
CLIENTS = int(os.environ.get("BACKLOG_CLIENTS", "30"))
ROUND_TRIP_MS = 10
POST_P99_MAX_S = 1.0
PROBE_MAX_S = 0.1
DRAIN_S_MAX = 60 + EVENTS / 200

# In a process of its own, so that ninety threads of clients are not what is measured.
PROBES = """
import http.client, sys, time
slowest, count = 0, 0
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
print("ready", flush=True)
while True:
    begun = time.monotonic()
    connection.request("GET", ("/readyz", "/livez", "/metrics")[count % 3])
    connection.getresponse().read()
    slowest, count = max(slowest, time.monotonic() - begun), count + 1
    print(count, slowest, flush=True)
    time.sleep(0.02)
"""


def event(number):
    booking = f"backlog-{uuid.uuid4()}"
    body = json.dumps({"intentId": booking, "reason": "amount_mismatch", "payments": []})
    return body, pika.BasicProperties(message_id=f"{booking}-{number}", type="booking.failed", delivery_mode=2,
                                      content_type="application/json")


def fill(system):
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(system.amqp_url))) as connection:
        channel = connection.channel()
        for number in range(EVENTS):
            channel.basic_publish("", "gateway-events", *event(number))
        # With the channel would go what the broker has not given to the queue yet.
        until(lambda: system.depth("gateway-events") == EVENTS, lambda: system.depth("gateway-events"), 120)


class Clients:
    """Each posts one intent after another on a connection of its own."""

    def __init__(self, system):
        self.system, self.is_over = system, False
        self.answers = []  # (seconds, status)
        self.threads = [threading.Thread(target=self.post, args=(number,)) for number in range(CLIENTS)]

    def post(self, number):
        with contextlib.closing(self.system.http("gateway", 30)) as http:
            for turn in range(sys.maxsize):
                if self.is_over:
                    return
                body = {"intentId": f"client-{number}-{turn}", "userId": "u", "amount": 700}
                begun = time.monotonic()
                status = http.request("POST", "/booking/intent", body)[0]
                self.answers.append((time.monotonic() - begun, status))
                time.sleep(0.05)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()


@contextlib.contextmanager
def probing(port):
    """Yields a list that holds (count, slowest in seconds) at the end."""
    result = []
    with subprocess.Popen([sys.executable, "-c", PROBES, str(port)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        try:
            yield result
        finally:
            process.terminate()
            count, slowest = process.stdout.read().split("\n")[-2].split()
            result.append((int(count), float(slowest)))


def test_clients_and_probes_are_answered_while_a_backlog_is_worked_off(new_system, mongod):
    with contextlib.closing(Proxy(0, int(urlsplit(mongod.env["MONGODB_URL"]).port), ROUND_TRIP_MS / 2 / 1000)) as proxy:
        # Direct: what the replica set says of its members' addresses would lead past the proxy.
        url = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        system = new_system("mongodb").start("provider")
        system.start(*SERVICES[::-1], ROUNDTRIP_STORE=url)
        system.stop("gateway")
        fill(system)
        system.start("gateway", ready=False, ROUNDTRIP_STORE=url)
        begun = time.monotonic()
        with probing(system.ops_ports["gateway"]) as probes, Clients(system) as clients:
            until(lambda: system.depth("gateway-events") == 0, lambda: system.depth("gateway-events"), DRAIN_S_MAX, 0.2)
            took_s = time.monotonic() - begun
        seconds = sorted(answer[0] for answer in clients.answers)
        p99_s = seconds[len(seconds) * 99 // 100]
        count, slowest_s = probes[0]
        print(f"{EVENTS} events in {took_s:.1f} s, {len(seconds)} posts by {CLIENTS} clients: p50 "
              f"{seconds[len(seconds) // 2] * 1000:.0f} ms, p99 {p99_s * 1000:.0f} ms; {count} probes, "
              f"slowest {slowest_s * 1000:.1f} ms")
        assert {answer[1] for answer in clients.answers} == {202}
        assert p99_s < POST_P99_MAX_S and slowest_s < PROBE_MAX_S
