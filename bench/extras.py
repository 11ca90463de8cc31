"""Measurements of the full form: each by a flag of bench/run, each against a system of its own."""
import concurrent.futures
import hashlib
import hmac
import json
import subprocess
import threading
import time
import urllib.request

from rig import get, say, services, until

WRITERS = 100
PROCESSES = 3
BACKLOG_POST_PACE_S = 0.2


def post(url, body, headers=None):
    """(status, milliseconds)"""
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    begin = time.monotonic()
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
        return answer.status, (time.monotonic() - begin) * 1000


def pay(system, payment, booking, amount=1000):
    body = {"paymentId": payment, "intentId": booking, "userId": "alice", "amount": amount, "currency": "EUR"}
    at_s, data = int(time.time()), json.dumps(body).encode()
    secret = system.env["ROUNDTRIP_WEBHOOK_SECRET"].encode()
    digest = hmac.new(secret, f"{at_s}.".encode() + data, hashlib.sha256).hexdigest()
    return post(system.url("payment") + "/payment/captured", body, {"Roundtrip-Signature": f"t={at_s},v1={digest}"})


def intend(system, booking):
    return post(system.url("gateway") + "/booking/intent",
                {"intentId": booking, "userId": "alice", "amount": 1000, "currency": "EUR"})


def start_to_ready(system):
    """Milliseconds from exec to the first 200 of /readyz, for each service, servers being up."""
    found = {}
    for name in (one["name"] for one in services.participants(system.build)):
        system.service(name, "stop")
        begin = time.monotonic()
        with subprocess.Popen([system.folder / f"run/{name}.cmd"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            until(lambda name=name: get(system.url(name) + "/readyz")[0] == 200, f"{name} is ready", 30, 0.002)
            found[name] = round((time.monotonic() - begin) * 1000, 1)
            process.terminate()
        system.service(name, "start")
        until(lambda name=name: get(system.url(name) + "/readyz")[0] == 200, f"{name} is ready", 30)
    return found


def backlog(bench, system, store, events):
    """So many events wait for booking while it is down; meanwhile the edge is still asked."""
    system.service("booking", "stop")
    say(f"publishing {events} events that wait")
    bench.bound("bound-broker", system.amqp_url, "feed", events // 2)
    system.service("booking", "start")
    answers, is_over = [], threading.Event()

    def ask():
        number = 0
        while not is_over.wait(BACKLOG_POST_PACE_S):
            number += 1
            try:
                answers.append(intend(system, f"backlog-{time.time_ns()}-{number}"))
            except OSError:  # refused, or no answer
                answers.append((0, 0))

    asking = threading.Thread(target=ask, daemon=True)
    result = bench.drained(system, store, events, asking.start)
    is_over.set()
    asking.join()
    latencies = sorted(taken_ms for _, taken_ms in answers)
    result["post_ms"] = {"count": len(latencies), "accepted": sum(status == 202 for status, _ in answers),
                         "p50": round(latencies[len(latencies) // 2], 1),
                         "max": round(latencies[-1], 1)} if latencies else {"count": 0, "accepted": 0}
    return result


def hot_key(bench, system, store, seconds):
    """Several booking processes on one queue, under load, and WRITERS payments on one booking at once."""
    others = [subprocess.Popen([system.folder / "run/booking.cmd", "ROUNDTRIP_HTTP_PORT=0", "ROUNDTRIP_OPS_PORT=0"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(PROCESSES - 1)]
    booking = f"hot-{time.time_ns()}"
    try:
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            loading = pool.submit(bench.saturate, system, store, seconds)
            time.sleep(seconds / 2)
            begin = time.monotonic()
            intend(system, booking)
            writers = [pool.submit(pay, system, f"{booking}-p{index}", booking) for index in range(WRITERS - 1)]
            statuses = [writer.result()[0] for writer in writers]
            result = loading.result()
        view = until(lambda: _settled_view(system, booking), "the hot booking has settled", 60)
        refunds = until(lambda: _refunds_all(system, booking, WRITERS - 2), "all other payments are refunded", 120)
        return {"processes": PROCESSES, "settled_per_s": result["settled_per_s"], "started": result["started"],
                "settled": result["settled"], "writers": WRITERS, "accepted": sum(s == 200 for s in statuses),
                "state": view["state"], "refunded": refunds, "seconds": round(time.monotonic() - begin, 2)}
    finally:
        for other in others:
            other.terminate()
            other.wait(30)


def _settled_view(system, booking):
    view = json.loads(get(f"{system.url('gateway')}/booking/{booking}")[1] or "{}")
    return view if view.get("state") in ("confirmed", "failed") else None


def _refunds_all(system, booking, wanted):
    """How many of its payments the provider has given back, once that is all but one."""
    count, after = 0, ""
    while True:
        page = json.loads(get(f"{system.url('provider')}/ledger?limit=100{after}")[1])
        count += sum(row["paymentId"].startswith(booking) and row["refunded"] > 0 for row in page["data"])
        if not page["has_more"]:
            return count if count >= wanted else None
        after = f"&starting_after={page['data'][-1]['paymentId']}"
