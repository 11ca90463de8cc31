"""A second release is rolled out under load, back, and out again, service by service and process by process, on real
servers: no booking is lost, every outcome is right, nothing becomes a dead letter, and what only the second release
knows waits for it, unharmed. What it has more than the first is in second_release.patch."""
import contextlib
import json
import re

import pymongo
import pytest
import second_release
from fleet import Fleet, Traffic
from load_rig import AMOUNT, CURRENCY, RIGHT, USER, Load, Payment
from system_rig import BUILD as FIRST
from built import QUEUES, SERVICES
from system_rig import at_once, signature, until

FORWARD = SERVICES[::-1]  # so that each new one speaks to old ones for a while
STRANGER = ("mallory", AMOUNT, CURRENCY)
LATER_S_MAX = 20  # a message comes back after 5 s


@pytest.fixture(name="second", scope="session")
def second_fixture():
    return second_release.build()


@pytest.fixture(name="fleet", params=("sqlite", "mongodb"))
def fleet_fixture(request, tmp_path, broker):
    with contextlib.ExitStack() as stack:
        mongo = None
        if request.param == "mongodb":
            mongo = stack.enter_context(pymongo.MongoClient(request.getfixturevalue("mongod").env["MONGODB_URL"]))
        # What the first release leaves alone is repeated by both, yet not so often that a history only counts it.
        fleet = Fleet(tmp_path, broker.new_host(), mongo, ROUNDTRIP_REPEAT_AFTER_MS="8000")
        yield stack.enter_context(contextlib.closing(fleet))


# ---- bookings that the second release has begun, and that the first one meets ----

class Begun:
    """`held` and `late`: paid under the second release, before their intent, in a state that only it knows; of `late` the
    gateway is told when it is of the first release again. `open`: a stranger has paid and got it back, in states that
    the first release knows too."""

    def __init__(self, fleet, count=6):
        self.fleet = fleet
        self.load = Load(fleet, 3 * count, 0)
        for booking in self.load.bookings:
            booking.is_keyed = booking.is_doubled = False
            booking.kind, booking.payments = "paid twice", self.payments(booking, RIGHT, RIGHT)
        self.held, self.late, self.open = (self.load.bookings[index::3] for index in range(3))
        for booking in self.open:
            booking.kind, booking.payments = "a stranger pays too", self.payments(booking, STRANGER, RIGHT)

    @staticmethod
    def payments(booking, *money):
        return [Payment(f"{booking.id}-p{index}", *each) for index, each in enumerate(money)]

    def pay(self, bookings, index):
        for booking in bookings:
            self.load.pay({}, booking, [booking.payments[index]])

    def are_in(self, service, bookings, state):
        stored = self.fleet.documents(service)
        return all(stored.get(booking.id, {}).get("state") == state for booking in bookings)

    def begin(self):
        self.pay(self.held, 0)
        for booking in self.open:
            self.load.intend({}, booking)
        until(lambda: self.are_in("booking", self.open, "pending"), "intents are here before any payment")
        self.pay(self.open, 0)
        until(lambda: self.are_in("booking", self.held, "payment_held"), "the second release holds payments", 30)

        def are_told():
            views, payments = self.fleet.documents("gateway"), self.fleet.documents("payment")
            return (all("heldAt" in views.get(booking.id, {}) for booking in self.held) and
                    all(payments[booking.payments[0].id]["state"] == "refunded" for booking in self.open))

        until(are_told, "the gateway has heard of it, and strangers have their money back", 30)

    def be_late(self):
        """The second release's booking service tells the first one's gateway what that cannot know."""
        self.pay(self.late, 0)
        until(lambda: self.are_in("booking", self.late, "payment_held"), "the second release still holds payments", 30)
        until(lambda: any(self.fleet.counts_of(name)["later"] for name in self.fleet.processes_of("gateway")),
              "the first release's gateway leaves an event to a newer one", 30)

    def meet_first(self):
        """Under the first release what is open goes on, and what is held is left alone."""
        for booking in self.open:
            self.webhook_again(booking)
        self.pay(self.open, 1)
        self.pay(self.held, 1)
        for booking in self.held:
            status, problem, headers = self.fleet.call("gateway", "POST", "/booking/intent", intent(booking))
            assert (status, "retry-after" in headers) == (503, True), problem
            status, problem, _ = self.fleet.call("gateway", "GET", f"/booking/{booking.id}")
            assert status == 503 and "newer release" in json.dumps(problem), problem
        until(lambda: all(view.get("outcome", {}).get("state") == "confirmed"
                          for view in map(self.fleet.documents("gateway").get, [booking.id for booking in self.open])),
              "the first release has confirmed what it knows", 30)
        assert self.are_in("booking", self.held + self.late, "payment_held")

    def webhook_again(self, booking):
        """The provider says once more that a stranger's payment was captured: no news, but the document is saved."""
        paid = booking.payments[0]
        body = json.dumps({"paymentId": paid.id, "intentId": booking.id, "userId": paid.user, "amount": paid.amount,
                           "currency": paid.currency}).encode()
        status, _, answer = self.fleet.ask({}, "payment").insist("POST", "/payment/captured", body, signature(body))
        assert status == 200, answer

    def end(self):
        self.pay(self.late, 1)
        at_once([lambda own, booking=booking: self.load.intend(own, booking) for booking in self.held + self.late])


