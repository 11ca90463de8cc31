"""bench - a private copy of the tree in which mutants are built and run."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import mutants

BUILD_SECONDS_MAX = 600
TEST_SECONDS_MAX = 30  # a mutant may hang: that is a killer too
SIMULATOR_SECONDS_MAX = 90
POLL_SECONDS = 0.1
SIMULATOR_FOUND = "making it shorter"  # that is for people
CONTRACT_SECONDS_MAX = 200
SIMULATOR = "sim/roundtrip-sim"
# The simulator by other names, and a check of a document.
NOT_OURS = {"simulation", "simulation_replay", "sim_shrink", "exhaust"}
PRINTED = "same_output"  # a test that a document is what a program prints: a mutant that changes it is not noticed by that
OPTIONS = ["--buildtype=plain", "-Doptimization=1"]

FAILED_TEST = re.compile(r"^not ok \d+ - (\S+)", re.MULTILINE)
ASSERTION = re.compile(r"([\w./-]+\.[ch]):\d+: (\w+): Assertion")
SEED = re.compile(r"^seed (\d+): (.*)", re.MULTILINE)


class DoesNotCompile(Exception):
    """A mutant that the compiler refuses proves nothing."""


class Unsound(Exception):
    """The tree itself fails."""


running = set()  # by all threads: what must not outlive this program


def end_all():
    for process in list(running):
        end(process)


def run(command, folder, seconds_max, enough=None):
    """(exit status or None for a hang, what it wrote). Ended with all that it has started, and as soon as it
    writes the text that is enough."""
    environment = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True, env=environment)
        running.add(process)
        status, deadline = None, time.monotonic() + seconds_max
        while status is None and time.monotonic() < deadline:
            try:
                status = process.wait(POLL_SECONDS if enough else seconds_max)
            except subprocess.TimeoutExpired:
                if enough and enough in written(output):
                    status = 1
        end(process)
        running.discard(process)
        return status, written(output)


def written(output):
    """Read beside the writer, whose place in the file stays as it is."""
    return os.pread(output.fileno(), os.fstat(output.fileno()).st_size, 0).decode(errors="replace")


def end(process):
    if process.poll() is not None:
        return
    for sent, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sent)
            process.wait(patience)
            return
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def reason(status, output):
    """Why a test failed, in a few words."""
    if status is None:
        return "hangs"
    assertion = ASSERTION.search(output)
    if assertion:
        return f"assertion in {assertion[2]}"
    return f"signal {-status}" if status < 0 else f"exit status {status}"


class Bench:
    def __init__(self, folder, options=()):
        self.folder, self.built, self.options = folder, folder / "build", [*OPTIONS, *options]
        self.tests = {}  # name: (target, command)
        self.contracts = {}  # name: command
        self.sources = {}  # target: what it is made of

    def prepare(self):
        mutants.copy_tree(self.folder)
        if not (self.built / "build.ninja").exists():
            shutil.rmtree(self.built, ignore_errors=True)
            self.must(["meson", "setup", *self.options, "build"], self.folder)
        self.must(["ninja", "build.ninja"], self.built)  # sees new files of the build description
        _, listed = run(["meson", "introspect", "--tests", "."], self.built, BUILD_SECONDS_MAX)
        for test in json.loads(listed):
            target = os.path.relpath(test["cmd"][0], self.built)
            is_printed = test["cmd"][0].endswith(PRINTED)
            if "roundtrip:unit" in test["suite"] and test["name"] not in NOT_OURS and not is_printed:
                settings = [f"{name}={value}" for name, value in test["env"].items()]
                self.tests[test["name"]] = (target, ["env", *settings, *test["cmd"]])
            elif "roundtrip:contract" in test["suite"]:
                self.contracts[test["name"]] = test["cmd"]
        targets = sorted({target for target, _ in self.tests.values() if not target.startswith("..")})
        self.ninja([SIMULATOR, *targets])
        for target in [SIMULATOR, *targets]:
            _, inputs = run(["ninja", "-t", "inputs", target], self.built, BUILD_SECONDS_MAX)
            self.sources[target] = {line.removeprefix("../") for line in inputs.splitlines()}

    def must(self, command, folder):
        status, output = run(command, folder, BUILD_SECONDS_MAX)
        if status != 0:
            raise Unsound(f"{' '.join(command)}: {reason(status, output)}\n{output[-2000:]}")

    def ninja(self, targets):
        if not targets:
            return
        status, output = run(["ninja", "-j", "2", *targets], self.built, BUILD_SECONDS_MAX)
        if status != 0:
            errors = [line for line in output.splitlines() if "error" in line]
            raise DoesNotCompile(errors[0] if errors else reason(status, output))

    def touched(self, target, paths):
        """Whether a target is made of one of these files; a header may be in every one."""
        return paths is None or any(path in self.sources.get(target, ()) or path.endswith(".h") for path in paths)

    def is_simulated(self, paths):
        return self.touched(SIMULATOR, paths)

    def restore(self, paths):
        for path in paths:
            shutil.copy(mutants.ROOT / path, self.folder / path)

    def named_after(self, paths):
        """The tests whose names say that they are about these files: the likely killers."""
        stems = [pathlib.PurePath(path).stem for path in paths]
        folders = [pathlib.PurePath(path).parent.name for path in paths]
        return {name for name in self.tests if any(word in name or name in word for word in stems + folders)}

    def unit_killer(self, paths, names=None):
        """The first test that fails, "" if none does, None if none has to do with these files."""
        asked = {name: test for name, test in self.tests.items()
                 if self.touched(test[0], paths) and (names is None or name in names)}
        self.ninja([target for target, _ in asked.values() if target in self.sources])
        for name, (_, command) in asked.items():
            status, output = run(command, self.built, TEST_SECONDS_MAX)
            if status == 0:
                continue
            failed = FAILED_TEST.search(output)
            return f"{name}: {failed[1] if failed and status is not None else reason(status, output)}"
        return "" if asked else None

    def simulator_killer(self, schedules):
        self.ninja([SIMULATOR])
        status, output = run([self.built / SIMULATOR, "--schedules", str(schedules)], self.built,
                             SIMULATOR_SECONDS_MAX, enough=SIMULATOR_FOUND)
        if status == 0:
            return ""
        found = SEED.search(output)
        if status is None or not found:
            return reason(status, output)
        what = re.split(":| of ", found[2])[0]
        return f"{reason(status, output) if what == 'crash' else what} (seed {found[1]})"

    def contract_killer(self, name):
        command = self.contracts[name]
        # meson names its own programs from the build folder on, a script by its whole path
        paths = [self.built / word for word in command[1:] if "/" in word]
        made = [str(path.relative_to(self.built)) for path in paths if path.is_relative_to(self.built)]
        self.ninja(made)
        status, output = run(command, self.built, CONTRACT_SECONDS_MAX)
        if status == 0:
            return ""
        failed = FAILED_TEST.search(output)
        return f"{name}: {failed[1] if failed and status is not None else reason(status, output)}"
