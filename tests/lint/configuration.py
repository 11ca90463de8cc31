"""README's table of variables and the daemons' --help tell the same."""
import re

import services

from lint import Missing

PROVES = "every variable that a daemon prints with --help is in README's table with its default, and no other"

HELP_ENTRY = re.compile(r"^  ([A-Z][A-Z0-9_]+)\n      (.*)$", re.M)
DEFAULT = re.compile(r"; default (\S.*)$")
ROW = re.compile(r"^\|\s*(`[A-Z][A-Z0-9_]+`[^|]*)\|.*$", re.M)
OURS = ("ROUNDTRIP_", "LOG_")


def defaults_of_helps(tree):
    """{variable: all its defaults, over the services}"""
    defaults = {}
    for service in services.names():
        program = tree.root / "build" / service / f"roundtrip-{service}"
        if not program.exists():
            raise Missing(f"{program.relative_to(tree.root)}; get it with: system/build build")
        for name, meaning in HELP_ENTRY.findall(tree.run(str(program), "--help").stdout):
            found = DEFAULT.search(meaning)
            defaults.setdefault(name, set()).update([found[1]] if found else [])
    return defaults


def rows(tree):
    """{variable: the table's row}"""
    found = {}
    for row in ROW.finditer(tree.text("README.md")):
        for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row[1]):
            found[name] = row[0]
    return found


def check(tree):
    if "README.md" not in tree.files:
        return
    helps, table = defaults_of_helps(tree), rows(tree)
    for name in sorted(helps):
        if name not in table:
            yield f"README.md: {name} is in --help, and not in the table"
            continue
        for default in sorted(helps[name]):
            if f"`{default}`" not in table[name]:
                yield f"README.md: the row of {name} does not tell its default `{default}`"
    for name in sorted(table):
        if name.startswith(OURS) and name not in helps:
            yield f"README.md: no daemon's --help knows {name}"


def daemons(help_text):
    return {f"build/{service}/roundtrip-{service}": f"#!/bin/sh\ncat <<END\n{help_text}\nEND\n" for service in services.names()}


HELP = "  ROUNDTRIP_PREFETCH\n      deliveries in hand, 1 to 9; default 5"
BROKEN = {"README.md": "| `ROUNDTRIP_PREFETCH` | `4` | deliveries |\n", **daemons(HELP)}
SOUND = {"README.md": "| `ROUNDTRIP_PREFETCH` | `5` | deliveries |\n", **daemons(HELP)}
