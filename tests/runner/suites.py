"""suites - builds and runs the test suites, and counts. Called by ./test.

A suite is a function that answers a Count. Each has a time limit; what it writes goes into
build/test-logs/, and onto the screen if it fails.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import counting
from counting import FAILED, Count

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "test-logs"
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's pika and pymongo
IN_CI = os.environ.get("CI") == "true"
LINES_SHOWN_MAX = 120
NOT_AVAILABLE = 69

SECONDS_MAX = {"build": 900, "unit": 300, "lint": 900, "contract": 600, "integration": 900, "scenarios": 900,
               "sanitizers": 1200, "instructions": 300, "mutants": 900, "simulation": 700,
               "chaos": 900}

SANITIZER_PATIENCE = 4
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:suppressions={ROOT}/tests/sanitizers/thread.supp",
}


class Step:
    """One command of a suite, in a session of its own, so that all of it can be ended."""

    running = None

    def __init__(self, name, command, seconds_max, **env):
        self.log = LOGS / f"{name.replace(' ', '-')}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as log:
            Step.running = process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env})
            try:
                self.status = process.wait(seconds_max)
            except subprocess.TimeoutExpired:
                self.status = f"not finished after {seconds_max} s"
                end_group(process)
        Step.running = None
        self.succeeded = self.status == 0
        if not self.succeeded:
            self.show(name)

    def show(self, name):
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        print(f"--- {name}: {self.status}; the log's end ({self.log.relative_to(ROOT)}):")
        print("\n".join(lines[-LINES_SHOWN_MAX:]), flush=True)


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


def build(folder, *options, **env):
    """Builds once in a run; answers whether that worked."""
    if folder not in build.done:
        if IN_CI:
            options += ("-Dwerror=true",)
        build.done[folder] = Step(f"build {folder}", ["system/build", folder, *options], SECONDS_MAX["build"],
                                  **env).succeeded
    return build.done[folder]


build.done = {}


def meson(folder, suite, seconds_max, patience=1, **env):
    """patience multiplies the time limit of each test, for builds that are slow."""
    results = ROOT / folder / "meson-logs" / f"{suite}.json"
    results.unlink(missing_ok=True)
    step = Step(f"{folder} {suite}", ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
                                      "--logbase", suite, "--suite", suite, "-t", str(patience)],
                seconds_max, CMOCKA_MESSAGE_OUTPUT="TAP", **env)
    return counting.meson_log(results, step.succeeded)


def unit():
    return meson("build", "unit", SECONDS_MAX["unit"]) if build("build") else FAILED


def contract():
    return meson("build", "contract", SECONDS_MAX["contract"]) if build("build") else FAILED


def simulation():
    """Every schedule of the simulator counts for nothing by itself: the run is one test."""
    return meson("build", "simulation", SECONDS_MAX["simulation"]) if build("build") else FAILED


def pytest(name, *arguments):
    results = LOGS / f"{name}.xml"
    results.unlink(missing_ok=True)
    step = Step(name, [PYTHON, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-rs",
                       f"--junitxml={results}", *arguments], SECONDS_MAX.get(name, 60))
    return counting.junit(results, step.succeeded)


def lint():
    """The checks look at the built programs too: their --help, their libraries."""
    is_built = build("build")
    results = LOGS / "lint.tap"
    results.unlink(missing_ok=True)
    step = Step("lint", ["tests/lint/lint", "--tap", str(results)], SECONDS_MAX["lint"])
    text = results.read_text(encoding="utf-8") if results.exists() else ""
    count = counting.at_least_one(counting.tap(text, step.succeeded), step.succeeded)
    return count + pytest("runner", "tests/runner") + (Count() if is_built else FAILED)


def integration():
    return pytest("integration", "tests/integration") if build("build") else FAILED


def scenarios():
    if not build("build"):
        return FAILED
    count = Count()
    for store in ("sqlite", "mongodb"):
        results = LOGS / f"scenarios-{store}.xml"
        results.unlink(missing_ok=True)
        step = Step(f"scenarios {store}", ["scenarios/run", "--store", store, "--junit", str(results)],
                    SECONDS_MAX["scenarios"])
        count += counting.junit(results, step.succeeded)
    return count


def instructions():
    """Prints the change against the baseline: a machine's noise does not hide it."""
    if not build("build"):
        return FAILED
    step = Step("instructions", ["bench/instructions"], SECONDS_MAX["instructions"])
    if step.status == NOT_AVAILABLE:
        return Count(skipped=1)
    if step.succeeded:
        print(step.log.read_text(encoding="utf-8"), end="")
    return Count(passed=1) if step.succeeded else FAILED


