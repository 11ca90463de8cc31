"""The provider's books: money moves once, they survive kill -9, webhooks arrive in the end."""
import concurrent.futures
import contextlib
import http.client
import json
import sqlite3
import subprocess
import time

import pytest
from provider_rig import BINARY, PATIENCE_S, SECRET
# pytest finds the fixtures by their import
from provider_rig import provider_fixture, receiver_fixture, start_fixture  # noqa: F401
from system_rig import until


def test_a_charge_is_captured_and_told_with_a_signature(provider, receiver):
    status, body, _ = provider.charge()
    assert status == 201
    assert body["status"] == "captured" and body["captured"] == 500 and body["refunded"] == 0
    told = until(lambda: receiver.bodies("/payment/captured"), "the webhook")
    captured_at = told[0].pop("capturedAt")
    assert captured_at == body["capturedAt"] and captured_at.endswith("Z")
    assert told == [{"paymentId": "P1", "intentId": "B1", "userId": "U1", "amount": 500, "currency": "EUR"}]
    until(lambda: provider.account()["webhooks"] == {"sent": 1, "acknowledged": 1}, "the acknowledgement")


def test_a_charge_repeated_is_replayed_and_told_once(provider, receiver):
    first = provider.charge(headers={"Idempotency_Key": '"K1"'})
    again = provider.charge(headers={"Idempotency_Key": "K1"})
    assert (first[0], again[0]) == (201, 200)
    assert again[1] == first[1] and again[2]["Idempotent-Replayed"] == "true"
    assert provider.charge(amount=501, headers={"Idempotency_Key": '"K1"'})[1]["code"] == "idempotency_key_reused"
    status, body, _ = provider.charge(amount=501)
    assert (status, body["code"]) == (422, "payment_id_reused")
    until(lambda: provider.account()["webhooks"]["acknowledged"] == 1, "the webhook")
    assert len(receiver.bodies("/payment/captured")) == 1
    assert provider.euros()["captured"] == 500


def test_charges_without_payment_id_get_one_each(provider):
    one, other = (provider.charge(payment=None)[1]["paymentId"] for _ in range(2))
    assert one != other and one.startswith("pay_")


def test_a_declined_charge_moves_no_money(provider, receiver):
    status, body, _ = provider.charge(declined=True, reason="insufficient_funds")
    assert (status, body["status"], body["captured"]) == (201, "declined", 0)
    told = until(lambda: receiver.bodies("/payment/declined"), "the webhook")
    assert told == [{"paymentId": "P1", "intentId": "B1", "userId": "U1", "reason": "insufficient_funds"}]
    assert receiver.bodies("/payment/captured") == []
    assert provider.refund()[1]["code"] == "amount_exceeds_captured"


def test_a_hundred_refunds_at_once_under_one_key_are_one_effect(provider, receiver):
    provider.charge()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: provider.refund(intentId="B1"), range(100)))
    assert sorted(status for status, _, _ in answers) == [200] * 99 + [201]
    assert len({body["refundId"] for _, body, _ in answers}) == 1
    sums = provider.euros()
    assert (sums["refunded"], sums["refund_effects"], sums["duplicate_refund_calls"]) == (500, 1, 99)
    told = until(lambda: receiver.bodies("/payment/refunded"), "the webhook")
    assert told == [{"paymentId": "P1", "intentId": "B1", "refundId": answers[0][1]["refundId"], "amount": 500,
                     "currency": "EUR", "status": "succeeded"}]


def test_a_refund_beyond_what_is_left_and_a_second_full_one_are_refused(provider):
    provider.charge()
    assert provider.refund(amount=501, key="K0")[1]["code"] == "amount_exceeds_captured"
    first = provider.refund(amount=200, key="K1")
    assert first[0] == 201
    assert provider.refund(amount=301, key="K2")[0] == 422
    assert provider.refund(amount=200, key="K1", currency="USD")[1]["code"] == "idempotency_key_reused"
    last = provider.refund(amount=300, key="K3")
    assert last[0] == 201
    status, body, _ = provider.refund(key="K4")
    assert (status, body["code"], body["refundId"]) == (409, "already_refunded", last[1]["refundId"])
    assert provider.account()["refunded"] == 500
    assert [refund["key"] for refund in provider.account()["refunds"]] == ["K1", "K3"]


