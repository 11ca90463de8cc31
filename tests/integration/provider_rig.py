"""A provider and a receiver of its webhooks, for the tests of the provider's real binary.

ROUNDTRIP_BUILD names the build folder (default: build in the checkout).
"""
import contextlib
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import select
import signal
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("ROUNDTRIP_BUILD", ROOT / "build")) / "provider" / "roundtrip-provider"
SECRET = "whsec_integration_test"
PATIENCE_S = 15


class Receiver:
    """A payment service of the test's own: notes every webhook and answers as it is told."""

    def __init__(self):
        self.seen = []  # (path, body as bytes, headers, is the signature right)
        self.answers = []  # statuses for the next ones; then 200
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.note(self.path, body, self.headers))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def note(self, path, body, headers):
        parts = dict(part.split("=", 1) for part in headers.get("Roundtrip-Signature", "t=,v1=").split(","))
        right = hmac.new(SECRET.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        is_right = parts["v1"] == right and abs(time.time() - int(parts["t"] or 0)) < 60
        with self.lock:
            self.seen.append((path, body, headers, is_right))
            if self.answers:
                return self.answers.pop(0)
            return 200 if is_right else 401

    def bodies(self, path, is_right=True):
        with self.lock:
            return [json.loads(body) for seen, body, _, right in self.seen if seen == path and right == is_right]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Provider:
    def __init__(self, folder, webhook_url, **settings):
        self.environment = {
            "PATH": os.environ["PATH"],
            "ROUNDTRIP_HTTP_PORT": "0",
            "ROUNDTRIP_STORE": f"sqlite:{folder}/provider.db",
            "ROUNDTRIP_WEBHOOK_URL": webhook_url,
            "ROUNDTRIP_WEBHOOK_SECRET": SECRET,
            "OTEL_SDK_DISABLED": "true",
            **settings,
        }
        self.log = []
        self.process = None
        self.start()

    def start(self):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([BINARY], env=self.environment, stdout=subprocess.PIPE, text=True)
        self.port = None
        deadline = time.monotonic() + PATIENCE_S
        while self.port is None:
            assert select.select([self.process.stdout], [], [], deadline - time.monotonic())[0], self.log
            line = self.process.stdout.readline()
            assert line, self.log
            self.log.append(json.loads(line))
            message = self.log[-1]["msg"]
            if message.startswith("ready on http://"):
                self.port = int(message.split(",")[0].rsplit(":", 1)[1])
        threading.Thread(target=self.drain, args=[self.process.stdout], daemon=True).start()

    def drain(self, stdout):
        for line in stdout:
            self.log.append(json.loads(line))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def call(self, method, path, body=None, timeout=PATIENCE_S, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if body is not None:
                sent["Content-Type"] = "application/json"
                body = json.dumps(body) if isinstance(body, dict) else body
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            text = response.read().decode()
            is_json = "json" in response.headers.get("Content-Type", "")
            return response.status, json.loads(text) if is_json else text, response.headers
        finally:
            connection.close()

    def charge(self, payment="P1", amount=500, timeout=PATIENCE_S, headers=None, **more):
        body = {"paymentId": payment, "intentId": "B1", "userId": "U1", "amount": amount, "currency": "EUR", **more}
        return self.call("POST", "/charges", {k: v for k, v in body.items() if v is not None}, timeout,
                         **(headers or {}))

    def refund(self, payment="P1", amount=500, key=None, timeout=PATIENCE_S, headers=None, **more):
        body = {"paymentId": payment, "amount": amount, "currency": "EUR", **more}
        return self.call("POST", "/refunds", body, timeout, Idempotency_Key=f'"{key or payment}"', **(headers or {}))

    def arm(self, target, fault, **more):
        status, body, _ = self.call("POST", "/faults", {"target": target, "fault": fault, **more})
        assert status == 200, body

    def account(self, payment="P1"):
        status, body, _ = self.call("GET", f"/ledger/{payment}")
        return body if status == 200 else None

    def euros(self):
        return self.call("GET", "/ledger/summary")[1]["currencies"].get("EUR")


@pytest.fixture(name="receiver")
def receiver_fixture():
    with contextlib.closing(Receiver()) as receiver:
        yield receiver


@pytest.fixture(name="start")
def start_fixture(tmp_path, receiver):
    started = []

    def start(**settings):
        started.append(Provider(tmp_path, settings.pop("url", receiver.url), **settings))
        return started[-1]

    yield start
    for provider in started:
        if provider.process.poll() is None:
            provider.kill()


@pytest.fixture(name="provider")
def provider_fixture(start):
    return start()
