"""Bookings and their payments as a crowd of good clients sends them, and what must have become of each."""
import collections
import hashlib
import json
import random
import threading
import time

from built import QUEUES, SERVICES
from system_rig import at_once, signature, until

Payment = collections.namedtuple("Payment", "id user amount currency")
AMOUNT, CURRENCY, USER = 1000, "EUR", "alice"
QUIET_S = 60
OUTCOMES = {"booking.confirmed", "booking.failed", "booking.cancelled"}

# kind: (weight, payments as (user, amount, currency))
RIGHT = (USER, AMOUNT, CURRENCY)
KINDS = {
    "right": (82, [RIGHT]),
    "wrong amount": (5, [(USER, AMOUNT - 1, CURRENCY)]),
    "wrong currency": (3, [(USER, AMOUNT, "USD")]),
    "paid twice": (4, [RIGHT, RIGHT]),
    "paid right and wrong": (3, [RIGHT, (USER, AMOUNT + 1, CURRENCY)]),  # commit order decides
    "a stranger pays too": (3, [("mallory", AMOUNT, CURRENCY), RIGHT]),
}


class Booking:
    """What is sent for one booking, and which outcomes that allows."""

    def __init__(self, random_source, name):
        kinds = list(KINDS)
        self.id = name
        self.kind = random_source.choices(kinds, [KINDS[kind][0] for kind in kinds])[0]
        self.payments = [Payment(f"{name}-p{index}", *money) for index, money in enumerate(KINDS[self.kind][1])]
        self.order = random_source.choice(("before", "after", "at the same time"))
        self.is_keyed = self.order == "before" and random_source.random() < 0.2  # named by an Idempotency-Key only
        self.key = name
        self.is_doubled = random_source.random() < 0.1

    def allowed(self):
        """(state, reason, applied payment or None) of each right outcome: the first payment of the user decides."""
        for payment in self.payments:
            if payment.user != USER:
                continue
            if payment.currency != CURRENCY:
                yield "failed", "currency_mismatch", None
            elif payment.amount != AMOUNT:
                yield "failed", "amount_mismatch", None
            else:
                yield "confirmed", None, payment.id


