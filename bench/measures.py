"""What one round measures: bounds, and the system beside them. Each answers a plain dictionary."""
import sqlite3
import time

import bson
import pymongo
from rig import Watch, rss_mb, say, services, timed, until

STORES = ("mongodb", "sqlite")


def per_thousand(cpu, sagas):
    return {name: round(seconds * 1000 / max(sagas, 1), 3) for name, seconds in cpu.items()}


class Bench:
    """The servers, a system per store, and where their programs are."""

    def __init__(self, folder, build, broker, mongod):
        self.folder, self.build, self.broker, self.mongod = folder, build, broker, mongod
        self.hosts = 0
        self.mongo = pymongo.MongoClient(mongod.env["MONGODB_URL"])

    def program(self, name):
        return self.build / "bench" / name

    def new_host(self, purpose):
        self.hosts += 1
        return self.broker.new_host(f"{purpose}{self.hosts}")

    def server_pids(self, store):
        pids = {"broker": self.broker.pid}
        if store == "mongodb":
            pids["store"] = self.mongod.pid
        return pids

    def store_url(self, store, name):
        """Of a system: its databases begin with the name."""
        if store == "sqlite":
            return "sqlite"
        base, _, query = self.mongod.env["MONGODB_URL"].partition("?")
        return base.rstrip("/") + f"/{name}" + (f"?{query}" if query else "")

    # ---- bounds ----

    def bound(self, name, *words, store=None):
        with Watch(self.server_pids(store)) as watch:
            result, own_s = timed([self.program(name), *words])
        sagas = result.get("sagas_with_warmup", result.get("sagas", 0))
        result["cpu_s_per_1000"] = per_thousand({**watch.cpu_s, "program": own_s}, sagas)
        result["others_share"] = watch.others_share(own_s)
        return result

    def broker_bound(self, url, seconds):
        return self.bound("bound-broker", url, "saga", seconds)

    def store_bound(self, store, seconds):
        place = f"sqlite:{self.folder}/bound" if store == "sqlite" else self.mongod.env["MONGODB_URL"]
        return self.bound("bound-store", place, seconds, store=store)

    def http_bound(self, seconds):
        return self.bound("bound-http", seconds)

    # ---- the system ----

    def load(self, system, store, *words):
        """One run of roundtrip bench, with the CPU of every process, their memory and the queues."""
        pids = {**system.pids(), **self.server_pids(store)}
        with Watch(pids, services.participants(self.build), system.amqp_url) as watch:
            result, own_s = system.load(*words)
        sagas = result["settled"]
        result["cpu_s_per_1000"] = per_thousand({**watch.cpu_s, "load": own_s}, sagas)
        result["others_share"] = watch.others_share(own_s)
        result["rss_mb_peak"] = watch.peak("rss_mb")
        result["pss_mb_peak"] = watch.peak("pss_mb")
        result["depth_peak"] = watch.peak("depth")
        result["series"] = watch.series
        return result

    def saturate(self, system, store, seconds):
        return self.load(system, store, "--saturate", "--seconds", seconds)

    def at_rate(self, system, store, rate, seconds):
        return self.load(system, store, "--rate", max(1, round(rate)), "--seconds", seconds)

    def disk_bytes(self, system, store, name):
        """Of all three stores, after everything was written out."""
        total = 0
        if store == "sqlite":
            for one in services.participants(self.build):
                path = system.folder / "store" / f"{one['name']}.db"
                with sqlite3.connect(path, timeout=30) as database:
                    database.execute("PRAGMA wal_checkpoint(PASSIVE)")
                total += path.stat().st_size
            return total
        self.mongo.admin.command("fsync")
        for one in services.participants(self.build):
            stats = self.mongo[f"{name}_{one['name']}"].command("dbStats")
            total += stats["storageSize"] + stats["indexSize"]
        return int(total)

    # ---- the booking service alone ----

    def alone_bound(self, url, sagas):
        self.bound("bound-broker", url, "feed", sagas)
        return self.bound("bound-broker", url, "drain", sagas)

    def alone(self, system, store, sagas):
        """Only booking runs: fed with 2 events a saga, it gives one outcome each."""
        system.service("booking", "stop")
        self.bound("bound-broker", system.amqp_url, "feed", sagas)
        system.service("booking", "start")
        return self.drained(system, store, 2 * sagas)

    def drained(self, system, store, events, meanwhile=None):
        """From the first event that booking has settled to the last one, by its own metrics."""
        delivered = 'roundtrip_messages_delivered_total{queue="booking-events"}'
        pids = {**system.pids("booking"), **self.server_pids(store)}
        with Watch(pids, services.participants(self.build), system.amqp_url) as watch:
            first = until(lambda: system.metric("booking", delivered), "booking takes an event")
            begin = watch.begin
            at_first = time.monotonic() - begin
            if meanwhile:
                meanwhile()
            until(lambda: system.metric("booking", delivered) >= events, "booking has settled all events", 1200)
            took_s = time.monotonic() - begin - at_first
        sagas = (events - first) / 2
        return {"sagas": sagas, "seconds": round(took_s, 3), "sagas_per_s": round(sagas / took_s, 1),
                "cpu_s_per_1000": per_thousand(watch.cpu_s, events / 2), "rss_mb_peak": watch.peak("rss_mb"),
                "series": watch.series}

    # ---- a store full of bookings ----

    def preload(self, system, store, name, count):
        """Copies one settled document of each service, under new ids, straight into its store."""
        for one in services.participants(self.build):
            service, collection = one["name"], one["collection"]
            say(f"preloading {count} documents of {service} ({store})")
            if store == "sqlite":
                _preload_sqlite(system.folder / "store" / f"{service}.db", collection, count)
            else:
                _preload_mongodb(self.mongo[f"{name}_{service}"][collection], count)




def _preload_sqlite(path, table, count):
    with sqlite3.connect(path, timeout=30) as database:
        row = database.execute(f"SELECT version, created_at, due_at, owed_at, body FROM {table} "
                               "WHERE due_at = 0 AND owed_at = 0 LIMIT 1").fetchone()
        rows = ((f"preload-{number:09}-{number * 7919 % 1000003:06}", *row) for number in range(count))
        database.executemany(f"INSERT OR REPLACE INTO {table} (id, version, created_at, due_at, owed_at, body) "
                             "VALUES (?, ?, ?, ?, ?, ?)", rows)


def _preload_mongodb(collection, count, batch=5000):
    raw = collection.find_one({"dueAt": {"$exists": False}, "owedAt": {"$exists": False}})
    for first in range(0, count, batch):
        rows = [bson.SON([("_id", f"preload-{number:09}-{number * 7919 % 1000003:06}"),
                          *((key, value) for key, value in raw.items() if key != "_id")])
                for number in range(first, min(first + batch, count))]
        collection.insert_many(rows, ordered=False)


def memory_of_services(system):
    names = (one["name"] for one in services.participants(system.build))
    return {name: round(rss_mb(pid), 1) for name, pid in system.pids(*names).items()}
