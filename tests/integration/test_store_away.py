"""Without its store a service answers 503 at once, loses nothing, and goes on when the store is back."""
import resource
import signal
import threading
import time

import pytest
from load_rig import Load
from built import QUEUES, SERVICES
from system_rig import until

ANSWER_S_MAX = 7
FILE_BYTES_MAX = 4096
UNDER_WAY = 50  # so many messages are decided when the store goes


@pytest.fixture(name="restored")
def restored_fixture(mongod):
    yield mongod
    mongod.signal(signal.SIGCONT)
    mongod.start()


def probe(system, away, slowest):
    """What a caller meets while the store is away: 503 in good time, never a promise."""
    count = 0
    while not away.is_set():
        begin = time.monotonic()
        status, answer, headers = system.call("gateway", "POST", "/booking/intent", {
            "intentId": f"probe-{count}", "userId": "alice", "amount": 5})
        slowest.append((time.monotonic() - begin, status))
        assert status == 503 and headers["retry-after"] == "1", (status, answer)
        count += 1
        time.sleep(0.2)  # the pace of a caller who has to try again


def away_for(server, system, seconds, take, give_back):
    """The store is away for a while, under load; answers come promptly, and all say what is missing."""
    is_back = threading.Event()
    answers = []

    def outage():
        until(lambda: system.messages("gateway")["applied"] >= UNDER_WAY, "the load is under way")
        take()
        begin = time.monotonic()
        try:
            until(lambda: system.call("gateway", "GET", "/readyz")[0] == 503, "the gateway says that its store is away")
            checks = system.call("gateway", "GET", "/readyz")[1]["checks"]
            assert checks["store"]["status"] == "fail" and checks["store"]["detail"], checks
            stopper = threading.Timer(max(0.5, seconds - (time.monotonic() - begin)), is_back.set)
            stopper.start()
            probe(system, is_back, answers)
        finally:
            give_back()

    load = Load(system, 500, 6)
    load.run(outage)
    assert answers and max(answers)[0] < ANSWER_S_MAX, max(answers)
    assert server.env
    for queue in QUEUES:
        assert system.depth(f"{queue}.dead") == 0
    assert not any(system.messages(name)["quarantined"] + system.messages(name)["rejected"] for name in SERVICES)
    load.check()


def test_a_mongod_that_is_killed_under_load_costs_nothing(new_system, restored):
    system = new_system("mongodb", ROUNDTRIP_REPEAT_AFTER_MS="3000").start()
    away_for(restored, system, 4, restored.kill, restored.start)


def test_a_mongod_that_hangs_for_8_s_costs_nothing(new_system, restored):
    system = new_system("mongodb", ROUNDTRIP_REPEAT_AFTER_MS="3000").start()
    away_for(restored, system, 8, lambda: restored.signal(signal.SIGSTOP), lambda: restored.signal(signal.SIGCONT))


def test_a_service_whose_files_may_not_grow_lives_and_goes_on_when_they_may(new_system):
    system = new_system().start()
    before = resource.prlimit(system.processes["gateway"].pid, resource.RLIMIT_FSIZE)
    resource.prlimit(system.processes["gateway"].pid, resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, before[1]))
    call = ("gateway", "POST", "/booking/intent", {"intentId": "no-room", "userId": "alice", "amount": 5})
    until(lambda: system.call(*call)[0] == 503, "an intent is refused")
    assert system.call("gateway", "GET", "/livez")[0] == 200
    resource.prlimit(system.processes["gateway"].pid, resource.RLIMIT_FSIZE, before)
    until(lambda: system.call(*call)[0] == 202, "the same intent is taken")
