"""More refunds at once than are asked for at a time, and providers that are slow, shut, or hidden behind a proxy.

REFUNDS and PHASE_S (environment) make it as long as it takes by hand: 500 refunds of half a second, a minute of 401.
"""
import contextlib
import json
import os
import time
import uuid

import pika
from system_rig import at_once, until

REFUNDS = int(os.environ.get("REFUNDS", "150"))
DELAY_MS = int(os.environ.get("DELAY_MS", "100"))
PHASE_S = float(os.environ.get("PHASE_S", "4"))
THREADS = 4  # of the payment service that call the provider
PROBE_S_MAX = 10
SLACK_S = 5
MANY = 1000000


def payments(count, prefix="P"):
    run = uuid.uuid4().hex[:8]
    return [f"{prefix}-{run}-{number}" for number in range(count)]


def capture(system, names):
    """Captured, and no booking service there that would ask for them back."""
    answers = at_once([lambda _, name=name: system.webhook("captured", {
        "paymentId": name, "intentId": f"B-{name}", "userId": "alice", "amount": 1200, "currency": "EUR"})[0]
                       for name in names], threads=8)
    assert set(answers) == {200}


def demand(system, names):
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(system.amqp_url))) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for name in names:
            body = {"paymentId": name, "intentId": f"B-{name}", "amount": 1200, "currency": "EUR", "reason": "why"}
            channel.basic_publish("events", "payment.refund.requested", json.dumps(body), pika.BasicProperties(
                message_id=str(uuid.uuid4()), type="payment.refund.requested", correlation_id=f"B-{name}",
                content_type="application/json", delivery_mode=2))


def states(system, names):
    found = system.documents("payment")
    count = {}
    for name in names:
        state = found[name]["state"]
        count[state] = count.get(state, 0) + 1
    return count


def all_back(system, names, patience_s):
    """How long it took, in seconds."""
    begin = time.monotonic()
    until(lambda: states(system, names) == {"refunded": len(names)},
          lambda: f"{states(system, names)}\n{system.log('payment')[-2000:]}", patience_s, 0.1)
    return time.monotonic() - begin


def books(system):
    return system.call("provider", "GET", "/ledger/summary")[1]["currencies"]["EUR"]


def arm(system, fault, targets=("refund", "lookup"), **more):
    for target in targets:
        status, body, _ = system.call("provider", "POST", "/faults",
                                      {"target": target, "fault": fault, "count": MANY, **more})
        assert status == 200, body


def disarm(system):
    assert system.call("provider", "DELETE", "/faults")[0] == 200


def metric(system, name):
    line = next(line for line in system.ask_ops("payment", "/metrics")[1].splitlines() if line.startswith(name + " "))
    return float(line.split()[1])


def started(new_system, faults, **settings):
    return new_system(ROUNDTRIP_PROVIDER_FAULTS=faults, ROUNDTRIP_PROVIDER_REFUND_WEBHOOK="off",
                      ROUNDTRIP_HTTP_THREADS="32", **settings).start("provider", "payment")


def test_each_of_many_refunds_is_made_in_its_turn_behind_a_slow_provider(new_system):
    system = started(new_system, f"refund.delay:{DELAY_MS},lookup.delay:{DELAY_MS}",
                     ROUNDTRIP_PROVIDER_TIMEOUT_MS=str(max(300, 3 * DELAY_MS)))
    names = payments(REFUNDS)
    capture(system, names)
    bound_s = REFUNDS * DELAY_MS / 1000 / THREADS
    demand(system, names)
    took_s = all_back(system, names, 2 * bound_s + SLACK_S)
    print(f"{REFUNDS} refunds of {DELAY_MS} ms: {took_s:.1f} s, bound {bound_s:.1f} s")
    assert took_s < 1.2 * bound_s + SLACK_S
    assert books(system)["refund_effects"] == REFUNDS and books(system)["duplicate_refund_calls"] == 0
    assert metric(system, "roundtrip_provider_calls_total") == REFUNDS
    documents = system.documents("payment")
    assert {documents[name]["attempts"] for name in names} == {1}