def test_a_refund_needs_a_key(provider):
    provider.charge()
    body = {"paymentId": "P1", "amount": 500, "currency": "EUR"}
    status, problem, headers = provider.call("POST", "/refunds", body)
    assert (status, problem["code"]) == (400, "idempotency_key_missing")
    assert headers["Content-Type"].startswith("application/problem+json")
    for key in ['""', "a b", "x" * 65, '"a/b"']:
        assert provider.call("POST", "/refunds", body, Idempotency_Key=key)[1]["code"].startswith("idempotency_key")
    assert provider.account()["refunded"] == 0


def test_a_refund_is_found_by_its_key(provider):
    provider.charge()
    assert provider.call("GET", "/refunds/by-key/P1")[0] == 404
    made = provider.refund()[1]
    status, found, _ = provider.call("GET", "/refunds/by-key/P1")
    assert (status, found) == (200, made)


def test_an_unknown_payment_is_adopted(provider):
    status, body, _ = provider.refund("stranger")
    assert (status, body["status"]) == (201, "succeeded")
    account = provider.account("stranger")
    assert account["adopted"] and account["captured"] == account["refunded"] == 500


def test_an_unknown_payment_is_refused_where_configured(start):
    provider = start(ROUNDTRIP_PROVIDER_UNKNOWN="refuse")
    status, body, _ = provider.refund("stranger")
    assert (status, body["code"]) == (404, "unknown_payment")
    assert provider.account("stranger") is None


@pytest.mark.parametrize("body, status, pointer", [
    ("{", 400, None),
    ("[]", 400, None),
    ('{"intentId":"B1","userId":"U1","amount":5,"amount":6}', 400, None),
    ('{"intentId":"B1","userId":"U1","amount":5,"colour":1}', 400, "/colour"),
    ('{"intentId":"B1","userId":"U1","amount":0}', 422, "/amount"),
    ('{"intentId":"B1","userId":"U1","amount":1.5}', 422, "/amount"),
    ('{"intentId":"B1","userId":"U1","amount":9007199254740993}', 422, "/amount"),
    ('{"intentId":"B1","userId":"U1","amount":5,"currency":"XXQ"}', 422, "/currency"),
    ('{"intentId":"B1","amount":5}', 422, "/userId"),
    ('{"intentId":{"$ne":null},"userId":"U1","amount":5}', 422, "/intentId"),
])
def test_bad_bodies_are_refused_and_change_nothing(provider, body, status, pointer):
    answer = provider.call("POST", "/charges", body)
    assert answer[0] == status, answer[1]
    if pointer:
        assert pointer in json.dumps(answer[1])
    assert provider.euros() is None


def test_books_and_keys_survive_kill_9(provider):
    provider.charge()
    first = provider.refund(amount=200, key="K1")[1]
    provider.kill()
    provider.start()
    status, again, headers = provider.refund(amount=200, key="K1")
    assert (status, again, headers["Idempotent-Replayed"]) == (200, first, "true")
    assert provider.charge()[0] == 200
    assert provider.account()["refunded"] == 200


def test_kill_9_under_load_loses_nothing_that_was_answered(provider):
    answered = []

    def work(number):
        with contextlib.suppress(OSError, http.client.HTTPException):
            payment = f"P{number}"
            if provider.charge(payment)[0] == 201 and provider.refund(payment)[0] == 201:
                answered.append(payment)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for number in range(400):
            pool.submit(work, number)
        until(lambda: len(answered) >= 50, "some work")
        provider.kill()
    provider.start()
    assert len(answered) < 400
    for payment in answered:
        assert provider.account(payment)["refunded"] == 500
    assert sqlite3.connect(provider.environment["ROUNDTRIP_STORE"][7:]).execute("PRAGMA integrity_check").fetchone() \
        == ("ok",)


