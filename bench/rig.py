"""Private servers and systems to measure, and what /proc says about their processes."""
import contextlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pika

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "system"))
import services  # noqa: E402  pylint: disable=wrong-import-position

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SAMPLE_PACE_S = 0.25
STEP_SECONDS_MAX = 1800


def say(text):
    print(f"bench: {text}", flush=True)


def run(*command, seconds_max=STEP_SECONDS_MAX, **options):
    """What it prints; its end is awaited."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False,
                          timeout=seconds_max, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def read_env(path):
    return dict(word.split("=", 1) for word in shlex.split(path.read_text(encoding="utf-8")))


def until(question, what, patience_s=60, poll_s=0.02):
    deadline = time.monotonic() + patience_s
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {patience_s} s: {what}")
        time.sleep(poll_s)
    return answer


def get(url, timeout_s=5):
    """(status, text); status 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


# ---- processes --------------------------------------------------------------------------------------------------

def cpu_s(pid):
    """User and system time so far, all threads; 0 for a process that has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * TICK_S


def machine_cpu_s():
    """What all cores have worked so far: user, nice, system, interrupts, and what a host took from us."""
    fields = pathlib.Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    return sum(int(fields[index]) for index in (0, 1, 2, 5, 6, 7)) * TICK_S


def rss_mb(pid):
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def pss_mb(pid):
    """Resident memory, a page that several processes share counted in parts: only so may it be added up."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


class Watch(threading.Thread):
    """Memory of processes and depth of queues over time, while a with block runs; the CPU time that it took.

    participants: as services.py describes them; they are measured more closely, and so are their queues.
    """

    def __init__(self, pids, participants, amqp_url=None):
        super().__init__(daemon=True)
        self.names = {one["name"] for one in participants}
        self.queues = [one["queue"] for one in participants]
        self.pids, self.amqp_url = dict(pids), amqp_url
        self.series = []
        self.cpu_s = {}
        self.machine_before = self.machine_cpu_s = self.begin = self.took_s = 0.0
        self.before = {}
        self.is_over = threading.Event()

    def __enter__(self):
        self.machine_before = machine_cpu_s()
        self.before = {name: cpu_s(pid) for name, pid in self.pids.items()}
        self.begin = time.monotonic()
        self.start()
        return self

    def __exit__(self, *_):
        self.cpu_s = {name: cpu_s(pid) - self.before[name] for name, pid in self.pids.items()}
        self.machine_cpu_s = machine_cpu_s() - self.machine_before
        self.took_s = time.monotonic() - self.begin
        self.is_over.set()
        self.join()

    def others_share(self, own_s=0):
        """Of all cores: what processes took that are not being measured. It should be next to nothing."""
        others_s = self.machine_cpu_s - sum(self.cpu_s.values()) - own_s
        return round(max(0, others_s) / (self.took_s * os.cpu_count()), 3)

    def run(self):
        channel = self.open()
        while not self.is_over.wait(SAMPLE_PACE_S):
            self.series.append({
                "t": round(time.monotonic() - self.begin, 2),
                "rss_mb": {name: round(rss_mb(pid), 1) for name, pid in self.pids.items()},
                "pss_mb": {name: round(pss_mb(pid), 1) for name, pid in self.pids.items() if name in self.names},
                "depth": {queue: channel.queue_declare(queue, passive=True).method.message_count
                          for queue in self.queues} if channel else {},
            })
        if channel:
            channel.connection.close()

    def open(self):
        return pika.BlockingConnection(pika.URLParameters(self.amqp_url)).channel() if self.amqp_url else None

    def peak(self, kind):
        names = {name for sample in self.series for name in sample[kind]}
        return {name: max(sample[kind].get(name, 0) for sample in self.series) for name in sorted(names)}


# ---- servers ----------------------------------------------------------------------------------------------------

class Server:
    """One of system/servers/, in a folder of its own."""

    def __init__(self, kind, folder):
        self.kind, self.folder = kind, folder
        run(ROOT / "system/servers" / kind, "start", folder, seconds_max=300)
        self.env = read_env(folder / "env")

    @property
    def pid(self):
        return int(self.env[f"{self.kind.upper()}_PID"])

    def ctl(self, *words):
        return run(ROOT / "system/servers" / self.kind, "ctl", self.folder, *words)

    def new_host(self, name):
        """The URL of a virtual host that nobody has used."""
        self.ctl("add_vhost", name)
        self.ctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        return self.env["AMQP_URL"].rstrip("/") + "/" + name

    def stop(self):
        run(ROOT / "system/servers" / self.kind, "stop", self.folder)


class System:
    """The three services and the provider, by system/stack."""

    def __init__(self, folder, store, amqp_url, build, **settings):
        self.folder, self.store, self.amqp_url, self.build = folder, store, amqp_url, build
        self.store_url = f"sqlite:{folder}/store" if store == "sqlite" else store
        self.settings = {"OTEL_SDK_DISABLED": "true", "LOG_LEVEL": "warning", **settings}
        self.env = {}

    def stack(self, *words):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("ROUNDTRIP_", "OTEL_", "LOG_"))}
        return run(ROOT / "system/stack", *words, env={**clean, **self.settings}, seconds_max=120)

    def start(self):
        self.stack("start", self.folder, "--ports", "auto", "--store", self.store_url, "--amqp", self.amqp_url,
                   "--build", self.build)
        self.env = read_env(self.folder / "run/env")
        return self

    def stop(self):
        self.stack("stop", self.folder)

    def service(self, name, verb):
        self.stack("service", self.folder, name, verb)

    def url(self, name):
        return self.env[f"ROUNDTRIP_{name.upper()}_URL"]

    def pids(self, *names):
        return {name: int((self.folder / f"run/{name}.pid").read_text(encoding="utf-8"))
                for name in names or services.names()}

    def metric(self, name, pattern):
        """The sum of the samples whose line begins with the pattern."""
        lines = get(self.url(name) + "/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(pattern))

    def load(self, *words):
        """roundtrip bench; (what it measured, its own CPU seconds)"""
        command = [self.build / "cli/roundtrip", "bench", "-o", "json", *words]
        return timed(command, env={**os.environ, "ROUNDTRIP_ENV": str(self.folder / "run/env")})


def timed(command, env=None):
    """(the JSON that it prints, its CPU seconds)"""
    with subprocess.Popen([str(word) for word in command], cwd=ROOT, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        out, err = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not out:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {process.returncode}: {out}{err}")
    return json.loads(out), usage.ru_utime + usage.ru_stime