def test_nothing_is_stuck_by_timeouts_limits_and_a_phase_of_401(new_system):
    system = started(new_system, f"refund.timeout-after:2000@0.05,refund.429@0.05,refund.delay:{DELAY_MS}",
                     ROUNDTRIP_PROVIDER_TIMEOUT_MS=str(max(300, 3 * DELAY_MS)))
    names = payments(REFUNDS)
    capture(system, names)
    arm(system, "http:401")
    demand(system, names)
    until(lambda: system.ask_ops("payment", "/readyz")[1]["checks"]["effects"]["status"] == "warn",
          lambda: f"the outage is told: {system.ask_ops('payment', '/readyz')}", 5)
    status, answer = system.ask_ops("payment", "/readyz")
    assert status == 200 and "http_401" in answer["checks"]["effects"]["detail"]
    assert metric(system, "roundtrip_provider_unanswering") == 1
    time.sleep(PHASE_S)
    assert "refund_stuck" not in states(system, names)
    calls = metric(system, "roundtrip_provider_calls_total")
    assert calls - metric(system, "roundtrip_provider_probes_total") <= 2 * THREADS  # the others only wait
    assert metric(system, "roundtrip_provider_probes_total") <= PHASE_S + 4
    assert system.log("payment").count("needs a look: the provider") == 1
    disarm(system)
    took_s = all_back(system, names, 2 * REFUNDS * DELAY_MS / 1000 / THREADS + PROBE_S_MAX + 30)
    print(f"{REFUNDS} refunds after {PHASE_S} s of 401: {took_s:.1f} s more, "
          f"{books(system)['duplicate_refund_calls']} calls too many")
    assert books(system)["refund_effects"] == REFUNDS
    accounts = [system.call("provider", "GET", f"/ledger/{name}")[1] for name in names]
    assert all(account["refunded"] == 1200 and len(account["refunds"]) == 1 for account in accounts)
    until(lambda: system.ask_ops("payment", "/readyz")[1]["checks"]["effects"]["status"] == "pass", "it is over", 5)


def test_payments_that_cannot_be_answered_do_not_slow_the_others(new_system):
    system = started(new_system, f"refund.delay:{DELAY_MS}", ROUNDTRIP_PROVIDER_TIMEOUT_MS="1000")
    bad = payments(25, "bad")
    good = payments(REFUNDS // 3, "good")
    capture(system, bad + good)
    for name in bad:
        arm(system, "html:403", paymentId=name)
    demand(system, bad)
    until(lambda: all(system.documents("payment")[name]["attempts"] > 0 or
                      system.documents("payment")[name]["lastError"] for name in bad[:5]), "they have failed", 15)
    bound_s = len(good) * DELAY_MS / 1000 / THREADS
    demand(system, good)
    took_s = all_back(system, good, bound_s + 20)
    print(f"{len(good)} refunds beside {len(bad)} that cannot be answered: {took_s:.1f} s, bound {bound_s:.1f} s")
    assert took_s < 2 * bound_s + 4
    assert set(states(system, bad)) <= {"refund_due", "refunding"}
    disarm(system)
    all_back(system, bad, 60)
    assert books(system)["refund_effects"] == len(bad) + len(good)


def test_what_waits_is_found_again_after_a_kill(new_system):
    system = started(new_system, f"refund.delay:{DELAY_MS}", ROUNDTRIP_PROVIDER_TIMEOUT_MS=str(max(500, 3 * DELAY_MS)))
    names = payments(REFUNDS // 2)
    capture(system, names)
    demand(system, names)
    until(lambda: states(system, names).get("refunded", 0) > THREADS, "it has begun", 10, 0.02)
    system.kill("payment")
    assert states(system, names).get("refunded", 0) < len(names)
    system.start("payment")
    all_back(system, names, 40 + len(names) * DELAY_MS / 1000 / THREADS)
    assert books(system)["refund_effects"] == len(names)


def operate(system, name, action, **body):
    with contextlib.closing(system.ops("payment")) as http:
        status, _, content = http.request("POST", f"/stuck/{name}/{action}", body)
        return status, json.loads(content)


def test_the_way_back_from_stuck(new_system):
    system = started(new_system, "")
    names = payments(2, "stuck")
    capture(system, names)
    arm(system, "refuse", targets=("refund",))
    demand(system, names)
    until(lambda: states(system, names) == {"refund_stuck": 2}, lambda: f"{states(system, names)}", 15)
    listed = system.ask_ops("payment", "/stuck")[1]["data"]
    assert sorted(row["paymentId"] for row in listed) == sorted(names)
    assert all(row["reason"] == "http_402_refused" and row["missing"] == 1200 for row in listed)
    assert system.call("payment", "GET", "/stuck")[0] == 404  # operators only
    disarm(system)

    retried, resolved = names
    assert operate(system, retried, "retry")[0] == 422  # no reason
    assert operate(system, "nobody", "retry", reason="why")[0] == 404
    assert operate(system, retried, "retry", reason="the dispute is over")[0] == 200
    all_back(system, [retried], 15)
    status, answer = operate(system, resolved, "resolve", reason="bank transfer 4711")
    assert status == 200 and answer["state"] == "refunded" and answer["resolvedByHand"] == 1200
    for name in names:
        for action in ("retry", "resolve"):
            assert operate(system, name, action, reason="once more")[0] == 409
    assert system.ask_ops("payment", "/stuck")[1]["data"] == []
    assert system.ask_ops("payment", f"/stuck/{resolved}")[1]["resolvedReason"] == "bank transfer 4711"
    assert books(system)["refund_effects"] == 1
