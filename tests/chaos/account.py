"""The independent audit: what the clients were promised, against what services, provider and events say now."""
import collections
import hashlib
import json

from crowd import AMOUNT, CURRENCY, USER
from built import QUEUES
from system_rig import at_once

TERMINAL = {"confirmed", "failed", "cancelled"}
PAYMENT_ENDS = {"settled", "refunded", "declined"}
OUTCOMES = {"booking.confirmed", "booking.failed", "booking.cancelled"}
RIGHT_CONFIRMED_MIN = 0.2  # of those paid right: less, and the run has shown nothing but deadlines
LIVES_MIN = 50  # below, a share says nothing


class Account:
    def __init__(self, world, lives):
        self.world = world
        self.lives = {life.id: life for life in lives}
        self.findings = []
        self.lost = []  # promised, and not there any more
        self.states = collections.Counter()
        self.applied = {}  # payment: booking
        self.promises = sum(life.is_promised + life.is_cancel_promised + len(life.known) for life in lives)

    def find(self, text):
        self.findings.append(text)

    def run(self, events):
        self.bookings()
        self.money()
        self.payments()
        self.queues()
        self.events(events)
        self.shares()
        return self

    # ---- bookings ----

    def bookings(self):
        lives = list(self.lives.values())
        views = at_once([lambda own, life=life: self.view(own, life) for life in lives])
        stored = self.world.documents("booking")
        for life, view in zip(lives, views):
            if life.is_promised and "userId" not in (view or {}):
                self.lost.append(life.id)
                self.find(f"{life.id} ({life.kind}): 202 was answered for the intent, and the gateway does not have it")
            elif view:
                self.outcome(life, view, stored.get(life.id, {}).get("state"))
        unknown = stored.keys() - self.lives.keys()
        if unknown:
            self.find(f"{len(unknown)} bookings that nobody asked for: {sorted(unknown)[:3]}")

    def view(self, own, life):
        status, _, body = self.world.ask(own, "gateway").insist("GET", f"/booking/{life.id}")
        return json.loads(body) if status == 200 else None  # of a payment without an intent it has the outcome only

    def outcome(self, life, view, stored):
        outcome = (view["state"], view.get("reason"), view.get("paymentId") if view["state"] == "confirmed" else None)
        self.states[f"{life.kind}: {view['state']}"] += 1
        if outcome not in list(life.allowed()):
            self.find(f"{life.id} ({life.kind}): {outcome} is no right outcome")
        if life.is_cancel_promised and view["state"] == "confirmed":
            self.lost.append(life.id)
            self.find(f"{life.id}: 202 was answered for the cancel, and it is confirmed")
        if stored != view["state"]:
            self.find(f"{life.id}: the gateway says {view['state']}, the booking service {stored}")
        if life.has_intent and (view["userId"], view["amount"], view["currency"]) != (USER, AMOUNT, CURRENCY):
            self.find(f"{life.id}: the intent was changed: {view}")
        if outcome[2] and self.applied.setdefault(outcome[2], life.id) != life.id:
            self.find(f"{outcome[2]} is applied to two bookings")

    # ---- money ----

    def ledger(self):
        rows, after = {}, ""
        while True:
            page = self.world.call("provider", "GET", f"/ledger?limit=100{after}")[1]
            rows.update((row["paymentId"], row) for row in page["data"])
            if not page["has_more"]:
                return rows
            after = f"&starting_after={page['data'][-1]['paymentId']}"

    def money(self):
        """Captured = applied + refunded, for each payment and for each currency; nothing is refunded twice."""
        sent = {payment.id: payment for life in self.lives.values() for payment in life.payments
                if payment.id in life.sent}
        known = {key for life in self.lives.values() for key in life.known}
        rows = self.ledger()
        kept = collections.Counter()
        for key in known - rows.keys():
            self.lost.append(key)
            self.find(f"{key}: the provider answered for it, and does not know it")
        for key, row in rows.items():
            if key not in sent:
                self.find(f"{key}: the provider has a payment that nobody sent")
                continue
            back = 0 if key in self.applied else sent[key].amount
            kept[row["currency"]] += row["captured"] - back
            if (row["captured"], row["refunded"], len(row["refunds"])) != (sent[key].amount, back, 1 if back else 0):
                self.find(f"{key}: captured {row['captured']}, {'applied' if not back else 'not applied'}, "
                          f"refunded {row['refunded']} in {len(row['refunds'])} refunds")
            if row["adopted"] or row["currency"] != sent[key].currency:
                self.find(f"{key}: {row}")
        for key in self.applied.keys() - rows.keys():
            self.find(f"{key} is applied to {self.applied[key]}, and was never captured")
        self.sums = self.world.call("provider", "GET", "/ledger/summary")[1]["currencies"]
        for currency, sums in self.sums.items():
            if sums["captured"] != sums["refunded"] + kept[currency]:
                self.find(f"{currency}: captured {sums['captured']}, refunded {sums['refunded']}, "
                          f"applied {kept[currency]}")

    def payments(self):
        states = self.world.documents("payment")
        for life in self.lives.values():
            for key in life.known - states.keys():
                self.lost.append(key)
                self.find(f"{key}: captured, its webhook acknowledged, and the payment service does not know it")
        for key, state in states.items():
            if state["state"] not in PAYMENT_ENDS:
                self.find(f"{key}: the payment has not ended: {state['state']}")

    # ---- messages ----

    def queues(self):
        for queue in QUEUES:
            count = self.world.depth(f"{queue}.dead")
            if count:
                self.find(f"{queue}.dead holds {count} messages, and nobody sent a bad one")
        for name in self.world.processes:
            if name == "provider":
                continue
            counts = self.world.messages(name)
            ways = ("applied", "duplicates", "rejected", "deferred", "later", "quarantined")
            if counts["delivered"] != sum(counts[way] for way in ways):
                self.find(f"{name}: delivered is not {' + '.join(ways)}: {counts}")

    def events(self, events):
        """One outcome for a booking, and what is published again is byte-identical."""
        bodies, outcomes = {}, collections.defaultdict(dict)
        for event in events:
            digest = hashlib.sha256(event.body).digest()
            if bodies.setdefault(event.id, digest) != digest:
                self.find(f"{event.type} {event.id} was published with two bodies")
            if event.type in OUTCOMES:
                outcomes[event.booking][event.id] = event.type
        for booking, found in outcomes.items():
            types = sorted(found.values())
            if len(types) > 1 and types != ["booking.cancelled", "booking.confirmed"]:
                self.find(f"{booking} has the outcomes {types}")

    # ---- the run itself ----

    def shares(self):
        """Too few of what should be frequent: the run has shown nothing."""
        right = {state: self.states[f"right: {state}"] for state in TERMINAL}
        if sum(right.values()) > LIVES_MIN and right["confirmed"] < RIGHT_CONFIRMED_MIN * sum(right.values()):
            self.find(f"only {right['confirmed']} of {sum(right.values())} that were paid right are confirmed")

