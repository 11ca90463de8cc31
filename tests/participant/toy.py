#!/usr/bin/python3
"""toy - this tree with one more participant, for the test that a new one is known to every tool.

    tests/participant/toy.py build     a copy of this tree with new/ added and EDITS made, compiled
    tests/participant/toy.py tree      the copy alone

The copy is build-toy/, and its programs are in build-toy/build/. docs/participant.md walks through it.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "runner"))
import patched_copy  # noqa: E402  pylint: disable=wrong-import-position
from patched_copy import Misfit  # noqa: E402  pylint: disable=wrong-import-position

NAME = "loyalty"
ADDED = "tests/participant/new"
TARGETS = ("all",)
COMPOSE = """  loyalty:
    <<: *service
    command: [roundtrip-loyalty]
    environment:
      <<: *environment
      ROUNDTRIP_HTTP_PORT: "3007"
    networks: [inside]
    healthcheck:
      <<: *healthcheck
      test: [CMD, curl, -fsS, -o, /dev/null, "http://127.0.0.1:3107/readyz"]

"""
# Of each file what is there, and what the example puts right behind it.
EDITS = {
    "events/topology.h": [
        ('#define EVENT_REFUND_STUCK      "payment.refund.stuck"\n', '#define EVENT_LOYALTY_CREDITED  "loyalty.credited"\n'),
        ('#define QUEUE_PAYMENT "payment-events"\n', '#define QUEUE_LOYALTY "loyalty-events"\n'),
    ],
    "events/topology.c": [
        ("event_bindings[] = {\n", "    { QUEUE_LOYALTY, EVENT_BOOKING_CONFIRMED },\n"
                                  "    { QUEUE_LOYALTY, EVENT_BOOKING_CANCELLED },\n"
                                  "    { QUEUE_LOYALTY, EVENT_LOYALTY_CREDITED },\n"),
    ],
    "events/event_list.c": [
        ('#include "events/gateway_events.h"\n', '#include "events/loyalty_events.h"\n'),
        ("/* clang-format off */\n", 'EVENT(event_loyalty_credited, LOYALTY_CREDITED_FIELDS, EVENT_LOYALTY_CREDITED, "loyalty",\n'
                                    '      "a booking has earned its points");\n'),
        ("&event_payment_captured, ", "&event_loyalty_credited, "),
    ],
    "services/registry.c": [
        ('#include "gateway/service.h"\n', '#include "loyalty/service.h"\n'),
        ("&payment_service, ", "&loyalty_service, "),
    ],
    "meson.build": [("'payment', ", "'loyalty', ")],
    "compose/env": [
        ("ROUNDTRIP_PAYMENT_URL=http://127.0.0.1:3002 \\\n", "    ROUNDTRIP_LOYALTY_URL=http://127.0.0.1:3007 \\\n"),
        ("ROUNDTRIP_PAYMENT_OPS_URL=http://127.0.0.1:3102 \\\n", "    ROUNDTRIP_LOYALTY_OPS_URL=http://127.0.0.1:3107 \\\n"),
    ],
    "docker-compose.yml": [
        ("services:\n", COMPOSE),
        ("ROUNDTRIP_PAYMENT_URL: http://payment:3002\n", "      ROUNDTRIP_LOYALTY_URL: http://loyalty:3007\n"),
        ("ROUNDTRIP_PAYMENT_OPS_URL: http://payment:3102\n", "      ROUNDTRIP_LOYALTY_OPS_URL: http://loyalty:3107\n"),
        ("ROUNDTRIP_STORE_PAYMENT: mongodb://mongodb:27017/?replicaSet=rs0\n",
         "      ROUNDTRIP_STORE_LOYALTY: mongodb://mongodb:27017/?replicaSet=rs0\n"),
    ],
    "README.md": [
        ("payment `3002`, ", "loyalty `3007`, "),
        ("| `ROUNDTRIP_INTENT_TIMEOUT_MS` | `600000` | booking: a payment waits so long for its intent, then it is refunded |\n",
         "| `ROUNDTRIP_LOYALTY_MATURITY_MS` | `1000` | loyalty: points wait so long for a cancellation |\n"),
    ],
}
WAY_OUT = ("the example of docs/participant.md cannot be added: name in EDITS of tests/participant/toy.py what is there "
           "instead, and see with `tests/participant/toy.py build`")
COPY = patched_copy.PatchedCopy("build-toy", WAY_OUT, edits=EDITS, added=ADDED, targets=TARGETS)


def misfits(root):
    return patched_copy.lacking(root, EDITS)


def build():
    """The folder with the compiled programs."""
    return COPY.build()


def main(words):
    try:
        status = COPY.command(words)
    except Misfit as misfit:
        print(f"toy: {misfit}", file=sys.stderr)
        return 1
    if status is None:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 64
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
