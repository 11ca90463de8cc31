"""A folder includes only from the folders that lie below it, and what is private only from itself."""
import re

PROVES = "the layers hold: common < wire, tracing < host < each service < services (their list); services know nothing of each other"

SERVICES = ("gateway", "booking", "payment", "provider")
BELOW = {
    "common": {"common"},
    "wire": {"wire", "common"},
    "tracing": {"tracing", "common"},
    "host": {"host", "wire", "tracing", "common"},
}
BELOW.update({service: {service, "host", "wire", "tracing", "common"} for service in SERVICES})
BELOW["services"] = {"services", *SERVICES, "common"}

# Inside common, in the order of meson.build. What wraps a library knows nothing of the others.
COMMON = {
    "base": {"base"},
    "json": {"json", "base"},
    "bson": {"bson", "base"},
    "jwt": {"jwt", "json", "base"},
    "log": {"log", "json", "base"},
    "saga": {"saga", "bson", "base"},
    "memory": {"memory", "saga", "base"},
    "mongodb": {"mongodb", "saga", "log", "base"},
    "sqlite": {"sqlite", "saga", "log", "base"},
    "store": {"store", "mongodb", "sqlite", "saga", "base"},
    "rabbitmq": {"rabbitmq", "saga", "log", "json", "base"},
    "http": {"http", "saga", "log", "json", "base"},
    "daemon": {"daemon", "store", "rabbitmq", "http", "saga", "log", "json", "base"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def allowed(including, included):
    here, there = including.split("/"), included.split("/")
    if included.endswith("_private.h") and here[0] != "tests" and here[:-1] != there[:-1]:
        return False
    if here[0] not in BELOW:
        return True  # cli, tests, sim, bench may look at everything
    if there[0] not in BELOW[here[0]]:
        return False
    if here[0] == there[0] == "common":
        return there[1] in COMMON.get(here[1], set())
    return True


def check(tree):
    for name in tree.having(".c", ".h"):
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            if "/" not in found[1] and not name.startswith("tests/"):
                yield f'{name}:{number}: "{found[1]}": write the path from the root'
            elif "/" in found[1] and not allowed(name, found[1]):
                yield f"{name}:{number}: includes {found[1]}, which lies above or beside it"


BROKEN = {"booking/decide.c": '#include "payment/payment.h"\n'}
SOUND = {"booking/decide.c": '#include "wire/events.h"\n', "cli/commands/show.c": '#include "booking/booking.h"\n'}
