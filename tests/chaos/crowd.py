"""Clients that never stop: bookings and payments of every kind, and a note of every promise that was made to them."""
import collections
import dataclasses
import itertools
import json
import random
import threading
import time

from system_rig import signature

AMOUNT, CURRENCY, USER = 1000, "EUR", "alice"
RIGHT = (USER, AMOUNT, CURRENCY)
PATIENCE_S = 90
ANSWERS_LATER = {429, 500, 502, 503, 504}

Payment = collections.namedtuple("Payment", "id user amount currency")

# kind: (weight, payments as (user, amount, currency), steps besides intent and payments)
KINDS = {
    "right": (50, [RIGHT], []),
    "wrong amount": (6, [(USER, AMOUNT - 1, CURRENCY)], []),
    "wrong currency": (5, [(USER, AMOUNT, "USD")], []),
    "paid twice": (6, [RIGHT, RIGHT], []),
    "paid right and wrong": (4, [RIGHT, (USER, AMOUNT + 1, CURRENCY)], []),
    "a stranger pays too": (4, [("mallory", AMOUNT, CURRENCY), RIGHT], []),
    "never paid": (4, [], []),
    "no intent": (4, [RIGHT], []),
    "cancelled": (7, [RIGHT], ["cancel"]),
    "cancelled, never paid": (3, [], ["cancel"]),
    "declined": (3, [], ["decline"]),
    "asked twice, differently": (4, [RIGHT], ["conflict"]),
}


@dataclasses.dataclass
class Life:
    """One booking as its clients see it. What is promised was answered, and must be kept."""
    name: str
    id: str  # the name, or what the gateway makes of it
    kind: str
    payments: list
    extras: list
    is_doubled: bool
    is_keyed: bool
    has_intent: bool
    is_promised: bool = False  # 202 for the intent
    is_cancel_promised: bool = False  # 202 for the cancel
    known: set = dataclasses.field(default_factory=set)  # payments whose charge or webhook was answered
    sent: set = dataclasses.field(default_factory=set)  # payments that the provider may have

    def allowed(self):
        """(state, reason, applied payment) of each right outcome. Deadlines are short, and a fault may outlast them."""
        yield "failed", "payment_timeout", None
        if self.payments:
            yield "failed", "intent_timeout", None
        if "cancel" in self.extras:
            yield "cancelled", None, None
        if "decline" in self.extras:
            yield "failed", "payment_declined", None
        if not self.has_intent:
            return
        for payment in self.payments:
            if payment.user != USER:
                continue
            if payment.currency != CURRENCY:
                yield "failed", "currency_mismatch", None
            elif payment.amount != AMOUNT:
                yield "failed", "amount_mismatch", None
            elif not self.is_cancel_promised:
                yield "confirmed", None, payment.id


