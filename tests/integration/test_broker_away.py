"""Without its broker the system takes what it can keep, says so, and catches up by itself."""
import contextlib
import json
import threading
import time

import pytest
from load_rig import Load
from built import SERVICES
from system_rig import Tap, until

OWED_MAX = 40
DECLARED_S = 1.5  # RabbitMQ 3.10 loses a quorum queue that is younger when it is killed, and nothing tells its age
UNDER_WAY = 50  # so many messages are decided when the broker goes
MEMORY_MAX = "1GB"


@pytest.fixture(name="restored")
def restored_fixture(broker):
    """The broker, which runs again after the test whatever befell it."""
    yield broker
    broker.start()
    broker.ctl("set_vm_memory_high_watermark", "absolute", MEMORY_MAX)


def ready(system, name):
    status, answer, _ = system.call(name, "GET", "/readyz")
    return status, answer["checks"]["broker"]


def intent(system, name):
    return system.call("gateway", "POST", "/booking/intent", {"intentId": name, "userId": "alice", "amount": 5})


def capture(system, name):
    return system.webhook("captured", {"intentId": name, "userId": "alice", "amount": 5, "paymentId": f"p-{name}"})


def taken_until_full(call, status):
    """How many calls are taken before the bound is reached; then it is 503, and stays so."""
    for count in range(OWED_MAX * 2):
        answer = call(count)
        if answer[0] == 503:
            assert answer[2]["retry-after"] == "1" and answer[1]["retryable"] is True
            return count
        assert answer[0] == status, answer
    raise AssertionError(f"{count + 1} calls were taken, the bound is {OWED_MAX}")


def confirmed(system, names):
    states = [system.call("gateway", "GET", f"/booking/{name}", headers={"Prefer": "wait=15"})[1]["state"] for name in names]
    return set(states) == {"confirmed"}


def test_services_start_without_a_broker_and_everything_goes_out_when_it_comes(new_system, restored):
    system = new_system(ROUNDTRIP_OWED_MAX=str(OWED_MAX))
    restored.kill()
    begin = time.monotonic()
    system.start("provider").start(*SERVICES, ready=False)
    assert time.monotonic() - begin < 5
    for name in SERVICES:
        until(lambda name=name: restored.env["RABBITMQ_PORT"] in ready(system, name)[1].get("detail", ""),
              lambda name=name: f"{name} says what it cannot reach: {ready(system, name)}")
        status, broker = ready(system, name)
        assert status == 503 and broker["status"] == "fail", broker
        assert system.call(name, "GET", "/livez")[0] == 200
    intents = taken_until_full(lambda count: intent(system, f"B{count}"), 202)
    webhooks = taken_until_full(lambda count: capture(system, f"B{count}"), 200)
    assert intents == webhooks == OWED_MAX
    assert intent(system, "one more")[0] == 422 and intent(system, "B-more")[0] == 503
    assert system.call("gateway", "GET", "/booking/B0")[1]["state"] == "pending"  # reading goes on
    assert system.call("gateway", "GET", "/booking/B-more")[0] == 404  # what was refused is not there
    restored.start()
    for name in SERVICES:
        until(lambda name=name: ready(system, name)[0] == 200, lambda name=name: f"{name}: {ready(system, name)}")
    assert confirmed(system, [f"B{count}" for count in range(OWED_MAX)])
    assert intent(system, "B-more")[0] == 202 and capture(system, "B-more")[0] == 200
    assert confirmed(system, ["B-more"])


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_broker_that_is_killed_under_load_costs_nothing(new_system, restored, store):
    system = new_system(store, ROUNDTRIP_REPEAT_AFTER_MS="3000").start()
    time.sleep(DECLARED_S)
    is_away = threading.Event()

    def kill_and_start():
        until(lambda: system.messages("booking")["applied"] >= UNDER_WAY, "the load is under way")
        restored.kill()
        is_away.set()
        for name in SERVICES:
            until(lambda name=name: ready(system, name)[0] == 503, f"{name} says that its broker is away")
        restored.start()

    with contextlib.closing(Tap(system.amqp_url)) as tap:
        load = Load(system, 500, 8)
        load.run(kill_and_start)
        assert is_away.is_set()
        load.check()
    load.check_events(tap)
    for name in SERVICES:
        assert ready(system, name)[0] == 200


def test_a_blocked_connection_keeps_what_is_taken(new_system, restored):
    system = new_system().start()
    restored.ctl("set_vm_memory_high_watermark", "0.00001")
    names = [f"B{count}" for count in range(20)]
    taken = [(intent(system, name)[0], capture(system, name)[0]) for name in names]
    assert taken == [(202, 200)] * 20
    until(lambda: [ready(system, name)[0] for name in ("gateway", "payment")] == [503, 503], "the services say so")
    assert "block" in json.dumps(ready(system, "gateway")[1]), ready(system, "gateway")
    assert all(system.call("gateway", "GET", f"/booking/{name}")[1]["state"] == "pending" for name in names)
    restored.ctl("set_vm_memory_high_watermark", "absolute", MEMORY_MAX)
    assert confirmed(system, names)
    until(lambda: [ready(system, name)[0] for name in SERVICES] == [200] * 3, "all are ready again")
    assert not any(system.messages(name)["quarantined"] for name in SERVICES)
