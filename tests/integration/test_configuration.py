"""The bounds of every number that can be set: --help tells them, and --check-config holds to them. Nothing is started."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ROUNDTRIP_BUILD", ROOT / "build")).resolve()
USAGE = 64
DAY_MS = 86400000
OF_EVERY_SERVICE = {
    "TOPOLOGY_INTERVAL_MS": (100, 3600000), "HTTP_PORT": (0, 65535), "OPS_PORT": (-1, 65535), "HTTP_THREADS": (4, 1024),
    "HTTP_QUEUE_MAX": (1, 100000), "PREFETCH": (1, 512), "OWED_MAX": (1, 10000000), "SWEEP_INTERVAL_MS": (1, 60000),
    "RELAY_AGE_MS": (100, 600000), "CONFIRM_TIMEOUT_MS": (100, 60000),
}
BOUNDS = {
    "gateway": {**OF_EVERY_SERVICE, "REPEAT_AFTER_MS": (10, DAY_MS), "REPEAT_MAX_MS": (10, DAY_MS)},
    "booking": {**OF_EVERY_SERVICE, "PAYMENT_TIMEOUT_MS": (1, 365 * DAY_MS), "INTENT_TIMEOUT_MS": (1, 365 * DAY_MS)},
    "payment": {**OF_EVERY_SERVICE, "REPEAT_AFTER_MS": (10, DAY_MS), "REPEAT_MAX_MS": (10, DAY_MS),
                "PROVIDER_TIMEOUT_MS": (10, 60000), "REFUND_RETRY_MS": (10, DAY_MS), "REFUND_RETRY_MAX_MS": (10, DAY_MS),
                "REFUND_ATTEMPTS_MAX": (1, 100000)},
    "provider": {"HTTP_PORT": (0, 65535), "HTTP_THREADS": (4, 512), "PROVIDER_SEED": (0, 2**63 - 1)},
}
# What must not be above another one: that goes along.
BELOW = {"REPEAT_AFTER_MS": "REPEAT_MAX_MS", "REFUND_RETRY_MS": "REFUND_RETRY_MAX_MS"}
ABOVE = {greater: less for less, greater in BELOW.items()}


def run(name, folder, *words, **settings):
    environment = {"PATH": os.environ["PATH"], "ROUNDTRIP_STORE": f"sqlite:{folder}/x.db", "ROUNDTRIP_WEBHOOK_SECRET": "s" * 16}
    environment |= {key: os.environ[key] for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if key in os.environ}
    environment |= {f"ROUNDTRIP_{key}": str(value) for key, value in settings.items()}
    return subprocess.run([BUILD / name / f"roundtrip-{name}", *words], env=environment, capture_output=True, text=True,
                          timeout=20, check=False)


@pytest.mark.parametrize("name", BOUNDS)
def test_every_number_that_can_be_set_tells_its_bounds(name, tmp_path):
    told = re.findall(r"^  ROUNDTRIP_(\w+)\n      .*\((-?\d+) to (\d+)\)", run(name, tmp_path, "--help").stdout, re.M)
    assert {option: (int(least), int(most)) for option, least, most in told} == BOUNDS[name]


@pytest.mark.parametrize("name, option", [(name, option) for name, options in BOUNDS.items() for option in options])
def test_a_number_within_its_bounds_is_taken_and_none_beyond(name, option, tmp_path):
    least, most = BOUNDS[name][option]
    for value in (least, most):
        along = {other: value for other in (BELOW.get(option), ABOVE.get(option)) if other}
        if option == "HTTP_PORT" and name != "provider":
            along["OPS_PORT"] = 0  # which else is 100 above it
        done = run(name, tmp_path, "--check-config", **{option: value, **along})
        assert done.returncode == 0, (value, done)
    for value in (least - 1, most + 1, f"{most}0", f"{least}x", "1.5", ""):
        done = run(name, tmp_path, "--check-config", **{option: value})
        refused = done.returncode == USAGE and f"ROUNDTRIP_{option} " in done.stdout + done.stderr
        assert refused or value == "", (value, done)


@pytest.mark.parametrize("name", [name for name in BOUNDS if name != "provider"])
def test_a_port_that_leaves_none_for_operators_is_refused(name, tmp_path):
    assert run(name, tmp_path, "--check-config", HTTP_PORT=65435).returncode == 0
    done = run(name, tmp_path, "--check-config", HTTP_PORT=65436)
    assert done.returncode == USAGE and "ROUNDTRIP_OPS_PORT" in done.stdout + done.stderr, done


@pytest.mark.parametrize("name, less", [("gateway", "REPEAT_AFTER_MS"), ("payment", "REPEAT_AFTER_MS"),
                                        ("payment", "REFUND_RETRY_MS")])
def test_the_longest_wait_is_not_below_the_first(name, less, tmp_path):
    assert run(name, tmp_path, "--check-config", **{less: 1000, BELOW[less]: 1000}).returncode == 0
    done = run(name, tmp_path, "--check-config", **{less: 1000, BELOW[less]: 999})
    assert done.returncode == USAGE and BELOW[less] in done.stdout + done.stderr, done
