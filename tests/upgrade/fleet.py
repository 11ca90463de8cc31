"""Services of two releases side by side: each process has its own, and is rolled from one to the other."""
import collections
import contextlib
import json
import os
import random
import sqlite3
import subprocess
import threading
import time

import bson
from load_rig import Load
from built import BUILD, COLLECTIONS, PROGRAMS, SERVICES
from system_rig import Http, System, free_port, until

SIDE_BY_SIDE_S = 1.0  # so long both releases of a service run, or one beside the other release of the next
CROWD_BOOKINGS, CROWD_S, CROWD_THREADS, CROWDS_MAX = 50, 2, 12, 12
NEWER_WAIT_S = 240  # a client's patience with a booking that only the second release can read
COMMAND_S_MAX = 120


def service_of(process):
    return process.split("-")[0]


class Any(Http):
    """A client that asks whichever process of a service is there."""

    def __init__(self, fleet, service):
        super().__init__(None)
        self.fleet, self.service = fleet, service

    def insist(self, method, path, body=None, headers=None, patience_s=NEWER_WAIT_S):
        return super().insist(method, path, body, headers, patience_s)

    def send(self, data):
        if not self.socket:
            self.port = self.fleet.ports[random.choice(self.fleet.processes_of(self.service))]
        super().send(data)


class Fleet(System):
    """On MongoDB two processes of each service, the second with -2 behind its name; on SQLite one."""

    def __init__(self, folder, amqp_url, mongo=None, **settings):
        super().__init__(folder, amqp_url, mongo, **settings)
        self.names = [name for service in SERVICES for name in ((service, f"{service}-2") if mongo else (service,))]
        self.ports.update((name, free_port()) for name in self.names if name not in self.ports)
        self.ops_ports.update((name, free_port()) for name in self.names if name not in self.ops_ports)
        self.builds = dict.fromkeys((*self.names, "provider"), BUILD)
        self.counts = collections.defaultdict(collections.Counter)  # (build, service): of its processes that have ended

    def environment(self, name):
        own = {"ROUNDTRIP_HTTP_PORT": str(self.ports[name])}
        if name in self.ops_ports:
            own["ROUNDTRIP_OPS_PORT"] = str(self.ops_ports[name])
        return {**super().environment(service_of(name)), **own}

    def program(self, name):
        return self.builds[name] / service_of(name) / f"roundtrip-{service_of(name)}"

    def processes_of(self, service):
        return [name for name in self.names if service_of(name) == service]

    def ask(self, own, name):
        return own.setdefault(name, Any(self, name) if name in SERVICES else self.http(name))

    # ---- rolling ----

    def roll(self, service, build):
        """One process after the other: where there are two, both releases of the service work meanwhile."""
        for name in self.processes_of(service):
            self.note_counts(name)
            assert self.stop(name) == 0, self.log(name)[-2000:]
            self.builds[name] = build
            self.start(name)
            time.sleep(SIDE_BY_SIDE_S)

    def note_counts(self, name):
        self.counts[self.builds[name], service_of(name)] += collections.Counter(self.counts_of(name))

    def counts_of(self, name):
        return self.ask_ops(name, "/health")[1]["messages"]

    def left_to_newer(self, build, service):
        return self.counts[build, service]["later"]

    # ---- what is stored ----

    def stored(self, service):
        """Whole documents, by their ids."""
        if self.mongo:
            return {row["_id"]: row for row in self.mongo[service][COLLECTIONS[service]].find()}
        with contextlib.closing(sqlite3.connect(self.folder / f"{service}.db", timeout=10)) as base:
            rows = base.execute(f"SELECT id, body FROM {COLLECTIONS[service]}").fetchall()
        return {key: bson.decode(body) for key, body in rows}

    # ---- the command ----

    def roundtrip(self, build, *words):
        """(exit status, the report or the complaint) of a command of that release."""
        told = {f"ROUNDTRIP_{name.upper()}_URL": f"http://127.0.0.1:{self.ports[name]}" for name in PROGRAMS}
        told |= {f"ROUNDTRIP_STORE_{name.upper()}": self.environment(name)["ROUNDTRIP_STORE"] for name in SERVICES}
        done = subprocess.run([build / "cli" / "roundtrip", *words, "-o", "json"], capture_output=True, text=True,
                              check=False, timeout=COMMAND_S_MAX, cwd="/",
                              env={"PATH": os.environ["PATH"], "ROUNDTRIP_ENV": os.devnull, "ROUNDTRIP_AMQP_URL": self.amqp_url,
                                   **told})
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


class Crowd(threading.Thread):
    """Bookings that begin within two seconds; it lasts until all of them have their answers."""

    def __init__(self, fleet):
        super().__init__(daemon=True)
        self.load = Load(fleet, CROWD_BOOKINGS, CROWD_S, threads=CROWD_THREADS)
        self.failure, self.is_done = None, False

    def run(self):
        try:
            self.load.run()
            self.is_done = True
        except BaseException as failure:  # pylint: disable=broad-except
            self.failure = failure


class Traffic:
    """Load without a pause, for as long as it takes. A crowd some of whose bookings wait for the second release holds up
    no other."""

    def __init__(self, fleet):
        self.fleet, self.crowds, self.is_over = fleet, [], threading.Event()
        self.thread = threading.Thread(target=self.flow, daemon=True)

    def flow(self):
        while not self.is_over.wait(CROWD_S):
            if sum(crowd.is_alive() for crowd in self.crowds) < CROWDS_MAX:
                self.crowds.append(Crowd(self.fleet))
                self.crowds[-1].start()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.is_over.set()
        self.thread.join()
        if kind is None:
            for crowd in self.crowds:
                crowd.join()
            self.check()

    def check(self):
        for crowd in self.crowds:
            if crowd.failure:
                raise crowd.failure

    def flows(self):
        """Until a crowd that came after this call has got all its answers."""
        begin = len(self.crowds)
        until(lambda: self.check() or any(crowd.is_done for crowd in self.crowds[begin:]), "the load goes on", 90)

    def bookings(self):
        return [booking for crowd in self.crowds for booking in crowd.load.bookings]