def test_a_pending_webhook_goes_on_after_kill_9(provider, receiver):
    receiver.answers = [503] * 1000
    provider.charge()
    until(lambda: len(receiver.seen) >= 2, "attempts")
    provider.kill()
    receiver.answers = []
    seen = len(receiver.seen)
    provider.start()
    until(lambda: provider.account()["webhooks"]["acknowledged"] == 1, "the acknowledgement")
    assert len(receiver.seen) > seen


def test_a_refusing_receiver_is_asked_again_with_the_same_body(provider, receiver):
    receiver.answers = [401, 404, 500]
    provider.charge()
    until(lambda: provider.account()["webhooks"] == {"sent": 4, "acknowledged": 1}, "the fourth attempt")
    assert len({body for _, body, _, _ in receiver.seen}) == 1


def test_a_receiver_that_is_away_delays_nobody(start):
    provider = start(url="http://127.0.0.1:1")
    for number in range(20):
        assert provider.charge(f"P{number}")[0] == 201
    until(lambda: provider.account("P19")["webhooks"]["sent"] > 0, "attempts")


def test_refund_webhooks_can_be_switched_off(start, receiver):
    provider = start(ROUNDTRIP_PROVIDER_REFUND_WEBHOOK="off")
    provider.charge()
    provider.refund()
    provider.charge("P2")
    until(lambda: len(receiver.bodies("/payment/captured")) == 2, "the captures")
    until(lambda: provider.call("GET", "/ledger/summary")[1]["webhooks_pending"] == 0, "nothing pending")
    assert receiver.bodies("/payment/refunded") == []


def test_the_ledger_is_read_in_pages(provider):
    for number in range(25):
        provider.charge(f"P{number}")
    seen, after = [], ""
    while True:
        page = provider.call("GET", f"/ledger?limit=10{after}")[1]
        seen += [entry["paymentId"] for entry in page["data"]]
        if not page["has_more"]:
            break
        after = f"&starting_after={seen[-1]}"
    assert seen == [f"P{number}" for number in reversed(range(25))]
    assert len(provider.call("GET", "/ledger")[1]["data"]) == 10
    for wrong in ["limit=0", "limit=101", "limit=x", "starting_after=%24"]:
        assert provider.call("GET", f"/ledger?{wrong}")[0] == 400


def test_health_and_metrics_answer(provider):
    for path in ["/livez", "/readyz", "/health"]:
        assert provider.call("GET", path)[0] == 200
    provider.charge()
    status, text, headers = provider.call("GET", "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "roundtrip_provider_charges_total 1\n" in text


def test_sigterm_ends_in_time_although_callers_and_webhooks_wait(start, receiver):
    provider = start()
    receiver.answers = [503] * 1000
    provider.charge()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(lambda: provider.charge("P2", headers={"Roundtrip_Fault": "timeout-before:60000"}))
        until(lambda: "faults_injected_total 4" in provider.call("GET", "/metrics")[1], "the waiting callers")
        begin = time.monotonic()
        assert provider.stop() == 0
        assert time.monotonic() - begin < 8


def test_a_bad_configuration_is_named(tmp_path):
    def run(*arguments, **settings):
        return subprocess.run([BINARY, *arguments], env={"ROUNDTRIP_STORE": f"sqlite:{tmp_path}/x.db", **settings},
                              capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    good = run("--check-config", ROUNDTRIP_WEBHOOK_SECRET=SECRET)
    assert good.returncode == 0 and "ROUNDTRIP_HTTP_PORT=3009" in good.stdout
    assert SECRET not in good.stdout + good.stderr
    assert run("--version").returncode == 0 and run("--help").returncode == 0
    for name, value in [("ROUNDTRIP_PROVIDER_UNKNOWN", "perhaps"), ("ROUNDTRIP_PROVIDER_FAULTS", "explode"),
                        ("ROUNDTRIP_CURRENCY", "euro"), ("ROUNDTRIP_STORE", "mongodb://x/")]:
        bad = run(**{name: value})
        assert bad.returncode != 0 and name in bad.stdout + bad.stderr
