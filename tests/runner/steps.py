"""steps - commands that suites run: in sessions of their own, within a time, with what they write in build/test-logs/.

Suites of different lanes run at the same time, in threads. Each has a Budget, which all its steps share.
"""
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "test-logs"
LINES_SHOWN_MAX = 120
NOT_AVAILABLE = 69

printing = threading.Lock()  # what one suite says stays together
running = set()  # processes, by all threads: what must not outlive this program
is_over = threading.Event()  # somebody interrupts: nothing new is begun
own = threading.local()  # .budget, .nice: of the suite that this thread runs


class Interrupted(Exception):
    """No verdict: the whole run ends."""


class Budget:
    """The seconds that a suite may take. Compiling is not counted: how long it takes depends on what was there."""

    def __init__(self, seconds_max):
        self.seconds_max, self.spent_s = seconds_max, 0

    def left_s(self):
        return max(1, self.seconds_max - self.spent_s)


def say(text):
    with printing:
        print(text, flush=True)


def show_end(title, log):
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    say("\n".join([f"--- {title}; the log's end ({log.relative_to(ROOT)}):", *lines[-LINES_SHOWN_MAX:]]))


class Step:
    """One command, ended with all that it has started once its suite's time is up."""

    def __init__(self, name, command, seconds_max=None, **env):
        self.log = LOGS / f"{name.replace(' ', '-')}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if is_over.is_set():
            raise Interrupted
        limit_s = seconds_max or own.budget.left_s()
        begin = time.monotonic()
        with open(self.log, "wb") as log:
            process = subprocess.Popen(
                niced(command), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env})
            running.add(process)
            try:
                self.status = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                self.status = f"not finished after {limit_s:.0f} s"
                end_group(process)
            running.discard(process)
        if is_over.is_set():
            raise Interrupted
        if not seconds_max:
            own.budget.spent_s += time.monotonic() - begin
        self.succeeded = self.status == 0
        if not self.succeeded and self.status != NOT_AVAILABLE:
            show_end(f"{name}: {self.status}", self.log)

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")


def niced(command):
    """What only computes gives way to what watches the clock."""
    return ["nice", "-n", str(own.nice), *command] if getattr(own, "nice", 0) else command


def end_group(process):
    """Asks first, so that servers which a test has started are stopped by it."""
    for sent, patience in ((signal.SIGTERM, 30), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sent)
            process.wait(patience)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            pass


def end_all():
    is_over.set()
    for process in list(running):
        end_group(process)


def progress(command):
    """Runs what tells its progress itself, on the screen: (status, what it wrote, empty where that is a terminal)."""
    if sys.stderr.isatty():
        return subprocess.run(command, cwd=ROOT, check=False).returncode, ""
    done = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    written = ""
    for line in done.stderr:
        say(line.rstrip())
        written += line
    return done.wait(), written
