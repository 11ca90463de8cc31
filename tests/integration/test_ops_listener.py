"""Operators and their probes have a listener of their own: nothing that clients do silences it."""
import contextlib
import socket
import subprocess
import threading
import time

import pytest
from built import BUILD, SERVICES
from system_rig import Http, until

PROBES = ("/livez", "/readyz", "/health", "/metrics")
UNAVAILABLE = 69


def test_every_probe_is_answered_there_and_nothing_of_the_clients_is(system):
    for name in SERVICES:
        for path in PROBES:
            assert system.ask_ops(name, path)[0] == 200, (name, path)
            assert system.call(name, "GET", path)[0] == 200, "and on the public port too"
    assert system.ask_ops("gateway", "/bookings")[0] == 404
    assert system.ask_ops("payment", "/payment/captured")[0] == 404


def test_clients_that_hold_every_public_thread_do_not_keep_a_probe_waiting(new_system):
    system = new_system(ROUNDTRIP_HTTP_THREADS="4").start("gateway")
    is_over = threading.Event()

    def hold():
        """A client that sends half a request, again and again."""
        while not is_over.is_set():
            with contextlib.suppress(OSError), contextlib.closing(
                    socket.create_connection(("127.0.0.1", system.ports["gateway"]), 5)) as client:
                client.sendall(b"GET /bookings HTTP/1.1\r\nHost: x\r\n")
                is_over.wait(1)

    holders = [threading.Thread(target=hold) for _ in range(40)]
    for holder in holders:
        holder.start()
    try:
        time.sleep(0.5)
        slowest_s = 0
        for _ in range(30):
            begin = time.monotonic()
            assert system.ask_ops("gateway", "/readyz")[0] == 200
            slowest_s = max(slowest_s, time.monotonic() - begin)
            time.sleep(0.1)
    finally:
        is_over.set()
        for holder in holders:
            holder.join()
    assert slowest_s < 0.5, slowest_s


def start(system, **settings):
    environment = {**system.environment("gateway"), **settings}
    return subprocess.Popen([BUILD / "gateway/roundtrip-gateway"], env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_its_port_is_the_public_one_and_a_hundred(new_system):
    system = new_system()
    environment = system.environment("gateway")
    del environment["ROUNDTRIP_OPS_PORT"]
    with subprocess.Popen([BUILD / "gateway/roundtrip-gateway"], env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            def answers():
                with contextlib.suppress(OSError), contextlib.closing(Http(system.ports["gateway"] + 100, 2)) as http:
                    return http.request("GET", "/livez")[0] == 200
                return False

            until(answers, "it lives on the derived port", 10)
        finally:
            process.kill()


@pytest.mark.parametrize("settings, named", [
    ({}, "ROUNDTRIP_OPS_PORT"),  # the port is the one of the gateway that runs
    ({"ROUNDTRIP_OPS_BIND": "localhost"}, "ROUNDTRIP_OPS_BIND"),
    ({"ROUNDTRIP_OPS_PORT": "-1", "ROUNDTRIP_HTTP_PORT": "65500"}, "ROUNDTRIP_OPS_PORT"),
])
def test_a_listener_that_cannot_be_had_is_one_clear_line(new_system, settings, named):
    system = new_system(amqp_url="amqp://127.0.0.1:1").start("gateway", ready=False)
    with start(system, ROUNDTRIP_STORE=f"sqlite:{system.folder}/second.db", **settings) as process:
        said = process.communicate(timeout=20)[0]
    assert process.returncode > 0, said
    told = [line for line in said.splitlines() if "is not known and ignored" not in line and '"info"' not in line]
    assert [named in line for line in told] == [True], said