class Crowd:
    """`threads` clients, each with at most one booking in hand, pausing between calls. Insists on every answer."""

    def __init__(self, world, seed, threads, pause_s):
        self.world, self.seed, self.pause_s = world, seed, pause_s
        self.numbers = itertools.count()
        self.lives = []
        self.problems = []  # what no client should meet
        self.slowest_s = 0.0
        self.is_over = threading.Event()
        self.threads = threads
        self.workers = []

    def begin(self):
        self.is_over.clear()
        self.workers = [threading.Thread(target=self.work, args=[index], daemon=True) for index in range(self.threads)]
        for worker in self.workers:
            worker.start()

    def end(self):
        """Returns when every client has had the answers it was waiting for."""
        self.is_over.set()
        for worker in self.workers:
            worker.join(PATIENCE_S + 10)

    def new_life(self, source):
        number = next(self.numbers)
        kind = source.choices(list(KINDS), [weight for weight, _, _ in KINDS.values()])[0]
        _, payments, extras = KINDS[kind]
        name = f"C{self.seed}-{number}"
        life = Life(name, name, kind, [Payment(f"{name}-p{index}", *money) for index, money in enumerate(payments)],
                    extras, source.random() < 0.2, kind != "no intent" and source.random() < 0.15, kind != "no intent")
        self.lives.append(life)
        return life

    def work(self, index):
        source = random.Random(f"{self.seed}-{index}-{len(self.lives)}")
        own = {}
        while not self.is_over.is_set():
            life = self.new_life(source)
            try:
                for step in self.plan(life, source):
                    step(own, source)
                    time.sleep(source.uniform(0, self.pause_s))
            except Exception as failure:  # pylint: disable=broad-except
                self.problems.append(f"{life.id} ({life.kind}): {type(failure).__name__}: {failure}")

    def plan(self, life, source):
        """The calls for one booking, in any order that a client could choose."""
        def intend(own, _):
            self.intend(own, life)

        steps = [lambda own, source, payment=payment: self.pay(own, source, life, payment) for payment in life.payments]
        if "decline" in life.extras:
            steps.append(lambda own, source: self.decline(own, source, life))
        if life.has_intent:
            steps += [intend] * (2 if life.is_doubled else 1)
        source.shuffle(steps)
        if life.is_keyed:  # its id is known by the answer only
            steps.sort(key=lambda step: step is not intend)
        for extra in set(life.extras) & {"cancel", "conflict"}:
            first = steps.index(intend)
            steps.insert(source.randint(first + 1, len(steps)),
                         lambda own, _, extra=extra: getattr(self, extra)(own, life))
        return steps

    # ---- calls ----

    def call(self, own, name, path, body, expected, headers=None):
        """Repeats the same call, as a good client does, until it is answered for good."""
        begin = time.monotonic()
        data = json.dumps(body).encode()
        while True:
            try:
                status, found, answer = self.world.ask(own, name).request("POST", path, data,
                                                                          headers(data) if headers else {})
                if status not in ANSWERS_LATER:
                    assert status in expected, f"POST {path}: {status} {answer[:300]}"
                    self.slowest_s = max(self.slowest_s, time.monotonic() - begin)
                    return status, found, json.loads(answer) if answer[:1] == b"{" else {}
                problem = status
            except OSError as error:
                problem = error
            assert time.monotonic() - begin < PATIENCE_S, f"POST {name} {path}: still {problem} after {PATIENCE_S} s"
            time.sleep(0.1)

    def intend(self, own, life):
        body = {"userId": USER, "amount": AMOUNT, "currency": CURRENCY}
        if life.is_keyed:
            _, found, _ = self.call(own, "gateway", "/booking/intent", body, {202},
                                    lambda _: {"Idempotency-Key": f'"{life.name}"'})
            life.id = found["location"].rsplit("/", 1)[1]
        else:
            self.call(own, "gateway", "/booking/intent", {**body, "intentId": life.id}, {202})
        life.is_promised = True

    def conflict(self, own, life):
        """The first intent is immutable."""
        body = {"userId": USER, "amount": AMOUNT + 7, "currency": CURRENCY, "intentId": life.id}
        self.call(own, "gateway", "/booking/intent", body, {409, 422})

    def cancel(self, own, life):
        status, _, _ = self.call(own, "gateway", f"/booking/{life.id}/cancel", {"userId": USER}, {202, 409})
        life.is_cancel_promised = life.is_cancel_promised or status == 202

    def pay(self, own, source, life, payment):
        body = {"paymentId": payment.id, "intentId": life.id, "userId": payment.user, "amount": payment.amount,
                "currency": payment.currency}
        life.sent.add(payment.id)
        self.call(own, "provider", "/charges", body, {200, 201})
        life.known.add(payment.id)
        if life.is_doubled:  # what the provider's webhook says, once more
            self.call(own, source.choice(self.world.of_role("payment")), "/payment/captured", body, {200}, signature)

    def decline(self, own, source, life):
        body = {"paymentId": f"{life.id}-declined", "intentId": life.id, "userId": USER, "final": True,
                "reason": "insufficient_funds"}
        self.call(own, source.choice(self.world.of_role("payment")), "/payment/declined", body, {200}, signature)
