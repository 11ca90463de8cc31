"""suites - the test suites: what each runs, in which lane, within which budget. Called by ./test.

A suite is a function that answers a Count. What it writes goes into build/test-logs/, and onto the screen if it fails.
"""
import os
import re
import signal
import subprocess
import sys
import threading

import counting
import lanes
import needs
import steps
from counting import FAILED, Count
from lanes import COMPUTES, SERVERS, Suite
from steps import LOGS, NOT_AVAILABLE, ROOT, Step, say

PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's pika and pymongo
IN_CI = os.environ.get("CI") == "true"
BUILD_SECONDS_MAX = 900
PATIENCE = 2  # times each test's own limit: there are two lanes
SANITIZER_PATIENCE = 6
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:suppressions={ROOT}/tests/sanitizers/thread.supp",
}
QUICK_SCHEDULES = 3000
RANDOM_MINUTES = "6"


class Builds:
    """Each folder is built once in a run; who needs one that is being built waits for it."""

    def __init__(self):
        self.lock, self.folders, self.done = threading.Lock(), {}, {}

    def __call__(self, folder, *options, **env):
        """Whether that worked."""
        with self.lock:
            lock = self.folders.setdefault(folder, threading.Lock())
        with lock:
            if folder not in self.done:
                if IN_CI:
                    options += ("-Dwerror=true",)
                self.done[folder] = Step(f"build {folder}", ["system/build", folder, *options],
                                         seconds_max=BUILD_SECONDS_MAX, **env).succeeded
            return self.done[folder]


build = Builds()


def meson(folder, suite, patience=PATIENCE, **env):
    results = ROOT / folder / "meson-logs" / f"{suite}.json"
    results.unlink(missing_ok=True)
    step = Step(f"{folder} {suite}", ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
                                      "--logbase", suite, "--suite", suite, "-t", str(patience)],
                CMOCKA_MESSAGE_OUTPUT="TAP", **env)
    return counting.meson_log(results, step.succeeded)


def of_build(suite):
    """A suite of meson's: of the simulator, every schedule counts for nothing by itself, the run is one test."""
    return lambda: meson("build", suite) if build("build") else FAILED


def with_tap(name, *command):
    """A program that writes a line of TAP for each of its tests into the file that --tap names."""
    results = LOGS / f"{name}.tap"
    results.unlink(missing_ok=True)
    step = Step(name, [*command, "--tap", str(results)])
    if step.status == NOT_AVAILABLE:
        say(step.text().rstrip())
        return Count(skipped=1)
    text = results.read_text(encoding="utf-8") if results.exists() else ""
    return counting.at_least_one(counting.tap(text, step.succeeded), step.succeeded)


def plain(name, *command, shown=False):
    """A program that is one test; 69 says that something is missing, and what."""
    step = Step(name, list(command))
    if shown or step.status == NOT_AVAILABLE:
        say(step.text().rstrip())
    if step.status == NOT_AVAILABLE:
        return Count(skipped=1)
    return Count(passed=1) if step.succeeded else FAILED


def pytest(name, *arguments):
    results = LOGS / f"{name}.xml"
    results.unlink(missing_ok=True)
    step = Step(name, [PYTHON, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-rs",
                       f"--junitxml={results}", *arguments])
    return counting.junit(results, step.succeeded)


def lint():
    """The checks look at the built programs too: their --help, their libraries."""
    is_built = build("build")
    count = with_tap("lint", "tests/lint/lint") + pytest("runner", "tests/runner", "tests/chaos")
    return count + (Count() if is_built else FAILED)


def integration():
    return pytest("integration", "tests/integration") if build("build") else FAILED


def scenarios():
    if not build("build"):
        return FAILED
    count = Count()
    for store in ("sqlite", "mongodb"):
        results = LOGS / f"scenarios-{store}.xml"
        results.unlink(missing_ok=True)
        step = Step(f"scenarios {store}", ["scenarios/run", "--store", store, "--junit", str(results)])
        if step.status == NOT_AVAILABLE:
            say(step.text().rstrip())
            count += Count(skipped=1)
        else:
            count += counting.junit(results, step.succeeded)
    return count


def instructions():
    """Prints the change against the baseline: a machine's noise does not hide it."""
    return plain("instructions", "bench/instructions", shown=True) if build("build") else FAILED


def sanitizers():
    count = Count()
    for folder, kind in (("build-sanitize", "address,undefined"), ("build-thread", "thread")):
        if not build(folder, f"-Db_sanitize={kind}"):
            count += FAILED
            continue
        for suite in ("unit", "contract"):
            count += meson(folder, suite, SANITIZER_PATIENCE, **SANITIZER_OPTIONS)
    return count


def clang():
    """That clang compiles everything without a warning is what is tested; the unit tests come along."""
    if not build("build-clang", "-Dwerror=true", CC="clang"):
        return FAILED
    return Count(passed=1) + meson("build-clang", "unit")


def mutants():
    """Small mistakes made in the shipped code one by one: each that is noticed has passed."""
    return with_tap("mutants", "tests/mutants/run", "--quick")


