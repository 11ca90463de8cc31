"""The real system for chaos: two booking and two payment processes, a broker behind a proxy, a store; all private."""
import contextlib
import os
import sqlite3
import subprocess
import time

import pymongo
from clock import Clock
from log_pipe import LogPipe
from proxy import Proxy
from built import BUILD, PROGRAMS, QUEUES, SERVICES
from system_rig import Broker, Http, Server, System, free_port, until

# Two processes of each service but of the gateway, whose clients keep to one, and of the provider.
ROLES = {role: (role,) if role == "gateway" else (role, f"{role}-2") for role in SERVICES}
PROCESSES = tuple(name for role in PROGRAMS[::-1] for name in ROLES.get(role, (role,)))
DEADLINE_MS = 4000
SETTINGS = {
    "ROUNDTRIP_PAYMENT_TIMEOUT_MS": str(DEADLINE_MS),
    "ROUNDTRIP_INTENT_TIMEOUT_MS": str(DEADLINE_MS),
    "ROUNDTRIP_REPEAT_AFTER_MS": "1500",
    "ROUNDTRIP_REPEAT_MAX_MS": "4000",
    "ROUNDTRIP_REFUND_RETRY_MAX_MS": "3000",
    "ROUNDTRIP_PROVIDER_TIMEOUT_MS": "1000",
    "LOG_LEVEL": "info",
    "OTEL_SDK_DISABLED": "true",
}
CALL_TIMEOUT_S = 6
START_S_MAX = 60
SETTLE_S_MAX = 90
COMMAND_S_MAX = 300
CLOCK_SHIFT = BUILD / "tests" / "chaos" / "libclock_shift.so"
UNAVAILABLE = 69  # a service's exit status when its store is away while it starts


