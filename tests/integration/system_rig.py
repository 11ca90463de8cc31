"""The whole system for tests from outside: real servers, the built services, and what looks at them.

One RabbitMQ, one mongod and one Jaeger serve a whole run of pytest. Each test has a virtual host,
empty databases and a folder of its own. ROUNDTRIP_BUILD names the build folder.
"""
import collections
import contextlib
import hashlib
import hmac
import json
import os
import queue
import random
import shlex
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import uuid

import bson
import pika
import pytest
from built import BUILD, COLLECTIONS, PROGRAMS, ROOT, SERVICES

SECRET = "whsec_integration_test"
PATIENCE_S = 20
NOT_AVAILABLE = 69

Event = collections.namedtuple("Event", "type id booking body headers")


def until(question, what, patience_s=PATIENCE_S, poll_s=0.05):
    """Asks until the answer is true; what it never became is the failure."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s} s: {what() if callable(what) else what}")
        time.sleep(poll_s)


def free_port(taken=set()):  # pylint: disable=dangerous-default-value
    """Below the kernel's range for outgoing connections: nobody takes it while a service is down."""
    while True:
        port = random.SystemRandom().randrange(20000, 30000)
        with contextlib.closing(socket.socket()) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                attempt.bind(("127.0.0.1", port))
                if port not in taken:
                    taken.add(port)
                    return port


# ---- servers ----------------------------------------------------------------------------------------------------

class Server:
    """One of system/servers/, in a folder of its own."""

    def __init__(self, kind, folder):
        self.kind, self.folder, self.env = kind, folder, {}

    def run(self, verb, *words):
        return subprocess.run([ROOT / "system/servers" / self.kind, verb, self.folder, *words], capture_output=True,
                              text=True, check=False, timeout=200)

    def start(self):
        done = self.run("start")
        if done.returncode == NOT_AVAILABLE:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr
        text = (self.folder / "env").read_text(encoding="utf-8")
        self.env = dict(word.split("=", 1) for word in shlex.split(text))
        return self

    def signal(self, number):
        """To the server itself, not to its helpers."""
        os.kill(int(next(value for name, value in self.env.items() if name.endswith("_PID"))), number)

    def kill(self):
        self.run("ctl", "eval", "mnesia:sync_log().")  # RabbitMQ: or a judge's young queue may lose its binding
        assert self.run("kill").returncode == 0

    def stop(self):
        self.run("stop")


class Broker(Server):
    def __init__(self, folder):
        super().__init__("rabbitmq", folder)
        self.hosts = 0

    def ctl(self, *words):
        done = self.run("ctl", *words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def new_host(self):
        """The URL of a virtual host that nobody has used."""
        self.hosts += 1
        name = f"test{self.hosts}"
        self.ctl("add_vhost", name)
        self.ctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        return self.env["AMQP_URL"].rstrip("/") + "/" + name


# ---- what is sent -----------------------------------------------------------------------------------------------

class Http:
    """One keep-alive connection, of one thread. Raw enough to say what a library would not."""

    def __init__(self, port, timeout_s=PATIENCE_S):
        self.port = port
        self.timeout_s = timeout_s
        self.socket = None
        self.stream = None

    def close(self):
        if self.socket:
            self.stream.close()
            self.socket.close()
            self.socket = None

    def send(self, data):
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port), self.timeout_s)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.stream = self.socket.makefile("rb")
        self.socket.sendall(data)

    def receive(self):
        """(status, headers with lower-case names, body)"""
        line = self.stream.readline()
        if not line.startswith(b"HTTP/1."):
            raise ConnectionResetError(f"no answer: {line!r}")
        headers = {}
        while (field := self.stream.readline().strip()):
            name, value = field.decode("latin-1").split(":", 1)
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        body = self.stream.read(length)
        if len(body) < length:
            raise ConnectionResetError("the answer was cut off")
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(line.split()[1]), headers, body

    def begin(self, method, path, body=None, headers=None):
        """A request whose answer is for receive."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        data = b""
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data)

    def request(self, method, path, body=None, headers=None):
        try:
            self.begin(method, path, body, headers)
            return self.receive()
        except OSError:
            self.close()
            raise

    def insist(self, method, path, body=None, headers=None, patience_s=60):
        """As a good client: sends the same again after a lost connection or a 503."""
        deadline = time.monotonic() + patience_s
        while True:
            problem = None
            try:
                answer = self.request(method, path, body, headers)
                if answer[0] != 503:
                    return answer
                problem = answer[2]
            except OSError as error:
                problem = error
            assert time.monotonic() < deadline, f"{method} {path}: still {problem}"
            time.sleep(0.05)


def signature(body, at_s=None, secret=SECRET):
    at_s = int(time.time()) if at_s is None else at_s
    digest = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Roundtrip-Signature": f"t={at_s},v1={digest}"}


def at_once(jobs, threads=16):
    """Runs the jobs, callables with a dictionary of the thread's own, in order; answers in order."""
    waiting = queue.SimpleQueue()
    answers = [None] * len(jobs)
    errors = []
    for item in enumerate(jobs):
        waiting.put(item)

    def work():
        own = {}
        with contextlib.suppress(queue.Empty):
            while not errors:
                index, job = waiting.get_nowait()
                try:
                    answers[index] = job(own)
                except BaseException as error:  # pylint: disable=broad-except
                    errors.append(error)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]
    return answers