def sanitizers():
    count = Count()
    for folder, kind, suites in (("build-sanitize", "address,undefined", ("unit", "contract")),
                                 ("build-thread", "thread", ("unit", "contract"))):
        if not build(folder, f"-Db_sanitize={kind}"):
            count += FAILED
            continue
        for suite in suites:
            count += meson(folder, suite, SECONDS_MAX["sanitizers"], SANITIZER_PATIENCE,
                           **SANITIZER_OPTIONS)
    return count


def clang():
    """That clang compiles everything without a warning is what is tested; the unit tests come along."""
    if not build("build-clang", "-Dwerror=true", CC="clang"):
        return FAILED
    return Count(passed=1) + meson("build-clang", "unit", SECONDS_MAX["unit"])


def mutants():
    """Small mistakes made in the shipped code one by one: each that is noticed has passed."""
    results = LOGS / "mutants.tap"
    results.unlink(missing_ok=True)
    step = Step("mutants", ["tests/mutants/run", "--quick", "--tap", str(results)], SECONDS_MAX["mutants"])
    text = results.read_text(encoding="utf-8") if results.exists() else ""
    return counting.at_least_one(counting.tap(text, step.succeeded), step.succeeded)


def chaos():
    """Three minutes of faults on MongoDB, one on SQLite, and a broken system that must be caught."""
    if not build("build"):
        return FAILED
    count = Count()
    for name, command in (("chaos mongodb", ["tests/chaos/run", "--store", "mongodb", "--minutes", "3"]),
                          ("chaos sqlite", ["tests/chaos/run", "--store", "sqlite", "--minutes", "1"]),
                          ("chaos control", ["tests/chaos/control"])):
        step = Step(name, command, SECONDS_MAX["chaos"])
        if step.status == NOT_AVAILABLE:
            count += Count(skipped=1)
        else:
            count += Count(passed=1) if step.succeeded else FAILED
    return count


def others():
    """meson suites that have no function of their own here: fuzz, ..."""
    if not build("build"):
        return FAILED
    listed = subprocess.run(["meson", "introspect", "build", "--tests"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout
    names = set(re.findall(r'"roundtrip:([\w-]+)"', listed)) - {"unit", "contract", "simulation"}
    return sum((meson("build", name, 600) for name in sorted(names)), Count())


SUITES = {"unit": unit, "lint": lint, "contract": contract, "simulation": simulation, "integration": integration,
          "scenarios": scenarios, "sanitizers": sanitizers, "clang": clang, "instructions": instructions,
          "mutants": mutants, "chaos": chaos, "others": others}


def run(name):
    begin = time.monotonic()
    print(f"{name} ...", flush=True)
    try:
        count = SUITES[name]()
    except Exception as error:  # pylint: disable=broad-except
        print(f"--- {name}: {type(error).__name__}: {error}")
        count = FAILED
    print(f"{name}: {count} ({time.monotonic() - begin:.0f} s)", flush=True)
    return count


def interrupted(*_):
    raise KeyboardInterrupt


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(SUITES))
        return 0
    unknown = [name for name in arguments if name not in SUITES]
    if unknown:
        print(f"test: no suite {unknown[0]}; there are: {' '.join(SUITES)}", file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, interrupted)
    count = Count()
    is_interrupted = False
    try:
        for name in arguments or SUITES:
            count += run(name)
    except KeyboardInterrupt:
        is_interrupted = True
        if Step.running:
            end_group(Step.running)
        print("interrupted")
    is_skip_fatal = IN_CI and count.skipped > 0
    if is_skip_fatal:
        print("CI=true: what is skipped counts as failed, above is why")
    print(count)
    return 1 if count.failed or is_skip_fatal or is_interrupted or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