class Load:
    """Calls are spread over duration_s. Clients insist: every call is repeated until it is answered."""

    def __init__(self, system, count, duration_s, seed=None, threads=24):
        self.seed = random.randrange(1 << 30) if seed is None else seed
        print(f"load of {count} bookings, seed {self.seed}")
        self.random = random.Random(self.seed)
        self.system, self.duration_s, self.threads = system, duration_s, threads
        self.bookings = [Booking(self.random, f"L{self.seed}-{index}") for index in range(count)]
        self.steps = []  # (when, call)
        for booking in self.bookings:
            self.plan(booking)
        self.steps.sort(key=lambda step: step[0])

    def plan(self, booking):
        begin = self.random.uniform(0, self.duration_s)
        gap = self.random.uniform(0, 0.5)
        intent_at, payment_at = {"before": (begin, begin + gap), "after": (begin + gap, begin)}.get(booking.order, (begin,) * 2)
        payments = [payment for payment in booking.payments for _ in range(2 if booking.is_doubled else 1)]
        self.random.shuffle(payments)
        if booking.is_keyed:
            self.steps.append((intent_at, lambda own: [self.intend(own, booking), self.pay(own, booking, payments)]))
            return
        for _ in range(2 if booking.is_doubled else 1):
            self.steps.append((intent_at, lambda own: self.intend(own, booking)))
        if self.random.random() < 0.5:
            self.steps.append((payment_at, lambda own: self.pay(own, booking, payments)))
        else:
            self.steps += [(payment_at, lambda own, payment=payment: self.pay(own, booking, [payment])) for payment in payments]

    def intend(self, own, booking):
        body = {"userId": USER, "amount": AMOUNT, "currency": CURRENCY}
        headers = {"Idempotency-Key": f'"{booking.key}"'} if booking.is_keyed else {}
        if not booking.is_keyed:
            body["intentId"] = booking.id
        status, found, answer = self.system.ask(own, "gateway").insist("POST", "/booking/intent", body, headers)
        assert status == 202, answer
        booking.id = found["location"].rsplit("/", 1)[1]
        if booking.is_doubled and booking.is_keyed:
            again = self.system.ask(own, "gateway").insist("POST", "/booking/intent", body, headers)
            assert again[0] == 202 and again[1]["location"] == found["location"], again

    def pay(self, own, booking, payments):
        for payment in payments:
            body = json.dumps({"paymentId": payment.id, "intentId": booking.id, "userId": payment.user,
                               "amount": payment.amount, "currency": payment.currency}).encode()
            status, _, answer = self.system.ask(own, "provider").insist("POST", "/charges", body)
            assert status in (200, 201), answer
            if booking.is_doubled:  # what the provider's webhook says, once more
                status, _, answer = self.system.ask(own, "payment").insist("POST", "/payment/captured", body, signature(body))
                assert status == 200, answer

    def run(self, *meanwhile):
        """Sends everything, while each of `meanwhile` runs in a thread of its own."""
        failures = []

        def guarded(work):
            try:
                work()
            except BaseException as failure:  # pylint: disable=broad-except
                failures.append(failure)

        others = [threading.Thread(target=guarded, args=[work], daemon=True) for work in meanwhile]
        begin = time.monotonic()
        for other in others:
            other.start()

        def timed(when, call):
            def job(own):
                time.sleep(max(0.0, begin + when - time.monotonic()))
                call(own)
            return job

        at_once([timed(*step) for step in self.steps], self.threads)
        for other in others:
            other.join()
        if failures:
            raise failures[0]

    # ---- what must have become of it ----

    def check(self):
        until(lambda: not self.waiting(), lambda: f"quiet; still waiting: {self.waiting()}", QUIET_S, 0.2)
        views = at_once([lambda own, booking=booking: self.view(own, booking) for booking in self.bookings])
        until(lambda: not self.refunds_open(views), lambda: f"refunds are reported: {self.refunds_open(views)[:3]}", QUIET_S)
        applied = [self.check_outcome(booking, view) for booking, view in zip(self.bookings, views)]
        self.check_money({payment for payment in applied if payment})
        self.check_documents()
        for queue in QUEUES:
            assert self.system.depth(f"{queue}.dead") == 0, f"{queue}.dead is not empty"

    def waiting(self):
        found = {name: count for name in SERVICES if (count := self.system.unsettled(name))}
        webhooks = self.system.call("provider", "GET", "/ledger/summary")[1]["webhooks_pending"]
        return {**found, "webhooks": webhooks} if webhooks else found

    def view(self, own, booking):
        status, _, body = self.system.ask(own, "gateway").insist("GET", f"/booking/{booking.id}")
        assert status == 200, f"{booking.id} was promised, and is not known: {status}"
        return json.loads(body)

    def refunds_open(self, views):
        """Asks again about those whose refunds the gateway has not heard of yet."""
        is_open = [index for index, view in enumerate(views)
                   if {refund["paymentId"] for refund in view["refunds"] if refund["status"] == "refunded"} !=
                   {payment.id for payment in self.bookings[index].payments} - {view.get("paymentId")}]
        for index in is_open:
            views[index] = self.view({}, self.bookings[index])
        return [views[index] for index in is_open]

    @staticmethod
    def check_outcome(booking, view):
        outcome = (view["state"], view.get("reason"), view.get("paymentId"))
        assert outcome in list(booking.allowed()), f"{booking.id} ({booking.kind}): {outcome}"
        assert view["userId"] == USER and view["amount"] == AMOUNT and view["currency"] == CURRENCY, view
        return view.get("paymentId")

    def ledger(self):
        rows, after = {}, ""
        while True:
            page = self.system.call("provider", "GET", f"/ledger?limit=100{after}")[1]
            rows.update((row["paymentId"], row) for row in page["data"])
            if not page["has_more"]:
                return rows
            after = f"&starting_after={page['data'][-1]['paymentId']}"

    def check_money(self, applied):
        """What the provider took is applied or given back, each in one refund; also by currency."""
        rows = self.ledger()
        sent = {payment.id: payment for booking in self.bookings for payment in booking.payments}
        assert rows.keys() == sent.keys()
        balance = collections.Counter()
        for key, payment in sent.items():
            row = rows[key]
            back = 0 if key in applied else payment.amount
            assert (row["captured"], row["refunded"], len(row["refunds"])) == (payment.amount, back, 1 if back else 0), row
            assert not row["adopted"] and row["currency"] == payment.currency, row
            balance[payment.currency] += row["captured"] - row["refunded"] - (payment.amount if key in applied else 0)
        assert not any(balance.values()), balance
        sums = self.system.call("provider", "GET", "/ledger/summary")[1]["currencies"]
        for currency in balance:
            kept = sum(payment.amount for key, payment in sent.items() if key in applied and payment.currency == currency)
            assert sums[currency]["captured"] == sums[currency]["refunded"] + kept, sums

    def check_documents(self):
        """Each service has stored what was sent and nothing else, and all of it has come to an end."""
        names = {booking.id for booking in self.bookings}
        assert self.system.documents("gateway").keys() == names == self.system.documents("booking").keys()
        payments = self.system.documents("payment")
        assert payments.keys() == {payment.id for booking in self.bookings for payment in booking.payments}
        assert {state["state"] for state in payments.values()} <= {"settled", "refunded"}
        for name in SERVICES:
            counts = self.system.messages(name)
            assert counts["delivered"] == sum(counts[key] for key in ("applied", "duplicates", "rejected", "deferred",
                                                                       "later", "quarantined"))

    def check_events(self, tap):
        """One outcome event per booking; what was published again is byte-identical."""
        bodies, outcomes = {}, collections.defaultdict(set)
        for event in tap.events:
            digest = hashlib.sha256(event.body).digest()
            assert bodies.setdefault(event.id, digest) == digest, f"{event.id} was published with two bodies"
            if event.type in OUTCOMES:
                outcomes[event.booking].add(event.id)
        assert {len(found) for found in outcomes.values()} == {1}
        assert outcomes.keys() == {booking.id for booking in self.bookings}
