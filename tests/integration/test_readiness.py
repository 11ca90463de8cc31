"""What /readyz and /livez say is true: each condition of the table in docs/operations.md, brought about from outside."""
import contextlib
import ctypes
import os
import resource
import signal
import sqlite3
import time

import pika
import pymongo
import pytest
from built import QUEUES, SERVICES
from system_rig import until
from wait_rig import stays

SEEN_S_MAX = 5
WELL_S_MAX = 10
LOOP_STILL_S = 15
PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000
FILE_BYTES_MAX = 4096


def check(system, name, which):
    """(status of /readyz, what it says of one check)"""
    status, answer = system.ask_ops(name, "/readyz")
    return status, answer["checks"][which]


def is_not_ready(system, name, which):
    status, found = check(system, name, which)
    return status == 503 and found["status"] == "fail" and found["detail"]


def seen(system, name, which, why=""):
    """The condition is there, in time, with its reason."""
    begin = time.monotonic()
    until(lambda: is_not_ready(system, name, which), lambda: f"{name} is not ready: {check(system, name, which)}",
          SEEN_S_MAX)
    assert time.monotonic() - begin < SEEN_S_MAX
    until(lambda: why in check(system, name, which)[1]["detail"], lambda: f"{why} in {check(system, name, which)}")


def well_again(system, name):
    until(lambda: system.ask_ops(name, "/readyz")[0] == 200, lambda: f"{name}: {system.ask_ops(name, '/readyz')}",
          WELL_S_MAX)


def lines(system, name, which):
    """Log lines about a check: of its beginning, of its end."""
    log = system.log(name)
    return log.count(f"not ready: {which}: "), log.count(f"{which}: well again")


def told_once(system, name, which):
    until(lambda: lines(system, name, which) == (1, 1), lambda: f"one line each: {lines(system, name, which)}", 10)
    assert len(system.log(name).splitlines()) < 20, "a flood"


def test_a_full_disk(new_system):
    system = new_system().start("gateway", "booking", ready=False)
    for name in ("gateway", "booking"):
        well_again(system, name)
        before = resource.prlimit(system.processes[name].pid, resource.RLIMIT_FSIZE)
        resource.prlimit(system.processes[name].pid, resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, before[1]))
        seen(system, name, "store")  # nobody asks anything of it
        stays(lambda name=name: is_not_ready(system, name, "store"), f"{name} is ready though it cannot write", 3)
        assert system.ask_ops(name, "/livez")[0] == 200
        resource.prlimit(system.processes[name].pid, resource.RLIMIT_FSIZE, before)
        well_again(system, name)


