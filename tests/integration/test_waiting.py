"""Prefer: wait= with several gateways, clients that go away, and few threads."""
import contextlib
import json
import os
import resource
import socket
import threading
import time

from system_rig import System, until
from wait_rig import connections, until_taken


def intent(system, name):
    answer = system.call("gateway", "POST", "/booking/intent", {"intentId": name, "userId": "u", "amount": 700})
    assert answer[0] == 202, answer


def pay(system, name):
    assert system.call("provider", "POST", "/charges", {
        "intentId": name, "userId": "u", "amount": 700, "paymentId": f"p-{name}"})[0] == 201


class Waiting(threading.Thread):
    """A client that waits for a booking's outcome. Its request is out once it is made."""

    def __init__(self, system, name, wait_s=20):
        super().__init__(daemon=True)
        self.begun = time.monotonic()
        self.answer = None  # after how long, status, state, whether it was waited
        self.http = system.http("gateway", wait_s + 5)
        self.http.begin("GET", f"/booking/{name}", headers={"Prefer": f"wait={wait_s}"})
        self.start()

    def run(self):
        with contextlib.closing(self.http):
            status, headers, content = self.http.receive()
            self.answer = (time.monotonic() - self.begun, status, json.loads(content).get("state"),
                           headers.get("preference-applied"))


def answers_of(waiting):
    for client in waiting:
        client.join()
    return [client.answer for client in waiting]


class Second(System):
    """A second gateway on the first one's database and queue."""

    def __init__(self, first):
        super().__init__(first.folder, first.amqp_url, **first.settings)

    def log_name(self, name):
        return f"{name}-2"


def test_an_outcome_is_seen_within_a_second_whichever_gateway_saved_it(new_system):
    system = new_system().start()
    second = Second(system)
    with contextlib.closing(second):
        second.start("gateway")
        for number in range(6):  # the events are shared out between the two
            name = f"b{number}"
            intent(system, name)
            waiting = [Waiting(one, name) for one in (system, second)]
            for one in (system, second):
                until_taken(one.ports["gateway"])
            begin = time.monotonic()
            pay(system, name)
            answers = answers_of(waiting)
            assert [answer[1:] for answer in answers] == [(200, "confirmed", "wait")] * 2, answers
            assert time.monotonic() - begin < 2, answers


def abandon(system, name, count):
    """Clients that ask to wait, and go."""
    for _ in range(count):
        with contextlib.closing(socket.create_connection(("127.0.0.1", system.ports["gateway"]), 5)) as client:
            client.sendall(f"GET /booking/{name} HTTP/1.1\r\nHost: x\r\nPrefer: wait=30\r\n\r\n".encode())


def test_clients_that_have_gone_free_their_places(new_system):
    system = new_system().start("gateway")
    intent(system, "b1")
    abandon(system, "b1", 60)
    until(lambda: not connections(system.ports["gateway"]), "the gateway closes what its clients have left", 5)
    answers = answers_of([Waiting(system, "b1", 2) for _ in range(10)])
    assert all(answer[0] > 1.9 and answer[3] == "wait" for answer in answers), answers


def test_waiting_never_takes_the_last_threads(new_system):
    for threads in ("4", "8"):
        system = new_system(ROUNDTRIP_HTTP_THREADS=threads).start("gateway")
        intent(system, "b1")
        waiting = [Waiting(system, "b1", 4) for _ in range(2 * int(threads))]
        until_taken(system.ports["gateway"])
        slowest_s = 0
        for _ in range(10):
            begin = time.monotonic()
            assert system.call("gateway", "GET", "/booking/b1")[0] == 200
            slowest_s = max(slowest_s, time.monotonic() - begin)
        answers_of(waiting)
        assert slowest_s < 1.5, slowest_s
        system.close()


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_service_without_descriptors_for_its_clients_does_not_spin_and_says_so(new_system):
    system = new_system().start("gateway")
    pid = system.processes["gateway"].pid
    in_use = len(os.listdir(f"/proc/{pid}/fd"))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (in_use + 24, before[1]))
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", system.ports["gateway"]), 5)))
        until(lambda: system.ask_ops("gateway", "/readyz")[1]["checks"]["descriptors"]["status"] == "warn", "it is noticed", 5)
        begin_s, used_s = time.monotonic(), cpu_s(pid)
        time.sleep(2)  # of which the processor's share is measured
        assert cpu_s(pid) - used_s < 0.3 * (time.monotonic() - begin_s)
        status, answer = system.ask_ops("gateway", "/readyz")  # operators are answered all the same
        assert status == 200 and answer["checks"]["descriptors"]["status"] == "warn", answer
        assert system.ask_ops("gateway", "/livez")[0] == 200
        until(lambda: system.log("gateway").count("descriptors: ") == 1, "it is logged once", 5)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    until(lambda: system.call("gateway", "GET", "/bookings")[0] == 200, "clients are answered again")
    until(lambda: system.ask_ops("gateway", "/readyz")[1]["checks"]["descriptors"]["status"] == "pass", "well", 10)