class Tap(threading.Thread):
    """Every event of the system, through a queue of our own that survives a broker's restart."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.parameters = pika.URLParameters(url)
        self.queue = f"tap.{uuid.uuid4().hex[:12]}"
        self.events = []
        self.is_ready = threading.Event()
        self.is_over = threading.Event()
        self.start()
        assert self.is_ready.wait(PATIENCE_S), "the broker does not answer at " + url

    def run(self):
        while not self.is_over.is_set():
            try:
                self.listen()
            except (pika.exceptions.AMQPError, OSError):
                self.is_over.wait(0.2)

    def listen(self):
        connection = pika.BlockingConnection(self.parameters)
        channel = connection.channel()
        channel.exchange_declare("events", "topic", durable=True)
        channel.queue_declare(self.queue, durable=True)  # classic: a young quorum queue dies with the broker
        channel.queue_bind(self.queue, "events", "#")
        channel.basic_qos(prefetch_count=500)
        self.is_ready.set()
        for method, properties, body in channel.consume(self.queue, inactivity_timeout=0.1):
            if method is not None:
                self.events.append(Event(method.routing_key, properties.message_id, properties.correlation_id, body,
                                         properties.headers or {}))
                if method.delivery_tag % 100 == 0:
                    channel.basic_ack(method.delivery_tag, multiple=True)
            elif self.is_over.is_set():
                break
        connection.close()

    def close(self):
        """Ends once nothing has come for a while."""
        self.is_over.set()
        self.join(PATIENCE_S)


# ---- the system -------------------------------------------------------------------------------------------------

class System:
    """Three services and a provider. Nothing runs before start."""

    def __init__(self, folder, amqp_url, mongo=None, **settings):
        self.folder = folder
        self.amqp_url = amqp_url
        self.mongo = mongo
        self.settings = settings
        self.ports = {name: free_port() for name in PROGRAMS}
        self.ops_ports = {name: free_port() for name in SERVICES}
        self.processes = {}
        if mongo:
            for name in SERVICES:
                mongo.drop_database(name)

    def environment(self, name):
        store = f"sqlite:{self.folder}/{name}.db"
        if self.mongo and name in SERVICES:
            host, port = self.mongo.address
            store = f"mongodb://{host}:{port}/?replicaSet=rs0"
        return {
            "PATH": os.environ["PATH"],
            "ROUNDTRIP_HTTP_PORT": str(self.ports[name]),
            **({"ROUNDTRIP_OPS_PORT": str(self.ops_ports[name])} if name in self.ops_ports else {}),
            "ROUNDTRIP_STORE": store,
            "ROUNDTRIP_AMQP_URL": self.amqp_url,
            "ROUNDTRIP_WEBHOOK_SECRET": SECRET,
            "ROUNDTRIP_PROVIDER_URL": f"http://127.0.0.1:{self.ports['provider']}",
            "ROUNDTRIP_WEBHOOK_URL": f"http://127.0.0.1:{self.ports['payment']}",
            **{key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")},
            **self.settings,
        }

    program = staticmethod(lambda name: BUILD / name / f"roundtrip-{name}")

    def start(self, *names, ready=True, **settings):
        names = names or PROGRAMS[::-1]
        for name in names:
            with open(self.folder / f"{name}.log", "ab") as log:
                self.processes[name] = subprocess.Popen([self.program(name)], env={**self.environment(name), **settings},
                                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for name in names:
            self.await_service(name, "/readyz" if ready else "/livez")
        return self

    def await_service(self, name, path):
        def answers():
            assert self.processes[name].poll() is None, f"{name} has ended: {self.log(name)[-2000:]}"
            with contextlib.suppress(OSError), contextlib.closing(self.ops(name, 2)) as http:
                return http.request("GET", path)[0] == 200
            return False

        until(answers, lambda: f"{name} {path}: {self.log(name)[-2000:]}", 30, 0.01)

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def signal(self, name, number):
        self.processes[name].send_signal(number)

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self, name, patience_s=10):
        """Asks it to end, and answers its exit status."""
        self.signal(name, signal.SIGTERM)
        return self.processes[name].wait(patience_s)

    def close(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    def http(self, name, timeout_s=PATIENCE_S):
        return Http(self.ports[name], timeout_s)

    def ops(self, name, timeout_s=PATIENCE_S):
        """Where operators are answered; the provider has no such listener."""
        return Http(self.ops_ports.get(name, self.ports[name]), timeout_s)

    def ask_ops(self, name, path, timeout_s=5):
        """(status, JSON or text) of a GET at the operators' listener."""
        with contextlib.closing(self.ops(name, timeout_s)) as http:
            status, found, content = http.request("GET", path)
            return status, json.loads(content) if "json" in found.get("content-type", "") else content.decode()

    def call(self, name, method, path, body=None, headers=None, timeout_s=PATIENCE_S):
        """One call on a connection of its own: (status, JSON or None, headers)."""
        with contextlib.closing(self.http(name, timeout_s)) as http:
            status, found, content = http.request(method, path, body, headers)
            return status, json.loads(content) if "json" in found.get("content-type", "") else content, found

    def ask(self, own, name):
        """The keep-alive connection to a service that this thread has."""
        return own.setdefault(name, self.http(name))

    def webhook(self, kind, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("payment", "POST", f"/payment/{kind}", data, signature(data) if headers is None else headers)

    def documents(self, name):
        """The states that a service has stored, by their ids."""
        if self.mongo:
            return {row["_id"]: row["state"] for row in self.mongo[name][COLLECTIONS[name]].find()}
        with contextlib.closing(sqlite3.connect(self.folder / f"{name}.db", timeout=10)) as base:
            rows = base.execute(f"SELECT id, body FROM {COLLECTIONS[name]}").fetchall()
        return {key: bson.decode(body)["state"] for key, body in rows}

    def unsettled(self, name):
        """How many of a service's documents still wait for something."""
        if self.mongo:
            waits = {"$or": [{"dueAt": {"$gt": 0}}, {"owedAt": {"$gt": 0}}]}
            return self.mongo[name][COLLECTIONS[name]].count_documents(waits)
        with contextlib.closing(sqlite3.connect(self.folder / f"{name}.db", timeout=10)) as base:
            query = f"SELECT count(*) FROM {COLLECTIONS[name]} WHERE due_at > 0 OR owed_at > 0"
            return base.execute(query).fetchone()[0]

    def messages(self, name):
        return self.call(name, "GET", "/health")[1]["messages"]

    def depth(self, queue_name):
        """Ready messages of a queue."""
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(self.amqp_url))) as connection:
            return connection.channel().queue_declare(queue_name, passive=True).method.message_count
