"""A folder includes only from folders below it, what is private only from itself; no files go round in a circle."""
import os
import re

import services

PROVES = "the layers hold: each folder includes only what its row names, which lies above it in the table"

LEAVES = ["common/base", "common/json", "common/bson", "common/log"]
SERVICES = [name for name in services.names() if name != "provider"]  # that stands for somebody else's system

# The house from the ground up: a folder, and what it may include from. A row names only rows above it, so that no
# circle of folders can be. Every folder with C in it has a row; there is no folder that may do as it likes.
HOUSE = [
    ("common/base", []),
    ("common/json", ["common/base"]),
    ("common/bson", ["common/base"]),
    ("common/jwt", ["common/base", "common/json"]),
    ("common/log", ["common/base", "common/json"]),
    ("common/saga", ["common/base", "common/bson"]),
    ("common/memory", ["common/base", "common/bson", "common/saga"]),
    ("common/mongodb", ["common/base", "common/bson", "common/log", "common/saga"]),
    ("common/sqlite", ["common/base", "common/bson", "common/log", "common/saga"]),
    ("common/store", ["common/base", "common/saga", "common/mongodb", "common/sqlite"]),
    ("common/rabbitmq", [*LEAVES, "common/saga"]),
    ("common/effects", ["common/base", "common/log", "common/saga"]),
    ("common/http", [*LEAVES]),
    ("common/daemon", [*LEAVES, "common/saga", "common/store", "common/rabbitmq", "common/http"]),
    ("events", ["common/base", "common/json", "common/saga"]),
    ("tracing/export", ["common/base", "common/json"]),
    ("tracing", [*LEAVES, "common/saga", "common/rabbitmq", "common/http", "common/daemon", "tracing/export"]),
    ("host", [*LEAVES, "common/saga", "common/store", "common/daemon", "events", "tracing"]),
    *[(service, [*LEAVES, "common/saga", "common/effects", "common/http", "common/daemon", "events", "tracing", "host"])
      for service in SERVICES],
    ("provider", [*LEAVES, "common/saga", "common/http", "common/daemon", "tracing"]),
    ("services", ["common/base", "common/saga", *SERVICES, "provider"]),
    ("audit", ["common/base", "common/bson", "common/saga"]),
    ("replay", ["common/base", "common/bson", "common/saga", *SERVICES, "services"]),
    ("tests/vectors/jose", []),
    ("bench", ["common/base", "common/jwt", "common/saga", "common/memory", "common/rabbitmq", "events", *SERVICES,
               "services", "tests/vectors/jose"]),
    ("cli/screen", ["common/base"]),
    ("cli/sources", [*LEAVES, "common/saga", "common/store", "common/rabbitmq", "common/http", "common/daemon", "events",
                     "tracing", *SERVICES, "provider", "services", "audit", "replay", "cli/screen"]),
    ("cli/commands", [*LEAVES, "common/rabbitmq", "common/http", "common/daemon", "events", "tracing", *SERVICES, "provider",
                      "services", "audit", "replay", "bench", "cli/screen", "cli/sources"]),
    ("cli", ["common/base", "cli/screen", "cli/sources", "cli/commands"]),
    ("docs", ["common/base", "common/saga", "events", "services"]),
    ("sim/world", ["common/base", "common/bson", "common/saga", "common/memory", "common/effects", "events", *SERVICES,
                   "services", "replay"]),
    ("sim/oracle", ["common/base", "common/saga", "events", *SERVICES, "services", "replay", "sim/world"]),
    ("sim/random", ["common/base", "common/saga", "events", *SERVICES, "sim/world", "sim/oracle"]),
    ("sim/exhaustive", ["common/base", "common/saga", "common/memory", "events", *SERVICES, "services", "sim/world",
                        "sim/oracle"]),
    ("sim", ["common/base", "sim/random", "sim/exhaustive"]),
    ("tests/unit", [*LEAVES, "common/jwt", "common/saga", "common/memory", "common/mongodb", "common/sqlite",
                    "common/store", "common/rabbitmq", "common/effects", "common/http", "common/daemon", "events",
                    "tracing/export", "tracing", "host", *SERVICES, "provider", "services", "audit", "replay",
                    "cli/screen", "cli/sources", "cli/commands", "cli", "sim/world", "sim/random", "sim/exhaustive",
                    "tests/vectors/jose"]),
    ("tests/contract", ["common/base", "common/bson", "common/saga", "common/memory", "common/store", "common/rabbitmq"]),
    ("tests/fuzz", ["common/base", "common/json", "common/jwt", "common/saga", "events", "tests/vectors/jose"]),
    ("tests/integration", [*LEAVES, "common/http"]),
    ("tests/chaos", []),
]

