"""hands - what befalls the processes of a running system: a service or the broker is killed, stopped, started.

One class for each way to run it, told by the addresses that the stage has found: `system/stack` (ROUNDTRIP_RUN_DIR, of
./run), compose (ROUNDTRIP_COMPOSE, of compose/env), or neither, where nothing can be done to processes.
"""
import json
import pathlib
import shlex
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pika

ROOT = pathlib.Path(__file__).resolve().parents[1]
NO_HANDS = 77  # the exit status of a story that needs what is not there
START_SECONDS_MAX = 90
# RabbitMQ writes a new binding down up to two seconds late. The one of who listens must be there after a kill.
SYNC = ["eval", "mnesia:sync_log()."]


def hands_for(env):
    if env.get("ROUNDTRIP_COMPOSE"):
        return ComposeHands(env)
    return StackHands(env) if env.get("ROUNDTRIP_RUN_DIR") else NoHands()


class NoHands:
    def service(self, *_, **__):
        print("  skipped: it needs a hand on the processes, and this is not where they run", flush=True)
        raise SystemExit(NO_HANDS)

    broker = service


class StackHands:
    def __init__(self, env):
        self.folder = pathlib.Path(env["ROUNDTRIP_RUN_DIR"]).parent

    def service(self, name, verb, **settings):
        """verb: start (with changed settings if wished), stop, kill."""
        words = [f"{key}={value}" for key, value in settings.items()]
        subprocess.run([ROOT / "system/stack", "service", self.folder, name, verb, *words], check=True,
                       stdout=subprocess.DEVNULL)

    def broker(self, verb):
        """verb: start, stop, kill, or, once it is stopped, wipe."""
        if verb == "kill":
            self.of_rabbitmq("ctl", *SYNC)
        self.of_rabbitmq(verb)

    def of_rabbitmq(self, verb, *words):
        subprocess.run([ROOT / "system/servers/rabbitmq", verb, self.folder / "rabbitmq", *words], check=True,
                       stdout=subprocess.DEVNULL)


class ComposeHands:
    def __init__(self, env):
        self.env = env
        self.command = shlex.split(env["ROUNDTRIP_COMPOSE"])

    def compose(self, *words, files=()):
        options = [word for file in files for word in ("-f", file)]
        done = subprocess.run([*self.command, *options, *words], check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            raise RuntimeError(f"{' '.join([*self.command, *words])}: status {done.returncode}\n{done.stdout}")

    def service(self, name, verb, **settings):
        if verb != "start":
            self.compose(verb, name)
            return
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            environment = {key: str(value) for key, value in settings.items()}
            json.dump({"version": "2.4", "services": {name: {"environment": environment}}}, file)
            file.flush()
            self.compose("up", "-d", "--no-deps", "--no-build", name, files=[file.name] if settings else ())
        await_until(lambda: lives(self.env[f"ROUNDTRIP_{name.upper()}_URL"]), f"{name} lives")

    def broker(self, verb):
        if verb == "kill":
            self.compose("exec", "-T", "rabbitmq", "rabbitmqctl", *SYNC)
        if verb == "wipe":
            self.compose("run", "--rm", "--no-deps", "-T", "--entrypoint", "rm", "rabbitmq", "-rf",
                         "/var/lib/rabbitmq/mnesia")
            return
        self.compose(verb, "rabbitmq")
        if verb == "start":
            await_until(lambda: takes(self.env["ROUNDTRIP_AMQP_URL"]), "the broker takes connections")


def await_until(question, what):
    deadline = time.monotonic() + START_SECONDS_MAX
    while not question():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {START_SECONDS_MAX} s: {what}")
        time.sleep(0.1)


def lives(url):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/livez", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def takes(url):
    try:
        pika.BlockingConnection(pika.URLParameters(url)).close()
        return True
    except (pika.exceptions.AMQPError, OSError):
        return False
