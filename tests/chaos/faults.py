"""What is done to the system. A fault strikes, yields for how long it lasts, and heals; it may do so several times."""
import collections
import contextlib
import json
import resource
import signal
import threading

from system_rig import SERVICES

HEARTBEAT_LOST_S = (21, 25)  # 10 s is agreed on; two missed ones end a connection
FRAME_BYTES = 20000
FILE_BYTES_MAX = 4096
MEMORY_MAX = "1GB"
OFTEN = 8

Fault = collections.namedtuple("Fault", "kind target run")


def often(times):
    return " often" if times > 1 else ""


def killed(name, times=1):
    def run(world, random):
        for _ in range(times):
            world.kill(name)
            yield random.uniform(0, 2 / times)
            world.revive(name)
            if times > 1:
                yield random.uniform(0.2, 0.6)
    return Fault(f"kill {name}{often(times)}", name, run)


def frozen(name):
    def run(world, random):
        world.signal(name, signal.SIGSTOP)
        yield random.uniform(*HEARTBEAT_LOST_S)
        world.signal(name, signal.SIGCONT)
    return Fault(f"freeze {name}", name, run)


def server_killed(what):
    def run(world, random):
        server = getattr(world, what)
        server.kill()
        yield random.uniform(0, 3)
        server.start()
    return Fault(f"kill {what}", what, run)


def server_frozen(what, seconds):
    def run(world, random):
        server = getattr(world, what)
        server.signal(signal.SIGSTOP)
        yield random.uniform(*seconds)
        server.signal(signal.SIGCONT)
    return Fault(f"freeze {what}", what, run)


def broker_wiped():
    def run(world, random):
        world.broker.kill()
        assert world.broker.run("wipe").returncode == 0
        yield random.uniform(0, 2)
        world.broker.start()
    return Fault("wipe broker", "broker", run)


def broker_blocked():
    def run(world, random):
        world.broker.ctl("set_vm_memory_high_watermark", "0.00001")
        yield random.uniform(2, 6)
        world.broker.ctl("set_vm_memory_high_watermark", "absolute", MEMORY_MAX)
    return Fault("block broker", "broker", run)


def link_cut(times=4):
    def run(world, random):
        for _ in range(times):
            world.proxy.cut(random, FRAME_BYTES)
            yield random.uniform(0.3, 1.5)
    return Fault("cut link", "link", run)


def link_stalled():
    def run(world, random):
        world.proxy.stall()
        yield random.uniform(3, 8)
        world.proxy.flow()
    return Fault("stall link", "link", run)


def disk_full(role, times=1):
    """No file of these processes may grow: the disk is full for them, and for nobody else."""
    def run(world, random):
        for _ in range(times):
            limits = {name: resource.prlimit(world.processes[name].pid, resource.RLIMIT_FSIZE)
                      for name in world.of_role(role)}
            for name, (_, hard) in limits.items():
                resource.prlimit(world.processes[name].pid, resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, hard))
            yield random.uniform(2, 5) if times == 1 else random.uniform(0.1, 0.3)
            for name, limit in limits.items():
                resource.prlimit(world.processes[name].pid, resource.RLIMIT_FSIZE, limit)
            if times > 1:
                yield random.uniform(0.5, 1)
    return Fault(f"fill disk of {role}{often(times)}", role, run)


def mongod_disk_full():
    """mongod ends itself when its journal cannot grow, which it should; then somebody makes room and starts it."""
    def run(world, random):
        pid = int(world.mongod.env["MONGODB_PID"])
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, resource.RLIM_INFINITY))
        yield random.uniform(2, 5)
        world.mongod.kill()
        world.mongod.start()
    return Fault("fill disk of mongod", "mongod", run)


def provider_faulty():
    def run(world, random):
        for fault in ("timeout-after:1500", "timeout-before:1500", "5xx", "5xx-after", "429"):
            body = {"target": "refund", "fault": fault, "count": random.randrange(5, 40)}
            assert world.call("provider", "POST", "/faults", body)[0] == 200
        for fault in ("5xx-after", "5xx", "timeout-after:500"):
            body = {"target": "charge", "fault": fault, "count": random.randrange(1, 10)}
            assert world.call("provider", "POST", "/faults", body)[0] == 200
        yield random.uniform(3, 6)
        assert world.call("provider", "POST", "/faults/clear", json.dumps({}).encode())[0] == 200
    return Fault("faulty provider", "provider", run)


def all_of(store):
    """Every fault that this store knows."""
    faults = [
        *[killed(name) for name in ("gateway", "booking", "booking-2", "payment", "payment-2", "provider")],
        killed("gateway", OFTEN), killed("booking", OFTEN),
        frozen("booking"), frozen("payment"), frozen("gateway"),
        server_killed("broker"), server_frozen("broker", HEARTBEAT_LOST_S), broker_wiped(), broker_blocked(),
        link_cut(), link_stalled(), provider_faulty(),
    ]
    if store == "mongodb":
        return faults + [server_killed("mongod"), server_frozen("mongod", (3, 10)), mongod_disk_full()]
    return faults + [disk_full(role) for role in SERVICES] + [disk_full("gateway", OFTEN)]


SAME = {"link": "broker", "broker": "link"}  # the one hides what happens to the other


class Deck:
    """Each fault comes once before any comes twice. Every other round has two of them at once; a freeze, which takes
    long, has two others meanwhile."""

    def __init__(self, faults, random):
        self.faults, self.random = faults, random
        self.left = []

    def draw(self):
        hand, busy = [], set()
        wanted = 1 + (self.random.random() < 0.5)
        while len(hand) < wanted and (fault := self.take(busy)):
            hand.append(fault)
            busy |= {fault.target, SAME.get(fault.target)}
            if fault.kind.startswith("freeze"):
                wanted = 3
        return hand

    def take(self, busy):
        if not self.left:
            self.left = list(self.faults)
            self.random.shuffle(self.left)
        for fault in self.left:
            if fault.target not in busy:
                self.left.remove(fault)
                return fault
        return None


def strike(world, random, faults):
    """All of them at the same time; returns when all are healed."""
    failures = []
    sources = [type(random)(random.getrandbits(64)) for _ in faults]

    def work(fault, source):
        try:
            for pause_s in fault.run(world, source):
                threading.Event().wait(pause_s)
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in zip(faults, sources)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