# The pure core of a service begins at files so called; it includes no folder that does I/O, also not by way of others.
CORE = ("table", "participant", "check", "codec")
DOES_IO = ["common/store", "common/rabbitmq", "common/effects", "common/http", "common/daemon", "tracing", "host"]

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
PRIVATE = re.compile(r"\b[Pp]rivate\s+(\*\s+)?to\b")
LOOKS_INSIDE = ("tests/", "bench/")  # may include what is private to another folder


def private_headers(tree):
    return {name for name in tree.having(".h") if PRIVATE.search(tree.text(name).split("*/", 1)[0])}


def includes(tree):
    """Each include of a file of ours: the file, its line, and what it includes."""
    for name in tree.having(".c", ".h"):
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                yield name, number, found[1]


def faults_of_table():
    rows = [folder for folder, _ in HOUSE]
    for number, (folder, below) in enumerate(HOUSE):
        for other in below:
            if other not in rows[:number]:
                yield f"tests/lint/layers.py: {folder} names {other}, which has no row above it"


def arrows_between_folders(tree):
    house = dict(HOUSE)
    private = private_headers(tree)
    for name in tree.having(".c", ".h"):
        if os.path.dirname(name) not in house:
            yield f"{name}:1: {os.path.dirname(name) or 'the top'} has no row in tests/lint/layers.py"
    for name, number, included in includes(tree):
        here, there = os.path.dirname(name), os.path.dirname(included)
        if not there:
            yield f'{name}:{number}: "{included}": write the path from the root'
        elif here != there and there not in house.get(here, []):
            yield f"{name}:{number}: includes {included}, which lies above or beside it"
        elif here != there and included in private and not name.startswith(LOOKS_INSIDE):
            yield f"{name}:{number}: includes {included}, which is private to {there}"


def circle_from(start, arrows):
    """The shortest way from a module back to itself, or nothing."""
    ways = [[start]]
    seen = set()
    while ways:
        way = ways.pop(0)
        for module in sorted(arrows.get(way[-1], ())):
            if module == start:
                return way
            if module not in seen:
                seen.add(module)
                ways.append([*way, module])
    return []


def circles(tree):
    """Circles of modules; NAME.c and NAME.h are one. A header that is private to another module is a part of that, so
    an arrow to it leads nowhere."""
    private = private_headers(tree)
    arrows = {}
    for name, _, included in includes(tree):
        if included not in private and name[:-2] != included[:-2]:
            arrows.setdefault(name[:-2], set()).add(included[:-2])
    told = set()
    for module in sorted(arrows):
        circle = circle_from(module, arrows)
        if circle and not told.intersection(circle):
            told.update(circle)
            yield (f"{module}: goes round in a circle: {' > '.join([*circle, module])}; if one of their headers is a "
                   "part of the other module, it says \"Private to\" which")


def cores_with_io(tree):
    """What a service decides by, and all that this leads to (a header leads to its .c), reaches no room that does I/O."""
    of_module = {}
    for name, number, included in includes(tree):
        of_module.setdefault(name[:-2], []).append((name, number, included))
    for service in SERVICES:
        ahead = [module for module in of_module if module.startswith(f"{service}/") and module.endswith(CORE)]
        seen = set()
        while ahead:
            module = ahead.pop()
            if module in seen:
                continue
            seen.add(module)
            for name, number, included in of_module.get(module, ()):
                if os.path.dirname(included) in DOES_IO:
                    yield f"{name}:{number}: includes {included}, and the pure core of {service} leads here"
                elif included.startswith(f"{service}/"):
                    ahead.append(included[:-2])


def check(tree):
    yield from faults_of_table()
    yield from cores_with_io(tree)
    yield from arrows_between_folders(tree)
    yield from circles(tree)


BROKEN = {
    "booking/table.c": '#include "booking/guards.h"\n',
    "booking/guards.c": '#include "host/service_main.h"\n',
}
SOUND = {
    "booking/decide.c": '#include "events/topology.h"\n',
    "cli/commands/show.c": '#include "booking/booking.h"\n',
    "bench/a.h": "/* a.h - one. */\n",
    "bench/a.c": '#include "bench/a.h"\n#include "bench/a_part.h"\n',
    "bench/a_part.h": '/* a_part.h - a piece of it. Private\n * to a.c. */\n#include "bench/a.h"\n',
}