def chaos():
    """Three minutes of faults on MongoDB, one on SQLite, and a broken system that must be caught."""
    if not build("build"):
        return FAILED
    return (plain("chaos mongodb", "tests/chaos/run", "--store", "mongodb", "--minutes", "3")
            + plain("chaos sqlite", "tests/chaos/run", "--store", "sqlite", "--minutes", "1")
            + plain("chaos control", "tests/chaos/control"))


def upgrade():
    """A second release, made by a patch, rolled out, back, and out again under load."""
    is_made = Step("build second release", ["tests/upgrade/second_release.py", "build"],
                   seconds_max=BUILD_SECONDS_MAX).succeeded
    return pytest("upgrade", "tests/upgrade") if build("build") and is_made else FAILED


def participant():
    """The example of docs/participant.md, added to a copy of this tree and looked at with every tool."""
    is_made = Step("build example", ["tests/participant/toy.py", "build"], seconds_max=BUILD_SECONDS_MAX).succeeded
    return pytest("participant", "tests/participant") if build("build") and is_made else FAILED


def in_containers(name):
    """A suite that makes containers of its own: fresh, compose."""
    return lambda: with_tap(name, f"tests/containers/{name}")


def random_mutants():
    """Ten mistakes drawn by the commit: which of them live is for people to read."""
    count = with_tap("random", "tests/mutants/random", "--count", "10", "--minutes", RANDOM_MINUTES)
    say((LOGS / "random.log").read_text(encoding="utf-8", errors="replace").rstrip())
    return count


def others():
    """meson suites that have no function of their own here: fuzz, ..."""
    if not build("build"):
        return FAILED
    listed = subprocess.run(["meson", "introspect", "build", "--tests"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout
    names = set(re.findall(r'"roundtrip:([\w-]+)"', listed)) - {"unit", "contract", "simulation"}
    return sum((meson("build", name) for name in sorted(names)), Count())


def quick():
    """What says most in a minute, between two edits."""
    if not build("build"):
        return FAILED
    return (meson("build", "unit") + with_tap("lint changed", "tests/lint/lint", "--changed")
            + plain("simulation quick", "build/sim/roundtrip-sim", "--schedules", str(QUICK_SCHEDULES)))


# In each lane in the order in which they are most likely to say something.
SUITES = [
    Suite("contract", of_build("contract"), SERVERS, 600, needs=("mongodb",)),
    Suite("integration", integration, SERVERS, 1800, needs=("mongodb", "jaeger")),
    Suite("scenarios", scenarios, SERVERS, 700, needs=("mongodb", "jaeger")),
    Suite("chaos", chaos, SERVERS, 900, needs=("mongodb",)),
    Suite("participant", participant, SERVERS, 900),
    Suite("unit", of_build("unit"), COMPUTES, 300),
    Suite("lint", lint, COMPUTES, 1500),
    Suite("simulation", of_build("simulation"), COMPUTES, 500),
    Suite("others", others, COMPUTES, 300),
    Suite("clang", clang, COMPUTES, 600),
    Suite("sanitizers", sanitizers, COMPUTES, 2000, needs=("mongodb",)),
    Suite("instructions", instructions, COMPUTES, 300),
    Suite("mutants", mutants, COMPUTES, 2400, needs=("mongodb",)),
    Suite("fresh", in_containers("fresh"), SERVERS, 1500, needs=("containers",), takes_turns=True),
    Suite("compose", in_containers("compose"), SERVERS, 1800, needs=("mongodb", "jaeger", "containers"),
          takes_turns=True),
    Suite("upgrade", upgrade, SERVERS, 600, needs=("mongodb",), takes_turns=True),
    Suite("random", random_mutants, COMPUTES, 700, takes_turns=True),
    Suite("quick", quick, COMPUTES, 90, is_asked_for=True),
]


def choose(arguments):
    """The suites that are asked for; None if one is not there."""
    if arguments == ["all"]:
        return [suite for suite in SUITES if suite.run is not quick]  # which is in the others
    by_name = {suite.name: suite for suite in SUITES}
    unknown = [name for name in arguments if name not in by_name]
    if unknown:
        print(f"test: no suite {unknown[0]}; there are: all {' '.join(by_name)}", file=sys.stderr)
        return None
    return [by_name[name] for name in arguments] or lanes.chosen_by_default(SUITES, commit())


def commit():
    done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    return done.stdout.strip()


def interrupted(*_):
    raise KeyboardInterrupt


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(["all", *(suite.name for suite in SUITES)]))
        return 0
    chosen = choose(arguments)
    if chosen is None:
        return 64
    signal.signal(signal.SIGTERM, interrupted)
    is_interrupted, counts = False, {}
    try:
        missing = needs.provide(chosen)
        lanes.run(chosen, counts)
    except KeyboardInterrupt:
        is_interrupted, missing = True, {}
        steps.end_all()
        say("interrupted")
    count = sum(counts.values(), Count())
    for reason in missing.values():
        say(f"test: {reason}")
    is_skip_fatal = IN_CI and (count.skipped > 0 or bool(missing))
    if is_skip_fatal:
        say("CI=true: what is skipped counts as failed, above is why")
    print(count)
    return 1 if count.failed or is_skip_fatal or is_interrupted or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