class World(System):
    """Processes are named by their role, the second of a role with -2 behind it."""

    def __init__(self, folder, store, patience=1.0):
        self.patience = patience  # how much of the bounds of single faults is granted
        self.stack = contextlib.ExitStack()
        self.store = store
        self.broker = Broker(folder / "rabbitmq")
        self.mongod = Server("mongodb", folder / "mongodb") if store == "mongodb" else None
        try:
            client = self.start_servers()
            self.proxy = Proxy(free_port(), int(self.broker.env["RABBITMQ_PORT"]))
            self.stack.callback(self.proxy.close)
            super().__init__(folder, f"amqp://guest:guest@127.0.0.1:{self.proxy.port}/", client, **SETTINGS)
            self.ports.update((name, free_port()) for name in PROCESSES if name not in self.ports)
            self.ops_ports.update((name, free_port()) for name in PROCESSES
                                  if name not in self.ops_ports and name != "provider")
        except BaseException:
            self.stack.close()
            raise
        self.clocks = {name: Clock(folder / f"{name}.clock") for name in self.ops_ports}
        self.pipes = {name: LogPipe(folder, name) for name in self.ops_ports}
        for pipe in self.pipes.values():
            self.stack.callback(pipe.close)
        # Once: a database that is away later does not answer for its address.
        self.environments = {name: self.environment_make(name) for name in PROCESSES}
        self.stack.callback(super().close)

    def environment_make(self, name):
        made = {**super().environment(name.split("-")[0]), "ROUNDTRIP_HTTP_PORT": str(self.ports[name])}
        if name in self.ops_ports:
            made |= {"ROUNDTRIP_OPS_PORT": str(self.ops_ports[name]), "LD_PRELOAD": str(CLOCK_SHIFT),
                     "CLOCK_SHIFT_FILE": str(self.clocks[name].path)}
        return made

    def start_servers(self):
        self.stack.callback(self.broker.stop)
        self.broker.start()
        if not self.mongod:
            return None
        self.stack.callback(self.mongod.stop)
        return self.stack.enter_context(pymongo.MongoClient(self.mongod.start().env["MONGODB_URL"]))

    def close(self):
        self.stack.close()

    def environment(self, name):
        return self.environments[name]

    def launch(self, name):
        role = name.split("-")[0]
        path = self.pipes[name].path if name in self.pipes else self.folder / f"{name}.log"
        with open(path, "ab", buffering=0) as log:
            self.processes[name] = subprocess.Popen([BUILD / role / f"roundtrip-{role}"], env=self.environment(name),
                                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def revive(self, name):
        """Starts it as a supervisor does: again, as long as it says that its store is away."""
        self.launch(name)

        def lives():
            status = self.processes[name].poll()
            if status == UNAVAILABLE:
                self.launch(name)
            assert status in (None, UNAVAILABLE), f"{name} has ended at its start: {status}"
            with contextlib.suppress(OSError), contextlib.closing(self.ops(name, 2)) as http:
                return http.request("GET", "/livez")[0] == 200
            return False

        until(lives, f"{name} lives", START_S_MAX)

    def start_all(self):
        for name in PROCESSES:
            self.revive(name)
        self.await_ready()
        return self

    def ask(self, own, name):
        return own.setdefault(name, Http(self.ports[name], CALL_TIMEOUT_S))

    def of_role(self, role):
        return [name for name in PROCESSES if name.split("-")[0] == role]

    def clocks_right(self):
        for clock in self.clocks.values():
            clock.set(0)

    # ---- what is asked of it after a fault ----

    def ended(self):
        """Processes that have ended, though nobody has ended them for good: {name: status}."""
        return {name: status for name, process in self.processes.items() if (status := process.poll()) is not None}

    def is_ready(self, name):
        with contextlib.suppress(OSError):
            return self.ask_ops(name, "/readyz", timeout_s=2)[0] == 200
        return False

    def await_ready(self):
        """Seconds until every service says that it is ready."""
        begin = time.monotonic()
        names = [name for name in PROCESSES if name != "provider"]

        def are_ready():
            assert not self.ended(), f"ended by themselves: {self.ended()}"
            return all(self.is_ready(name) for name in names)

        until(are_ready,
              lambda: f"ready; not so: {[name for name in names if not self.is_ready(name)]}", START_S_MAX)
        return time.monotonic() - begin

    def waiting(self):
        """What is not settled yet, by where it waits; {} when nothing is."""
        try:
            found = {f"{name} documents": self.unsettled(name) for name in SERVICES}
            found |= {queue: self.depth(queue) for queue in QUEUES}
            found["webhooks"] = self.call("provider", "GET", "/ledger/summary", timeout_s=2)[1]["webhooks_pending"]
        except Exception as error:  # pylint: disable=broad-except
            return {type(error).__name__: str(error)[:200]}
        return {name: count for name, count in found.items() if count}

    def settle(self):
        """Returns once nothing waits any more, seen twice: between two looks a message may be in nobody's hands."""
        looks = []

        def is_quiet():
            looks.append(self.waiting())
            return len(looks) > 1 and not looks[-1] and not looks[-2]

        until(is_quiet, lambda: f"everything is settled; still waiting: {looks[-1]}", SETTLE_S_MAX * self.patience, 0.1)

    def unsettled(self, name):
        if self.mongo:
            return super().unsettled(name)
        try:
            return super().unsettled(name)
        except sqlite3.OperationalError as error:
            raise OSError(error) from error

    # ---- for other programs ----

    def command_environment(self):
        """The variables by which build/cli/roundtrip finds everything."""
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("ROUNDTRIP_")},
            "ROUNDTRIP_ENV": "/dev/null",
            "ROUNDTRIP_AMQP_URL": self.amqp_url,
            **{f"ROUNDTRIP_{name.upper()}_URL": f"http://127.0.0.1:{self.ports[name]}"
               for name in PROGRAMS},
            **{f"ROUNDTRIP_STORE_{name.upper()}": self.environment(name)["ROUNDTRIP_STORE"] for name in SERVICES},
        }

    def roundtrip(self, *words):
        """(exit status, stdout, stderr) of one call of the command line."""
        done = subprocess.run([BUILD / "cli" / "roundtrip", *words], env=self.command_environment(),
                              capture_output=True, text=True, check=False, timeout=COMMAND_S_MAX)
        return done.returncode, done.stdout, done.stderr