def intent(booking):
    return {"intentId": booking.id, "userId": USER, "amount": AMOUNT, "currency": CURRENCY}


# ---- what only the second release writes ----

def newer_fields(service, document):
    """{path: value}, elements named by their ids."""
    found = {("history", index): entry["by"] for index, entry in enumerate(document["history"]) if "by" in entry}
    state = document["state"]
    if service == "booking":
        found |= {("payments", entry["paymentId"]): entry["channel"] for entry in state["payments"] if "channel" in entry}
    if service == "payment":
        found |= {("refunds", entry["id"]): entry["of"] for entry in state["refunds"] if "of" in entry}
    if service == "gateway" and "heldAt" in state:
        found["heldAt"] = state["heldAt"]
    return found


def all_newer_fields(fleet):
    return {(service, key, path): value for service in SERVICES for key, document in fleet.stored(service).items()
            for path, value in newer_fields(service, document).items()}


def saved_by_first_after_second(document):
    by_second = ["by" in entry for entry in document["history"]]
    return any(by_second) and not all(by_second[by_second.index(True):])


def check_kept(fleet, written):
    """All that the second release had stored before it was rolled back is there, also where the first has saved since."""
    kept = all_newer_fields(fleet)
    lost = {path: value for path, value in written.items() if kept.get(path) != value}
    assert not lost, f"{len(lost)} of {len(written)} fields were lost: {list(lost.items())[:5]}"
    saved = {service: {key for key, document in fleet.stored(service).items() if saved_by_first_after_second(document)}
             for service in SERVICES}
    # by role: each has another list that grows
    for service, place in (("booking", "payments"), ("payment", "refunds"), ("gateway", "history")):
        nested = [path for path in written if path[0] == service and path[1] in saved[service] and path[2][0] == place]
        assert nested, f"{service}: the first release has saved nothing that the second had written {place} in"


# ---- what is asked of the whole ----

def check_first(fleet):
    """The first release works on, names what it leaves alone, and calls none of it wrong."""
    def leaves_alone(service):
        for name in fleet.processes_of(service):
            status, ready = fleet.ask_ops(name, "/readyz")
            check = ready["checks"]["release"]
            assert fleet.builds[name] == FIRST and status == 200, ready
            if check["status"] == "warn" and re.search(r"bookings \S+ was stored by a newer release", json.dumps(check)):
                return True
        return False

    for service in ("booking", "gateway"):
        until(lambda service=service: leaves_alone(service), f"{service} names documents of a newer release", 20)
    status, report = fleet.roundtrip(FIRST, "audit")
    assert status == 0 and "document_newer" in {item["kind"] for item in report["inFlight"]}, report
    report = fleet.roundtrip(FIRST, "replay", "--all")[1]
    assert report["different"] == 0 < report["impossible"], report


def later_depths(fleet):
    return {f"{queue}.later": depth for queue in QUEUES if (depth := fleet.depth(f"{queue}.later"))}


def check_whole(fleet, bookings, second):
    until(lambda: not later_depths(fleet), lambda: f"nothing waits for a newer release: {later_depths(fleet)}", LATER_S_MAX)
    judge = Load(fleet, 0, 0)
    judge.bookings = bookings
    judge.check()
    for name in fleet.names:
        fleet.note_counts(name)
    for (build, service), counts in fleet.counts.items():
        assert counts["quarantined"] == 0, (build, service, counts)
    status, report = fleet.roundtrip(second, "audit")
    assert status == 0, report
    check_replay(fleet, second)


def check_replay(fleet, second):
    """Every document follows from its history; of one that was told the same so often that its history only counts it,
    all that is remembered does."""
    report = fleet.roundtrip(second, "replay", "--all")[1]
    documents = sum(len(fleet.documents(name)) for name in SERVICES)
    only_counted = [one for one in report["documents"] if one["result"] == "impossible" and one["dropped"] > 0 and
                    "all others agree" in one["why"]]
    others = [one for one in report["documents"] if one["result"] != "equal" and one not in only_counted]
    assert not others and report["equal"] + len(only_counted) == documents, others
    assert len(only_counted) <= documents // 100, only_counted
    for one in only_counted:
        print(one, [(entry["at"], entry["input"], entry["verdict"], "by" in entry)
                    for entry in fleet.stored(one["service"])[one["id"]]["history"]])


def roll(fleet, services, build):
    for service in services:
        fleet.roll(service, build)


def test_a_release_is_rolled_forward_back_and_forward_under_load(fleet, second):
    begun = Begun(fleet)
    fleet.start("provider", *fleet.names)
    with Traffic(fleet) as traffic:
        traffic.flows()
        roll(fleet, FORWARD, second)
        traffic.flows()
        begun.begin()
        written = all_newer_fields(fleet)
        fleet.roll("gateway", FIRST)
        begun.be_late()
        roll(fleet, ("booking", "payment"), FIRST)
        begun.meet_first()
        check_first(fleet)
        traffic.flows()
        roll(fleet, FORWARD, second)
        begun.end()
        traffic.flows()
    check_whole(fleet, traffic.bookings() + begun.load.bookings, second)
    check_kept(fleet, written)
    for service in ("booking", "gateway"):
        assert fleet.left_to_newer(FIRST, service) > 0, f"the first release's {service} never met anything newer"
        assert fleet.left_to_newer(second, service) == 0
