"""The services are listed once, and what cannot walk that list has all of them.

Where three of them stand together because of what each of them is, a comment `by role: why` in the line or above it
says so.
"""
import re

import services

PROVES = "no code lists the services a second time, and every file that must name each of them does"

ENOUGH = 3  # two are a pair: who sends, and who listens
GAP_MAX = 24  # characters between two names of one list, white space counted once
ENDS = re.compile(r"[;#]|\w = ")  # of a list: what follows is another statement
BY_ROLE = "by role:"
LINES_ABOVE = 4

# What names every service and cannot ask: its file, and how one is named there.
STATIC = {
    "docker-compose.yml": [r"^  {name}:$", r"^ *ROUNDTRIP_{NAME}_URL: "],
    "compose/env": [r"^ *ROUNDTRIP_{NAME}_URL="],
    "meson.build": [r"'{name}'"],
}
# How those are named beside that which take part in the saga: they have a store that others may read.
STATIC_OF_PARTICIPANTS = {
    "docker-compose.yml": [r"^ *ROUNDTRIP_{NAME}_OPS_URL: ", r"^ *ROUNDTRIP_STORE_{NAME}: "],
    "compose/env": [r"^ *ROUNDTRIP_{NAME}_OPS_URL="],
}
TAKES_PART = re.compile(r"^ *\.queue = ", re.M)  # in the description of a service
COMMENT = {
    "c": re.compile(r"/\*.*?\*/|//[^\n]*|^[ \t]*#[ \t]*include[^\n]*", re.S | re.M),
    "script": re.compile(r'""".*?"""|(?<![$\w{])#[^\n]*', re.S),
}
# How a service is named: in C and Python as a text or by a name that is made of its own, in a shell as a word, too.
AFFIXES = r"(?:roundtrip-|sim_|queue_|records_|service_|roundtrip_|roundtrip_store_)?(?P<name>{names})(?:-events|_service|_url|_ops_url|_core|_participant|/|/roundtrip-\w+|\.db)?"
QUOTED = r"[\"']" + AFFIXES + r"[\"']"
MADE = r"(?<![\w/-])(?:roundtrip-|sim_|queue_|records_|roundtrip_|roundtrip_store_)(?P<made>{names})\b|\b(?P<own>{names})(?:_service|_core|_participant|/roundtrip-\w+)\b"
BARE = r"(?<![\w./-])" + AFFIXES.replace("name>", "bare>") + r"(?![\w./-])"


def kind_of(tree, name):
    if name.endswith((".c", ".h")):
        return "c"
    if name.endswith((".py", ".sh")):
        return "script"
    with open(tree.root / name, "rb") as file:
        first = file.readline(80)
    return "script" if first.startswith(b"#!") else None


def is_shell(text, name):
    return not name.endswith((".c", ".h", ".py")) and "python" not in text.split("\n", 1)[0]


def blanked(pattern, text):
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def lists(text, pattern):
    """(where it begins and ends, its names) of each run of names that stand close together."""
    run, names, end = None, [], 0
    for found in pattern.finditer(text):
        name = next(filter(None, found.groupdict().values())).lower()
        gap = re.sub(r"\s+", " ", text[end:found.start()])
        if run is None or len(gap) > GAP_MAX or ENDS.search(gap):
            if run is not None:
                yield run, end, names
            run, names = found.start(), []
        names.append(name)
        end = found.end()
    if run is not None:
        yield run, end, names


def second_lists(tree, known):
    either = "|".join(known)
    words = {True: "|".join((QUOTED, MADE, BARE)), False: "|".join((QUOTED, MADE))}
    for name in tree.files:
        kind = kind_of(tree, name)
        if kind is None or name in (services.REGISTRY, *STATIC) or name.startswith("tests/lint/one_list"):
            continue
        text = tree.text(name)
        lines = text.splitlines()
        pattern = re.compile(words[is_shell(text, name)].replace("{names}", either), re.I)
        for start, end, names in lists(blanked(COMMENT[kind], text), pattern):
            number = text.count("\n", 0, start) + 1
            around = lines[max(0, number - 1 - LINES_ABOVE):text.count("\n", 0, end) + 1]
            if len(set(names)) < ENOUGH or any(BY_ROLE in line.lower() for line in around):
                continue
            yield (f"{name}:{number}: a second list of services ({', '.join(names)}): walk {services.REGISTRY} or "
                   f"system/services.py; or say why it is these, in a comment: {BY_ROLE} ...")


def lacking(tree, static, name):
    for file, forms in static.items():
        for form in forms if file in tree.files else ():
            wanted = form.format(name=name, NAME=name.upper())
            if not re.search(wanted, tree.text(file), re.M):
                yield f"{file}: the service {name} is missing: no line is {wanted}"


def check(tree):
    if services.REGISTRY not in tree.files:
        return
    known = services.names_in(tree.text(services.REGISTRY))
    for name in known:
        yield from lacking(tree, STATIC, name)
        description = f"{name}/service.c"
        if description in tree.files and TAKES_PART.search(tree.text(description)):
            yield from lacking(tree, STATIC_OF_PARTICIPANTS, name)
    yield from second_lists(tree, known)


REGISTERED = "const services[] = { &gateway_service, &booking_service, &payment_service, NULL };\n"
BROKEN = {services.REGISTRY: REGISTERED, "a.py": 'NAMES = ("payment", "booking", "gateway")\n'}
SOUND = {
    services.REGISTRY: REGISTERED,
    "a.c": '/* gateway, booking, payment */\nconst char *a = "gateway, booking and payment";\n',
    "a.py": 'PAIR = ("gateway", "booking")\n# by role: the money is lost first\nLOSE = ("payment", "booking", "gateway")\n',
}
