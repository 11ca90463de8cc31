"""kill -9 of every service under load: each promise is kept, and the money balances."""
import contextlib
import time

import pytest
from load_rig import Load
from built import SERVICES
from system_rig import Tap

BOOKINGS = 2000
DURATION_S = 12
KILLS_EACH = 3


def kill_at(system, name, moments, pauses):
    """Kills a service at these moments, and starts it again after these pauses."""
    begin = time.monotonic()
    for moment, pause in zip(moments, pauses):
        time.sleep(max(0.0, begin + moment - time.monotonic()))
        system.kill(name)
        time.sleep(pause)
        system.start(name, ready=False)


@pytest.mark.parametrize("store", ["sqlite", "mongodb"])
def test_each_service_is_killed_three_times_and_no_promise_is_broken(new_system, store):
    system = new_system(store, ROUNDTRIP_REPEAT_AFTER_MS="1500").start()
    with contextlib.closing(Tap(system.amqp_url)) as tap:
        load = Load(system, BOOKINGS, DURATION_S)
        kills = [lambda name=name, moments=sorted(load.random.uniform(0.3, DURATION_S) for _ in range(KILLS_EACH)),
                 pauses=[load.random.uniform(0, 0.5) for _ in range(KILLS_EACH)]: kill_at(system, name, moments, pauses)
                 for name in SERVICES]
        load.run(*kills)
        load.check()
    load.check_events(tap)
