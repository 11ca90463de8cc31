"""Whatever is killed, every promise is kept: one right outcome, and the money balances."""
import random
import threading

import pika
import pytest

from whole_system import STORES, Load, whole_system

BOOKINGS = 2000
KILLS_EACH = 3
QUEUES = ("gateway-events", "booking-events", "payment-events")


def killer(system, load):
    """Each service three times, spread over the load's life."""
    victims = ["gateway", "booking", "payment"] * KILLS_EACH
    load.random.shuffle(victims)
    pause = threading.Event()
    for victim in victims:
        pause.wait(load.random.uniform(0.05, 0.4))
        system.service(victim, "kill")
        pause.wait(load.random.uniform(0, 0.2))
        system.service(victim, "start")


def dead_letters(system):
    connection = pika.BlockingConnection(pika.URLParameters(system.amqp_url))
    channel = connection.channel()
    counts = {queue: channel.queue_declare(f"{queue}.dead", passive=True).method.message_count for queue in QUEUES}
    connection.close()
    return counts


@pytest.mark.parametrize("store", STORES)
def test_every_promise_is_kept_while_each_service_is_killed_three_times(store):
    with whole_system(store, ROUNDTRIP_REPEAT_AFTER_MS="1500") as system:
        load = Load(system, BOOKINGS, random.randrange(1 << 30), threads=4)
        load.run(meanwhile=lambda: killer(system, load))
        load.check()
        assert dead_letters(system) == dict.fromkeys(QUEUES, 0)
