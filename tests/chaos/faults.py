"""What is done to the system. A fault strikes, yields for how long it lasts, and heals; it may do so several times."""
import contextlib
import dataclasses
import json
import resource
import signal
import sqlite3
import time

import pika
import pymongo
from clock import told_shift_s
from replicas import Replicas
from built import QUEUES, SERVICES
from system_rig import until
from trial import SEEN_S_MAX
from world import ROLES

HEARTBEAT_LOST_S = (21, 25)  # 10 s is agreed on; two missed ones end a connection
FRAME_BYTES = 20000
FILE_BYTES_MAX = 4096
MEMORY_MAX = "1GB"
OFTEN = 8
LONG_S = (3, 8)
MAJORITY_LOST_S = (3, 14)  # the primary goes on for ten seconds before it steps down
FULL_AT = 5  # messages
FULL_S_MAX = 30
FOUND_S_MAX = 60
STEP_LEAST_S = 60
# A webhook may be 300 s old: for a payment service that is further off none is right.
STEPS_S_MAX = {role: 240 if role == "payment" else 3600 for role in SERVICES}
# A broker that hangs delivers nothing, so that some publish only when a deadline is up; and it may take so long to
# confirm: only then it is overdue.
PUBLISH_S, CONFIRM_S = 4, 5

PROCESSES = tuple(name for names in ROLES.values() for name in names)
BROKER = frozenset({"broker", "link"})  # the one hides what happens to the other
STORES = frozenset({"mongod", *(f"store of {role}" for role in SERVICES)})
EACH_PROCESS = tuple((name,) for name in PROCESSES)


@dataclasses.dataclass(frozen=True)
class Fault:
    """`run(world, random, trial)` is a generator. It calls trial.begins() when the fault is there, and returns, or calls
    trial.ends(), when it is healed."""
    kind: str
    touches: frozenset  # what a second fault leaves alone meanwhile
    run: object
    check: str = ""  # of /readyz, as docs/operations.md names it, that has to show the fault; "" = none has to
    status: str = "fail"
    concerns: tuple = ()  # groups of processes: of each group one at least has to show it
    seen_s_max: float = SEEN_S_MAX
    found_s_max: float = 0  # so long after it everything is found; 0 = as long as the world allows
    promise: str = ""  # what else is judged, in words
    is_quiet: bool = False  # nobody is kept from work


def touching(*names):
    return frozenset(names)


def often(times):
    return " often" if times > 1 else ""


# ---- processes ----

def killed(name, times=1):
    def run(world, random, _):
        for _ in range(times):
            world.kill(name)
            yield random.uniform(0, 2 / times)
            world.revive(name)
            if times > 1:
                yield random.uniform(0.2, 0.6)
    return Fault(f"kill {name}{often(times)}", touching(name), run)


def frozen(name):
    def run(world, random, _):
        world.signal(name, signal.SIGSTOP)
        yield random.uniform(*HEARTBEAT_LOST_S)
        world.signal(name, signal.SIGCONT)
    return Fault(f"freeze {name}", touching(name), run)


def log_unread(name):
    """Its next line waits for a reader; it does not."""
    def run(world, random, trial):
        pipe = world.pipes[name]
        pipe.stop_reading()
        try:
            world.signal(name, signal.SIGHUP)  # which it logs
            trial.begins()
            before = world.messages(name)["delivered"]
            end = time.monotonic() + random.uniform(*LONG_S)
            while time.monotonic() < end:
                trial.is_answering(name)
                yield 0.2
            if not trial.touched and world.messages(name)["delivered"] <= before:
                trial.problems.append(f"{trial.fault.kind}: it takes no message any more")
        finally:
            pipe.read_on()
    return Fault(f"leave log of {name} unread", touching(name), run, "log", "warn", ((name,),),
                 promise="answers, and goes on", is_quiet=True)


def clock_step(world, name, shift_s):
    """Returns when the process dates what it says by that clock."""
    def told():
        with contextlib.closing(world.ops(name, 2)) as http:
            return told_shift_s(http.request("GET", "/livez")[1])

    world.clocks[name].set(shift_s)
    until(lambda: abs(told() - shift_s) < STEP_LEAST_S / 2, f"{name} sees the time step by {shift_s} s", 5)


def clock_ahead(name, furthest_s):
    """And set right under load: what was dated meanwhile is dated in the future."""
    def run(world, random, _):
        clock_step(world, name, random.uniform(STEP_LEAST_S, furthest_s))
        yield random.uniform(2, 6)
        clock_step(world, name, 0)
    return clock_fault(f"set clock of {name} ahead", name, run)


