#!/usr/bin/python3
"""services - the services there are, for scripts.

    system/services.py          their names, one a line, in the order in which a booking meets them
    system/services.py BUILD    of each its name, its port, its port for operators and its queue; - where it has none

There is one list, services/registry.c. Where nothing is built yet the names are read out of it; all else is asked of
the built command: roundtrip services -o json.
"""
import functools
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
REGISTRY = "services/registry.c"
SECONDS_MAX = 10


def names_in(text):
    """The names that a registry lists."""
    return tuple(re.findall(r"&(\w+)_service\b", text))


@functools.cache
def names():
    return names_in((ROOT / REGISTRY).read_text(encoding="utf-8"))


@functools.cache
def described(build):
    """All that the command in this build folder says of each, as dictionaries."""
    # The list is the build's, whatever system the caller means, which may not be there yet.
    environment = {name: value for name, value in os.environ.items() if name != "ROUNDTRIP_ENV"}
    done = subprocess.run([pathlib.Path(build) / "cli" / "roundtrip", "services", "-o", "json"], check=True, text=True,
                          stdout=subprocess.PIPE, timeout=SECONDS_MAX, env=environment)
    return tuple(json.loads(done.stdout))


def participants(build):
    """Those that take part in the saga: they consume a queue, and keep documents."""
    return tuple(one for one in described(build) if one["queue"])


def main(words):
    if not words:
        print("\n".join(names()))
    for one in described(words[0]) if words else ():
        print(one["name"], one["port"], one["opsPort"] or "-", one["queue"] or "-")


if __name__ == "__main__":
    main(sys.argv[1:])
