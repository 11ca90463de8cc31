"""A binding that vanished while another queue still takes the event: nothing is returned, and still it is healed."""
import contextlib

import pika
from system_rig import until


def unbind(system, queue, key):
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(system.amqp_url))) as connection:
        connection.channel().queue_unbind(queue, "events", key)


def metric(system, name, wanted):
    """The sum of all samples of a metric."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in system.ask_ops(name, "/metrics")[1].splitlines()
               if line.startswith(wanted))


def test_a_refund_that_a_lost_binding_kept_back_is_made_and_counted(new_system):
    system = new_system(ROUNDTRIP_TOPOLOGY_INTERVAL_MS="3600000", ROUNDTRIP_REPEAT_AFTER_MS="3000").start()
    unbind(system, "payment-events", "booking.failed")
    assert system.call("gateway", "POST", "/booking/intent", {"intentId": "b1", "userId": "u", "amount": 700})[0] == 202
    assert system.call("provider", "POST", "/charges",
                       {"intentId": "b1", "userId": "u", "amount": 699, "paymentId": "p1"})[0] == 201
    until(lambda: system.call("gateway", "GET", "/booking/b1")[1]["state"] == "failed", "the booking has failed")
    until(lambda: system.call("gateway", "GET", "/booking/b1")[1]["refunds"][0]["status"] == "refunded",
          lambda: system.call("gateway", "GET", "/booking/b1")[1], 40)
    assert metric(system, "payment", "roundtrip_messages_recovered_total") == 1


def test_a_binding_is_back_within_the_interval_without_anything_that_waits(new_system):
    system = new_system(ROUNDTRIP_TOPOLOGY_INTERVAL_MS="1000").start("booking")
    # by role: one listener each of two of its events
    for queue, key in (("payment-events", "booking.failed"), ("gateway-events", "booking.confirmed")):
        unbind(system, queue, key)
        checks = metric(system, "booking", "roundtrip_topology_checks")
        until(lambda checks=checks: metric(system, "booking", "roundtrip_topology_checks") >= checks + 2, "made sure of")
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(system.amqp_url))) as connection:
            channel = connection.channel()
            before = system.depth(queue)
            channel.basic_publish("events", key, b"{}")
            until(lambda before=before, queue=queue: system.depth(queue) == before + 1, "it is taken by its queue")


def test_a_topology_that_is_only_verified_is_missed_while_it_runs(new_system):
    system = new_system(ROUNDTRIP_TOPOLOGY_INTERVAL_MS="500").start("booking")
    assert system.stop("booking") == 0
    system.start("booking", ROUNDTRIP_TOPOLOGY="verify")
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(system.amqp_url))) as connection:
        connection.channel().queue_delete("booking-events.dead")
    until(lambda: system.ask_ops("booking", "/readyz")[0] == 503, "it is missed", 10)
    assert "booking-events.dead" in system.ask_ops("booking", "/readyz")[1]["checks"]["broker"]["detail"]