def test_a_file_that_somebody_holds_the_lock_of(new_system):
    system = new_system().start("gateway")
    with contextlib.closing(sqlite3.connect(system.folder / "gateway.db", isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        seen(system, "gateway", "store", "locked")
        for _ in range(3):
            assert system.call("gateway", "POST", "/booking/intent",
                               {"intentId": "b1", "userId": "u", "amount": 5})[0] == 503
            assert is_not_ready(system, "gateway", "store")
        base.execute("ROLLBACK")
    well_again(system, "gateway")
    told_once(system, "gateway", "store")


@pytest.fixture(name="restored")
def restored_fixture(mongod):
    yield mongod
    mongod.signal(signal.SIGCONT)
    mongod.start()


def members_set(mongod, members):
    """The replica set's members, by force: a second one that nobody can reach takes the majority with it."""
    with pymongo.MongoClient(mongod.env["MONGODB_URL"].split("?")[0] + "?directConnection=true") as client:
        config = client.admin.command("replSetGetConfig")["config"]
        config["version"] += 1
        own = config["members"][0]
        config["members"] = [own, *members]
        client.admin.command("replSetReconfig", config, force=True)


def test_a_replica_set_that_loses_its_majority(new_system, restored):
    system = new_system("mongodb").start("gateway", "booking")
    try:
        members_set(restored, [{"_id": 1, "host": "127.0.0.1:1"}])
        for name in ("gateway", "booking"):
            seen(system, name, "store")
    finally:
        members_set(restored, [])
    for name in ("gateway", "booking"):
        until(lambda name=name: system.ask_ops(name, "/readyz")[0] == 200, f"{name} is ready", 30)


def test_a_database_that_hangs_while_nothing_is_to_be_done(new_system, restored):
    system = new_system("mongodb").start("gateway")
    restored.signal(signal.SIGSTOP)
    seen(system, "gateway", "store")
    stays(lambda: is_not_ready(system, "gateway", "store"), "ready though the database hangs", 4)
    assert system.ask_ops("gateway", "/livez")[0] == 200
    restored.signal(signal.SIGCONT)
    well_again(system, "gateway")
    told_once(system, "gateway", "store")


def test_a_database_that_never_was_there(new_system):
    system = new_system(ROUNDTRIP_STORE="mongodb://127.0.0.1:1/x").start("gateway", ready=False)
    stays(lambda: is_not_ready(system, "gateway", "store"), "ready without a database", 12)
    assert lines(system, "gateway", "store") == (1, 0)


def test_a_wrong_password(new_system, broker):
    url = broker.new_host().replace("guest:guest", "guest:wrong")
    system = new_system(amqp_url=url).start("gateway", ready=False)
    seen(system, "gateway", "broker", "log in")
    until(lambda: lines(system, "gateway", "broker") == (1, 0), "it is logged", SEEN_S_MAX)
    stays(lambda: lines(system, "gateway", "broker") == (1, 0), "it is logged once", 6)


def test_queues_of_the_same_name_that_are_others(new_system, broker):
    url = broker.new_host()
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        for queue in QUEUES:
            connection.channel().queue_declare(queue, durable=True)
    system = new_system(amqp_url=url).start("gateway", ready=False)
    seen(system, "gateway", "broker", "gateway-events")
    until(lambda: lines(system, "gateway", "broker") == (1, 0), "it is logged", SEEN_S_MAX)


def test_a_broker_that_goes_and_comes(new_system, broker):
    system = new_system().start("gateway")
    broker.kill()
    try:
        seen(system, "gateway", "broker")
        stays(lambda: is_not_ready(system, "gateway", "broker"), "ready without a broker", 2)
    finally:
        broker.start()
    until(lambda: system.ask_ops("gateway", "/readyz")[0] == 200, "ready again", 30)
    told_once(system, "gateway", "broker")


def test_more_documents_owe_messages_than_may(new_system, broker):
    system = new_system(amqp_url=broker.env["AMQP_URL"].replace(broker.env["RABBITMQ_PORT"], "1"),
                        ROUNDTRIP_OWED_MAX="3").start("gateway", ready=False)
    for number in range(4):
        system.call("gateway", "POST", "/booking/intent", {"intentId": f"b{number}", "userId": "u", "amount": 5})
    seen(system, "gateway", "outbox", "3 documents")


@contextlib.contextmanager
def thread_stopped(process, thread):
    """One thread of the process stands still, the others run."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(PTRACE_ATTACH, thread, None, None) != 0:
        pytest.skip(f"ptrace is not allowed here: {os.strerror(ctypes.get_errno())}")
    os.waitpid(thread, WALL)
    try:
        yield process
    finally:
        libc.ptrace(PTRACE_DETACH, thread, None, None)


def test_a_process_whose_loop_hangs_is_not_alive(new_system):
    system = new_system().start("gateway")
    pid = system.processes["gateway"].pid
    assert system.ask_ops("gateway", "/livez") == (200, {"status": "pass"})
    with thread_stopped(system.processes["gateway"], pid):  # the main thread is the loop's
        stays(lambda: system.ask_ops("gateway", "/livez")[0] == 200, "dead, though a store may take so long", 5)
        until(lambda: system.ask_ops("gateway", "/livez")[0] == 503, "it is dead", LOOP_STILL_S + 1)
        assert is_not_ready(system, "gateway", "loop")
    until(lambda: system.ask_ops("gateway", "/livez")[0] == 200, "it lives", 5)
    well_again(system, "gateway")


def test_every_service_says_all_of_its_checks(system):
    for name in SERVICES:
        status, answer = system.ask_ops(name, "/readyz")
        assert status == 200 and answer["status"] == "pass"
        assert {"broker", "store", "outbox", "loop", "effects", "log", "process"} <= set(answer["checks"])