def clock_back(name, furthest_s):
    """For as long as the round goes on, which sets it right at its end: what waits is dated in the future."""
    def run(world, random, _):
        clock_step(world, name, -random.uniform(STEP_LEAST_S, furthest_s))
        yield 0
    return clock_fault(f"set clock of {name} back", name, run)


def clock_fault(kind, name, run):
    return Fault(kind, touching(name), run, found_s_max=FOUND_S_MAX, is_quiet=True,
                 promise=f"everything is found within {FOUND_S_MAX} s")


# ---- the broker ----

def broker_killed():
    def run(world, random, trial):
        world.broker.kill()
        trial.begins()
        yield random.uniform(0, 3)
        world.broker.start()
    return Fault("kill broker", BROKER, run, "broker", concerns=EACH_PROCESS)


def broker_frozen():
    """Who publishes finds out when confirms are overdue, who does not by the heartbeat."""
    def run(world, random, trial):
        begin = time.monotonic()
        world.broker.signal(signal.SIGSTOP)
        trial.begins()
        yield max(0, random.uniform(*HEARTBEAT_LOST_S) - (time.monotonic() - begin))
        world.broker.signal(signal.SIGCONT)
    return Fault("freeze broker", BROKER, run, "broker", concerns=tuple(ROLES.values()),
                 seen_s_max=PUBLISH_S + CONFIRM_S + SEEN_S_MAX)


def broker_wiped():
    def run(world, random, trial):
        world.broker.kill()
        trial.begins()
        assert world.broker.run("wipe").returncode == 0
        yield random.uniform(0, 2)
        world.broker.start()
    return Fault("wipe broker", BROKER, run, "broker", concerns=EACH_PROCESS)


def broker_blocked():
    def run(world, random, trial):
        world.broker.ctl("set_vm_memory_high_watermark", "0.00001")
        trial.begins()  # by those who publish: nobody else is told
        yield random.uniform(2, 6)
        world.broker.ctl("set_vm_memory_high_watermark", "absolute", MEMORY_MAX)
    return Fault("block broker", BROKER, run, "broker", concerns=tuple(ROLES.values()))


def queue_filled(role):
    """Nobody takes its messages, and it may not hold many."""
    def run(world, random, trial):
        queue = f"{role}-events"
        few = json.dumps({"max-length": FULL_AT})
        world.broker.ctl("set_policy", "full", f"^{queue}$", few, "--apply-to", "queues")
        for name in ROLES[role]:
            world.kill(name)
        until(lambda: world.depth(queue) >= FULL_AT, f"{queue} is full", FULL_S_MAX)
        trial.begins()
        yield random.uniform(*LONG_S)
        for name in ROLES[role]:
            world.revive(name)
        world.broker.ctl("clear_policy", "full")
    publishers = [name for name in SERVICES if name != role] if role == "booking" else ["booking"]  # all go through it
    return Fault(f"fill queue of {role}", BROKER | STORES | touching(*PROCESSES), run, "outbox", "warn",
                 tuple(ROLES[publisher] for publisher in publishers))


def bindings(world):
    rows = world.broker.ctl("-q", "list_bindings", "source_name", "destination_name", "routing_key").splitlines()
    return sorted((queue, key) for source, queue, key in (row.split("\t") for row in rows if row.count("\t") == 2)
                  if source == "events" and queue in QUEUES)


def binding_lost():
    """One of them, and nobody but the services puts it right."""
    def run(world, random, trial):
        queue, key = random.choice(bindings(world))
        parameters = pika.URLParameters(world.broker.env["AMQP_URL"])
        with contextlib.closing(pika.BlockingConnection(parameters)) as connection:
            connection.channel().queue_unbind(queue, "events", key)
        begin = time.monotonic()
        while (queue, key) not in bindings(world):
            if time.monotonic() - begin > FOUND_S_MAX * world.patience:
                trial.problems.append(f"unbind: {queue} is still not bound to {key}")
                return
            yield 0.5
        trial.healed_s = time.monotonic() - begin
    return Fault("unbind", BROKER, run, is_quiet=True, promise=f"bound again within {FOUND_S_MAX} s")


def link_cut(times=4):
    def run(world, random, _):
        for _ in range(times):
            world.proxy.cut(random, FRAME_BYTES)
            yield random.uniform(0.3, 1.5)
    return Fault("cut link", BROKER, run)


def link_stalled():
    def run(world, random, _):
        world.proxy.stall()
        yield random.uniform(3, 8)
        world.proxy.flow()
    return Fault("stall link", BROKER, run)


# ---- stores ----

def store_of(role):
    return touching(f"store of {role}")


def files_limited(world, role, bytes_max=None):
    """How much each file of these processes may hold; None = what it could before."""
    for name in ROLES[role]:
        with contextlib.suppress(ProcessLookupError):  # somebody has killed it meanwhile
            pid = world.processes[name].pid
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if bytes_max is None else bytes_max, hard))


