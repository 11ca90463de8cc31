"""A service ends when it is asked to, keeps every promise, and says plainly why it will not start."""
import contextlib
import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest
from load_rig import Load
from built import BUILD, PROGRAMS, SERVICES
from system_rig import SECRET, until
from wait_rig import stays, until_taken

STOP_S_MAX = 5
USAGE = 64


@pytest.mark.parametrize("store", ["sqlite", "mongodb"])
def test_sigterm_under_load_ends_with_0_in_time_and_every_promise_is_kept(new_system, store):
    system = new_system(store, ROUNDTRIP_REPEAT_AFTER_MS="3000").start()
    stopped = []

    def stop_and_start(name, after_s):
        time.sleep(after_s)  # the moment in the load that each service has of its own
        begin = time.monotonic()
        status = system.stop(name, STOP_S_MAX + 5)
        stopped.append((name, status, time.monotonic() - begin))
        system.start(name, ready=False)

    load = Load(system, 500, 6)
    load.run(*[lambda name=name, index=index: stop_and_start(name, 1 + index) for index, name in enumerate(SERVICES)])
    assert sorted(name for name, _, _ in stopped) == sorted(SERVICES)
    assert all(status == 0 and took < STOP_S_MAX for _, status, took in stopped), stopped
    load.check()


def test_sigterm_ends_a_waiting_client_and_a_service_without_its_broker(new_system, broker):
    system = new_system(amqp_url=broker.env["AMQP_URL"].replace(broker.env["RABBITMQ_PORT"], "1"))
    system.start(*SERVICES, ready=False)
    assert system.call("gateway", "POST", "/booking/intent", {"intentId": "B1", "userId": "alice", "amount": 5})[0] == 202
    waiting = system.http("gateway", 40)
    waiting.begin("GET", "/booking/B1", headers={"Prefer": "wait=30"})
    until_taken(system.ports["gateway"])
    begin = time.monotonic()
    for name in SERVICES:
        system.signal(name, signal.SIGTERM)
    assert [system.processes[name].wait(STOP_S_MAX) for name in SERVICES] == [0, 0, 0]
    assert time.monotonic() - begin < STOP_S_MAX
    with contextlib.closing(waiting):
        status, _, content = waiting.receive()
    assert status == 200 and json.loads(content)["state"] == "pending", content
    assert system.documents("gateway").keys() == {"B1"}  # promised, and still there


