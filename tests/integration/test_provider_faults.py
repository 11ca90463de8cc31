"""The provider's faults on request: each does what it says, and then is over."""
import time

import pytest
from system_rig import until
# pytest finds the fixtures by their import
from provider_rig import provider_fixture, receiver_fixture, start_fixture  # noqa: F401


def test_timeout_after_moves_the_money_and_says_nothing(provider):
    provider.charge()
    with pytest.raises(TimeoutError):
        provider.refund(timeout=0.5, headers={"Roundtrip_Fault": "timeout-after"})
    status, found, _ = provider.call("GET", "/refunds/by-key/P1")
    assert status == 200
    status, again, _ = provider.refund()
    assert (status, again["refundId"]) == (200, found["refundId"])
    assert provider.euros()["refund_effects"] == 1


def test_timeout_before_moves_nothing_and_says_nothing(provider):
    provider.charge()
    with pytest.raises(TimeoutError):
        provider.refund(timeout=0.5, headers={"Roundtrip_Fault": "timeout-before"})
    assert provider.call("GET", "/refunds/by-key/P1")[0] == 404
    assert provider.refund()[0] == 201


@pytest.mark.parametrize("fault, status, effects", [
    ("refuse", 402, 0), ("5xx", 500, 0), ("429", 429, 0), ("5xx-after", 500, 1), ("delay:50", 201, 1),
])
def test_armed_faults_meet_the_next_calls_only(provider, fault, status, effects):
    provider.charge()
    provider.arm("refund", fault, paymentId="P1")
    assert provider.call("GET", "/faults")[1]["data"][0]["left"] == 1
    answer = provider.refund()
    assert answer[0] == status
    if status == 402:
        assert answer[1]["code"] == "refused"
    if status == 429:
        assert answer[2]["Retry-After"] == "1"
    assert provider.euros()["refund_effects"] == effects
    assert provider.call("GET", "/faults")[1]["data"] == []
    assert provider.refund()[0] == (200 if effects else 201)


def test_armed_faults_are_cleared(provider):
    provider.arm("charge", "refuse", count=5)
    assert provider.charge()[0] == 402
    assert provider.call("POST", "/faults/clear", "{}")[1]["data"] == []
    assert provider.charge()[0] == 201


def test_faults_that_do_not_exist_are_refused(provider):
    assert provider.call("POST", "/faults", {"target": "refund", "fault": "explode"})[0] == 422
    assert provider.call("POST", "/faults", {"target": "moon", "fault": "refuse"})[0] == 422
    assert provider.call("POST", "/faults", {"target": "refund", "fault": "forged"})[0] == 422
    assert provider.charge(headers={"Roundtrip_Fault": "explode"})[0] == 400
    assert provider.euros() is None


def test_configured_faults_keep_their_rate(start):
    provider = start(ROUNDTRIP_PROVIDER_FAULTS="charge.5xx@0.25", ROUNDTRIP_PROVIDER_SEED="3")
    failed = sum(provider.charge(f"P{number}")[0] == 500 for number in range(200))
    assert 25 <= failed <= 80


def test_a_duplicated_webhook_is_sent_as_often_as_asked(provider, receiver):
    provider.charge(headers={"Roundtrip_Fault": "duplicate:5"})
    until(lambda: provider.account()["webhooks"] == {"sent": 5, "acknowledged": 5}, "five webhooks")
    assert len({body for _, body, _, _ in receiver.seen}) == 1 and len(receiver.seen) == 5


def test_webhooks_come_out_of_order_on_request(provider, receiver):
    provider.charge("P1", headers={"Roundtrip_Fault": "out-of-order"})
    provider.charge("P2")
    until(lambda: len(receiver.seen) == 2, "both webhooks")
    assert [body["paymentId"] for body in receiver.bodies("/payment/captured")] == ["P2", "P1"]


def test_a_forged_webhook_comes_before_the_right_one(provider, receiver):
    provider.charge(headers={"Roundtrip_Fault": "forged"})
    until(lambda: provider.account()["webhooks"]["acknowledged"] == 1, "the right one")
    assert [is_right for _, _, _, is_right in receiver.seen] == [False, True]
    assert receiver.seen[0][1] == receiver.seen[1][1]
    assert "webhooks_forged_refused_total 1" in provider.call("GET", "/metrics")[1]


def test_a_late_webhook_keeps_its_distance(provider, receiver):
    begin = time.monotonic()
    provider.charge(headers={"Roundtrip_Fault": "late:400"})
    until(lambda: receiver.seen, "the webhook")
    assert time.monotonic() - begin >= 0.4


def test_a_dropped_webhook_is_never_sent(provider, receiver):
    provider.arm("webhook", "drop")
    provider.charge("P1")
    provider.charge("P2")
    until(lambda: provider.account("P2")["webhooks"]["acknowledged"] == 1, "the other webhook")
    assert [body["paymentId"] for body in receiver.bodies("/payment/captured")] == ["P2"]
    assert provider.account("P1")["webhooks"]["sent"] == 0