def disk_full(role, times=1):
    """No file of these processes may grow: the disk is full for them, and for nobody else."""
    def run(world, random, trial):
        for _ in range(times):
            files_limited(world, role, FILE_BYTES_MAX)
            if times == 1:
                trial.begins()
            yield random.uniform(2, 5) if times == 1 else random.uniform(0.1, 0.3)
            files_limited(world, role)
            if times > 1:
                yield random.uniform(0.5, 1)
    return Fault(f"fill disk of {role}{often(times)}", store_of(role), run, "store" if times == 1 else "",
                 concerns=tuple((name,) for name in ROLES[role]))


def file_locked(role):
    """This process, which is none of the services, holds the lock for writing."""
    def run(world, random, trial):
        with contextlib.closing(sqlite3.connect(world.folder / f"{role}.db", isolation_level=None, timeout=30)) as base:
            base.execute("BEGIN IMMEDIATE")
            trial.begins()
            yield random.uniform(*LONG_S)
            base.execute("ROLLBACK")
    return Fault(f"lock file of {role}", store_of(role), run, "store", concerns=tuple((name,) for name in ROLES[role]))


def mongod_fault(kind, run):
    return Fault(kind, touching("mongod"), run, "store", concerns=EACH_PROCESS)


def mongod_killed():
    def run(world, random, trial):
        world.mongod.kill()
        trial.begins()
        yield random.uniform(0, 3)
        world.mongod.start()
    return mongod_fault("kill mongod", run)


def mongod_frozen():
    def run(world, random, trial):
        world.mongod.signal(signal.SIGSTOP)
        trial.begins()
        yield random.uniform(0, 7)
        world.mongod.signal(signal.SIGCONT)
    return mongod_fault("freeze mongod", run)


def mongod_locked():
    def run(world, random, trial):
        with pymongo.MongoClient(world.mongod.env["MONGODB_URL"]) as client:
            client.admin.command("fsync", lock=True)
            trial.begins()
            yield random.uniform(*LONG_S)
            client.admin.command("fsyncUnlock")
    return mongod_fault("lock mongod", run)


def majority_lost():
    """The set has three members for this fault; of these the two secondaries stop."""
    def run(world, random, trial):
        replicas = Replicas(world.mongod)
        replicas.start()
        replicas.stop()
        trial.begins()
        yield random.uniform(*MAJORITY_LOST_S)
        replicas.resume()
        trial.ends()
        replicas.close()
    return mongod_fault("stop secondaries", run)


def mongod_disk_full():
    """mongod ends itself when its journal cannot grow, which it should; then somebody makes room and starts it."""
    def run(world, random, trial):
        pid = int(world.mongod.env["MONGODB_PID"])
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, resource.RLIM_INFINITY))
        trial.begins()
        yield random.uniform(2, 5)
        world.mongod.kill()
        world.mongod.start()
    return mongod_fault("fill disk of mongod", run)


# ---- the provider ----

def provider_faulty():
    def run(world, random, _):
        for fault in ("timeout-after:1500", "timeout-before:1500", "5xx", "5xx-after", "429"):
            body = {"target": "refund", "fault": fault, "count": random.randrange(5, 40)}
            assert world.call("provider", "POST", "/faults", body)[0] == 200
        for fault in ("5xx-after", "5xx", "timeout-after:500"):
            body = {"target": "charge", "fault": fault, "count": random.randrange(1, 10)}
            assert world.call("provider", "POST", "/faults", body)[0] == 200
        yield random.uniform(3, 6)
        assert world.call("provider", "POST", "/faults/clear", json.dumps({}).encode())[0] == 200
    return Fault("faulty provider", touching("provider"), run)


def all_of(store):
    """Every fault that this store knows."""
    faults = [
        *[killed(name) for name in (*PROCESSES, "provider")], *[killed(role, OFTEN) for role in ("gateway", "booking")],
        *[frozen(role) for role in SERVICES],
        *[log_unread(name) for name in PROCESSES],
        *[fault(name, furthest_s) for fault in (clock_ahead, clock_back) for name, furthest_s in STEPS_S_MAX.items()],
        broker_killed(), broker_frozen(), broker_wiped(), broker_blocked(), *[queue_filled(role) for role in SERVICES],
        binding_lost(), link_cut(), link_stalled(), provider_faulty(),
    ]
    if store == "mongodb":
        return faults + [mongod_killed(), mongod_frozen(), mongod_locked(), majority_lost(), mongod_disk_full()]
    return faults + [*[disk_full(role) for role in SERVICES], disk_full("gateway", OFTEN),
                     *[file_locked(role) for role in SERVICES]]