def test_a_service_may_be_stopped_at_any_moment_of_its_start(new_system):
    """Whatever minds the service from beside its loop must not look at what is not there yet, or not any more."""
    system = new_system()
    for moment in range(12):
        process = subprocess.Popen([BUILD / "payment" / "roundtrip-payment"], env=system.environment("payment"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.05 + moment * 0.05)  # the moment, not a hope
        process.terminate()
        assert process.wait(STOP_S_MAX + 5) == 0, moment


@pytest.mark.parametrize("store", ["sqlite", "mongodb"])
def test_sigterm_ends_within_5_s_whatever_is_away(new_system, mongod, store):
    """The broker does not answer, and the store hangs: nothing can be finished."""
    system = new_system(store).start("gateway", "booking")
    lock = sqlite3.connect(system.folder / "gateway.db", isolation_level=None) if store == "sqlite" else None
    try:
        if lock:
            lock.execute("BEGIN IMMEDIATE")
        else:
            mongod.signal(signal.SIGSTOP)
        callers = [system.http("gateway") for _ in range(4)]
        for number, caller in enumerate(callers):
            caller.begin("POST", "/booking/intent", {"intentId": f"b{number}", "userId": "u", "amount": 5})
        until_taken(system.ports["gateway"])
        begin = time.monotonic()
        for name in ("gateway", "booking"):
            system.signal(name, signal.SIGTERM)
        assert [system.processes[name].wait(10) for name in ("gateway", "booking")] == [0, 0]
        assert time.monotonic() - begin < 5
    finally:
        if lock:
            lock.close()
        else:
            mongod.signal(signal.SIGCONT)
    for caller in callers:
        caller.close()


def test_sigterm_ends_a_service_whose_log_nobody_reads(new_system):
    system = new_system(LOG_LEVEL="debug")
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * 4096)  # full before it starts
    system.processes["gateway"] = process = subprocess.Popen(
        [BUILD / "gateway/roundtrip-gateway"], env=system.environment("gateway"), stdin=subprocess.DEVNULL,
        stdout=writer, stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        until(lambda: serves(system), "it serves", 20)
        until(lambda: system.ask_ops("gateway", "/readyz")[1]["checks"]["log"]["status"] == "warn", "it is seen", 5)
        assert system.ask_ops("gateway", "/readyz")[0] == system.ask_ops("gateway", "/livez")[0] == 200
        for number in range(5):
            assert system.call("gateway", "POST", "/booking/intent",
                               {"intentId": f"b{number}", "userId": "u", "amount": 5})[0] == 202
        process.send_signal(signal.SIGHUP)
        stays(lambda: system.ask_ops("gateway", "/livez")[0] == 200, "SIGHUP ends it", 0.5)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0 and time.monotonic() - begin < 5
    finally:
        os.close(reader)


def serves(system):
    with contextlib.suppress(OSError):
        return system.ask_ops("gateway", "/readyz")[0] == 200
    return False


def program(system, name, *words, **settings):
    environment = {key: value for key, value in {**system.environment(name), **settings}.items() if value is not None}
    return subprocess.run([BUILD / name / f"roundtrip-{name}", *words], env=environment, capture_output=True, text=True,
                          timeout=20, check=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_check_config_shows_what_is_in_force_and_no_secret(new_system, name):
    system = new_system(amqp_url="amqp://someone:s3cret-word@broker.example:5673/bookings")
    done = program(system, name, "--check-config", ROUNDTRIP_PREFETSH="1")
    assert done.returncode == 0, done
    shown = done.stdout + done.stderr
    assert str(system.ports[name]) in shown
    for hidden in ("s3cret-word", SECRET):
        assert hidden not in shown
    if name != "provider":
        assert "broker.example:5673" in shown and "ROUNDTRIP_PREFETCH" in shown  # the nearest known name
    for word, expected in (("--version", "roundtrip"), ("--help", "ROUNDTRIP_HTTP_PORT")):
        done = program(system, name, word)
        assert done.returncode == 0 and expected in done.stdout


@pytest.mark.parametrize("name, setting, value, way_out", [
    ("gateway", "ROUNDTRIP_STORE", None, "sqlite:"), ("gateway", "ROUNDTRIP_STORE", "redis://x", "mongodb://"),
    ("gateway", "ROUNDTRIP_STORE", "sqlite:/nowhere/at/all.db", "/nowhere/at"),
    ("booking", "ROUNDTRIP_STORE", "mongodb://127.0.0.1/?replicaSet=rs0&w=1", "majority"),
    ("booking", "ROUNDTRIP_PREFETCH", "many", "1"), ("booking", "ROUNDTRIP_PREFETCH", "0", "1"),
    ("booking", "ROUNDTRIP_TOPOLOGY", "guess", "verify"), ("booking", "ROUNDTRIP_AMQP_URL", "http://x", "amqp"),
    ("payment", "ROUNDTRIP_WEBHOOK_SECRET", None, "ROUNDTRIP_WEBHOOK_SECRET"),
    ("payment", "ROUNDTRIP_WEBHOOK_SECRET", "short", "16"), ("payment", "ROUNDTRIP_CURRENCY", "euro", "ISO 4217"),
    ("payment", "ROUNDTRIP_WEBHOOK_UNSIGNED", "yes", "loopback"), ("gateway", "LOG_LEVEL", "loud", "warning"),
    ("gateway", "ROUNDTRIP_HTTP_PORT", "99999", "65535"), ("booking", "ROUNDTRIP_HTTP_BIND", "localhost", "0.0.0.0"),
    ("booking", "ROUNDTRIP_CURRENCY", "euro", "ISO 4217"), ("payment", "ROUNDTRIP_REPEAT_MAX_MS", "59999", "raise"),
    ("gateway", "ROUNDTRIP_REPEAT_MAX_MS", "59999", "raise"), ("payment", "ROUNDTRIP_REFUND_RETRY_MAX_MS", "499", "raise"),
    ("payment", "ROUNDTRIP_PROVIDER_URL", "127.0.0.1:3009", "https://"),
    ("payment", "ROUNDTRIP_HTTP_BIND", "localhost", "0.0.0.0"), ("provider", "ROUNDTRIP_PROVIDER_FAULTS", "explode", "fault"),
    ("provider", "ROUNDTRIP_STORE", "mongodb://x/", "sqlite:"), ("provider", "ROUNDTRIP_CURRENCY", "euro", "ISO 4217"),
])
def test_a_bad_setting_is_named_with_the_way_out(new_system, name, setting, value, way_out):
    """By the start, and by --check-config, which would be of little use otherwise."""
    system = new_system(amqp_url="amqp://127.0.0.1:1")
    for words in ([], ["--check-config"]):
        done = program(system, name, *words, **{setting: value})
        assert done.returncode == USAGE, done
        shown = done.stdout + done.stderr
        assert setting in shown and way_out in shown, shown


@pytest.mark.parametrize("store", ["sqlite", "mongodb"])
def test_a_store_of_another_service_is_refused_with_the_way_out(new_system, store):
    system = new_system(store)
    url = system.environment("gateway")["ROUNDTRIP_STORE"].replace("/?", "/one_for_all?")  # MongoDB's names no database
    system.start("gateway", ready=False, ROUNDTRIP_STORE=url)
    until(lambda: system.call("gateway", "GET", "/readyz")[0] == 200, "the first one is ready")
    done = program(system, "booking", ROUNDTRIP_STORE=url)
    assert done.returncode == USAGE, done
    shown = done.stdout + done.stderr
    assert "ROUNDTRIP_STORE" in shown and "gateway" in shown and "name another" in shown, shown


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_busy_port_is_one_clear_line(new_system, name):
    system = new_system(amqp_url="amqp://127.0.0.1:1").start("gateway", ready=False)
    done = program(system, name, ROUNDTRIP_HTTP_PORT=str(system.ports["gateway"]), ROUNDTRIP_OPS_PORT="0",
                   ROUNDTRIP_STORE=f"sqlite:{system.folder}/second.db")
    assert done.returncode > 0, done
    lines = [line for line in (done.stdout + done.stderr).splitlines() if str(system.ports["gateway"]) in line]
    assert len(lines) == 1 and "ROUNDTRIP_HTTP_PORT" in lines[0], done
    until(lambda: system.call("gateway", "GET", "/livez")[0] == 200, "the first one still serves")
